-- One row: the share of the watched keywords without any brand of the market among the first three results, against the level of
-- warehouse/sql/metric/level.sql.
-- n: answered keywords
-- n_rest: null: a level has no keywords
-- value: the share, 0..1
-- value_rest: the level
-- effect: value - value_rest
with owned as (
    select keyword, bool_or(coalesce(best_rank <= 3, false)) as is_owned
    from metric.visibility_keyword
    where age = 0
    group by keyword
),

counted as (
    select count(*) as n, count(*) filter (where not is_owned) as open, any_value(c.value_rest) as level
    from owned
    cross join explain.cell c
)

select n, cast(null as bigint) as n_rest, open / n as value, level as value_rest, open / n - level as effect
from counted
