-- One row per review and other brand of the market that a sentence of it names.
-- review_id: as in text.sentence
-- named: core.brand's id
with called as (
    select b.brand, lower(trim(n.name)) as name
    from core.brand b, unnest(list_append(coalesce(b.aliases, cast([] as varchar[])), b.name)) as n (name)
    where length(trim(n.name)) > 1
)

select distinct s.review_id, c.brand as named
from (select review_id, brand, lower(text) as text from text.sentence) s
-- A regex that changes from row to row is compiled for each: it is asked only where the name stands at all. A name in Latin letters
-- stands between what is no letter, as in mart.switching.
join called c
    on c.brand <> s.brand and contains(s.text, c.name)
    and regexp_matches(s.text, '(^|[^a-z0-9])' || regexp_escape(c.name) || '([^a-z0-9]|$)')
order by s.review_id, named
