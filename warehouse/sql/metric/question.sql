-- One row per question that a customer asks in a counted review, and theme that it is about.
-- Asked to be told something; what is only put as a question ("Seriously?", "Why would anybody pay for this?") is none.
-- sentence_id: as in text.sentence
-- review_id: as in core.review
-- brand: whom the review is about
-- theme: core.theme's id
with asked as (
    select sentence_id, review_id, lower(text) as text, language
    from text.sentence
    where contains(text, '?') or contains(text, '？') or language in ('ja', 'ko')
)

select a.sentence_id, a.review_id, r.brand, m.theme
from asked a
join text.mention m on m.sentence_id = a.sentence_id
join metric.review r on r.review_id = a.review_id
where case a.language
    when 'ko' then regexp_matches(a.text, '(나요|까요|인가요|은가요|는가요|던가요|습니까|ㅂ니까|입니까|는지요|을지요)[?？!. ]{0,3}$')
    when 'ja' then regexp_matches(a.text, '(ですか|ますか|でしょうか|ませんか|ましたか|んですかね|のかな)[?？!。 ]{0,3}$')
    when 'en' then regexp_matches(
        a.text,
        '(^|[,.;:] ?|(and|but|so|or|anyone know|tell me|wondering) )'
        || '((how|where|when|what|which) (do|does|can|should|will|would) (i|we|one|you|it|they|the|this)'
        || '|how (long|much|many|often|soon|far) (do|does|is|are|will|should|can)'
        || '|(what|where|when|which) (is|are|if) (the|my|there|your|their|it|i|we)'
        || '|(is|are) there (a|an|any|some)|(can|could|may|should|do) (i|we|someone|somebody|anyone)'
        || '|(do|does|will|can) (you|they|it|this|the)|what happens (if|when)|who do (i|we))[^?]{3,200}[?？]'
    ) and not regexp_matches(a.text, '(how|who|what) (can|could|would|do|does) (you|they|a company|anyone|it) (be |possibly|even|dare|just|ever|sleep|stay|justify|get away|trust|care)|kidding|seriously|joking|guess what|want to (see|know|hear)')
    else regexp_matches(a.text, '^(¿|où |comment |quand |combien |est-ce qu|quel|wie |wo |wann |kann |gibt es |dónde |cómo |cuándo |cuánto |puedo |hay )[^?]{3,200}[?]')
end
