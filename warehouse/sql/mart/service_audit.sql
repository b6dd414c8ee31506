-- One row per brand and part of the service audit: what its FAQ, help and contact pages offer, in numbers. There is no score over the parts.
-- brand: core.brand's id
-- brand_name: as people know it
-- own: this is our brand
-- position: order of the parts, from 1
-- area: topics, answers, reading, freshness, findability, languages, contact or chat
-- part: what is measured
-- value: the number; null where the status says why there is none: unknown is not zero
-- unit: of the value
-- n: what the value is counted over
-- rivals_median: median of the other brands that have a value; null when none has
-- rivals_count: other brands that have one
-- status: measured; partial (one of several sources was never read, or a walk stopped at its limit of pages); failed, blocked or not_asked
-- (none ever was, or one of several and the others hold nothing); or why there is no value: stopped early (a walk stopped at its limit of
-- pages and had found nothing), no entries, no complaints, not stated, no chat, no help page, not walked, not from home (the contact walk did
-- not begin at a home page), help page elsewhere (no link found leads to where the FAQ reading began)
-- detail: the words behind the number: languages, channels, hours as printed, and in English themes that no entry treats
-- detail_message: these themes as a message for other languages (see pipeline/words.py); null for the others
-- computed_from: what the number is made of, in words
-- last_landed_at: end of the oldest of the crawls that it is told from (UTC): its age
with part as (
    select *
    from (values
        (1, 'topics', 'topic_coverage', 'share 0..1',
            'complaining reviews of this brand (all windows, by theme) whose theme at least one of its FAQ entries treats, of all; n complaints'),
        (2, 'topics', 'topic_coverage_in_questions', 'share 0..1',
            'as topic_coverage, counting only themes that a question itself names: an answer may name a theme in passing'),
        (3, 'answers', 'faq_entries', 'entries', 'different questions and answers on the FAQ and help pages now'),
        (4, 'answers', 'answer_words', 'words, median', 'answers in languages with spaces between words; n answers'),
        (5, 'answers', 'answer_characters', 'letters and digits, median', 'all answers; compares within one language only; n answers'),
        (6, 'reading', 'reading_ease_en', 'Flesch reading ease, median',
            'English answers of five words or more: 100 plain, 60 standard, 30 difficult; n answers'),
        (7, 'reading', 'sentence_length_ko', 'characters a sentence, median', 'Korean answers; n answers'),
        (8, 'reading', 'sentence_length_ja', 'characters a sentence, median', 'Japanese answers; n answers'),
        (9, 'reading', 'kanji_share_ja', 'share 0..1, median', 'kanji among the letters and digits of Japanese answers; n answers'),
        (10, 'freshness', 'update_stated_share', 'share 0..1', 'entries whose page says when it was last changed; n entries'),
        (11, 'freshness', 'fresh_share', 'share 0..1', 'of the entries that state a change, those changed within a year; n such entries'),
        (12, 'freshness', 'median_age_days', 'days, median', 'days since the stated change; n entries that state one'),
        (13, 'findability', 'clicks_to_help', 'clicks, least',
            'from the page where reading began to a help or FAQ page: 1 where it is linked there; n links found'),
        (14, 'findability', 'clicks_to_entry', 'clicks, median', 'from the help or FAQ page where reading began to an answer; n entries'),
        (15, 'findability', 'clicks_home_to_answer', 'clicks',
            'least clicks from the home page to the help or FAQ page where reading began, and on to an answer; n answers'),
        (16, 'findability', 'search_box', '1 yes, 0 no', 'a search box found on the pages read; n found'),
        (17, 'languages', 'languages_offered', 'languages', 'languages in which the site says it is offered; n languages'),
        (18, 'languages', 'faq_languages', 'languages', 'languages of the answers now; n entries'),
        (19, 'contact', 'contact_channels', 'kinds of channel', 'chat, email, phone, messenger, social, form; n addresses, numbers and links'),
        (20, 'contact', 'hours_stated', '1 yes, 0 no', 'opening hours printed on the pages read; n places'),
        (21, 'contact', 'response_promise_hours', 'hours, least', 'time to an answer that the pages promise; n promises'),
        (22, 'chat', 'chat_widgets', 'vendors', 'chats on the pages read, by vendor; that one is there says nothing of how it answers'),
        (23, 'chat', 'chat_human_stated', '1 yes, 0 no', 'the page says whether people answer; n chats that say'),
        (24, 'chat', 'chat_bot_stated', '1 yes, 0 no', 'the page says whether a bot answers; n chats that say')
    ) as p (position, area, part, unit, computed_from)
),

rivals as (
    select a.brand, a.part, median(r.value) as rivals_median, count(r.value) as rivals_count
    from metric.service_audit a
    left join metric.service_audit r on r.part = a.part and r.brand <> a.brand
    group by a.brand, a.part
)

select
    a.brand,
    b.name as brand_name,
    b.own,
    p.position,
    p.area,
    a.part,
    a.value,
    p.unit,
    a.n,
    r.rivals_median,
    r.rivals_count,
    a.status,
    coalesce(english(a.detail_message), a.detail) as detail,
    a.detail_message,
    p.computed_from,
    a.last_landed_at
from metric.service_audit a
join core.brand b on b.brand = a.brand
join rivals r on r.brand = a.brand and r.part = a.part
left join part p on p.part = a.part
order by b.own desc, b.position, a.brand, p.position
