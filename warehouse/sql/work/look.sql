-- One row per landing file that counts, with the last crawl that found its lines still there.
-- target: the crawl's target
-- run_id: the run that holds the lines
-- ordinal: place among the target's landing files, from 1, oldest knowledge first
-- last_run_id: the last run that found the same input
-- last_crawled_at: when that run's crawl ended (UTC); null when no later one found the same
-- newest: the target's last crawl that counts found these lines
with looks as (
    select
        target, lines_run_id as run_id, min((as_of, crawled_at, run_id)) filter (where run_id = lines_run_id) as landed,
        arg_max(run_id, (as_of, crawled_at, run_id)) as last_run_id,
        max(crawled_at) filter (where run_id <> lines_run_id) as last_crawled_at, bool_or(newest) as newest
    from core.crawl
    group by target, lines_run_id
)

select
    target, run_id, row_number() over (partition by target order by landed) as ordinal, last_run_id, last_crawled_at, newest
from looks
