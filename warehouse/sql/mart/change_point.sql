-- One row per brand, theme (null: the review as a whole) and month in which its share of complaints surely changed and stayed changed.
-- brand: core.brand's id
-- theme: core.theme's id; null for reviews that are bad on the whole
-- brand_name: as people know it
-- theme_name: as people know it; null with theme
-- month: the first month of the new time, by its first day
-- month_low, month_high: the months between which the change lies, 95 %
-- change: one English sentence with its numbers
-- change_message: the same as a message for other languages (see pipeline/words.py)
-- direction: better or worse for the brand
-- n_before, n_after: as in metric.change_point
-- share_before, share_after, effect, low, high, q_value: as in metric.change_point; the interval takes the month as known
-- is_seasonal: the same months are high in every year, so that a change may be the season's; null where that could not be asked
with setting as (
    select
        max(value) filter (where name = 'q_max') as q_max,
        max(value) filter (where name = 'min_share_effect') as min_share_effect
    from metric.setting
),

told as (
    select
        c.*,
        json_object(
            'say', case
                when c.theme is null and c.effect > 0 then 'Bad reviews rose from {before:pct} to {after:pct} of reviews in {month:month}'
                when c.theme is null then 'Bad reviews fell from {before:pct} to {after:pct} of reviews in {month:month}'
                when c.effect > 0 then 'Complaints about {theme:label} rose from {before:pct} to {after:pct} of reviews in {month:month}'
                else 'Complaints about {theme:label} fell from {before:pct} to {after:pct} of reviews in {month:month}'
            end,
            'theme', t.names, 'before', c.share_before, 'after', c.share_after, 'month', c.month
        ) as change
    from metric.change_point c
    left join core.theme t on t.theme = c.theme
),

dated as (
    select
        *,
        case
            when month_low < month_high then json_object(
                'say', '{change} (between {low:month} and {high:month})', 'change', change, 'low', month_low, 'high', month_high
            )
            else change
        end as message
    from told
)

select
    c.brand,
    c.theme,
    b.name as brand_name,
    t.name as theme_name,
    c.month,
    c.month_low,
    c.month_high,
    english(c.message) as change,
    c.message as change_message,
    case when c.effect > 0 then 'worse' else 'better' end as direction,
    c.n_before,
    c.n_after,
    c.share_before,
    c.share_after,
    c.effect,
    c.low,
    c.high,
    c.q_value,
    s.q_value <= g.q_max as is_seasonal
from dated c
cross join setting g
join core.brand b on b.brand = c.brand
left join core.theme t on t.theme = c.theme
left join metric.season s on s.brand = c.brand and s.theme is not distinct from c.theme
where c.q_value <= g.q_max and abs(c.effect) >= g.min_share_effect
order by b.position, c.brand, t.position nulls first, c.theme nulls first, c.month
