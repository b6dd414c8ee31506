-- Each mention has its sentence and a theme in force, and a sentence mentions a theme once.
select mention.sentence_id, mention.theme, count(*) as row_count
from text.mention as mention
left join text.sentence as sentence on sentence.sentence_id = mention.sentence_id
left join core.theme as theme on theme.theme = mention.theme
group by mention.sentence_id, mention.theme
having count(*) > 1 or count(sentence.sentence_id) = 0 or count(theme.theme) = 0
