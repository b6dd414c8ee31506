-- One row per brand and stage or touchpoint of the customer's journey that its reviews speak of, over all time.
-- A review speaks of a stage by its own words (text.signal) or by a theme of that stage (core.theme); of a touchpoint by its words.
-- brand: whom the reviews are about
-- kind: stage or touchpoint
-- place: awareness, consideration, purchase, use or advocacy; app, branch, chat, delivery, email, phone, product, social_media or website
-- position: order of the stages along the journey, from 1; null for touchpoints
-- review_count: reviews with text
-- speaking_count: of these, reviews that speak of it
-- by_words_count: of speaking_count, those with a wording of it; the others only mention a theme of that stage
-- net_sentiment: (good - bad) / speaking_count over what they say of it, -1..1
-- net_low: lower 95 % bound of net_sentiment
-- net_high: upper 95 % bound of net_sentiment
with thresholds as (
    select
        1.959964 as z, -- 95 %, two-sided
        0.05 as neutral_below -- the cut of VADER's README between neutral and signed
),

spoken as (
    select g.review_id, g.kind, g.signal as place, s.sentiment, true as by_words
    from text.signal g
    join text.sentence s on s.sentence_id = g.sentence_id
    where g.kind in ('stage', 'touchpoint')
    union all
    select m.review_id, 'stage', t.stage, m.sentiment, false
    from text.mention m
    join core.theme t on t.theme = m.theme
),

said as (
    select
        r.brand,
        s.kind,
        s.place,
        s.review_id,
        bool_or(s.by_words) as by_words,
        -- Rounded, so that the order in which threads add cannot change a byte.
        round(avg(s.sentiment), 9) as sentiment
    from spoken s
    join metric.review r on r.review_id = s.review_id
    group by r.brand, s.kind, s.place, s.review_id
),

counted as (
    select
        s.brand,
        s.kind,
        s.place,
        count(*) as k,
        count(*) filter (where s.by_words) as by_words_count,
        count(*) filter (where s.sentiment >= t.neutral_below) as pos,
        count(*) filter (where s.sentiment <= -t.neutral_below) as neg
    from said s
    cross join thresholds t
    group by s.brand, s.kind, s.place
),

-- One review of each sign is added before the interval is drawn, as in metric.theme_brand.
spread as (
    select
        *,
        (pos - neg) / (k + 2.0) as centre,
        sqrt(((pos + neg + 2) / (k + 2.0) - ((pos - neg) / (k + 2.0)) ** 2) / (k + 2.0)) as error
    from counted
),

reviewed as (
    select brand, count(*) as n from metric.review where has_text group by brand
)

select
    s.brand,
    s.kind,
    s.place,
    case when s.kind = 'stage' then list_position(['awareness', 'consideration', 'purchase', 'use', 'advocacy'], s.place) end as position,
    r.n as review_count,
    s.k as speaking_count,
    s.by_words_count,
    (s.pos - s.neg) / s.k as net_sentiment,
    greatest(-1.0, least((s.pos - s.neg) / s.k, s.centre - t.z * s.error)) as net_low,
    least(1.0, greatest((s.pos - s.neg) / s.k, s.centre + t.z * s.error)) as net_high
from spread s
cross join thresholds t
join reviewed r on r.brand = s.brand
order by s.brand, s.kind, position, s.place
