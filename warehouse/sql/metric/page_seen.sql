-- One row per brand, part of the service audit and passage of a page that shows it; or page that was read and does not.
-- brand: whose page
-- part: as in metric.service_audit; unoffered_channels for ways to get in touch in general
-- tone: positive where the page shows it, negative where it was read and does not
-- quote: as printed (a chat without words: who runs it); of a page that does not show it, its address
-- url: of the page
-- source: the source's name in the market file; the page's kind where several may have shown it
-- seen_on: day of the last observation, where the market is
with zone as (
    select coalesce(any_value(timezone), 'UTC') as timezone from core.run
),

offered as (
    select
        brand,
        unnest(case kind
            when 'chat' then ['contact_channels', 'chat_widgets']
            when 'hours' then ['hours_stated']
            when 'promise' then ['response_promise_hours']
            when 'search' then ['search_box']
            when 'email' then ['contact_channels']
            when 'phone' then ['contact_channels']
            when 'messenger' then ['contact_channels']
            when 'social' then ['contact_channels']
            when 'form' then ['contact_channels']
        end) as part,
        coalesce(nullif(trim(value), ''), vendor) as quote,
        url,
        cast(timezone(z.timezone, timezone('UTC', last_seen_at)) as date) as seen_on
    from core.contact_point
    cross join zone z
    where current
),

-- A walk began at the source's own page; of one from files the pages are known that said something.
walked as (
    select s.brand, s.url, cast(timezone(z.timezone, timezone('UTC', c.last_landed_at)) as date) as seen_on
    from core.source s
    join core.coverage c on c.target = s.target
    cross join zone z
    where s.kind = 'contact' and s.url is not null and c.last_landed_at is not null
    union
    select p.brand, p.url, max(cast(timezone(z.timezone, timezone('UTC', p.last_seen_at)) as date))
    from core.contact_point p
    cross join zone z
    where p.current and not exists (select 1 from core.source s where s.brand = p.brand and s.kind = 'contact' and s.url is not null)
    group by p.brand, p.url
)

select brand, part, 'positive' as tone, quote, url, 'contact' as source, max(seen_on) as seen_on
from offered
where quote <> '' and url <> ''
group by brand, part, quote, url
union all
select a.brand, a.part, 'negative', w.url, w.url, 'contact', w.seen_on
from metric.service_audit a
join walked w on w.brand = a.brand
where
    a.part in ('chat_widgets', 'contact_channels', 'hours_stated', 'response_promise_hours', 'search_box')
    and (a.value = 0 or (a.value is null and a.status = 'not stated'))
    and w.url <> ''
union all
select brand, 'unoffered_channels', 'negative', url, url, 'contact', seen_on
from walked
where url <> ''
union all
select e.brand, 'topic_coverage', 'positive', e.question, e.url, e.source, max(cast(timezone(z.timezone, timezone('UTC', e.last_seen_at)) as date))
from core.faq_entry e
cross join zone z
where e.current and e.question <> '' and e.url <> ''
group by e.brand, e.question, e.url, e.source
order by all
