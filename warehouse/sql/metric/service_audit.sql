-- One row per brand and part of the service audit: a number of its FAQ or contact pages, or the reason why there is none.
-- Facts, not judged: a chat that is there says nothing of how it answers.
-- brand: whose pages
-- kind: faq or contact: the pages that it is read from; faq and contact for what needs both
-- part: what is measured; mart.service_audit says in which unit, and from what
-- value: null where the pages were not read, or do not say: unknown is not zero
-- n: what the value is counted over; 0 where there was nothing to count
-- detail: the words behind the number: languages, channels, hours as printed; null where there are none
-- detail_message: the themes that no entry treats, as a message (see pipeline/words.py); null where there are none
-- status: measured; partial (one of several sources was never read, or a walk stopped at its limit of pages); failed, blocked or not_asked
-- (none ever was, or one of several and the others hold nothing); or why there is no value: stopped early (a walk stopped at its limit of
-- pages and had found nothing), no entries, no complaints, not stated, no chat, no help page, not walked, not from home (the contact walk did
-- not begin at a home page), help page elsewhere (no link found leads to where the FAQ reading began)
-- last_landed_at: end of the oldest of the crawls that it is told from (UTC); null when none ever landed
with thresholds as (
    select 365 as fresh_days -- a year: prices, terms and opening hours change with the seasons
),

-- A source that failed in this run is told from its last crawl that counts, with its age.
looked as (
    select
        b.brand,
        k.kind,
        min(c.last_landed_at) as last_landed_at,
        count(distinct c.kind) filter (where c.last_landed_at is not null) = count(distinct k.pages) as was_read,
        count(c.last_landed_at) = count(c.target) as is_whole,
        coalesce(bool_or(n.is_cut), false) as is_cut,
        case
            when bool_or(c.last_landed_at is null and c.status = 'blocked') then 'blocked'
            when bool_or(c.last_landed_at is null and c.status = 'failed') then 'failed'
            else 'not_asked'
        end as missing
    from core.brand b
    cross join (values ('faq', 'faq'), ('contact', 'contact'), ('faq and contact', 'faq'), ('faq and contact', 'contact')) as k (kind, pages)
    left join core.coverage c on c.brand = b.brand and c.kind = k.pages
    left join core.crawl n on n.target = c.target and n.newest
    group by b.brand, k.kind
),

entry as (
    select
        e.brand, e.source, e.clicks, e.updated_at, f.language, f.words, f.characters, f.characters_per_sentence, f.flesch, f.kanji_share,
        epoch(r.as_of - e.updated_at) / 86400 as age_days
    from core.faq_entry e
    join text.faq f on f.entry_id = e.entry_id
    cross join core.run r
    where e.current
),

answered as (
    select
        b.brand,
        count(e.brand) as entries,
        median(e.words) as words,
        count(e.words) as words_n,
        median(e.characters) as characters,
        median(e.flesch) as flesch,
        count(e.flesch) as flesch_n,
        median(e.characters_per_sentence) filter (where e.language = 'ko') as sentence_ko,
        count(e.characters_per_sentence) filter (where e.language = 'ko') as sentence_ko_n,
        median(e.characters_per_sentence) filter (where e.language = 'ja') as sentence_ja,
        count(e.characters_per_sentence) filter (where e.language = 'ja') as sentence_ja_n,
        median(e.kanji_share) as kanji,
        count(e.kanji_share) as kanji_n,
        count(e.updated_at) as dated,
        count(*) filter (where e.age_days <= t.fresh_days) as fresh,
        median(e.age_days) as age_days,
        median(e.clicks) as clicks,
        count(e.clicks) as clicks_n,
        count(distinct e.language) filter (where e.language <> 'und') as languages,
        string_agg(distinct e.language, ', ' order by e.language) filter (where e.language <> 'und') as language_list
    from core.brand b
    cross join thresholds t
    left join entry e on e.brand = b.brand
    group by b.brand
),

-- What the brand's customers complain about, each theme as heavy as its complaints.
complaint as (
    select
        c.brand,
        c.theme,
        json_object('say', '{theme} ({n})', 'theme', t.names, 'n', c.negative_count) as name,
        c.negative_count as n,
        exists (
            select 1 from text.faq f where f.brand = c.brand and list_contains(f.themes, c.theme)
        ) as treated,
        exists (
            select 1 from text.faq f where f.brand = c.brand and list_contains(f.question_themes, c.theme)
        ) as asked
    from metric.theme_brand c
    join core.theme t on t.theme = c.theme
    where c."window" = 'all' and c.negative_count > 0
),

topic as (
    select
        b.brand,
        cast(coalesce(sum(c.n), 0) as bigint) as complaints,
        coalesce(sum(c.n) filter (where c.treated), 0) / sum(c.n) as treated,
        coalesce(sum(c.n) filter (where c.asked), 0) / sum(c.n) as asked,
        list(c.name order by c.n desc, c.theme) filter (where not c.treated) as untreated,
        list(c.name order by c.n desc, c.theme) filter (where not c.asked) as unasked
    from core.brand b
    left join complaint c on c.brand = b.brand
    group by b.brand
),

