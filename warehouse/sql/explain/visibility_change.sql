-- One row: the brand's share of the clicks, mean over the keywords, against its own at a check a month or more before.
-- n, n_rest: keywords that were answered both times
-- value, value_rest: mean click share now and then, 0..1
-- effect: value - value_rest
with pair as (
    -- Engine by engine, so that one that was not asked then cannot look like a change.
    select a.keyword, avg(a.click_share) as value, avg(b.click_share) as value_rest
    from explain.cell c
    join metric.visibility_keyword a on a.brand = c.brand and a.age = 0
    join metric.visibility_keyword b
        on b.brand = a.brand and b.age = 1 and b.keyword = a.keyword and b.engine = a.engine
        and b.locale is not distinct from a.locale and b.device is not distinct from a.device
    group by a.keyword
)

select
    count(*) as n,
    count(*) as n_rest,
    avg(pair.value) as value,
    avg(pair.value_rest) as value_rest,
    avg(pair.value - pair.value_rest) as effect
from pair
