-- One row per topic and sentence that proves it, for claims to whose sentences no theme leads.
-- topic: as mart.quote names it
-- about: the brand of mart.candidate's about under which the sentence is looked for
-- sentence_id: as in text.sentence
-- review_id: as in core.review
select '(questions) ' || theme as topic, brand as about, sentence_id, review_id
from metric.question
union
select '(from) ' || if(direction = 'to', brand, other_brand), if(direction = 'to', other_brand, brand), sentence_id, review_id
from mart.switching
where direction is not null
union
select '(new_complaint ' || e.language || ' ' || e.term || ')', r.brand, t.sentence_id, t.review_id
from mart.emerging_term e
join text.term t on t.language = e.language and t.term = e.term
join metric.review r on r.review_id = t.review_id and r.period = 'current' and (e.brand is null or r.brand = e.brand)
where e.told
order by all
