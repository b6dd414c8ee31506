-- One row per brand when surely more than a quarter of the watched keywords have no brand of the market among the first results.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: opportunity
-- theme: null
-- metric: as in metric.test
-- window: all or current
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
-- tone: positive or negative: which sentences prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: n, effect with its 95 % interval, and q, as a message
-- n, n_rest, effect, low, high, q_value: as in metric.test; n keywords; effect, low and high above the level
-- strength: as in rule.finding
select
    f.brand,
    'opportunity' as quadrant,
    f.theme,
    f.metric,
    f."window",
    cast(null as varchar) as about,
    'negative' as tone,
    json_object(
        'say', '{open} of {n} watched keywords have no brand of this market among the first three results ({period})',
        'open', cast(round(f.value * f.n) as integer), 'n', f.n, 'period', f.period
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
where f.metric = 'open_keywords' and f.direction = 'better'
