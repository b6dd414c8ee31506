-- One row per review that says what its author got for it.
-- review_id: core.review's id
-- brand: whom it is about
-- observed: sentences that say so
-- expected: null
-- n: sentences of the review
-- p_value: null
-- group_id: null
-- evidence: the first wording, as found
with spoken as (
    select review_id, count(*) as n from text.sentence group by review_id
)

select
    w.review_id,
    any_value(r.brand) as brand,
    cast(count(*) as double) as observed,
    cast(null as double) as expected,
    any_value(s.n) as n,
    cast(null as double) as p_value,
    cast(null as varchar) as group_id,
    format('says: {}', min_by(w.wording, w.position)) as evidence
from flag.incentive_wording w
join flag.review r on r.review_id = w.review_id
join spoken s on s.review_id = w.review_id
group by w.review_id
order by w.review_id
