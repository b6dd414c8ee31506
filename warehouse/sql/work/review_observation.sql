-- One row per review and run that holds a line of it, narrow: wide columns are fetched by line where they are needed.
-- A crawl that meets a review twice (a list that moves while it is paged) counts its last reading.
-- line: rowid in raw.review
-- review_key: core.review's review_id as a number, which sorts and joins faster
-- run_id: run that holds the line
-- last_run_id: last run that found the same input again
-- seen_at: when the line was read (UTC)
-- last_seen_at: end of the last crawl that found the same input again, otherwise seen_at (UTC)
-- published_at: UTC; midnight where only a day is printed
-- published_on: day in the market's zone; the printed day where only a day is printed
-- reply_at: as published_at; null for an answer that came after the run's moment
-- replied: an answer stood there at the run's moment
-- title_left_out: the text begins with the title, or there is no title
-- ordinal: place among the target's landing files, oldest knowledge first
-- reworded: content, rating or reply differ from the observation before; true for the first
with run as (
    -- Days are the market's own, whatever the clock says in UTC.
    select as_of, timezone, timezone(timezone, timezone('UTC', as_of))::date as today
    from core.run
),

lines as (
    select
        raw.rowid as line, md5_number_upper(concat_ws('|', raw.brand, raw.source, raw.native_id)) as review_key,
        look.run_id, look.last_run_id, look.last_crawled_at, look.ordinal, raw.seen_at, raw.rating, raw.title, raw.text,
        raw.reply_text, length(raw.published_at) = 10 as day_only, run.timezone, run.as_of, run.today,
        timezone('UTC', try_cast(raw.published_at as timestamptz)) as published_at,
        timezone('UTC', try_cast(raw.reply_at as timestamptz)) as replied_at,
        rtrim(raw.title, ' .…') as bare_title,
        coalesce(lower(left(raw.text, length(bare_title))) = lower(bare_title), true) as title_left_out
    from raw.review as raw
    join work.look as look on look.target = raw.target and look.run_id = raw.run_id
    cross join run
),

known as (
    select
        line, review_key, run_id, last_run_id, seen_at, published_at, title_left_out, ordinal,
        coalesce(greatest(seen_at, last_crawled_at), seen_at) as last_seen_at,
        case
            when day_only or timezone = 'UTC' then published_at::date
            else timezone(timezone, timezone('UTC', published_at))::date
        end as published_on,
        today, coalesce(not day_only and published_at > as_of, false) as later,
        reply_text is not null and coalesce(replied_at <= as_of, true) as replied,
        case when replied then replied_at end as reply_at,
        hash(title, text, rating, case when replied then reply_text end) as wording
    from lines
),

last_reading as (
    select *
    from known
    where not later and (published_on is null or published_on <= today)
    qualify row_number() over (partition by review_key, ordinal order by seen_at desc, wording desc) = 1
)

select
    line, review_key, run_id, last_run_id, seen_at, last_seen_at, published_at, published_on, reply_at, replied, title_left_out,
    ordinal, lag(wording) over (partition by review_key order by ordinal) is distinct from wording as reworded
from last_reading
