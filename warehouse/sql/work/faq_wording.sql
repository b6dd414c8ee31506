-- One row per different question and answer that any landing line of a FAQ source holds: what it says without the noise of pages.
-- The only place that says what noise is. Narrow: the words themselves are fetched by line where they are needed.
-- wording: hash of question and answer as printed
-- line: rowid in raw.faq_entry of one line that holds it
-- question_key: the question in lower case, without its number, punctuation and space
-- answer_part: hash of the answer without counters, nonces, relative dates and differences of case and space
with example as (
    select md5_number_lower(concat_ws(chr(31), question, answer)) as wording, min(rowid) as line
    from raw.faq_entry
    group by wording
),

written as (
    select
        example.wording, example.line, lower(nfc_normalize(raw.question)) as asked,
        translate(
            lower(nfc_normalize(raw.answer)), '“”„«»‘’‚´`–—−' || chr(160) || chr(12288), '"""""''''''''''---  '
        ) as said
    from example
    join raw.faq_entry as raw on raw.rowid = example.line
)

-- RE2: linear, whatever the page holds. Numbers of votes and comments, tokens that change with each answer of the server, ages that
-- run with the clock.
select
    wording, line,
    regexp_replace(
        regexp_replace(asked, '^\s*(?:(?:q|질문|質問|問)\s*[0-9]{0,3}|[0-9]{1,3})\s*[.):：．、]', ''), '[^\pL\pN]+', '', 'g'
    ) as question_key,
    md5_number_upper(trim(regexp_replace(regexp_replace(regexp_replace(
        said,
        '[0-9][0-9,.]*\s*(?:out\s+)?of\s+[0-9][0-9,.]*\s+(?:(?:people|users?|customers?)\s+)?'
        || '(?:found|thought)\s+(?:this|it)\s+(?:was\s+)?(?:article\s+)?helpful'
        || '|[0-9][0-9,.]*\s+(?:people|persons?|users?|customers?|readers?)\s+'
        || '(?:found|thought)\s+(?:this|it)\s+(?:was\s+)?(?:article\s+)?(?:helpful|useful)'
        || '|(?:was|did|is)\s+(?:you\s+find\s+)?this\s+(?:(?:article|answer|page|information)\s+)?(?:helpful|useful)\s*\?'
        || '(?:\s*(?:yes|no)\s*(?:\([0-9,]*\)|[0-9,]*))*'
        || '|(?:views?|likes?|votes?|comments?)\s*[:(]\s*[0-9][0-9,.]*\)?'
        || '|[0-9][0-9,.]*\s+(?:views?|likes?|votes?|comments?)\b'
        || '|(?:last\s+)?(?:updated|modified|edited)\s*:?\s*(?:about\s+)?(?:an?|[0-9]+)\s+'
        || '(?:second|minute|hour|day|week|month|year)s?\s+ago'
        || '|[0-9][0-9,]*\s*명\s*중에?\s*[0-9][0-9,]*\s*명이?\s*도움이?\s*(?:되었다고|됐다고)\s*(?:했습니다|합니다)?'
        || '|[0-9][0-9,]*\s*명(?:에게|이)\s*도움이?\s*(?:되었습니다|됐습니다|된다고\s*했습니다)?'
        || '|(?:조회수?|추천수?|좋아요|댓글)\s*[:(]?\s*[0-9][0-9,]*\)?'
        || '|[0-9]+\s*(?:초|분|시간|일|주|개월|달|년)\s*전에?\s*(?:업데이트|수정)'
        || '|[0-9][0-9,]*\s*人中\s*[0-9][0-9,]*\s*人がこの(?:記事|回答)[がは]役に立ったと(?:言っています|回答しました)'
        || '|[0-9][0-9,]*\s*人(?:の方)?が(?:参考になった|役に立った)(?:と(?:言っています|回答しました))?'
        || '|(?:閲覧数|参考になった)\s*[:：(]?\s*[0-9][0-9,]*\)?'
        || '|[0-9]+\s*(?:秒|分|時間|日|週間|か月|ヶ月|年)前に?更新',
        ' ', 'g'),
        -- A long token in which digits and letters take turns names nothing that a customer reads; a long number may be an account.
        '\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b'
        || '|\b[a-z0-9]{0,60}[0-9][a-z]{1,20}[0-9][a-z0-9]{12,}\b|\b[a-z0-9]{12,60}[0-9][a-z]{1,20}[0-9][a-z0-9]{0,60}\b'
        || '|[?&#][a-z_0-9.-]{1,40}=[^\s"''<>)]*', ' ', 'g'),
        '[\s\x{200b}-\x{200f}\x{2060}\x{feff}\x{ad}]+', ' ', 'g'), ' .。')) as answer_part
from written
