-- One row per comparison of metric.test that could be asked, with its verdict; the rules pick from these and word them.
-- metric: as in metric.test
-- brand: the named brand
-- brand_name: its name
-- rivals: as JSON, the other brand's name where there is one only, else the message `its rivals`
-- theme: core.theme's id, null where the metric has none
-- label: the theme's names by language, as JSON; null with theme
-- window: all or current
-- period: the window, with what could not be held equal, as a message (see pipeline/words.py)
-- n, n_rest, mentioning, mentioning_rest: as in metric.test
-- value, value_rest, effect, low, high, q_value: as in metric.test
-- statistics: n, effect with its 95 % interval, and q, as a message
-- direction: better or worse for the named brand; null when the difference is not sure, too small, or contradicted
-- strength: the interval's bound nearest to nothing, in multiples of the smallest effect worth telling; orders the cells
with setting as (
    select
        max(value) filter (where name = 'min_effect') as min_effect,
        max(value) filter (where name = 'min_share_effect') as min_share_effect,
        max(value) filter (where name = 'min_reviews') as min_reviews,
        max(value) filter (where name = 'q_max') as q_max,
        cast(max(value) filter (where name = 'window_days') as integer) as window_days
    from metric.setting
),

thresholds as (
    select
        -- Three points are much beside 6 % and little beside 40 %: a share must also be half as large again ...
        1.5 as min_ratio,
        -- Up to three times the text is a habit of writing; beyond it, another kind of review.
        3.0 as max_times_length,
        -- ... unless ten points apart, which is every tenth customer.
        0.10 as large_share_effect,
        -- A fifth of a star on five: what the printed averages of two brands show to a customer.
        0.05 as min_rating,
        -- One review in ten more or fewer answered.
        0.10 as min_reply,
        -- About what moving from rank 10 to rank 4 is worth on every keyword.
        0.05 as min_visibility
),

kind as (
    select *
    from (values
        ('net_sentiment', 'net', 1), ('complaint_share', 'share', -1), ('praise_share', 'share', 1),
        ('reply_rate', 'reply', 1), ('rating', 'rating', 1), ('visibility', 'visibility', 1),
        ('rivals_complaint_share', 'level', -1), ('open_keywords', 'level', 1)
    ) as k (metric, unit, good)
),

told as (
    select
        t.*,
        k.unit,
        k.good * t.effect as gain,
        case k.unit
            when 'net' then s.min_effect
            when 'share' then s.min_share_effect
            when 'reply' then h.min_reply
            when 'rating' then h.min_rating
            when 'visibility' then h.min_visibility
            else s.min_share_effect
        end as min_effect,
        s.q_max,
        s.min_reviews,
        s.window_days,
        h.min_ratio,
        h.max_times_length,
        h.large_share_effect
    from metric.test t
    join kind k on k.metric = regexp_replace(t.metric, '_change$', '')
    cross join setting s
    cross join thresholds h
    where t.p_value is not null and t.effect is not null
),

-- Long reviews mention more of everything: where one side writes several times as much, shares compare lengths, not experiences.
text_length as (
    select brand, median(length(content)) as letters
    from core.review
    where duplicate_of is null and content <> ''
    group by brand
),

wordy as (
    select b.brand, max(greatest(b.letters / o.letters, o.letters / b.letters)) as times
    from text_length b
    join (
        select a.brand, median(r.letters) as letters
        from text_length a
        join text_length r on r.brand <> a.brand
        group by a.brand
    ) o on o.brand = b.brand
    group by b.brand
),

