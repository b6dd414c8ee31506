-- One row per brand that surely draws fewer clicks from the watched keywords than a month or more before.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: threat
-- theme: null
-- metric: as in metric.test
-- window: all or current
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
-- tone: positive or negative: which sentences prove it
-- claim: one English sentence with its numbers
-- statistics: n, effect with its 95 % interval, and q, as people read them
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
    'Draws fewer clicks from search than before: ' || f.value_text || ' of those on ' || f.n || ' keywords after '
    || f.value_rest_text || ' (latest rankings against those of a month or more before)' as claim,
    f.statistics,
    f.n,
    f.n_rest,
    f.effect,
    f.low,
    f.high,
    f.q_value,
    f.strength
from rule.finding f
where f.metric = 'visibility_change' and f.direction = 'worse'
