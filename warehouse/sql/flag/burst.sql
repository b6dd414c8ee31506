-- One row per review of a day or week in which a brand had far more reviews on a platform than around that time.
-- review_id: core.review's id
-- brand: whom it is about
-- observed: reviews of that day or week
-- expected: mean of the days or weeks around it
-- n: days or weeks around it that were held against
-- p_value: upper bound (Chernoff) of the chance of so many, times the days or weeks that were asked about
-- group_id: the same for all reviews of the burst
-- evidence: the numbers as a sentence
with thresholds as (
    select
        -- A quarter before and after: long enough to know the rate, short enough for it to be the rate of that time.
        91 as around_days,
        -- Fewer reviews are a busy evening, or a busy week.
        10 as min_day_count,
        15 as min_week_count,
        -- Three times the usual; a season or a campaign by mail doubles it.
        3.0 as min_times,
        -- Below eight there is no usual.
        8 as min_around,
        0.01 as p_max,
        -- Four in five on one side: the other side's reviews came anyway.
        0.8 as one_sided,
        0.25 as worst_stars,
        0.75 as best_stars
),

dated as (
    select
        review_id,
        brand,
        platform,
        published_on,
        cast(date_trunc('week', published_on) as date) as week_on,
        case when rating <= worst_stars then -1 when rating >= best_stars then 1 when rating is not null then 0 end as side
    from flag.review, thresholds
    where published_on is not null
),

spanned as (
    select review_id, brand, platform, side, 'day' as span, 1 as days, published_on as starts_on from dated
    union all
    select review_id, brand, platform, side, 'week', 7, week_on from dated
),

counted as (
    select
        brand,
        platform,
        span,
        days,
        starts_on,
        count(*) as k,
        count(*) filter (where side = 1) / nullif(count(side), 0) as good_share,
        count(*) filter (where side = -1) / nullif(count(side), 0) as bad_share
    from spanned
    group by brand, platform, span, days, starts_on
),

-- Days without a review are no rows, but they count: the number of days comes from the calendar.
around as (
    select
        *,
        sum(k) over near - k as others,
        sum(k * k) over near - k * k as other_squares,
        (
            least(max(starts_on) over whole, starts_on + around_days) - greatest(min(starts_on) over whole, starts_on - around_days)
        ) // days as n,
        count(*) over whole as asked
    from counted, thresholds
    window
        whole as (partition by brand, platform, span),
        near as (
            partition by brand, platform, span order by starts_on
            range between interval 91 days preceding and interval 91 days following
        )
),

rated as (
    select
        *,
        others / n as usual,
        -- Reviews come in clumps: where they always do, a clump is no burst. Never below one review, which is what a rate of none cannot tell.
        greatest(others, 1) / n as rate,
        greatest(1.0, (other_squares / n - (others / n) ** 2) / (greatest(others, 1) / n)) as clumping
    from around
    where k >= case span when 'day' then min_day_count else min_week_count end and n >= min_around
),

tested as (
    select
        *,
        least(1.0, asked * exp((k - rate - k * ln(k / rate)) / clumping)) as p_value
    from rated
    where k > rate
),

sure as (
    select * from tested where k >= min_times * rate and p_value <= p_max
),

burst as (
    select
        *,
        case when good_share >= one_sided then 1 when bad_share >= one_sided then -1 end as side,
        substring(md5(concat_ws('|', brand, platform, span, starts_on)), 1, 16) as group_id
    from sure w
    -- A week that stands out because a day of it does is told by the day.
    where span = 'day' or not exists (
        select 1
        from sure d
        where
            d.span = 'day' and d.brand = w.brand and d.platform = w.platform
            and d.starts_on >= w.starts_on and d.starts_on < w.starts_on + w.days
    )
)

select
    s.review_id,
    s.brand,
    cast(b.k as double) as observed,
    round(b.usual, 4) as expected,
    cast(b.n as bigint) as n,
    b.p_value,
    b.group_id,
    format('{} reviews on {} {} {}, {:.1f} expected', b.k, b.platform, case b.span when 'day' then 'on' else 'in the week from' end, b.starts_on, b.usual) as evidence
from burst b
join spanned s
    on s.brand = b.brand and s.platform = b.platform and s.span = b.span and s.starts_on = b.starts_on
    and (b.side is null or s.side = b.side)
order by s.review_id
