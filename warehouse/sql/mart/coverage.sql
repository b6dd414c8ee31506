-- One row per target of the market: what was looked at, and what is missing from this report.
-- target: as in the market file
-- brand: core.brand's id, null for search rankings
-- brand_name: as people know it; null with brand
-- kind: reviews, faq, ranking, contact or mentions
-- source: the source's name
-- basis: on what terms it is read
-- url: page that it reads; null for a file
-- status: observed, absent, failed, blocked or not_asked
-- reason: why, when it is not observed; null otherwise
-- alarm: blocked, layout_gone or implausible, as the last attempt was judged; null where it was none of these
-- record_count: records that the crawl gave, also one that was rejected; null when it gave nothing that could be counted
-- stated_count: reviews that the page itself says there are; null when it says nothing
-- crawled_at: end of the last attempt (UTC); null when never asked
-- last_landed_at: end of the last crawl that was accepted (UTC); null when none was
-- review_count: reviews of this source that count here; null for other kinds
-- duplicate_count: reviews left out because the same one counts elsewhere; null for other kinds
-- undated_count: counted reviews without a date, which no window but `all` holds; null for other kinds
-- first_on: day of the oldest counted review
-- last_on: day of the newest counted review
with reviewed as (
    select
        r.brand,
        r.source,
        count(m.review_id) as review_count,
        count(*) filter (where r.duplicate_of is not null) as duplicate_count,
        count(*) filter (where m.review_id is not null and m.published_on is null) as undated_count,
        min(m.published_on) as first_on,
        max(m.published_on) as last_on
    from core.review r
    left join metric.review m on m.review_id = r.review_id
    group by r.brand, r.source
),

place as (
    select target, any_value(name) as name, any_value(basis) as basis, any_value(url) as url from core.source group by target
)

select
    c.target,
    c.brand,
    b.name as brand_name,
    c.kind,
    coalesce(p.name, c.source) as source,
    p.basis,
    p.url,
    c.status,
    c.reason,
    c.alarm,
    c.record_count,
    c.stated_count,
    c.crawled_at,
    c.last_landed_at,
    case when c.kind = 'reviews' then coalesce(r.review_count, 0) end as review_count,
    case when c.kind = 'reviews' then coalesce(r.duplicate_count, 0) end as duplicate_count,
    case when c.kind = 'reviews' then coalesce(r.undated_count, 0) end as undated_count,
    r.first_on,
    r.last_on
from core.coverage c
left join core.brand b on b.brand = c.brand
left join place p on p.target = c.target
left join reviewed r on c.kind = 'reviews' and r.brand = c.brand and r.source = coalesce(p.name, c.source)
order by b.own desc nulls last, b.position nulls last, c.kind, c.target
