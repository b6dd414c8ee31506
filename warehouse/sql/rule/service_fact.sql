-- One row per brand and part of the service audit in which its pages plainly offer more, or less, than those of most rivals.
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: strength or weakness
-- theme: null
-- metric: the part, as in metric.service_audit
-- window: all
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
-- tone: positive or negative: which sentences or pages prove it
-- claim: one sentence with its numbers, as a message (see pipeline/words.py)
-- statistics: what was looked at, and when, as a message; nothing was sampled, so there is no q
-- n: passages that show it; where none does, pages that were read; of topic_coverage, complaints
-- n_rest: rivals whose pages are known
-- effect, low, high, q_value: null
-- strength: 0: facts stand after what was tested
with thresholds as (
    select
        2 as channels_min, -- one way more or less to get in touch is no difference that customers would notice
        0.15 as coverage_min, -- every seventh complaint
        0.5 as most -- of the rivals, which must be on the other side
),

setting as (
    select
        (select max(value) from metric.setting where name = 'min_reviews') as min_reviews,
        coalesce((select any_value(timezone) from core.run), 'UTC') as timezone
),

wording as (
    select *
    from (values
        (
            'chat_widgets', true,
            json_object('say', 'Offers a chat; rivals that do: {offering} of {rivals}'),
            json_object('say', 'Offers no chat; rivals that do: {offering} of {rivals}')
        ),
        (
            'hours_stated', true,
            json_object('say', 'States opening hours; rivals that do: {offering} of {rivals}'),
            json_object('say', 'States no opening hours; rivals that do: {offering} of {rivals}')
        ),
        (
            'response_promise_hours', true,
            json_object('say', 'Promises when it will answer; rivals that do: {offering} of {rivals}'),
            json_object('say', 'Does not promise when it will answer; rivals that do: {offering} of {rivals}')
        ),
        (
            'search_box', true,
            json_object('say', 'Has a search on its help pages; rivals that do: {offering} of {rivals}'),
            json_object('say', 'Has no search on its help pages; rivals that do: {offering} of {rivals}')
        ),
        ('contact_channels', false, null, null),
        ('topic_coverage', false, null, null)
    ) as w (part, is_either, has, lacks)
),

-- That a page does not state something is known too, once it was read.
known as (
    select
        a.brand,
        w.*,
        case when w.is_either then if(coalesce(a.value, 0) > 0, 1, 0) else a.value end as value,
        a.n,
        a.detail,
        cast(timezone(g.timezone, timezone('UTC', a.last_landed_at)) as date) as read_on
    from metric.service_audit a
    join wording w on w.part = a.part
    cross join setting g
    where
        (a.value is not null or (w.is_either and a.status = 'not stated'))
        and (a.part <> 'topic_coverage' or a.n >= g.min_reviews)
),

seen as (
    select brand, part, tone, count(*) as n, count(distinct url) as page_count from metric.page_seen group by brand, part, tone
),

compared as (
    select
        k.brand,
        any_value(k) as own,
        count(*) as rivals,
        median(r.value) as rivals_median,
        avg(case
            when k.part = 'contact_channels' then r.value - k.value <= -h.channels_min
            when k.part = 'topic_coverage' then r.value - k.value <= -h.coverage_min
            else r.value < k.value
        end::integer) as below,
        avg(case
            when k.part = 'contact_channels' then r.value - k.value >= h.channels_min
            when k.part = 'topic_coverage' then r.value - k.value >= h.coverage_min
            else r.value > k.value
        end::integer) as above,
        count(*) filter (where r.value > 0) as offering
    from known k
    cross join thresholds h
    join known r on r.part = k.part and r.brand <> k.brand
    group by k.brand, k.part
),

judged as (
    select
        c.*, case when c.below > h.most then 'strength' when c.above > h.most then 'weakness' end as quadrant
    from compared c
    cross join thresholds h
),

proven as (
    select
        j.*,
        s.tone,
        s.n as seen_count,
        case
            when j.own.part = 'topic_coverage' then json_object('say', '{n} complaints held against the FAQ', 'n', j.own.n)
            when s.tone = 'negative' then json_object('say', 'looked for, and not there')
            else json_object('say', 'seen on {n} page', 'many', 'seen on {n} pages', 'n', s.page_count)
        end as looked
    from judged j
    join seen s
        on s.brand = j.brand and s.part = j.own.part
        and s.tone = if(j.own.value = 0 and j.own.part <> 'topic_coverage', 'negative', 'positive')
    where j.quadrant is not null
)

select
    j.brand,
    j.quadrant,
    cast(null as varchar) as theme,
    j.own.part as metric,
    'all' as "window",
    j.brand as about,
    j.tone,
    case
        when j.own.is_either
            then json_merge_patch(
                if(j.quadrant = 'strength', j.own.has, j.own.lacks), json_object('offering', j.offering, 'rivals', j.rivals)
            )
        when j.own.part = 'contact_channels' then json_object(
            'say', 'Offers {value:count} kinds of contact channel; the median rival of {rivals} offers {median:count}',
            'value', j.own.value, 'rivals', j.rivals, 'median', j.rivals_median
        )
        else json_object(
            'say', 'Its FAQ treats the themes of {value:pct} of its customers'' complaints; {median:pct} at the median rival of {rivals}',
            'value', j.own.value, 'median', j.rivals_median, 'rivals', j.rivals
        )
    end as claim,
    if(j.own.read_on is null, j.looked, json_object('say', '{looked}, read on {day:day}', 'looked', j.looked, 'day', j.own.read_on)) as statistics,
    case when j.own.part = 'topic_coverage' then j.own.n else j.seen_count end as n,
    j.rivals as n_rest,
    cast(null as double) as effect,
    cast(null as double) as low,
    cast(null as double) as high,
    cast(null as double) as q_value,
    0.0 as strength
from proven j
order by j.brand, j.own.part
