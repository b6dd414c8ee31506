-- One row per review with text, whether or not it mentions the theme.
-- brand, platform, language, period: as in metric.review
-- value: 1 where it praises, else 0
select r.brand, r.platform, r.language, r.period, case when t.value = 1 then 1 else 0 end as value
from metric.review r
cross join explain.cell c
left join metric.review_theme t on t.review_id = r.review_id and t.theme = c.theme
where r.has_text
