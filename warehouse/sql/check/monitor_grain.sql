-- Each value that a crawl's monitors measured stands once, with a verdict, and its range is the right way round.
select
    target, run_id, reading, outcome, monitor, found, low, high, verdict,
    count(*) over (partition by target, run_id, reading, outcome, monitor) as row_count
from core.monitor
qualify
    row_count > 1
    or verdict not in ('fine', 'warning', 'alarm', 'too_little_history')
    or low > high
