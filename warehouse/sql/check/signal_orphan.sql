-- Each signal has its sentence, and a sentence carries a signal once.
select signal.sentence_id, signal.signal, count(*) as row_count
from text.signal as signal
left join text.sentence as sentence on sentence.sentence_id = signal.sentence_id
group by signal.sentence_id, signal.signal
having count(*) > 1 or count(sentence.sentence_id) = 0
