"""Themes: which sides of a customer's experience a sentence speaks of. One TOML file a theme under `themes/`.

A file found there is a theme. Its entry says name, journey stage and what counts; patterns per language; and sentences
that must carry it (`hits`) and must not (`misses`), which a test holds it to. A market file adds, replaces and switches
off themes with entries of the same shape.

Customers complain without a harsh word ("I waited forty minutes on hold"). An entry's `complaints` and `praises` say which
way an experience with the theme went, whatever the tone; they are asked only about a theme that the sentence carries.
"""

import functools
import hashlib
import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal, Protocol

import pydantic

from pipeline.text.wording.leaning import DENIALS, Leaning, Said, verdict
from pipeline.text.wording.matcher import MAX_CHARS, TRIAL_SECONDS, Matcher, Role, Span, compiled, matcher, read, trial
from pipeline.text.wording.reach import passing, reaches

THEMES = Path(__file__).parent / "themes"
PACKS = Path(__file__).parent / "packs"
"""A folder of theme files for each industry."""

MAX_PATTERN = 2_000

_WAYS = {-1: "complaint", 1: "praise", None: "neither"}

Stage = Literal["awareness", "consideration", "purchase", "use", "advocacy"]
STAGES: tuple[Stage, ...] = ("awareness", "consideration", "purchase", "use", "advocacy")

_Language = Annotated[str, pydantic.Field(pattern=r"^[a-z]{2,3}$")]
_Pattern = Annotated[str, pydantic.Field(min_length=1, max_length=MAX_PATTERN)]


class ThemeError(ValueError):
    """A theme says something that cannot be used. The message names theme, language and place, and what was expected."""


class ThemeEntry(pydantic.BaseModel, extra="forbid", frozen=True):
    """One theme as a file under `themes/` or a market file writes it."""

    name: Mapping[_Language, str] = pydantic.Field(min_length=1)
    """By language; one text stands for the English one, which readers of a language without a name get too."""
    stage: Stage
    what: str = ""
    """What counts as an experience with it, and what does not."""
    replaces: tuple[str, ...] = ()
    """Ids of default themes that it is a part of: they are not looked for where a pack brings it. Says nothing in a market file."""
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

    @pydantic.field_validator("name", mode="before")
    @classmethod
    def _by_language(cls, written: object) -> object:
        return {"en": written} if isinstance(written, str) else written


class Changes(Protocol):
    """What a market file changes: packs taken in, ids switched off, and entries added or put in the place of a default."""

    @property
    def packs(self) -> tuple[str, ...]: ...
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


@dataclass(frozen=True, slots=True)
class Reaches:
    themes: tuple[str, ...]
    """Ids, in the order of the taxonomy."""
    stretches: Mapping[Span, tuple[str, ...]]
    """Empty where the whole sentence speaks of all of them."""
    passing: frozenset[str]
    """Named without a word about it."""


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The themes of a market, ready to be asked."""

    version: str
    """Changes whenever a sentence might come to carry another theme: a hash over the entries and over how they are read."""
    themes: tuple[Theme, ...]
    """By journey stage, then id."""
    entries: Mapping[str, ThemeEntry] = field(repr=False)
    _matchers: dict[str, Matcher] = field(repr=False, default_factory=dict)
    """By language, each made when it is first asked for."""
    _places: dict[str, int] = field(repr=False, default_factory=dict)
    """Theme → its place in `themes`."""

    def themes_of(self, sentence: str, language: str) -> tuple[str, ...]:
        """Ids of the themes that the sentence carries, in the order of `themes`.

        `language` is an ISO 639-1 code; without one ("" or "und") the script decides.
        """
        text, language = read(sentence, language)
        return tuple(self.themes[position].id for position in self._matcher(language).found(text))

    def reaches(self, sentence: str, language: str) -> Reaches:
        """What `themes_of` says, and which stretches of the sentence speak of which of them; English only."""
        text, language = read(sentence, language)
        places = {self.themes[at].id: spans for at, spans in self._matcher(language).places(text).items()}
        # Places are those of the sentence itself only where reading it kept its length.
        stretches = reaches(text, places) if len(text) == len(sentence) else {}
        return Reaches(tuple(places), stretches, passing(text, places) if stretches else frozenset())

    def leanings(self, sentence: str, language: str, themes: Collection[str]) -> dict[str, Leaning]:
        """Which way the experience went, for those of `themes` where the sentence's wording says so."""
        return self.leanings_within(sentence, language, themes, {})[0]

    def leanings_within(
        self, sentence: str, language: str, themes: Collection[str], stretches: Mapping[Span, Collection[str]]
    ) -> tuple[dict[str, Leaning], dict[Span, dict[str, Leaning]]]:
        """The same of the sentence as a whole, and of each stretch of it by what is said there; `stretches` as `reaches` gives them."""
        text, language = read(sentence, language)
        said = self._said(text, language, themes)
        within = {}
        if language != "en":
            # Clauses are read by themselves: what is read of a Japanese sentence is shorter than the sentence.
            for (start, stop), held in stretches.items():
                within[start, stop] = self.leanings(sentence[start:stop], language, held)
            return _leaning(said, text, language), within
        for (start, stop), held in stretches.items() if said else ():
            here = {
                theme: [
                    Said(one.start - start, one.stop - start, one.way)
                    for one in said.get(theme, ())
                    if start <= one.start and one.stop <= stop
                ]
                for theme in held
            }
            within[start, stop] = _leaning(here, text[start:stop], language)
        return _leaning(said, text, language), within

    def _said(self, text: str, language: str, themes: Collection[str]) -> dict[str, list[Said]]:
        said: dict[str, list[Said]] = {}
        owners = [self._places[theme] for theme in themes if theme in self._places]
        for probe, matches in self._matcher(language).said(text, owners):
            way: Leaning = 1 if probe.role == "praise" else -1
            for match in matches:
                said.setdefault(self.themes[probe.owner].id, []).append(Said(*match.span(), way))
        return said

    def _matcher(self, language: str) -> Matcher:
        held = self._matchers.get(language)
        if held is None:
            patterns = (
                (position, role, pattern)
                for position, entry in enumerate(self.entries.values())
                for role, written in _by_role(entry)
                for pattern in written.get(language, ())
            )
            held = self._matchers[language] = matcher(patterns, language)
        return held


