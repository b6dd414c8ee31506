"""Many patterns asked of many sentences, at the price of a few.

Patterns are regexes on the lower-cased sentence. Running all of them on each sentence would cost a millisecond, so a
pattern is asked only where a word of the sentence holds one of the literals without which it cannot match.

A Korean or Japanese match counts only where a morpheme begins: 태도 is not in 상태도, nor 味 in 意味. Of 13,078 matches in Korean
reviews 455 do not begin one, and of 19,042 in Japanese ones 760; of those read by hand 8 in 10 were no matter of their theme.
"""

import functools
import re
import time
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.text.reading import morphology
from pipeline.text.wording.literals import TOKEN, alternatives, required_literals

MAX_CHARS = 600
"""A longer sentence is read up to here: sentences are shorter, and patterns must not cost more on hostile text."""

TRIAL_SECONDS = 0.05
"""What one pattern may cost on one hostile sentence; an honest one takes a thousandth of it."""

_REMEMBERED_TOKENS = 100_000
_LONG_TOKEN = 24
"""Japanese has no spaces: its tokens are clauses, which do not come again and are not worth remembering."""

_SCRIPTS = (
    ("ko", re.compile("[\u3131-\u318e가-힣]")),
    ("ja", re.compile("[\u3040-\u30ff\u3400-\u9fff]")),
    ("en", re.compile("[a-zA-Z]")),
)

_NATIVE = {"ko": re.compile("[가-힣]"), "ja": re.compile("[ぁ-ヿ㐀-鿿々]")}
"""What morphemes are written in. A match that begins otherwise ("wi-fi", a space) may begin anywhere."""

_FOREIGN = re.compile("[ァ-ヿ]{3}")
"""Katakana words of three characters and more may stand within a compound: ipadic takes one that it does not know (リモコンアプリ) for
one word. Shorter ones stand in too many others: スパ in コスパ, バー in カバー."""

_JAPANESE_SPACE = re.compile("(?<=[ぁ-ヿ㐀-鿿々]) (?=[ぁ-ヿ㐀-鿿々])")
"""Means nothing within a sentence, and parts words from their particles where a text comes from another system."""

_REMEMBERED_WORDS = 100_000
_REMEMBERED_SENTENCES = 2_000
"""Those of a batch of reviews: themes are asked for all of them before signals are."""

Span = tuple[int, int]

Role = Literal["find", "guard", "complaint", "praise"]
"""A guard finds what only looks like what is to be found."""


@dataclass(frozen=True, slots=True)
class Probe:
    owner: int
    """Position of the entry that the pattern belongs to."""
    pattern: str
    role: Role


class _Tokens(dict[str, tuple[int, int]]):
    """Token → the probes whose first clause it satisfies, and those whose second: a bit for each probe.

    Long tokens are not kept, and the whole is emptied when it is full.
    """

    def __init__(self, literals: Mapping[str, tuple[int, int]]) -> None:
        """`literals`: the same for each literal."""
        super().__init__()
        self.literals = literals
        lengths: dict[str, set[int]] = {}
        for one in literals:
            lengths.setdefault(one[0], set()).add(len(one))
        self.lengths = {head: tuple(found) for head, found in lengths.items()}

    def __missing__(self, token: str) -> tuple[int, int]:
        written = f"<{token}>"
        first = second = 0
        for start, head in enumerate(written):
            for length in self.lengths.get(head, ()):
                if satisfied := self.literals.get(written[start : start + length]):
                    first |= satisfied[0]
                    second |= satisfied[1]
        if len(token) <= _LONG_TOKEN:
            if len(self) >= _REMEMBERED_TOKENS:
                self.clear()
            self[token] = first, second
        return first, second


