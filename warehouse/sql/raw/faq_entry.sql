-- One row per landing line of a FAQ crawl: one question with its answer, as seen.
-- Lines of one landing file stand in no order.
-- question: as printed
-- answer: as printed, without markup
-- group: heading above a set of questions; null where there is none
-- url: the page of the entry
-- language: of the page, as it states it (ISO 639-1)
-- updated_at: as landed: YYYY-MM-DD or ISO 8601 with offset; null where the page does not say
-- clicks: links followed from the source's own page; null where nothing was walked
-- seen_at: when the page was read, true wall clock (UTC)
-- page_url: the page that was read
-- page_sha256: of the page's bytes
-- market: market id
-- brand: the brand that the target belongs to
-- source: the source's name in the market file
-- target: the crawl's target
-- run_id: the run that landed this line
-- as_of: that run's moment (UTC)
select
    line.question, line.answer, line."group", line.url, line.language, line.updated_at, line.clicks, line.seen_at, line.page_url, line.page_sha256, file.market,
    file.brand, file.source, file.target, file.run_id, file.as_of
from read_json(
    getvariable('faq_files'),
    format = 'newline_delimited',
    filename = 'path',
    columns = {
        question: 'varchar', answer: 'varchar', "group": 'varchar', url: 'varchar', language: 'varchar', updated_at: 'varchar',
        clicks: 'integer', seen_at: 'timestamp', page_url: 'varchar',
        page_sha256: 'varchar'
    }
) as line
join read_json(
    getvariable('landing_file'),
    format = 'newline_delimited',
    columns = {
        path: 'varchar', market: 'varchar', brand: 'varchar', source: 'varchar', target: 'varchar', run_id: 'varchar', as_of: 'timestamp'
    }
) as file on file.path = line.path
