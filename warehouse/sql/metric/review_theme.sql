-- One row per counted review and theme that it mentions.
-- review_id: core.review's id
-- theme: core.theme's id
-- brand: whom the review is about
-- mention_count: its sentences that carry the theme
-- sentiment: mean over those sentences, -1..1
-- value: 1 praises, -1 complains, 0 neither or both
with thresholds as (
    select 0.05 as neutral_below -- the cut of VADER's README between neutral and signed
),

mentioned as (
    -- Rounded, so that the order in which threads add cannot change a byte.
    select review_id, theme, count(*) as mention_count, round(avg(sentiment), 9) as sentiment
    from text.mention
    group by review_id, theme
)

select
    m.review_id,
    m.theme,
    r.brand,
    m.mention_count,
    m.sentiment,
    case when m.sentiment >= t.neutral_below then 1 when m.sentiment <= -t.neutral_below then -1 else 0 end as value
from mentioned m
cross join thresholds t
join metric.review r on r.review_id = m.review_id
