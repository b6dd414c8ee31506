-- One row per brand and window: how often and how fast the company answers its reviews in public.
-- brand: who answers
-- window: current, previous or all
-- review_count: reviews of which it is known whether the company answered
-- replied_count: of these, answered ones
-- reply_rate: replied / review_count, 0..1; null where no source shows answers
-- low: lower 95 % bound of reply_rate (Wilson); null with it
-- high: upper 95 % bound of reply_rate (Wilson); null with it
-- timed_count: answered reviews of which both moments are known with their time of day
-- median_reply_hours: median over these, hours; null without any
with thresholds as (
    select 1.959964 as z -- 95 %, two-sided
),

counted as (
    select
        b.brand,
        w.name as "window",
        count(r.replied) as n,
        count(*) filter (where r.replied) as k,
        count(r.reply_hours) as timed_count,
        median(r.reply_hours) as median_reply_hours
    from core.brand b
    cross join metric."window" w
    left join metric.review r on r.brand = b.brand and (w.name = 'all' or w.name = r.period)
    group by b.brand, w.name
),

shared as (
    select *, k / nullif(n, 0) as p from counted
)

select
    brand,
    "window",
    n as review_count,
    k as replied_count,
    p as reply_rate,
    case when n > 0 then greatest(0.0, (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n))) / (1 + z * z / n)) end as low,
    case when n > 0 then least(1.0, (p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n))) / (1 + z * z / n)) end as high,
    timed_count,
    median_reply_hours
from shared, thresholds
order by brand, "window"
