-- One row per cell and passage that bears on it: at least three that agree, and one counter-example where there is one.
-- cell_id: mart.swot_cell's id
-- position: 1 is the most telling; the counter-example comes last
-- is_counter: this passage speaks against the claim
-- quoted_from: review, reply or search result
-- review_id: core.review's id, null for a search result
-- sentence_id: text.sentence's id, null for replies and search results
-- brand: whom the passage is about; null for a search result that belongs to no brand of the market
-- quote: the passage, letter for letter as it stands in core.review's content or reply_text, or the search result's title
-- url: where a reader finds it
-- published_on: day of the review, or of the ranking; null when the source prints none
-- source: core.review's source, or the search engine
-- language: of the sentence; null for a search result
-- stars: as printed, null without a rating
-- stars_max: the best that the source's scale has
-- sentiment: of the sentence about the theme, -1..1; null for replies and search results
select
    c.cell_id,
    q.position,
    q.is_counter,
    q.quoted_from,
    q.review_id,
    q.sentence_id,
    q.brand,
    q.quote,
    q.url,
    q.published_on,
    q.source,
    q.language,
    q.stars,
    q.stars_max,
    q.sentiment
from mart.swot_cell c
join mart.quote q on q.candidate_id = c.candidate_id
order by c.brand, c.quadrant, c.position, q.position
