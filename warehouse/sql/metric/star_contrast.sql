-- One row per comparison with the whole rest, stratum and stars: what pipeline/swot holds a brand against others at equal stars by.
-- metric: net_sentiment, complaint_share, praise_share or reply_rate
-- brand: the named brand
-- theme: core.theme's id, null for reply_rate
-- window: all or current
-- stratum: as in metric.contrast
-- stars: as in metric.review; 0 for reviews without a rating
-- n, total, squares, n_rest, total_rest, squares_rest: as in metric.contrast
-- others, others_rest: reviews with text that do not mention the theme; null for reply_rate
with asked as (
    select distinct brand, "window", basis, stratum
    from metric.contrast
    where without is null and metric not like '%\_change' escape '\'
),

reviewed as (
    select
        s.brand,
        w.name as "window",
        l.basis,
        case l.basis when 'platform' then s.platform || ' / ' || s.language else s.language end as stratum,
        coalesce(s.stars, 0) as stars,
        sum(s.text_count) as n,
        sum(s.answerable_count) as answerable,
        sum(s.replied_count) as replied
    from metric.star_stratum s
    join metric."window" w on w.name = 'all' or w.name = s.period
    cross join (values ('platform'), ('language')) as l (basis)
    group by 1, 2, 3, 4, 5
),

mentioned as (
    select
        s.brand,
        w.name as "window",
        l.basis,
        case l.basis when 'platform' then s.platform || ' / ' || s.language else s.language end as stratum,
        coalesce(s.stars, 0) as stars,
        s.theme,
        sum(s.mentioning_count) as k,
        sum(s.positive_count) as pos,
        sum(s.negative_count) as neg
    from metric.star_stratum_theme s
    join metric."window" w on w.name = 'all' or w.name = s.period
    cross join (values ('platform'), ('language')) as l (basis)
    group by 1, 2, 3, 4, 5, 6
),

-- Also where one of the sides has no review of these stars: its other stars weigh the more.
versus as (
    select
        a.brand,
        a."window",
        a.basis,
        a.stratum,
        m.stars,
        sum(m.n) filter (where m.brand = a.brand) as n,
        sum(m.n) filter (where m.brand <> a.brand) as n_rest,
        sum(m.answerable) filter (where m.brand = a.brand) as answerable,
        sum(m.answerable) filter (where m.brand <> a.brand) as answerable_rest,
        sum(m.replied) filter (where m.brand = a.brand) as replied,
        sum(m.replied) filter (where m.brand <> a.brand) as replied_rest
    from asked a
    join reviewed m on m."window" = a."window" and m.basis = a.basis and m.stratum = a.stratum
    group by a.brand, a."window", a.basis, a.stratum, m.stars
),

spoken as (
    select
        a.brand,
        a."window",
        a.basis,
        a.stratum,
        m.stars,
        m.theme,
        sum(m.k) filter (where m.brand = a.brand) as k,
        sum(m.k) filter (where m.brand <> a.brand) as k_rest,
        sum(m.pos) filter (where m.brand = a.brand) as pos,
        sum(m.pos) filter (where m.brand <> a.brand) as pos_rest,
        sum(m.neg) filter (where m.brand = a.brand) as neg,
        sum(m.neg) filter (where m.brand <> a.brand) as neg_rest
    from asked a
    join mentioned m on m."window" = a."window" and m.basis = a.basis and m.stratum = a.stratum
    group by a.brand, a."window", a.basis, a.stratum, m.stars, m.theme
),

themed as (
    select
        v.brand,
        v."window",
        v.stratum,
        v.stars,
        t.theme,
        coalesce(v.n, 0) as n,
        coalesce(v.n_rest, 0) as n_rest,
        coalesce(s.k, 0) as k,
        coalesce(s.k_rest, 0) as k_rest,
        coalesce(s.pos, 0) as pos,
        coalesce(s.pos_rest, 0) as pos_rest,
        coalesce(s.neg, 0) as neg,
        coalesce(s.neg_rest, 0) as neg_rest
    from versus v
    cross join (select distinct theme from mentioned) t
    left join spoken s
        on s.brand = v.brand and s."window" = v."window" and s.basis = v.basis and s.stratum = v.stratum and s.stars = v.stars
        and s.theme = t.theme
),

listed as (
    select
        'net_sentiment' as metric, brand, theme, "window", stratum, stars,
        k as n, pos - neg as total, pos + neg as squares, n - k as others,
        k_rest as n_rest, pos_rest - neg_rest as total_rest, pos_rest + neg_rest as squares_rest, n_rest - k_rest as others_rest
    from themed
    union all
    select
        'complaint_share', brand, theme, "window", stratum, stars,
        n, neg, neg, n - k, n_rest, neg_rest, neg_rest, n_rest - k_rest
    from themed
    union all
    select
        'praise_share', brand, theme, "window", stratum, stars,
        n, pos, pos, n - k, n_rest, pos_rest, pos_rest, n_rest - k_rest
    from themed
    union all
    select
        'reply_rate', brand, null, "window", stratum, stars,
        coalesce(answerable, 0), coalesce(replied, 0), coalesce(replied, 0), null,
        coalesce(answerable_rest, 0), coalesce(replied_rest, 0), coalesce(replied_rest, 0), null
    from versus
)

select
    metric,
    brand,
    theme,
    "window",
    stratum,
    stars,
    cast(n as bigint) as n,
    cast(total as double) as total,
    cast(squares as double) as squares,
    cast(n_rest as bigint) as n_rest,
    cast(total_rest as double) as total_rest,
    cast(squares_rest as double) as squares_rest,
    cast(others as bigint) as others,
    cast(others_rest as bigint) as others_rest
from listed
where n + n_rest + coalesce(others + others_rest, 0) > 0
order by metric, brand, theme nulls first, "window", stratum, stars
