-- Each FAQ entry and each contact point stands once.
select 'faq_entry' as kind, brand, source as name, question as value, count(*) as row_count
from core.faq_entry
group by brand, source, question, answer
having count(*) > 1
union all
select kind, brand, vendor, value, count(*)
from core.contact_point
group by kind, brand, vendor, value
having count(*) > 1
