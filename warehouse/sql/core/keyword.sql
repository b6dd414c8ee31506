-- One row per search whose rankings the market watches.
-- keyword: as searched for
-- engine: name of the engine in the market file
-- locale: as asked for
-- device: desktop or mobile as asked for; null where the engine is not told
-- searches: a month, on average, where the keyword list tells; null where it does not
with keywords as (
    select unnest(keywords) as keyword
    from raw.market
)
select distinct keyword.keyword, keyword.engine, keyword.locale, keyword.device, keyword.searches
from keywords
