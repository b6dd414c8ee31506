-- One row per window of time that the metrics speak of: current, previous, all.
-- name: current, previous or all
-- starts_on: first day, null when no counted review has a date
-- ends_on: last day; of `current` the day of the newest counted review, so an old export has a newest quarter too
with setting as (
    select cast(max(value) as integer) as window_days from metric.setting where name = 'window_days'
),

dated as (
    select min(r.published_on) as first_on, max(r.published_on) as last_on
    from core.review r
    where r.duplicate_of is null
)

select 'all' as name, first_on as starts_on, last_on as ends_on from dated
union all
select 'current', last_on - window_days + 1, last_on from dated, setting
union all
select 'previous', last_on - 2 * window_days + 1, last_on - window_days from dated, setting
order by name
