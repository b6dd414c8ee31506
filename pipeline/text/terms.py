"""What customers complain about where no theme hears it: the terms of negative sentences without a theme, into `text.term`.

Korean and Japanese terms are nouns and their compounds; elsewhere words that are not among the commonest, and pairs of them.
They are few, so they are read anew each time.
"""

import re
from collections.abc import Iterator

import duckdb

from pipeline.text.reading import morphology
from pipeline.text.reading.common_words import WORDS
from warehouse.build import describe

_AT_A_TIME = 5_000

_WORD = re.compile(r"[^\W\d_]{3,30}")
_PLURAL = re.compile(r"(?<=[^\Wsuio])s$")


def write(con: duckdb.DuckDBPyConnection) -> int:
    """Replaces text.term whole; the number of its rows. `text.sentence` and `text.mention` must be there."""
    con.execute(
        "create or replace table text.term (sentence_id varchar, review_id varchar, brand varchar, language varchar, term varchar)"
    )
    describe(con, "text.term", "One row per term in a negative sentence that carries no theme.", _COLUMNS, where=__file__)
    found = con.cursor().execute(
        """
        select sentence_id, review_id, brand, language, text from text.sentence
        where label = 'negative' and sentence_id not in (select sentence_id from text.mention)
        order by review_id, position
        """
    )
    count = 0
    while rows := found.fetchmany(_AT_A_TIME):
        held = [[*about, term] for *about, text in rows for term in terms(text, about[-1])]
        if held:
            columns = list(zip(*held, strict=True))
            con.execute("insert into text.term select unnest($1), unnest($2), unnest($3), unnest($4), unnest($5)", columns)
        count += len(held)
    return count


def terms(text: str, language: str) -> list[str]:
    """Each once, sorted."""
    if language in morphology.LANGUAGES:
        return sorted({term for term, _, _ in morphology.nouns(text, language)})
    return sorted(set(_words(text.lower(), WORDS.get(language, frozenset()))))


def _words(text: str, common: frozenset[str]) -> Iterator[str]:
    before, stopped = "", 0
    for match in _WORD.finditer(text):
        word = match[0]
        if word in common:
            before = ""
            continue
        word = _PLURAL.sub("", word)
        yield word
        if before and text[stopped : match.start()] == " ":
            yield f"{before} {word}"
        before, stopped = word, match.end()


_COLUMNS = {
    "sentence_id": "the sentence, as in text.sentence",
    "review_id": "the review, as in core.review",
    "brand": "whose review it is",
    "language": "of the sentence",
    "term": "a word or two next to each other, in lower case; in Korean and Japanese a noun or a compound of nouns",
}