def _leaning(said: Mapping[str, Sequence[Said]], text: str, language: str) -> dict[str, Leaning]:
    leanings = ((theme, verdict(spans, text, language)) for theme, spans in said.items() if spans)
    return {theme: leaning for theme, leaning in leanings if leaning}


def load_taxonomy(changes: Changes | None = None) -> Taxonomy:
    """The default themes with a market's changes.

    Raises ThemeError for an entry that cannot be used, an unknown id to switch off, a pattern that does not compile or
    costs too much on hostile text, and for a hit or miss of an added entry that does not hold.
    """
    if changes is None or not (changes.packs or changes.off or changes.add):
        return _default_taxonomy()
    defaults = packed_entries(changes.packs)
    unknown = sorted(set(changes.off) - set(default_entries()) - set(defaults) - set(changes.add))
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


def restored(entries: Mapping[str, object]) -> Taxonomy:
    """The taxonomy of entries that were in force once, as `Taxonomy.entries` holds them. Raises ThemeError for what is no entry."""
    return _taxonomy({theme: _entry(theme, entry) for theme, entry in entries.items()})


@functools.cache
def default_entries() -> Mapping[str, ThemeEntry]:
    """Theme id → entry, from the files."""
    return {path.stem: _entry(path.stem, tomllib.loads(path.read_text("utf-8"))) for path in sorted(THEMES.glob("*.toml"))}


@functools.cache
def packed_entries(packs: tuple[str, ...]) -> Mapping[str, ThemeEntry]:
    """The default entries with those of the packs: a new id is a theme more, a known one extends what stands there, and what
    a theme of a pack replaces is left out.

    Raises ThemeError for a pack that is none.
    """
    entries = dict(default_entries())
    replaced: set[str] = set()
    for pack in packs:
        files = sorted((PACKS / pack).glob("*.toml")) if pack in packs_there() else []
        if not files:
            raise ThemeError(f"themes.packs: expected some of {', '.join(packs_there())}, found {pack!r}")
        for path in files:
            entry = _entry(path.stem, tomllib.loads(path.read_text("utf-8")))
            entries[path.stem] = _extended(entries[path.stem], entry) if path.stem in entries else entry
            replaced.update(entry.replaces)
    return {theme: entry for theme, entry in entries.items() if theme not in replaced}


@functools.cache
def packs_there() -> tuple[str, ...]:
    """The packs: folders under `packs/`, by name."""
    return tuple(sorted(path.name for path in PACKS.iterdir() if path.is_dir()))


def _extended(entry: ThemeEntry, more: ThemeEntry) -> ThemeEntry:
    """Both entries' wordings under the first one's id, with the name, stage and description of the second."""

    def both(field: str) -> dict[str, object]:
        one, other = getattr(entry, field), getattr(more, field)
        return {code: (*one.get(code, ()), *other.get(code, ())) for code in {**one, **other}}

    wordings = {field: both(field) for field in ("patterns", "guards", "complaints", "praises", "hits", "misses")}
    leanings = {
        code: {
            way: (*entry.leanings.get(code, {}).get(way, ()), *more.leanings.get(code, {}).get(way, ()))
            for way in {**entry.leanings.get(code, {}), **more.leanings.get(code, {})}
        }
        for code in {**entry.leanings, **more.leanings}
    }
    return more.model_copy(update={**wordings, "leanings": leanings, "name": {**entry.name, **more.name}})


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
        _places={theme: place for place, (theme, _) in enumerate(ordered)},
    )


def _version(ordered: list[tuple[str, ThemeEntry]]) -> str:
    read = [(theme, entry.stage, [(role, sorted(held.items())) for role, held in _by_role(entry)]) for theme, entry in ordered]
    denials = [(language, *denial.patterns()) for language, denial in sorted(DENIALS.items())]
    analysers = [version(package) for package in ("kiwipiepy", "kiwipiepy_model", "fugashi", "ipadic")]
    return hashlib.sha256(json.dumps([MAX_CHARS, read, denials, analysers], ensure_ascii=False).encode()).hexdigest()[:16]


def _by_role(entry: ThemeEntry) -> tuple[tuple[Role, Mapping[str, tuple[str, ...]]], ...]:
    return ("find", entry.patterns), ("guard", entry.guards), ("complaint", entry.complaints), ("praise", entry.praises)


def _try_patterns(theme: str, entry: ThemeEntry) -> None:
    """Raises ThemeError for a pattern that costs too much on sentences made to hurt it."""
    for language, patterns in (item for _, held in _by_role(entry) for item in held.items()):
        for pattern in patterns:
            try:
                spent, size = trial(compiled(pattern))
            except re.error as error:
                raise ThemeError(f"theme {theme!r}, {language}: the pattern {pattern!r} is no regex: {error}") from error
            if spent > TRIAL_SECONDS:
                raise ThemeError(
                    f"theme {theme!r}, {language}: the pattern {pattern!r} took {spent:.2f} s on a hostile sentence of {size} "
                    f"characters (at most {TRIAL_SECONDS} s); avoid repeats within repeats, and bound gaps as in .{{0,30}}"
                )
