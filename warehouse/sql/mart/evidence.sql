-- One row per cell and passage that bears on it: at least three that agree, or a page, and one counter-example where there is one.
-- cell_id: mart.swot_cell's id
-- position: 1 is the most telling; the counter-example comes last
-- is_counter: this passage speaks against the claim
-- quoted_from: review, reply, search result or page
-- review_id: core.review's id, null for search results and pages
-- sentence_id: text.sentence's id, null for replies, search results and pages
-- brand: whom the passage is about; null for a search result that belongs to no brand of the market
-- quote: the passage, letter for letter as it stands in core.review's content or reply_text, the search result's title, or what the page says
-- url: where a reader finds it
-- published_on: day of the review, of the ranking, or on which the page was last seen; null when the source prints none
-- source: core.review's source, the search engine, or what is read from the page
-- language: of the sentence; null for search results and pages
-- stars: as printed, null without a rating
-- stars_max: the best that the source's scale has
-- sentiment: of the sentence about the theme, -1..1; null for replies, search results and pages
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
