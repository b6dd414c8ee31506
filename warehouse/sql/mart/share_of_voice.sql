-- One row per brand, kind of voice and window: its share of what is said or seen of all brands.
-- Reviews stand for those who write them where we look: a brand with more sources is louder here without being larger, so the reviews of shared
-- platforms are told apart.
-- brand: core.brand's id
-- brand_name: as people know it
-- own: this is our brand
-- position: order of the brands, from 1, the own one first
-- voice: reviews; shared_reviews (of platforms on which every brand with reviews has some); posts (the brand's own); naming (reviews of other
-- brands that name it); or searches (clicks on the watched keywords)
-- window: all or current; posts and searches are of all only
-- n: reviews or posts of this brand, reviews that name it, or answered keywords
-- total: the same of all brands
-- share: its share, 0..1; null where there is nothing of any brand
-- low, high: its 95 % interval (Wilson): what other weeks like this one would give; null for searches, which are read whole
-- share_before: the share in the window before; only with window current
-- change: share - share_before
-- change_low, change_high: its 95 % interval; it is a change where both are on one side of 0
with thresholds as (
    select 1.959964 as z -- 95 %, two-sided
),

shared as (
    select platform
    from metric.stratum
    group by platform
    having count(distinct brand) = (select count(distinct brand) from metric.stratum) and count(distinct brand) > 1
),

naming as (
    select n.named as brand, r.period
    from metric.naming n
    join metric.review r on r.review_id = n.review_id
),

counted as (
    select 'reviews' as voice, s.brand, w.name as "window", sum(s.review_count) as n
    from metric.stratum s
    join metric."window" w on w.name = 'all' or w.name = s.period
    group by s.brand, w.name
    union all
    select 'shared_reviews', s.brand, w.name, sum(s.review_count)
    from metric.stratum s
    join shared p on p.platform = s.platform
    join metric."window" w on w.name = 'all' or w.name = s.period
    group by s.brand, w.name
    union all
    select 'naming', m.brand, w.name, count(*)
    from naming m
    join metric."window" w on w.name = 'all' or w.name = m.period
    group by m.brand, w.name
    union all
    select 'posts', s.brand, 'all', count(p.native_id)
    from core.source s
    join core.post p on p.target = s.target
    where s.kind = 'mentions'
    group by s.brand
),

-- Whose reviews or posts were never read is not silent but unknown.
known as (
    select b.brand, v.voice
    from core.brand b
    cross join (values ('reviews', 'reviews'), ('shared_reviews', 'reviews'), ('posts', 'mentions'), ('naming', null)) as v (voice, kind)
    where
        v.kind is null
        or exists (
            select 1
            from core.coverage c
            where c.brand = b.brand and c.kind = v.kind and (c.status in ('observed', 'absent') or c.last_landed_at is not null)
        )
),

-- A brand of which nothing is said is told as zero, where something is said of another.
spread as (
    select
        b.brand,
        v.voice,
        v."window",
        cast(coalesce(c.n, 0) as bigint) as n,
        cast(sum(coalesce(c.n, 0)) over (partition by v.voice, v."window") as bigint) as total
    from known b
    join (select distinct voice, "window" from counted) v on v.voice = b.voice
    left join counted c on c.brand = b.brand and c.voice = v.voice and c."window" = v."window"
),

shares as (
    select
        s.*,
        n / nullif(total, 0) as p,
        case when total > 0 then greatest(0.0, (n / total + z * z / (2 * total) - z * sqrt(n / total * (1 - n / total) / total + z * z / (4.0 * total * total))) / (1 + z * z / total)) end as low,
        case when total > 0 then least(1.0, (n / total + z * z / (2 * total) + z * sqrt(n / total * (1 - n / total) / total + z * z / (4.0 * total * total))) / (1 + z * z / total)) end as high
    from spread s
    cross join thresholds
),

told as (
    select
        a.brand, a.voice, a."window", a.n, a.total, a.p as share, a.low, a.high,
        b.p as share_before,
        a.p - b.p as change,
        -- Newcombe's, of both intervals.
        a.p - b.p - sqrt((a.p - a.low) ** 2 + (b.high - b.p) ** 2) as change_low,
        a.p - b.p + sqrt((a.high - a.p) ** 2 + (b.p - b.low) ** 2) as change_high
    from shares a
    left join shares b on a."window" = 'current' and b."window" = 'previous' and b.brand = a.brand and b.voice = a.voice
    where a."window" <> 'previous'
    union all
    select
        v.brand, 'searches', 'all', sum(v.observed_count), sum(v.observed_count),
        round(avg(v.visibility) / nullif(sum(avg(v.visibility)) over (), 0), 9), null, null, null, null, null, null
    from metric.visibility v
    group by v.brand
    having avg(v.visibility) is not null
)

select
    t.brand,
    b.name as brand_name,
    b.own,
    b.position,
    t.voice,
    t."window",
    cast(t.n as bigint) as n,
    cast(t.total as bigint) as total,
    t.share,
    t.low,
    t.high,
    t.share_before,
    t.change,
    t.change_low,
    t.change_high
from told t
join (select brand, name, own, row_number() over (order by own desc, position, brand) as position from core.brand) b on b.brand = t.brand
order by t.voice, t."window", b.position
