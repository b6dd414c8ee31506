-- One row per brand, platform, language and period: the counts that comparisons of whole reviews are made of.
-- brand, platform, language, period: as in metric.star_stratum
-- review_count, text_count, rated_count, rating_total, rating_squares, positive_count, negative_count, answerable_count, replied_count: as there
select
    brand,
    platform,
    language,
    period,
    cast(sum(review_count) as bigint) as review_count,
    cast(sum(text_count) as bigint) as text_count,
    cast(sum(rated_count) as bigint) as rated_count,
    round(sum(rating_total), 6) as rating_total,
    round(sum(rating_squares), 6) as rating_squares,
    cast(sum(positive_count) as bigint) as positive_count,
    cast(sum(negative_count) as bigint) as negative_count,
    cast(sum(answerable_count) as bigint) as answerable_count,
    cast(sum(replied_count) as bigint) as replied_count
from metric.star_stratum
group by brand, platform, language, period
order by brand, platform, language, period
