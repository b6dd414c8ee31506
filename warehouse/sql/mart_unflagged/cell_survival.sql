-- One row per cell of mart.swot_cell: whether its claim also stands without flagged reviews.
-- cell_id: as in mart.swot_cell
-- brand: as in mart.swot_cell
-- quadrant: as in mart.swot_cell
-- theme: as in mart.swot_cell
-- metric: as in mart.swot_cell
-- survives: a claim of the brand, quadrant and theme (or metric, without a theme) is proposed without them too; null when there are too few reviews
-- left to ask
-- effect, n, q_value: as in mart.swot_cell
-- effect_unflagged, n_unflagged, q_value_unflagged: of the same comparison without flagged reviews; null when it is not among the
-- comparisons any more
-- left_out_count: reviews that are left out, of those whom the claim is about
-- told: one English sentence for whoever reads the cell; null where nothing was left out of what the claim is about
-- told_message: the same as a message for other languages (see pipeline/words.py)
with left_out as (
    select r.brand, count(*) as n
    from metric_unflagged.left_out l
    join core.review r on r.review_id = l.review_id
    group by r.brand
),

-- What is proposed, not what is printed: a claim that eight others push out of its box stands all the same.
standing as (
    select distinct brand, quadrant, coalesce(theme, metric) as topic from mart_unflagged.candidate
),

tested as (
    select distinct metric from metric.test
),

held as (
    select
        c.cell_id,
        c.brand,
        c.quadrant,
        c.theme,
        c.metric,
        case
            when s.brand is not null then true
            -- A rule that tests for itself proposes what stands, and nothing else.
            when t.p_value is not null or k.metric is null then false
        end as survives,
        c.effect,
        t.effect as effect_unflagged,
        c.n,
        t.n as n_unflagged,
        c.q_value,
        t.q_value as q_value_unflagged,
        case
            -- What a page says rests on no review.
            when c.rule in ('service_fact', 'unoffered_channels') then 0
            else cast(coalesce((
                select sum(l.n) from left_out l where l.brand = c.about or (c.about is null and l.brand <> c.brand)
            ), 0) as bigint)
        end as left_out_count,
        c.position
    from mart.swot_cell c
    left join standing s on s.brand = c.brand and s.quadrant = c.quadrant and s.topic = coalesce(c.theme, c.metric)
    left join tested k on k.metric = c.metric
    -- Where the claim is about a rival, its comparison is the rival's.
    left join metric_unflagged.test t
        on t.metric = c.metric and t.brand = coalesce(c.about, c.brand) and t.theme is not distinct from c.theme and t."window" = c."window"
),

worded as (
    select
        *,
        case
            when left_out_count = 0 then null
            when survives then json_object(
                'say', 'Stands without {n} flagged review too.', 'many', 'Stands without {n} flagged reviews too.', 'n', left_out_count
            )
            when survives is null then json_object(
                'say', 'Without {n} flagged review not enough evidence (n = {left}).',
                'many', 'Without {n} flagged reviews not enough evidence (n = {left}).',
                'n', left_out_count, 'left', coalesce(n_unflagged, 0)
            )
            when q_value_unflagged is null then json_object(
                'say', 'Does not stand without {n} flagged review.', 'many', 'Does not stand without {n} flagged reviews.', 'n', left_out_count
            )
            else json_object(
                'say', 'Does not stand without {n} flagged review (q {q:q}).',
                'many', 'Does not stand without {n} flagged reviews (q {q:q}).',
                'n', left_out_count, 'q', q_value_unflagged
            )
        end as told_message
    from held
)

select
    * exclude (position, told_message),
    english(told_message) as told,
    told_message
from worded
order by brand, quadrant, position
