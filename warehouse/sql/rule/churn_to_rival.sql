-- One row per brand and rival to which surely more of their customers say that they go than say that they come from there.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: threat
-- theme: null
-- metric: churn_to_rival
-- window: all
-- about: the rival; reviews of both brands prove it
-- tone: positive or negative: which sentences or pages prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: n, effect with its 95 % interval, and q, as a message
-- n: reviews of either brand that say which way the customer went between the two
-- n_rest: null
-- effect: share of these that went away, less one half
-- low, high: 95 % bounds of effect (Wilson)
-- q_value: of the exact sign test, one-sided; Benjamini-Hochberg over all pairs with enough moves
-- strength: the lower bound in multiples of the smallest effect worth telling
with thresholds as (
    select
        1.959964 as z, -- 95 %, two-sided
        6 as moves_min, -- with five, all of one way could still be chance; a count that the test is conditional on, so no peeking
        0.15 as min_effect -- two of three
),

setting as (
    select max(value) as q_max from metric.setting where name = 'q_max'
),

moved as (
    select distinct
        review_id,
        if(direction = 'to', brand, other_brand) as brand,
        if(direction = 'to', other_brand, brand) as rival
    from mart.switching
    where direction is not null
),

-- Whoever says both has said nothing.
counted as (
    select
        a.brand,
        a.other as rival,
        count(*) filter (where a.away) as k,
        count(*) as m
    from (
        select review_id, brand, rival as other, true as away from moved
        union all
        select review_id, rival, brand, false from moved
    ) a
    where not exists (select 1 from moved x where x.review_id = a.review_id and x.brand = if(a.away, a.other, a.brand)
        and x.rival = if(a.away, a.brand, a.other))
    group by a.brand, a.other
),

tested as (
    select
        c.*,
        round(least(1, list_sum(list_transform(
            range(c.k, c.m + 1), lambda i: exp(lgamma(c.m + 1) - lgamma(i + 1) - lgamma(c.m - i + 1) - c.m * ln(2))
        ))), 12) as p_value,
        c.k / c.m as share,
        (c.k / c.m + h.z * h.z / (2 * c.m) - h.z * sqrt((c.k / c.m) * (1 - c.k / c.m) / c.m + h.z * h.z / (4.0 * c.m * c.m)))
        / (1 + h.z * h.z / c.m) as low,
        (c.k / c.m + h.z * h.z / (2 * c.m) + h.z * sqrt((c.k / c.m) * (1 - c.k / c.m) / c.m + h.z * h.z / (4.0 * c.m * c.m)))
        / (1 + h.z * h.z / c.m) as high
    from counted c
    cross join thresholds h
    where c.m >= h.moves_min
),

ranked as (
    select *, count(*) over () as tests, count(*) over (order by p_value range between unbounded preceding and current row) as place
    from tested
),

adjusted as (
    select *, least(1, min(p_value * tests / place) over (order by p_value range between current row and unbounded following)) as q_value
    from ranked
)

select
    a.brand,
    'threat' as quadrant,
    cast(null as varchar) as theme,
    'churn_to_rival' as metric,
    'all' as "window",
    a.rival as about,
    'negative' as tone,
    json_object(
        'say', 'Customers leave for {rival}: {away} reviews say so, and {back} that they came from there',
        'rival', r.name, 'away', a.k, 'back', a.m - a.k
    ) as claim,
    json_object(
        'say', 'n = {n}, {share:pct} went away (95% interval {low:pct} to {high:pct}), q {q:q}',
        'n', a.m, 'share', a.share, 'low', a.low, 'high', a.high, 'q', a.q_value
    ) as statistics,
    a.m as n,
    cast(null as bigint) as n_rest,
    a.share - 0.5 as effect,
    a.low - 0.5 as low,
    a.high - 0.5 as high,
    a.q_value,
    greatest(0.0, a.low - 0.5) / h.min_effect as strength
from adjusted a
cross join thresholds h
cross join setting g
join core.brand r on r.brand = a.rival
where a.q_value <= g.q_max and a.share - 0.5 >= h.min_effect
order by a.brand, a.rival
