-- One row per brand, platform, language, period and stars: what metric.stratum sums up.
-- brand: whom the reviews are about
-- platform: as in metric.review
-- language: as in metric.review
-- period: current, previous, earlier or undated
-- stars: as in metric.review
-- review_count: reviews
-- text_count: reviews with text
-- rated_count: reviews with a rating
-- rating_total: sum of the ratings (0..1)
-- rating_squares: sum of their squares
-- positive_count: reviews whose text is good on the whole
-- negative_count: reviews whose text is bad on the whole
-- answerable_count: reviews of which it is known whether the company answered
-- replied_count: of these, answered ones
select
    brand,
    platform,
    language,
    period,
    stars,
    count(*) as review_count,
    count(*) filter (where has_text) as text_count,
    count(rating) as rated_count,
    round(coalesce(sum(rating), 0), 6) as rating_total,
    round(coalesce(sum(rating * rating), 0), 6) as rating_squares,
    count(*) filter (where value = 1) as positive_count,
    count(*) filter (where value = -1) as negative_count,
    count(replied) as answerable_count,
    count(*) filter (where replied) as replied_count
from metric.review
group by brand, platform, language, period, stars
order by brand, platform, language, period, stars nulls last
