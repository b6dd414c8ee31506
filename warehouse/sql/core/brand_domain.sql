-- One row per brand and domain whose search results count as the brand's, subdomains included.
-- brand: brand id
-- domain: host in lower case, without www., international names in their ASCII form
with brands as (
    select unnest(brands) as brand
    from raw.market
)
select distinct brand.id as brand, unnest(brand.domains) as domain
from brands
