-- One row per review that the company asked for, as the source says.
-- review_id: core.review's id
-- brand: whom it is about
-- observed: 1
-- expected: share of the brand's reviews on the platform that were asked for, of those of which it is said
-- n: reviews of which it is said
-- p_value: null
-- group_id: null
-- evidence: the numbers as a sentence
with said as (
    select
        review_id,
        brand,
        platform,
        invited,
        count(*) filter (where invited) over own / count(*) over own as share,
        count(*) over own as n
    from flag.review
    where invited is not null
    window own as (partition by brand, platform)
)

select
    review_id,
    brand,
    1.0::double as observed,
    round(share, 4) as expected,
    n,
    cast(null as double) as p_value,
    cast(null as varchar) as group_id,
    format('{} says that it was asked for, as {:.0f} % of {} reviews were', platform, 100 * share, n) as evidence
from said
where invited
order by review_id
