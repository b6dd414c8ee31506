-- One row per run and source that it crawled: how that went, as the crawl's receipt says. Of rejected crawls only those that are still kept.
-- run_id: run that crawled
-- as_of: that run's moment (UTC)
-- target: <brand>.<kind>.<name>; market.ranking.<engine> for search rankings
-- brand: brand id; null for search rankings
-- kind: reviews, faq, ranking, contact or mentions
-- source: the source's name in the market file
-- outcome: landed, unchanged, rejected, failed or blocked
-- alarm: blocked, layout_gone or implausible; null where it is none of these
-- reason: why it did not land; null where it did and nothing was to be said
-- record_count: lines that the crawl gave; of an unchanged one those that it stands for
-- page_count: responses that were parsed; a file is one
-- request_count: requests sent, with robots.txt and retries; null where the receipt cannot be read, as below
-- download_error_count: requests that got no answer
-- began_at: true wall clock (UTC)
-- ended_at: true wall clock (UTC)
-- seconds: from one to the other, whole seconds
select
    run_id, as_of, target, brand, kind, name as source, outcome, alarm, reason, records as record_count, pages as page_count,
    requests as request_count, download_errors as download_error_count, started_at as began_at, finished_at as ended_at,
    date_diff('second', started_at, finished_at) as seconds
from raw.crawl
-- A crawl that was rejected and then repeated has both receipts; the good one tells.
qualify row_number() over (
    partition by run_id, target
    order by outcome in ('landed', 'unchanged') desc, finished_at desc nulls last, outcome
) = 1
