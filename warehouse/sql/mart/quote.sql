-- One row per proposed cell and passage that bears on it: up to five that agree with the claim, one that does not.
-- Of the passages that are plain and beyond doubt, those whose words are most like the others, then the newest.
-- candidate_id: of mart.candidate
-- position: 1 is the most telling; the counter-example comes last
-- is_counter: this passage speaks against the claim
-- quoted_from: review, reply, search result or page
-- brand: whom the passage is about; null for a search result that belongs to no brand of the market
-- review_id: core.review's id, null for search results and pages
-- sentence_id: text.sentence's id, null for replies, search results and pages
-- quote: the passage, letter for letter as it stands in core.review's content or reply_text, the search result's title, or what the page says
-- (metric.page_seen)
-- url: where a reader finds it
-- published_on: day of the review, of the ranking, or on which the page was last seen; null when the source prints none
-- source: core.review's source, the search engine, or what is read from the page
-- language: of the sentence; null for search results and pages
-- stars: as printed, null without a rating
-- stars_max: the best that the source's scale has
-- sentiment: of the sentence about the theme, -1..1; null for replies, search results and pages
with thresholds as (
    select
        5 as quotes_max,      -- more are not read
        12 as pool_size,      -- enough of each brand to choose five by different authors
        1000 as looked_at_max, -- reviews that praise, or complain: five for each that is compared
        200 as compared_max,  -- the newest plain ones that are held against one another: enough to know what most of them say
        3 as same_source_max, -- of five, so that a second source gets a word where there is one
        400 as length_max,    -- longer ones are paragraphs without a full stop
        30 as length_min,     -- shorter ones say nothing without their neighbours ...
        10 as length_min_cjk, -- ... except in scripts that need a third of the letters
        220 as length_good,
        0.75 as good_rating,  -- four stars of five
        0.25 as bad_rating,   -- two stars of five
        10 as contrary        -- weighs more than all that can be unclear
),

-- What the proposed cells ask for: passages on a topic, by a brand's customers, within a window. One cell's counter-example
-- is another's proof, so both tones are fetched.
topic as (
    select
        candidate_id,
        case
            when metric = 'unanswered_questions' then '(questions) ' || theme
            when theme is not null then theme
            when metric = 'churn_to_rival' then '(from) ' || brand
            when metric like 'rating%' then '(rating)'
            when metric like 'reply%' then '(reply)'
            when metric like 'visibility%' then '(visibility)'
            when metric = 'open_keywords' then '(open)'
            else '(' || metric || ')'
        end as topic,
        brand as of_brand,
        about,
        "window",
        tone
    from mart.candidate
),

asked as materialized (
    select distinct
        t.topic, b.brand, t."window",
        dense_rank() over (order by t.topic, b.brand, t."window") as code -- a number in the place of names: millions are sorted by it
    from topic t
    join core.brand b on b.brand = t.about or (t.about is null and b.brand <> t.of_brand)
),

-- Only reviews that the figures count on that side: a kind word within a complaint proves nothing.
side as materialized (
    select a.code, a.topic, v.value = 1 as praises, r.review_id, coalesce(r.published_on, date '0001-01-01') as day
    from asked a
    join metric.review_theme v on v.theme = a.topic and v.brand = a.brand
    join metric.review r on r.review_id = v.review_id
    where v.value <> 0 and (a."window" = 'all' or r.period = a."window")
    union all
    select a.code, a.topic, a.topic = '(rating)' and r.rating >= h.good_rating, r.review_id, coalesce(r.published_on, date '0001-01-01')
    from asked a
    cross join thresholds h
    join metric.review r on r.brand = a.brand
    where
        (a."window" = 'all' or r.period = a."window")
        and (
            (a.topic = '(rating)' and (r.rating >= h.good_rating or r.rating <= h.bad_rating))
            or (a.topic = '(reply)' and not r.replied)
        )
),

