-- One row per cell of the SWOT table: a claim of mart.claim, and what it means for the own brand.
-- cell_id: 16 hex digits, the same in every run for the same brand, quadrant, theme (metric, without a theme) and rule
-- brand: whose strength, weakness, opportunity or threat it is
-- quadrant: strength, weakness, opportunity or threat
-- theme: core.theme's id, null for service facts
-- metric: as in metric.test; for what was not tested the fact's name
-- window: all or current: the time that the claim speaks of
-- claim: one English sentence with its numbers
-- statistics: n, effect with its 95 % interval, and q, as people read them; of a fact, what was looked at and when
-- also: claims of other sure findings on the same theme in the same quadrant, the surest first
-- claim_message, statistics_message, also_message: the same as messages for other languages (see pipeline/words.py)
-- effect, low, high, n, n_rest, q_value: as in metric.test; those of the rival where the claim is about a rival; effect, interval and q are
-- null for facts that were looked at, not sampled
-- effect_equal_stars, low_equal_stars, high_equal_stars: as in metric.test; null where stars do not bear on the claim
-- holds_at_equal_stars: that interval lies on the effect's side of nothing; null with it
-- candidate_id: the row of mart.candidate that it was
-- rule: the file under warehouse/sql/rule that proposed it
-- about: the brand whose reviews or pages prove it; null for all brands but the named one
-- evidence_count: passages and pages in mart.evidence that agree with the claim
-- position: 1 is the strongest within brand and quadrant
-- for_us: what it means for the own brand: attack, defend, fix or watch, as mart.tows decides; null when the market has no own brand
-- paired_with: cell_id of the own brand's cell that decided it; null where none did
-- for_us_reason: one English sentence that says why; null with for_us
-- for_us_reason_message: the same as a message
select
    c.cell_id,
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
    e.effect_equal_stars,
    e.low_equal_stars,
    e.high_equal_stars,
    case when c.effect > 0 then e.low_equal_stars > 0 else e.high_equal_stars < 0 end as holds_at_equal_stars,
    c.rule,
    c.candidate_id,
    c.about,
    c.evidence_count,
    c.position,
    t.for_us,
    t.paired_with,
    t.for_us_reason,
    t.for_us_reason_message
from mart.claim c
left join mart.tows t on t.cell_id = c.cell_id
-- Where the claim is about a rival, its comparison is the rival's.
left join metric.test e
    on e.metric = c.metric and e.brand = coalesce(c.about, c.brand) and e.theme is not distinct from c.theme and e."window" = c."window"
order by c.brand, c.quadrant, c.position
