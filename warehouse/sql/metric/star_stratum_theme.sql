-- One row per brand, platform, language, period, stars and theme that some review of them mentions: what metric.stratum_theme sums up.
-- brand: whom the reviews are about
-- platform: as in metric.review
-- language: as in metric.review
-- period: current, previous, earlier or undated
-- stars: as in metric.review
-- theme: core.theme's id
-- mentioning_count: reviews that mention the theme
-- mention_count: sentences that do
-- positive_count: mentioning reviews that praise
-- neutral_count: mentioning reviews that do neither or both
-- negative_count: mentioning reviews that complain
select
    r.brand,
    r.platform,
    r.language,
    r.period,
    r.stars,
    t.theme,
    count(*) as mentioning_count,
    cast(sum(t.mention_count) as bigint) as mention_count,
    count(*) filter (where t.value = 1) as positive_count,
    count(*) filter (where t.value = 0) as neutral_count,
    count(*) filter (where t.value = -1) as negative_count
from metric.review_theme t
join metric.review r on r.review_id = t.review_id
group by r.brand, r.platform, r.language, r.period, r.stars, t.theme
order by r.brand, r.platform, r.language, r.period, r.stars nulls last, t.theme
