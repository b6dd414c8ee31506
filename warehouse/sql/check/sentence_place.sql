-- Each sentence stands in its review's content exactly where its offsets say.
select sentence.sentence_id, sentence.start, sentence.stop, sentence.text
from text.sentence as sentence
left join core.review as review on review.review_id = sentence.review_id
where
    review.review_id is null
    or sentence.brand <> review.brand
    or substr(review.content, sentence.start + 1, sentence.stop - sentence.start) is distinct from sentence.text
