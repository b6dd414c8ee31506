-- One row per change between two readings of a FAQ source: a question added, removed, returned or reworded, or an answer changed. The newest first.
-- Only readings that count are compared, so a source that failed, or was rejected, removes nothing; what the first one found is no change.
-- Differences of space, case, counters and nonces are none: see warehouse/sql/work/faq_wording.sql.
-- brand: core.brand's id
-- brand_name: as people know it
-- own: this is our brand
-- source: the source's name in the market file
-- change: question added, question removed, question returned (it was there before), question reworded (another question, the same answer) or
-- answer changed
-- question: as printed, after the change; of a removed question, before
-- old_question: the wording before, where it was reworded
-- old_answer: as printed before the change; null for a question that was added
-- new_answer: as printed after it; null for a question that was removed
-- first_seen_at: moment of the run that first read what changed (UTC)
-- last_seen_before_at: moment of the run before, that last read it otherwise (UTC): the change lies between the two
-- seen_count: readings, this one included, that found it so; of a removed question, that did not find it
-- read_errors: pages that the reading which first found it so could not read; above 0, a removed question may stand on one of these
-- still_so: it is so in the newest reading
-- url: page of the entry
with thresholds as (
    -- The same answer under a question so alike (Jaro-Winkler, 0..1) is the same entry in other words.
    select 0.75 as alike
),

version as (
    select
        *,
        lag(answer) over entry as answer_before,
        lag(last_reading) over entry as last_reading_before,
        lead(first_reading) over entry as next_reading
    from core.faq_version
    window entry as (partition by target, question_key order by version)
),

reading as (
    select target, as_of, error_count, row_number() over (partition by target order by as_of, crawled_at nulls first, run_id) as reading
    from core.crawl
),

came as (
    select *, version > 1 as is_return
    from version
    where first_reading > 1 and last_reading_before is distinct from first_reading - 1
),

-- A reading after its last one found the question gone, not answered otherwise.
went as (
    select *, last_reading + 1 as gone_reading
    from version
    where last_reading < reading_count and next_reading is distinct from last_reading + 1
),

alike as (
    select
        w.target, w.question_key as old_key, w.version as old_version, c.question_key as new_key, c.version as new_version,
        w.question as old_question, w.answer as old_answer,
        jaro_winkler_similarity(left(w.question_key, 300), left(c.question_key, 300)) as likeness
    from went w
    join came c on c.target = w.target and c.first_reading = w.gone_reading and c.answer_key = w.answer_key and not c.is_return
    cross join thresholds t
    where jaro_winkler_similarity(left(w.question_key, 300), left(c.question_key, 300)) >= t.alike
),

-- One old question becomes one new one.
reworded as (
    select *
    from alike
    qualify
        row_number() over (partition by target, old_key, old_version order by likeness desc, new_key) = 1
        and row_number() over (partition by target, new_key, new_version order by likeness desc, old_key) = 1
),

change as (
    select
        v.target, v.brand, v.source, 'answer changed' as change, v.question, null as old_question, v.answer_before as old_answer,
        v.answer as new_answer, v.first_reading, v.last_reading - v.first_reading + 1 as seen_count, v.current as still_so, v.url
    from version v
    where v.last_reading_before = v.first_reading - 1
    union all
    select
        c.target, c.brand, c.source,
        case when r.new_key is not null then 'question reworded' when c.is_return then 'question returned' else 'question added' end,
        c.question, r.old_question, r.old_answer, c.answer, c.first_reading, c.last_reading - c.first_reading + 1, c.current, c.url
    from came c
    left join reworded r on r.target = c.target and r.new_key = c.question_key and r.new_version = c.version
    union all
    select
        w.target, w.brand, w.source, 'question removed', w.question, null, w.answer, null, w.gone_reading,
        coalesce(w.next_reading, w.reading_count + 1) - w.gone_reading, w.next_reading is null, w.url
    from went w
    anti join reworded r on r.target = w.target and r.old_key = w.question_key and r.old_version = w.version
)

select
    c.brand,
    b.name as brand_name,
    b.own,
    c.source,
    c.change,
    c.question,
    c.old_question,
    c.old_answer,
    c.new_answer,
    r.as_of as first_seen_at,
    p.as_of as last_seen_before_at,
    c.seen_count,
    r.error_count as read_errors,
    c.still_so,
    c.url
from change c
join core.brand b on b.brand = c.brand
join reading r on r.target = c.target and r.reading = c.first_reading
join reading p on p.target = c.target and p.reading = c.first_reading - 1
order by r.as_of desc, b.own desc, b.position, c.source, c.change, c.question
