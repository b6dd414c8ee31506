-- One row per tactic for the own brand, the first to be done first: bound to cells of the SWOT table by what its data file says.
-- impact = reach × importance × removes: the stars of the mean rating that the complaints which it reaches cost, times the share of them that it
-- is taken to help. score = impact × feasibility / 5 orders the rows; what is blocked comes last.
-- position: order of the rows, from 1
-- tactic: metric.tactic's id
-- title: what is to be done
-- pain: what customers live through that it treats
-- steps: in order
-- because: cell_ids of the cells that it is bound to, our own first
-- for_us: what these cells mean for us: attack, defend or fix, in alphabetical order
-- themes: themes whose complaints it reaches
-- reach_of: complaints, bad_reviews, unanswered, untreated or searches, as in metric.tactic
-- reach_side: own, or rivals where it is an attack only and reaches complaints: their customers are the ones to be won
-- n: reviews with text of that side; for searches, answered keywords
-- reach: share of these that it reaches, 0..1; null where that is not known
-- reach_low, reach_high: its 95 % interval (Wilson); null for searches, which are read whole
-- importance: stars that go with each review that it reaches, null where too few reviews can tell: see importance_from
-- importance_low, importance_high: its 95 % interval
-- importance_n: reviews that it reaches behind importance
-- importance_from: drivers (metric.driver of the whole market, all themes in one model); or difference: between the mean of the reviews that it
-- reaches and that of all others, by stars, or where the market has too few by the tone of the text, 1 to 5
-- removes: share of those reached that it is taken to help: an assumption of the library, no measurement
-- impact: stars, see above; null where reach or importance is
-- impact_low, impact_high: its 95 % interval, of the chance in reach and importance; the assumption has none
-- feasibility: 1 hardest .. 5 easiest; 0 where it is blocked
-- feasibility_from: market file, tactic; market file, theme; or cost
-- is_blocked: the market file says that it cannot be done
-- score: impact × feasibility / 5
-- cost: low, medium or high
-- lead_weeks: until customers notice
-- shown_by: the number that would show success: schema.table.column
-- shown_as: falls or rises
with thresholds as (
    select 1.959964 as z -- 95 %, two-sided
),

setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

us as (
    select brand from core.brand where own
),

-- Which pages of ours are known to lack what.
lacking as (
    select a.part
    from us
    join metric.service_audit a on a.brand = us.brand and (a.value = 0 or (a.value is null and a.status = 'not stated'))
),

cell as (
    select
        c.cell_id, c.brand, c.brand = us.brand as is_own, c.theme, c.metric, c.position, c.for_us, w.stance,
        if(c.theme is null, split_part(w.topic, ' ', 1), null) as fact
    from mart.swot_cell c
    cross join us
    join mart.tows w on w.cell_id = c.cell_id
    where c.for_us <> 'watch'
),

fitting as (
    select t.tactic, t.otherwise, t.reach, c.*
    from metric.tactic t
    join cell c
        on list_contains(t.for_us, c.for_us)
        and list_contains(t.whose, if(c.is_own, 'own', 'rivals'))
        and (len(t.stance) = 0 or list_contains(t.stance, c.stance))
        and case
            -- What is asked about a theme is answered, whatever the remedy for complaints of it is.
            when c.theme is null or c.metric = 'unanswered_questions' then list_contains(t.metrics, coalesce(c.fact, c.metric))
            else list_contains(t.themes, c.theme) or list_contains(t.themes, '*')
        end
    where not exists (select 1 from unnest(t.lacks) as l (part) where l.part not in (select part from lacking))
),

bound as (
    select *
    from fitting f
    where not f.otherwise or not exists (select 1 from fitting o where o.cell_id = f.cell_id and not o.otherwise)
),

proposed as (
    select
        b.tactic,
        list(b.cell_id order by b.brand <> us.brand, b.brand, b.position, b.cell_id) as because,
        list_sort(list(distinct b.for_us)) as for_us,
        if(bool_and(b.for_us = 'attack') and any_value(b.reach) = 'complaints', 'rivals', 'own') as side
    from bound b
    cross join us
    group by b.tactic
),

-- A cell with a theme says which complaints; one without leaves it to the tactic's own themes.
pain as (
    select distinct tactic, theme
    from bound
    where theme is not null
    union
    select b.tactic, p.theme
    from bound b
    join metric.tactic t on t.tactic = b.tactic, unnest(t.themes) as p (theme)
    where p.theme <> '*' and not exists (select 1 from bound x where x.tactic = b.tactic and x.theme is not null)
),

