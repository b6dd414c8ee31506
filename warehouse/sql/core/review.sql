-- One row per review; the latest wording wins, and what was published after the run's moment is left out.
-- review_id: hash of brand, source and native id
-- brand: brand id
-- source: the source's name in the market file
-- native_id: the source's own id
-- rating: 0 worst .. 1 best, whatever scale the source prints; null without a rating or outside its scale
-- stars: the rating as printed
-- stars_max: best rating that the source's scale has
-- title: null where there is none
-- text: the body; empty when only a rating was given
-- content: title, newline, text; the title left out where the text begins with it. This is what is scored and quoted
-- language: as the source states it (ISO 639-1); null where it does not
-- published_at: UTC; midnight where only a day is printed; null where neither is
-- published_on: day in the market's zone, or as printed; null where none is printed
-- author_hash: keyed hash of the author's name; null where none is printed
-- product: as the source states it
-- country: as the source states it (ISO 3166-1 alpha-2)
-- verified: the source vouches for the customer; null where it says nothing
-- invited: the company asked for the review; null where the source says nothing
-- reply_text: the company's public answer; null when there was none at the run's moment
-- reply_at: UTC; midnight where only a day is printed; null where neither is
-- url: where a reader finds the review
-- first_seen_at: first observation (UTC)
-- last_seen_at: last observation (UTC)
-- version_count: wordings seen, see core.review_version
-- duplicate_of: review that says the same and counts instead; null for one that counts
-- run_id: the run that last saw it
-- target: the crawl's target, <brand>.reviews.<name>
-- lines_run_id: the run whose landing file and archive hold its newest line; another one than run_id where a later crawl found the same input again
-- page_url: page of the last reading
-- page_sha256: of that page's bytes
select
    format('{:016x}', review.review_key) as review_id, raw.brand, raw.source, raw.native_id,
    case
        when raw.rating between raw.rating_min and raw.rating_max and raw.rating_max > raw.rating_min
            then (raw.rating - raw.rating_min) / (raw.rating_max - raw.rating_min)
    end as rating,
    raw.rating as stars, raw.rating_max as stars_max, raw.title, coalesce(raw.text, '') as text,
    concat_ws(chr(10), case when not review.title_left_out then trim(raw.title) end, nullif(raw.text, '')) as content,
    raw.language, review.published_at, review.published_on, raw.author_hash, raw.product, raw.country, raw.verified, raw.invited,
    case when review.replied then raw.reply_text end as reply_text, review.reply_at, coalesce(raw.url, raw.page_url) as url,
    review.first_seen_at, review.last_seen_at, review.version_count,
    case when duplicate.duplicate_of is not null then format('{:016x}', duplicate.duplicate_of) end as duplicate_of, review.run_id,
    raw.target, raw.run_id as lines_run_id, raw.page_url, raw.page_sha256
from raw.review as raw
join work.review as review on review.line = raw.rowid
left join work.review_duplicate as duplicate on duplicate.review_key = review.review_key
