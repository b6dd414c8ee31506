-- One row per brand and search: where it stands in the newest answered check, where it stood in the one before, and whether that is more than noise.
-- Answers to the same search differ from one draw to the next. What moved by no more than the draws of either check lie apart is noise.
-- brand: core.brand's id
-- brand_name: as people know it
-- own: this is our brand
-- keyword: as searched
-- engine: search engine
-- locale: as searched; null when the market file names none
-- device: desktop or mobile as asked for; null where the engine was not told
-- result_type: what was searched: web, news, shop, ...
-- status: of the newest check that landed, that of as_of: answered, failed or blocked; not_asked when none ever did
-- this_run: what became of the search in this run: answered, failed, blocked or not_asked. A crawl that was rejected as a whole landed no
-- check; it reads failed or blocked here, and all other columns tell of the check at as_of, which is older
-- as_of: moment of the newest check that landed (UTC); null when none ever did
-- depth: organic results that its answer held; null when it was not answered
-- rank: median over its draws, 1 is first; null when the brand is absent within the depth, and when it was not answered
-- rank_text: the rank as people read it: a number, 'absent within 10', 'no results' (for anybody) or 'not answered'
-- spread: worst minus best rank over the draws; null with a single answered draw; a lower bound where a draw lacks the brand
-- draws_found: draws that hold the brand
-- draws_answered: draws that were answered, with results or without
-- draws_failed: draws without a usable answer
-- draws_blocked: draws answered by a captcha or consent page
-- earlier_as_of: moment of the answered check before (UTC); null when there is none
-- earlier_rank: median then; null when absent, and without an earlier check
-- earlier_spread: as spread, then
-- moved_by: earlier_rank minus rank: positive is a rise; null unless both are ranks
-- verdict: up, down, in (was absent), out (is absent), same, noise (moved by no more than the spread), one draw (moved, but a single draw
-- cannot tell it from noise), shallow (it was absent from an answer that held fewer results than the other rank), first check, or not answered
-- is_movement: true when the verdict is up, down, in or out; null where nothing can be told
with asked as (
    select distinct keyword, engine, locale, device, result_type from metric.search_check
    union
    select keyword, engine, locale, null, null
    from core.keyword k
    where not exists (
        select 1
        from metric.search_check a
        where a.keyword = k.keyword and a.engine = k.engine and a.locale is not distinct from k.locale
    )
),

compared as (
    select
        b.brand,
        b.name as brand_name,
        b.own,
        b.position,
        a.*,
        c.run_id,
        c.as_of,
        c.answered,
        c.failed_count,
        c.blocked_count,
        c.depth,
        n.rank,
        n.spread,
        n.found_count,
        n.answered_count,
        e.run_id is not null as has_earlier,
        e.as_of as earlier_as_of,
        e.rank as earlier_rank,
        e.spread as earlier_spread,
        e.depth as earlier_depth,
        e.rank - n.rank as moved_by,
        -- From beyond the depth it moved at least this far.
        case
            when n.rank is not null and e.rank is not null then abs(e.rank - n.rank)
            when n.rank is not null then e.depth + 1 - n.rank
            when e.rank is not null then n.depth + 1 - e.rank
            else 0
        end as distance,
        greatest(n.spread, e.spread) as noise
    from core.brand b
    cross join asked a
    left join metric.search_check c
        on c.newest and c.keyword = a.keyword and c.engine = a.engine and c.locale is not distinct from a.locale
        and c.device is not distinct from a.device and c.result_type is not distinct from a.result_type
    left join metric.search_rank n
        on n.age = 0 and n.brand = b.brand and n.keyword = a.keyword and n.engine = a.engine and n.locale is not distinct from a.locale
        and n.device is not distinct from a.device and n.result_type is not distinct from a.result_type
    left join metric.search_rank e
        on e.previous and e.brand = b.brand and e.keyword = a.keyword and e.engine = a.engine
        and e.locale is not distinct from a.locale and e.device is not distinct from a.device
        and e.result_type is not distinct from a.result_type
),

judged as (
    select
        *,
        case
            when not coalesce(answered, false) then 'not answered'
            when not has_earlier then 'first check'
            when rank is not distinct from earlier_rank then 'same'
            when (rank is null and coalesce(depth, 0) < earlier_rank) or (earlier_rank is null and coalesce(earlier_depth, 0) < rank) then 'shallow'
            when spread is null or earlier_spread is null then 'one draw'
            when distance <= noise then 'noise'
            when rank is null then 'out'
            when earlier_rank is null then 'in'
            when moved_by > 0 then 'up'
            else 'down'
        end as verdict
    from compared
),

-- Engines of which a source was asked in this run and gave nothing that counts.
missed as (
    select source as engine, min(status) as became
    from core.coverage
    where kind = 'ranking' and status in ('blocked', 'failed')
    group by source
)

select
    brand,
    brand_name,
    own,
    keyword,
    judged.engine,
    locale,
    device,
    result_type,
    case
        when answered then 'answered'
        when blocked_count > 0 then 'blocked'
        when failed_count > 0 then 'failed'
        else 'not_asked'
    end as status,
    case
        when run_id in (select run_id from core.run) then status
        else coalesce(missed.became, 'not_asked')
    end as this_run,
    as_of,
    depth,
    rank,
    case
        when not coalesce(answered, false) then 'not answered'
        when rank is null and coalesce(depth, 0) = 0 then 'no results'
        when rank is null then 'absent within ' || depth
        else format('{:.3g}', rank)
    end as rank_text,
    spread,
    found_count as draws_found,
    answered_count as draws_answered,
    failed_count as draws_failed,
    blocked_count as draws_blocked,
    earlier_as_of,
    earlier_rank,
    earlier_spread,
    moved_by,
    verdict,
    case
        when verdict in ('up', 'down', 'in', 'out') then true
        when verdict in ('same', 'noise') then false
    end as is_movement
from judged
left join missed on missed.engine = judged.engine
order by own desc, position, brand, keyword, judged.engine, locale, device, result_type
