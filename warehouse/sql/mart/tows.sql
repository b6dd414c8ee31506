-- One row per claim of mart.claim, where the market has an own brand: what it means for us, by pairing it with our own on the same topic.
-- A topic is a theme, or a metric without one; a change of it is of the same topic.
-- cell_id: as in mart.claim
-- topic: theme or metric, by which claims are paired
-- stance: how we stand in the topic: strong, weak, even (enough is known, and neither), or unknown
-- for_us: attack, defend, fix or watch
-- paired_with: cell_id of our own claim that decided; null where our figures did, or nothing was there to pair
-- for_us_reason: one English sentence that says why
-- for_us_reason_message: the same as a message for other languages (see pipeline/words.py)
with setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

us as (
    select brand, name from core.brand where own
),

wording as (
    select *
    from (values
        ('rating', json_object('say', 'ratings')),
        ('reply_rate', json_object('say', 'answering reviews')),
        ('answer_hours', json_object('say', 'the time to an answer')),
        ('visibility', json_object('say', 'search visibility')),
        ('open_keywords', json_object('say', 'searches without an owner')),
        ('churn_to_rival', json_object('say', 'keeping customers')),
        ('contact_channels', json_object('say', 'ways to get in touch')),
        ('chat_widgets', json_object('say', 'chat')),
        ('hours_stated', json_object('say', 'stated opening hours')),
        ('response_promise_hours', json_object('say', 'a promised time to an answer')),
        ('search_box', json_object('say', 'search on the help pages')),
        ('topic_coverage', json_object('say', 'what the FAQ answers')),
        ('unoffered_channels', json_object('say', 'ways to get in touch that nobody offers'))
    ) as w (topic, label)
),

claim as (
    select
        c.cell_id,
        c.brand,
        b.name,
        c.quadrant,
        c.about,
        a.name as about_name,
        c.position,
        coalesce(c.theme, regexp_replace(c.metric, '_change$', '')) as topic,
        case
            when c.metric like 'new_complaint %' then regexp_replace(c.metric, '^new_complaint [^ ]+ ', '')
        end as term,
        case
            when c.metric like 'new_complaint %' then to_json(regexp_replace(c.metric, '^new_complaint [^ ]+ ', ''))
            else coalesce(t.names, w.label, to_json(replace(c.metric, '_', ' ')))
        end as label
    from mart.claim c
    join core.brand b on b.brand = c.brand
    left join core.brand a on a.brand = c.about
    left join core.theme t on t.theme = c.theme
    left join wording w on w.topic = regexp_replace(c.metric, '_change$', '')
    where exists (select 1 from us)
),

ours as (
    select
        c.topic,
        arg_min(c.cell_id, c.position) filter (where c.quadrant = 'strength') as strength,
        arg_min(c.cell_id, c.position) filter (where c.quadrant = 'weakness') as weakness,
        arg_min(c.cell_id, c.position) filter (where c.quadrant = 'opportunity') as opportunity,
        arg_min(c.cell_id, c.position) filter (where c.quadrant = 'threat') as threat,
        arg_min(c.cell_id, c.position) filter (where c.quadrant = 'threat' and c.about = c.brand) as decline
    from claim c
    join us u on u.brand = c.brand
    group by c.topic
),

-- Asked, and nothing found: that is known too. What was never asked is not.
asked as (
    select t.theme as topic, t.mentioning_count >= g.min_reviews as is_known, s.is_strong, s.is_weak or s.is_declining as is_weak
    from us u
    cross join setting g
    join metric.theme_brand t on t.brand = u.brand and t."window" = 'all'
    join rule.standing s on s.brand = t.brand and s.theme = t.theme
    union all
    select m.metric, bool_or(m.p_value is not null), false, false
    from us u
    join metric.test m on m.brand = u.brand and m.theme is null
    group by m.metric
    union all
    select 'answer_hours', r.timed_count >= g.min_reviews, false, false
    from us u
    cross join setting g
    join metric.reply r on r.brand = u.brand and r."window" = 'all'
    union all
    -- What our page was read for and does not say is known too.
    select a.part, a.value is not null or a.status = 'not stated', false, false
    from us u
    join metric.service_audit a on a.brand = u.brand
),

placed as (
    select
        c.*,
        u.brand as us,
        c.brand = u.brand as is_ours,
        case
            when c.quadrant = 'threat' and c.about is distinct from c.brand then case when c.about = u.brand then 'pressed by us' else 'pressed' end
            when c.quadrant = 'threat' then 'declining'
            when c.quadrant = 'opportunity' and c.about = u.brand then 'eyeing us'
            else c.quadrant
        end as side,
        case
            when o.strength is not null then 'strong'
            when o.weakness is not null or o.decline is not null then 'weak'
            when k.is_weak then 'weak'
            when k.is_strong then 'strong'
            -- The rules propose no opening where we are weak.
            when k.is_known or (k.topic is null and o.opportunity is not null) then 'even'
            else 'unknown'
        end as stance,
        o.strength,
        coalesce(o.weakness, o.decline) as weakness,
        o.opportunity,
        o.threat
    from claim c
    cross join us u
    left join ours o on o.topic = c.topic
    left join asked k on k.topic = c.topic
),

