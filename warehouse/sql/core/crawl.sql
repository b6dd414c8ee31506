-- One row per crawl that counts: it landed, or found the same input again whose lines an earlier run holds.
-- target: the crawl's target, one that the market still names
-- run_id: the run that crawled
-- as_of: that run's moment (UTC)
-- lines_run_id: the run that holds the lines; run_id itself unless the input was unchanged
-- crawled_at: when the crawl ended, true wall clock (UTC)
-- record_count: lines that it holds
-- error_count: requests without an answer, responses passed over for their status, and pages that could not be parsed
-- is_cut: it stopped at a limit of pages and left links unread: what it lacks may stand on a page that it did not reach
-- stated_count: reviews that the page says there are; null where it says nothing
-- newest: the last crawl of its target that counts
with good as (
    select crawl.*, coalesce(crawl.unchanged_since, crawl.run_id) as lines_run_id
    from raw.crawl as crawl
    semi join core.source as source on source.target = crawl.target
    where crawl.outcome in ('landed', 'unchanged')
),

held as (
    select target, run_id, records
    from good
    where outcome = 'landed'
)

select
    good.target, good.run_id, good.as_of, good.lines_run_id, good.finished_at as crawled_at, held.records as record_count,
    coalesce(good.download_errors, 0) + coalesce(good.ignored, 0) + coalesce(good.spider_exceptions, 0) as error_count,
    coalesce(good.measured['unread_links'] > 0, false) or good.finish_reason is not distinct from 'closespider_pagecount' as is_cut,
    good.stated.count as stated_count,
    row_number() over (partition by good.target order by good.as_of desc, good.finished_at desc, good.run_id desc) = 1 as newest
from good
join held on held.target = good.target and held.run_id = good.lines_run_id
