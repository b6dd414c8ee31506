-- One row per brand and theme of which customers of the whole market surely speak more than in the window before, and that nobody serves.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: opportunity
-- theme: core.theme's id
-- metric: rising_demand
-- window: current
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
-- tone: positive or negative: which sentences or pages prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: n, effect with its 95 % interval, and q, as a message
-- n: reviews with text of the newest window, of all brands
-- n_rest: the same of the window before
-- effect: share that mentions the theme now, less the share before; within brand, platform and language, Mantel-Haenszel weights
-- low, high: 95 % bounds of effect
-- q_value: of the score test, one-sided; Benjamini-Hochberg over all themes that enough reviews mention
-- strength: the lower bound in multiples of the smallest effect worth telling
with thresholds as (
    select
        1.959964 as z, -- 95 %, two-sided
        1.5 as min_ratio -- three points are much beside 6 % and little beside 40 %
),

setting as (
    select
        max(value) filter (where name = 'min_share_effect') as min_share_effect,
        max(value) filter (where name = 'min_reviews') as min_reviews,
        max(value) filter (where name = 'q_max') as q_max,
        cast(max(value) filter (where name = 'window_days') as integer) as window_days
    from metric.setting
),

paired as (
    select
        c.theme,
        cast(a.text_count as double) as n,
        cast(b.text_count as double) as m,
        coalesce(x.mentioning_count, 0) / a.text_count as p,
        coalesce(y.mentioning_count, 0) / b.text_count as p_before,
        coalesce(x.mentioning_count, 0) as k,
        coalesce(y.mentioning_count, 0) as k_before
    from metric.stratum a
    join metric.stratum b
        on b.brand = a.brand and b.platform = a.platform and b.language = a.language and b.period = 'previous' and b.text_count > 0
    cross join core.theme c
    left join metric.stratum_theme x
        on x.brand = a.brand and x.platform = a.platform and x.language = a.language and x.period = a.period and x.theme = c.theme
    left join metric.stratum_theme y
        on y.brand = b.brand and y.platform = b.platform and y.language = b.language and y.period = b.period and y.theme = c.theme
    where a.period = 'current' and a.text_count > 0
),

summed as (
    select
        theme,
        cast(sum(n) as bigint) as n,
        cast(sum(m) as bigint) as m,
        sum(k) as mentioning,
        sum(k_before) as mentioning_before,
        sum(n * m / (n + m)) as weight,
        round(sum(n * m / (n + m) * p) / sum(n * m / (n + m)), 12) as share,
        round(sum(n * m / (n + m) * p_before) / sum(n * m / (n + m)), 12) as share_before,
        -- One mention and one silence are added to each side of each stratum's variance, so that strata that agree are not sure.
        round(sum((n * m / (n + m)) ** 2 * (
            (k + 1) / (n + 2) * (n - k + 1) / (n + 2) / n + (k_before + 1) / (m + 2) * (m - k_before + 1) / (m + 2) / m
        )), 12) as spread,
        round(sum(n * m / (n + m) * (k + k_before) / (n + m) * (1 - (k + k_before) / (n + m)) * (n + m) / greatest(n + m - 1, 1)), 12) as pooled
    from paired
    group by theme
),

tested as (
    select
        s.*,
        share - share_before as effect,
        sqrt(spread) / weight as error,
        abs(share - share_before) * weight / sqrt(pooled) / sqrt(2) as x,
        1 / (1 + 0.3275911 * abs(share - share_before) * weight / sqrt(pooled) / sqrt(2)) as t
    from summed s
    cross join setting g
    where s.n >= g.min_reviews and s.m >= g.min_reviews and s.mentioning + s.mentioning_before >= g.min_reviews and s.pooled > 0
),

-- Abramowitz and Stegun 7.1.26, to 1.5e-7: half of erfc(x) is the chance of as much or more.
valued as (
    select
        *,
        case
            when effect > 0
                then 0.5 * t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * exp(-x * x)
            else 1.0
        end as p_value
    from tested
),

ranked as (
    select *, count(*) over () as tests, count(*) over (order by p_value range between unbounded preceding and current row) as place
    from valued
),

adjusted as (
    select *, least(1, min(p_value * tests / place) over (order by p_value range between current row and unbounded following)) as q_value
    from ranked
),

-- Whom customers are surely content with serves it.
served as (
    select theme from metric.theme_brand where "window" in ('all', 'current') group by theme having max(coalesce(net_low, -1)) > 0
    union
    select theme from rule.standing where is_strong
)

select
    b.brand,
    'opportunity' as quadrant,
    a.theme,
    'rising_demand' as metric,
    'current' as "window",
    cast(null as varchar) as about,
    'negative' as tone,
    json_object(
        'say',
        'Customers speak more of {theme:label}, and nobody serves it: {share:pct} of the market''s reviews mention it, after {before:pct} ({days} days to {day:day}, against the {days} days before)',
        'theme', c.names, 'share', a.share, 'before', a.share_before, 'days', g.window_days, 'day', d.ends_on
    ) as claim,
    json_object(
        'say', 'n = {n} against {rest}, difference {effect:points} points (95% interval {low:points} to {high:points}), q {q:q}',
        'n', a.n, 'rest', a.m, 'effect', a.effect, 'low', a.effect - h.z * a.error, 'high', a.effect + h.z * a.error, 'q', a.q_value
    ) as statistics,
    a.n,
    a.m as n_rest,
    a.effect,
    a.effect - h.z * a.error as low,
    a.effect + h.z * a.error as high,
    a.q_value,
    greatest(0.0, a.effect - h.z * a.error) / g.min_share_effect as strength
from adjusted a
cross join thresholds h
cross join setting g
cross join core.brand b
join core.theme c on c.theme = a.theme
join metric."window" d on d.name = 'current'
join rule.standing s on s.brand = b.brand and s.theme = a.theme and not s.is_weak and not s.is_declining
where
    a.q_value <= g.q_max and a.effect >= g.min_share_effect and a.share >= h.min_ratio * a.share_before
    and not exists (select 1 from served x where x.theme = a.theme)
order by b.brand, a.theme
