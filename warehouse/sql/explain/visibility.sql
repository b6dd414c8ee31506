-- One row: the brand's share of the clicks, mean over the keywords, against that of the average other brand.
-- n, n_rest: answered keywords
-- value, value_rest: mean click share, 0..1
-- effect: value - value_rest
with latest as (
    select brand, keyword, avg(click_share) as click_share
    from metric.visibility_keyword
    where age = 0
    group by brand, keyword
),

pair as (
    select a.keyword, any_value(a.click_share) as value, avg(b.click_share) as value_rest
    from explain.cell c
    join latest a on a.brand = c.brand
    join latest b on b.keyword = a.keyword and b.brand <> a.brand
    group by a.keyword
)

select
    count(*) as n,
    count(*) as n_rest,
    avg(pair.value) as value,
    avg(pair.value_rest) as value_rest,
    avg(pair.value - pair.value_rest) as effect
from pair
