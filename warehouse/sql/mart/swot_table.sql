-- One row per brand, the own one first: its four quadrants as people read them.
-- brand: core.brand's id
-- name: as people know it
-- own: this is our brand
-- position: order of the rows, from 1
-- strengths: claims with n, effect, interval and q, the strongest first; one line saying so where nothing is proven
-- weaknesses: as strengths
-- opportunities: as strengths, from the named brand's point of view
-- threats: as opportunities
with nothing as (
    select
        b.brand,
        'Not enough evidence (n = ' || count(r.review_id) || case count(r.review_id) when 1 then ' review)' else ' reviews)' end
        as nothing
    from core.brand b
    left join metric.review r on r.brand = b.brand
    group by b.brand
)

select
    b.brand,
    b.name,
    b.own,
    row_number() over (order by b.own desc, any_value(b.position), b.brand) as position,
    coalesce(
        list(c.claim || ' [' || c.statistics || ']' order by c.position) filter (where c.quadrant = 'strength'),
        list_value(any_value(n.nothing))
    ) as strengths,
    coalesce(
        list(c.claim || ' [' || c.statistics || ']' order by c.position) filter (where c.quadrant = 'weakness'),
        list_value(any_value(n.nothing))
    ) as weaknesses,
    coalesce(
        list(c.claim || ' [' || c.statistics || ']' order by c.position) filter (where c.quadrant = 'opportunity'),
        list_value(any_value(n.nothing))
    ) as opportunities,
    coalesce(
        list(c.claim || ' [' || c.statistics || ']' order by c.position) filter (where c.quadrant = 'threat'),
        list_value(any_value(n.nothing))
    ) as threats
from core.brand b
join nothing n on n.brand = b.brand
left join mart.swot_cell c on c.brand = b.brand
group by b.brand, b.name, b.own
order by position
