"""The sets under tests/text: sentence boundaries and three-word texts, written for the project; used by the tests and by `make evaluate-text`.

`sentences_<language>.txt`: a text a line, `|` where a sentence begins within it, `\\n` for a line break.
`words_<language>.txt`: a text of three words a line.
`sentences_fresh_…`, `words_fresh_…`: the same, written apart from the rules. English and Chinese were mended after the fresh words were read.
`sentences_unstopped_en.txt`: English without punctuation, with which its rules were written. `sentences_third_en.txt`: written before them.
`words_third_…`: written before that; nothing was mended on it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from pipeline.text.reading.language import language_of
from pipeline.text.reading.normalise import normalise
from pipeline.text.reading.sentences import sentences

SETS = Path(__file__).parent / "text"


@dataclass(frozen=True, slots=True)
class Boundaries:
    f1: float
    wanted: int
    errors: list[str]
    """Texts whose boundaries differ, as they were parted."""


def boundaries(language: str, lines: Sequence[str] | None = None) -> Boundaries:
    """F1 of boundaries within the texts; a boundary's place is the count of letters and digits before it."""
    hits = found_count = wanted_count = 0
    errors = []
    for line in lines if lines is not None else lines_of(f"sentences_{language}"):
        parts = line.replace("\\n", "\n").split("|")
        text = normalise("".join(parts)).text
        spans = sentences(text, language)
        wanted = {_words_before("".join(parts), sum(map(len, parts[:i]))) for i in range(1, len(parts))}
        found = {_words_before(text, start) for start, _ in spans[1:]}
        hits += len(wanted & found)
        found_count += len(found)
        wanted_count += len(wanted)
        if wanted != found:
            errors.append(" | ".join(text[start:stop] for start, stop in spans))
    return Boundaries(2 * hits / (found_count + wanted_count), wanted_count, errors)


def lines_of(name: str) -> list[str]:
    return (SETS / f"{name}.txt").read_text("utf-8").splitlines()


def _words_before(text: str, place: int) -> int:
    return len(re.findall(r"\w", text[:place]))


EUROPE = ("de", "fr", "es", "it", "pt", "nl", "zh")
MARKETS = [("en", "ko", "ja", *pair) for pair in combinations(EUROPE, 2)] + [("en", "de", "fr", "es", "it")]
"""Markets of five languages."""


def told_apart(market: Sequence[str], words: str = "words") -> tuple[int, list[str]]:
    """How many three-word texts there are in the market's languages, and those that were taken for another one."""
    texts = [(code, text) for code in market for text in lines_of(f"{words}_{code}")]
    found = [(code, language_of(text, languages=market), text) for code, text in texts]
    return len(texts), [f"{code} taken for {said}: {text}" for code, said, text in found if said != code]
