-- One row per brand: where it stands on the map of two axes, and how sure that is. Each axis is the net sentiment on the themes of metric.axis.
-- A review's value on an axis is the mean over the axis's themes that it mentions, each -1, 0 or 1; the brand's is the mean over such reviews.
-- One review of each sign is added before anything is drawn as unsure, as in metric.theme_brand.
-- brand: core.brand's id
-- brand_name: as people know it
-- own: this is our brand
-- position: order of the brands, from 1, the own one first
-- x_themes, y_themes: themes of either axis
-- x_n, y_n: reviews that mention one of the axis's themes
-- both_n: reviews that mention themes of both
-- x, y: net sentiment, -1..1; null without reviews
-- x_low, x_high, y_low, y_high: its 95 % interval; bars where no ellipse is drawn
-- shape: ellipse (enough reviews mention both axes to know how they go together), bars (enough of each axis), or null: not enough evidence
-- centre_x, centre_y: middle of the ellipse that holds the brand's true place with 95 %; null without an ellipse
-- semi_major, semi_minor: its half axes, in net sentiment
-- angle: of the longer one against the x axis, degrees, above -90 to 90
with thresholds as (
    select
        1.959964 as z, -- 95 %, two-sided
        5.991465 as chi -- 95 % of chi-square with two degrees of freedom
),

setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

-- Summed in whole numbers and rounded means, so that the order in which threads add cannot change a byte.
said as (
    select
        t.brand,
        t.review_id,
        round(avg(t.value) filter (where a.axis = 'x'), 9) as x,
        round(avg(t.value) filter (where a.axis = 'y'), 9) as y
    from metric.review_theme t
    join metric.axis a on a.theme = t.theme
    group by t.brand, t.review_id
),

summed as (
    select
        b.brand,
        count(s.x) as n,
        count(s.y) as m,
        count(*) filter (where s.x is not null and s.y is not null) as k,
        round(coalesce(sum(s.x), 0), 6) as x_total,
        round(coalesce(sum(s.x * s.x), 0), 6) as x_squares,
        round(coalesce(sum(s.y), 0), 6) as y_total,
        round(coalesce(sum(s.y * s.y), 0), 6) as y_squares,
        round(coalesce(sum(s.x * s.y), 0), 6) as products,
        round(coalesce(sum(s.x) filter (where s.y is not null), 0), 6) as x_both,
        round(coalesce(sum(s.y) filter (where s.x is not null), 0), 6) as y_both
    from core.brand b
    left join said s on s.brand = b.brand
    group by b.brand
),

spread as (
    select
        *,
        x_total / (n + 2.0) as centre_x,
        y_total / (m + 2.0) as centre_y,
        ((x_squares + 2) / (n + 2.0) - (x_total / (n + 2.0)) ** 2) / (n + 2.0) as variance_x,
        ((y_squares + 2) / (m + 2.0) - (y_total / (m + 2.0)) ** 2) / (m + 2.0) as variance_y,
        -- Both means are of reviews of which only some mention both: their covariance is that of these, by the sizes of both samples.
        k * (products / nullif(k, 0) - x_both / nullif(k, 0) * y_both / nullif(k, 0)) / ((n + 2.0) * (m + 2.0)) as covariance
    from summed
),

turned as (
    select
        *,
        (variance_x + variance_y) / 2 as middle,
        sqrt(((variance_x - variance_y) / 2) ** 2 + covariance ** 2) as radius,
        case when k >= g.min_reviews and n >= g.min_reviews and m >= g.min_reviews then 'ellipse' when n >= g.min_reviews and m >= g.min_reviews then 'bars' end as shape
    from spread
    cross join setting g
)

select
    t.brand,
    b.name as brand_name,
    b.own,
    b.position,
    coalesce((select list(theme order by theme) from metric.axis where axis = 'x'), []) as x_themes,
    coalesce((select list(theme order by theme) from metric.axis where axis = 'y'), []) as y_themes,
    t.n as x_n,
    t.m as y_n,
    t.k as both_n,
    t.x_total / nullif(t.n, 0) as x,
    t.y_total / nullif(t.m, 0) as y,
    case when t.n > 0 then greatest(-1.0, least(t.x_total / t.n, t.centre_x - h.z * sqrt(t.variance_x))) end as x_low,
    case when t.n > 0 then least(1.0, greatest(t.x_total / t.n, t.centre_x + h.z * sqrt(t.variance_x))) end as x_high,
    case when t.m > 0 then greatest(-1.0, least(t.y_total / t.m, t.centre_y - h.z * sqrt(t.variance_y))) end as y_low,
    case when t.m > 0 then least(1.0, greatest(t.y_total / t.m, t.centre_y + h.z * sqrt(t.variance_y))) end as y_high,
    t.shape,
    case when t.shape = 'ellipse' then t.centre_x end as centre_x,
    case when t.shape = 'ellipse' then t.centre_y end as centre_y,
    case when t.shape = 'ellipse' then sqrt(h.chi * (t.middle + t.radius)) end as semi_major,
    case when t.shape = 'ellipse' then sqrt(h.chi * greatest(0, t.middle - t.radius)) end as semi_minor,
    case when t.shape = 'ellipse' then degrees(atan2(2 * t.covariance, t.variance_x - t.variance_y) / 2) end as angle
from turned t
cross join thresholds h
join (select brand, name, own, row_number() over (order by own desc, position, brand) as position from core.brand) b on b.brand = t.brand
order by b.position
