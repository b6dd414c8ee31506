-- One row per site that was met, and how: what metric.domain is made from.
-- host: in lower case, without www.
-- met_as: result (of a search), brand (its own domain), account (a brand's social or messenger link), source (reviews are read there) or
-- engine (it answers the searches)
with met as (
    select domain as host, 'result' as met_as from core.search_result where brand is null
    union
    select domain, 'brand' from core.brand_domain
    union
    select
        lower(regexp_extract(value, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:@]+)', 1)), 'account'
    from core.contact_point
    where kind in ('social', 'messenger')
    union
    select
        lower(regexp_extract(url, '^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?([^/?#:@]+)', 1)),
        case when kind = 'ranking' then 'engine' else 'source' end
    from core.source
    where kind in ('reviews', 'mentions', 'ranking')
),

plain as (
    select distinct regexp_replace(host, '^www\.|\.$', '', 'g') as host, met_as from met
)

select host, met_as from plain where host <> ''
