-- One row per brand, theme and metric in which its newest window is surely worse than the one before.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: threat
-- theme: core.theme's id, null for the rating
-- metric: as in metric.test
-- window: all or current
-- about: the brand whose reviews prove it; null for all brands but the named one
-- tone: positive or negative: which sentences prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: n, effect with its 95 % interval, and q, as a message
-- n, n_rest, effect, low, high, q_value: as in metric.test
-- strength: as in rule.finding
select
    f.brand,
    'threat' as quadrant,
    f.theme,
    f.metric,
    f."window",
    f.brand as about,
    'negative' as tone,
    f.change as claim,
    f.statistics,
    f.n,
    f.n_rest,
    f.effect,
    f.low,
    f.high,
    f.q_value,
    f.strength
from rule.movement f
where f.direction = 'worse'
