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
-- net_shrunken, net_shrunken_low, net_shrunken_high: as in metric.theme_brand
-- net_rank: place of the brand within theme and window by net_shrunken, 1 the best; null when nobody mentions the theme at the brand
-- share, share_low, share_high: as in metric.theme_brand
-- complaint_share, praise_share: as in metric.theme_brand
-- effect, low, high, q_value: net sentiment against the rest, as in metric.test; null when there was too little to ask
-- effect_equal_stars, low_equal_stars, high_equal_stars: as in metric.test
-- verdict: strength, weakness, no clear difference, no clear difference at equal stars (sure as the stars are, and gone with them: what its
-- customers think of it as a whole, or whom it asks for reviews), or not enough evidence (n = mentioning reviews)
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
    t.net_shrunken,
    t.net_shrunken_low,
    t.net_shrunken_high,
    case
        when t.mentioning_count > 0
            then rank() over (partition by t.theme, t."window" order by t.mentioning_count = 0, t.net_shrunken desc)
    end as net_rank,
    t.share,
    t.share_low,
    t.share_high,
    t.complaint_share,
    t.praise_share,
    f.effect,
    f.low,
    f.high,
    f.q_value,
    e.effect_equal_stars,
    e.low_equal_stars,
    e.high_equal_stars,
    case
        when t.mentioning_count < g.min_reviews then 'not enough evidence (n = ' || t.mentioning_count || ')'
        when j.first_direction = 'better' and j.last_direction = 'better' then 'strength'
        when j.first_direction = 'worse' and j.last_direction = 'worse' then 'weakness'
        when f.low * f.high > 0 and e.low_equal_stars * e.high_equal_stars <= 0 then 'no clear difference at equal stars'
        else 'no clear difference'
    end as verdict
from metric.theme_brand t
cross join setting g
join ordered b on b.brand = t.brand
join core.theme c on c.theme = t.theme
left join rule.finding f
    on f.metric = 'net_sentiment' and f.brand = t.brand and f.theme = t.theme and f."window" = t."window"
left join metric.test e
    on e.metric = 'net_sentiment' and e.brand = t.brand and e.theme = t.theme and e."window" = t."window"
left join judged j on j.brand = t.brand and j.theme = t.theme and j."window" = t."window"
where t."window" in ('all', 'current')
order by b.position, c.position, c.theme, t."window"
