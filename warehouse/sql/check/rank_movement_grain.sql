-- Each brand and search stands once; a rank lies within the depth; nothing is called a movement that is within the spread.
select
    brand, keyword, engine, locale, device, result_type, rank, depth, spread, earlier_spread, moved_by, verdict,
    count(*) over (partition by brand, keyword, engine, locale, device, result_type) as row_count
from mart.rank_movement
qualify
    row_count > 1
    or rank < 1
    or rank > depth
    or (rank is not null and status <> 'answered')
    or (verdict in ('up', 'down') and abs(moved_by) <= greatest(spread, earlier_spread))
    or (is_movement and (spread is null or earlier_spread is null))
