-- One row per brand and theme about which rivals' customers ask in their reviews, and that no FAQ of the market treats.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: opportunity
-- theme: core.theme's id
-- metric: unanswered_questions
-- window: all
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
-- tone: positive or negative: which sentences or pages prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: questions and FAQs that were read, as a message; they were counted, not sampled, so there is no q
-- n: reviews of rivals that ask
-- n_rest: FAQs that were read
-- effect, low, high, q_value: null
-- strength: 0: facts stand after what was tested
with thresholds as (
    select 3 as asking_min -- fewer cannot show that a question is more than one customer's
),

faq as (
    select brand from metric.service_audit where part = 'faq_entries' and status = 'measured' and value > 0
),

treated as (
    select distinct unnest(themes) as theme from text.faq
),

asking as (
    select b.brand, q.theme, count(distinct q.review_id) as n
    from core.brand b
    join metric.question q on q.brand <> b.brand
    group by b.brand, q.theme
)

select
    a.brand,
    'opportunity' as quadrant,
    a.theme,
    'unanswered_questions' as metric,
    'all' as "window",
    cast(null as varchar) as about,
    'negative' as tone,
    json_object(
        'say', 'No FAQ answers what customers ask about {theme:label}: {n} of rivals'' reviews ask, and none of {faqs} FAQs treats it',
        'theme', t.names, 'n', a.n, 'faqs', f.n
    ) as claim,
    json_object('say', 'n = {n} reviews that ask, {faqs} FAQs read', 'n', a.n, 'faqs', f.n) as statistics,
    a.n,
    f.n as n_rest,
    cast(null as double) as effect,
    cast(null as double) as low,
    cast(null as double) as high,
    cast(null as double) as q_value,
    0.0 as strength
from asking a
cross join thresholds h
cross join (select count(*) as n from faq) f
join faq own on own.brand = a.brand
join core.theme t on t.theme = a.theme
where a.n >= h.asking_min and f.n > 1 and not exists (select 1 from treated x where x.theme = a.theme)
order by a.brand, a.theme
