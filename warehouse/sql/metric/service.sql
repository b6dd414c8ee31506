-- One row per brand: what it offers to customers who look for help. Facts of its pages, not judged by a test.
-- brand: whose pages
-- faq_count: questions answered on its FAQ and help pages now; null when no such page is known to have been read
-- channels: ways to reach it, such as 'chat (Intercom)' or 'phone', in alphabetical order; null when no page was read for them.
-- Opening hours, promises, links to help, search boxes and languages are none: see mart.service_audit
with answered as (
    select brand, count(*) as faq_count from core.faq_entry where current group by brand
),

reached as (
    select
        brand,
        list(distinct kind || case when vendor is null then '' else ' (' || vendor || ')' end
            order by kind || case when vendor is null then '' else ' (' || vendor || ')' end) as channels
    from core.contact_point
    where current and kind in ('chat', 'email', 'phone', 'messenger', 'social', 'form')
    group by brand
),

looked as (
    select brand, bool_or(kind = 'faq') as for_faq, bool_or(kind = 'contact') as for_contact
    from core.coverage
    where status in ('observed', 'absent')
    group by brand
)

select
    b.brand,
    case when l.for_faq or a.faq_count is not null then coalesce(a.faq_count, 0) end as faq_count,
    case when l.for_contact or r.channels is not null then coalesce(r.channels, cast([] as varchar[])) end as channels
from core.brand b
left join answered a on a.brand = b.brand
left join reached r on r.brand = b.brand
left join looked l on l.brand = b.brand
order by b.brand
