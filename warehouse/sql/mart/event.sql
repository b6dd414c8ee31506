-- One row per event that somebody may want to hear of before the next report: what alerts are made of.
-- event_id: 16 hex digits; of what lasts (own_weakness, rival_decline, rating_drop, chat_added) the same in every run for as long as it does,
-- of what happens at a moment (rank_loss, faq_changed) that of this one time
-- rule: own_weakness (a weakness of ours that passed its test), rival_decline (a rival's newest window is surely worse than the one before),
-- rank_loss (we fell further than the draws of a search lie apart), faq_changed, chat_added, rating_drop (ours)
-- brand: whom it happened to
-- brand_name: as people know it
-- own: this is our brand
-- theme: core.theme's id; null where it is about none
-- said: one English sentence with its numbers
-- said_message: the same as a message for other languages (see pipeline/words.py)
-- statistics: n, effect with its 95 % interval, and q, as people read them; null for what was looked at, not sampled
-- statistics_message: the same as a message
-- began_at: moment of the run that saw it first (UTC); null for what a test found, which began nowhere in particular
-- cell_id: the cell of the SWOT table behind it; null where there is none
-- url: page that shows it; null where no single one does
with thresholds as (
    -- Days after which a change of a FAQ page is no news any more, even to somebody whose delivery failed all the while.
    select 90 as news_days
),

own_weakness as (
    select
        'own_weakness' as rule, c.brand, c.theme, c.cell_id as what,
        json_object('say', 'New weakness of {brand}: {claim}', 'brand', b.name, 'claim', c.claim_message) as message, c.statistics_message,
        cast(null as timestamp) as began_at, c.cell_id, cast(null as varchar) as url
    from mart.swot_cell c
    join core.brand b on b.brand = c.brand and b.own
    where c.quadrant = 'weakness' and c.q_value is not null
),

decline as (
    select
        if(b.own, 'rating_drop', 'rival_decline') as rule, m.brand, m.theme, coalesce(m.theme, '') as what,
        json_object('say', '{brand} is slipping. {change}', 'brand', m.brand_name, 'change', m.change) as message,
        m.statistics as statistics_message, null as began_at, null as cell_id, null as url
    from rule.movement m
    join core.brand b on b.brand = m.brand
    where m.direction = 'worse' and (not b.own or m.metric = 'rating_change')
    -- Fewer praise and more complain is one decline, told by its surest sign.
    qualify row_number() over (partition by m.brand, m.theme order by m.strength desc, m.metric) = 1
),

rank_loss as (
    select
        'rank_loss' as rule, brand, null as theme,
        concat_ws('|', keyword, engine, coalesce(locale, ''), coalesce(device, ''), result_type, as_of) as what,
        case
            when verdict = 'out' then json_object(
                'say', '{brand} is no longer among the first {depth} for “{keyword}” ({engine}); it was at rank {before}',
                'brand', brand_name, 'depth', depth, 'keyword', keyword, 'engine', engine, 'before', format('{:.3g}', earlier_rank)
            )
            else json_object(
                'say', '{brand} fell from rank {before} to {rank} for “{keyword}” ({engine}); searches at one time lie {spread} ranks apart',
                'brand', brand_name, 'before', format('{:.3g}', earlier_rank), 'rank', format('{:.3g}', rank), 'keyword', keyword,
                'engine', engine, 'spread', format('{:.3g}', cast(greatest(spread, earlier_spread) as double))
            )
        end as message,
        null as statistics_message, as_of as began_at, null as cell_id, null as url
    from mart.rank_movement
    where own and verdict in ('down', 'out')
),

changed as (
    select
        brand, any_value(brand_name) as brand_name, source, first_seen_at, count(*) as changes,
        count(*) filter (where change in ('question added', 'question returned')) as added,
        count(*) filter (where change = 'question removed') as removed,
        count(*) filter (where change = 'question reworded') as reworded,
        count(*) filter (where change = 'answer changed') as answered,
        left(arg_min(question, question), 200) as question, arg_min(url, question) as url
    from mart.faq_change
    cross join core.run
    cross join thresholds t
    where change not in ('question reached', 'question not reached') and first_seen_at >= core.run.as_of - to_days(t.news_days)
    group by brand, source, first_seen_at
),

faq_changed as (
    select
        'faq_changed' as rule, brand, null as theme, concat_ws('|', source, first_seen_at) as what,
        case
            when changes > 1 then json_object(
                'say', '{brand} changed its FAQ (new questions: {added}, removed: {removed}, reworded: {reworded}, changed answers: {answered})',
                'brand', brand_name, 'added', added, 'removed', removed, 'reworded', reworded, 'answered', answered
            )
            when added = 1 then json_object('say', '{brand} answers a new question in its FAQ: “{question}”', 'brand', brand_name, 'question', question)
            when removed = 1 then json_object('say', '{brand} took a question out of its FAQ: “{question}”', 'brand', brand_name, 'question', question)
            when reworded = 1 then json_object('say', '{brand} words a question of its FAQ otherwise: “{question}”', 'brand', brand_name, 'question', question)
            else json_object('say', '{brand} changed an answer in its FAQ: “{question}”', 'brand', brand_name, 'question', question)
        end as message,
        null as statistics_message, first_seen_at as began_at, null as cell_id, if(changes = 1, url, null) as url
    from changed
),

-- An earlier reading that went through has not seen it; otherwise it may have been there all the time.
chat_added as (
    select
        'chat_added' as rule, p.brand, null as theme, coalesce(p.vendor, '') as what,
        case
            when p.vendor is null then json_object('say', '{brand} offers a chat now', 'brand', b.name)
            else json_object('say', '{brand} offers a chat now: {vendor}', 'brand', b.name, 'vendor', p.vendor)
        end as message,
        null as statistics_message, min(p.first_seen_at) over (partition by p.brand, p.vendor) as began_at, null as cell_id, p.url
    from core.contact_point p
    join core.brand b on b.brand = p.brand
    where p.kind = 'chat' and p.current
        and exists (
            select 1
            from core.crawl c
            join core.source s on s.target = c.target
            where s.brand = p.brand and s.kind = 'contact' and not c.is_cut and c.crawled_at < p.first_seen_at
        )
    qualify row_number() over (partition by p.brand, p.vendor order by p.first_seen_at, p.value) = 1
),

event as (
    select * from own_weakness
    union all
    select * from decline
    union all
    select * from rank_loss
    union all
    select * from faq_changed
    union all
    select * from chat_added
)

select
    left(md5(concat_ws('|', e.rule, e.brand, e.what)), 16) as event_id,
    e.rule,
    e.brand,
    b.name as brand_name,
    b.own,
    e.theme,
    english(e.message) as said,
    e.message as said_message,
    english(e.statistics_message) as statistics,
    e.statistics_message,
    e.began_at,
    e.cell_id,
    e.url
from event e
join core.brand b on b.brand = e.brand
order by b.own desc, b.position, e.brand, e.rule, e.began_at, event_id
