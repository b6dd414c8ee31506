-- One row per crawl that the market asks for: a source of a brand, or a search engine.
-- brand: brand id; null for search engines, which belong to the market
-- kind: reviews, faq, ranking, contact or mentions
-- source: module that reads it
-- name: the source's name in the market file
-- target: <brand>.<kind>.<name>; market.ranking.<engine> for search engines
-- basis: why we may read it
-- url: address it is read from; null for files
with targets as (
    select unnest(targets) as target
    from raw.market
)
select target.brand, target.kind, target.source, target.name, target.target, target.basis, target.url
from targets