-- The pairing, theme by theme. `any` stands for whatever has no row of its own.
pairing as (
    select *
    from (values
        -- A rival's.
        (
            false, 'weakness', 'strong', 'attack',
            json_object('say', '{brand} is weak in {topic:label}, where we are strong: an opening for us.'), null
        ),
        (
            false, 'weakness', 'weak', 'fix',
            json_object('say', '{brand} is weak in {topic:label}, and so are we: whoever mends it first gains.'), null
        ),
        (
            false, 'weakness', 'even', 'attack',
            json_object('say', '{brand} is weak in {topic:label}, and we are not: an opening for us.'), null
        ),
        (
            false, 'weakness', 'unknown', 'watch',
            json_object('say', '{brand} is weak in {topic:label}; too little is known of us to say whether we do better.'), null
        ),
        (
            false, 'declining', 'strong', 'attack',
            json_object('say', '{brand} is losing ground in {topic:label}, where we are strong: an opening for us.'),
            json_object('say', '{customers} have begun to complain of “{term}”, and ours have not: an opening for us.')
        ),
        (
            false, 'declining', 'weak', 'fix',
            json_object('say', '{brand} is losing ground in {topic:label}, and we are weak there too: whoever mends it first gains.'),
            json_object('say', '{customers} have begun to complain of “{term}”, and so have ours: whoever mends it first gains.')
        ),
        (
            false, 'declining', 'even', 'attack',
            json_object('say', '{brand} is losing ground in {topic:label}, and we are not weak there: an opening for us.'),
            json_object('say', '{customers} have begun to complain of “{term}”, and ours have not: an opening for us.')
        ),
        (
            false, 'declining', 'unknown', 'watch',
            json_object('say', '{brand} is losing ground in {topic:label}; too little is known of us to say whether we do better.'),
            json_object('say', '{customers} have begun to complain of “{term}”; too little is known of ours to say whether they do.')
        ),
        (
            false, 'strength', 'strong', 'defend',
            json_object('say', '{brand} is strong in {topic:label}, and so are we: what we have is worth guarding.'), null
        ),
        (
            false, 'strength', 'weak', 'fix',
            json_object('say', '{brand} is strong in {topic:label}, where we are weak: this has to be mended before it costs us customers.'), null
        ),
        (
            false, 'strength', 'even', 'watch',
            json_object('say', '{brand} is strong in {topic:label}, where we are neither strong nor weak: it costs us nothing that can be shown.'), null
        ),
        (
            false, 'strength', 'unknown', 'watch',
            json_object('say', '{brand} is strong in {topic:label}; too little is known of us there to act on it.'), null
        ),
        (
            false, 'pressed', 'strong', 'defend',
            json_object('say', '{rival} presses {brand} in {topic:label}, where we are strong: what we have is worth guarding.'), null
        ),
        (
            false, 'pressed', 'weak', 'fix',
            json_object('say', '{rival} presses {brand} in {topic:label}, and us too: we are weak there.'), null
        ),
        (
            false, 'pressed', 'even', 'watch',
            json_object('say', '{rival} presses {brand} in {topic:label}, where we are neither strong nor weak: it costs us nothing that can be shown.'), null
        ),
        (
            false, 'pressed', 'unknown', 'watch',
            json_object('say', '{rival} presses {brand} in {topic:label}; too little is known of us there to act on it.'), null
        ),
        (
            false, 'pressed by us', 'any', 'attack',
            json_object('say', 'We press {brand} in {topic:label}: what presses it is ours to use.'), null
        ),
        (
            false, 'eyeing us', 'strong', 'defend',
            json_object('say', '{brand} could gain from us in {topic:label}, where we are strong: what we have is worth guarding.'),
            json_object('say', '{customers} have begun to complain of “{term}”, and {brand} could gain by it: this has to be mended before it costs us customers.')
        ),
        (
            false, 'eyeing us', 'any', 'fix',
            json_object('say', '{brand} could gain from us in {topic:label}: this has to be mended before it costs us customers.'),
            json_object('say', '{customers} have begun to complain of “{term}”, and {brand} could gain by it: this has to be mended before it costs us customers.')
        ),
        (
            false, 'opportunity', 'strong', 'attack',
            json_object('say', 'There is an opening for {brand} in {topic:label}, where we are strong: we can be there first.'),
            json_object('say', '{customers} have begun to complain of “{term}”, an opening for {brand} as for us.')
        ),
        (
            false, 'opportunity', 'weak', 'fix',
            json_object('say', 'There is an opening for {brand} in {topic:label}, where we are weak: this has to be mended before others take the opening.'),
            json_object('say', '{customers} have begun to complain of “{term}”, and so have ours: this has to be mended before {brand} takes the opening.')
        ),
        (
            false, 'opportunity', 'even', 'watch',
            json_object('say', 'There is an opening for {brand} in {topic:label}: it is for others to take as much as for us.'),
            json_object('say', '{customers} have begun to complain of “{term}”: the opening is for {brand} to take as much as for us.')
        ),
        (
            false, 'opportunity', 'unknown', 'watch',
            json_object('say', 'There is an opening for {brand} in {topic:label}; too little is known of us there to act on it.'),
            json_object('say', '{customers} have begun to complain of “{term}”, an opening for {brand}; too little is known of us to act on it.')
        ),
        -- The same opening as one of ours is taken, not watched.
        (
            false, 'open to us too', 'any', 'attack',
            json_object('say', 'There is an opening for {brand} in {topic:label}, and the same one for us.'),
            json_object('say', '{customers} have begun to complain of “{term}”, an opening for {brand} as for us.')
        ),
        -- Our own: what is inside with what is outside.
        (
            true, 'strength', 'any', 'defend',
            json_object('say', 'We are strong in {topic:label}: it is worth keeping up.'), null
        ),
        (
            true, 'weakness', 'any', 'fix',
            json_object('say', 'We are weak in {topic:label}: it has to be mended.'), null
        ),
        (
            true, 'opportunity', 'weak', 'fix',
            json_object('say', 'There is an opening in {topic:label}, where we are weak: our own has to be mended before it is ours.'),
            json_object('say', '{customers} have begun to complain of “{term}”, and so have ours: our own has to be mended before the opening is ours.')
        ),
        (
            true, 'opportunity', 'strong', 'attack',
            json_object('say', 'There is an opening in {topic:label}, where we are strong: it is ours to take.'),
            json_object('say', '{customers} have begun to complain of “{term}”, and ours have not: the opening is ours to take.')
        ),
        (
            true, 'opportunity', 'any', 'attack',
            json_object('say', 'There is an opening in {topic:label}: it is ours to take.'),
            json_object('say', '{customers} have begun to complain of “{term}”, and ours have not: the opening is ours to take.')
        ),
        (
            true, 'declining', 'any', 'fix',
            json_object('say', 'We are losing ground in {topic:label}: it has to be mended.'),
            json_object('say', '{customers} have begun to complain of “{term}”: it has to be mended.')
        ),
        (
            true, 'pressed', 'strong', 'defend',
            json_object('say', '{rival} presses us in {topic:label}, where we are strong: what we have is worth guarding.'), null
        ),
        (
            true, 'pressed', 'weak', 'fix',
            json_object('say', '{rival} presses us in {topic:label}, where we are weak: it has to be mended.'), null
        ),
        (
            true, 'pressed', 'even', 'watch',
            json_object('say', '{rival} presses us in {topic:label}, where we are neither strong nor weak: it costs us nothing that can be shown.'), null
        ),
        (
            true, 'pressed', 'unknown', 'watch',
            json_object('say', '{rival} presses us in {topic:label}; too little is known of us there to act on it.'), null
        )
    ) as p (is_ours, side, stance, for_us, reason, reason_of_term)
),

