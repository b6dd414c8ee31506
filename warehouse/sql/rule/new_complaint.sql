-- One row per brand and new complaint that no theme covers: of its own customers, of a rival's where its own say nothing of it, or of the market's.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: threat or opportunity
-- theme: null
-- metric: new_complaint, the language and the term, as in mart.emerging_term
-- window: current
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
-- tone: positive or negative: which sentences or pages prove it
-- claim: one English sentence with its numbers
-- statistics: n, effect with its 95 % interval, and q, as people read them
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
    select brand as of_brand, 'threat' as quadrant, brand as about, 'A new complaint is spreading: ' as words, t.* exclude (brand)
    from term t
    where brand is not null
    union all
    select s.brand, 'opportunity', t.brand, r.name || '''s customers have a new complaint, and ' || b.name || '''s have not: ', t.* exclude (brand)
    from term t
    join silent s on s.metric = t.metric and s.brand <> t.brand
    join core.brand b on b.brand = s.brand
    join core.brand r on r.brand = t.brand
    union all
    select b.brand, 'opportunity', null, 'A new complaint is spreading in the market, and nobody answers it: ', t.* exclude (brand)
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
    p.words || format(
        '“{}” in {:.0f} % of reviews in {}, after {:.0f} % ({} days to {}, against all before)', p.term, 100 * p.share,
        case p.language when 'en' then 'English' when 'ko' then 'Korean' when 'ja' then 'Japanese' else p.language end, 100 * p.share_before,
        g.window_days, strftime(d.ends_on, '%Y-%m-%d')
    ) as claim,
    format('n = {} against {}, difference ', p.review_count, p.review_count_before)
    || replace(format('{:+.0f} points (95 % interval {:+.0f} to {:+.0f})', 100 * p.effect, 100 * p.low, 100 * p.high), '-', '−')
    || case when p.q_value < 0.001 then ', q < 0.001' else format(', q = {:.3f}', p.q_value) end as statistics,
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
