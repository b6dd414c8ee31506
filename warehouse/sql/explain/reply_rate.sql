-- One row per review of which it is known whether the company answered.
-- brand, platform, language, period: as in metric.review
-- value: 1 answered, 0 not
select brand, platform, language, period, cast(replied as integer) as value
from metric.review
where replied is not null
