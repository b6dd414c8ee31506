"""Themes: which sides of a customer's experience a sentence speaks of. One TOML file a theme under `themes/`.

A file found there is a theme. Its entry says name, journey stage and what counts; patterns per language; and sentences
that must carry it (`hits`) and must not (`misses`), which a test holds it to. A market file adds, replaces and switches
off themes with entries of the same shape.

Customers complain without a harsh word ("I waited forty minutes on hold"). An entry's `complaints` and `praises` say which
way an experience with the theme went, whatever the tone; they are asked only about a theme that the sentence carries.

Patterns are regexes on the lower-cased sentence. Running all of them on each sentence would cost a millisecond, so a
pattern is asked only where a word of the sentence holds one of the literals without which it cannot match.
"""

import functools
import hashlib
import json
import re
import time
import tomllib
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Protocol

import pydantic

from pipeline.text.leaning import DENIALS, Leaning, Said, verdict
from pipeline.text.literals import TOKEN, alternatives, required_literals

THEMES = Path(__file__).parent / "themes"

MAX_CHARS = 600
"""A longer sentence is read up to here: sentences are shorter, and patterns must not cost more on hostile text."""

MAX_PATTERN = 2_000
_TRIAL_SECONDS = 0.05
"""What one pattern may cost on one hostile sentence; an honest one takes a thousandth of it."""

_REMEMBERED_TOKENS = 100_000
_LONG_TOKEN = 24
"""Japanese has no spaces: its tokens are clauses, which do not come again and are not worth remembering."""

_WAYS = {-1: "complaint", 1: "praise", None: "neither"}

Stage = Literal["awareness", "consideration", "purchase", "use", "advocacy"]
STAGES: tuple[Stage, ...] = ("awareness", "consideration", "purchase", "use", "advocacy")

_SCRIPTS = (
    ("ko", re.compile("[\u3131-\u318e가-힣]")),
    ("ja", re.compile("[\u3040-\u30ff\u3400-\u9fff]")),
    ("en", re.compile("[a-zA-Z]")),
)

_Language = Annotated[str, pydantic.Field(pattern=r"^[a-z]{2,3}$")]
_Pattern = Annotated[str, pydantic.Field(min_length=1, max_length=MAX_PATTERN)]


class ThemeError(ValueError):
    """A theme says something that cannot be used. The message names theme, language and place, and what was expected."""


class ThemeEntry(pydantic.BaseModel, extra="forbid", frozen=True):
    """One theme as a file under `themes/` or a market file writes it."""

    name: Mapping[_Language, str] = pydantic.Field(min_length=1)
    stage: Stage
    what: str = ""
    """What counts as an experience with it, and what does not."""
    patterns: Mapping[_Language, tuple[_Pattern, ...]] = pydantic.Field(min_length=1)
    """Regexes, written in lower case; one that matches is enough."""
    guards: Mapping[_Language, tuple[_Pattern, ...]] = {}
    """Regexes for what looks like the theme and is none: a match that begins within one of theirs does not count."""
    complaints: Mapping[_Language, tuple[_Pattern, ...]] = {}
    """Regexes for wordings that by themselves tell of a bad experience with the theme."""
    praises: Mapping[_Language, tuple[_Pattern, ...]] = {}
    """The same for good ones. Of a complaint and a praise that overlap the longer counts, so "no hidden fees" is praise."""
    hits: Mapping[_Language, tuple[str, ...]] = {}
    misses: Mapping[_Language, tuple[str, ...]] = {}
    leanings: Mapping[_Language, Mapping[Literal["complaint", "praise", "neither"], tuple[str, ...]]] = {}
    """Sentences that must lean so."""


class Changes(Protocol):
    """What a market file changes: ids switched off, and entries added or put in the place of a default."""

    @property
    def off(self) -> tuple[str, ...]: ...
    @property
    def add(self) -> Mapping[str, object]: ...


@dataclass(frozen=True, slots=True)
class Theme:
    id: str
    name: str
    """In English where the entry has it."""
    stage: Stage
    names: Mapping[str, str]
    """Language → name."""


