-- One row per brand and new complaint that no theme covers: of its own customers, of a rival's where its own say nothing of it, or of the market's.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: threat or opportunity
-- theme: null
-- metric: new_complaint, the language and the term, as in mart.emerging_term
-- window: current
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
-- tone: positive or negative: which sentences or pages prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: n, effect with its 95 % interval, and q, as a message
-- n: reviews of the newest window
-- n_rest: dated reviews before it
-- effect: share of reviews that complain of it now, less the share before
-- low, high: 95 % bounds of effect (Newcombe, of both shares' Wilson intervals)
-- q_value: as in mart.emerging_term
-- strength: the lower bound in multiples of the smallest effect worth telling
with thresholds as (
    select 3 as told_max -- of one brand; mart.emerging_term has the rest
),

setting as (
    select
        max(value) filter (where name = 'min_share_effect') as min_share_effect,
        max(value) filter (where name = 'min_reviews') as min_reviews,
        cast(max(value) filter (where name = 'window_days') as integer) as window_days
    from metric.setting
),

term as (
    select
        *,
        'new_complaint ' || language || ' ' || term as metric,
        share - share_before as effect,
        share - share_before - sqrt((share - share_low) ** 2 + (share_before_high - share_before) ** 2) as low,
        share - share_before + sqrt((share_high - share) ** 2 + (share_before - share_before_low) ** 2) as high
    from mart.emerging_term
    where told
    qualify row_number() over (partition by brand order by q_value, p_value, language, term) <= (select max(told_max) from thresholds)
),

-- Who has enough reviews of that language to say that its customers do not complain of it.
silent as (
    select b.brand, t.metric
    from core.brand b
    cross join term t
    cross join setting g
    left join metric.review r on r.brand = b.brand and r.language = t.language and r.period = 'current' and r.has_text
    left join text.term s on s.review_id = r.review_id and s.term = t.term and s.language = t.language
    group by b.brand, t.metric, g.min_reviews
    having count(distinct r.review_id) >= g.min_reviews and count(s.review_id) = 0
),

proposed as (
    select brand as of_brand, 'threat' as quadrant, brand as about, json_object(
        'say',
        'A new complaint is spreading: “{term}” in {share:pct} of reviews in {language}, after {before:pct} ({days} days to {day:day}, against all before)'
    ) as words, t.* exclude (brand)
    from term t
    where brand is not null
    union all
    select s.brand, 'opportunity', t.brand, json_object(
        'say',
        '{rival}''s customers have a new complaint, and {brand}''s have not: “{term}” in {share:pct} of reviews in {language}, after {before:pct} ({days} days to {day:day}, against all before)',
        'rival', r.name, 'brand', b.name
    ), t.* exclude (brand)
    from term t
    join silent s on s.metric = t.metric and s.brand <> t.brand
    join core.brand b on b.brand = s.brand
    join core.brand r on r.brand = t.brand
    union all
    select b.brand, 'opportunity', null, json_object(
        'say',
        'A new complaint is spreading in the market, and nobody answers it: “{term}” in {share:pct} of reviews in {language}, after {before:pct} ({days} days to {day:day}, against all before)'
    ), t.* exclude (brand)
    from term t
    cross join core.brand b
    where t.brand is null
)

select
    p.of_brand as brand,
    p.quadrant,
    cast(null as varchar) as theme,
    p.metric,
    'current' as "window",
    p.about,
    'negative' as tone,
    json_merge_patch(p.words, json_object(
        'term', p.term, 'share', p.share, 'language', case p.language
            when 'en' then json_object('say', 'English')
            when 'ko' then json_object('say', 'Korean')
            when 'ja' then json_object('say', 'Japanese')
            else to_json(p.language)
        end, 'before', p.share_before, 'days', g.window_days, 'day', d.ends_on
    )) as claim,
    json_object(
        'say', 'n = {n} against {rest}, difference {effect:points} points (95% interval {low:points} to {high:points}), q {q:q}',
        'n', p.review_count, 'rest', p.review_count_before, 'effect', p.effect, 'low', p.low, 'high', p.high, 'q', p.q_value
    ) as statistics,
    p.review_count as n,
    p.review_count_before as n_rest,
    p.effect,
    p.low,
    p.high,
    p.q_value,
    greatest(0.0, p.low) / g.min_share_effect as strength
from proposed p
cross join setting g
join metric."window" d on d.name = 'current'
order by p.of_brand, p.metric, p.quadrant
