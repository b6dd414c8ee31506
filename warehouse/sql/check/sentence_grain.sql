-- Each sentence stands once, and its sentiment lies in -1..1.
select sentence_id, count(*) as row_count, min(sentiment) as lowest, max(sentiment) as highest
from text.sentence
group by sentence_id
having count(*) > 1 or min(sentiment) < -1 or max(sentiment) > 1
