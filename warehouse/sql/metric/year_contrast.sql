-- One row per brand, theme, metric, platform and language with reviews in the newest window and in the same days of last year.
-- brand: whom the reviews are about
-- theme: core.theme's id; null for the rating
-- metric: net_sentiment, complaint_share, praise_share or rating
-- stratum: platform and language
-- n, n_rest: reviews of the newest window, and of the same days of last year: with text (of net_sentiment, those that mention the theme; of rating, those with stars)
-- total, total_rest: sum of their values: -1..1 net sentiment, 0..1 all others
-- squares, squares_rest: sum of the squared values
-- mentioning, mentioning_rest: reviews that mention the theme; of rating, as n and n_rest
with placed as (
    select
        r.review_id, r.brand, r.platform || ' / ' || r.language as stratum, r.period = 'current' as is_now, r.has_text, r.rating
    from metric.review r
    cross join metric.last_year y
    where r.period = 'current' or r.published_on between y.starts_on and y.ends_on
),

reviewed as (
    select
        brand,
        stratum,
        count(*) filter (where has_text and is_now) as n,
        count(*) filter (where has_text and not is_now) as n_rest,
        count(rating) filter (where is_now) as rated,
        count(rating) filter (where not is_now) as rated_rest,
        round(coalesce(sum(rating) filter (where is_now), 0), 6) as rating,
        round(coalesce(sum(rating) filter (where not is_now), 0), 6) as rating_rest,
        round(coalesce(sum(rating * rating) filter (where is_now), 0), 6) as rating_squares,
        round(coalesce(sum(rating * rating) filter (where not is_now), 0), 6) as rating_squares_rest
    from placed
    group by brand, stratum
),

mentioned as (
    select
        p.brand,
        p.stratum,
        t.theme,
        count(*) filter (where p.is_now) as k,
        count(*) filter (where p.is_now and t.value = 1) as pos,
        count(*) filter (where p.is_now and t.value = -1) as neg,
        count(*) filter (where not p.is_now) as k_rest,
        count(*) filter (where not p.is_now and t.value = 1) as pos_rest,
        count(*) filter (where not p.is_now and t.value = -1) as neg_rest
    from placed p
    join metric.review_theme t on t.review_id = p.review_id
    group by p.brand, p.stratum, t.theme
),

-- Also where nobody mentions the theme: such reviews are part of the n of a share.
themed as (
    select
        r.brand, r.stratum, t.theme, r.n, r.n_rest,
        coalesce(m.k, 0) as k, coalesce(m.pos, 0) as pos, coalesce(m.neg, 0) as neg,
        coalesce(m.k_rest, 0) as k_rest, coalesce(m.pos_rest, 0) as pos_rest, coalesce(m.neg_rest, 0) as neg_rest
    from reviewed r
    cross join core.theme t
    left join mentioned m on m.brand = r.brand and m.stratum = r.stratum and m.theme = t.theme
),

listed as (
    select
        brand, theme, 'net_sentiment' as metric, stratum,
        k as n, pos - neg as total, pos + neg as squares,
        k_rest as n_rest, pos_rest - neg_rest as total_rest, pos_rest + neg_rest as squares_rest, k as mentioning, k_rest as mentioning_rest
    from themed
    union all
    select brand, theme, 'complaint_share', stratum, n, neg, neg, n_rest, neg_rest, neg_rest, k, k_rest from themed
    union all
    select brand, theme, 'praise_share', stratum, n, pos, pos, n_rest, pos_rest, pos_rest, k, k_rest from themed
    union all
    select
        brand, null, 'rating', stratum,
        rated, rating, rating_squares, rated_rest, rating_rest, rating_squares_rest, rated, rated_rest
    from reviewed
)

select
    brand,
    theme,
    metric,
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
order by brand, theme nulls first, metric, stratum
