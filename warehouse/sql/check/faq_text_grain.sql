-- Each FAQ entry that stands now was read once, and no other; its themes are in force, its shares lie in 0..1.
with theme as (
    select entry_id, count(*) as unknown_count
    from (select entry_id, unnest(themes) as theme from text.faq) as carried
    anti join core.theme as theme on theme.theme = carried.theme
    group by entry_id
)

select
    entry.entry_id, entry.question, text.entry_id as read_as, text.kanji_share, theme.unknown_count,
    count(*) over (partition by coalesce(entry.entry_id, text.entry_id)) as row_count
from (select entry_id, question from core.faq_entry where "current") as entry
full join text.faq as text on text.entry_id = entry.entry_id
left join theme on theme.entry_id = text.entry_id
qualify
    row_count > 1
    or entry.entry_id is null
    or text.entry_id is null
    or theme.unknown_count > 0
    or text.kanji_share not between 0 and 1
    or text.characters < 0
