-- One row per post, article or video that a feed ever listed for a brand; the newest numbers win.
-- What was published after the run's moment is left out.
-- brand: brand id
-- source: the source's name in the market file
-- native_id: the source's own id
-- target: <brand>.mentions.<name>
-- title: null where there is none
-- text: without markup; empty when only a title was given
-- published_at: UTC; midnight where only a day is printed; null where neither is
-- author_hash: keyed hash of the author's name; null where none is printed
-- language: as the source states it (ISO 639-1); null where it does not
-- url: where a reader finds it
-- likes, shares, replies, views: as the newest line that gives the number has it; null where the source never gave one: unknown is not zero
-- first_run_id: run that first listed it
-- first_as_of: that run's moment (UTC)
-- first_seen_at: first observation (UTC)
-- last_seen_at: last observation (UTC)
-- run_id: run whose landing file holds the newest line
-- current: the newest crawl of its source that counts still listed it; feeds drop old posts
with seen as (
    select
        raw.*, look.newest, look.ordinal, coalesce(greatest(raw.seen_at, look.last_crawled_at), raw.seen_at) as last_seen_at,
        timezone('UTC', try_cast(raw.published_at as timestamptz)) as posted_at
    from raw.post as raw
    join work.look as look on look.target = raw.target and look.run_id = raw.run_id
    cross join core.run as run
    -- A bare day is today's or earlier: a day ahead of UTC's is today in some zones.
    where
        posted_at is null or posted_at <= run.as_of
        or (length(raw.published_at) = 10 and posted_at <= date_trunc('day', run.as_of) + interval 1 day)
),

last_line as (
    select *
    from seen
    qualify row_number() over (
        partition by brand, source, native_id order by ordinal desc, seen_at desc, coalesce(url, ''), coalesce(title, ''), text
    ) = 1
),

summed as (
    select
        brand, source, native_id,
        max_by(likes, (ordinal, seen_at, likes)) filter (where likes is not null) as likes,
        max_by(shares, (ordinal, seen_at, shares)) filter (where shares is not null) as shares,
        max_by(replies, (ordinal, seen_at, replies)) filter (where replies is not null) as replies,
        max_by(views, (ordinal, seen_at, views)) filter (where views is not null) as views,
        arg_min(run_id, ordinal) as first_run_id, arg_min(as_of, ordinal) as first_as_of, min(seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at, bool_or(newest) as current
    from seen
    group by brand, source, native_id
)

select
    line.brand, line.source, line.native_id, line.target, line.title, coalesce(line.text, '') as text, line.posted_at as published_at,
    line.author_hash, line.language, coalesce(line.url, line.page_url) as url, summed.likes, summed.shares, summed.replies, summed.views,
    summed.first_run_id, summed.first_as_of, summed.first_seen_at, summed.last_seen_at, line.run_id, summed.current
from last_line as line
join summed on summed.brand = line.brand and summed.source = line.source and summed.native_id = line.native_id
