-- Each crawl that the market asks for has one line of coverage, and a failed or blocked one says why.
select source.target, coverage.status, coverage.reason, count(coverage.target) as row_count
from core.source as source
left join core.coverage as coverage on coverage.target = source.target
group by source.target, coverage.status, coverage.reason
having count(coverage.target) <> 1 or (coverage.status in ('failed', 'blocked') and coverage.reason is null)
