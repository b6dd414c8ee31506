-- One row per brand and check that is told of: its rank as the median over the answered draws, and how far the draws lie apart.
-- brand: whose pages are looked for
-- keyword, engine, locale, device, result_type, run_id, as_of, depth: of metric.search_check
-- age, previous: of metric.search_check
-- answered_count: draws that were answered
-- unanswered_count: draws that failed or were blocked; they count neither for nor against
-- found_count: answered draws in which the brand was among the results
-- rank: median over the answered draws of the brand's best rank; null when the middle draw does not hold it: absent within the depth
-- best_rank: best over the draws; null when no draw holds it
-- worst_rank: worst over the draws that hold it; null with best_rank
-- spread: worst minus best rank; a draw that lacks the brand counts as one beyond the depth, so it is then a lower bound. 0 when no draw
-- holds it; null with a single answered draw, which says nothing about spread
-- click_share: median over the answered draws of the clicks that its results draw, 0..1; 0 when absent; null unless result_type is web
with answered as (
    select *, observed_count + absent_count as answered_count
    from metric.search_check
    where age is not null or previous
),

found as (
    select
        b.brand,
        a.keyword, a.engine, a.locale, a.device, a.result_type, a.run_id,
        any_value(a.depth) as depth,
        any_value(a.answered_count) as n,
        list(d.best_rank order by d.best_rank) filter (where d.best_rank is not null) as ranks,
        coalesce(list(d.click_share order by d.click_share) filter (where d.click_share is not null), []) as clicks
    from core.brand b
    cross join answered a
    left join metric.search_draw d
        on d.brand = b.brand and d.keyword = a.keyword and d.engine = a.engine and d.locale is not distinct from a.locale
        and d.device is not distinct from a.device and d.result_type is not distinct from a.result_type and d.run_id = a.run_id
    group by b.brand, a.keyword, a.engine, a.locale, a.device, a.result_type, a.run_id
),

-- Draws without the brand stand behind all that hold it: beyond the depth, whatever their rank is. Clicks of such a draw are 0.
ordered as (
    select
        *,
        coalesce(len(ranks), 0) as found_count,
        (n + 1) // 2 as low_place,
        n // 2 + 1 as high_place,
        list_resize(cast([] as double[]), n - len(clicks), 0.0) || clicks as all_clicks
    from found
)

select
    o.brand,
    o.keyword,
    o.engine,
    o.locale,
    o.device,
    o.result_type,
    o.run_id,
    a.as_of,
    o.depth,
    a.age,
    a.previous,
    o.n as answered_count,
    a.failed_count + a.blocked_count as unanswered_count,
    o.found_count,
    case when o.high_place <= o.found_count then (o.ranks[o.low_place] + o.ranks[o.high_place]) / 2 end as rank,
    o.ranks[1] as best_rank,
    o.ranks[-1] as worst_rank,
    case
        when o.n < 2 then null
        when o.found_count = 0 then 0
        when o.found_count < o.n then greatest(o.ranks[-1], o.depth + 1) - o.ranks[1]
        else o.ranks[-1] - o.ranks[1]
    end as spread,
    case when o.result_type = 'web' then (o.all_clicks[o.low_place] + o.all_clicks[o.high_place]) / 2 end as click_share
from ordered o
join answered a
    on a.keyword = o.keyword and a.engine = o.engine and a.locale is not distinct from o.locale
    and a.device is not distinct from o.device and a.result_type is not distinct from o.result_type and a.run_id = o.run_id
