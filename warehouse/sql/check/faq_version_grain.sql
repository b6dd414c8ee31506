-- The answers to a question are numbered from 1 without a gap, in the order of the readings, without overlap, and at most the last is current.
select
    target, question_key, version, first_reading, last_reading, reading_count,
    lag(version) over question as version_before, lag(last_reading) over question as last_reading_before
from core.faq_version
window question as (partition by target, question_key order by version)
qualify
    version is distinct from coalesce(version_before + 1, 1)
    or first_reading > last_reading
    or first_reading <= last_reading_before
    or last_reading > reading_count
    or "current" is distinct from (last_reading = reading_count)
