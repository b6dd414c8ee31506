-- What a cell means for us is said with its reason, and what it is paired with is another cell, of the own brand.
select cell.cell_id, cell.for_us, cell.for_us_reason, cell.paired_with
from mart.swot_cell as cell
left join mart.swot_cell as pair on pair.cell_id = cell.paired_with and pair.cell_id <> cell.cell_id
left join core.brand as brand on brand.brand = pair.brand and brand.own
where (cell.for_us is null) <> (cell.for_us_reason is null) or (cell.paired_with is not null and brand.brand is null)
