-- One row per brand, the own one first: what is known of it as a whole.
-- brand: core.brand's id
-- name: as people know it
-- own: this is our brand
-- position: order of the rows, from 1
-- review_count: reviews that count
-- text_count: of these, reviews with text
-- first_on: day of the oldest
-- last_on: day of the newest
-- rated_count: reviews with a rating
-- mean_stars: mean rating on a scale of 1 to 5; null without ratings
-- stars_low: lower 95 % bound of mean_stars
-- stars_high: upper 95 % bound of mean_stars
-- net_sentiment: share of reviews with text that are good on the whole minus those that are bad, -1..1
-- net_low: lower 95 % bound of net_sentiment
-- net_high: upper 95 % bound of net_sentiment
-- answerable_count: reviews of which it is known whether the company answered
-- reply_rate: share of these that it answered, 0..1; null where no source shows answers
-- reply_low: lower 95 % bound of reply_rate (Wilson)
-- reply_high: upper 95 % bound of reply_rate (Wilson)
-- median_reply_hours: hours until it answered, median; null where the sources print no times
-- faq_count: questions answered on its pages; null when they were not read
-- channels: ways to reach it; null when its pages were not read for them
-- visibility: mean over engines of the clicks that its rankings draw, 0..1; null without answered keywords
-- keyword_count: answered checks of keywords behind it
with thresholds as (
    select 1.959964 as z -- 95 %, two-sided
),

-- One review of the worst and one of the best value are added for the interval, as in metric.theme_brand.
counted as (
    select
        b.brand,
        b.name,
        b.own,
        b.position,
        count(r.review_id) as review_count,
        count(r.value) as text_count,
        min(r.published_on) as first_on,
        max(r.published_on) as last_on,
        count(r.rating) as rated_count,
        round(avg(r.rating), 9) as rating,
        (coalesce(round(sum(r.rating), 6), 0) + 1) / (count(r.rating) + 2) as rating_centre,
        (coalesce(round(sum(r.rating * r.rating), 6), 0) + 1) / (count(r.rating) + 2) as rating_square,
        count(*) filter (where r.value = 1) - count(*) filter (where r.value = -1) as net_total,
        (count(*) filter (where abs(r.value) = 1) + 2) / (count(r.value) + 2) as net_square
    from core.brand b
    left join metric.review r on r.brand = b.brand
    group by b.brand, b.name, b.own, b.position
),

spread as (
    select
        *,
        net_total / nullif(text_count, 0) as net,
        net_total / (text_count + 2) as net_centre,
        sqrt((net_square - (net_total / (text_count + 2)) ** 2) / (text_count + 2)) as net_error,
        sqrt(greatest(rating_square - rating_centre ** 2, 0) / (rated_count + 2)) as rating_error
    from counted
),

seen as (
    select
        brand,
        round(avg(visibility), 9) as visibility,
        cast(sum(observed_count) as bigint) as keyword_count
    from metric.visibility
    group by brand
)

select
    s.brand,
    s.name,
    s.own,
    row_number() over (order by s.own desc, s.position, s.brand) as position,
    s.review_count,
    s.text_count,
    s.first_on,
    s.last_on,
    s.rated_count,
    1 + 4 * s.rating as mean_stars,
    case when s.rated_count > 0 then 1 + 4 * greatest(0.0, least(s.rating, s.rating_centre - z * s.rating_error)) end as stars_low,
    case when s.rated_count > 0 then 1 + 4 * least(1.0, greatest(s.rating, s.rating_centre + z * s.rating_error)) end as stars_high,
    s.net as net_sentiment,
    case when s.text_count > 0 then greatest(-1.0, least(s.net, s.net_centre - z * s.net_error)) end as net_low,
    case when s.text_count > 0 then least(1.0, greatest(s.net, s.net_centre + z * s.net_error)) end as net_high,
    p.review_count as answerable_count,
    p.reply_rate,
    p.low as reply_low,
    p.high as reply_high,
    p.median_reply_hours,
    v.faq_count,
    v.channels,
    e.visibility,
    coalesce(e.keyword_count, 0) as keyword_count
from spread s
cross join thresholds
join metric.reply p on p.brand = s.brand and p."window" = 'all'
join metric.service v on v.brand = s.brand
left join seen e on e.brand = s.brand
order by position
