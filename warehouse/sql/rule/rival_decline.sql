-- One row per brand, theme and rival that is surely getting worse where the brand is neither weak nor getting worse itself.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: opportunity
-- theme: core.theme's id, null for the rating
-- metric: as in metric.test
-- window: all or current
-- about: the brand whose reviews prove it; null for all brands but the named one
-- tone: positive or negative: which sentences prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: n, effect with its 95 % interval, and q, as a message
-- n, n_rest, effect, low, high, q_value: as in metric.test of the rival
-- strength: as in rule.finding
select
    b.brand,
    'opportunity' as quadrant,
    f.theme,
    f.metric,
    f."window",
    f.brand as about,
    'negative' as tone,
    json_object('say', '{brand} is slipping. {change}', 'brand', f.brand_name, 'change', f.change) as claim,
    f.statistics,
    f.n,
    f.n_rest,
    f.effect,
    f.low,
    f.high,
    f.q_value,
    f.strength
from rule.movement f
join core.brand b on b.brand <> f.brand
left join rule.standing s on s.brand = b.brand and s.theme = f.theme
where f.direction = 'worse'
    and not coalesce(s.is_weak or s.is_declining, false)
