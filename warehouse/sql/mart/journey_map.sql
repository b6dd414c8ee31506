-- One row per model of the journey, stage of it and brand: how customers fare there, over all time.
-- A review speaks of a stage by a theme that belongs to it or by its own words (text.signal), as in mart.journey.
-- model: four or five
-- place: id of the stage within the model
-- position: order along the journey, from 1
-- name: of the stage
-- brand: core.brand's id
-- brand_name: as people know it
-- own: this is our brand
-- brand_position: order of the brands, from 1, the own one first
-- review_count: reviews with text
-- n: of these, reviews that speak of the stage
-- net_sentiment: (good - bad) / n over what they say of it, -1..1; null where nobody does
-- net_low, net_high: its 95 % interval; null with it
-- emotion: the emotion that most of these reviews show in a sentence on the stage; null where none shows one
-- emotion_count: reviews that show it
-- emotion_share: emotion_count / n, 0..1
-- emotion_low, emotion_high: its 95 % interval (Wilson); null with emotion
-- other_net: net sentiment of the brand's other stages together, as far as they have enough reviews
-- other_low: lower 95 % bound of other_net
-- is_weakest: true for the stage of the brand that is surest to be low (the lowest upper bound), where that bound lies below the lower bound of
-- the other stages; null everywhere else: an average that merely looks lower is no weak link
-- best_rival: the other brand with the highest net sentiment there, of those with enough reviews; null without one
-- rival_net: its net sentiment
-- gap: net_sentiment - rival_net; null without enough reviews of the brand
-- gap_low, gap_high: its 95 % interval
with thresholds as (
    select
        1.959964 as z, -- 95 %, two-sided
        0.05 as neutral_below -- the cut of VADER's README between neutral and signed
),

setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

by_stage as (
    select j.model, j.place, unnest(j.stages) as stage from metric.journey_stage j
),

-- A theme that a model names goes there, all others where their stage is.
by_theme as (
    select b.model, coalesce(o.place, b.place) as place, t.theme
    from by_stage b
    join core.theme t on t.stage = b.stage
    left join (select model, place, unnest(themes) as theme from metric.journey_stage) o on o.model = b.model and o.theme = t.theme
),

worded as (
    select g.review_id, g.sentence_id, g.signal as stage, s.sentiment
    from text.signal g
    join text.sentence s on s.sentence_id = g.sentence_id
    where g.kind = 'stage'
),

-- Numbers in the place of names: a million reviews are grouped by them.
code as (
    select model, place, row_number() over (order by model, position) as code from metric.journey_stage
),

said as (
    -- Rounded, so that the order in which threads add cannot change a byte.
    select code, any_value(brand) as brand, round(sum(total) / sum(mentions), 9) as sentiment
    from (
        select c.code, t.brand, t.review_id, t.sentiment * t.mention_count as total, t.mention_count as mentions
        from metric.review_theme t
        join by_theme p on p.theme = t.theme
        join code c on c.model = p.model and c.place = p.place
        union all
        select c.code, r.brand, w.review_id, w.sentiment, 1
        from worded w
        join by_stage p on p.stage = w.stage
        join code c on c.model = p.model and c.place = p.place
        join metric.review r on r.review_id = w.review_id
    )
    group by code, review_id
),

summed as (
    select
        s.code,
        s.brand,
        count(*) as k,
        count(*) filter (where s.sentiment >= t.neutral_below) as pos,
        count(*) filter (where s.sentiment <= -t.neutral_below) as neg
    from said s
    cross join thresholds t
    group by s.code, s.brand
),

felt as (
    select p.model, p.place, r.brand, e.signal as emotion, count(distinct e.review_id) as n
    from text.signal e
    join metric.review r on r.review_id = e.review_id
    join (
        select m.sentence_id, p.model, p.place
        from text.mention m
        join by_theme p on p.theme = m.theme
        union
        select w.sentence_id, p.model, p.place
        from worded w
        join by_stage p on p.stage = w.stage
    ) p on p.sentence_id = e.sentence_id
    where e.kind = 'emotion'
    group by p.model, p.place, r.brand, e.signal
),

foremost as (
    select model, place, brand, arg_min(emotion, (-n, emotion)) as emotion, max(n) as n from felt group by model, place, brand
),

reviewed as (
    select brand, sum(text_count) as n from metric.stratum group by brand
),

