-- One row per crawl and value that its monitors measured: what was found beside what the target's last good runs made expect.
-- target: the crawl's target, one that the market still names
-- run_id: the run that crawled
-- as_of: that run's moment (UTC)
-- reading: 1 is the crawl's own reading; a replay of its archive counts on from there
-- monitor: what was measured: record_count, fill_<field>, ...
-- found: the value measured
-- low: what was expected at least; null where that side is open
-- high: what was expected at most; null where that side is open
-- run_count: good runs behind the range
-- verdict: fine, warning, alarm or too_little_history
-- outcome: what became of the crawl: landed, unchanged, rejected, failed or blocked
-- this_run: the crawl belongs to the run that built this file
select
    crawl.target, crawl.run_id, crawl.as_of, crawl.reading, measured.monitor."name" as monitor, measured.monitor.found,
    measured.monitor.low, measured.monitor.high, measured.monitor.runs as run_count, measured.monitor.verdict, crawl.outcome,
    crawl.run_id = run.run_id as this_run
from raw.crawl as crawl
semi join core.source as source on source.target = crawl.target
cross join core.run as run
cross join unnest(crawl.monitors) as measured (monitor)
