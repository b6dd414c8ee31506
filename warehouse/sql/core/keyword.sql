-- One row per search whose rankings the market watches.
-- keyword: as searched for
-- engine: name of the engine in the market file
-- locale: as asked for
with keywords as (
    select unnest(keywords) as keyword
    from raw.market
)
select distinct keyword.keyword, keyword.engine, keyword.locale
from keywords
