-- One row per question of a FAQ source and stretch of readings that answered it alike; a changed answer begins the next row.
-- Readings are the crawls that count. Differences of space, case, counters and nonces are none: see warehouse/sql/work/faq_wording.sql.
-- target: <brand>.faq.<name>
-- brand: brand id
-- source: the source's name in the market file
-- question_key: the question in lower case, without its number, punctuation and space: what makes two questions the same
-- version: 1 for the first answer seen; counts on when the question comes back
-- answer_key: hash of the answer without noise; two questions with the same one are answered alike
-- question: as printed at the last reading of the stretch
-- answer: as printed then; several answers to the same question stand one below the other
-- url: page of the entry then
-- first_reading: place of the stretch's first reading among those of the target, from 1
-- last_reading: place of its last one
-- reading_count: readings of the target until now
-- first_as_of: moment of the run that first read it so (UTC)
-- last_as_of: moment of the run that last read it so (UTC)
-- ended_as_of: moment of the first run afterwards that read something else, or no longer found the question (UTC); null while it stands
-- first_run_id: run that first read it so
-- current: the newest reading found it so
with reading as (
    select
        target, as_of, row_number() over (partition by target order by as_of, crawled_at nulls first, run_id) as reading,
        count(*) over (partition by target) as reading_count
    from core.crawl
),

-- A gap in the readings, or another answer, begins a stretch.
marked as (
    select
        *,
        coalesce(reading - lag(reading) over question <> 1 or answer_key <> lag(answer_key) over question, true) as begins
    from work.faq_reading
    window question as (partition by target, question_key order by reading)
),

numbered as (
    select *, count(*) filter (where begins) over (partition by target, question_key order by reading) as version
    from marked
),

stretch as (
    select
        target, brand, source, question_key, version, answer_key, arg_max(wordings, reading) as wordings,
        arg_max(url, reading) as url, min(reading) as first_reading, max(reading) as last_reading, min(as_of) as first_as_of,
        max(as_of) as last_as_of, arg_min(run_id, reading) as first_run_id
    from numbered
    group by target, brand, source, question_key, version, answer_key
),

printed as (
    select
        said.target, said.question_key, said.version, min(raw.question) as question,
        string_agg(distinct raw.answer, chr(10) || chr(10) order by raw.answer) as answer
    from (select target, question_key, version, unnest(wordings) as wording from stretch) as said
    join work.faq_wording as wording on wording.wording = said.wording
    join raw.faq_entry as raw on raw.rowid = wording.line
    group by said.target, said.question_key, said.version
)

select
    stretch.target, stretch.brand, stretch.source, stretch.question_key, stretch.version, stretch.answer_key, printed.question,
    printed.answer, stretch.url, stretch.first_reading, stretch.last_reading, newest.reading_count, stretch.first_as_of,
    stretch.last_as_of, after.as_of as ended_as_of, stretch.first_run_id, after.as_of is null as "current"
from stretch
join printed
    on printed.target = stretch.target and printed.question_key = stretch.question_key and printed.version = stretch.version
join reading as newest on newest.target = stretch.target and newest.reading = newest.reading_count
left join reading as after on after.target = stretch.target and after.reading = stretch.last_reading + 1
