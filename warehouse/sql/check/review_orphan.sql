-- Each review belongs to a source that the market names, and a repetition points at a review of the same brand that counts.
select review.review_id, review.brand, review.source, review.duplicate_of
from core.review as review
left join core.source as source on source.brand = review.brand and source.kind = 'reviews' and source.name = review.source
left join core.review as first on first.review_id = review.duplicate_of
where
    source.target is null
    or (
        review.duplicate_of is not null
        and (first.review_id is null or first.brand <> review.brand or first.duplicate_of is not null)
    )
