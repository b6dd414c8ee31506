-- One row per review whose text says clearly the opposite of its stars.
-- review_id: core.review's id
-- brand: whom it is about
-- observed: sentiment of its text, -1..1, sentences weighted by length
-- expected: its stars on the same scale, -1 worst .. 1 best
-- n: code points of its text
-- p_value: null
-- group_id: null
-- evidence: the numbers as a sentence
with thresholds as (
    select
        -- Five stars and a text of -0.5. On 1,167 English reviews at either end of the scale, margins of 1.2, 1.3, 1.4 and 1.5 flagged 20, 6,
        -- 2 and none, each of them misread; with the stars reversed 68, 57, 48 and 35 % of them.
        1.5 as margin,
        -- "Not bad at all" is short, and is where scores err.
        40 as min_letters
),

placed as (
    select review_id, brand, sentiment, 2 * rating - 1 as stars, letters
    from flag.review
    where rating is not null and sentiment is not null
)

select
    review_id,
    brand,
    sentiment as observed,
    round(stars, 4) as expected,
    letters as n,
    cast(null as double) as p_value,
    cast(null as varchar) as group_id,
    format('its text scores {:+.2f}, its stars {:+.2f}', sentiment, stars) as evidence
from placed, thresholds
where abs(sentiment - stars) >= margin and sentiment * stars < 0 and letters >= min_letters
order by review_id
