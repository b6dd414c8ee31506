-- One row per brand and theme (null: the review as a whole): whether its complaints have a season, and which months.
-- brand: core.brand's id
-- theme: core.theme's id; null for reviews that are bad on the whole
-- brand_name: as people know it
-- theme_name: as people know it; null with theme
-- has_season: the same months are high or low in every year, beyond noise; null with why_not
-- high_months: names of the months that are high in every year, in their order; null without a season
-- low_months: names of the months that are low in every year; null without a season
-- year_count, complaint_count, q_value: as in metric.season
-- why_not: why it could not be asked; null where it was
with setting as (
    select max(value) as q_max from metric.setting where name = 'q_max'
)

select
    s.brand,
    s.theme,
    b.name as brand_name,
    t.name as theme_name,
    s.q_value <= g.q_max as has_season,
    case
        when s.q_value <= g.q_max
            then list_transform(list_filter(string_split(s.high_months, ','), lambda m: m <> ''), lambda m: monthname(make_date(2000, cast(m as bigint), 1)))
    end as high_months,
    case
        when s.q_value <= g.q_max
            then list_transform(list_filter(string_split(s.low_months, ','), lambda m: m <> ''), lambda m: monthname(make_date(2000, cast(m as bigint), 1)))
    end as low_months,
    s.year_count,
    s.complaint_count,
    s.q_value,
    s.why_not
from metric.season s
cross join setting g
join core.brand b on b.brand = s.brand
left join core.theme t on t.theme = s.theme
order by b.position, s.brand, t.position nulls first, s.theme nulls first
