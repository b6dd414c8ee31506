"""What companies answer to reviews, and how: `text.reply`.

Answers are few beside reviews, so they are read anew each time (10,000 of 600 letters take eight seconds), a batch at a time; only numbers of those that went before are held. An
answer is of a template when another of the same brand nearly says the same, names and numbers left out of account.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import duckdb
import numpy as np
import orjson

from pipeline.text import likeness
from pipeline.text.analyse import Themes
from pipeline.text.reading.language import language_of_part
from pipeline.text.reading.normalise import MAX_TEXT
from pipeline.text.voice import Voice, content_words, fit, hear, mood
from warehouse.build import describe

TEMPLATE = 0.6
"""Likeness from which two answers of a brand are one template: a template keeps .6 and more when a sentence of four is exchanged."""

COMMON = 0.1
"""A word or theme in more than this share of a brand's answers is its habit, and does not show that a review was read."""

_BATCH = 1_000

_ANSWERED = """
    create or replace temp table answered as
    with said as (
        select review_id, avg(sentiment) as sentiment from text.sentence group by review_id
    ), carried as (
        select review_id, list(distinct theme) as themes from text.mention group by review_id
    )
    select row_number() over (order by r.brand, r.review_id) as place, r.review_id, r.brand, left(r.reply_text, $most) as reply,
        left(r.content, $most) as content, r.rating, said.sentiment, coalesce(carried.themes, []) as themes
    from core.review as r
    left join said using (review_id)
    left join carried using (review_id)
    where r.duplicate_of is null and trim(r.reply_text) <> ''
"""

_Answer = tuple[int, str, str, str | None, float | None, float | None, list[str]]


def write(con: duckdb.DuckDBPyConnection, *, taxonomy: Themes, languages: Sequence[str], brand_locales: Mapping[str, str]) -> int:
    """Makes `text.reply` out of core.review, text.sentence and text.mention, in the transaction that is open; its row count."""
    con.execute(_ANSWERED, {"most": MAX_TEXT})
    con.execute("create or replace temp table heard (" + ", ".join(f"{name} {kind}" for name, kind in _HEARD.items()) + ")")
    habits = _Habits()
    signed = [likeness.signatures([])]
    for batch in _batches(con):
        voices = [hear(reply, languages=languages, locale=brand_locales.get(brand)) for _, brand, reply, *_ in batch]
        _insert(con, "heard", _HEARD, [_row(answer, voice) for answer, voice in zip(batch, voices, strict=True)])
        signed.append(likeness.signatures([voice.masked for voice in voices]))
        for answer, voice in zip(batch, voices, strict=True):
            habits.add(answer, voice, taxonomy)
    _settle(con, habits, np.concatenate(signed))
    describe(con, "text.reply", _GRAIN, _COLUMNS, where=__file__)
    row = con.execute("select count(*) from text.reply").fetchone()
    for name in ("answered", "heard", "settled"):
        con.execute(f"drop table {name}")
    return int(row[0]) if row else 0


def _batches(con: duckdb.DuckDBPyConnection) -> Iterator[list[_Answer]]:
    first = 1
    while batch := con.execute(
        "select * from answered where place between ? and ? order by place", [first, first + _BATCH - 1]
    ).fetchall():
        yield [
            (place, brand, reply, content, rating, sentiment, themes)
            for place, _, brand, reply, content, rating, sentiment, themes in batch
        ]
        first += _BATCH


def _row(answer: _Answer, voice: Voice) -> dict[str, object]:
    place, _, _, _, rating, sentiment, _ = answer
    reviewer = mood(rating, sentiment)
    return {
        "place": place,
        "language": voice.language,
        "sentences": voice.sentences,
        "formality": voice.formality.level,
        "formality_share": voice.formality.share,
        "honorific_share": voice.formality.honorific_share,
        "apology": voice.apology,
        "thanks": voice.thanks,
        "empathy": voice.empathy,
        "delight": voice.delight,
        "personal_address": voice.address,
        "signed": voice.signed,
        "offer": voice.offer,
        "mood": reviewer,
        "fit": fit(voice, reviewer),
    }


class _Habits:
    """What each answer has in common with its review, and how many of the brand's answers have each of it."""

    def __init__(self) -> None:
        self.brands: list[str] = []
        self.common: list[tuple[str, ...]] = []
        """Words and #themes of both the answer and its review."""
        self.held: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, answer: _Answer, voice: Voice, taxonomy: Themes) -> None:
        _, brand, reply, content, _, _, themes = answer
        said = content_words(reply, voice.language)
        # The whole answer at once: which themes it touches, not where.
        touched = taxonomy.themes_of(reply, language_of_part(reply, voice.language))
        words = {*said, *(f"#{theme}" for theme in touched)}
        self.brands.append(brand)
        self.held[brand].update(words)
        self.common.append(tuple(words & {*content_words(content or "", voice.language), *(f"#{theme}" for theme in themes)}))

    def specific(self) -> list[bool]:
        answers = Counter(self.brands)
        return [
            any(self.held[brand][word] <= max(1.0, COMMON * answers[brand]) for word in common)
            for brand, common in zip(self.brands, self.common, strict=True)
        ]


