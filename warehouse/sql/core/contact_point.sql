-- One row per way to reach a brand that its pages ever offered.
-- brand: brand id
-- kind: chat, email, phone, messenger, social or form
-- vendor: who runs the channel; null for plain mail, phone and forms
-- value: address, number or link; null for a chat widget that shows none
-- url: page of the last reading
-- first_seen_at: first observation (UTC)
-- last_seen_at: last observation (UTC)
-- current: the newest crawl of a source that counts found it
with seen as (
    select
        raw.*, look.newest, coalesce(greatest(raw.seen_at, look.last_crawled_at), raw.seen_at) as last_seen_at
    from raw.contact_point as raw
    join work.look as look on look.target = raw.target and look.run_id = raw.run_id
)

select
    brand, kind, vendor, value, arg_max(coalesce(url, page_url), (as_of, seen_at, coalesce(url, page_url, ''))) as url,
    min(seen_at) as first_seen_at, max(last_seen_at) as last_seen_at, bool_or(newest) as current
from seen
group by brand, kind, vendor, value
