-- One row per run of which a record or a crawl is kept, the runs that were never published too. In a published file: as far as they had come when it was published.
-- run_id: run
-- as_of: moment as of which it speaks (UTC)
-- began_at: true wall clock (UTC) of its first room, or of its first crawl where rooms have left no record
-- ended_at: true wall clock (UTC) of the last room so far; null while one runs
-- outcome: published; incomplete (published, and a source is missing); running; unfinished (no room runs, and it is not published yet); or what became of
-- the room that it ended in: failed, stopped or killed. Null where rooms have left no record
-- room: the room that it ended in or that runs; null where it is published, and where rooms have left no record
-- message: the first line of the error that ended it; null where none did
-- source_count: sources that it was asked for, and those of which ops.source has a crawl
-- landed_count: of these, landed or unchanged
-- rejected_count: rejected, failed or blocked; a source that is in neither was never judged: its gather ended before
-- seconds: what its rooms took, added up
-- processor_seconds: the same of their processes
-- peak_bytes: resident memory of the largest process; null where no room knows
-- cell_count: SWOT cells; null where it has not come that far
-- edition: name under cells/ of what it published last; null where it has not published
with run as (
    select run_id, max(as_of) as as_of
    from (select run_id, as_of from ops.room union all select run_id, as_of from ops.source)
    group by run_id
),

asked as (
    select run_id, target from ops.source
    union
    select run_id, unnest(targets) as target from ops.room
),

source as (
    select
        asked.run_id, count(*) as source_count, count(*) filter (where crawl.outcome in ('landed', 'unchanged')) as landed_count,
        count(*) filter (where crawl.outcome not in ('landed', 'unchanged')) as rejected_count, min(crawl.began_at) as began_at,
        max(crawl.ended_at) as ended_at
    from asked
    left join ops.source as crawl on crawl.run_id = asked.run_id and crawl.target = asked.target
    group by asked.run_id
),

room as (
    select
        run_id, min(began_at) as began_at, max(ended_at) as ended_at, bool_or(outcome = 'running') as is_running, round(sum(seconds), 3) as seconds,
        round(sum(processor_seconds), 3) as processor_seconds, max(peak_bytes) as peak_bytes,
        max(rows['mart.swot_cell']) filter (where room = 'swot') as cell_count, max(edition) as edition
    from ops.room
    group by run_id
),

-- What follows publish makes a run no less published.
last_room as (
    select run_id, room, outcome, message
    from ops.room
    where room in ('gather', 'load', 'score', 'swot', 'report', 'publish')
    qualify row_number() over (partition by run_id order by began_at desc, room) = 1
)

select
    run.run_id, run.as_of, coalesce(room.began_at, source.began_at) as began_at,
    case when not coalesce(room.is_running, false) then coalesce(room.ended_at, source.ended_at) end as ended_at,
    case
        when last_room.room = 'publish' and last_room.outcome = 'done'
            then if(source.landed_count < source.source_count, 'incomplete', 'published')
        when last_room.outcome in ('done', 'incomplete') then 'unfinished'
        else last_room.outcome
    end as outcome,
    if(last_room.outcome in ('done', 'incomplete'), null, last_room.room) as room,
    if(last_room.outcome in ('done', 'incomplete'), null, last_room.message) as message,
    coalesce(source.source_count, 0) as source_count, coalesce(source.landed_count, 0) as landed_count,
    coalesce(source.rejected_count, 0) as rejected_count, room.seconds, room.processor_seconds, room.peak_bytes,
    room.cell_count, room.edition
from run
left join source on source.run_id = run.run_id
left join room on room.run_id = run.run_id
left join last_room on last_room.run_id = run.run_id
