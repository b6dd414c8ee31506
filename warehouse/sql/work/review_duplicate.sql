-- One row per review that says again what an earlier one of the same brand says: same author, same letters and digits.
-- review_key: the repetition
-- duplicate_of: the earliest review of the wording, which counts for all of them
with thresholds as (
    -- Two people rarely write the same twenty letters; many write "good". A CJK letter says about as much as two others.
    select 20 as min_letters
),

texts as (
    select
        review.line, review.review_key, review.published_on, raw.brand, raw.author_hash,
        case when review.title_left_out then raw.text else concat(raw.title, ' ', raw.text) end as content
    from work.review as review
    join raw.review as raw on raw.rowid = review.line
),

-- The first sixteen letters rule out nearly every pair, at a hundredth of the cost of comparing whole texts.
heads as (
    select
        line,
        lower(regexp_replace(
            regexp_extract(content, '^[^\p{L}\p{N}]*(?:[\p{L}\p{N}][^\p{L}\p{N}]*){0,16}'), '[^\p{L}\p{N}]+', '', 'g'
        )) as head,
        hash(brand, author_hash, head) as author_and_head
    from texts
),

alike as (
    select line
    from heads
    where head <> ''
    qualify count(*) over (partition by author_and_head) > 1
),

letters as (
    select
        texts.*, regexp_replace(lower(nfc_normalize(texts.content)), '[^\p{L}\p{N}]+', '', 'g') as wording
    from texts
    semi join alike on alike.line = texts.line
),

weighed as (
    select
        letters.*,
        length(wording)
        + length(regexp_replace(wording, '[^\p{Hangul}\p{Han}\p{Hiragana}\p{Katakana}]+', '', 'g')) < thresholds.min_letters as short
    from letters
    cross join thresholds
),

-- A short text, and a long one by nobody named, is a repetition only within one day.
first_of_each as (
    select
        weighed.review_key,
        first_value(weighed.review_key) over (
            partition by
                weighed.brand, weighed.author_hash, weighed.wording,
                case when weighed.short or weighed.author_hash is null then weighed.published_on end
            order by review.published_at nulls last, review.first_seen_at, weighed.review_key
        ) as duplicate_of
    from weighed
    join work.review as review on review.review_key = weighed.review_key
    where not weighed.short or (weighed.author_hash is not null and weighed.published_on is not null)
)

select review_key, duplicate_of
from first_of_each
where duplicate_of <> review_key
