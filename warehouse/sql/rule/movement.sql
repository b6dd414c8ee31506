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
    case
        when f.metric = 'rating_change' then 'Rating'
        when f.metric = 'net_sentiment_change' then 'Net sentiment on ' || f.label
        when f.metric = 'praise_share_change' then 'Praise for ' || f.label
        else 'Complaints about ' || f.label
    end
    || case when f.effect > 0 then ' rose from ' else ' fell from ' end || f.value_rest_text || ' to ' || f.value_text
    || case
        when f.metric = 'rating_change' then ' of 5 stars'
        when f.metric = 'net_sentiment_change' then ''
        else ' of reviews'
    end
    || ' (' || f.period || ')' as change,
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
