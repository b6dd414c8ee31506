-- One row per search (keyword, engine, locale, device and result type) and run that asked it: its draws, and whether it was answered.
-- A draw is one repetition of the search by one source. One that is blocked or failed says nothing about ranks.
-- keyword: as searched
-- engine: search engine
-- locale: as searched, null when the market file names none
-- device: desktop or mobile as asked for; null where the engine was not told
-- result_type: what was searched: web, news, shop, ...
-- run_id: run that asked
-- as_of: moment of that run (UTC)
-- draw_count: draws
-- observed_count: of these, answered with results
-- absent_count: of these, answered without results
-- failed_count: of these, without a usable answer
-- blocked_count: of these, answered by a captcha or consent page
-- depth: organic results that the longest answer held; null without an answer
-- answered: at least one draw was
-- newest: the latest run that asked this search, answered or not
-- age: 0 when it is the newest and answered; 1 for the newest answered one at least 28 days older than that; null for all others
-- previous: the newest answered one before that of age 0: what a movement is told against
with thresholds as (
    select 28 as days_apart -- rankings flicker from day to day; a month tells a loss from a flicker
),

-- A draw of which one page was blocked is not an answer: what was on that page is unknown.
draw as (
    select
        keyword, engine, locale, device, result_type, run_id, target, draw,
        max(as_of) as as_of,
        max(depth) as depth,
        case
            when bool_or(status = 'blocked') then 'blocked'
            when bool_or(status = 'failed') then 'failed'
            when bool_or(status = 'observed') then 'observed'
            else 'absent'
        end as status
    from core.search_result
    where keyword is not null
    group by keyword, engine, locale, device, result_type, run_id, target, draw
),

checked as (
    select
        keyword, engine, locale, device, result_type, run_id,
        max(as_of) as as_of,
        count(*) as draw_count,
        count(*) filter (where status = 'observed') as observed_count,
        count(*) filter (where status = 'absent') as absent_count,
        count(*) filter (where status = 'failed') as failed_count,
        count(*) filter (where status = 'blocked') as blocked_count,
        max(depth) filter (where status in ('observed', 'absent')) as depth,
        observed_count + absent_count > 0 as answered
    from draw
    group by keyword, engine, locale, device, result_type, run_id
),

placed as (
    select
        *,
        row_number() over search = 1 as newest,
        first_value(answered) over search as answered_now,
        first_value(as_of) over search as newest_as_of,
        count(*) filter (where answered) over search as answered_place
    from checked
    window search as (
        partition by keyword, engine, locale, device, result_type order by as_of desc, run_id desc rows unbounded preceding
    )
),

older as (
    select
        *,
        answered_now and answered and not newest and as_of <= newest_as_of - to_days(days_apart) as is_older
    from placed, thresholds
)

select
    keyword, engine, locale, device, result_type, run_id, as_of, draw_count, observed_count, absent_count, failed_count,
    blocked_count, depth, answered, newest,
    case
        when newest and answered then 0
        when is_older and row_number() over (
            partition by keyword, engine, locale, device, result_type, is_older order by as_of desc, run_id desc
        ) = 1 then 1
    end as age,
    -- Of an unanswered newest check nothing can be told against anything.
    answered_now and answered and answered_place = 2 as previous
from older
