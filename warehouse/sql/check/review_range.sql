-- Ratings lie in 0..1; nothing was published, or first seen, in the wrong order; what could not be read as a date is not hidden.
select review.review_id, review.rating, review.published_on, review.first_seen_at, review.last_seen_at, review.version_count
from core.review as review
cross join core.run as run
where
    review.rating not between 0 and 1
    or review.last_seen_at < review.first_seen_at
    or review.version_count < 1
    -- A day ahead of UTC's is today in some zones.
    or review.published_at > run.as_of + interval 1 day
    or (review.published_at is null) <> (review.published_on is null)
