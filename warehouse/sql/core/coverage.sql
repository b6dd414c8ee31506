-- One row per crawl that the market asks for: what became of it in this run. What is missing here is not zero.
-- target: <brand>.<kind>.<name>; market.ranking.<engine> for search engines
-- brand: brand id; null for search engines
-- kind: reviews, faq, ranking, contact or mentions
-- source: the source's name in the market file
-- status: observed, absent (looked, nothing there), failed, blocked, or not_asked
-- outcome: landed, unchanged, rejected, failed or blocked; null when not asked
-- reason: why it failed or was blocked
-- alarm: blocked, layout_gone or implausible, as this run's crawl was judged; null where it was none of these, and when not asked
-- record_count: lines that the crawl gave; of one that does not count, what it held before it broke off; null when that was nothing, and when not asked
-- stated_count: reviews that the page says there are; null where it says nothing
-- crawled_at: when this run's crawl ended, true wall clock (UTC); null when not asked
-- last_landed_at: end of the last crawl that counts, this run's or an earlier one: the age of what is told; null without any
with this_run as (
    select crawl.*
    from raw.crawl as crawl
    semi join core.run as run on run.run_id = crawl.run_id
    -- A crawl that was rejected and then repeated has both receipts; the good one tells.
    qualify row_number() over (
        partition by crawl.target
        order by crawl.outcome in ('landed', 'unchanged') desc, crawl.finished_at desc nulls last, crawl.outcome
    ) = 1
),

counted as (
    select
        target, max(crawled_at) as last_landed_at,
        any_value(record_count) filter (where run_id in (select run_id from core.run)) as record_count
    from core.crawl
    group by target
)

select
    source.target, source.brand, source.kind, source.name as source,
    case
        when this_run.outcome is null then 'not_asked'
        when this_run.outcome = 'blocked' then 'blocked'
        when counted.record_count > 0 then 'observed'
        when counted.record_count = 0 then 'absent'
        else 'failed'
    end as status,
    this_run.outcome,
    case
        when this_run.outcome = 'unchanged' and counted.record_count is null
            then 'the input is that of run ' || this_run.unchanged_since || ', whose lines are missing'
        else this_run.reason
    end as reason,
    this_run.alarm,
    coalesce(counted.record_count, nullif(this_run.records, 0)) as record_count, this_run.stated.count as stated_count,
    this_run.finished_at as crawled_at, counted.last_landed_at
from core.source as source
left join this_run on this_run.target = source.target
left join counted on counted.target = source.target
