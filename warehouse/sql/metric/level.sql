-- One row per share that is held against a fixed level rather than against another brand.
-- metric: rivals_complaint_share (of the other brands' reviews) or open_keywords (of the watched keywords)
-- brand: the named brand
-- theme: core.theme's id, null for keywords
-- window: all or current
-- n: reviews of the other brands, or answered keywords
-- total: of these, complaining ones, or keywords without any of the market's brands among the first results
-- threshold: the level, 0..1
with thresholds as (
    select
        -- One review in ten: the mean theme of the default taxonomy is complained of in far fewer, so this is a pain that the
        -- market has in common.
        0.10 as pain_share,
        -- A keyword set mostly watches words that somebody of the market owns; a quarter without an owner is a gap.
        0.25 as open_share,
        -- The first three results draw more than half of all clicks.
        3 as first_ranks
),

complained as (
    select
        b.brand,
        t.theme,
        t."window",
        sum(t.review_count) as n,
        sum(t.negative_count) as total
    from core.brand b
    join metric.theme_brand t on t.brand <> b.brand
    where t."window" in ('all', 'current')
    group by b.brand, t.theme, t."window"
),

owned as (
    select keyword, bool_or(coalesce(best_rank <= first_ranks, false)) as is_owned
    from metric.visibility_keyword, thresholds
    where age = 0
    group by keyword
)

select
    'rivals_complaint_share' as metric,
    brand,
    theme,
    "window",
    cast(n as bigint) as n,
    cast(total as bigint) as total,
    cast(pain_share as double) as threshold
from complained, thresholds
where n > 0
union all
select 'open_keywords', b.brand, null, 'all', count(*), count(*) filter (where not o.is_owned), cast(max(open_share) as double)
from core.brand b
cross join owned o
cross join thresholds
group by b.brand
order by metric, brand, theme nulls first, "window"
