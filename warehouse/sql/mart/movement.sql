-- One row per brand, theme (null: the rating), metric and time (previous, last_year) that the newest window is held against.
-- brand: core.brand's id
-- theme: core.theme's id; null for the rating
-- metric: net_sentiment, complaint_share, praise_share or rating
-- against: previous (the window before) or last_year (the same days one year earlier)
-- brand_name: as people know it
-- theme_name: as people know it; null with theme
-- arrow: up or down where the test says so and the change is worth telling; flat where the interval leaves no room for such a change; else null
-- direction: better or worse for the brand; null without up or down
-- value, value_before: of the newest window and of the time before, -1..1 or 0..1, compared within platform and language; null with why_not
-- effect, low, high: value - value_before, with its 95 % interval; null with why_not
-- n, n_before: reviews of both; null with why_not
-- q_value: as in metric.test, or in metric.year_change; null with why_not
-- why_not: why it could not be asked, in English; null where it was
-- why_not_message: the same as a message for other languages (see pipeline/words.py)
with thresholds as (
    select
        0.05 as min_rating -- a fifth of a star on five, as in rule.finding
),

setting as (
    select
        max(value) filter (where name = 'q_max') as q_max,
        max(value) filter (where name = 'min_effect') as min_effect,
        max(value) filter (where name = 'min_share_effect') as min_share_effect
    from metric.setting
),

kind as (
    select *
    from (values ('net_sentiment', 1), ('complaint_share', -1), ('praise_share', 1), ('rating', 1)) as k (metric, good)
),

compared as (
    select brand, theme, regexp_replace(metric, '_change$', '') as metric, 'previous' as against,
        n, n_rest, value, value_rest, effect, low, high, p_value, q_value
    from metric.test
    where metric in ('net_sentiment_change', 'complaint_share_change', 'praise_share_change', 'rating_change')
    union all
    select brand, theme, metric, 'last_year', n, n_rest, value, value_rest, effect, low, high, p_value, q_value
    from metric.year_change
),

asked as (
    select b.brand, t.theme, k.metric, k.good, a.against
    from core.brand b
    cross join kind k
    join (select theme from core.theme union all select null) t on (t.theme is null) = (k.metric = 'rating')
    cross join (values ('previous'), ('last_year')) as a (against)
),

judged as (
    select
        a.*,
        c.n, c.n_rest, c.value, c.value_rest, c.effect, c.low, c.high, c.q_value,
        c.p_value is not null as is_known,
        c.n is not null as is_listed,
        case a.metric when 'net_sentiment' then g.min_effect when 'rating' then h.min_rating else g.min_share_effect end as smallest,
        g.q_max
    from asked a
    cross join setting g
    cross join thresholds h
    left join compared c
        on c.brand = a.brand and c.theme is not distinct from a.theme and c.metric = a.metric and c.against = a.against
),

pointed as (
    select
        *,
        case
            when not is_known then null
            when q_value <= q_max and abs(effect) >= smallest then case when effect > 0 then 'up' else 'down' end
            when low > -smallest and high < smallest then 'flat'
        end as arrow
    from judged
)

select
    p.brand,
    p.theme,
    p.metric,
    p.against,
    b.name as brand_name,
    t.name as theme_name,
    p.arrow,
    case when p.arrow in ('up', 'down') then case when p.effect * p.good > 0 then 'better' else 'worse' end end as direction,
    case when p.is_known then p.value end as value,
    case when p.is_known then p.value_rest end as value_before,
    case when p.is_known then p.effect end as effect,
    case when p.is_known then p.low end as low,
    case when p.is_known then p.high end as high,
    case when p.is_known then p.n end as n,
    case when p.is_known then p.n_rest end as n_before,
    p.q_value,
    english(w.message) as why_not,
    w.message as why_not_message
from pointed p
cross join metric.last_year y
join core.brand b on b.brand = p.brand
left join core.theme t on t.theme = p.theme
cross join lateral (
    select case
        when p.is_known then null
        when p.is_listed then json_object('say', 'too few reviews (n = {n} against {before})', 'n', p.n, 'before', p.n_rest)
        when p.against = 'last_year' and y.starts_on is null
            then json_object('say', 'the newest window is longer than a year, or nothing is dated')
        when p.metric = 'net_sentiment' then json_object('say', 'no reviews on both sides of one platform and language that mention it')
        else json_object('say', 'no reviews on both sides of one platform and language')
    end as message
) w
order by b.position, p.brand, t.position nulls first, p.theme nulls first, p.metric, p.against
