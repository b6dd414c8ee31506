-- One row per brand, theme and rival whose customers surely complain of it more than others', where the brand is neither weak nor getting worse.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: opportunity
-- theme: core.theme's id
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
    json_object(
        'say', case f.metric
            when 'net_sentiment'
                then '{rival} is weak in {theme:label}, where {brand} is not: net sentiment {value:net} against {rest:net} at {rivals} ({period})'
            else '{rival} is weak in {theme:label}, where {brand} is not: complained of in {value:pct} of reviews against {rest:pct} at {rivals} ({period})'
        end,
        'rival', f.brand_name, 'theme', f.label, 'brand', b.name, 'value', f.value, 'rest', f.value_rest, 'rivals', f.rivals, 'period', f.period
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
join core.brand b on b.brand <> f.brand
join rule.standing s on s.brand = b.brand and s.theme = f.theme
where (f.metric = 'complaint_share' or (f.metric = 'net_sentiment' and f.value < 0))
    and f.direction = 'worse' and not s.is_weak and not s.is_declining
