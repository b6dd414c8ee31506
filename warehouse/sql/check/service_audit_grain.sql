-- Each part of the service audit stands once for each brand, explained, with a status; shares lie in 0..1, and what was not read has no value.
select brand, part, value, unit, status, count(*) over (partition by brand, part) as row_count
from mart.service_audit
qualify
    row_count > 1
    or unit is null
    or status is null
    or n < 0
    or (starts_with(unit, 'share') and value not between 0 and 1)
    or (value is null) = (status in ('measured', 'partial'))
