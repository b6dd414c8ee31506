-- One row per sentence of a counted review that says somebody moves or leaves (switching, churn), and other brand that it names.
-- brand: whom the review is about
-- intent: switching or churn
-- sentence_id: as in text.sentence
-- review_id: as in core.review
-- other_brand: another of core.brand whose name or alias stands in the sentence; null where none does. The wording does not say which way
-- the customer moves
-- published_on: day of the review, null when undated
-- text: the sentence
with called as (
    select b.brand, lower(trim(n.name)) as name
    from core.brand b, unnest(list_append(coalesce(b.aliases, cast([] as varchar[])), b.name)) as n (name)
    where length(trim(n.name)) > 1
),

moved as (
    select r.brand, g.signal as intent, g.sentence_id, g.review_id, r.published_on, s.text, lower(s.text) as lower_text
    from text.signal g
    join text.sentence s on s.sentence_id = g.sentence_id
    join metric.review r on r.review_id = g.review_id
    where g.signal in ('switching', 'churn')
),

-- A name in Latin letters stands between what is no letter ("ING" is not in "leaving"); others take particles.
named as (
    select distinct m.sentence_id, m.intent, c.brand as other_brand
    from moved m
    join called c on c.brand <> m.brand and contains(m.lower_text, c.name)
    where regexp_matches(m.lower_text, '(^|[^a-z0-9])' || regexp_escape(c.name) || '([^a-z0-9]|$)')
)

select m.brand, m.intent, m.sentence_id, m.review_id, n.other_brand, m.published_on, m.text
from moved m
left join named n on n.sentence_id = m.sentence_id and n.intent = m.intent
order by m.brand, m.intent, m.sentence_id, n.other_brand
