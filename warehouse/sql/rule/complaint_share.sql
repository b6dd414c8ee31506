-- One row per brand, theme and window in which surely fewer, or more, of its reviews complain about the theme than of its rivals'.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: strength or weakness
-- theme: core.theme's id
-- metric: as in metric.test
-- window: all or current
-- about: the brand whose reviews prove it; null for all brands but the named one
-- tone: positive or negative: which sentences prove it
-- claim: one English sentence with its numbers
-- statistics: n, effect with its 95 % interval, and q, as people read them
-- n, n_rest, effect, low, high, q_value: as in metric.test
-- strength: as in rule.finding
select
    f.brand,
    case f.direction when 'better' then 'strength' else 'weakness' end as quadrant,
    f.theme,
    f.metric,
    f."window",
    f.brand as about,
    case f.direction when 'better' then 'positive' else 'negative' end as tone,
    case f.direction when 'better' then 'Fewer' else 'More' end
    || ' complaints about ' || f.label || ' than at ' || f.rivals || ': ' || f.value_text || ' of reviews against ' || f.value_rest_text
    || ' (' || f.period || ')' as claim,
    f.statistics,
    f.n,
    f.n_rest,
    f.effect,
    f.low,
    f.high,
    f.q_value,
    f.strength
from rule.finding f
where f.metric = 'complaint_share' and f.direction is not null
