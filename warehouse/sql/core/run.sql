-- One row: the run that built this file.
-- run_id: the run
-- as_of: moment as of which everything is said (UTC)
-- market: market id
-- market_name: name of the market for readers
-- timezone: IANA zone in which the market counts its days
-- market_sha256: of the market file's bytes
-- version: version of rivalscope that built this
select run_id, as_of, market, name as market_name, timezone, sha256 as market_sha256, version
from raw.market
