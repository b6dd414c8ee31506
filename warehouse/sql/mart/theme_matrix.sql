-- One row per brand, theme and window (all, current): the matrix behind the SWOT table, with everything that is not in it.
-- brand: core.brand's id
-- theme: core.theme's id
-- window: all or current
-- brand_name: as people know it
-- theme_name: as people know it
-- stage: journey stage of the theme
-- brand_position: order of the brands, from 1, the own one first
-- theme_position: order of the themes
-- review_count, mentioning_count, positive_count, negative_count: as in metric.theme_brand
-- net_sentiment, net_low, net_high: as in metric.theme_brand
-- share, share_low, share_high: as in metric.theme_brand
-- complaint_share, praise_share: as in metric.theme_brand
-- effect, low, high, q_value: net sentiment against the rest, as in metric.test; null when there was too little to ask
-- verdict: strength, weakness, no clear difference, or not enough evidence (n = mentioning reviews)
with setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

judged as (
    select brand, theme, "window", min(direction) as first_direction, max(direction) as last_direction
    from rule.finding
    where direction is not null and metric in ('net_sentiment', 'complaint_share', 'praise_share')
    group by brand, theme, "window"
),

ordered as (
    select brand, name, row_number() over (order by own desc, position, brand) as position from core.brand
)

select
    t.brand,
    t.theme,
    t."window",
    b.name as brand_name,
    c.name as theme_name,
    c.stage,
    b.position as brand_position,
    c.position as theme_position,
    t.review_count,
    t.mentioning_count,
    t.positive_count,
    t.negative_count,
    t.net_sentiment,
    t.net_low,
    t.net_high,
    t.share,
    t.share_low,
    t.share_high,
    t.complaint_share,
    t.praise_share,
    f.effect,
    f.low,
    f.high,
    f.q_value,
    case
        when t.mentioning_count < g.min_reviews then 'not enough evidence (n = ' || t.mentioning_count || ')'
        when j.first_direction = 'better' and j.last_direction = 'better' then 'strength'
        when j.first_direction = 'worse' and j.last_direction = 'worse' then 'weakness'
        else 'no clear difference'
    end as verdict
from metric.theme_brand t
cross join setting g
join ordered b on b.brand = t.brand
join core.theme c on c.theme = t.theme
left join rule.finding f
    on f.metric = 'net_sentiment' and f.brand = t.brand and f.theme = t.theme and f."window" = t."window"
left join judged j on j.brand = t.brand and j.theme = t.theme and j."window" = t."window"
where t."window" in ('all', 'current')
order by b.position, c.position, c.theme, t."window"
