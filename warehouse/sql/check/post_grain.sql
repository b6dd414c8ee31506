-- Each post stands once, belongs to a source that the market names, counts nothing below zero, and was not published after the run's moment.
select
    post.brand, post.source, post.native_id, post.published_at,
    count(*) over (partition by post.brand, post.source, post.native_id) as row_count
from core.post as post
cross join core.run as run
left join core.source as source on source.target = post.target and source.kind = 'mentions'
qualify
    row_count > 1
    or source.target is null
    or post.published_at > run.as_of + interval 1 day
    or least(post.likes, post.shares, post.replies, post.views) < 0
    or post.last_seen_at < post.first_seen_at
