-- One row per brand and trait of its answers: how often the answers to its reviews have it.
-- brand: who answers
-- trait: apology, thanks, empathy, delight, offer, signed, named (personal address), addressed (named or generic), specific, template (nearly
-- the same as another answer of the brand), fits and mismatched (to the reviewer's mood), or <language> <formality>
-- reply_count: answers of which it is known whether they have it; of a formality, answers in that language that show a level
-- trait_count: of these, answers that have it
-- share: trait_count / reply_count, 0..1; null without answers
-- low: lower 95 % bound of share (Wilson); null with it
-- high: upper 95 % bound of share (Wilson); null with it
with thresholds as (
    select 1.959964 as z -- 95 %, two-sided
),

answered as (
    select p.*
    from text.reply p
    join metric.review r on r.review_id = p.review_id
),

-- A form that nobody uses is told as zero, for each language that the brand answers in.
level as (
    select distinct language, formality from answered where formality is not null
),

held as (
    select
        brand,
        unnest([
            'apology', 'thanks', 'empathy', 'delight', 'offer', 'signed', 'named', 'addressed', 'specific', 'template', 'fits', 'mismatched'
        ]) as trait,
        unnest([
            apology, thanks, empathy, delight, offer, signed, personal_address = 'named', personal_address <> 'none', specific,
            template_id is not null, fit = 'fits', fit = 'mismatched'
        ]) as has_it
    from answered
    union all
    select a.brand, l.language || ' ' || l.formality, a.formality = l.formality
    from answered a
    join level l on l.language = a.language
    where a.formality is not null
),

counted as (
    select brand, trait, count(has_it) as n, count(*) filter (where has_it) as k
    from held
    group by brand, trait
),

shared as (
    select *, k / nullif(n, 0) as p from counted
)

select
    brand,
    trait,
    n as reply_count,
    k as trait_count,
    p as share,
    case when n > 0 then greatest(0.0, (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n))) / (1 + z * z / n)) end as low,
    case when n > 0 then least(1.0, (p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n))) / (1 + z * z / n)) end as high
from shared, thresholds
order by brand, trait
