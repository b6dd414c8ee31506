-- One row per brand, language, window and class (good, bad) of review: its share of the reviews with words, as read and corrected.
-- brand: whom the reviews are about
-- language: as in metric.review
-- window: current, previous or all
-- class: good or bad
-- review_count: reviews with words
-- read_count: of these, read as of the class (metric.review's value)
-- read_share: read_count / review_count, 0..1
-- sensitivity: share of the calibration's reviews of the class that are read so, 0..1; null without any
-- specificity: share of its other reviews, middling ones among them, that are not; null without any
-- corrected_share: Rogan and Gladen's: (read_share + specificity - 1) / (sensitivity + specificity - 1), kept within 0..1; null where that sum is not above 0
-- corrected_low, corrected_high: its 95 % interval, with the chance in the reviews and in the calibration; null with it
-- rated_count: reviews with words and stars
-- stars_share: of these, the share whose stars are of the class; null without any
-- is_sound: the correction may be believed
-- why_not: the first reason against it; null where it is sound
-- best: which share to quote: stars where every review has them, else corrected where sound, else read
with thresholds as (
    select
        1.959964 as z,        -- 95 %, two-sided
        50 as class_min,      -- fewer witnesses of a class leave its rate open by more than 14 points to either side
        0.3 as youden_min,    -- below it, the correction more than triples each error
        0.1 as foreign_max,   -- a tenth read otherwise than the calibration moves a share by a few points, about the interval's half
        0.75 as good_from,    -- as in metric.calibration
        0.34 as bad_to
),

class as (
    select unnest(['good', 'bad']) as class
),

-- Reviews of one wording are one witness: n² / sum of squares.
rate as (
    select
        c.language,
        k.class,
        sum(c.review_count) filter (where c.actual = k.class) as n_in,
        sum(c.review_count) filter (where c.actual <> k.class) as n_out,
        sum(c.review_count) filter (where c.actual = k.class and c.predicted = k.class) / nullif(n_in, 0) as sensitivity,
        sum(c.review_count) filter (where c.actual <> k.class and c.predicted <> k.class) / nullif(n_out, 0) as specificity,
        n_in * n_in / nullif(sum(c.wording_squares) filter (where c.actual = k.class), 0) as witnesses_in,
        n_out * n_out / nullif(sum(c.wording_squares) filter (where c.actual <> k.class), 0) as witnesses_out
    from metric.calibration c
    cross join class k
    group by c.language, k.class
),

calibrated_place as (
    select distinct r.platform, r.language
    from metric.review r
    join text.starred s on s.review_id = r.review_id
    where r.has_text
),

counted as (
    select
        r.brand,
        r.language,
        w.name as "window",
        k.class,
        count(*) as n,
        count(*) filter (where r.value = case k.class when 'good' then 1 else -1 end) as read_count,
        count(r.rating) as rated_count,
        count(*) filter (where case k.class when 'good' then r.rating >= t.good_from else r.rating <= t.bad_to end) as starred_count,
        count(*) filter (where p.platform is null) as foreign_count
    from metric.review r
    join metric."window" w on w.name = 'all' or w.name = r.period
    cross join class k
    cross join thresholds t
    left join calibrated_place p on p.platform = r.platform and p.language = r.language
    where r.has_text
    group by r.brand, r.language, w.name, k.class
),

-- Before the interval is drawn, z²/2 reviews are added to each side of the share and one witness to each side of the two rates (Agresti
-- and Coull; Lang and Reiczigel 2014): 50 witnesses that agree do not prove that the next one will.
padded as (
    select
        c.*,
        r.sensitivity,
        r.specificity,
        r.witnesses_in,
        r.witnesses_out,
        c.read_count / c.n as read_share,
        r.sensitivity + r.specificity - 1 as youden,
        (c.read_count + t.z ** 2 / 2) / (c.n + t.z ** 2) as share,
        (r.sensitivity * r.witnesses_in + 1) / (r.witnesses_in + 2) as hit,
        (r.specificity * r.witnesses_out + 1) / (r.witnesses_out + 2) as pass
    from counted c
    cross join thresholds t
    left join rate r on r.language = c.language and r.class = c.class
),

solved as (
    select
        p.*,
        case when youden > 0 then (read_share + specificity - 1) / youden end as exact,
        case when youden > 0 then (share + pass - 1) / (hit + pass - 1) end as centre,
        sqrt(
            share * (1 - share) / (n + t.z ** 2)
            + centre ** 2 * hit * (1 - hit) / (witnesses_in + 2)
            + (1 - centre) ** 2 * pass * (1 - pass) / (witnesses_out + 2)
        ) / (hit + pass - 1) as error
    from padded p
    cross join thresholds t
),

reasoned as (
    select
        s.*,
        least(exact, centre - t.z * error) as low,
        greatest(exact, centre + t.z * error) as high,
        case
            when s.witnesses_in is null and s.witnesses_out is null then 'no stars in this language to hold the readings against'
            when coalesce(witnesses_in, 0) < t.class_min or coalesce(witnesses_out, 0) < t.class_min
                then format(
                    'fewer than {} distinct starred reviews that no model learnt from: {:.0f} {}, {:.0f} others',
                    t.class_min, floor(coalesce(witnesses_in, 0)), s.class, floor(coalesce(witnesses_out, 0))
                )
            when youden < t.youden_min
                then format('the readings hardly tell the class: sensitivity + specificity - 1 is {:.2f}', youden)
            when foreign_count > t.foreign_max * n
                then format('{:.0f} % of the reviews are of platforms without stars', floor(100.0 * foreign_count / n))
            when centre + t.z * error < 0 or centre - t.z * error > 1
                then 'the corrected share lies outside 0 to 1: the calibration does not fit these reviews'
        end as why_not
    from solved s
    cross join thresholds t
)

select
    brand,
    language,
    "window",
    class,
    n as review_count,
    read_count,
    read_share,
    sensitivity,
    specificity,
    case when exact is not null then greatest(0.0, least(1.0, exact)) end as corrected_share,
    case when exact is not null then greatest(0.0, least(1.0, low)) end as corrected_low,
    case when exact is not null then greatest(0.0, least(1.0, high)) end as corrected_high,
    rated_count,
    starred_count / nullif(rated_count, 0) as stars_share,
    why_not is null as is_sound,
    why_not,
    case when rated_count = n then 'stars' when why_not is null then 'corrected' else 'read' end as best
from reasoned
order by brand, language, "window", class
