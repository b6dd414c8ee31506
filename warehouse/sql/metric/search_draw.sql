-- One row per answered draw of the checks that are told of, and site among its results: its best rank and the clicks that it draws.
-- keyword, engine, locale, device, result_type, run_id: of metric.search_check
-- target, draw: the source that asked, and which of its repetitions this is
-- host: the site, as core.search_result's domain; of a brand's own results, null: they count together
-- brand: brand whose results they are; null for everybody else
-- best_rank: 1 is the first organic result
-- click_share: share of the searches whose click would fall on it, 0..1; null unless result_type is web: clicks on other results are not known
-- url: of the best rank
-- title: of the best rank
with checks as (
    select keyword, engine, locale, device, result_type, run_id
    from metric.search_check
    where age is not null or previous
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

lines as (
    select
        s.*,
        -- A draw with a blocked or failed page is none, as in metric.search_check.
        bool_or(s.status in ('blocked', 'failed')) over (
            partition by s.keyword, s.engine, s.locale, s.device, s.result_type, s.run_id, s.target, s.draw
        ) as unanswered
    from core.search_result s
    semi join checks c
        on c.keyword = s.keyword and c.engine = s.engine and c.locale is not distinct from s.locale
        and c.device is not distinct from s.device and c.result_type is not distinct from s.result_type and c.run_id = s.run_id
)

select
    l.keyword, l.engine, l.locale, l.device, l.result_type, l.run_id, l.target, l.draw,
    case when l.brand is null then l.domain end as host,
    l.brand,
    min(l.rank) as best_rank,
    case when l.result_type = 'web' then cast(coalesce(sum(curve.click_share), 0) as double) end as click_share,
    arg_min(l.url, l.rank) as url,
    arg_min(l.title, l.rank) as title
from lines l
left join curve on curve.rank = l.rank
where l.status = 'observed' and not l.unanswered and (l.brand is not null or l.domain is not null)
group by l.keyword, l.engine, l.locale, l.device, l.result_type, l.run_id, l.target, l.draw, l.brand, host