-- An opening that we have a cell of our own for is open to us too, unless it is for us to mend or we are strong there anyhow.
sided as (
    select
        * replace (
            case
                when not is_ours and side = 'opportunity' and stance in ('even', 'unknown') and opportunity is not null then 'open to us too'
                else side
            end as side
        )
    from placed
),

decided as (
    select
        p.*,
        r.for_us,
        case when p.term is null then r.reason else coalesce(r.reason_of_term, r.reason) end as reason,
        case
            when p.is_ours and p.quadrant in ('strength', 'weakness') then coalesce(p.threat, p.opportunity)
            when p.side = 'open to us too' then p.opportunity
            when p.stance = 'strong' then p.strength
            when p.stance = 'weak' then nullif(p.weakness, p.cell_id)
            when p.side in ('weakness', 'declining') then nullif(p.opportunity, p.cell_id)
        end as paired_with
    from sided p
    join pairing r
        on r.is_ours = p.is_ours and r.side = p.side
        and (r.stance = p.stance or (
            r.stance = 'any'
            and not exists (select 1 from pairing x where x.is_ours = p.is_ours and x.side = p.side and x.stance = p.stance)
        ))
),

told as (
    select
        *,
        json_merge_patch(reason, json_object(
            'brand', name,
            'topic', label,
            'term', term,
            'rival', coalesce(to_json(about_name), json_object('say', 'The market')),
            'customers', case
                when about = us then json_object('say', 'Our customers')
                when about is null then json_object('say', 'Everybody''s customers')
                else json_object('say', '{brand}''s customers', 'brand', about_name)
            end
        )) as message
    from decided
)

select
    cell_id,
    topic,
    stance,
    for_us,
    paired_with,
    english(message) as for_us_reason,
    message as for_us_reason_message
from told
order by cell_id
