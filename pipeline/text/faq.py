"""What a FAQ entry says and how it reads: `text.faq`, by the same taxonomy and sentence boundaries as the reviews.

Reading ease is measured in each language by what is customary there, and never on one scale for all: in English Flesch's formula, in
Korean and Japanese the characters of a sentence, in Japanese also the share of kanji. Numbers of different languages do not compare.
"""

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import orjson
import pyphen

from pipeline.text.analyse import Themes
from pipeline.text.reading import sentences
from pipeline.text.reading.language import UNDETERMINED, language_of, language_of_part
from pipeline.text.reading.normalise import MAX_TEXT, normalise
from pipeline.text.voice import formality
from warehouse.build import describe

_UNSPACED = frozenset({"ja", "zh", "th", UNDETERMINED})
"""Languages whose words no space parts."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_LATIN_WORD = re.compile(r"[a-z]+(?:'[a-z]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
_MARK = re.compile(r"[\W_]+")
_KANJI = re.compile("[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")

_LONGEST_WORD = 40
"""Letters; what is longer is an address or a key, and nobody reads it syllable by syllable."""

_ENGLISH_WORDS = 5
"""Fewer have no reading ease: Flesch's formula is made for prose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One FAQ entry, read."""

    language: str
    """ISO 639-1; `und` without letters."""
    words: int | None
    """Of the answer; None in languages without spaces between words."""
    characters: int
    """Letters and digits of the answer."""
    sentences: int
    characters_per_sentence: float | None
    """None for an answer without letters."""
    flesch: float | None
    """Flesch reading ease of the answer: 100 plain .. 0 academic, beyond both for odd texts; None unless it is English prose."""
    kanji_share: float | None
    """Of the answer's letters and digits, 0..1; None unless it is Japanese."""
    formality: str | None
    """Of the answer, a level of its language (`pipeline.text.voice`); None where no sentence shows one."""
    formality_share: float | None
    honorific_share: float | None
    themes: tuple[str, ...]
    """That the question or the answer carries, in the order of the taxonomy's ids."""
    question_themes: tuple[str, ...]
    """That the question carries."""


def read(
    question: str,
    answer: str,
    *,
    taxonomy: Themes,
    languages: Sequence[str],
    stated: str | None = None,
    locale: str | None = None,
) -> Reading:
    """Reads the first `MAX_TEXT` code points of each, in linear time.

    `stated`: language that the page states. `languages`, `locale`: of the market, and of the brand.
    """
    asked, said = normalise(question).text, normalise(answer).text
    language = language_of(said, languages=languages, stated=stated, locale=locale)
    spans = sentences.sentences(said, language)
    spoken = [said[start:stop] for start, stop in spans]
    characters = len(_MARK.sub("", said))
    sounds = formality(spoken, language)
    in_question = _themes([asked], language, taxonomy)
    return Reading(
        language=language,
        words=None if language in _UNSPACED else len(_WORD.findall(said)),
        characters=characters,
        sentences=len(spoken),
        characters_per_sentence=round(characters / len(spoken), 2) if spoken and characters else None,
        flesch=flesch(spoken) if language == "en" else None,
        kanji_share=round(len(_KANJI.findall(said)) / characters, 4) if language == "ja" and characters else None,
        formality=sounds.level,
        formality_share=sounds.share,
        honorific_share=sounds.honorific_share,
        themes=tuple(sorted({*in_question, *_themes(spoken, language, taxonomy)})),
        question_themes=tuple(sorted(in_question)),
    )


def _themes(spoken: Sequence[str], language: str, taxonomy: Themes) -> set[str]:
    return {theme for words in spoken for theme in taxonomy.themes_of(words, language_of_part(words, language))}


def flesch(spoken: Sequence[str]) -> float | None:
    """Flesch reading ease of English sentences; None for fewer than five words.

    206.835 - 1.015 words a sentence - 84.6 syllables a word (Flesch 1948).
    """
    # An address without a space in it is no word.
    words = [
        word
        for sentence in spoken
        for token in sentence.lower().replace("’", "'").split()
        if len(token) <= _LONGEST_WORD and "@" not in token and "/" not in token
        for word in _LATIN_WORD.findall(token)
    ]
    if len(words) < _ENGLISH_WORDS:
        return None
    syllables = sum(_syllables(word) for word in words)
    return round(206.835 - 1.015 * len(words) / len(spoken) - 84.6 * syllables / len(words), 2)


@functools.lru_cache(maxsize=50_000)
def _syllables(word: str) -> int:
    """At least what pyphen hyphenates. It never parts a single letter ("about", "area"), so groups of vowels are counted beside it."""
    hyphens: int = len(_hyphens().positions(word))
    groups = len(_VOWELS.findall(word))
    if re.search(r"[^aeiouyl]e$|[^aeiouydt]ed$|[^aeiouyscxzgh]es$", word):
        groups -= 1  # silent
    return max(hyphens + 1, groups, 1)


@functools.cache
def _hyphens() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_US")


def write(con: duckdb.DuckDBPyConnection, *, taxonomy: Themes, languages: Sequence[str], brand_locales: Mapping[str, str]) -> int:
    """Makes `text.faq` of the current rows of `core.faq_entry`, in the transaction that is open; its row count."""
    entries = con.execute(
        "select entry_id, brand, source, left(question, ?), left(answer, ?), language from core.faq_entry where current order by 1",
        [MAX_TEXT, MAX_TEXT],
    ).fetchall()
    rows = []
    for entry_id, brand, source, question, answer, stated in entries:
        found = read(question, answer, taxonomy=taxonomy, languages=languages, stated=stated, locale=brand_locales.get(brand))
        rows.append({"entry_id": entry_id, "brand": brand, "source": source} | {c: getattr(found, c) for c in Reading.__slots__})
    con.execute("create or replace table text.faq (" + ", ".join(f"{name} {kind}" for name, kind in _TYPES.items()) + ")")
    con.execute(
        "insert into text.faq by name select unnest(from_json(?, ?), recursive := true)",
        [orjson.dumps(rows).decode(), orjson.dumps([_TYPES]).decode()],
    )
    describe(con, "text.faq", _GRAIN, _COLUMNS, where=__file__)
    return len(rows)


_TYPES = {
    "entry_id": "varchar",
    "brand": "varchar",
    "source": "varchar",
    "language": "varchar",
    "words": "integer",
    "characters": "integer",
    "sentences": "integer",
    "characters_per_sentence": "double",
    "flesch": "double",
    "kanji_share": "double",
    "formality": "varchar",
    "formality_share": "double",
    "honorific_share": "double",
    "themes": "varchar[]",
    "question_themes": "varchar[]",
}

_GRAIN = "One row per FAQ entry that a brand's pages hold now: what it treats, and how its answer reads."

_COLUMNS = {
    "entry_id": "the entry, as in core.faq_entry",
    "brand": "whose page it is",
    "source": "the source's name in the market file",
    "language": "of the answer (ISO 639-1); und where it has no letters or no known script",
    "words": "of the answer; null in languages without spaces between words",
    "characters": "letters and digits of the answer",
    "sentences": "of the answer",
    "characters_per_sentence": "mean; compares within one language only; null for an answer without letters",
    "flesch": "Flesch reading ease of an English answer: 100 plain .. 0 academic; null in other languages and below five words",
    "kanji_share": "of a Japanese answer's letters and digits, 0..1; null in other languages",
    "formality": "of the answer, as in text.reply",
    "formality_share": "as in text.reply",
    "honorific_share": "as in text.reply",
    "themes": "ids of core.theme that its question or answer carries, in alphabetical order",
    "question_themes": "those that the question carries by itself",
}
