-- One row per brand, theme and window in which surely fewer, or more, of its reviews complain about the theme than of its rivals'.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: strength or weakness
-- theme: core.theme's id
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
    case f.direction when 'better' then 'strength' else 'weakness' end as quadrant,
    f.theme,
    f.metric,
    f."window",
    f.brand as about,
    case f.direction when 'better' then 'positive' else 'negative' end as tone,
    json_object(
        'say', case f.direction
            when 'better' then 'Fewer complaints about {theme:label} than at {rivals}: {value:pct} of reviews against {rest:pct} ({period})'
            else 'More complaints about {theme:label} than at {rivals}: {value:pct} of reviews against {rest:pct} ({period})'
        end,
        'theme', f.label, 'rivals', f.rivals, 'value', f.value, 'rest', f.value_rest, 'period', f.period
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
where f.metric = 'complaint_share' and f.direction is not null
