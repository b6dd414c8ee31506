-- One row per landing line of a review crawl: an observation of one review, as seen.
-- Lines of one landing file stand in no order.
-- native_id: the source's own id
-- rating: on the source's own scale; null when only text was given
-- rating_max: best rating that the scale has
-- rating_min: worst rating that the scale has
-- title: null where there is none
-- text: the body; empty when only a rating was given
-- published_at: as landed: YYYY-MM-DD where the source prints no time, ISO 8601 with offset otherwise; null where it prints neither
-- author_hash: keyed hash of the author's name; null where none is printed
-- language: as the source states it (ISO 639-1)
-- product: as the source states it
-- country: as the source states it (ISO 3166-1 alpha-2)
-- experienced_at: day of the experience where the source tells it
-- verified: the source vouches for the customer; null where it says nothing
-- invited: the company asked for the review; null where the source says nothing
-- reply_text: the company's public answer; null when there is none
-- reply_at: as landed, like published_at
-- url: where a reader finds the review
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
    line.native_id, line.rating, line.rating_max, line.rating_min, line.title, line.text, line.published_at, line.author_hash,
    line.language, line.product, line.country, line.experienced_at, line.verified, line.invited, line.reply_text,
    line.reply_at, line.url, line.seen_at, line.page_url, line.page_sha256, file.market, file.brand, file.source, file.target,
    file.run_id, file.as_of
from read_json(
    getvariable('reviews_files'),
    format = 'newline_delimited',
    filename = 'path',
    columns = {
        native_id: 'varchar', rating: 'double', rating_max: 'double', rating_min: 'double', title: 'varchar', text: 'varchar',
        published_at: 'varchar', author_hash: 'varchar', language: 'varchar', product: 'varchar', country: 'varchar',
        experienced_at: 'date', verified: 'boolean', invited: 'boolean', reply_text: 'varchar', reply_at: 'varchar',
        url: 'varchar', seen_at: 'timestamp', page_url: 'varchar', page_sha256: 'varchar'
    }
) as line
join read_json(
    getvariable('landing_file'),
    format = 'newline_delimited',
    columns = {
        path: 'varchar', market: 'varchar', brand: 'varchar', source: 'varchar', target: 'varchar', run_id: 'varchar', as_of: 'timestamp'
    }
) as file on file.path = line.path