treated as (
    select distinct unnest(f.themes) as theme from text.faq f join us on us.brand = f.brand
),

struck as (
    select p.tactic, t.review_id
    from proposed p
    join metric.tactic l on l.tactic = p.tactic and l.reach = 'complaints'
    join pain on pain.tactic = p.tactic
    join metric.review_theme t on t.theme = pain.theme and t.value = -1
    union
    select b.tactic, w.review_id
    from bound b
    join rule.witness w on w.topic = '(' || b.metric || ')'
    where b.reach = 'complaints' and b.theme is null
    union
    select p.tactic, t.review_id
    from proposed p
    join metric.tactic l on l.tactic = p.tactic and l.reach = 'untreated'
    join metric.review_theme t on t.value = -1 and t.theme not in (select theme from treated where theme is not null)
    union
    select p.tactic, r.review_id
    from proposed p
    join metric.tactic l on l.tactic = p.tactic and l.reach in ('bad_reviews', 'unanswered', 'searches')
    join metric.review r on r.value = -1 and (l.reach <> 'unanswered' or not r.replied)
),

-- How content the customer was, 1 to 5: by the stars, or where the market has none by the tone.
told as (
    select
        r.review_id,
        r.brand = us.brand as is_own,
        1 + 4 * case when s.has_stars then r.rating else (r.value + 1) / 2 end as content
    from metric.review r
    cross join us
    cross join (
        select count(rating) >= max(g.min_reviews) as has_stars from metric.review cross join setting g where has_text
    ) s
    where r.has_text
),

market as (
    select
        count(*) as n,
        count(*) filter (where is_own) as own_n,
        count(content) as k,
        sum(content) as total,
        sum(content * content) as squares
    from told
),

counted as (
    select
        p.tactic,
        p.side,
        if(p.side = 'own', any_value(m.own_n), any_value(m.n) - any_value(m.own_n)) as n,
        count(t.review_id) filter (where t.is_own = (p.side = 'own')) as reached,
        count(t.content) as k,
        round(sum(t.content), 6) as total,
        round(sum(t.content * t.content), 6) as squares,
        any_value(m.k) - count(t.content) as k_rest,
        round(any_value(m.total) - coalesce(sum(t.content), 0), 6) as total_rest,
        round(any_value(m.squares) - coalesce(sum(t.content * t.content), 0), 6) as squares_rest
    from proposed p
    cross join market m
    left join struck s on s.tactic = p.tactic
    left join told t on t.review_id = s.review_id
    group by p.tactic, p.side
),

-- One review of the worst and one of the best value are added to either side before the interval is drawn, as in metric.theme_brand.
weighed as (
    select
        c.*,
        l.reach as reach_of,
        c.total_rest / c.k_rest - c.total / c.k as importance,
        (c.total_rest + 6) / (c.k_rest + 2) - (c.total + 6) / (c.k + 2) as centre,
        sqrt(
            greatest(0, (c.squares + 26) / (c.k + 2) - ((c.total + 6) / (c.k + 2)) ** 2) / (c.k + 2)
            + greatest(0, (c.squares_rest + 26) / (c.k_rest + 2) - ((c.total_rest + 6) / (c.k_rest + 2)) ** 2) / (c.k_rest + 2)
        ) as error,
        -- A tactic to tell of a fact reaches nobody who could be counted.
        case when l.reach <> 'complaints' or exists (select 1 from struck x where x.tactic = c.tactic) then c.reached / nullif(c.n, 0) end as p
    from counted c
    join metric.tactic l on l.tactic = c.tactic
),

-- Clicks that the best rival draws and we do not: a customer who is not reached counts as one who writes a bad review.
searched as (
    select
        greatest(0, max(v.visibility) filter (where not b.own) - max(v.visibility) filter (where b.own)) as missed,
        max(v.keywords) as keywords
    from (select brand, round(avg(visibility), 9) as visibility, sum(observed_count) as keywords from metric.visibility group by brand) v
    join core.brand b on b.brand = v.brand
),