def _settle(con: duckdb.DuckDBPyConnection, habits: _Habits, signed: likeness.Signatures) -> None:
    """What only all answers together tell: which are specific, and which are of a template."""
    template = np.full(len(signed), -1, dtype=np.int64)
    brands = np.array(habits.brands, dtype=object)
    for brand in dict.fromkeys(habits.brands):
        own = np.flatnonzero(brands == brand)
        found = likeness.groups(signed[own], TEMPLATE).group
        template[own] = np.where(found < 0, -1, found + template.max() + 1)
    kinds = {"place": "bigint", "specific": "boolean", "template": "bigint"}
    con.execute("create or replace temp table settled (" + ", ".join(f"{name} {kind}" for name, kind in kinds.items()) + ")")
    specific = habits.specific()
    for first in range(0, len(specific), 20 * _BATCH):
        stop = min(first + 20 * _BATCH, len(specific))
        rows = [
            {"place": place + 1, "specific": specific[place], "template": None if template[place] < 0 else int(template[place])}
            for place in range(first, stop)
        ]
        _insert(con, "settled", kinds, rows)
    con.execute(
        """
        create or replace table text.reply as
        with settled_voice as (
            select a.review_id, a.brand, h.* exclude (place), s.specific, s.template
            from answered as a join heard as h using (place) join settled as s using (place)
        )
        select * exclude (template),
            case when template is not null then min(review_id) over (partition by brand, template) end as template_id,
            case when template is not null then count(*) over (partition by brand, template) end as template_count
        from settled_voice
        order by review_id
        """
    )


def _insert(con: duckdb.DuckDBPyConnection, table: str, kinds: Mapping[str, str], rows: Sequence[Mapping[str, object]]) -> None:
    con.execute(
        f"insert into {table} by name select unnest(from_json(?, ?), recursive := true)",
        [orjson.dumps(rows).decode(), orjson.dumps([kinds]).decode()],
    )


_HEARD = {
    "place": "bigint",
    "language": "varchar",
    "sentences": "integer",
    "formality": "varchar",
    "formality_share": "double",
    "honorific_share": "double",
    "apology": "boolean",
    "thanks": "boolean",
    "empathy": "boolean",
    "delight": "boolean",
    "personal_address": "varchar",
    "signed": "boolean",
    "offer": "boolean",
    "mood": "varchar",
    "fit": "varchar",
}

_GRAIN = "One row per review that counts and that the company answered: how the answer sounds. Null where its language has no wordings."

_COLUMNS = {
    "review_id": "the review, as in core.review, which holds the answer's words",
    "brand": "who answers",
    "language": "of the answer (ISO 639-1); und without letters",
    "sentences": "of the answer",
    "formality": (
        "level of most sentences: formal, neutral, informal (en); hapsyo 합쇼체, haeyo 해요체, plain (ko); honorific 尊敬・謙譲, "
        "polite です・ます, plain (ja). No scale across languages; null where no sentence shows a level"
    ),
    "formality_share": "share of the sentences that show a level which are at this one, 0..1; null with it",
    "honorific_share": "share of the sentences that honour the customer with 시, 0..1; null unless Korean",
    "apology": "it says sorry",
    "thanks": "it thanks",
    "empathy": "it names how the customer feels, or says that it is sorry to hear it",
    "delight": "it rejoices at kind words, five stars or a customer who is pleased",
    "personal_address": "named (the customer's name), generic (dear customer, 고객님, お客様) or none; the name itself is not kept",
    "signed": "by a person with a name",
    "offer": "of a next step: a refund, a call, an address to write to",
    "mood": "of the reviewer: unhappy or happy by one and two, or four and five, stars of five, else by the mean sentiment beyond 0.3; null between",
    "fit": (
        "fits: apology or empathy for the unhappy, thanks or delight for the happy; mismatched: delight to the unhappy or apology to the "
        "happy without what would fit; neither: cold; null where the mood is not known"
    ),
    "specific": "it shares a word or theme with its review that at most a tenth of the brand's answers have",
    "template_id": "the first review whose answer is of the same template; null for an answer that is like no other of the brand",
    "template_count": "answers of the brand of this template; null with template_id",
}
