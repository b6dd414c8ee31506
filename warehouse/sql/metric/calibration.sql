-- One row per language, class by the stars and class as read: how the reviews that no model learnt from were read.
-- language: as in metric.review; only languages with such reviews
-- actual: by the stars: good (4 of 5 and more), bad (2 of 5 and less) or middle
-- predicted: by the words, from metric.review's value: good, bad or neutral
-- review_count: reviews; 0 for what did not occur
-- wording_squares: sum of the squared number of reviews of each wording; with reviews that repeat one another, review_count² / this is how many independent ones they are worth
with thresholds as (
    -- The cuts of pipeline/text/sentiment/model.py, by which stars teach.
    select
        0.75 as good_from,
        0.34 as bad_to
),

-- Where no model is taught, nothing was learnt from any of them.
witness as (
    select
        r.language,
        case when r.rating >= t.good_from then 'good' when r.rating <= t.bad_to then 'bad' else 'middle' end as actual,
        case r.value when 1 then 'good' when -1 then 'bad' else 'neutral' end as predicted,
        s.wording
    from metric.review r
    join text.starred s on s.review_id = r.review_id
    left join text.scorer c on c.language = r.language
    cross join thresholds t
    where r.has_text and (s.is_held_out or coalesce(c.teacher_count, 0) = 0)
),

said as (
    select language, actual, predicted, wording, count(*) as n
    from witness
    group by language, actual, predicted, wording
),

cell as (
    select l.language, a.actual, p.predicted
    from (select distinct language from witness) l
    cross join (select unnest(['good', 'middle', 'bad']) as actual) a
    cross join (select unnest(['good', 'neutral', 'bad']) as predicted) p
)

select
    c.language,
    c.actual,
    c.predicted,
    cast(coalesce(sum(s.n), 0) as bigint) as review_count,
    cast(coalesce(sum(s.n * s.n), 0) as bigint) as wording_squares
from cell c
left join said s on s.language = c.language and s.actual = c.actual and s.predicted = c.predicted
group by c.language, c.actual, c.predicted
order by c.language, c.actual, c.predicted