@dataclass(slots=True)
class Matcher:
    """Patterns of one language behind their literals."""

    language: str
    """Where it is "ko" or "ja", matches begin with a morpheme."""
    probes: tuple[Probe, ...]
    always: int
    """The bits of those without a required literal: asked of every sentence."""
    tokens: _Tokens

    def asked(self, text: str) -> list[Probe]:
        """The probes that the lower-cased text may match: it holds the literals without which they cannot."""
        first = second = self.always
        for one, other in map(self.tokens.__getitem__, TOKEN.findall(text)):
            first |= one
            second |= other
        bits = first & second
        asked = []
        while bits:
            lowest = bits & -bits
            asked.append(self.probes[lowest.bit_length() - 1])
            bits ^= lowest
        return asked

    def found(self, text: str) -> list[int]:
        """Owners, in order, of which a pattern matches the lower-cased text outside what their guards find."""
        asked = self.asked(text)
        doubted = {probe.owner for probe in asked if probe.role == "guard"}
        found: set[int] = set()
        for probe in asked:
            if probe.role != "find" or probe.owner in found:
                continue
            guarded = _guarded(probe.owner, text, asked) if probe.owner in doubted else []
            if any(not any(start <= match.start() < stop for start, stop in guarded) for match in self.matches(probe, text)):
                found.add(probe.owner)
        return sorted(found)

    def matches(self, probe: Probe, text: str) -> Iterator[re.Match[str]]:
        """Where the probe's pattern matches the lower-cased text, from left to right without overlap."""
        pattern = compiled(probe.pattern)
        return self._begun(pattern, text) if self.language in _NATIVE else pattern.finditer(text)

    def _begun(self, pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
        place = 0
        while match := pattern.search(text, place):
            if begins(text, match.start(), self.language):
                yield match
                place = max(match.end(), match.start() + 1)
            else:
                place = match.start() + 1

    def places(self, text: str) -> dict[int, list[Span]]:
        """Owner, in order → where its patterns match the lower-cased text outside what its guards find."""
        asked = self.asked(text)
        doubted = {probe.owner for probe in asked if probe.role == "guard"}
        guarded: dict[int, list[Span]] = {}
        found: dict[int, list[Span]] = {}
        for probe in asked:
            if probe.role != "find":
                continue
            owner = probe.owner
            for match in self.matches(probe, text):
                if owner in doubted and owner not in guarded:
                    guarded[owner] = _guarded(owner, text, asked)
                if not any(start <= match.start() < stop for start, stop in guarded.get(owner, ())):
                    found.setdefault(owner, []).append(match.span())
        return dict(sorted(found.items()))


def begins(text: str, place: int, language: str) -> bool:
    """Whether a morpheme begins there, as far as that is known: only Korean and Japanese words hide others."""
    native = _NATIVE.get(language)
    if native is None or not native.match(text, place) or not (place and native.match(text, place - 1)):
        return True
    if language == "ko":
        start = text.rfind(" ", 0, place) + 1
        stop = text.find(" ", place)
        return place - start in _starts_in_word(text[start : stop if stop > 0 else len(text)])
    return bool(_FOREIGN.match(text, place)) or place in _starts_in_sentence(text)


@functools.lru_cache(maxsize=_REMEMBERED_WORDS)
def _starts_in_word(word: str) -> frozenset[int]:
    return morphology.starts(word, "ko")


@functools.lru_cache(maxsize=_REMEMBERED_SENTENCES)
def _starts_in_sentence(text: str) -> frozenset[int]:
    return morphology.starts(text, "ja")


def matcher(patterns: Iterable[tuple[int, Role, str]], language: str = "") -> Matcher:
    """Of (owner, role, pattern). Raises re.error for a pattern that does not compile."""
    probes: list[Probe] = []
    always = 0
    literals: dict[str, tuple[int, int]] = {}
    for owner, role, pattern in ((owner, role, part) for owner, role, whole in patterns for part in alternatives(whole)):
        clauses, bit = required_literals(pattern), 1 << len(probes)
        probes.append(Probe(owner=owner, pattern=pattern, role=role))
        if not clauses:
            always |= bit
            continue
        # Whose only clause is satisfied needs no second.
        for literal in clauses[0]:
            first, second = literals.get(literal, (0, 0))
            literals[literal] = first | bit, second if clauses[1:] else second | bit
        for literal in (one for clause in clauses[1:] for one in clause):
            first, second = literals.get(literal, (0, 0))
            literals[literal] = first, second | bit
    return Matcher(language, tuple(probes), always, _Tokens(literals))


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    # Sentences come in lower case, and matching regardless of case is a third slower: only for who needs it.
    plain = re.sub(r"\\.", "", pattern)
    return re.compile(pattern, re.IGNORECASE if plain != plain.lower() else 0)


def _guarded(owner: int, text: str, asked: Sequence[Probe]) -> list[Span]:
    return [
        match.span()
        for guard in asked
        if guard.role == "guard" and guard.owner == owner
        for match in compiled(guard.pattern).finditer(text)
    ]


def read(sentence: str, language: str) -> tuple[str, str]:
    """The sentence as patterns see it, and its language: where none is known ("" or "und") the script decides."""
    return _read(sentence[:MAX_CHARS], language)


@functools.lru_cache(maxsize=_REMEMBERED_SENTENCES)
def _read(text: str, language: str) -> tuple[str, str]:
    language = language if language not in {"", "und"} else by_script(text)
    return _JAPANESE_SPACE.sub("", normalised(text)) if language == "ja" else normalised(text), language


def normalised(text: str) -> str:
    """The form in which patterns see a sentence: lower case, straight apostrophes, one width."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("‘", "'")


def by_script(text: str) -> str:
    """The language whose script the text shows, or "": Hangul, kana or Han, Latin."""
    return next((language for language, script in _SCRIPTS if script.search(text)), "")


def trial(pattern: re.Pattern[str]) -> tuple[float, int]:
    """The most CPU seconds that a search took on sentences made to hurt the pattern, and that sentence's length.

    Lengths grow step by step and the trial ends at the first that costs too much, so that it stays short itself.
    """
    pieces = dict.fromkeys(
        [*re.findall(r"[^\W_]+", re.sub(r"\\.", " ", pattern.pattern)), "a", "a ", "1", " ", "가", "가 ", "あ"]
    )
    worst, at = 0.0, 0
    for size in (*range(8, 34, 2), 60, 150, MAX_CHARS):
        for piece in [*list(pieces)[:40], " ".join(pieces)]:
            sentence = (piece * size)[: size - 1] + "\x01"
            before = time.thread_time()
            pattern.search(sentence)
            spent = time.thread_time() - before
            if spent > worst:
                worst, at = spent, size
            if spent > TRIAL_SECONDS:
                return spent, size
    return worst, at
