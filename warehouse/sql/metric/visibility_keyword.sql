-- One row per brand and answered check of a keyword on the web (results, or none at all): the latest one, and one a month older.
-- Searches of other result types (news, shop, ...) have ranks in metric.search_rank, but no clicks that are known.
-- brand: whose pages are looked for
-- keyword: as searched
-- engine: search engine
-- locale: as searched, null when the market file names none
-- device: desktop or mobile as asked for; null where the engine was not told
-- age: 0 for the latest check, 1 for the newest one that is at least 28 days older
-- as_of: moment of that check (UTC)
-- depth: organic results that the answer held
-- best_rank: 1 is first; median over the draws; null when the brand is absent within the depth
-- click_share: share of the searches whose click would fall on the brand, 0..1, median over the draws; 0 when absent
select brand, keyword, engine, locale, device, age, as_of, depth, rank as best_rank, click_share
from metric.search_rank
where age is not null and result_type = 'web'
order by brand, keyword, engine, locale, device, age
