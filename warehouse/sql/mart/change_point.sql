-- One row per brand, theme (null: the review as a whole) and month in which its share of complaints surely changed and stayed changed.
-- brand: core.brand's id
-- theme: core.theme's id; null for reviews that are bad on the whole
-- brand_name: as people know it
-- theme_name: as people know it; null with theme
-- month: the first month of the new time, by its first day
-- month_low, month_high: the months between which the change lies, 95 %
-- change: one English sentence with its numbers
-- direction: better or worse for the brand
-- n_before, n_after: as in metric.change_point
-- share_before, share_after, effect, low, high, q_value: as in metric.change_point; the interval takes the month as known
-- is_seasonal: the same months are high in every year, so that a change may be the season's; null where that could not be asked
with setting as (
    select
        max(value) filter (where name = 'q_max') as q_max,
        max(value) filter (where name = 'min_share_effect') as min_share_effect
    from metric.setting
)

select
    c.brand,
    c.theme,
    b.name as brand_name,
    t.name as theme_name,
    c.month,
    c.month_low,
    c.month_high,
    case when c.theme is null then 'Bad reviews' else 'Complaints about ' || lower(t.name) end
    || case when c.effect > 0 then ' rose from ' else ' fell from ' end
    || format('{:.0f} % to {:.0f} % of reviews in {}', 100 * c.share_before, 100 * c.share_after, strftime(c.month, '%Y-%m'))
    || case
        when c.month_low < c.month_high
            then format(' (between {} and {})', strftime(c.month_low, '%Y-%m'), strftime(c.month_high, '%Y-%m'))
        else ''
    end as change,
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
from metric.change_point c
cross join setting g
join core.brand b on b.brand = c.brand
left join core.theme t on t.theme = c.theme
left join metric.season s on s.brand = c.brand and s.theme is not distinct from c.theme
where c.q_value <= g.q_max and abs(c.effect) >= g.min_share_effect
order by b.position, c.brand, t.position nulls first, c.theme nulls first, c.month
