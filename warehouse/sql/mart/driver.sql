-- One row per brand (null: the whole market) and theme: how many stars go with a praise and with a complaint of it, all themes in one model.
-- brand: core.brand's id; null for all brands together
-- theme: core.theme's id
-- brand_name: as people know it; null with brand
-- theme_name: as people know it
-- position: 1 is the theme that takes most stars from the brand's mean; themes without an estimate come last
-- review_count: rated reviews with words: the rows of the model
-- praise_count: of these, reviews that praise the theme
-- complaint_count: of these, reviews that complain of it
-- praise_stars, praise_low, praise_high: stars (of five) that a review with praise has more than one without, all else alike, with the 95 %
-- interval; null with too few
-- complaint_stars, complaint_low, complaint_high: the same of complaints; mostly below 0
-- swing_stars, swing_low, swing_high: from complaint to praise; null where either is
-- stars_won, stars_won_low, stars_won_high: by what its praise raises the brand's mean: praise_stars x share of such reviews; null with praise_stars
-- stars_lost, stars_lost_low, stars_lost_high: by what its complaints change the brand's mean, mostly below 0; null with complaint_stars
-- q_value: of the surer of praise and complaint: Benjamini-Hochberg over the whole of metric.driver; null without either
-- why_not: why there is no swing; null where there is one
with told as (
    select
        brand,
        theme,
        max(review_count) as review_count,
        max(tone_count) filter (where measure = 'praise') as praise_count,
        max(tone_count) filter (where measure = 'complaint') as complaint_count,
        max(effect) filter (where measure = 'praise') as praise_stars,
        max(low) filter (where measure = 'praise') as praise_low,
        max(high) filter (where measure = 'praise') as praise_high,
        max(effect) filter (where measure = 'complaint') as complaint_stars,
        max(low) filter (where measure = 'complaint') as complaint_low,
        max(high) filter (where measure = 'complaint') as complaint_high,
        max(effect) filter (where measure = 'swing') as swing_stars,
        max(low) filter (where measure = 'swing') as swing_low,
        max(high) filter (where measure = 'swing') as swing_high,
        max(pull) filter (where measure = 'praise') as stars_won,
        max(pull_low) filter (where measure = 'praise') as stars_won_low,
        max(pull_high) filter (where measure = 'praise') as stars_won_high,
        max(pull) filter (where measure = 'complaint') as stars_lost,
        max(pull_low) filter (where measure = 'complaint') as stars_lost_low,
        max(pull_high) filter (where measure = 'complaint') as stars_lost_high,
        min(q_value) filter (where measure <> 'swing') as q_value,
        max(why_not) filter (where measure = 'swing') as why_not
    from metric.driver
    group by brand, theme
)

select
    d.brand,
    d.theme,
    b.name as brand_name,
    t.name as theme_name,
    row_number() over (partition by d.brand order by d.stars_lost nulls last, d.stars_won desc nulls last, t.position, d.theme) as position,
    d.review_count,
    d.praise_count,
    d.complaint_count,
    d.praise_stars,
    d.praise_low,
    d.praise_high,
    d.complaint_stars,
    d.complaint_low,
    d.complaint_high,
    d.swing_stars,
    d.swing_low,
    d.swing_high,
    d.stars_won,
    d.stars_won_low,
    d.stars_won_high,
    d.stars_lost,
    d.stars_lost_low,
    d.stars_lost_high,
    d.q_value,
    d.why_not
from told d
join core.theme t on t.theme = d.theme
left join core.brand b on b.brand = d.brand
order by b.position nulls last, d.brand nulls last, position