Role = Literal["theme", "guard", "complaint", "praise"]
"""A guard finds what only looks like the theme."""


@dataclass(frozen=True, slots=True)
class _Probe:
    theme: int
    pattern: str
    role: Role


@dataclass(slots=True)
class _Matcher:
    """Patterns of one language behind their literals."""

    probes: tuple[_Probe, ...]
    unconditional: tuple[int, ...]
    """Probes without a required literal: asked of every sentence."""
    complete: tuple[int, ...]
    """For each probe the bits of all its clauses: it is asked once each has been seen."""
    by_literal: Mapping[str, tuple[tuple[int, int], ...]]
    """Literal → probes with the bits of the clauses that it satisfies."""
    lengths: Mapping[str, tuple[int, ...]]
    """First character → lengths of the literals that begin with it."""
    by_token: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    def asked(self, text: str) -> list[_Probe]:
        """The probes that the lower-cased text may match: it holds the literals without which they cannot."""
        seen: dict[int, int] = {}
        known = self.by_token
        for token in TOKEN.findall(text):
            satisfied = known.get(token)
            if satisfied is None:
                satisfied = self._learn(token)
            for position, bits in satisfied:
                seen[position] = seen.get(position, 0) | bits
        asked = [self.probes[position] for position, bits in seen.items() if bits == self.complete[position]]
        return asked + [self.probes[position] for position in self.unconditional]

    def _learn(self, token: str) -> tuple[tuple[int, int], ...]:
        written = f"<{token}>"
        seen: dict[int, int] = {}
        for start, head in enumerate(written):
            for length in self.lengths.get(head, ()):
                for position, bits in self.by_literal.get(written[start : start + length], ()):
                    seen[position] = seen.get(position, 0) | bits
        satisfied = tuple(seen.items())
        if len(token) <= _LONG_TOKEN:
            if len(self.by_token) >= _REMEMBERED_TOKENS:
                self.by_token.clear()
            self.by_token[token] = satisfied
        return satisfied


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The themes of a market, ready to be asked."""

    version: str
    """Changes whenever a sentence might come to carry another theme: a hash over the entries and over how they are read."""
    themes: tuple[Theme, ...]
    """By journey stage, then id."""
    entries: Mapping[str, ThemeEntry] = field(repr=False)
    _matchers: dict[tuple[str, tuple[Role, ...]], _Matcher] = field(repr=False, default_factory=dict)
    """By language and roles, each made when it is first asked for."""

    def themes_of(self, sentence: str, language: str) -> tuple[str, ...]:
        """Ids of the themes that the sentence carries, in the order of `themes`.

        `language` is an ISO 639-1 code; without one ("" or "und") the script decides.
        """
        text, language = _read(sentence, language)
        asked = self._matcher(language, "theme", "guard").asked(text)
        doubted = {probe.theme for probe in asked if probe.role == "guard"}
        carried: set[int] = set()
        for probe in asked:
            if probe.role == "guard" or probe.theme in carried or not _compiled(probe.pattern).search(text):
                continue
            if probe.theme not in doubted or _stands_free(probe, text, asked):
                carried.add(probe.theme)
        return tuple(self.themes[position].id for position in sorted(carried))

    def leanings(self, sentence: str, language: str, themes: Collection[str]) -> dict[str, Leaning]:
        """Which way the experience went, for those of `themes` where the sentence's wording says so."""
        text, language = _read(sentence, language)
        said: dict[str, list[Said]] = {}
        for probe in self._matcher(language, "complaint", "praise").asked(text):
            theme = self.themes[probe.theme].id
            if theme in themes:
                way: Leaning = 1 if probe.role == "praise" else -1
                spans = said.setdefault(theme, [])
                spans += (Said(*match.span(), way) for match in _compiled(probe.pattern).finditer(text))
        leanings = ((theme, verdict(spans, text, language)) for theme, spans in said.items())
        return {theme: leaning for theme, leaning in leanings if leaning}

    def _matcher(self, language: str, *roles: Role) -> _Matcher:
        matcher = self._matchers.get((language, roles))
        if matcher is None:
            matcher = self._matchers[language, roles] = _matcher(self.entries, language, roles)
        return matcher


