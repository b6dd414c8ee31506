-- One row per comparison and stratum: what pipeline/swot tests. A brand against all others, or its newest window against the one before.
-- metric: net_sentiment, complaint_share, praise_share (each also with _change), reply_rate, rating, rating_change
-- brand: the named brand
-- theme: core.theme's id, null where the metric has none
-- without: the rival that is left out of the rest; null for the whole rest. With several rivals each is left out once
-- window: all or current; of a _change always current
-- basis: platform when only reviews of one platform and language are compared; language when no platform is shared
-- stratum: platform and language, or the language
-- n, n_rest: reviews on either side; of a _change, n_rest are those of the window before
-- total, total_rest: sum of their values: -1..1 net sentiment, 0..1 all others
-- squares, squares_rest: sum of the squared values
-- mentioning, mentioning_rest: reviews that mention the theme; where the metric has no theme, as n and n_rest
with setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

-- Reviews at both levels of likeness.
reviewed as (
    select
        s.brand,
        w.name as "window",
        l.basis,
        case l.basis when 'platform' then s.platform || ' / ' || s.language else s.language end as stratum,
        sum(s.text_count) as text_count,
        sum(s.rated_count) as rated_count,
        round(sum(s.rating_total), 6) as rating_total,
        round(sum(s.rating_squares), 6) as rating_squares,
        sum(s.answerable_count) as answerable_count,
        sum(s.replied_count) as replied_count
    from metric.stratum s
    join metric."window" w on w.name = 'all' or w.name = s.period
    cross join (values ('platform'), ('language')) as l (basis)
    group by 1, 2, 3, 4
),

mentioned as (
    select
        s.brand,
        w.name as "window",
        l.basis,
        case l.basis when 'platform' then s.platform || ' / ' || s.language else s.language end as stratum,
        s.theme,
        sum(s.mentioning_count) as k,
        sum(s.positive_count) as pos,
        sum(s.negative_count) as neg
    from metric.stratum_theme s
    join metric."window" w on w.name = 'all' or w.name = s.period
    cross join (values ('platform'), ('language')) as l (basis)
    group by 1, 2, 3, 4, 5
),

-- What the rest can be: all others, or all others but one. Where one rival differs from everybody, everybody differs from
-- the rest; only what also holds without any single rival says something about the named brand.
rest as (
    select brand, cast(null as varchar) as without from core.brand
    union all
    select a.brand, b.brand
    from core.brand a
    join core.brand b on b.brand <> a.brand
    where (select count(*) from core.brand) > 2
),

facing as (
    select
        a.brand,
        c.without,
        a."window",
        a.basis,
        a.stratum,
        any_value(a.text_count) as text_count,
        any_value(a.rated_count) as rated_count,
        any_value(a.rating_total) as rating_total,
        any_value(a.rating_squares) as rating_squares,
        any_value(a.answerable_count) as answerable_count,
        any_value(a.replied_count) as replied_count,
        sum(b.text_count) as text_count_rest,
        sum(b.rated_count) as rated_count_rest,
        round(sum(b.rating_total), 6) as rating_total_rest,
        round(sum(b.rating_squares), 6) as rating_squares_rest,
        sum(b.answerable_count) as answerable_count_rest,
        sum(b.replied_count) as replied_count_rest
    from reviewed a
    join rest c on c.brand = a.brand
    join reviewed b
        on b.brand <> a.brand and b.brand is distinct from c.without
        and b."window" = a."window" and b.basis = a.basis and b.stratum = a.stratum
    where a."window" <> 'previous'
    group by a.brand, c.without, a."window", a.basis, a.stratum
),

-- Platform against platform only where no platform is shared well enough: an audience is not a brand.
chosen as (
    select
        brand,
        "window",
        case
            when coalesce(sum(text_count) filter (where basis = 'platform'), 0) >= min_reviews
                and coalesce(sum(text_count_rest) filter (where basis = 'platform'), 0) >= min_reviews
                then 'platform'
            else 'language'
        end as basis
    from facing, setting
    where without is null
    group by brand, "window", min_reviews
),

versus as (
    select f.* from facing f join chosen c on c.brand = f.brand and c."window" = f."window" and c.basis = f.basis
),

market as (
    select "window", basis, stratum, theme, sum(k) as k, sum(pos) as pos, sum(neg) as neg
    from mentioned
    group by "window", basis, stratum, theme
),

