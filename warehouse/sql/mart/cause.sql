-- One row per brand (null: the whole market) and pair of themes whose complaints surely come together more often than chance.
-- Each row is a hypothesis of a common cause, not a proof: read the reviews.
-- brand: core.brand's id; null for all brands together
-- theme, other_theme: core.theme's ids
-- theme_name, other_name: as people know them
-- position: 1 is the surest within the brand
-- hypothesis: English sentences with their numbers, marked as a hypothesis
-- hypothesis_message: the same as a message for other languages (see pipeline/words.py)
-- theme_count, other_count, both_count, expected: as in metric.cause
-- lift, low, high, q_value: as in metric.cause
-- same_sentence_count: of both_count, reviews with a sentence that carries both themes; where nearly all do, the themes may share a wording only
-- review_ids: up to three reviews (core.review's ids) that complain of both, the newest first
with thresholds as (
    select
        3 as both_min,    -- two reviews are a coincidence
        3 as examples_max
),

setting as (
    select max(value) as q_max from metric.setting where name = 'q_max'
),

sure as (
    select c.*
    from metric.cause c
    cross join thresholds h
    cross join setting s
    where c.q_value <= s.q_max and c.lift > 1 and c.both_count >= h.both_min
),

asked as (
    select distinct theme, other_theme from sure
),

both_complained as (
    select a.brand, a.theme, b.theme as other_theme, a.review_id
    from asked p
    join metric.review_theme a on a.theme = p.theme and a.value = -1
    join metric.review_theme b on b.review_id = a.review_id and b.theme = p.other_theme and b.value = -1
),

one_sentence as (
    select distinct c.review_id, c.theme, c.other_theme
    from both_complained c
    join text.mention a on a.review_id = c.review_id and a.theme = c.theme
    join text.mention b on b.sentence_id = a.sentence_id and b.theme = c.other_theme
),

shown as (
    select
        s.brand,
        s.theme,
        s.other_theme,
        count(o.review_id) as same_sentence_count,
        list_slice(list(c.review_id order by r.published_on desc nulls last, c.review_id), 1, any_value(h.examples_max)) as review_ids
    from sure s
    cross join thresholds h
    join both_complained c on c.theme = s.theme and c.other_theme = s.other_theme and (c.brand = s.brand or s.brand is null)
    join metric.review r on r.review_id = c.review_id
    left join one_sentence o on o.review_id = c.review_id and o.theme = c.theme and o.other_theme = c.other_theme
    group by s.brand, s.theme, s.other_theme
)

select
    s.brand,
    s.theme,
    s.other_theme,
    t.name as theme_name,
    u.name as other_name,
    row_number() over (partition by s.brand order by s.q_value, s.lift desc, s.theme, s.other_theme) as position,
    english(w.message) as hypothesis,
    w.message as hypothesis_message,
    s.theme_count,
    s.other_count,
    s.both_count,
    s.expected,
    s.lift,
    s.low,
    s.high,
    s.q_value,
    x.same_sentence_count,
    x.review_ids
from sure s
join shown x on x.brand is not distinct from s.brand and x.theme = s.theme and x.other_theme = s.other_theme
join core.theme t on t.theme = s.theme
join core.theme u on u.theme = s.other_theme
cross join lateral (
    select json_object(
        'say',
        'Hypothesis: complaints about {theme:label} and about {other:label} may have one cause. They come together in {n} reviews, {lift:dec1} times as often as chance (95% interval {low:dec1} to {high:dec1}).',
        'theme', t.names, 'other', u.names, 'n', s.both_count, 'lift', s.lift, 'low', s.low, 'high', s.high
    ) as message
) w
order by s.brand nulls last, position
