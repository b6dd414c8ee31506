-- Each landing file that counts gave as many lines as its receipt says.
with lines as (
    select run_id, target, count(*) as line_count
    from (
        select run_id, target from raw.review
        union all select run_id, target from raw.faq_entry
        union all select run_id, target from raw.search_result
        union all select run_id, target from raw.contact_point
        union all select run_id, target from raw.post
    ) as line
    group by run_id, target
)

select crawl.run_id, crawl.target, crawl.record_count, coalesce(lines.line_count, 0) as line_count
from core.crawl as crawl
left join lines on lines.run_id = crawl.lines_run_id and lines.target = crawl.target
where coalesce(lines.line_count, 0) <> crawl.record_count
