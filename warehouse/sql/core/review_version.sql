-- One row per wording of a review that was seen to change: its content, rating or reply differed between two readings.
-- A review that never changed has its one wording in core.review, with a version_count of 1, and no row here.
-- review_id: key of core.review
-- version: 1 for the first wording seen
-- content: title, newline, text, as in core.review
-- rating: 0 worst .. 1 best; null without a rating or outside its scale
-- reply_text: the company's public answer; null when there was none
-- seen_at: when this wording was first read (UTC)
-- run_id: run that first saw it, and holds the landing line
with wordings as (
    select
        *, row_number() over (partition by review_key order by ordinal) as version,
        count(*) over (partition by review_key) as version_count
    from work.review_observation
    where reworded
    qualify version_count > 1
)

select
    format('{:016x}', wordings.review_key) as review_id, wordings.version,
    concat_ws(chr(10), case when not wordings.title_left_out then trim(raw.title) end, nullif(raw.text, '')) as content,
    case
        when raw.rating between raw.rating_min and raw.rating_max and raw.rating_max > raw.rating_min
            then (raw.rating - raw.rating_min) / (raw.rating_max - raw.rating_min)
    end as rating,
    case when wordings.replied then raw.reply_text end as reply_text, wordings.seen_at, wordings.run_id
from wordings
join raw.review as raw on raw.rowid = wordings.line
