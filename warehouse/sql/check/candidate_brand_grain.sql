-- Each candidate domain stands once, its shares lie in 0..1, and no brand of the market is its own rival.
select
    candidate.domain, candidate.visibility, candidate.keyword_count, candidate.keyword_total,
    count(*) over (partition by candidate.domain) as row_count
from mart.candidate_brand as candidate
left join core.brand_domain as own on own.domain = candidate.domain
qualify
    row_count > 1
    or own.domain is not null
    or candidate.visibility not between 0 and 1
    or candidate.keyword_count not between 1 and candidate.keyword_total