-- Where thousands say the same the newest are looked at.
since as materialized (
    select code, praises, min(day) as day
    from (
        select code, praises, day, sum(count(*)) over (partition by code, praises order by day desc) - count(*) as newer_count
        from side
        group by code, praises, day
    )
    cross join thresholds
    where newer_count < looked_at_max
    group by code, praises
),

-- Materialized, here and where a few rows meet millions: the planner cannot know how few they are, and would begin with the millions.
looked_at as materialized (
    select s.code, s.topic, s.review_id, case when s.praises then 'positive' else 'negative' end as tone
    from side s
    join since d on d.code = s.code and d.praises = s.praises and d.day <= s.day
),

spoken as materialized (
    select l.code, l.tone, m.sentence_id, m.review_id, m.sentiment
    from looked_at l
    join text.mention m on m.review_id = l.review_id and m.theme = l.topic and m.label = l.tone
    union all
    select l.code, l.tone, s.sentence_id, s.review_id, s.sentiment
    from looked_at l
    join text.sentence s on s.review_id = l.review_id and s.label = l.tone
    where l.topic in ('(rating)', '(reply)')
    union all
    select a.code, 'negative', w.sentence_id, w.review_id, s.sentiment
    from asked a
    join rule.witness w on w.topic = a.topic and w.about = a.brand
    join metric.review r on r.review_id = w.review_id and (a."window" = 'all' or r.period = a."window")
    join text.sentence s on s.sentence_id = w.sentence_id
),

theme_count as (
    select sentence_id, count(*) as themes
    from text.mention
    where sentence_id in (select sentence_id from spoken)
    group by sentence_id
),

-- Beyond doubt, plain, of readable length, clearly signed.
ranked as (
    select
        p.*,
        s.start,
        s.stop,
        s.language,
        r.author,
        -- What speaks against it. Stars that say the opposite: irony, or a sentence read wrongly; middling ones go with wishes and
        -- reserves, and so, less, does the last star that is missing.
        case
            when r.rating is null then 1
            when p.tone = 'positive' then case when r.rating > h.good_rating then 0 when r.rating = h.good_rating then 1 when r.rating > h.bad_rating then 2 else h.contrary end
            else case when r.rating < h.bad_rating then 0 when r.rating = h.bad_rating then 1 when r.rating < h.good_rating then 2 else h.contrary end
        end as doubt,
        case
            when s.stop - s.start > h.length_good then 1
            when s.stop - s.start < case when s.language in ('ko', 'ja', 'zh') then h.length_min_cjk else h.length_min end then 2
            else 0
        end
        + cast(coalesce(t.themes, 0) > 2 as integer)
        -- Something else in the sentence weighs more: praise of the theme in a complaint.
        + cast(s.label <> p.tone as integer)
        + cast(abs(p.sentiment) < 0.3 as integer) as unclear,
        r.published_on
    from spoken p
    cross join thresholds h
    join metric.review r on r.review_id = p.review_id
    join text.sentence s on s.sentence_id = p.sentence_id
    left join theme_count t on t.sentence_id = p.sentence_id
    where s.stop - s.start <= h.length_max
),

by_author as (
    select *
    from ranked
    qualify row_number() over (
        partition by code, tone, author
        order by doubt + unclear, published_on desc nulls last, sentence_id
    ) = 1
),

newest as (
    select *
    from by_author
    qualify row_number() over (
        partition by code, tone
        order by doubt + unclear, published_on desc nulls last, sentence_id
    ) <= (select compared_max from thresholds)
),

