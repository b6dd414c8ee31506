-- One row per claim that enters the SWOT table: a test supports it and at least three passages show it, or a page was seen that does.
-- mart.swot_cell says besides what each means for us.
-- cell_id: 16 hex digits, the same in every run for the same brand, quadrant, theme (metric, without a theme) and rule
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: strength, weakness, opportunity or threat
-- theme: core.theme's id, null for service facts
-- metric: as in metric.test
-- window: all or current: the time that the claim speaks of
-- claim: one English sentence with its numbers
-- statistics: n, effect with its 95 % interval, and q, as people read them
-- also: claims of other sure findings on the same theme in the same quadrant, the surest first
-- claim_message, statistics_message, also_message: the same as messages for other languages (see pipeline/words.py)
-- effect, low, high, n, n_rest, q_value: as in metric.test; those of the rival where the claim is about a rival
-- candidate_id: the row of mart.candidate that it was
-- rule: the file under warehouse/sql/rule that proposed it
-- about: the brand whose reviews prove it; null for all brands but the named one
-- evidence_count: passages and pages in mart.evidence that agree with the claim
-- position: 1 is the strongest within brand and quadrant
with thresholds as (
    select
        3 as quotes_min, -- fewer passages cannot show that a claim is more than one customer's story; a page was seen or not
        8 as cells_max   -- a column that is not read to its end tells nothing; mart.theme_matrix holds the rest
),

shown as (
    select c.*, count(*) filter (where not q.is_counter) as evidence_count
    from mart.candidate c
    cross join thresholds h
    join mart.quote q on q.candidate_id = c.candidate_id
    group by all
    having
        count(*) filter (where not q.is_counter) >= max(h.quotes_min)
        or bool_or(q.quoted_from = 'page' and not q.is_counter)
),

-- A theme is a strength or a weakness, never both: the surer one stands.
settled as (
    select *
    from shown
    qualify quadrant in ('opportunity', 'threat') or quadrant = first_value(quadrant) over (
        partition by brand, coalesce(theme, metric), quadrant in ('strength', 'weakness')
        order by strength desc, q_value, candidate_id
    )
),

-- One cell per theme: the newest window before all reviews, then the surer finding.
placed as (
    select
        *,
        row_number() over (
            partition by brand, quadrant, coalesce(theme, metric)
            order by "window" <> 'current', strength desc, q_value, candidate_id
        ) as place
    from settled
),

-- The rest is told beside it, one line per kind of finding.
others as (
    select
        brand,
        quadrant,
        coalesce(theme, metric) as topic,
        list(claim order by place) as also,
        list(claim_message order by place) as also_message
    from (
        select
            *,
            first_value(metric || coalesce(about, '')) over (
                partition by brand, quadrant, coalesce(theme, metric) order by place
            ) as lead_finding,
            row_number() over (partition by brand, quadrant, coalesce(theme, metric), metric, about order by place) as repeated
        from placed
    )
    where repeated = 1 and metric || coalesce(about, '') <> lead_finding
    group by brand, quadrant, coalesce(theme, metric)
),

ordered as (
    select
        p.*,
        coalesce(o.also, cast([] as varchar[])) as also,
        coalesce(o.also_message, cast([] as json[])) as also_message,
        row_number() over (
            partition by p.brand, p.quadrant order by p.strength desc, p.q_value, p.theme nulls last, p.rule, p.candidate_id
        ) as position
    from placed p
    left join others o on o.brand = p.brand and o.quadrant = p.quadrant and o.topic = coalesce(p.theme, p.metric)
    where p.place = 1
)

select
    substring(md5(c.brand || '|' || c.quadrant || '|' || coalesce(c.theme, c.metric) || '|' || c.rule), 1, 16) as cell_id,
    c.brand,
    c.quadrant,
    c.theme,
    c.metric,
    c."window",
    c.claim,
    c.statistics,
    c.also,
    c.claim_message,
    c.statistics_message,
    c.also_message,
    c.effect,
    c.low,
    c.high,
    c.n,
    c.n_rest,
    c.q_value,
    c.rule,
    c.candidate_id,
    c.about,
    c.evidence_count,
    c.position
from ordered c
cross join thresholds h
where c.position <= h.cells_max
order by c.brand, c.quadrant, c.position