reached as (
    select
        w.tactic,
        w.side,
        w.reach_of,
        if(w.reach_of = 'searches', q.keywords, w.n) as n,
        if(w.reach_of = 'searches', q.missed, w.p) as reach,
        case when w.reach_of <> 'searches' and w.n > 0 then greatest(0.0, (w.p + z * z / (2 * w.n) - z * sqrt(w.p * (1 - w.p) / w.n + z * z / (4.0 * w.n * w.n))) / (1 + z * z / w.n)) end as reach_low,
        case when w.reach_of <> 'searches' and w.n > 0 then least(1.0, (w.p + z * z / (2 * w.n) + z * sqrt(w.p * (1 - w.p) / w.n + z * z / (4.0 * w.n * w.n))) / (1 + z * z / w.n)) end as reach_high,
        case when w.k >= g.min_reviews and w.k_rest >= g.min_reviews then w.importance end as importance,
        w.centre,
        w.error,
        w.k,
        z
    from weighed w
    cross join thresholds
    cross join setting g
    cross join searched q
),

-- Where the drivers know each of its themes, their stars are summed: in one model, complaints that come together are not counted twice.
complained as (
    select p.tactic, x.theme, sum(t.negative_count) / nullif(sum(t.review_count), 0) as p, sum(t.review_count) as n
    from proposed p
    cross join us
    join metric.tactic l on l.tactic = p.tactic and l.reach = 'complaints'
    join pain x on x.tactic = p.tactic
    join metric.theme_brand t on t.theme = x.theme and t."window" = 'all' and (t.brand = us.brand) = (p.side = 'own')
    group by p.tactic, x.theme
),

driven as (
    select
        c.tactic,
        sum(c.p * -d.effect) as stars,
        sqrt(sum((c.p * (d.high - d.low) / (2 * z)) ** 2)) as error,
        sqrt(sum((c.p * (d.high - d.low) / (2 * z)) ** 2 + d.effect ** 2 * c.p * (1 - c.p) / c.n)) as whole_error,
        cast(sum(d.tone_count) as bigint) as k
    from complained c
    cross join thresholds
    left join metric.driver d on d.brand is null and d.theme = c.theme and d.measure = 'complaint'
    group by c.tactic
    having count(d.effect) = count(*)
),

valued as (
    select
        r.tactic,
        r.side,
        r.n,
        r.reach,
        r.reach_low,
        r.reach_high,
        coalesce(d.stars / nullif(r.reach, 0), r.importance) as importance,
        case
            when d.stars is not null then (d.stars - r.z * d.error) / nullif(r.reach, 0)
            when r.importance is not null then least(r.importance, r.centre - r.z * r.error)
        end as importance_low,
        case
            when d.stars is not null then (d.stars + r.z * d.error) / nullif(r.reach, 0)
            when r.importance is not null then greatest(r.importance, r.centre + r.z * r.error)
        end as importance_high,
        case when d.stars is not null then 'drivers' when r.importance is not null then 'difference' end as importance_from,
        coalesce(d.k, r.k) as importance_n,
        coalesce(d.stars, r.reach * r.importance) as cost_in_stars,
        -- The product's variance to the first order; the share's from its interval.
        r.z * coalesce(
            d.whole_error,
            sqrt((r.importance * coalesce((r.reach_high - r.reach_low) / (2 * r.z), 0)) ** 2 + (r.reach * r.error) ** 2)
        ) as half
    from reached r
    left join driven d on d.tactic = r.tactic
)

select
    row_number() over (
        order by t.feasibility = 0, v.cost_in_stars * t.removes * t.feasibility desc nulls last, t.feasibility desc, t.tactic
    ) as position,
    t.tactic,
    t.title,
    t.pain,
    t.steps,
    p.because,
    p.for_us,
    coalesce((select list(x.theme order by x.theme) from pain x where x.tactic = t.tactic and t.reach = 'complaints'), []) as themes,
    t.reach as reach_of,
    p.side as reach_side,
    cast(v.n as bigint) as n,
    v.reach,
    v.reach_low,
    v.reach_high,
    v.importance,
    v.importance_low,
    v.importance_high,
    v.importance_n,
    v.importance_from,
    t.removes,
    v.cost_in_stars * t.removes as impact,
    (v.cost_in_stars - v.half) * t.removes as impact_low,
    (v.cost_in_stars + v.half) * t.removes as impact_high,
    t.feasibility,
    t.feasibility_from,
    t.feasibility = 0 as is_blocked,
    v.cost_in_stars * t.removes * t.feasibility / 5 as score,
    t.cost,
    t.lead_weeks,
    t.shown_by,
    t.shown_as
from proposed p
join metric.tactic t on t.tactic = p.tactic
join valued v on v.tactic = p.tactic
order by position
