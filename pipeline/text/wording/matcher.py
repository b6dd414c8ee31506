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
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pipeline.text.reading import morphology
from pipeline.text.wording.literals import TOKEN, alternatives, is_one, required

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
    phrase: str
    """Stands in each text that the pattern matches."""


class _Tokens(dict[str, int]):
    """Token → the probes whose first clause it satisfies, a bit for each, and above them those whose second.

    Long tokens are not kept, and the whole is emptied when it is full.
    """

    def __init__(self, literals: Mapping[str, int]) -> None:
        """`literals`: the same for each literal."""
        super().__init__()
        self.literals = literals
        lengths: dict[str, set[int]] = {}
        for one in literals:
            lengths.setdefault(one[0], set()).add(len(one))
        self.lengths = {head: tuple(found) for head, found in lengths.items()}

    def __missing__(self, token: str) -> int:
        written = f"<{token}>"
        satisfied = 0
        for start, head in enumerate(written):
            for length in self.lengths.get(head, ()):
                satisfied |= self.literals.get(written[start : start + length], 0)
        if len(token) <= _LONG_TOKEN:
            if len(self) >= _REMEMBERED_TOKENS:
                self.clear()
            self[token] = satisfied
        return satisfied


@dataclass(slots=True)
class Matcher:
    """Patterns of one language behind their literals."""

    language: str
    """Where it is "ko" or "ja", matches begin with a morpheme."""
    probes: tuple[Probe, ...]
    always: int
    """The bits of those without a required literal: asked of every sentence."""
    finders: int
    """The bits of those that find."""
    guards: Mapping[int, int]
    """Owner → the bits of its guards, which are asked only where the owner is found."""
    wordings: Mapping[int, int]
    """Owner → the bits of its complaints and praises."""
    tokens: _Tokens
    asked: dict[str, int] = field(default_factory=dict)
    """Text → the bits of the probes that it may match; emptied when it is full."""

    def said(self, text: str, owners: Iterable[int]) -> Iterator[tuple[Probe, Iterable[re.Match[str]]]]:
        """The complaints and praises of the owners that the lower-cased text may hold, in the order of probes, and where it holds them."""
        bits = 0
        for owner in owners:
            bits |= self.wordings.get(owner, 0)
        if bits := bits and bits & self._bits(text):
            for probe in self._probes(bits):
                if found := self.matches(probe, text):
                    yield probe, found

    def _bits(self, text: str) -> int:
        """Of the probes without whose literals the text is not."""
        asked = self.asked.get(text)
        if asked is None:
            bits = self.always
            for satisfied in filter(None, map(self.tokens.__getitem__, TOKEN.findall(text))):
                bits |= satisfied
            asked = bits & bits >> len(self.probes)
            if len(self.asked) >= _REMEMBERED_SENTENCES:
                self.asked.clear()
            self.asked[text] = asked
        return asked

    def _probes(self, bits: int) -> list[Probe]:
        probes = []
        while bits:
            highest = bits.bit_length() - 1
            probes.append(self.probes[highest])
            bits ^= 1 << highest
        probes.reverse()
        return probes

    def found(self, text: str) -> list[int]:
        """Owners, in order, of which a pattern matches the lower-cased text outside what their guards find."""
        bits = self._bits(text)
        guarded: dict[int, list[Span]] = {}
        found: set[int] = set()
        for probe in self._probes(bits & self.finders):
            owner = probe.owner
            if owner not in found and any(self._stands(match, owner, text, bits, guarded) for match in self.matches(probe, text)):
                found.add(owner)
        return sorted(found)

    def matches(self, probe: Probe, text: str) -> Iterable[re.Match[str]]:
        """Where the probe's pattern matches the lower-cased text, from left to right without overlap."""
        if probe.phrase not in text:
            return ()
        pattern = compiled(probe.pattern)
        return self._begun(pattern, text) if self.language in _NATIVE else _matches(pattern, text)

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
        bits = self._bits(text)
        guarded: dict[int, list[Span]] = {}
        found: dict[int, list[Span]] = {}
        for probe in self._probes(bits & self.finders):
            for match in self.matches(probe, text):
                if probe.owner not in self.guards or self._stands(match, probe.owner, text, bits, guarded):
                    found.setdefault(probe.owner, []).append(match.span())
        return dict(sorted(found.items())) if len(found) > 1 else found

    def _stands(self, match: re.Match[str], owner: int, text: str, bits: int, guarded: dict[int, list[Span]]) -> bool:
        """Whether no guard of the owner finds what begins there; `guarded` remembers what they find."""
        if owner not in self.guards:
            return True
        if owner not in guarded:
            guards = self._probes(bits & self.guards[owner])
            guarded[owner] = [
                found.span() for guard in guards if guard.phrase in text for found in _matches(compiled(guard.pattern), text)
            ]
        spans = guarded[owner]
        return not spans or not any(start <= match.start() < stop for start, stop in spans)


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
    probes = [Probe(owner, part, role, required(part).phrase) for owner, role, whole in patterns for part in alternatives(whole)]
    always = finders = 0
    guards: dict[int, int] = {}
    wordings: dict[int, int] = {}
    literals: dict[str, int] = {}
    for place, probe in enumerate(probes):
        first, second = 1 << place, 1 << place + len(probes)
        if probe.role == "find":
            finders |= first
        elif probe.role == "guard":
            guards[probe.owner] = guards.get(probe.owner, 0) | first
        else:
            wordings[probe.owner] = wordings.get(probe.owner, 0) | first
        clauses = required(probe.pattern).literals
        if not clauses:
            always |= first | second
        for literal in clauses[0] if clauses else ():
            # Whose only clause is satisfied needs no second.
            literals[literal] = literals.get(literal, 0) | (first if clauses[1:] else first | second)
        for literal in (one for clause in clauses[1:] for one in clause):
            literals[literal] = literals.get(literal, 0) | second
    return Matcher(language, tuple(probes), always, finders, guards, wordings, _Tokens(literals))


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    # Sentences come in lower case, and matching regardless of case is a third slower: only for who needs it.
    plain = re.sub(r"\\.", "", pattern)
    return re.compile(pattern, re.IGNORECASE) if plain != plain.lower() else re.compile(begun_by_letter(pattern))


def begun_by_letter(pattern: str) -> str:
    """A pattern that matches the same where `\\bword` did: `re` runs to the next such letter three times as fast as to the next boundary."""
    found = _AT_WORD.match(pattern)
    if not found or not is_one(pattern):
        return pattern
    return rf"{found['letter']}(?<=\b{found['letter']}){pattern[found.end() :]}"


_AT_WORD = re.compile(r"\\b(?P<letter>[a-z])(?![?*+{])")


def _matches(pattern: re.Pattern[str], text: str) -> Iterable[re.Match[str]]:
    """What `finditer` gives. Most patterns that are asked match nothing, and to search says so in half the time."""
    first = pattern.search(text)
    return pattern.finditer(text, first.start()) if first else ()


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
