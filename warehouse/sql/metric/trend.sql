-- One row per brand, theme and month in which the brand had reviews with text; the theme null for the reviews as a whole.
-- brand: whom the reviews are about
-- theme: core.theme's id, null for the whole review
-- month: first day of the month
-- review_count: reviews with text of that month
-- mentioning_count: of these, reviews that mention the theme
-- positive_count: mentioning reviews that praise
-- negative_count: mentioning reviews that complain
-- net_sentiment: (positive - negative) / mentioning, -1..1; null when nobody mentions it
-- net_low: lower 95 % bound; null with net_sentiment
-- net_high: upper 95 % bound; null with net_sentiment
with thresholds as (
    select 1.959964 as z -- 95 %, two-sided
),

monthly as (
    select
        brand,
        month,
        count(*) as n,
        count(*) filter (where value = 1) as pos,
        count(*) filter (where value = -1) as neg
    from metric.review
    where has_text and month is not null
    group by brand, month
),

themed as (
    select
        r.brand,
        r.month,
        t.theme,
        count(*) as k,
        count(*) filter (where t.value = 1) as pos,
        count(*) filter (where t.value = -1) as neg
    from metric.review_theme t
    join metric.review r on r.review_id = t.review_id
    where r.month is not null
    group by r.brand, r.month, t.theme
),

counted as (
    select brand, cast(null as varchar) as theme, month, n, n as k, pos, neg from monthly
    union all
    select
        m.brand,
        c.theme,
        m.month,
        m.n,
        coalesce(t.k, 0) as k,
        coalesce(t.pos, 0) as pos,
        coalesce(t.neg, 0) as neg
    from monthly m
    cross join core.theme c
    left join themed t on t.brand = m.brand and t.month = m.month and t.theme = c.theme
),

spread as (
    select
        *,
        (pos - neg) / (k + 2.0) as centre,
        sqrt(((pos + neg + 2) / (k + 2.0) - ((pos - neg) / (k + 2.0)) ** 2) / (k + 2.0)) as error
    from counted
)

select
    brand,
    theme,
    month,
    n as review_count,
    k as mentioning_count,
    pos as positive_count,
    neg as negative_count,
    (pos - neg) / nullif(k, 0) as net_sentiment,
    case when k > 0 then greatest(-1.0, least((pos - neg) / k, centre - z * error)) end as net_low,
    case when k > 0 then least(1.0, greatest((pos - neg) / k, centre + z * error)) end as net_high
from spread, thresholds
order by brand, theme nulls first, month
