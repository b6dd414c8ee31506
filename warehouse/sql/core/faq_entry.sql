-- One row per question and answer that a brand's page ever gave; a changed answer is a new row, and ends the old one.
-- brand: brand id
-- source: the source's name in the market file
-- question: as printed
-- answer: as printed, without markup
-- faq_group: heading above the set of questions at the last reading; null where there was none
-- url: page of the last reading
-- first_seen_at: first observation (UTC)
-- last_seen_at: last observation (UTC)
-- current: the newest crawl of its source that counts found it
with seen as (
    select
        raw.*, look.newest, coalesce(greatest(raw.seen_at, look.last_crawled_at), raw.seen_at) as last_seen_at
    from raw.faq_entry as raw
    join work.look as look on look.target = raw.target and look.run_id = raw.run_id
)

select
    brand, source, question, answer,
    arg_max({'value': "group"}, (as_of, seen_at, coalesce(url, page_url, ''), coalesce("group", ''))).value as faq_group,
    arg_max(coalesce(url, page_url), (as_of, seen_at, coalesce(url, page_url, ''), coalesce("group", ''))) as url,
    min(seen_at) as first_seen_at, max(last_seen_at) as last_seen_at, bool_or(newest) as current
from seen
group by brand, source, question, answer
