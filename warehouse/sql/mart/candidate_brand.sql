-- One row per domain that ranks for the watched keywords and belongs to no brand of the market: who else customers find, the most visible first.
-- Nothing is left out by opinion: known_as says what this market itself knows of a domain that is a platform rather than a rival.
-- domain: registrable domain, by the public suffix list
-- position: order of the rows, from 1: by visibility, then keywords, then best rank
-- visibility: share of the keyword set's clicks that its latest rankings on the web would draw, 0..1; as mart.summary's
-- keyword_count: watched keywords for which it is among the results
-- keyword_total: watched keywords that were answered
-- keyword_share: keyword_count / keyword_total, 0..1
-- best_rank: its best rank (median over the draws) in any of the latest checks; null where fewer than half of the draws hold it
-- best_keyword: the keyword of that rank
-- known_as: engine (its own results), account (brands of the market name an account there) or source (reviews or posts are read there):
-- rather a platform than a rival; null where nothing is known, which is what to look for
-- example_url: a result of it, the best ranked
-- example_title: that result's title
with told as (
    select *, observed_count + absent_count as n
    from metric.search_check
    where age = 0 and result_type = 'web'
),

own_domain as (
    select distinct d.domain
    from metric.host h
    join metric.domain d on d.host = h.host
    where h.met_as = 'brand'
),

known as (
    select d.domain, arg_min(h.met_as, case h.met_as when 'engine' then 1 when 'account' then 2 else 3 end) as known_as
    from metric.host h
    join metric.domain d on d.host = h.host
    where h.met_as in ('engine', 'account', 'source')
    group by d.domain
),

drawn as (
    select
        d.domain, s.keyword, s.engine, s.locale, s.device, s.run_id, s.target, s.draw,
        min(s.best_rank) as best_rank, sum(s.click_share) as click_share,
        arg_min(s.url, s.best_rank) as url, arg_min(s.title, s.best_rank) as title
    from metric.search_draw s
    join metric.domain d on d.host = s.host
    anti join own_domain o on o.domain = d.domain
    where s.brand is null and s.result_type = 'web'
    group by d.domain, s.keyword, s.engine, s.locale, s.device, s.run_id, s.target, s.draw
),

-- The median over the draws, as in metric.search_rank: a draw without the domain counts as no clicks, and lies beyond the depth.
checked as (
    select
        d.domain, t.keyword, t.engine,
        list(d.best_rank order by d.best_rank) as ranks,
        list_resize(cast([] as double[]), any_value(t.n) - count(*), 0.0) || list(d.click_share order by d.click_share) as clicks,
        (any_value(t.n) + 1) // 2 as low_place,
        any_value(t.n) // 2 + 1 as high_place,
        arg_min(d.url, d.best_rank) as url,
        arg_min(d.title, d.best_rank) as title
    from told t
    join drawn d
        on d.keyword = t.keyword and d.engine = t.engine and d.locale is not distinct from t.locale
        and d.device is not distinct from t.device and d.run_id = t.run_id
    group by d.domain, t.keyword, t.engine, t.locale, t.device, t.run_id
),

ranked as (
    select
        domain, keyword, engine, url, title,
        case when high_place <= len(ranks) then (ranks[low_place] + ranks[high_place]) / 2 end as rank,
        (clicks[low_place] + clicks[high_place]) / 2 as click_share
    from checked
),

engines as (
    select engine, count(*) as check_count from told group by engine
),

-- Mean over the engines of the mean over their answered keywords, also those for which it does not rank.
visible as (
    select domain, round(sum(engine_share) / (select count(*) from engines), 9) as visibility
    from (
        select r.domain, r.engine, sum(r.click_share) / any_value(e.check_count) as engine_share
        from ranked r
        join engines e on e.engine = r.engine
        group by r.domain, r.engine
    )
    group by domain
),

summed as (
    select
        domain,
        count(distinct keyword) as keyword_count,
        min(rank) as best_rank,
        arg_min(keyword, (rank, keyword)) filter (where rank is not null) as best_keyword,
        arg_min(url, (coalesce(rank, 1e9), keyword, url)) as example_url,
        arg_min(title, (coalesce(rank, 1e9), keyword, url)) as example_title
    from ranked
    group by domain
)

select
    s.domain,
    row_number() over (order by v.visibility desc, s.keyword_count desc, s.best_rank nulls last, s.domain) as position,
    v.visibility,
    s.keyword_count,
    (select count(distinct keyword) from told) as keyword_total,
    s.keyword_count / (select count(distinct keyword) from told) as keyword_share,
    s.best_rank,
    s.best_keyword,
    k.known_as,
    s.example_url,
    s.example_title
from summed s
join visible v on v.domain = s.domain
left join known k on k.domain = s.domain
order by position
