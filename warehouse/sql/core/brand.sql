-- One row per brand of the market, the own one and its rivals alike.
-- brand: brand id
-- name: name for readers
-- own: it is ours
-- aliases: other spellings by which people call it, as the market file has them; empty where it has none
-- position: place in the market file, from 1
with brands as (
    select unnest(brands) as brand, generate_subscripts(brands, 1) as position
    from raw.market
)
select brand.id as brand, brand.name, brand.own, coalesce(brand.aliases, cast([] as varchar[])) as aliases, position
from brands
