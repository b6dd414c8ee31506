-- Each cell stands once, in one of the four quadrants, for a brand of the market, its effect within its interval.
select cell.cell_id, cell.brand, cell.quadrant, cell.low, cell.effect, cell.high, count(*) over (partition by cell.cell_id) as row_count
from mart.swot_cell as cell
left join core.brand as brand on brand.brand = cell.brand
qualify
    row_count > 1
    or cell.quadrant not in ('strength', 'weakness', 'opportunity', 'threat')
    or brand.brand is null
    or cell.effect not between cell.low and cell.high
