-- One row: a comparison of metric.test, counted again: the named side against the other within each stratum, Mantel-Haenszel weights.
-- Interval, p and q are not SQL: pipeline/swot/statistics.py makes them, and metric.test holds them.
-- n, n_rest: reviews on either side, in strata that hold both
-- value, value_rest: mean of either side, each stratum weighted as in the effect
-- effect: value - value_rest
with sided as (
    select
        case c.basis when 'platform' then v.platform || ' / ' || v.language else v.language end as stratum,
        case when c.is_change then v.period = 'current' else v.brand = c.brand end as named,
        v.value
    from explain.value v
    cross join explain.cell c
    where case
        when c.is_change then v.brand = c.brand and v.period in ('current', 'previous')
        else c."window" = 'all' or v.period = c."window"
    end
),

stratum as (
    select
        stratum,
        count(*) filter (where named) as n,
        count(*) filter (where not named) as n_rest,
        avg(value) filter (where named) as mean,
        avg(value) filter (where not named) as mean_rest,
        n * n_rest / (n + n_rest) as weight
    from sided
    group by stratum
    having n > 0 and n_rest > 0
)

select
    sum(n) as n,
    sum(n_rest) as n_rest,
    sum(weight * mean) / sum(weight) as value,
    sum(weight * mean_rest) / sum(weight) as value_rest,
    value - value_rest as effect
from stratum
