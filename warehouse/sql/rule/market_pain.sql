-- One row per brand, theme and window in which surely more than a tenth of its rivals' reviews complain, and the brand is like them.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: opportunity
-- theme: core.theme's id
-- metric: as in metric.test
-- window: all or current
-- about: the brand whose reviews prove it; null for all brands but the named one
-- tone: positive or negative: which sentences prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: n, effect with its 95 % interval, and q, as a message
-- n, n_rest, effect, low, high, q_value: as in metric.test of the rivals; effect, low and high above the level
-- strength: as in rule.finding
with thresholds as (
    select 0.10 as pain_of_each -- a pain of the market, not of one large rival: each is at the level by itself
),

setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

rivals as (
    select b.brand, t.theme, t."window", min(t.complaint_share) as least_share
    from core.brand b
    join metric.theme_brand t on t.brand <> b.brand
    cross join setting
    where t.review_count >= min_reviews
    group by b.brand, t.theme, t."window"
)

select
    f.brand,
    'opportunity' as quadrant,
    f.theme,
    f.metric,
    f."window",
    cast(null as varchar) as about,
    'negative' as tone,
    json_object(
        'say',
        'Nobody has solved {theme:label}: {value:pct} of rivals'' reviews complain about it, and {own:pct} of {brand}''s ({period})',
        'theme', f.label, 'value', f.value, 'own', o.complaint_share, 'brand', f.brand_name, 'period', f.period
    ) as claim,
    f.statistics,
    f.n,
    f.n_rest,
    f.effect,
    f.low,
    f.high,
    f.q_value,
    f.strength
from rule.finding f
cross join thresholds h
cross join setting g
join rivals r on r.brand = f.brand and r.theme = f.theme and r."window" = f."window" and r.least_share >= h.pain_of_each
join metric.theme_brand o on o.brand = f.brand and o.theme = f.theme and o."window" = f."window" and o.review_count >= g.min_reviews
join rule.standing s on s.brand = f.brand and s.theme = f.theme
where f.metric = 'rivals_complaint_share' and f.direction is not null and not s.is_weak and not s.is_strong and not s.is_declining
