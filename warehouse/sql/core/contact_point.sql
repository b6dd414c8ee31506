-- One row per way to reach a brand, or thing said about being reached, that its pages ever offered.
-- brand: brand id
-- kind: chat, email, phone, messenger, social or form; or hours, promise, help, search, language: what the page says about being reached
-- vendor: who runs the channel; null for plain mail, phone and forms
-- value: address, number, link or words as printed; null for a chat widget that shows none
-- url: page of the last reading
-- clicks: least links followed from the source's own page to a page that offered it at the last reading; null where nothing was walked
-- human: for a chat, a page of the last reading says that people answer; null where none says anything
-- bot: for a chat, a page of the last reading says that a bot answers; null where none says anything
-- within_hours: for a promise, the least hours within which an answer was promised at the last reading
-- first_seen_at: first observation (UTC)
-- last_seen_at: last observation (UTC)
-- current: the newest crawl of a source that counts found it
with seen as (
    select
        raw.*, look.newest, coalesce(greatest(raw.seen_at, look.last_crawled_at), raw.seen_at) as last_seen_at,
        -- What a page no longer says of a channel is over, though the channel goes on.
        look.ordinal = max(look.ordinal) over (partition by raw.target, raw.kind, raw.vendor, raw.value) as last_reading
    from raw.contact_point as raw
    join work.look as look on look.target = raw.target and look.run_id = raw.run_id
)

select
    brand, kind, vendor, value, arg_max(coalesce(url, page_url), (as_of, seen_at, coalesce(url, page_url, ''))) as url,
    min(clicks) filter (where last_reading) as clicks, bool_or(human) filter (where last_reading) as human,
    bool_or(bot) filter (where last_reading) as bot, min(within_hours) filter (where last_reading) as within_hours,
    min(seen_at) as first_seen_at, max(last_seen_at) as last_seen_at, bool_or(newest) as current
from seen
group by brand, kind, vendor, value
