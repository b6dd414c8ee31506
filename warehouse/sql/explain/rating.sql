-- One row per review with a rating.
-- brand, platform, language, period: as in metric.review
-- value: 0 worst .. 1 best
select brand, platform, language, period, rating as value
from metric.review
where rating is not null
