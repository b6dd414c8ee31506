"""Where the words inside a word begin: morphemes and nouns of Korean (kiwipiepy) and Japanese (fugashi with ipadic).

Each analyser is loaded when it is first asked, once per process, and kept: Kiwi takes 2.5 s and 510 MB, MeCab's dictionary is
mapped in a millisecond. Kiwi takes 0.9 ms for a review of 80 characters, so it is asked only where it decides something, and
what it said of a word between spaces is remembered (0.07 ms for a new one).

Offsets are code points of the text as given. Nothing here raises, whatever the text holds, and the cost is linear: a stretch
longer than the analysers are good for is read in pieces. A language without an analyser has no morphemes and no nouns.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

LANGUAGES = ("ko", "ja")

Term = tuple[str, tuple[tuple[int, int], ...]]
"""A term as it is spelt, and the [start, stop) of each of its nouns."""

_PIECES = {"ko": re.compile(r"\S{1,100}"), "ja": re.compile(r"[^\n]{1,400}")}
"""What is read at a time: Kiwi's cost grows faster than a stretch without a space, MeCab's than a run of one character."""

_REMEMBERED_WORDS = 50_000
_MOST_NOUNS = 3


class _Morpheme(NamedTuple):
    start: int
    stop: int
    tag: str


def starts(text: str, language: str) -> frozenset[int]:
    """Offsets at which a morpheme begins.

    Korean words are read each without its neighbours: of 14,669 morphemes of shop reviews read in context 99 % begin there too.
    """
    if language == "ko":
        pieces = _PIECES["ko"].finditer(text)
        return frozenset(piece.start() + offset for piece in pieces for offset in _starts_in_korean_word(piece[0]))
    return frozenset(one.start for one in _morphemes(text, language))


def nouns(text: str, language: str) -> list[Term]:
    """Nouns of two characters and more, and compounds of up to three nouns, in order.

    A compound's nouns stand side by side, in Korean also with a space between, which is a matter of taste there: terms are spelt
    with a space between Korean nouns and with none between Japanese ones.
    """
    joint = " " if language == "ko" else ""
    runs: list[list[_Morpheme]] = [[]]
    for one in _morphemes(text, language):
        if not _NOUNS[language](one.tag):
            runs.append([])
            continue
        if runs[-1] and text[runs[-1][-1].stop : one.start] not in ("", joint):
            runs.append([])
        runs[-1].append(one)
    terms = []
    for parts in (run[i:j] for run in runs for i in range(len(run)) for j in range(i + 1, min(len(run), i + _MOST_NOUNS) + 1)):
        term = joint.join(text[part.start : part.stop] for part in parts)
        if len(term) > 1:
            terms.append((term, tuple((part.start, part.stop) for part in parts)))
    return terms


def tags(text: str, language: str) -> dict[int, str]:
    """Offset at which a morpheme ends → its tag: in Korean a Sejong tag (NNG, EF, …), in Japanese ipadic's class, subclass and
    inflected form, joined by strokes. Of Korean morphemes in one syllable the last one counts."""
    return {one.stop: one.tag for one in _morphemes(text, language)}


@lru_cache(maxsize=_REMEMBERED_WORDS)
def last_tag(word: str) -> str:
    """The tag of a Korean word's last morpheme, read without its neighbours; "" for an empty word."""
    return next(reversed(tags(word, "ko").values()), "")


_NOUNS = {
    "ko": re.compile(r"NN[GP]$|SL$|SH$").match,
    # Numbers, pronouns, and nouns that only lean on others (こと, ため, 的) are no terms.
    "ja": re.compile(r"名詞/(?:一般|サ変接続|固有名詞|形容動詞語幹|接尾)/").match,
}


def _morphemes(text: str, language: str) -> Sequence[_Morpheme]:
    read = {"ko": _korean, "ja": _japanese}.get(language)
    return list(read(_readable(text))) if read else ()


def _readable(text: str) -> str:
    """The text in the same length without what the analysers refuse: a lone surrogate, a NUL."""
    return _UNREADABLE.sub("\ufffd", text)


_UNREADABLE = re.compile("[\0\ud800-\udfff]")


@lru_cache(maxsize=_REMEMBERED_WORDS)
def _starts_in_korean_word(word: str) -> tuple[int, ...]:
    morphemes = list(_korean(_readable(word)))
    # An ending may share the last syllable of its stem (비싼: 비싸, ㄴ): nothing begins within another.
    return tuple({one.start for one in morphemes if not any(other.start < one.start < other.stop for other in morphemes)})


def _korean(text: str) -> Iterator[_Morpheme]:
    """Contractions give morphemes that share a syllable ("했": 하, 었), and some that have none of their own."""
    for start, stop in _stretches(text):
        for one in _kiwi().tokenize(text[start:stop]):
            if one.len:
                yield _Morpheme(start + one.start, start + one.start + one.len, one.tag)


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """The text in one piece; parted where a stretch without a space is too long."""
    at = 0
    for piece in _TOO_LONG.finditer(text):
        if at < piece.start():
            yield at, piece.start()
        for part in _PIECES["ko"].finditer(text, *piece.span()):
            yield part.span()
        at = piece.end()
    if at < len(text):
        yield at, len(text)


_TOO_LONG = re.compile(r"\S{101,}")


def _japanese(text: str) -> Iterator[_Morpheme]:
    for piece in _PIECES["ja"].finditer(text):
        at = piece.start()
        for node in _mecab()(piece[0]):
            # `node.feature` would make a tuple of all nine, in three times the time.
            surface, (kind, under, *_, form, _) = node.surface, node.feature_raw.split(",", 6)
            at = text.index(surface, at)
            yield _Morpheme(at, at + len(surface), f"{kind}/{under}/{form}")
            at += len(surface)


# Imported here: a market without the language never pays for its analyser.
@lru_cache(maxsize=1)
def _kiwi() -> Any:
    from kiwipiepy import Kiwi  # type: ignore[import-untyped]  # noqa: PLC0415

    return Kiwi(num_workers=1)


@lru_cache(maxsize=1)
def _mecab() -> Any:
    import fugashi  # noqa: PLC0415
    import ipadic  # noqa: PLC0415

    return fugashi.GenericTagger(ipadic.MECAB_ARGS)
