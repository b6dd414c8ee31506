-- One row per brand and theme: where it stands by the sure findings. Rules about rivals look here.
-- brand: the named brand
-- theme: core.theme's id
-- is_strong: better than the others in net sentiment, complaints or praise
-- is_weak: worse than the others in one of these
-- is_rising: its newest window is better than the one before
-- is_declining: its newest window is worse than the one before
select
    b.brand,
    t.theme,
    coalesce(bool_or(f.direction = 'better' and not f.metric like '%change'), false) as is_strong,
    coalesce(bool_or(f.direction = 'worse' and not f.metric like '%change'), false) as is_weak,
    coalesce(bool_or(f.direction = 'better' and f.metric like '%change'), false) as is_rising,
    coalesce(bool_or(f.direction = 'worse' and f.metric like '%change'), false) as is_declining
from core.brand b
cross join core.theme t
left join rule.finding f
    on f.brand = b.brand and f.theme = t.theme and f.metric <> 'rivals_complaint_share'
group by b.brand, t.theme
order by b.brand, t.theme
