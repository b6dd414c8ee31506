-- One row per question and answer that a brand's page ever gave; a changed answer is a new row, and ends the old one.
-- entry_id: 16 hex digits of brand, source, question and answer
-- brand: brand id
-- source: the source's name in the market file
-- question: as printed
-- answer: as printed, without markup
-- faq_group: heading above the set of questions at the last reading; null where there was none
-- language: of the page, as it stated it at the last reading (ISO 639-1); null where it did not
-- updated_at: when the answer was last changed, as the page stated it at the last reading (UTC; midnight where only a day is
-- printed); null where it did not, and where it names a moment after the run's
-- clicks: links followed from the source's own page to the page of the last reading; null where nothing was walked
-- url: page of the last reading; of several that held the entry, the nearest
-- first_seen_at: first observation (UTC)
-- last_seen_at: last observation (UTC)
-- current: the newest crawl of its source that counts found it
with seen as (
    select
        raw.*, look.newest, coalesce(greatest(raw.seen_at, look.last_crawled_at), raw.seen_at) as last_seen_at
    from raw.faq_entry as raw
    join work.look as look on look.target = raw.target and look.run_id = raw.run_id
),

entry as (
    select
        brand, source, question, answer,
        -- Of several pages of one reading the nearest tells.
        arg_max(
            {
                'faq_group': "group", 'language': language, 'clicks': clicks, 'url': coalesce(url, page_url),
                'updated_at': timezone('UTC', try_cast(updated_at as timestamptz))
            },
            (as_of, -coalesce(clicks, 1000000), seen_at, coalesce(url, page_url, ''), coalesce("group", ''), coalesce(updated_at, ''))
        ) as line,
        min(seen_at) as first_seen_at, max(last_seen_at) as last_seen_at, bool_or(newest) as "current"
    from seen
    group by brand, source, question, answer
)

select
    substring(md5(concat_ws(chr(31), entry.brand, entry.source, entry.question, entry.answer)), 1, 16) as entry_id, entry.brand,
    entry.source, entry.question, entry.answer, entry.line.faq_group, entry.line.language,
    case when entry.line.updated_at <= run.as_of + interval 1 day then entry.line.updated_at end as updated_at, entry.line.clicks,
    entry.line.url, entry.first_seen_at, entry.last_seen_at, entry."current"
from entry
cross join core.run as run
