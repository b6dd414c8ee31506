-- One row per receipt of a crawl known as of the run's moment, landed and rejected alike.
-- A landing file that no longer agrees with its receipt is set aside: its outcome reads failed, its reason says why.
-- schema_version: version of the landing records
-- run_id: run that crawled
-- as_of: that run's moment (UTC)
-- market: market id
-- target: <brand>.<kind>.<name>; market.ranking.<engine> for search rankings
-- brand: null for search rankings
-- kind: reviews, faq, ranking, contact or mentions
-- source: module that read the pages
-- name: the source's name in the market file
-- started_at: true wall clock (UTC)
-- finished_at: true wall clock (UTC)
-- finish_reason: why the spider closed; finished is the good one
-- records: lines landed; of an unchanged crawl, as its receipt says
-- pages: responses that were parsed
-- requests: requests sent
-- statuses: HTTP status to number of responses
-- spider_exceptions: exceptions raised while parsing
-- download_errors: requests without an answer
-- robots_refused: requests that robots.txt forbade
-- ignored: responses that were not parsed for their status
-- errors: the first messages
-- stated: what the page says about the whole of its reviews; null where it says nothing
-- fields: keys of a landing line
-- input_sha256: of the file that a file source read
-- unchanged_since: run that holds the lines when this one found the same input again
-- file_sha256: of the landing file
-- reading: 1 is the crawl's own reading; a replay of its archive counts on from there
-- archive_sha256: of the crawl's WARC file; null where nothing is archived
-- archived: responses in it
-- measured: what the monitors measured, by name
-- monitors: each measured value with the range that the target's last good runs make expect
-- alarm: blocked, layout_gone or implausible; null where it is none of these
-- outcome: landed, unchanged, rejected, failed or blocked
-- reason: why it is not landed or unchanged
select
    schema_version, run_id, as_of, market, target, brand, kind, source, name, started_at, finished_at, finish_reason, records, pages,
    requests, statuses, spider_exceptions, download_errors, robots_refused, ignored, errors, stated, fields, input_sha256,
    unchanged_since, file_sha256, reading, archive_sha256, archived, measured, monitors, alarm, outcome, reason
from read_json(
    getvariable('crawl_file'),
    format = 'newline_delimited',
    columns = {
        schema_version: 'integer', run_id: 'varchar', as_of: 'timestamp', market: 'varchar', target: 'varchar', brand: 'varchar',
        kind: 'varchar', source: 'varchar', name: 'varchar', started_at: 'timestamp', finished_at: 'timestamp',
        finish_reason: 'varchar', records: 'bigint', pages: 'bigint', requests: 'bigint', statuses: 'map(varchar, bigint)',
        spider_exceptions: 'bigint', download_errors: 'bigint', robots_refused: 'bigint', ignored: 'bigint', errors: 'varchar[]',
        stated: 'struct(rating double, rating_max double, "count" bigint)', fields: 'varchar[]', input_sha256: 'varchar',
        unchanged_since: 'varchar', file_sha256: 'varchar', reading: 'integer', archive_sha256: 'varchar', archived: 'bigint',
        measured: 'map(varchar, double)',
        monitors: 'struct("name" varchar, found double, low double, high double, runs integer, verdict varchar)[]',
        alarm: 'varchar', outcome: 'varchar', reason: 'varchar'
    }
)