def _read(sentence: str, language: str) -> tuple[str, str]:
    text = sentence[:MAX_CHARS]
    return normalised(text), language if language not in {"", "und"} else by_script(text)


def normalised(text: str) -> str:
    """The form in which patterns see a sentence: lower case, straight apostrophes, one width."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("‘", "'")


def by_script(text: str) -> str:
    """The language whose script the text shows, or "": Hangul, kana or Han, Latin."""
    return next((language for language, script in _SCRIPTS if script.search(text)), "")


def load_taxonomy(changes: Changes | None = None) -> Taxonomy:
    """The default themes with a market's changes.

    Raises ThemeError for an entry that cannot be used, an unknown id to switch off, a pattern that does not compile or
    costs too much on hostile text, and for a hit or miss of an added entry that does not hold.
    """
    defaults = default_entries()
    if changes is None or not (changes.off or changes.add):
        return _default_taxonomy()
    unknown = sorted(set(changes.off) - set(defaults) - set(changes.add))
    if unknown:
        raise ThemeError(
            f"themes.off: expected ids of themes, found {', '.join(map(repr, unknown))}; the themes are {', '.join(defaults)}"
        )
    added = {theme: _entry(theme, entry) for theme, entry in changes.add.items()}
    for theme, entry in added.items():
        _try_patterns(theme, entry)
    entries = {theme: entry for theme, entry in {**defaults, **added}.items() if theme not in changes.off}
    taxonomy = _taxonomy(entries)
    failures = [failure for theme, entry in added.items() if theme in entries for failure in failed(taxonomy, theme, entry)]
    if failures:
        raise ThemeError(failures[0])
    return taxonomy


@functools.cache
def default_entries() -> Mapping[str, ThemeEntry]:
    """Theme id → entry, from the files."""
    return {path.stem: _entry(path.stem, tomllib.loads(path.read_text("utf-8"))) for path in sorted(THEMES.glob("*.toml"))}


@functools.cache
def _default_taxonomy() -> Taxonomy:
    return _taxonomy(default_entries())


def failed(taxonomy: Taxonomy, theme: str, entry: ThemeEntry) -> Iterator[str]:
    """What is wrong, for each hit that does not carry the theme, miss that does, and sentence that leans another way."""
    for language, sentences in entry.hits.items():
        for sentence in sentences:
            if theme not in taxonomy.themes_of(sentence, language):
                yield f"theme {theme!r}, {language}: no pattern finds the hit {sentence!r}"
    for language, sentences in entry.misses.items():
        for sentence in sentences:
            if theme in taxonomy.themes_of(sentence, language):
                yield f"theme {theme!r}, {language}: a pattern finds the miss {sentence!r}"
    yield from _leaning_otherwise(taxonomy, theme, entry)


def _leaning_otherwise(taxonomy: Taxonomy, theme: str, entry: ThemeEntry) -> Iterator[str]:
    for language, expected in entry.leanings.items():
        for way, sentence in ((way, sentence) for way, sentences in expected.items() for sentence in sentences):
            if theme not in taxonomy.themes_of(sentence, language):
                yield f"theme {theme!r}, {language}: no pattern finds the {way} {sentence!r}"
            found = _WAYS[taxonomy.leanings(sentence, language, (theme,)).get(theme)]
            if found != way:
                yield f"theme {theme!r}, {language}: expected {way}, found {found} in {sentence!r}"


def _entry(theme: str, written: object) -> ThemeEntry:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", theme):
        raise ThemeError(f"theme {theme!r}: expected an id of lower-case letters, digits and _")
    if isinstance(written, pydantic.BaseModel):
        written = written.model_dump()
    try:
        return ThemeEntry.model_validate(written)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ThemeError(f"theme {theme!r}, {place}: {first['msg']}, found {first['input']!r:.80}") from error


def _taxonomy(entries: Mapping[str, ThemeEntry]) -> Taxonomy:
    ordered = sorted(entries.items(), key=lambda item: (STAGES.index(item[1].stage), item[0]))
    return Taxonomy(
        version=_version(ordered),
        themes=tuple(
            Theme(id=theme, name=entry.name.get("en") or next(iter(entry.name.values())), stage=entry.stage, names=entry.name)
            for theme, entry in ordered
        ),
        entries=dict(ordered),
    )


def _version(ordered: list[tuple[str, ThemeEntry]]) -> str:
    read = [(theme, entry.stage, [(role, sorted(held.items())) for role, held in _by_role(entry)]) for theme, entry in ordered]
    denials = [(language, *denial.patterns()) for language, denial in sorted(DENIALS.items())]
    return hashlib.sha256(json.dumps([MAX_CHARS, read, denials], ensure_ascii=False).encode()).hexdigest()[:16]


def _by_role(entry: ThemeEntry) -> tuple[tuple[Role, Mapping[str, tuple[str, ...]]], ...]:
    return ("theme", entry.patterns), ("guard", entry.guards), ("complaint", entry.complaints), ("praise", entry.praises)


def _matcher(entries: Mapping[str, ThemeEntry], language: str, roles: Collection[Role]) -> _Matcher:
    probes: list[_Probe] = []
    complete: list[int] = []
    by_literal: dict[str, dict[int, int]] = {}
    for theme, entry in enumerate(entries.values()):
        written = [(whole, role) for role, held in _by_role(entry) if role in roles for whole in held.get(language, ())]
        for pattern, role in ((part, role) for whole, role in written for part in alternatives(whole)):
            clauses = required_literals(pattern)
            for bit, clause in enumerate(clauses):
                for literal in clause:
                    probed = by_literal.setdefault(literal, {})
                    probed[len(probes)] = probed.get(len(probes), 0) | 1 << bit
            complete.append((1 << len(clauses)) - 1)
            probes.append(_Probe(theme=theme, pattern=pattern, role=role))
    return _Matcher(
        probes=tuple(probes),
        unconditional=tuple(position for position, bits in enumerate(complete) if not bits),
        complete=tuple(complete),
        by_literal={literal: tuple(probed.items()) for literal, probed in by_literal.items()},
        lengths={head: tuple({len(one) for one in by_literal if one[0] == head}) for head in {one[0] for one in by_literal}},
    )


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # Sentences come in lower case, and matching regardless of case is a third slower: only for who needs it.
    plain = re.sub(r"\\.", "", pattern)
    return re.compile(pattern, re.IGNORECASE if plain != plain.lower() else 0)


def _stands_free(probe: _Probe, text: str, asked: list[_Probe]) -> bool:
    """Whether a match of the probe begins outside what the theme's guards find."""
    guarded = [
        match.span()
        for guard in asked
        if guard.role == "guard" and guard.theme == probe.theme
        for match in _compiled(guard.pattern).finditer(text)
    ]
    return any(
        not any(start <= match.start() < stop for start, stop in guarded) for match in _compiled(probe.pattern).finditer(text)
    )


def _try_patterns(theme: str, entry: ThemeEntry) -> None:
    """Raises ThemeError for a pattern that costs too much on sentences made to hurt it."""
    for language, patterns in (item for _, held in _by_role(entry) for item in held.items()):
        for pattern in patterns:
            try:
                spent, size = trial(_compiled(pattern))
            except re.error as error:
                raise ThemeError(f"theme {theme!r}, {language}: the pattern {pattern!r} is no regex: {error}") from error
            if spent > _TRIAL_SECONDS:
                raise ThemeError(
                    f"theme {theme!r}, {language}: the pattern {pattern!r} took {spent:.2f} s on a hostile sentence of {size} "
                    f"characters (at most {_TRIAL_SECONDS} s); avoid repeats within repeats, and bound gaps as in .{{0,30}}"
                )


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
            if spent > _TRIAL_SECONDS:
                return spent, size
    return worst, at
