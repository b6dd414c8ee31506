-- One row per claim of mart.claim, where the market has an own brand: what it means for us, by pairing it with our own on the same topic.
-- A topic is a theme, or a metric without one; a change of it is of the same topic.
-- cell_id: as in mart.claim
-- topic: theme or metric, by which claims are paired
-- label: the topic as it stands within a sentence
-- stance: how we stand in the topic: strong, weak, even (enough is known, and neither), or unknown
-- for_us: attack, defend, fix or watch
-- paired_with: cell_id of our own claim that decided; null where our figures did, or nothing was there to pair
-- for_us_reason: one sentence that says why
with setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

us as (
    select brand, name from core.brand where own
),

wording as (
    select *
    from (values
        ('rating', 'ratings'), ('reply_rate', 'answering reviews'), ('answer_hours', 'the time to an answer'),
        ('visibility', 'search visibility'), ('open_keywords', 'searches without an owner'), ('churn_to_rival', 'keeping customers'),
        ('contact_channels', 'ways to get in touch'), ('chat_widgets', 'chat'), ('hours_stated', 'stated opening hours'),
        ('response_promise_hours', 'a promised time to an answer'), ('search_box', 'search on the help pages'),
        ('topic_coverage', 'what its FAQ answers'), ('unoffered_channels', 'ways to get in touch that nobody offers')
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
            when c.metric like 'new_complaint %' then '“' || regexp_replace(c.metric, '^new_complaint [^ ]+ ', '') || '”'
            else coalesce(lower(t.name), w.label, replace(c.metric, '_', ' '))
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
        (false, 'weakness', 'strong', 'attack', 'it is an opening for us'),
        (false, 'weakness', 'weak', 'fix', 'whoever mends it first gains'),
        (false, 'weakness', 'even', 'attack', 'it is an opening for us'),
        (false, 'weakness', 'unknown', 'watch', 'it cannot be said whether we do better'),
        (false, 'declining', 'strong', 'attack', 'it is an opening for us'),
        (false, 'declining', 'weak', 'fix', 'whoever mends it first gains'),
        (false, 'declining', 'even', 'attack', 'it is an opening for us'),
        (false, 'declining', 'unknown', 'watch', 'it cannot be said whether we do better'),
        (false, 'strength', 'strong', 'defend', 'what we have is worth guarding'),
        (false, 'strength', 'weak', 'fix', 'it has to be mended before it costs us customers'),
        (false, 'strength', 'any', 'watch', 'it costs us nothing that can be shown'),
        (false, 'pressed', 'strong', 'defend', 'what we have is worth guarding'),
        (false, 'pressed', 'weak', 'fix', 'it presses us too'),
        (false, 'pressed', 'any', 'watch', 'it costs us nothing that can be shown'),
        (false, 'pressed by us', 'any', 'attack', 'what presses it is ours to use'),
        (false, 'eyeing us', 'strong', 'defend', 'what we have is worth guarding'),
        (false, 'eyeing us', 'any', 'fix', 'it has to be mended before it costs us customers'),
        (false, 'opportunity', 'strong', 'attack', 'we can be there first'),
        (false, 'opportunity', 'weak', 'fix', 'it has to be mended before others take the opening'),
        (false, 'opportunity', 'any', 'watch', 'it is for others to take as much as for us'),
        -- Our own: what is inside with what is outside.
        (true, 'strength', 'any', 'defend', 'it sets us apart'),
        (true, 'weakness', 'any', 'fix', 'it sets others apart'),
        (true, 'opportunity', 'weak', 'fix', 'our own has to be mended before the opening is ours'),
        (true, 'opportunity', 'any', 'attack', 'the opening is ours to take'),
        (true, 'declining', 'any', 'fix', 'it can be mended here'),
        (true, 'pressed', 'strong', 'defend', 'what we have is worth guarding'),
        (true, 'pressed', 'weak', 'fix', 'it hits us where we are weak'),
        (true, 'pressed', 'any', 'watch', 'it costs us nothing that can be shown')
    ) as p (is_ours, side, stance, for_us, consequence)
),

decided as (
    select
        p.*,
        r.for_us,
        r.consequence,
        case
            when p.is_ours and p.quadrant in ('strength', 'weakness') then coalesce(p.threat, p.opportunity)
            when p.stance = 'strong' then p.strength
            when p.stance = 'weak' then nullif(p.weakness, p.cell_id)
            when p.side in ('weakness', 'declining') then nullif(p.opportunity, p.cell_id)
        end as paired_with
    from placed p
    join pairing r
        on r.is_ours = p.is_ours and r.side = p.side
        and (r.stance = p.stance or (
            r.stance = 'any'
            and not exists (select 1 from pairing x where x.is_ours = p.is_ours and x.side = p.side and x.stance = p.stance)
        ))
),

-- An opening that we have a cell of our own for is taken, not watched.
taken as (
    select
        * replace (
            case when is_open then 'attack' else for_us end as for_us,
            case when is_open then opportunity else paired_with end as paired_with,
            case when is_open then 'the same opening is ours to take' else consequence end as consequence
        )
    from (
        select *, coalesce(not is_ours and side = 'opportunity' and for_us = 'watch' and opportunity is not null, false) as is_open
        from decided
    )
)

select
    cell_id,
    topic,
    label,
    stance,
    for_us,
    paired_with,
    case
        when topic like 'new_complaint %'
            then case when about = us then 'Our' when about is null then 'Everybody''s' else about_name || '''s' end
            || ' customers have begun to complain of ' || label
        when is_ours then case side
            when 'strength' then 'We are strong in ' || label
            when 'weakness' then 'We are weak in ' || label
            when 'opportunity' then 'There is an opening in ' || label
            when 'declining' then 'We are losing ground in ' || label
            else coalesce(about_name, 'The market') || ' presses us in ' || label
        end
        else case side
            when 'strength' then name || ' is strong in ' || label
            when 'weakness' then name || ' is weak in ' || label
            when 'opportunity' then 'There is an opening for ' || name || ' in ' || label
            when 'declining' then name || ' is losing ground in ' || label
            when 'eyeing us' then name || ' can gain from us in ' || label
            when 'pressed by us' then 'We press ' || name || ' in ' || label
            else coalesce(about_name, 'The market') || ' presses ' || name || ' in ' || label
        end
    end
    || case
        when is_ours and side in ('strength', 'weakness', 'declining') then ''
        when side = 'pressed by us' then ''
        when stance = 'strong' then ', and we are strong there'
        when stance = 'weak' then ', and we are weak there'
        when stance = 'even' then ', and we are neither strong nor weak there'
        else ', and too little is known of us there'
    end
    || ': ' || consequence || '.' as for_us_reason
from taken
order by cell_id
