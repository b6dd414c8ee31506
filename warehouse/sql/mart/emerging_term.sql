-- One row per brand (and for all brands together), language and term of complaints that no theme covers, where it was tested.
-- Held against each other: reviews of the newest window, and all dated ones before it. Fisher's exact test, one-sided: more than before.
-- brand: core.brand's id; null for all brands together
-- language: of the reviews counted
-- term: as in text.term
-- complaint_count: reviews of the newest window with a negative sentence that has the term and no theme
-- review_count: reviews with text in that window
-- share: of complaint_count in review_count
-- share_low, share_high: its 95 % interval, Wilson's
-- complaint_count_before, review_count_before, share_before, share_before_low, share_before_high: the same for all dated reviews before
-- p_value: chance of as many complaints now, were they spread over now and before alike
-- q_value: Benjamini-Hochberg over all rows
-- is_emerging: q_value is within [swot] q_max and the term stands in enough reviews
-- told: emerging, and no longer term and no single brand says the same; these are candidates for a theme
with thresholds as (
    select
        4 as total_min, -- fewer complaints in all cannot tell now from before; a count that the test is conditional on, so no peeking
        3 as now_min, -- two people are a coincidence
        0.8 as same_above -- a term in four of five reviews of a longer one says nothing more
),

setting as (
    select
        max(value) filter (where name = 'min_reviews') as min_reviews,
        max(value) filter (where name = 'q_max') as q_max
    from metric.setting
),

review as (
    select review_id, brand, language, period = 'current' as is_now, published_on
    from metric.review
    where has_text and period <> 'undated'
),

-- Each brand by itself, and all together.
size as (
    select brand, language, count(*) filter (where is_now) as n, count(*) filter (where not is_now) as n_before
    from review
    group by grouping sets ((brand, language), (language))
),

said as (
    select distinct t.review_id, r.brand, r.language, t.term, r.is_now
    from text.term t
    join review r on r.review_id = t.review_id and r.language = t.language
),

counted as (
    select brand, language, term, count(*) filter (where is_now) as x, count(*) filter (where not is_now) as x_before
    from said
    group by grouping sets ((brand, language, term), (language, term))
),

compared as (
    select c.brand, c.language, c.term, c.x, c.x_before, s.n, s.n_before
    from counted c
    join size s on s.brand is not distinct from c.brand and s.language = c.language
    cross join thresholds t
    cross join setting g
    where c.x + c.x_before >= t.total_min and s.n >= g.min_reviews and s.n_before >= g.min_reviews
),

-- The hypergeometric tail from x up, in logarithms.
tested as (
    select
        *,
        round(least(1, list_sum(list_transform(
            range(x, least(x + x_before, n) + 1),
            lambda k: case when x + x_before - k > n_before then 0 else exp(
                lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
                + lgamma(n_before + 1) - lgamma(x + x_before - k + 1) - lgamma(n_before - x - x_before + k + 1)
                - lgamma(n + n_before + 1) + lgamma(x + x_before + 1) + lgamma(n + n_before - x - x_before + 1)
            ) end
        ))), 12) as p_value
    from compared
),

ranked as (
    select
        *, rank() over (order by p_value) as place, count(*) over () as tests,
        -- Of equal p-values the last place counts.
        count(*) over (order by p_value range between unbounded preceding and current row) as last_place
    from tested
),

adjusted as (
    select
        *,
        least(1, min(p_value * tests / last_place) over (order by p_value range between current row and unbounded following)) as q_value
    from ranked
),

judged as (
    select a.*, a.q_value <= g.q_max and a.x >= t.now_min and a.x * a.n_before > a.x_before * a.n as is_emerging
    from adjusted a
    cross join setting g
    cross join thresholds t
)

select
    j.brand,
    j.language,
    j.term,
    j.x as complaint_count,
    j.n as review_count,
    j.x / j.n as share,
    greatest(0, (j.x + 1.9207294) / (j.n + 3.8414588) - 1.9599640 * sqrt(j.x * (j.n - j.x) / j.n + 0.9603647) / (j.n + 3.8414588)) as share_low,
    (j.x + 1.9207294) / (j.n + 3.8414588) + 1.9599640 * sqrt(j.x * (j.n - j.x) / j.n + 0.9603647) / (j.n + 3.8414588) as share_high,
    j.x_before as complaint_count_before,
    j.n_before as review_count_before,
    j.x_before / j.n_before as share_before,
    greatest(
        0,
        (j.x_before + 1.9207294) / (j.n_before + 3.8414588)
        - 1.9599640 * sqrt(j.x_before * (j.n_before - j.x_before) / j.n_before + 0.9603647) / (j.n_before + 3.8414588)
    ) as share_before_low,
    (j.x_before + 1.9207294) / (j.n_before + 3.8414588)
    + 1.9599640 * sqrt(j.x_before * (j.n_before - j.x_before) / j.n_before + 0.9603647) / (j.n_before + 3.8414588) as share_before_high,
    j.p_value,
    j.q_value,
    j.is_emerging,
    j.is_emerging
    and not exists (
        select 1 from judged l
        cross join thresholds t
        where l.is_emerging and l.language = j.language and l.term <> j.term and contains(l.term, j.term)
            and l.brand is not distinct from j.brand and l.x >= t.same_above * j.x
    )
    and not exists (
        select 1 from judged b
        cross join thresholds t
        where j.brand is null and b.brand is not null and b.is_emerging and b.language = j.language and b.term = j.term
            and b.x >= t.same_above * j.x
    ) as told
from judged j
order by told desc, j.q_value, j.p_value, j.brand nulls last, j.language, j.term
