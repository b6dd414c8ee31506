-- One row per brand and theme that all of its rivals leave open: the customers of none of them are content with it, beyond doubt.
-- brand: from whose side it is told
-- theme: core.theme's id
-- theme_name: as people know it
-- position: order of the brand's gaps, from 1: the most spoken of first
-- rivals_count: rivals, each of them with enough reviews that mention the theme
-- rivals_n: their mentioning reviews
-- rivals_share: of their reviews with text, the share that mentions it, 0..1
-- best_rival: the one whose customers are least discontent
-- best_net: its net sentiment, -1..1
-- best_high: the upper bound of the 95 % interval of net sentiment that is highest among the rivals: below 0
-- own_n: own reviews that mention it
-- own_net: own net sentiment; null when nobody mentions it
-- own_low, own_high: its 95 % interval
-- own_stance: better than every rival (its interval lies above theirs), open (it leaves it open too), unclear, or unknown (too few reviews)
with setting as (
    select max(value) as min_reviews from metric.setting where name = 'min_reviews'
),

rival as (
    select
        b.brand,
        t.theme,
        count(*) as rivals,
        bool_and(t.mentioning_count >= g.min_reviews and coalesce(t.net_high < 0, false)) as is_open,
        sum(t.mentioning_count) as n,
        sum(t.review_count) as reviews,
        arg_max(t.brand, (t.net_sentiment, t.brand)) as best_rival,
        max(t.net_sentiment) as best_net,
        max(t.net_high) as best_high
    from core.brand b
    cross join setting g
    join metric.theme_brand t on t.brand <> b.brand and t."window" = 'all'
    group by b.brand, t.theme
)

select
    r.brand,
    r.theme,
    c.name as theme_name,
    row_number() over (partition by r.brand order by r.n / r.reviews desc, r.theme) as position,
    r.rivals as rivals_count,
    cast(r.n as bigint) as rivals_n,
    r.n / r.reviews as rivals_share,
    r.best_rival,
    r.best_net,
    r.best_high,
    o.mentioning_count as own_n,
    o.net_sentiment as own_net,
    o.net_low as own_low,
    o.net_high as own_high,
    case
        when o.mentioning_count < g.min_reviews then 'unknown'
        when o.net_low > r.best_high then 'better'
        when o.net_high < 0 then 'open'
        else 'unclear'
    end as own_stance
from rival r
cross join setting g
join core.theme c on c.theme = r.theme
join metric.theme_brand o on o.brand = r.brand and o.theme = r.theme and o."window" = 'all'
where r.is_open
order by r.brand, position
