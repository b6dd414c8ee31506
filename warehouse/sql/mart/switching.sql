-- One row per sentence of a counted review that says somebody moves or leaves (switching, churn), and other brand that it names.
-- brand: whom the review is about
-- intent: switching or churn
-- sentence_id: as in text.sentence
-- review_id: as in core.review
-- other_brand: another of core.brand whose name or alias stands in the sentence; null where none does
-- direction: to where the words around that name say that the customer goes there, from where they say that she comes from there;
-- null without other_brand, and where they say neither, or both
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

-- A name in Latin letters stands between what is no letter ("ING" is not in "leaving"); others take particles. Which way the customer
-- moves is said by a verb or preposition before the name, or by a particle after it: "after years with X" says nothing, "went with X" does.
named as (
    select
        m.sentence_id,
        m.intent,
        c.brand as other_brand,
        bool_or(
            regexp_matches(
                regexp_replace(m.lower_text, '(compared|similar|next|close) to ', '', 'g'),
                '(^|[^a-z])(to|for|(go|going|gone|went|back) with|try|trying|chose|choose|choosing|join|joined|joining) (the )?'
                || regexp_escape(c.name) || '([^a-z0-9]|$)'
            )
            or regexp_matches(m.lower_text, regexp_escape(c.name) || ' ?(으로|로([^가-힣]|$)|에 가입|に([^はも]|$)|へ)')
        ) as goes_to,
        bool_or(
            regexp_matches(
                m.lower_text,
                '(^|[^a-z])(from|left|leaving|ditched|dropped|quit|cancelled|canceled|instead of) (the )?'
                || regexp_escape(c.name) || '([^a-z0-9]|$)'
            )
            or regexp_matches(m.lower_text, regexp_escape(c.name) || ' ?(에서|쓰다가|から|をやめ|を解約)')
        ) as comes_from
    from moved m
    join called c on c.brand <> m.brand and contains(m.lower_text, c.name)
    where regexp_matches(m.lower_text, '(^|[^a-z0-9])' || regexp_escape(c.name) || '([^a-z0-9]|$)')
    group by m.sentence_id, m.intent, c.brand
)

select
    m.brand,
    m.intent,
    m.sentence_id,
    m.review_id,
    n.other_brand,
    case when n.goes_to and not n.comes_from then 'to' when n.comes_from and not n.goes_to then 'from' end as direction,
    m.published_on,
    m.text
from moved m
left join named n on n.sentence_id = m.sentence_id and n.intent = m.intent
order by m.brand, m.intent, m.sentence_id, n.other_brand
