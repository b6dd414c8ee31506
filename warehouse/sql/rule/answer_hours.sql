-- One row per brand that plainly answers its reviews sooner, or later, than most rivals: their medians' 95 % intervals do not meet.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: strength or weakness
-- theme: null
-- metric: answer_hours
-- window: all
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
-- tone: positive or negative: which sentences or pages prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: n and the median with its 95 % interval, by order statistics, as a message; there is no test, so no q
-- n: answers of which both moments are known with their time of day
-- n_rest: rivals with enough of them
-- effect, low, high, q_value: null: hours differ by their ratio
-- strength: 0: facts stand after what was tested
with thresholds as (
    select
        1.959964 as z, -- 95 %, two-sided
        2.0 as times_min, -- half the hours, or twice as many
        0.5 as most -- of the rivals, which must be on the other side
),

setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

listed as (
    select brand, count(*) as n, list(reply_hours order by reply_hours) as hours
    from metric.review
    where replied and reply_hours is not null
    group by brand
),

spread as (
    select
        l.brand,
        l.n,
        list_median(l.hours) as median_hours,
        l.hours[greatest(1, cast(floor(l.n / 2 - h.z * sqrt(l.n) / 2) as integer))] as low,
        l.hours[least(l.n, cast(ceil(1 + l.n / 2 + h.z * sqrt(l.n) / 2) as integer))] as high
    from listed l
    cross join thresholds h
    cross join setting g
    where l.n >= g.min_reviews
),

compared as (
    select
        s.brand,
        any_value(s) as own,
        count(*) as rivals,
        median(r.median_hours) as rivals_median,
        avg((r.low > s.high and r.median_hours >= h.times_min * s.median_hours)::integer) as slower,
        avg((r.high < s.low and s.median_hours >= h.times_min * r.median_hours)::integer) as sooner
    from spread s
    cross join thresholds h
    join spread r on r.brand <> s.brand
    group by s.brand
)

select
    c.brand,
    if(c.slower > h.most, 'strength', 'weakness') as quadrant,
    cast(null as varchar) as theme,
    'answer_hours' as metric,
    'all' as "window",
    c.brand as about,
    'positive' as tone,
    json_object(
        'say', if(
            c.slower > h.most,
            'Answers reviews sooner than its rivals: half within {hours:count} hours, against {rivals_hours:count} at the median of {rivals} rivals',
            'Answers reviews later than its rivals: half within {hours:count} hours, against {rivals_hours:count} at the median of {rivals} rivals'
        ),
        'hours', c.own.median_hours, 'rivals_hours', c.rivals_median, 'rivals', c.rivals
    ) as claim,
    json_object(
        'say', 'n = {n}, median (95% interval {low:count} to {high:count} hours)', 'n', c.own.n, 'low', c.own.low, 'high', c.own.high
    ) as statistics,
    c.own.n,
    c.rivals as n_rest,
    cast(null as double) as effect,
    cast(null as double) as low,
    cast(null as double) as high,
    cast(null as double) as q_value,
    0.0 as strength
from compared c
cross join thresholds h
where c.slower > h.most or c.sooner > h.most
order by c.brand
