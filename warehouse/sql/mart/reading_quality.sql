-- One row per language in which reviews were read: by what, and how well, held against the stars.
-- language: as in metric.review
-- review_count: reviews with words
-- rated_count: of these, with stars
-- scorer: as in text.scorer
-- version: as in text.scorer
-- teacher_count: as in text.scorer
-- first_landed_on, last_landed_on: as in text.scorer
-- good_count, middle_count, bad_count: starred reviews that no model learnt from, by their stars
-- held_out_count: good_count + bad_count, of which accuracy speaks
-- accuracy: share of these that are read as what their stars say, 0..1; a neutral reading is an error. Null without any
-- accuracy_low, accuracy_high: its 95 % interval (Wilson; reviews of one wording are one witness); null with it
-- good_read, bad_read: share of the good, and of the bad, that are read so; null without any
-- balanced_accuracy: mean of the two; null with either
-- is_calibrated: there are enough of both to say
-- why_not: why not, in English; null where it is
-- why_not_message: the same as a message for other languages (see pipeline/words.py)
with thresholds as (
    select
        1.959964 as z,  -- 95 %, two-sided
        50 as class_min -- as in metric.prevalence
),

counted as (
    select language, count(*) as review_count, count(rating) as rated_count
    from metric.review
    where has_text
    group by language
),

held as (
    select
        language,
        sum(review_count) filter (where actual = 'good') as good_count,
        sum(review_count) filter (where actual = 'middle') as middle_count,
        sum(review_count) filter (where actual = 'bad') as bad_count,
        sum(review_count) filter (where actual = 'good' and predicted = 'good') as good_hits,
        sum(review_count) filter (where actual = 'bad' and predicted = 'bad') as bad_hits,
        good_count * good_count / nullif(sum(wording_squares) filter (where actual = 'good'), 0) as good_witnesses,
        bad_count * bad_count / nullif(sum(wording_squares) filter (where actual = 'bad'), 0) as bad_witnesses,
        (good_count + bad_count) ** 2 / nullif(sum(wording_squares) filter (where actual <> 'middle'), 0) as n,
        (good_hits + bad_hits) / nullif(good_count + bad_count, 0) as p
    from metric.calibration
    group by language
),

judged as (
    select
        *,
        p + z ** 2 / (2 * n) as centre,
        z * sqrt(p * (1 - p) / n + z ** 2 / (4 * n ** 2)) as half,
        1 + z ** 2 / n as scale,
        case
            when rated_count = 0 then json_object('say', 'no review in this language has stars')
            when least(coalesce(good_witnesses, 0), coalesce(bad_witnesses, 0)) < class_min
                then json_object(
                    'say', 'fewer than {least} distinct starred reviews of a class that no model learnt from: {good} good, {bad} bad',
                    'least', class_min,
                    'good', cast(floor(coalesce(good_witnesses, 0)) as bigint), 'bad', cast(floor(coalesce(bad_witnesses, 0)) as bigint)
                )
        end as why_not
    from counted
    left join held using (language)
    cross join thresholds
)

select
    j.language,
    j.review_count,
    j.rated_count,
    coalesce(s.scorer, 'none') as scorer,
    s.version,
    coalesce(s.teacher_count, 0) as teacher_count,
    s.first_landed_on,
    s.last_landed_on,
    cast(coalesce(j.good_count, 0) as bigint) as good_count,
    cast(coalesce(j.middle_count, 0) as bigint) as middle_count,
    cast(coalesce(j.bad_count, 0) as bigint) as bad_count,
    cast(coalesce(j.good_count + j.bad_count, 0) as bigint) as held_out_count,
    j.p as accuracy,
    -- The share itself lies inside; the outer functions only undo rounding at 0 and 1.
    case when j.p is not null then greatest(0.0, least(j.p, (j.centre - j.half) / j.scale)) end as accuracy_low,
    case when j.p is not null then least(1.0, greatest(j.p, (j.centre + j.half) / j.scale)) end as accuracy_high,
    j.good_hits / nullif(j.good_count, 0) as good_read,
    j.bad_hits / nullif(j.bad_count, 0) as bad_read,
    (j.good_hits / nullif(j.good_count, 0) + j.bad_hits / nullif(j.bad_count, 0)) / 2 as balanced_accuracy,
    j.why_not is null as is_calibrated,
    english(j.why_not) as why_not,
    j.why_not as why_not_message
from judged j
left join text.scorer s on s.language = j.language
order by j.language
