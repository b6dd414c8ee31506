-- One row per review that counts, with what the flags ask about.
-- review_id: core.review's id
-- brand: whom it is about
-- platform: host of the source's page, else the source's name
-- author_hash: keyed hash of the author; null where none is printed
-- published_on: day as in core.review
-- rating: 0 worst .. 1 best, null when the source prints none
-- invited: the company asked for the review; null where the source says nothing
-- sentiment: mean over its sentences, weighted by their length, -1..1; null without text
-- letters: code points of its sentences
with read as (
    select
        review_id,
        -- Rounded, so that the order in which threads add cannot change a byte.
        round(sum(sentiment * (stop - start)) / sum(stop - start), 6) as sentiment,
        sum(stop - start) as letters
    from text.sentence
    group by review_id
),

place as (
    select
        brand,
        name,
        min(nullif(regexp_replace(regexp_extract(lower(url), '^https?://([^/:?#]+)', 1), '^www[.]', ''), '')) as host
    from core.source
    where kind = 'reviews'
    group by brand, name
)

select
    r.review_id,
    r.brand,
    coalesce(p.host, r.source) as platform,
    r.author_hash,
    r.published_on,
    r.rating,
    r.invited,
    t.sentiment,
    cast(coalesce(t.letters, 0) as bigint) as letters
from core.review r
left join place p on p.brand = r.brand and p.name = r.source
left join read t on t.review_id = r.review_id
where r.duplicate_of is null
