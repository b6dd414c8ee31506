-- Each date that was landed was understood: one that was not would leave its review out of every window in silence.
select run_id, target, native_id, published_at, reply_at
from raw.review
where
    (published_at is not null and try_cast(published_at as timestamptz) is null)
    or (reply_at is not null and try_cast(reply_at as timestamptz) is null)
