-- One row: the same days as the newest window's, one year earlier.
-- starts_on: first day; null without dated reviews, and where the window is longer than a year and would meet itself
-- ends_on: last day; null with starts_on
select
    case when w.ends_on - interval 1 year < w.starts_on then cast(w.starts_on - interval 1 year as date) end as starts_on,
    case when w.ends_on - interval 1 year < w.starts_on then cast(w.ends_on - interval 1 year as date) end as ends_on
from metric."window" w
where w.name = 'current'
