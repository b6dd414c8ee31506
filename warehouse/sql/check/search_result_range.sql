-- A rank is 1 or more and within the depth exactly when a result was observed: failed is not unranked.
select run_id, engine, keyword, status, rank, depth
from core.search_result
where
    status not in ('observed', 'absent', 'failed', 'blocked')
    or (status = 'observed') <> (rank is not null)
    or rank < 1
    or draw < 1
    or rank > depth