offered as (
    select
        b.brand,
        count(distinct p.kind) filter (where p.kind in ('chat', 'email', 'phone', 'messenger', 'social', 'form')) as channels,
        count(*) filter (where p.kind in ('chat', 'email', 'phone', 'messenger', 'social', 'form')) as channel_points,
        count(*) filter (where p.kind = 'hours') as hours,
        string_agg(distinct p.value, ' | ' order by p.value) filter (where p.kind = 'hours') as hours_words,
        min(p.within_hours) filter (where p.kind = 'promise') as promise,
        count(*) filter (where p.kind = 'promise') as promises,
        string_agg(distinct p.value, ' | ' order by p.value) filter (where p.kind = 'promise') as promise_words,
        count(distinct coalesce(p.vendor, '')) filter (where p.kind = 'chat') as chats,
        string_agg(distinct p.vendor, ', ' order by p.vendor) filter (where p.kind = 'chat') as chat_vendors,
        bool_or(p.human) filter (where p.kind = 'chat') as human,
        count(p.human) filter (where p.kind = 'chat') as human_n,
        bool_or(p.bot) filter (where p.kind = 'chat') as bot,
        count(p.bot) filter (where p.kind = 'chat') as bot_n,
        min(p.clicks) filter (where p.kind = 'help') as help_clicks,
        count(*) filter (where p.kind = 'help') as helps,
        arg_min(p.value, (coalesce(p.clicks, 1000), p.value)) filter (where p.kind = 'help') as help_page,
        count(*) filter (where p.kind = 'search') as searches,
        count(distinct p.value) filter (where p.kind = 'language') as languages,
        string_agg(distinct p.value, ', ' order by p.value) filter (where p.kind = 'language') as language_list
    from core.brand b
    left join core.contact_point p on p.brand = b.brand and p.current
    group by b.brand
),

-- Where reading began, and the help pages that were found linked: host and path.
began as (
    select
        brand, kind, name as source,
        regexp_matches(url, '^https?://[^/?#]+/?([a-z]{2}([-_][a-z]{2})?/?)?$', 'i') as at_home,
        regexp_replace(lower(url), '^https?://(www\.)?|/?([?#].*)?$', '', 'g') as place,
        split_part(place, '/', 1) as host
    from core.source
    where kind in ('faq', 'contact') and url is not null
),

-- Clicks from the contact walk's start to where reading of a FAQ source began: a link to that very page, or to the front page of a host
-- of its own, which passes visitors on.
way as (
    select f.brand, f.source, min(p.clicks) + 1 as clicks
    from began f
    join began c on c.brand = f.brand and c.kind = 'contact'
    join (
        select brand, clicks, regexp_replace(lower(value), '^https?://(www\.)?|/?([?#].*)?$', '', 'g') as place
        from core.contact_point
        where current and kind = 'help'
    ) p on p.brand = f.brand
        and (p.place = f.place or (p.place = f.host and p.place <> c.host))
    where f.kind = 'faq'
    group by f.brand, f.source
),

reached as (
    select
        b.brand,
        coalesce((select bool_and(c.at_home) from began c where c.brand = b.brand and c.kind = 'contact'), false) as from_home,
        median(w.clicks + e.clicks) as clicks,
        count(w.clicks + e.clicks) as n
    from core.brand b
    left join entry e on e.brand = b.brand
    left join way w on w.brand = e.brand and w.source = e.source
    group by b.brand
),

-- `none` is the reason where there is no value although the pages were read.
faq_part as (
    select
        a.brand,
        'faq' as kind,
        unnest([
            {'part': 'topic_coverage', 'value': t.treated, 'n': t.complaints, 'detail': null, 'none': 'no complaints'},
            {'part': 'topic_coverage_in_questions', 'value': t.asked, 'n': t.complaints, 'detail': null, 'none': 'no complaints'},
            {'part': 'faq_entries', 'value': a.entries, 'n': a.entries, 'detail': null, 'none': null},
            {'part': 'answer_words', 'value': a.words, 'n': a.words_n, 'detail': null, 'none': 'no entries'},
            {'part': 'answer_characters', 'value': a.characters, 'n': a.entries, 'detail': null, 'none': 'no entries'},
            {'part': 'reading_ease_en', 'value': a.flesch, 'n': a.flesch_n, 'detail': null, 'none': 'no entries'},
            {'part': 'sentence_length_ko', 'value': a.sentence_ko, 'n': a.sentence_ko_n, 'detail': null, 'none': 'no entries'},
            {'part': 'sentence_length_ja', 'value': a.sentence_ja, 'n': a.sentence_ja_n, 'detail': null, 'none': 'no entries'},
            {'part': 'kanji_share_ja', 'value': a.kanji, 'n': a.kanji_n, 'detail': null, 'none': 'no entries'},
            {
                'part': 'update_stated_share', 'value': a.dated / nullif(a.entries, 0), 'n': a.entries, 'detail': null,
                'none': 'no entries'
            },
            {
                'part': 'fresh_share', 'value': a.fresh / nullif(a.dated, 0), 'n': a.dated, 'detail': null,
                'none': if(a.entries = 0, 'no entries', 'not stated')
            },
            {
                'part': 'median_age_days', 'value': a.age_days, 'n': a.dated, 'detail': null,
                'none': if(a.entries = 0, 'no entries', 'not stated')
            },
            {
                'part': 'clicks_to_entry', 'value': a.clicks, 'n': a.clicks_n, 'detail': null,
                'none': if(a.entries = 0, 'no entries', 'not walked')
            },
            {
                'part': 'faq_languages', 'value': nullif(a.languages, 0), 'n': a.entries, 'detail': a.language_list,
                'none': 'no entries'
            }
        ]) as measured
    from answered a
    join topic t on t.brand = a.brand
),

