-- One row: how many comparisons the run made, and when it believes a difference.
-- comparison_count: comparisons that were tested: against the other brands, or the newest window against the one before
-- level_count: shares that were tested against a fixed level; corrected for their number apart from the comparisons
-- skipped_count: comparisons and levels that were not tested, there being too little to ask
-- q_max: accepted share of false discoveries, 0..1, within the comparisons and within the levels (Benjamini-Hochberg)
-- min_reviews: reviews that either side of a comparison needs
-- min_effect: smallest difference in net sentiment (-1..1) worth telling
-- min_share_effect: smallest difference in a share of reviews (0..1) worth telling
-- window_days: days of the newest window, and of the one before
with setting as (
    select
        max(value) filter (where name = 'q_max') as q_max,
        cast(max(value) filter (where name = 'min_reviews') as integer) as min_reviews,
        max(value) filter (where name = 'min_effect') as min_effect,
        max(value) filter (where name = 'min_share_effect') as min_share_effect,
        cast(max(value) filter (where name = 'window_days') as integer) as window_days
    from metric.setting
),

tested as (
    select
        count(p_value) filter (where basis <> 'level') as comparison_count,
        count(p_value) filter (where basis = 'level') as level_count,
        count(*) filter (where p_value is null) as skipped_count
    from metric.test
)

select comparison_count, level_count, skipped_count, q_max, min_reviews, min_effect, min_share_effect, window_days
from tested, setting
