-- One row per landing line of a mentions crawl: one public post, article or video, as seen.
-- Lines of one landing file stand in no order.
-- native_id: the source's own id
-- title: null where there is none
-- text: without markup; empty when only a title was given
-- published_at: as landed: YYYY-MM-DD where the source prints no time, ISO 8601 with offset otherwise; null where it prints neither
-- author_hash: keyed hash of the author's name; null where none is printed
-- language: as the source states it (ISO 639-1)
-- url: where a reader finds it
-- likes: null where the source gives no number
-- shares: null where the source gives no number
-- replies: null where the source gives no number
-- views: null where the source gives no number
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
    line.native_id, line.title, line.text, line.published_at, line.author_hash, line.language, line.url, line.likes, line.shares,
    line.replies, line.views, line.seen_at, line.page_url, line.page_sha256, file.market, file.brand, file.source, file.target,
    file.run_id, file.as_of
from read_json(
    getvariable('mentions_files'),
    format = 'newline_delimited',
    filename = 'path',
    columns = {
        native_id: 'varchar', title: 'varchar', text: 'varchar', published_at: 'varchar', author_hash: 'varchar',
        language: 'varchar', url: 'varchar', likes: 'bigint', shares: 'bigint', replies: 'bigint', views: 'bigint',
        seen_at: 'timestamp', page_url: 'varchar', page_sha256: 'varchar'
    }
) as line
join read_json(
    getvariable('landing_file'),
    format = 'newline_delimited',
    columns = {
        path: 'varchar', market: 'varchar', brand: 'varchar', source: 'varchar', target: 'varchar', run_id: 'varchar', as_of: 'timestamp'
    }
) as file on file.path = line.path
