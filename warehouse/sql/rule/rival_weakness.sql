-- One row per brand, theme and rival whose customers surely complain of it more than others', where the brand is neither weak nor getting worse.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: opportunity
-- theme: core.theme's id
-- metric: as in metric.test
-- window: all or current
-- about: the brand whose reviews prove it; null for all brands but the named one
-- tone: positive or negative: which sentences prove it
-- claim: one English sentence with its numbers
-- statistics: n, effect with its 95 % interval, and q, as people read them
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
    f.brand_name || ' is weak in ' || f.label || ', where ' || b.name || ' is not: ' || case f.metric
        when 'net_sentiment' then 'net sentiment ' || f.value_text || ' against '
        else 'complained of in ' || f.value_text || ' of reviews against '
    end
    || f.value_rest_text || ' at ' || f.rivals || ' (' || f.period || ')' as claim,
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
