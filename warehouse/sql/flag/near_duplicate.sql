-- One row per review whose words nearly are those of another one, of whatever author and brand.
-- review_id: core.review's id
-- brand: whom it is about
-- observed: estimated Jaccard index of its wording with the most alike of the others, 0..1
-- expected: null
-- n: reviews of its group
-- p_value: null
-- group_id: the first review of the group
-- evidence: the numbers as a sentence
with grouped as (
    select
        r.review_id,
        r.brand,
        c.likeness,
        count(*) over own as n,
        min(r.review_id) over own as group_id,
        -- Who has no name is somebody else each time.
        count(distinct coalesce(r.author_hash, r.review_id)) over own as author_count,
        count(distinct r.brand) over own as brand_count
    from flag.near_copy c
    join flag.review r on r.review_id = c.review_id
    window own as (partition by c.cluster)
)

select
    review_id,
    brand,
    round(likeness, 4) as observed,
    cast(null as double) as expected,
    n,
    cast(null as double) as p_value,
    group_id,
    format(
        '{} reviews by {} {} about {} {} say nearly the same', n, author_count, case author_count when 1 then 'author' else 'authors' end,
        brand_count, case brand_count when 1 then 'brand' else 'brands' end
    ) as evidence
from grouped
where n > 1
order by review_id
