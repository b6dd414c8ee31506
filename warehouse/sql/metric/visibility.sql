-- One row per brand and engine: the share of the keyword set's clicks that its latest rankings on the web would draw.
-- brand: whose pages are looked for
-- engine: search engine
-- keyword_count: keywords that the market watches on this engine; one asked for two devices or locales counts twice
-- observed_count: of these, answered in the latest check: the brand was found, or was absent within the depth
-- unknown_count: of these, failed or blocked in the latest check, or never asked; they count neither for nor against
-- visibility: mean click share over the answered keywords, 0..1; null when none was answered
-- low: lower 95 % bound; always null: the keyword set is read whole, there is no sample to be unsure of
-- high: upper 95 % bound; always null, as low
with asked as (
    select distinct keyword, engine, locale, device, result_type from metric.search_check
),

watched as (
    select keyword, engine, locale, device from asked where result_type = 'web'
    union
    -- One that was never asked is unknown; one that is asked for other results than the web's does not belong here.
    select keyword, engine, locale, null
    from core.keyword k
    where not exists (
        select 1 from asked a where a.keyword = k.keyword and a.engine = k.engine and a.locale is not distinct from k.locale
    )
)

select
    b.brand,
    w.engine,
    count(*) as keyword_count,
    count(v.click_share) as observed_count,
    count(*) - count(v.click_share) as unknown_count,
    -- Rounded, so that the order in which threads add cannot change a byte.
    round(avg(v.click_share), 9) as visibility,
    cast(null as double) as low,
    cast(null as double) as high
from core.brand b
cross join watched w
left join metric.visibility_keyword v
    on v.brand = b.brand and v.keyword = w.keyword and v.engine = w.engine and v.locale is not distinct from w.locale
    and v.device is not distinct from w.device and v.age = 0
group by b.brand, w.engine
order by b.brand, w.engine
