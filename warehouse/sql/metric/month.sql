-- One row per brand, platform, language, month and theme that some review of it complains of; the theme null for the reviews as a whole.
-- brand: whom the reviews are about
-- platform: as in metric.review
-- language: as in metric.review
-- month: first day of the month; undated reviews are left out
-- theme: core.theme's id; null for the whole review
-- review_count: reviews with text of that month, whatever they speak of
-- complaint_count: of these, reviews that complain of the theme; with theme null, those that are bad on the whole
with reviewed as (
    select brand, platform, language, month, count(*) as review_count, count(*) filter (where value = -1) as complaint_count
    from metric.review
    where has_text and month is not null
    group by brand, platform, language, month
),

complained as (
    select r.brand, r.platform, r.language, r.month, t.theme, count(*) as complaint_count
    from metric.review_theme t
    join metric.review r on r.review_id = t.review_id
    where t.value = -1 and r.month is not null
    group by r.brand, r.platform, r.language, r.month, t.theme
)

select brand, platform, language, month, cast(null as varchar) as theme, review_count, complaint_count from reviewed
union all
select c.brand, c.platform, c.language, c.month, c.theme, r.review_count, c.complaint_count
from complained c
join reviewed r on r.brand = c.brand and r.platform = c.platform and r.language = c.language and r.month = c.month
order by brand, theme nulls first, platform, language, month
