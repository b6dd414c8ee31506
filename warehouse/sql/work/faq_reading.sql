-- One row per reading of a FAQ source and question on it: what it was answered then.
-- A crawl that does not count is no reading; one that found the same input again is one.
-- target: the crawl's target
-- brand: brand id
-- source: the source's name in the market file
-- reading: place among the target's readings, from 1
-- run_id: run that read it
-- as_of: that run's moment (UTC)
-- question_key: as in work.faq_wording
-- answer_key: hash of its answers without noise; one page may answer the same question several times
-- wordings: of work.faq_wording, that it was printed in
-- url: page of the entry
with reading as (
    select
        target, run_id, as_of, lines_run_id,
        row_number() over (partition by target order by as_of, crawled_at nulls first, run_id) as reading
    from core.crawl
),

lines as (
    select
        run_id, target, brand, source, md5_number_lower(concat_ws(chr(31), question, answer)) as wording,
        min(coalesce(url, page_url)) as url
    from raw.faq_entry
    group by run_id, target, brand, source, wording
)

select
    reading.target, lines.brand, lines.source, reading.reading, reading.run_id, reading.as_of, wording.question_key,
    -- Of a set: whatever order the page has them in, and however often.
    format('{:016x}', bit_xor(distinct wording.answer_part)) as answer_key,
    list_sort(list(wording.wording)) as wordings, min(lines.url) as url
from reading
join lines on lines.target = reading.target and lines.run_id = reading.lines_run_id
join work.faq_wording as wording on wording.wording = lines.wording
where wording.question_key <> ''
group by reading.target, lines.brand, lines.source, reading.reading, reading.run_id, reading.as_of, wording.question_key
