-- One row per comparison and keyword, for the metrics that are tested keyword by keyword.
-- metric: visibility (against the mean of the other brands) or visibility_change (against the same brand's earlier check)
-- brand: the named brand
-- keyword: as searched
-- value: click share of the brand, mean over engines, locales and devices, 0..1
-- value_rest: what it is held against, 0..1
with drawn as (
    select brand, keyword, engine, locale, device, age, click_share from metric.visibility_keyword
),

latest as (
    select brand, keyword, avg(click_share) as click_share from drawn where age = 0 group by brand, keyword
),

-- Engine by engine, so that an engine that was not asked earlier cannot look like a change.
moved as (
    select a.brand, a.keyword, avg(a.click_share) as click_share, avg(b.click_share) as click_share_before
    from drawn a
    join drawn b on b.brand = a.brand and b.keyword = a.keyword and b.engine = a.engine and b.locale is not distinct from a.locale
        and b.device is not distinct from a.device
    where a.age = 0 and b.age = 1
    group by a.brand, a.keyword
)

select
    'visibility' as metric,
    a.brand,
    a.keyword,
    round(any_value(a.click_share), 9) as value,
    round(avg(b.click_share), 9) as value_rest
from latest a
join latest b on b.keyword = a.keyword and b.brand <> a.brand
group by a.brand, a.keyword
union all
select 'visibility_change', brand, keyword, round(click_share, 9), round(click_share_before, 9)
from moved
order by metric, brand, keyword