counted as (
    select
        j.model,
        j.place,
        j.position,
        j.name,
        b.brand,
        coalesce(s.k, 0) as k,
        coalesce(s.pos, 0) as pos,
        coalesce(s.neg, 0) as neg
    from metric.journey_stage j
    cross join core.brand b
    join code c on c.model = j.model and c.place = j.place
    left join summed s on s.code = c.code and s.brand = b.brand
),

-- One review of each sign is added before the interval is drawn, as in metric.theme_brand.
spread as (
    select
        c.*,
        c.k >= g.min_reviews as is_enough,
        (pos - neg) / nullif(k, 0) as net,
        (pos - neg) / (k + 2.0) as centre,
        sqrt(((pos + neg + 2) / (k + 2.0) - ((pos - neg) / (k + 2.0)) ** 2) / (k + 2.0)) as error
    from counted c
    cross join setting g
),

-- A review that speaks of two stages counts in both: the intervals are held apart, which asks more than a test of the difference would.
others as (
    select a.model, a.place, a.brand, sum(b.k) as k, sum(b.pos) as pos, sum(b.neg) as neg
    from spread a
    join spread b on b.model = a.model and b.brand = a.brand and b.place <> a.place and b.is_enough
    group by a.model, a.place, a.brand
),

held as (
    select
        s.*,
        (o.pos - o.neg) / o.k as other_net,
        least((o.pos - o.neg) / o.k, (o.pos - o.neg) / (o.k + 2.0)
        - t.z * sqrt(((o.pos + o.neg + 2) / (o.k + 2.0) - ((o.pos - o.neg) / (o.k + 2.0)) ** 2) / (o.k + 2.0))) as other_low,
        case when s.k > 0 then greatest(-1.0, least(s.net, s.centre - t.z * s.error)) end as net_low,
        case when s.k > 0 then least(1.0, greatest(s.net, s.centre + t.z * s.error)) end as net_high
    from spread s
    cross join thresholds t
    left join others o on o.model = s.model and o.place = s.place and o.brand = s.brand
),

-- Of a stage that few speak of, a low average may be chance: the one that is surely low is looked at.
lowest as (
    select model, brand, arg_min(place, (net_high, position)) as place from held where is_enough group by model, brand
),

rival as (
    select a.model, a.place, a.brand, arg_max(struct_pack(brand := b.brand, net := b.net, centre := b.centre, error := b.error), (b.net, b.brand)) as best
    from spread a
    join spread b on b.model = a.model and b.place = a.place and b.brand <> a.brand and b.is_enough
    group by a.model, a.place, a.brand
)

select
    h.model,
    h.place,
    h.position,
    h.name,
    h.brand,
    b.name as brand_name,
    b.own,
    b.position as brand_position,
    cast(coalesce(n.n, 0) as bigint) as review_count,
    h.k as n,
    h.net as net_sentiment,
    h.net_low,
    h.net_high,
    f.emotion,
    f.n as emotion_count,
    f.n / h.k as emotion_share,
    case when f.n is not null then greatest(0.0, (f.n / h.k + z * z / (2 * h.k) - z * sqrt(f.n / h.k * (1 - f.n / h.k) / h.k + z * z / (4.0 * h.k * h.k))) / (1 + z * z / h.k)) end as emotion_low,
    case when f.n is not null then least(1.0, (f.n / h.k + z * z / (2 * h.k) + z * sqrt(f.n / h.k * (1 - f.n / h.k) / h.k + z * z / (4.0 * h.k * h.k))) / (1 + z * z / h.k)) end as emotion_high,
    h.other_net,
    h.other_low,
    case when l.place is not null and h.net_high < h.other_low then true end as is_weakest,
    r.best.brand as best_rival,
    r.best.net as rival_net,
    case when h.is_enough then h.net - r.best.net end as gap,
    case when h.is_enough and r.best is not null then greatest(-2.0, least(h.net - r.best.net, h.centre - r.best.centre - z * sqrt(h.error ** 2 + r.best.error ** 2))) end as gap_low,
    case when h.is_enough and r.best is not null then least(2.0, greatest(h.net - r.best.net, h.centre - r.best.centre + z * sqrt(h.error ** 2 + r.best.error ** 2))) end as gap_high
from held h
cross join thresholds
join (select brand, name, own, row_number() over (order by own desc, position, brand) as position from core.brand) b on b.brand = h.brand
left join reviewed n on n.brand = h.brand
left join foremost f on f.model = h.model and f.place = h.place and f.brand = h.brand
left join lowest l on l.model = h.model and l.brand = h.brand and l.place = h.place
left join rival r on r.model = h.model and r.place = h.place and r.brand = h.brand
order by h.model, b.position, h.position
