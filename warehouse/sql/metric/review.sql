-- One row per review that counts: each but the duplicates.
-- review_id: core.review's id
-- brand: whom it is about
-- platform: host of the source's page, else the source's name; only reviews of one platform are like for like
-- language: of most of its sentences, else as the source states it, else und
-- period: current, previous, earlier or undated; undated reviews count in window all only
-- published_on: day as in core.review, null when the source prints none
-- month: first day of its month, null when undated
-- rating: 0 worst .. 1 best, null when the source prints none
-- stars: 1 worst .. 5 best, the fifth of the scale that the rating lies in, null without one; only reviews of like stars are like for like
-- has_text: there is at least one sentence, so it could mention a theme
-- sentiment: mean over its sentences, -1..1, null without text
-- value: 1 good, -1 bad, 0 mixed or neutral, null without text
-- replied: the company answered; null where the source shows nobody's answers, since silence there proves nothing
-- reply_hours: hours to the answer, null where either moment has no time of day
-- author: keyed hash of the author, else the review_id
with thresholds as (
    select 0.05 as neutral_below -- the cut of VADER's README between neutral and signed
),

spoken as (
    select review_id, language, sum(stop - start) as length, sum(sentiment) as total, count(*) as sentence_count
    from text.sentence
    group by review_id, language
),

read as (
    select
        review_id,
        max_by(language, struct_pack(length := length, language := language)) as language,
        -- Rounded, so that the order in which threads add cannot change a byte.
        round(sum(total) / sum(sentence_count), 9) as sentiment
    from spoken
    group by review_id
),

place as (
    select
        brand,
        name,
        min(nullif(regexp_replace(regexp_extract(lower(url), '^https?://([^/:?#]+)', 1), '^www[.]', ''), '')) as host
    from core.source
    where kind = 'reviews'
    group by brand, name
),

counted as (
    select
        r.review_id,
        r.brand,
        coalesce(p.host, r.source) as platform,
        p.host is not null as has_host,
        coalesce(t.language, r.language, 'und') as language,
        r.published_on,
        r.rating,
        t.review_id is not null as has_text,
        t.sentiment,
        r.reply_text is not null or r.reply_at is not null as has_reply,
        r.published_at,
        r.reply_at,
        coalesce(r.author_hash, r.review_id) as author
    from core.review r
    left join place p on p.brand = r.brand and p.name = r.source
    left join read t on t.review_id = r.review_id
    where r.duplicate_of is null
),

-- A platform that prints one company's answers prints every company's. An export without a page may simply lack the
-- column, so there only the brand's own answers show that they are printed at all.
answers as (
    select platform, case when has_host then '' else brand end as brand, bool_or(has_reply) as are_shown
    from counted
    group by 1, 2
)

select
    c.review_id,
    c.brand,
    c.platform,
    c.language,
    case
        when c.published_on is null then 'undated'
        when c.published_on >= now_w.starts_on then 'current'
        when c.published_on >= before_w.starts_on then 'previous'
        else 'earlier'
    end as period,
    c.published_on,
    cast(date_trunc('month', c.published_on) as date) as month,
    c.rating,
    cast(least(floor(5 * c.rating), 4) + 1 as integer) as stars,
    c.has_text,
    c.sentiment,
    case
        when c.sentiment >= t.neutral_below then 1
        when c.sentiment <= -t.neutral_below then -1
        when c.sentiment is not null then 0
    end as value,
    case when a.are_shown then c.has_reply end as replied,
    -- Exactly midnight is how a date without a time of day arrives.
    case
        when
            cast(c.published_at as time) <> time '00:00:00'
            and cast(c.reply_at as time) <> time '00:00:00'
            and c.reply_at >= c.published_at
            then date_diff('second', c.published_at, c.reply_at) / 3600.0
    end as reply_hours,
    c.author
from counted c
cross join thresholds t
join metric."window" now_w on now_w.name = 'current'
join metric."window" before_w on before_w.name = 'previous'
join answers a on a.platform = c.platform and a.brand = case when c.has_host then '' else c.brand end
