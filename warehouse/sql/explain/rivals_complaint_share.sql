-- One row: the share of the other brands' reviews that complain of the theme, against the level of warehouse/sql/metric/level.sql.
-- n: their reviews with text
-- n_rest: null: a level has no reviews
-- value: the share, 0..1
-- value_rest: the level
-- effect: value - value_rest
with counted as (
    select count(*) as n, count(*) filter (where t.value = -1) as complaining, any_value(c.value_rest) as level
    from explain.cell c
    join metric.review r on r.brand <> c.brand and r.has_text and (c."window" = 'all' or r.period = c."window")
    left join metric.review_theme t on t.review_id = r.review_id and t.theme = c.theme
)

select n, cast(null as bigint) as n_rest, complaining / n as value, level as value_rest, complaining / n - level as effect
from counted
