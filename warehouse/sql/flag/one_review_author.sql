-- One row per review whose author wrote nothing else that was seen on the platform, where most authors did.
-- review_id: core.review's id
-- brand: whom it is about
-- observed: reviews of the author on the platform: 1
-- expected: mean over the platform's authors
-- n: authors of the platform
-- p_value: null
-- group_id: null
-- evidence: the numbers as a sentence
with thresholds as (
    select
        -- Of fewer authors nobody can say what most do.
        30 as min_authors,
        -- Where most are seen once, as with any market that reads a few companies of a large site, it says nothing about an author.
        0.5 as min_repeating
),

written as (
    select platform, author_hash, count(*) as k, min(review_id) as review_id, min(brand) as brand
    from flag.review
    where author_hash is not null
    group by platform, author_hash
),

known as (
    select platform, count(*) as n, avg(k) as mean_count, count(*) filter (where k > 1) / count(*) as repeating
    from written
    group by platform
)

select
    w.review_id,
    w.brand,
    cast(w.k as double) as observed,
    round(p.mean_count, 4) as expected,
    p.n,
    cast(null as double) as p_value,
    cast(null as varchar) as group_id,
    format('its author was seen once on {}, where {:.0f} % of {} authors were seen more often', w.platform, 100 * p.repeating, p.n) as evidence
from written w
join known p on p.platform = w.platform
cross join thresholds t
where w.k = 1 and p.n >= t.min_authors and p.repeating > t.min_repeating
order by w.review_id