-- Also where nobody mentions the theme: such reviews are part of the n of a share. Net sentiment has no n there, and falls away.
themed as (
    select
        v.brand,
        v.without,
        t.theme,
        v."window",
        v.basis,
        v.stratum,
        v.text_count as n,
        coalesce(o.k, 0) as k,
        coalesce(o.pos, 0) as pos,
        coalesce(o.neg, 0) as neg,
        v.text_count_rest as n_rest,
        coalesce(m.k, 0) - coalesce(o.k, 0) - coalesce(x.k, 0) as k_rest,
        coalesce(m.pos, 0) - coalesce(o.pos, 0) - coalesce(x.pos, 0) as pos_rest,
        coalesce(m.neg, 0) - coalesce(o.neg, 0) - coalesce(x.neg, 0) as neg_rest,
        '' as suffix
    from versus v
    cross join core.theme t
    left join market m
        on m."window" = v."window" and m.basis = v.basis and m.stratum = v.stratum and m.theme = t.theme
    left join mentioned o
        on o.brand = v.brand and o."window" = v."window" and o.basis = v.basis and o.stratum = v.stratum and o.theme = t.theme
    left join mentioned x
        on x.brand = v.without and x."window" = v."window" and x.basis = v.basis and x.stratum = v.stratum and x.theme = t.theme
),

-- A brand's newest window against the one before, always within platform and language.
moved as (
    select
        a.brand,
        cast(null as varchar) as without,
        t.theme,
        'current' as "window",
        a.basis,
        a.stratum,
        a.text_count as n,
        coalesce(x.k, 0) as k,
        coalesce(x.pos, 0) as pos,
        coalesce(x.neg, 0) as neg,
        b.text_count as n_rest,
        coalesce(y.k, 0) as k_rest,
        coalesce(y.pos, 0) as pos_rest,
        coalesce(y.neg, 0) as neg_rest,
        '_change' as suffix
    from reviewed a
    join reviewed b on b.brand = a.brand and b.basis = a.basis and b.stratum = a.stratum and b."window" = 'previous'
    cross join core.theme t
    left join mentioned x
        on x.brand = a.brand and x."window" = 'current' and x.basis = a.basis and x.stratum = a.stratum and x.theme = t.theme
    left join mentioned y
        on y.brand = a.brand and y."window" = 'previous' and y.basis = a.basis and y.stratum = a.stratum and y.theme = t.theme
    where a."window" = 'current' and a.basis = 'platform'
),

theme_pair as (
    select * from themed
    union all
    select * from moved
),

listed as (
    select
        'net_sentiment' || suffix as metric, brand, theme, without, "window", basis, stratum,
        k as n, pos - neg as total, pos + neg as squares,
        k_rest as n_rest, pos_rest - neg_rest as total_rest, pos_rest + neg_rest as squares_rest,
        k as mentioning, k_rest as mentioning_rest
    from theme_pair
    union all
    select
        'complaint_share' || suffix, brand, theme, without, "window", basis, stratum,
        n, neg, neg, n_rest, neg_rest, neg_rest, k, k_rest
    from theme_pair
    union all
    select
        'praise_share' || suffix, brand, theme, without, "window", basis, stratum,
        n, pos, pos, n_rest, pos_rest, pos_rest, k, k_rest
    from theme_pair
    union all
    select
        'reply_rate', brand, null, without, "window", basis, stratum,
        answerable_count, replied_count, replied_count,
        answerable_count_rest, replied_count_rest, replied_count_rest, answerable_count, answerable_count_rest
    from versus
    union all
    select
        'rating', brand, null, without, "window", basis, stratum,
        rated_count, rating_total, rating_squares,
        rated_count_rest, rating_total_rest, rating_squares_rest, rated_count, rated_count_rest
    from versus
    union all
    select
        'rating_change', a.brand, null, null, 'current', a.basis, a.stratum,
        a.rated_count, a.rating_total, a.rating_squares,
        b.rated_count, b.rating_total, b.rating_squares, a.rated_count, b.rated_count
    from reviewed a
    join reviewed b on b.brand = a.brand and b.basis = a.basis and b.stratum = a.stratum and b."window" = 'previous'
    where a."window" = 'current' and a.basis = 'platform'
)

select
    metric,
    brand,
    theme,
    without,
    "window",
    basis,
    stratum,
    cast(n as bigint) as n,
    cast(total as double) as total,
    cast(squares as double) as squares,
    cast(n_rest as bigint) as n_rest,
    cast(total_rest as double) as total_rest,
    cast(squares_rest as double) as squares_rest,
    cast(mentioning as bigint) as mentioning,
    cast(mentioning_rest as bigint) as mentioning_rest
from listed
where n > 0 and n_rest > 0
order by metric, brand, theme nulls first, "window", without nulls first, stratum
