-- One row per brand, platform, language, period and theme that some review of them mentions.
-- brand, platform, language, period, theme: as in metric.star_stratum_theme
-- mentioning_count, mention_count, positive_count, neutral_count, negative_count: as there
select
    brand,
    platform,
    language,
    period,
    theme,
    cast(sum(mentioning_count) as bigint) as mentioning_count,
    cast(sum(mention_count) as bigint) as mention_count,
    cast(sum(positive_count) as bigint) as positive_count,
    cast(sum(neutral_count) as bigint) as neutral_count,
    cast(sum(negative_count) as bigint) as negative_count
from metric.star_stratum_theme
group by brand, platform, language, period, theme
order by brand, platform, language, period, theme
