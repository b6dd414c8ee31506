-- One row per brand, where there are ways to get in touch that no brand of the market offers although all their pages were read.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: opportunity
-- theme: null
-- metric: unoffered_channels
-- window: all
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
-- tone: positive or negative: which sentences or pages prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: what was looked at, and when, as a message; nothing was sampled, so there is no q
-- n: brands whose pages were read
-- n_rest, effect, low, high, q_value: null
-- strength: 0: facts stand after what was tested
with zone as (
    select coalesce(any_value(timezone), 'UTC') as timezone from core.run
),

looked as (
    select
        count(*) as brands,
        count(*) filter (where status = 'measured') as read_count,
        min(cast(timezone(z.timezone, timezone('UTC', last_landed_at)) as date)) as read_on
    from metric.service_audit
    cross join zone z
    where part = 'contact_channels'
),

channel as (
    select *
    from (values
        (1, 'chat', json_object('say', 'a chat')),
        (2, 'messenger', json_object('say', 'a messenger')),
        (3, 'phone', json_object('say', 'a telephone')),
        (4, 'email', json_object('say', 'e-mail')),
        (5, 'form', json_object('say', 'a form'))
    ) as c (position, kind, name)
),

missing as (
    select list(c.name order by c.position) as names
    from channel c
    where not exists (select 1 from core.contact_point p where p.current and p.kind = c.kind)
)

select
    b.brand,
    'opportunity' as quadrant,
    cast(null as varchar) as theme,
    'unoffered_channels' as metric,
    'all' as "window",
    cast(null as varchar) as about,
    'negative' as tone,
    json_object('say', 'Nobody in this market can be reached by: {channels:listed}', 'channels', m.names) as claim,
    if(
        l.read_on is null,
        json_object('say', 'looked for on the pages of {n} brands', 'n', l.brands),
        json_object(
            'say', '{looked}, read on {day:day}',
            'looked', json_object('say', 'looked for on the pages of {n} brands', 'n', l.brands), 'day', l.read_on
        )
    ) as statistics,
    l.read_count as n,
    cast(null as bigint) as n_rest,
    cast(null as double) as effect,
    cast(null as double) as low,
    cast(null as double) as high,
    cast(null as double) as q_value,
    0.0 as strength
from core.brand b
cross join looked l
cross join missing m
where m.names is not null and l.brands > 1 and l.read_count = l.brands
order by b.brand
