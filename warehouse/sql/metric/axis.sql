-- One row per axis of the map of brands and theme that belongs to it: those of the market file, or those that the market's reviews suggest.
-- Without the market file's word x is price: the default themes of price that are mentioned, if they are in enough reviews, else the theme most
-- mentioned; y is the theme that is mentioned most of those that are left.
-- axis: x or y
-- theme: core.theme's id
-- chosen_by: market file or mentions
with thresholds as (
    select 0.03 as price_min -- of the reviews; below it, price is not what this market's customers speak of
),

mentioned as (
    select t.theme, sum(t.mentioning_count) as n, sum(t.mentioning_count) / nullif(max(r.reviews), 0) as share
    from metric.theme_brand t
    cross join (select sum(text_count) as reviews from metric.stratum) r
    where t."window" = 'all'
    group by t.theme
),

price as (
    select m.theme
    from mentioned m
    where
        m.theme in ('price_value', 'fees_billing', 'promotions_loyalty') and m.n > 0
        and (select sum(share) from mentioned where theme in ('price_value', 'fees_billing', 'promotions_loyalty')) >= (select price_min from thresholds)
),

asked as (
    select s.axis, s.theme from metric.axis_setting s join core.theme t on t.theme = s.theme
),

x as (
    select theme from asked where axis = 'x'
    union
    select theme from price where not exists (select 1 from asked where axis = 'x') and theme not in (select theme from asked where axis = 'y')
    union
    (
        select theme
        from mentioned
        where
            not exists (select 1 from asked where axis = 'x') and not exists (select 1 from price)
            and theme not in (select theme from asked where axis = 'y') and n > 0
        order by n desc, theme
        limit 1
    )
),

y as (
    select theme from asked where axis = 'y'
    union
    (
        select theme
        from mentioned
        where not exists (select 1 from asked where axis = 'y') and theme not in (select theme from x) and n > 0
        order by n desc, theme
        limit 1
    )
)

select 'x' as axis, theme, if(exists (select 1 from asked where axis = 'x'), 'market file', 'mentions') as chosen_by from x
union all
select 'y', theme, if(exists (select 1 from asked where axis = 'y'), 'market file', 'mentions') from y
order by axis, theme
