-- One row per landing line of a contact crawl: one way to reach a company, as seen.
-- Lines of one landing file stand in no order.
-- kind: chat, email, phone, messenger, social, form; or hours, promise, help, search, language: what the page says about being reached
-- vendor: who runs the channel; null for plain mail, phone and forms
-- value: address, number or link; null for a chat widget that shows none
-- url: the page that offers it
-- clicks: links followed from the source's own page; null where nothing was walked
-- human: for a chat, the page says that people answer; null where it says nothing
-- bot: for a chat, the page says that a bot answers; null where it says nothing
-- within_hours: for a promise, the hours within which an answer is promised
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
    line.kind, line.vendor, line.value, line.url, line.clicks, line.human, line.bot, line.within_hours, line.seen_at, line.page_url,
    line.page_sha256, file.market, file.brand, file.source, file.target, file.run_id, file.as_of
from read_json(
    getvariable('contact_files'),
    format = 'newline_delimited',
    filename = 'path',
    columns = {
        kind: 'varchar', vendor: 'varchar', value: 'varchar', url: 'varchar', clicks: 'integer', human: 'boolean', bot: 'boolean',
        within_hours: 'double', seen_at: 'timestamp', page_url: 'varchar', page_sha256: 'varchar'
    }
) as line
join read_json(
    getvariable('landing_file'),
    format = 'newline_delimited',
    columns = {
        path: 'varchar', market: 'varchar', brand: 'varchar', source: 'varchar', target: 'varchar', run_id: 'varchar', as_of: 'timestamp'
    }
) as file on file.path = line.path
