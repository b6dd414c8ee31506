-- One row per brand, the own one first: its four quadrants as people read them.
-- brand: core.brand's id
-- name: as people know it
-- own: this is our brand
-- position: order of the rows, from 1
-- strengths: claims with n, effect, interval and q, the strongest first; one line saying so where nothing is proven
-- weaknesses: as strengths
-- opportunities: as strengths, from the named brand's point of view
-- threats: as opportunities
-- strengths_message, weaknesses_message, opportunities_message, threats_message: the same as messages for other languages (see pipeline/words.py)
with reviewed as (
    select b.brand, count(r.review_id) as n
    from core.brand b
    left join metric.review r on r.brand = b.brand
    group by b.brand
),

-- Comparisons of its reviews that there was enough for; rankings and levels say nothing about how many reviews there are.
asked as (
    select brand, bool_or(metric not like '%\_change' escape '\') as against_rivals
    from metric.test
    where p_value is not null and basis in ('platform', 'language')
    group by brand
),

worded as (
    select
        r.brand,
        json_object('say', 'Not enough evidence (n = {n} review)', 'many', 'Not enough evidence (n = {n} reviews)', 'n', r.n) as too_few,
        json_object('say', 'Nothing proven in {n} review', 'many', 'Nothing proven among {n} reviews', 'n', r.n) as unproven,
        a.brand is not null as is_asked,
        coalesce(a.against_rivals, false) as is_asked_against_rivals
    from reviewed r
    left join asked a on a.brand = r.brand
),

-- Strengths and weaknesses are told against rivals only; the other two also from the window before.
nothing as (
    select
        brand,
        case when is_asked_against_rivals then unproven else too_few end as inside,
        case when is_asked then unproven else too_few end as outside
    from worded
),

boxed as (
    select
        brand,
        list(line order by position) filter (where quadrant = 'strength') as strengths,
        list(line order by position) filter (where quadrant = 'weakness') as weaknesses,
        list(line order by position) filter (where quadrant = 'opportunity') as opportunities,
        list(line order by position) filter (where quadrant = 'threat') as threats
    from (
        select
            brand, quadrant, position,
            json_object('say', '{claim} [{statistics}]', 'claim', claim_message, 'statistics', statistics_message) as line
        from mart.swot_cell
    )
    group by brand
),

filled as (
    select
        b.brand,
        b.name,
        b.own,
        row_number() over (order by b.own desc, b.position, b.brand) as position,
        coalesce(x.strengths, [n.inside]) as strengths_message,
        coalesce(x.weaknesses, [n.inside]) as weaknesses_message,
        coalesce(x.opportunities, [n.outside]) as opportunities_message,
        coalesce(x.threats, [n.outside]) as threats_message
    from core.brand b
    join nothing n on n.brand = b.brand
    left join boxed x on x.brand = b.brand
)

select
    brand,
    name,
    own,
    position,
    list_transform(strengths_message, lambda line: english(line)) as strengths,
    list_transform(weaknesses_message, lambda line: english(line)) as weaknesses,
    list_transform(opportunities_message, lambda line: english(line)) as opportunities,
    list_transform(threats_message, lambda line: english(line)) as threats,
    strengths_message,
    weaknesses_message,
    opportunities_message,
    threats_message
from filled
order by position
