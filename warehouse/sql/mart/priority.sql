-- One row per brand, theme, kind (pain, delight) and window (all, current): how many customers it reaches times how strongly they feel it.
-- brand: core.brand's id
-- theme: core.theme's id
-- kind: pain (complaints) or delight (praise)
-- window: all or current
-- brand_name: as people know it
-- theme_name: as people know it
-- review_count: reviews with text
-- reached_count: of these, reviews that complain of the theme (or praise it)
-- reach: reached_count / review_count, 0..1; null without reviews
-- reach_low, reach_high: its 95 % interval (Wilson); null with it
-- intensity: mean strength of the sentiment on the theme in them, 0..1; null with too few
-- intensity_low, intensity_high: its 95 % interval; null with it
-- priority: reach x intensity, 0..1; null with intensity
-- priority_low, priority_high: its 95 % interval, by the delta method on the logarithm; null with it
-- position: order within brand, kind and window by priority; null with it
-- rank_low, rank_high: the ranks that the intervals leave open, the best and the worst; only where both are equal is the rank beyond doubt; null with priority
-- why_not: why there is no priority; null where there is one
with thresholds as (
    select 1.959964 as z -- 95 %, two-sided
),

setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

felt as (
    select
        m.brand,
        m.theme,
        w.name as "window",
        case m.value when -1 then 'pain' else 'delight' end as kind,
        count(*) as k,
        -- Rounded, so that the order in which threads add cannot change a byte.
        round(avg(abs(m.sentiment)), 9) as intensity,
        round(coalesce(var_samp(abs(m.sentiment)), 0), 9) as variance
    from metric.review_theme m
    join metric.review r on r.review_id = m.review_id
    join metric."window" w on w.name = 'all' or (w.name = 'current' and r.period = 'current')
    where m.value <> 0
    group by m.brand, m.theme, w.name, m.value
),

counted as (
    select
        b.brand,
        b.theme,
        b."window",
        x.kind,
        b.review_count as n,
        coalesce(f.k, 0) as k,
        f.intensity,
        f.variance,
        coalesce(f.k, 0) >= s.min_reviews as is_enough,
        coalesce(f.k, 0) / nullif(b.review_count, 0) as reach,
        -- Two of each are added for the variance alone, so that what all do is not thought certain of the next.
        (1 - (coalesce(f.k, 0) + 2) / (b.review_count + 4)) / nullif(f.k, 0) + f.variance / (f.k * f.intensity * f.intensity) as log_variance
    from metric.theme_brand b
    cross join (values ('pain'), ('delight')) as x (kind)
    cross join setting s
    left join felt f on f.brand = b.brand and f.theme = b.theme and f."window" = b."window" and f.kind = x.kind
    where b."window" in ('all', 'current')
),

bounded as (
    select
        c.*,
        greatest(0.0, (reach + z * z / (2 * n) - z * sqrt(reach * (1 - reach) / n + z * z / (4.0 * n * n))) / (1 + z * z / n)) as reach_low,
        least(1.0, (reach + z * z / (2 * n) + z * sqrt(reach * (1 - reach) / n + z * z / (4.0 * n * n))) / (1 + z * z / n)) as reach_high,
        case when is_enough then reach * intensity end as priority,
        case when is_enough then reach * intensity * exp(-z * sqrt(log_variance)) end as priority_low,
        case when is_enough then least(1.0, reach * intensity * exp(z * sqrt(log_variance))) end as priority_high
    from counted c
    cross join thresholds
),

placed as (
    select
        a.brand,
        a.theme,
        a."window",
        a.kind,
        1 + count(*) filter (where o.priority_low > a.priority_high) as rank_low,
        count(*) - count(*) filter (where o.priority_high < a.priority_low) as rank_high
    from bounded a
    join bounded o on o.brand = a.brand and o.kind = a.kind and o."window" = a."window" and o.priority is not null
    where a.priority is not null
    group by a.brand, a.theme, a."window", a.kind
)

select
    a.brand,
    a.theme,
    a.kind,
    a."window",
    b.name as brand_name,
    t.name as theme_name,
    a.n as review_count,
    a.k as reached_count,
    a.reach,
    case when a.n > 0 then a.reach_low end as reach_low,
    case when a.n > 0 then a.reach_high end as reach_high,
    case when a.is_enough then a.intensity end as intensity,
    case when a.is_enough then greatest(0.0, a.intensity - z * sqrt(a.variance / a.k)) end as intensity_low,
    case when a.is_enough then least(1.0, a.intensity + z * sqrt(a.variance / a.k)) end as intensity_high,
    a.priority,
    a.priority_low,
    a.priority_high,
    case
        when a.priority is not null
            then row_number() over (partition by a.brand, a.kind, a."window" order by a.priority desc nulls last, t.position, a.theme)
    end as position,
    p.rank_low,
    p.rank_high,
    case
        when not a.is_enough then format(
            'fewer than {:.0f} reviews {} it ({})', s.min_reviews, case a.kind when 'pain' then 'complain of' else 'praise' end, a.k
        )
    end as why_not
from bounded a
cross join thresholds
cross join setting s
join core.brand b on b.brand = a.brand
join core.theme t on t.theme = a.theme
left join placed p on p.brand = a.brand and p.theme = a.theme and p."window" = a."window" and p.kind = a.kind
order by b.position, a.brand, a.kind desc, a."window", position nulls last, t.position, a.theme