compared as materialized (
    select
        n.*,
        s.text,
        c.source,
        -- A wish, or what would be if: it praises nothing that is. The pattern stands here because one that comes from a column is
        -- compiled for each row.
        n.tone = 'positive' and regexp_matches(
            lower(s.text),
            '\b(?:i|we|only) (?:do |just |really )*wish\b|\bif only\b|\bwould (?:\w+ )?(?:like|prefer|love|be (?:\w+ )?(?:nice|better|great|cool|good|helpful))\b'
            || '|\b(?:would|could|might) (?:\w+ ){1,5}if\b|\b(?:needs?|could use) (?:to|more|better|some|an?|improve\w*|enhance\w*|help)\b|\bneeded[.!]?$'
            || '|(?:으면|면|다면) ?(?:더 ?)?좋(?:겠|을)|해 ?주셨으면|개선(?:이|을)? ?(?:필요|부탁)|てほし|て欲し|(?:たら|れば)(?:もっと)?(?:いい|良い|嬉し|うれし)'
        ) as is_wish
    from newest n
    join text.sentence s on s.sentence_id = n.sentence_id
    join core.review c on c.review_id = n.review_id
),

-- How like the others a passage is: the mean cosine of its words with theirs, a word weighing more the fewer passages have it. Where
-- words are not parted by spaces, pairs of letters stand for them.
word as (
    select
        sentence_id,
        unnest(list_distinct(case
            when language in ('ja', 'zh', 'th')
                then list_transform(range(1, length(text)), lambda i: substring(text, i, 2))
            else regexp_extract_all(lower(text), '\p{L}{2,}')
        end)) as word
    from (select distinct sentence_id, language, text from compared)
),

weight as (
    select word, ln((select count(distinct sentence_id) from word) / count(*)) as weight
    from word
    group by word
),

axis as (
    select
        w.sentence_id,
        w.word,
        v.weight / nullif(sqrt(sum(v.weight * v.weight) over (partition by w.sentence_id)), 0) as part
    from word w
    join weight v on v.word = w.word
),

said as materialized (
    select c.code, c.tone, c.sentence_id, a.word, a.part
    from compared c
    join axis a on a.sentence_id = c.sentence_id
),

centre as (
    select code, tone, word, sum(part) as part from said group by code, tone, word
),

likeness as (
    -- Rounded, so that the order in which threads add cannot change a choice.
    select s.code, s.tone, s.sentence_id, round(sum(s.part * (m.part - s.part)), 6) as likeness
    from said s
    join centre m on m.code = s.code and m.tone = s.tone and m.word = s.word
    group by s.code, s.tone, s.sentence_id
),

typical as (
    select
        c.*,
        c.doubt + c.unclear + 4 * cast(c.is_wish as integer) + 2 * ntile(3) over (
            partition by c.code, c.tone order by coalesce(l.likeness, 0) desc, c.sentence_id
        ) as demerit
    from compared c
    left join likeness l
        on l.code = c.code and l.tone = c.tone and l.sentence_id = c.sentence_id
),

turned as (
    select
        *,
        row_number() over (
            partition by code, tone, source
            order by demerit, published_on desc nulls last, sentence_id
        ) > (select same_source_max from thresholds) as is_repeated
    from typical
),

best as (
    select
        *,
        row_number() over (
            partition by code, tone
            order by is_repeated, demerit, published_on desc nulls last, sentence_id
        ) as place
    from turned
    qualify place <= (select pool_size from thresholds)
),

