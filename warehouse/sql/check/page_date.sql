-- Each date that a FAQ entry or a post landed with was understood: one that was not would leave it out of every window in silence.
select 'faq' as kind, run_id, target, question as what, updated_at as landed
from raw.faq_entry
where updated_at is not null and try_cast(updated_at as timestamptz) is null
union all
select 'mentions', run_id, target, native_id, published_at
from raw.post
where published_at is not null and try_cast(published_at as timestamptz) is null
