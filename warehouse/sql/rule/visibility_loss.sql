-- One row per brand that surely draws fewer clicks from the watched keywords than a month or more before.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: threat
-- theme: null
-- metric: as in metric.test
-- window: all or current
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
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
    json_object(
        'say',
        'Draws fewer clicks from search than before: {value:pct} of those on {n} keywords after {before:pct} (latest rankings against those of a month or more before)',
        'value', f.value, 'n', f.n, 'before', f.value_rest
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
where f.metric = 'visibility_change' and f.direction = 'worse'