passage as (
    select
        a.topic,
        a.brand as about,
        a."window",
        b.tone,
        'review' as quoted_from,
        c.brand,
        b.review_id,
        b.sentence_id,
        trim(substring(c.content, b.start + 1, b.stop - b.start)) as quote,
        coalesce(c.url, c.page_url) as url,
        b.published_on,
        c.source,
        b.language,
        c.stars,
        c.stars_max,
        b.sentiment,
        b.author,
        b.doubt,
        b.place
    from best b
    join asked a on a.code = b.code
    join core.review c on c.review_id = b.review_id
    union all
    select
        a.topic,
        a.brand,
        a."window",
        'positive',
        'reply',
        a.brand,
        c.review_id,
        null,
        -- Not in mid-word.
        trim(case
            when length(c.reply_text) <= h.length_good then c.reply_text
            else coalesce(
                nullif(regexp_extract(substring(c.reply_text, 1, cast(h.length_good as integer)), '(?s)^(.*)\s', 1), ''),
                substring(c.reply_text, 1, h.length_good)
            )
        end),
        coalesce(c.url, c.page_url),
        r.published_on,
        c.source,
        r.language,
        c.stars,
        c.stars_max,
        null,
        r.author,
        0,
        row_number() over (partition by a.topic, a.brand, a."window" order by r.published_on desc nulls last, r.review_id)
    from asked a
    cross join thresholds h
    join metric.review r on r.brand = a.brand and (a."window" = 'all' or r.period = a."window")
    join core.review c on c.review_id = r.review_id
    where a.topic in ('(reply)', '(answer_hours)') and length(trim(c.reply_text)) >= h.length_min_cjk
    qualify
        row_number() over (partition by a.topic, a.brand, a."window" order by r.published_on desc nulls last, r.review_id)
        <= h.pool_size
    union all
    -- The rankings themselves: where the brand stands, or who stands first in its place.
    select
        a.topic,
        a.brand,
        a."window",
        case when s.brand is not distinct from a.brand then 'positive' else 'negative' end,
        'search result',
        s.brand,
        null,
        null,
        s.title,
        s.url,
        cast(s.as_of as date),
        s.engine,
        null,
        null,
        null,
        null,
        s.keyword,
        0,
        row_number() over (
            partition by a.topic, a.brand, a."window", s.brand is not distinct from a.brand
            order by s.rank, s.keyword, s.engine, s.locale, s.device, s.draw, s.url
        )
    from asked a
    join metric.visibility_keyword v on v.brand = a.brand and v.age = 0
    join core.search_result s
        on s.keyword = v.keyword and s.engine = v.engine and s.locale is not distinct from v.locale and s.as_of = v.as_of
        and s.device is not distinct from v.device and s.result_type = 'web'
    where
        (
            (a.topic = '(visibility)' and (s.rank <= 3 or s.brand = a.brand))
            or (a.topic = '(open)' and s.rank <= 3)
        )
        and s.title <> ''
    union all
    -- A page was seen or it was not: no more of it is needed.
    select
        a.topic, a.brand, a."window", p.tone, 'page', p.brand, null, null, p.quote, p.url, p.seen_on, p.source, null, null, null, null,
        concat_ws('|', p.quote, p.url), 0,
        row_number() over (partition by a.topic, a.brand, a."window", p.tone order by p.url, p.quote)
    from asked a
    join metric.page_seen p on a.topic = '(' || p.part || ')' and p.brand = a.brand
),

-- Over all brands that the cell is about; one passage per author, and no passage twice.
offered as (
    select t.candidate_id, p.tone <> t.tone as is_counter, p.*
    from topic t
    join passage p
        on p.topic = t.topic and p."window" = t."window"
        and (p.about = t.about or (t.about is null and p.about <> t.of_brand))
    cross join thresholds
    -- A voice against the claim whose own stars say the opposite has probably been read wrongly: better none than that one.
    where p.quote <> '' and not (p.doubt = contrary and p.tone <> t.tone)
    qualify
        row_number() over (partition by t.candidate_id, p.author order by p.tone <> t.tone, p.place, p.about) = 1
        and row_number() over (partition by t.candidate_id, p.quote order by p.tone <> t.tone, p.place, p.about) = 1
),

numbered as (
    select
        *,
        row_number() over (partition by candidate_id, is_counter order by place, about, review_id, sentence_id, url) as number
    from offered
)

select
    candidate_id,
    row_number() over (partition by candidate_id order by is_counter, number) as position,
    is_counter,
    quoted_from,
    brand,
    review_id,
    sentence_id,
    quote,
    url,
    published_on,
    source,
    language,
    stars,
    stars_max,
    sentiment
from numbered
cross join thresholds
where number <= case when is_counter then 1 else quotes_max end
order by candidate_id, position
