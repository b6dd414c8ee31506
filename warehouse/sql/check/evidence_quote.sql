-- Each quote occurs, letter by letter, in the review, reply, search result or page that it is taken from, and belongs to a cell.
select evidence.cell_id, evidence.position, evidence.quoted_from, evidence.review_id, evidence.quote
from mart.evidence as evidence
left join core.review as review on review.review_id = evidence.review_id
left join mart.swot_cell as cell on cell.cell_id = evidence.cell_id
left join (select distinct title from core.search_result) as result
    on evidence.quoted_from = 'search result' and result.title = evidence.quote
left join (
    select url, coalesce(nullif(trim(value), ''), vendor) as words from core.contact_point
    union
    select url, question from core.faq_entry
    union
    select url, url from core.contact_point
    union
    select url, url from core.source
) as page
    on evidence.quoted_from = 'page' and page.url = evidence.url and page.words = evidence.quote
where
    cell.cell_id is null
    or not coalesce(
        case evidence.quoted_from
            when 'review' then contains(review.content, evidence.quote)
            when 'reply' then contains(review.reply_text, evidence.quote)
            when 'search result' then result.title is not null
            when 'page' then page.words is not null
        end,
        false
    )
