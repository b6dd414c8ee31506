-- One row per sure change of a brand between the window before and the newest one.
-- brand: the brand that changed
-- brand_name: its name
-- theme: core.theme's id, null for the rating
-- metric: as in metric.test
-- window: always current
-- change: what happened, with its numbers
-- direction: better or worse
-- statistics, n, n_rest, effect, low, high, q_value, strength: as in rule.finding
select
    f.brand,
    f.brand_name,
    f.theme,
    f.metric,
    f."window",
    case f.metric
        when 'rating_change' then json_object(
            'say', case
                when f.effect > 0 then 'Rating rose from {before:dec1} to {value:dec1} of 5 stars ({period})'
                else 'Rating fell from {before:dec1} to {value:dec1} of 5 stars ({period})'
            end,
            'before', 1 + 4 * f.value_rest, 'value', 1 + 4 * f.value, 'period', f.period
        )
        else json_object(
            'say', case
                when f.metric = 'net_sentiment_change' and f.effect > 0
                    then 'Net sentiment on {theme:label} rose from {before:net} to {value:net} ({period})'
                when f.metric = 'net_sentiment_change' then 'Net sentiment on {theme:label} fell from {before:net} to {value:net} ({period})'
                when f.metric = 'praise_share_change' and f.effect > 0
                    then 'Praise for {theme:label} rose from {before:pct} to {value:pct} of reviews ({period})'
                when f.metric = 'praise_share_change' then 'Praise for {theme:label} fell from {before:pct} to {value:pct} of reviews ({period})'
                when f.effect > 0 then 'Complaints about {theme:label} rose from {before:pct} to {value:pct} of reviews ({period})'
                else 'Complaints about {theme:label} fell from {before:pct} to {value:pct} of reviews ({period})'
            end,
            'theme', f.label, 'before', f.value_rest, 'value', f.value, 'period', f.period
        )
    end as change,
    f.direction,
    f.statistics,
    f.n,
    f.n_rest,
    f.effect,
    f.low,
    f.high,
    f.q_value,
    f.strength
from rule.finding f
where f.direction is not null
    and f.metric in ('rating_change', 'net_sentiment_change', 'complaint_share_change', 'praise_share_change')
order by f.metric, f.brand, f.theme nulls first
