-- One row per brand and answered check of a keyword (results, or none at all): the latest one, and one a month older.
-- brand: whose pages are looked for
-- keyword: as searched
-- engine: search engine
-- locale: as searched, null when the market file names none
-- age: 0 for the latest check, 1 for the newest one that is at least 28 days older
-- as_of: moment of that check (UTC)
-- depth: organic results that the answer held
-- best_rank: 1 is first; null when the brand is absent within the depth
-- click_share: share of the searches whose click would fall on the brand, 0..1; 0 when absent
with thresholds as (
    select 28 as days_apart -- rankings flicker from day to day; a month tells a loss from a flicker
),

-- Share of searches that click on the organic result at each rank: Sistrix 2020, 80 million keywords on Google. Its second
-- page draws well under 1 % a rank, so later ranks count nothing here.
curve as (
    select *
    from (values
        (1, 0.285), (2, 0.157), (3, 0.110), (4, 0.080), (5, 0.072),
        (6, 0.051), (7, 0.040), (8, 0.032), (9, 0.028), (10, 0.025)
    ) as c (rank, click_share)
),

-- A check is one crawl of one keyword. A blocked or failed one says nothing about ranks; where the latest is one, the
-- keyword is unknown now, whatever it was before.
checked as (
    select
        keyword,
        engine,
        locale,
        run_id,
        max(as_of) as as_of,
        max(depth) as depth,
        bool_or(status in ('observed', 'absent')) and not bool_or(status in ('failed', 'blocked')) as is_answered
    from core.search_result
    where keyword is not null
    group by keyword, engine, locale, run_id
),

newest as (
    select *
    from checked
    qualify row_number() over (partition by keyword, engine, locale order by as_of desc, run_id desc) = 1
),

latest as (
    select * from newest where is_answered
),

earlier as (
    select c.*
    from checked c
    join latest l on l.keyword = c.keyword and l.engine = c.engine and l.locale is not distinct from c.locale
    cross join thresholds
    where c.is_answered and c.as_of <= l.as_of - to_days(days_apart)
    qualify row_number() over (partition by c.keyword, c.engine, c.locale order by c.as_of desc, c.run_id desc) = 1
),

chosen as (
    select *, 0 as age from latest
    union all
    select *, 1 as age from earlier
)

select
    b.brand,
    c.keyword,
    c.engine,
    c.locale,
    c.age,
    c.as_of,
    c.depth,
    min(s.rank) as best_rank,
    cast(coalesce(sum(curve.click_share), 0) as double) as click_share
from core.brand b
cross join chosen c
left join core.search_result s
    on s.brand = b.brand and s.run_id = c.run_id and s.keyword = c.keyword and s.engine = c.engine
    and s.locale is not distinct from c.locale and s.status = 'observed'
left join curve on curve.rank = s.rank
group by b.brand, c.keyword, c.engine, c.locale, c.age, c.as_of, c.depth
order by b.brand, c.keyword, c.engine, c.locale, c.age
