-- Each review stands once in core.review.
select review_id, count(*) as row_count
from core.review
group by review_id
having count(*) > 1
