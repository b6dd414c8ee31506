-- One row per landing line of a ranking crawl: one organic result, or the fact that there is none.
-- Lines of one landing file stand in no order.
-- keyword: null when a saved page does not say what was searched for
-- engine: search engine
-- locale: as asked for
-- device: desktop or mobile as asked for; null where the engine was not told
-- result_type: what was searched: web, news, shop, ...
-- draw: which repetition of the search within the crawl, from 1
-- status: observed, absent, failed or blocked
-- rank: 1 is the first organic result; null unless observed
-- depth: organic results that the answer held
-- url: the result's address
-- title: the result's title
-- snippet: the result's text
-- seen_at: when the page was read, true wall clock (UTC)
-- page_url: the page that was read
-- page_sha256: of the page's bytes
-- market: market id
-- brand: null: rankings belong to the market
-- source: the source's name in the market file
-- target: the crawl's target
-- run_id: the run that landed this line
-- as_of: that run's moment (UTC)
select
    line.keyword, line.engine, line.locale, line.device, coalesce(line.result_type, 'web') as result_type, coalesce(line.draw, 1) as draw,
    line.status, line.rank, line.depth, line.url, line.title, line.snippet, line.seen_at, line.page_url, line.page_sha256,
    file.market, file.brand, file.source, file.target, file.run_id, file.as_of
from read_json(
    getvariable('ranking_files'),
    format = 'newline_delimited',
    filename = 'path',
    columns = {
        keyword: 'varchar', engine: 'varchar', locale: 'varchar', device: 'varchar', result_type: 'varchar', draw: 'integer',
        status: 'varchar', rank: 'integer', depth: 'integer',
        url: 'varchar', title: 'varchar', snippet: 'varchar', seen_at: 'timestamp', page_url: 'varchar',
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
