-- One row per brand, the own one first: its four quadrants as people read them.
-- brand: core.brand's id
-- name: as people know it
-- own: this is our brand
-- position: order of the rows, from 1
-- strengths: claims with n, effect, interval and q, the strongest first; one line saying so where nothing is proven
-- weaknesses: as strengths
-- opportunities: as strengths, from the named brand's point of view
-- threats: as opportunities
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
        format('Not enough evidence (n = {:,} {})', r.n, case r.n when 1 then 'review' else 'reviews' end) as too_few,
        format('Nothing proven among {:,} reviews', r.n) as unproven,
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
)

select
    b.brand,
    b.name,
    b.own,
    row_number() over (order by b.own desc, any_value(b.position), b.brand) as position,
    coalesce(
        list(c.claim || ' [' || c.statistics || ']' order by c.position) filter (where c.quadrant = 'strength'),
        list_value(any_value(n.inside))
    ) as strengths,
    coalesce(
        list(c.claim || ' [' || c.statistics || ']' order by c.position) filter (where c.quadrant = 'weakness'),
        list_value(any_value(n.inside))
    ) as weaknesses,
    coalesce(
        list(c.claim || ' [' || c.statistics || ']' order by c.position) filter (where c.quadrant = 'opportunity'),
        list_value(any_value(n.outside))
    ) as opportunities,
    coalesce(
        list(c.claim || ' [' || c.statistics || ']' order by c.position) filter (where c.quadrant = 'threat'),
        list_value(any_value(n.outside))
    ) as threats
from core.brand b
join nothing n on n.brand = b.brand
left join mart.swot_cell c on c.brand = b.brand
group by b.brand, b.name, b.own
order by position
