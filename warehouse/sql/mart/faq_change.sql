-- One row per change between two readings of a FAQ source: a question added, removed, returned or reworded, or an answer changed. The newest first.
-- Only readings that count are compared, so a source that failed, or was rejected, removes nothing; what the first one found is no change.
-- A reading that stopped at its limit of pages tells what it found, never that a question is gone: its frontier shifts from one to the next.
-- Differences of space, case, counters and nonces are none: see warehouse/sql/work/faq_wording.sql.
-- brand: core.brand's id
-- brand_name: as people know it
-- own: this is our brand
-- source: the source's name in the market file
-- change: question added, question removed, question returned (it was there before), question reworded (another question, the same answer),
-- answer changed; or what only a reading cut at its limit of pages says: question not reached (whether it is gone is unknown) and
-- question reached (it was not seen before, and may have been there)
-- question: as printed, after the change; of a removed question, before
-- old_question: the wording before, where it was reworded
-- old_answer: as printed before the change; null for a question that was added, returned or reached
-- new_answer: as printed after it; null for a question that was removed or not reached
-- first_seen_at: moment of the run that first read what changed (UTC)
-- last_seen_before_at: moment of the last run before that read it otherwise (UTC): the change lies between the two. Of a question reached,
-- that of the reading before
-- seen_count: readings, this one included, that found it so; of a removed or not reached question, that did not find it
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
        lag(answer_key) over entry as answer_key_before,
        lag(last_reading) over entry as last_reading_before,
        lead(first_reading) over entry as next_reading
    from core.faq_version
    window entry as (partition by target, question_key order by version)
),

reading as (
    select
        target, as_of, error_count, not coalesce(is_cut, false) as is_whole,
        row_number() over (partition by target order by as_of, crawled_at nulls first, run_id) as reading
    from core.crawl
),

-- missed_reading: the last whole reading before the stretch that did not find the question. Without one it was perhaps there all the time.
began as (
    select v.*, v.version > 1 as is_return, max(r.reading) as missed_reading
    from version v
    left join reading r
        on r.target = v.target and r.is_whole and r.reading < v.first_reading and r.reading > coalesce(v.last_reading_before, 0)
    group by all
),

came as (
    select *
    from began
    where missed_reading is not null or (first_reading > 1 and not is_return)
),

-- gone_reading: the first whole reading after the stretch that found the question gone, not answered otherwise; null while only cut ones did.
went as (
    select v.*, min(r.reading) as gone_reading
    from version v
    left join reading r
        on r.target = v.target and r.is_whole and r.reading > v.last_reading and r.reading < coalesce(v.next_reading, v.reading_count + 1)
    where v.last_reading < v.reading_count and v.next_reading is distinct from v.last_reading + 1
    group by all
),

alike as (
    select
        w.target, w.question_key as old_key, w.version as old_version, c.question_key as new_key, c.version as new_version,
        w.question as old_question, w.answer as old_answer,
        jaro_winkler_similarity(left(w.question_key, 300), left(c.question_key, 300)) as likeness
    from went w
    join came c
        on c.target = w.target and c.first_reading > w.last_reading and c.first_reading <= w.gone_reading and c.missed_reading is not null
        and c.answer_key = w.answer_key and not c.is_return
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
        v.answer as new_answer, v.last_reading_before as before_reading, v.first_reading,
        v.last_reading - v.first_reading + 1 as seen_count, v.current as still_so, v.url
    from began v
    where v.is_return and v.missed_reading is null and v.answer_key <> v.answer_key_before
    union all
    select
        c.target, c.brand, c.source,
        case
            when r.new_key is not null then 'question reworded'
            when c.missed_reading is null then 'question reached'
            when c.is_return then 'question returned'
            else 'question added'
        end,
        c.question, r.old_question, r.old_answer, c.answer, coalesce(c.missed_reading, c.first_reading - 1), c.first_reading,
        c.last_reading - c.first_reading + 1, c.current, c.url
    from came c
    left join reworded r on r.target = c.target and r.new_key = c.question_key and r.new_version = c.version
    union all
    select
        w.target, w.brand, w.source, if(w.gone_reading is null, 'question not reached', 'question removed'), w.question, null, w.answer,
        null, w.last_reading, coalesce(w.gone_reading, w.last_reading + 1),
        coalesce(w.next_reading, w.reading_count + 1) - coalesce(w.gone_reading, w.last_reading + 1), w.next_reading is null, w.url
    from went w
    anti join reworded r on r.target = w.target and r.old_key = w.question_key and r.old_version = w.version
    -- Missed by cut readings only, and found again: nothing has happened.
    where w.gone_reading is not null or w.next_reading is null
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
join reading p on p.target = c.target and p.reading = c.before_reading
order by r.as_of desc, b.own desc, b.position, c.source, c.change, c.question
