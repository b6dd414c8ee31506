-- One row per candidate for a theme and sentence that speaks of it: up to three of the newest window, of different reviews where there are.
-- brand, language, term: as in mart.emerging_term, of the rows that are told
-- position: 1 is the newest
-- sentence_id: as in text.sentence
-- review_id: as in core.review
-- said_of: whose review it is
-- quote: the sentence, letter for letter
-- url: where a reader finds it
-- published_on: day of the review
with said as (
    select
        e.brand, e.language, e.term, s.sentence_id, s.review_id, s.brand as said_of, s.text as quote, r.url, r.published_on,
        row_number() over (partition by e.brand, e.language, e.term, s.review_id order by s.position) as turn
    from mart.emerging_term e
    join text.term t on t.term = e.term and t.language = e.language and (e.brand is null or t.brand = e.brand)
    join metric.review m on m.review_id = t.review_id and m.period = 'current' and m.language = t.language
    join text.sentence s on s.sentence_id = t.sentence_id
    join core.review r on r.review_id = t.review_id
    where e.told
),

placed as (
    select
        *,
        row_number() over (partition by brand, language, term order by turn, published_on desc, sentence_id) as position
    from said
)

select brand, language, term, position, sentence_id, review_id, said_of, quote, url, published_on
from placed
where position <= 3
order by brand nulls last, language, term, position
