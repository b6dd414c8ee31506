-- One row per review: its newest line and what its observations say together.
-- line: rowid in raw.review of the newest observation
-- review_key: core.review's review_id as a number
-- run_id: run that last saw it
-- first_seen_at: UTC
-- last_seen_at: UTC
-- published_at: as the newest observation has it
-- published_on: as the newest observation has it
-- reply_at: as the newest observation has it
-- replied: as the newest observation has it
-- title_left_out: as the newest observation has it
-- version_count: wordings seen
with summed as (
    select
        review_key, max(ordinal) as ordinal, min(seen_at) as first_seen_at, max(last_seen_at) as last_seen_at,
        count(*) filter (where reworded) as version_count
    from work.review_observation
    group by review_key
)

select
    newest.line, newest.review_key, newest.last_run_id as run_id, summed.first_seen_at, summed.last_seen_at, newest.published_at,
    newest.published_on, newest.reply_at, newest.replied, newest.title_left_out, summed.version_count
from work.review_observation as newest
join summed on summed.review_key = newest.review_key and summed.ordinal = newest.ordinal