contact_part as (
    select
        o.brand,
        'contact' as kind,
        unnest([
            {
                'part': 'clicks_to_help', 'value': o.help_clicks + 1, 'n': o.helps, 'detail': o.help_page,
                'none': if(o.helps = 0, 'no help page', 'not walked')
            },
            {'part': 'search_box', 'value': cast(o.searches > 0 as integer), 'n': o.searches, 'detail': null, 'none': null},
            {
                'part': 'languages_offered', 'value': nullif(o.languages, 0), 'n': o.languages, 'detail': o.language_list,
                'none': 'not stated'
            },
            {
                'part': 'contact_channels', 'value': o.channels, 'n': o.channel_points, 'detail': array_to_string(s.channels, ', '),
                'none': null
            },
            {'part': 'hours_stated', 'value': cast(o.hours > 0 as integer), 'n': o.hours, 'detail': o.hours_words, 'none': null},
            {
                'part': 'response_promise_hours', 'value': o.promise, 'n': o.promises, 'detail': o.promise_words,
                'none': 'not stated'
            },
            {'part': 'chat_widgets', 'value': o.chats, 'n': o.chats, 'detail': o.chat_vendors, 'none': null},
            {
                'part': 'chat_human_stated', 'value': cast(o.human as integer), 'n': o.human_n, 'detail': null,
                'none': if(o.chats = 0, 'no chat', 'not stated')
            },
            {
                'part': 'chat_bot_stated', 'value': cast(o.bot as integer), 'n': o.bot_n, 'detail': null,
                'none': if(o.chats = 0, 'no chat', 'not stated')
            }
        ]) as measured
    from offered o
    join metric.service s on s.brand = o.brand
),

both_part as (
    select
        o.brand,
        'faq and contact' as kind,
        {
            'part': 'clicks_home_to_answer', 'value': if(w.from_home, w.clicks, null), 'n': if(w.from_home, w.n, 0), 'detail': null,
            'none': case
                when a.entries = 0 then 'no entries'
                when o.helps = 0 then 'no help page'
                when not w.from_home then 'not from home'
                when a.clicks is null or o.help_clicks is null then 'not walked'
                else 'help page elsewhere'
            end
        } as measured
    from offered o
    join answered a on a.brand = o.brand
    join reached w on w.brand = o.brand
),

part as (
    select brand, kind, measured.part, cast(measured.value as double) as value, measured.n, measured.detail, measured.none from faq_part
    union all
    select brand, kind, measured.part, cast(measured.value as double), measured.n, measured.detail, measured.none from contact_part
    union all
    select brand, kind, measured.part, cast(measured.value as double), measured.n, measured.detail, measured.none from both_part
)

select
    p.brand,
    p.kind,
    p.part,
    -- What was not found on half of the pages may be on the other half.
    case when l.was_read and (l.is_whole and not l.is_cut or p.value <> 0) then p.value end as value,
    case when l.was_read and (l.is_whole and not l.is_cut or p.value <> 0) then p.n else 0 end as n,
    case when l.was_read and (l.is_whole and not l.is_cut or p.value <> 0) then nullif(p.detail, '') end as detail,
    case
        when not coalesce(l.was_read and (l.is_whole and not l.is_cut or p.value <> 0), false) then null
        when p.part = 'topic_coverage' and t.untreated is not null
            then json_object('say', 'not treated: {themes:names}', 'themes', t.untreated)
        when p.part = 'topic_coverage_in_questions' and t.unasked is not null
            then json_object('say', 'not asked: {themes:names}', 'themes', t.unasked)
    end as detail_message,
    case
        when not l.was_read or (not l.is_whole and coalesce(p.value, 0) = 0) then l.missing
        when l.is_cut and coalesce(p.value, 0) = 0 and p.none is distinct from 'no complaints' then 'stopped early'
        when p.value is null then p.none
        when l.is_whole and not l.is_cut then 'measured'
        else 'partial'
    end as status,
    l.last_landed_at
from part p
join looked l on l.brand = p.brand and l.kind = p.kind
join topic t on t.brand = p.brand
-- A language that nobody in the market answers in has no part.
qualify
    p.part not in ('reading_ease_en', 'sentence_length_ko', 'sentence_length_ja', 'kanji_share_ja')
    or max(p.n) over (partition by p.part) > 0
order by p.brand, p.kind, p.part
