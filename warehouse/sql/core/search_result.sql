-- One row per run, draw of a search, and rank; a draw without organic results has one row that says so, with a null rank.
-- keyword: what was searched for; null when a saved page does not say
-- engine: search engine
-- locale: as asked for
-- device: desktop or mobile as asked for; null where the engine was not told
-- result_type: what was searched: web, news, shop, ...; ranks of different types are never compared
-- target: market.ranking.<name>: the source that asked
-- draw: which repetition of the search within the crawl, from 1
-- run_id: run that searched
-- as_of: that run's moment (UTC)
-- status: observed, absent (answered, without results), failed or blocked
-- rank: 1 is the first organic result; null unless observed
-- depth: organic results that the answer held: who is not among them is absent within this depth, not unranked
-- url: the result's address
-- domain: host of the address in lower case, without www.
-- title: the result's title
-- brand: brand whose domain it is, subdomains included; null for everybody else
with results as (
    select
        raw.keyword, raw.engine, raw.locale, raw.device, raw.result_type, raw.target, raw.draw, raw.run_id, raw.as_of, raw.status, raw.rank,
        raw.depth, raw.url, raw.title,
        nullif(regexp_replace(lower(
            regexp_extract(raw.url, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:@]+)', 1)
        ), '^www\.|\.$', '', 'g'), '') as domain
    from raw.search_result as raw
    semi join work.look as look on look.target = raw.target and look.run_id = raw.run_id
    qualify row_number() over (
        partition by
            raw.run_id, raw.target, raw.engine, raw.locale, raw.device, raw.result_type, raw.draw, raw.keyword, raw.rank
        order by raw.seen_at desc, raw.url, raw.title
    ) = 1
),

owners as (
    select results.domain, arg_max(brand_domain.brand, (length(brand_domain.domain), -brand.position)) as brand
    from (select distinct domain from results) as results
    join core.brand_domain as brand_domain
        on results.domain = brand_domain.domain or ends_with(results.domain, '.' || brand_domain.domain)
    join core.brand as brand on brand.brand = brand_domain.brand
    group by results.domain
)

select
    results.keyword, results.engine, results.locale, results.device, results.result_type, results.target, results.draw, results.run_id,
    results.as_of, results.status, results.rank, results.depth, results.url, results.domain, results.title, owners.brand
from results
left join owners on owners.domain = results.domain
