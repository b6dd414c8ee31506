-- One row per run and room that has worked in it: what it took and made in its last attempt. Airflow gathers each source by itself: the row adds these up.
-- run_id: run
-- as_of: that run's moment (UTC)
-- room: gather, load, score, swot, report, publish, deliver or retention
-- began_at: true wall clock (UTC); of a gather, when the first of its sources began
-- ended_at: true wall clock (UTC); null while it runs, and when it was killed
-- seconds: from one to the other; sources that were gathered at different times count only their own
-- processor_seconds: of its process and those that it started
-- peak_bytes: resident memory of the largest of them; null where an earlier room of the same process had more, as within `rivalscope run`
-- rows: rows written, by table, where the room makes tables
-- row_count: their sum; null where it makes none
-- attempts: how often it was begun; of sources that were gathered by themselves, the most
-- outcome: done, incomplete (something is missing), failed, stopped (by a signal or Ctrl-C), killed (it ended without a word) or running
-- targets: sources that a gather was asked for; null of any other room
-- message: the first line of the error that ended it; null where none did
-- edition: name under cells/ of what it published; null of any room but publish
with record as (
    select *
    from read_json(
        getvariable('record_file'),
        format = 'newline_delimited',
        columns = {
            run_id: 'varchar', as_of: 'timestamp', room: 'varchar', targets: 'varchar[]', is_whole: 'boolean', began_at: 'timestamp', ended_at: 'timestamp',
            processor_seconds: 'double', peak_bytes: 'bigint', rows: 'map(varchar, bigint)', attempts: 'bigint', outcome: 'varchar',
            message: 'varchar', edition: 'varchar'
        }
    )
    -- A gather of all sources stands for what was gathered before it.
    qualify began_at >= coalesce(max(began_at) filter (where is_whole) over (partition by run_id, room), began_at)
),

missing as (
    select run_id
    from ops.source
    group by run_id
    having not bool_and(outcome in ('landed', 'unchanged'))
),

told as (
    select
        run_id, room, max(as_of) as as_of, min(began_at) as began_at,
        case when bool_and(ended_at is not null) then max(ended_at) end as ended_at,
        least(
            date_diff('millisecond', min(began_at), max(ended_at)), sum(date_diff('millisecond', began_at, ended_at))
        ) / 1000 as seconds,
        round(sum(processor_seconds), 3) as processor_seconds, max(peak_bytes) as peak_bytes, max(rows) filter (where cardinality(rows) > 0) as rows,
        max(attempts) as attempts,
        -- The worst of them tells.
        coalesce(
            max('running') filter (where outcome = 'running'), max('killed') filter (where outcome = 'killed'),
            max('failed') filter (where outcome = 'failed'), max('stopped') filter (where outcome = 'stopped'),
            max('incomplete') filter (where outcome = 'incomplete'), 'done'
        ) as outcome,
        arg_max(message, began_at) filter (where message is not null) as message, max(edition) as edition,
        list_sort(list_distinct(flatten(list(targets) filter (where targets is not null)))) as targets
    from record
    group by run_id, room
)

select
    told.run_id, told.as_of, told.room, told.began_at, told.ended_at,
    case when told.ended_at is not null then told.seconds end as seconds, told.processor_seconds, told.peak_bytes, told.rows,
    cast(list_sum(map_values(told.rows)) as bigint) as row_count, told.attempts,
    -- What was missing has been gathered by itself since.
    case when told.room = 'gather' and told.outcome = 'incomplete' and missing.run_id is null then 'done' else told.outcome end as outcome,
    told.targets, told.message, told.edition
from told
left join missing on missing.run_id = told.run_id
