-- One row per source of posts of a brand: what is new since the last run, how often it posts, and how people answer.
-- A feed shows its newest posts only. Where it does not reach back to a window's first day, the days that it covers are told, not guessed.
-- A reading that lists no post that an earlier one knew has missed an unknown number: what is covered begins anew at its oldest post.
-- brand: core.brand's id
-- brand_name: as people know it
-- own: this is our brand
-- source: the source's name in the market file
-- status: of this run: observed, absent, failed, blocked or not_asked
-- read_as_of: moment of the last run that read it (UTC): the end of the newest window; null when none did, and then all numbers are null
-- post_count: posts ever listed
-- undated_count: of these, without a date: they are in no window
-- newest_at: moment of the newest dated post (UTC)
-- new_count: posts that the last reading was the first to list; null when it was the first reading of the source
-- new_is_least: the last reading lists nothing known before, so posts have come and gone between the two: new_count is the least there were;
-- null with new_count
-- new_since: moment of the reading before, since which they are new (UTC); null with new_count
-- window_days: length of a window, [swot] window_days of the market file
-- current_count: posts listed of the newest window: all there were only where current_days is window_days
-- current_days: days of it that the readings cover without a gap; less than window_days where they do not reach back so far
-- per_week: posts a week over those days; null with fewer than 7 days covered
-- previous_count: posts listed of the window before
-- previous_days: days of it that the readings cover without a gap
-- previous_per_week: posts a week over those days; null with fewer than 7 days covered
-- median_likes: over the posts of the newest window for which the source gives the number; null where it gives none: unknown is not zero
-- likes_count: posts behind median_likes
-- median_shares, median_replies, median_views: as median_likes
-- shares_count, replies_count, views_count: posts behind each
with thresholds as (
    select 7 as days_min -- a rate per week from less than a week is a guess
),

setting as (
    select cast(max(value) as integer) as window_days from metric.setting where name = 'window_days'
),

-- Each crawl that counts is a reading.
reading as (
    select
        target, run_id, lines_run_id, as_of,
        row_number() over (partition by target order by as_of desc, crawled_at desc nulls last, run_id desc) as age
    from core.crawl
),

read as (
    select
        target, max(as_of) filter (where age = 1) as read_as_of, max(as_of) filter (where age = 2) as new_since,
        min(as_of) as first_as_of
    from reading
    group by target
),

source as (
    select
        s.target, s.brand, s.name as source, r.read_as_of, r.new_since, r.first_as_of, g.window_days,
        r.read_as_of - to_days(g.window_days) as current_from, r.read_as_of - to_days(2 * g.window_days) as previous_from
    from core.source s
    cross join setting g
    left join read r on r.target = s.target
    where s.kind = 'mentions'
),

listed as (
    select p.*, max(r.as_of) as last_as_of
    from core.post p
    left join reading r on r.target = p.target and r.lines_run_id = p.run_id
    group by all
),

-- Where watching begins: at the first posts, and wherever a reading lists new ones and none that was listed before.
beginning as (
    select distinct n.target, n.first_as_of as as_of
    from listed n
    where not exists (
        select 1 from listed k where k.target = n.target and k.first_as_of < n.first_as_of and k.last_as_of >= n.first_as_of
    )
),

begun as (
    select target, max(as_of) as as_of
    from beginning
    group by target
),

-- The reading at which watching begins reaches back to its oldest post; from then on the runs themselves watch.
reach as (
    select
        s.target, coalesce(min(p.published_at), any_value(g.as_of), s.first_as_of) as known_from,
        any_value(g.as_of) = s.read_as_of as is_anew
    from source s
    left join begun g on g.target = s.target
    left join core.post p on p.target = s.target and p.first_as_of = g.as_of
    group by s.target, s.first_as_of, s.read_as_of
),

counted as (
    select
        s.target,
        count(p.native_id) as post_count,
        count(p.native_id) filter (where p.published_at is null) as undated_count,
        max(p.published_at) as newest_at,
        count(p.native_id) filter (where p.first_as_of = s.read_as_of) as new_count,
        count(*) filter (where p.published_at > s.current_from) as current_count,
        count(*) filter (where p.published_at > s.previous_from and p.published_at <= s.current_from) as previous_count,
        coalesce(any_value(r.is_anew), false) as new_is_least,
        greatest(s.current_from, any_value(r.known_from)) as current_begin,
        greatest(s.previous_from, any_value(r.known_from)) as previous_begin,
        -- The oldest post of a feed that does not reach back begins the days that are counted, and is not counted in them.
        count(*) filter (where p.published_at > greatest(s.current_from, r.known_from)) as current_within,
        count(*) filter (where p.published_at > greatest(s.previous_from, r.known_from) and p.published_at <= s.current_from)
            as previous_within,
        median(p.likes) filter (where p.published_at > s.current_from) as median_likes,
        count(p.likes) filter (where p.published_at > s.current_from) as likes_count,
        median(p.shares) filter (where p.published_at > s.current_from) as median_shares,
        count(p.shares) filter (where p.published_at > s.current_from) as shares_count,
        median(p.replies) filter (where p.published_at > s.current_from) as median_replies,
        count(p.replies) filter (where p.published_at > s.current_from) as replies_count,
        median(p.views) filter (where p.published_at > s.current_from) as median_views,
        count(p.views) filter (where p.published_at > s.current_from) as views_count
    from source s
    join reach r on r.target = s.target
    left join core.post p on p.target = s.target
    where s.read_as_of is not null
    group by s.target, s.read_as_of, s.current_from, s.previous_from
),

spanned as (
    select
        c.*,
        greatest(epoch(s.read_as_of - c.current_begin) / 86400, 0) as current_days,
        greatest(epoch(s.current_from - c.previous_begin) / 86400, 0) as previous_days
    from counted c
    join source s on s.target = c.target
)

select
    s.brand,
    b.name as brand_name,
    b.own,
    s.source,
    v.status,
    s.read_as_of,
    c.post_count,
    c.undated_count,
    c.newest_at,
    case when s.new_since is not null then c.new_count end as new_count,
    case when s.new_since is not null then c.new_is_least end as new_is_least,
    s.new_since,
    s.window_days,
    c.current_count,
    c.current_days,
    case when c.current_days >= t.days_min then c.current_within * 7 / c.current_days end as per_week,
    c.previous_count,
    c.previous_days,
    case when c.previous_days >= t.days_min then c.previous_within * 7 / c.previous_days end as previous_per_week,
    c.median_likes,
    c.likes_count,
    c.median_shares,
    c.shares_count,
    c.median_replies,
    c.replies_count,
    c.median_views,
    c.views_count
from source s
cross join thresholds t
join core.brand b on b.brand = s.brand
left join core.coverage v on v.target = s.target
left join spanned c on c.target = s.target
order by b.own desc, b.position, s.brand, s.source