judged as (
    select
        t.*,
        t.q_value <= t.q_max
        -- A level is itself the smallest share worth telling.
        and (t.unit = 'level' or abs(t.effect) >= t.min_effect)
        and (
            t.unit <> 'share'
            or abs(t.effect) >= t.large_share_effect
            or greatest(t.value, t.value_rest) >= t.min_ratio * least(t.value, t.value_rest)
        )
        and (t.unit <> 'share' or t.metric like '%change' or coalesce(wordy.times <= t.max_times_length, true))
        and t.mentioning >= case when t.unit in ('level', 'visibility') then 1 else t.min_reviews end
        -- More complaints only because the theme is talked about more are no weakness: neither net sentiment nor the balance of
        -- both shares may say the opposite.
        and (t.unit <> 'share' or coalesce(net.effect * sign(t.gain) >= 0, true))
        and (t.unit <> 'share' or coalesce((t.gain + other.gain) * sign(t.gain) > 0, true))
        -- Silence is neither: little praise is a weakness only of a theme that is complained of on balance, and few complaints
        -- are a strength only of one that is praised on balance.
        and (t.metric <> 'praise_share' or t.gain > 0 or coalesce(net.value < 0, false))
        and (t.metric <> 'complaint_share' or t.gain < 0 or coalesce(net.value > 0, false))
        -- What the newest window has turned round is no longer so.
        and (t."window" <> 'all' or t.unit = 'level' or coalesce(now_t.effect * sign(t.effect) >= 0, true)) as is_sure
    from told t
    left join told net
        on t.unit = 'share' and net.brand = t.brand and net.theme = t.theme and net."window" = t."window"
        and net.metric = regexp_replace(t.metric, '^(complaint|praise)_share', 'net_sentiment')
    left join told other
        on t.unit = 'share' and other.unit = 'share' and other.brand = t.brand and other.theme = t.theme
        and other."window" = t."window" and other.metric <> t.metric
        and other.metric like '%change' = (t.metric like '%change')
    left join wordy on wordy.brand = t.brand
    left join told now_t
        on t."window" = 'all' and now_t."window" = 'current' and now_t.metric = t.metric and now_t.brand = t.brand
        and now_t.theme is not distinct from t.theme
),

only_rival as (
    select b.brand, any_value(o.name) as name
    from core.brand b
    join core.brand o on o.brand <> b.brand
    group by b.brand
    having count(*) = 1
),

dated as (
    select
        j.*,
        case
            when j.basis = 'keyword' or j.metric = 'open_keywords' then json_object('say', 'latest rankings')
            when d.ends_on is null then json_object('say', 'all reviews')
            when j.metric like '%\_change' escape '\'
                then json_object('say', '{days} days to {day:day}, against the {days} days before', 'days', j.window_days, 'day', d.ends_on)
            when j."window" = 'current' then json_object('say', '{days} days to {day:day}', 'days', j.window_days, 'day', d.ends_on)
            else json_object('say', 'all reviews since {day:day}', 'day', d.starts_on)
        end as period
    from judged j
    join metric."window" d on d.name = j."window"
)

select
    w.metric,
    w.brand,
    b.name as brand_name,
    coalesce(to_json(o.name), json_object('say', 'its rivals')) as rivals,
    w.theme,
    t.names as label,
    w."window",
    case
        when w.basis = 'language'
            then json_object('say', '{period}; compared within each language, but the platforms differ', 'period', w.period)
        else w.period
    end as period,
    w.n,
    w.n_rest,
    w.mentioning,
    w.mentioning_rest,
    w.value,
    w.value_rest,
    w.effect,
    w.low,
    w.high,
    w.q_value,
    case
        when w.unit = 'level' then json_object(
            'say', 'n = {n}, against the level of {level:pct}: {effect:points} points (95% interval {low:points} to {high:points}), q {q:q}',
            'n', w.n, 'level', w.value_rest, 'effect', w.effect, 'low', w.low, 'high', w.high, 'q', w.q_value
        )
        when w.basis = 'keyword' then json_object(
            'say', 'n = {n} keywords, difference {effect:points} points (95% interval {low:points} to {high:points}), q {q:q}',
            'n', w.n, 'effect', w.effect, 'low', w.low, 'high', w.high, 'q', w.q_value
        )
        when w.unit = 'net' then json_object(
            'say', 'n = {n} against {rest}, difference {effect:net} (95% interval {low:net} to {high:net}), q {q:q}',
            'n', w.n, 'rest', w.n_rest, 'effect', w.effect, 'low', w.low, 'high', w.high, 'q', w.q_value
        )
        when w.unit = 'rating' then json_object(
            'say', 'n = {n} against {rest}, difference {effect:net} stars (95% interval {low:net} to {high:net}), q {q:q}',
            'n', w.n, 'rest', w.n_rest, 'effect', 4 * w.effect, 'low', 4 * w.low, 'high', 4 * w.high, 'q', w.q_value
        )
        else json_object(
            'say', 'n = {n} against {rest}, difference {effect:points} points (95% interval {low:points} to {high:points}), q {q:q}',
            'n', w.n, 'rest', w.n_rest, 'effect', w.effect, 'low', w.low, 'high', w.high, 'q', w.q_value
        )
    end as statistics,
    case when w.is_sure then case when w.gain > 0 then 'better' else 'worse' end end as direction,
    case when w.low * w.high > 0 then least(abs(w.low), abs(w.high)) / w.min_effect else 0.0 end as strength
from dated w
join core.brand b on b.brand = w.brand
left join only_rival o on o.brand = w.brand
left join core.theme t on t.theme = w.theme
order by w.metric, w.brand, w.theme nulls first, w."window"
