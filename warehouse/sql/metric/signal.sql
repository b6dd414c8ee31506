-- One row per brand, signal that any brand's reviews carry, and window.
-- brand: whom the reviews are about
-- kind: emotion, stage, touchpoint, intent or experience
-- signal: as in text.signal
-- window: current, previous or all
-- review_count: reviews with text, the denominator of the share
-- carrying_count: of these, reviews with a sentence that carries the signal
-- share: carrying_count / review_count, 0..1; null without reviews
-- low: lower 95 % bound of share (Wilson); null with it
-- high: upper 95 % bound of share (Wilson); null with it
-- intensity: mean over carrying reviews of the strongest sentence's, 0..1; null for stages and touchpoints, and where none carries it
-- wait_minutes: median over the reviews that say how long they waited; null where none does
with thresholds as (
    select 1.959964 as z -- 95 %, two-sided
),

reviewed as (
    select r.brand, w.name as "window", count(*) as n
    from metric.review r
    join metric."window" w on w.name = 'all' or w.name = r.period
    where r.has_text
    group by r.brand, w.name
),

carried as (
    select r.brand, r.period, s.review_id, s.kind, s.signal, max(s.intensity) as intensity, max(s.minutes) as minutes
    from text.signal s
    join metric.review r on r.review_id = s.review_id
    group by r.brand, r.period, s.review_id, s.kind, s.signal
),

told as (
    select
        c.brand,
        c.signal,
        w.name as "window",
        count(*) as k,
        -- Rounded, so that the order in which threads add cannot change a byte.
        round(avg(c.intensity), 9) as intensity,
        median(c.minutes) as wait_minutes
    from carried c
    join metric."window" w on w.name = 'all' or w.name = c.period
    group by c.brand, c.signal, w.name
),

-- A signal that a brand's reviews lack is told as zero.
counted as (
    select
        b.brand,
        s.kind,
        s.signal,
        w.name as "window",
        coalesce(r.n, 0) as n,
        coalesce(t.k, 0) as k,
        t.intensity,
        t.wait_minutes,
        coalesce(t.k, 0) / nullif(r.n, 0) as p
    from core.brand b
    cross join (select distinct kind, signal from carried) s
    cross join metric."window" w
    left join reviewed r on r.brand = b.brand and r."window" = w.name
    left join told t on t.brand = b.brand and t.signal = s.signal and t."window" = w.name
)

select
    brand,
    kind,
    signal,
    "window",
    n as review_count,
    k as carrying_count,
    p as share,
    case when n > 0 then greatest(0.0, (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n))) / (1 + z * z / n)) end as low,
    case when n > 0 then least(1.0, (p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n))) / (1 + z * z / n)) end as high,
    intensity,
    wait_minutes
from counted, thresholds
order by brand, kind, signal, "window"
