-- One row per review that mentions the theme.
-- brand, platform, language, period: as in metric.review
-- value: 1 praises, -1 complains, 0 neither or both
select r.brand, r.platform, r.language, r.period, t.value
from metric.review_theme t
join metric.review r on r.review_id = t.review_id
join explain.cell c on c.theme = t.theme
