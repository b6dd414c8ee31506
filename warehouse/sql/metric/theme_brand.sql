-- One row per brand, theme and window, also where no review mentions the theme.
-- brand: whom the reviews are about
-- theme: core.theme's id
-- window: current, previous or all
-- review_count: reviews with text, the denominator of the shares
-- mentioning_count: of these, reviews that mention the theme
-- mention_count: sentences that do
-- positive_count: mentioning reviews whose mentions are good on average
-- neutral_count: mentioning reviews whose mentions are neither or both
-- negative_count: mentioning reviews whose mentions are bad on average
-- net_sentiment: (positive - negative) / mentioning, -1..1; null when nobody mentions it
-- net_low: lower 95 % bound of net_sentiment; null with it
-- net_high: upper 95 % bound of net_sentiment; null with it
-- net_shrunken: net_sentiment drawn towards the theme's mean over the brands, the further the fewer mention it (empirical Bayes, normal-normal, by
-- moments); the mean itself for a brand that nobody mentions; null when no brand is mentioned. Ranks go by it: ten reviews top no list by luck
-- net_shrunken_low, net_shrunken_high: its 95 % interval, with the chance in the mean; null with it
-- share: mentioning / review_count, 0..1; null without reviews
-- share_low: lower 95 % bound of share (Wilson); null with it
-- share_high: upper 95 % bound of share (Wilson); null with it
-- complaint_share: negative / review_count, 0..1; null without reviews
-- praise_share: positive / review_count, 0..1; null without reviews
with thresholds as (
    select 1.959964 as z -- 95 %, two-sided
),

reviewed as (
    select s.brand, w.name as "window", sum(s.text_count) as n
    from metric.stratum s
    join metric."window" w on w.name = 'all' or w.name = s.period
    group by s.brand, w.name
),

mentioned as (
    select
        s.brand,
        s.theme,
        w.name as "window",
        sum(s.mentioning_count) as mentioning_count,
        sum(s.mention_count) as mention_count,
        sum(s.positive_count) as positive_count,
        sum(s.neutral_count) as neutral_count,
        sum(s.negative_count) as negative_count
    from metric.stratum_theme s
    join metric."window" w on w.name = 'all' or w.name = s.period
    group by s.brand, s.theme, w.name
),

counted as (
    select
        b.brand,
        t.theme,
        w.name as "window",
        cast(coalesce(r.n, 0) as bigint) as n,
        cast(coalesce(m.mentioning_count, 0) as bigint) as k,
        cast(coalesce(m.mention_count, 0) as bigint) as mention_count,
        cast(coalesce(m.positive_count, 0) as bigint) as pos,
        cast(coalesce(m.neutral_count, 0) as bigint) as neutral_count,
        cast(coalesce(m.negative_count, 0) as bigint) as neg
    from core.brand b
    cross join core.theme t
    cross join metric."window" w
    left join reviewed r on r.brand = b.brand and r."window" = w.name
    left join mentioned m on m.brand = b.brand and m.theme = t.theme and m."window" = w.name
),

-- One review of each sign is added before the net interval is drawn, as in pipeline/swot/statistics.py: ten reviews that
-- agree do not prove that the eleventh will.
spread as (
    select
        *,
        (pos - neg) / (k + 2.0) as centre,
        sqrt(((pos + neg + 2) / (k + 2.0) - ((pos - neg) / (k + 2.0)) ** 2) / (k + 2.0)) as error,
        k / nullif(n, 0) as p,
        (pos - neg) / nullif(k, 0) as net,
        case when k > 0 then 1 / error ** 2 end as weight
    from counted
),

-- How far the brands' true values lie apart, beyond their reviews' chance: DerSimonian and Laird's moments. Sums are rounded, so that the
-- order in which threads add cannot change a byte.
apart as (
    select
        theme,
        "window",
        greatest(
            0,
            round(
                (sum(weight * net * net) - sum(weight * net) ** 2 / sum(weight) - (count(weight) - 1))
                / nullif(sum(weight) - sum(weight * weight) / sum(weight), 0),
                9
            )
        ) as between
    from spread
    group by theme, "window"
),

centred as (
    select
        a.theme,
        a."window",
        coalesce(any_value(a.between), 0) as between,
        round(sum(s.net / (s.error ** 2 + coalesce(a.between, 0))) / sum(1 / (s.error ** 2 + coalesce(a.between, 0))), 9) as mean,
        round(1 / sum(1 / (s.error ** 2 + coalesce(a.between, 0))), 12) as mean_variance
    from apart a
    join spread s on s.theme = a.theme and s."window" = a."window" and s.k > 0
    group by a.theme, a."window"
),

-- kept: how much of a brand's distance from the mean is not chance, 0..1.
drawn as (
    select
        s.*,
        case when s.k > 0 then c.between / (c.between + s.error ** 2) else 0 end as kept,
        c.mean + coalesce(kept * (s.net - c.mean), 0) as shrunken,
        z * sqrt(case when s.k > 0 then kept * s.error ** 2 else c.between end + (1 - kept) ** 2 * c.mean_variance) as shrunken_error
    from spread s
    cross join thresholds
    left join centred c on c.theme = s.theme and c."window" = s."window"
)

select
    brand,
    theme,
    "window",
    n as review_count,
    k as mentioning_count,
    mention_count,
    pos as positive_count,
    neutral_count,
    neg as negative_count,
    (pos - neg) / nullif(k, 0) as net_sentiment,
    case when k > 0 then greatest(-1.0, least((pos - neg) / k, centre - z * error)) end as net_low,
    case when k > 0 then least(1.0, greatest((pos - neg) / k, centre + z * error)) end as net_high,
    shrunken as net_shrunken,
    greatest(-1.0, shrunken - shrunken_error) as net_shrunken_low,
    least(1.0, shrunken + shrunken_error) as net_shrunken_high,
    p as share,
    case when n > 0 then greatest(0.0, (p + z * z / (2 * n) - z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n))) / (1 + z * z / n)) end as share_low,
    case when n > 0 then least(1.0, (p + z * z / (2 * n) + z * sqrt(p * (1 - p) / n + z * z / (4.0 * n * n))) / (1 + z * z / n)) end as share_high,
    neg / nullif(n, 0) as complaint_share,
    pos / nullif(n, 0) as praise_share
from drawn, thresholds
order by brand, theme, "window"
