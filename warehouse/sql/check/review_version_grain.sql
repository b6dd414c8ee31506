-- The versions of a review are numbered from 1 without a gap, as many as core.review counts, and the last one is the current wording.
select version.review_id, count(*) as row_count, max(version.version) as newest, any_value(review.version_count) as version_count
from core.review_version as version
left join core.review as review on review.review_id = version.review_id
group by version.review_id
having
    count(*) <> max(version.version)
    or count(distinct version.version) <> count(*)
    or count(*) is distinct from any_value(review.version_count)
    or arg_max(version.content, version.version) is distinct from any_value(review.content)
