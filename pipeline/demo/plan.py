"""What the demo market is to hold: the TOML files of this folder, typed."""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Polarity = Literal["positive", "negative"]
Mood = Literal["positive", "negative", "mixed"]
Language = Literal["en", "ko", "ja"]
Sentences = Annotated[tuple[str, ...], Field(min_length=1)]

_HERE = Path(__file__).parent


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Window(_Table):
    name: str
    starts_on: date
    ends_on: date


class Rates(_Table):
    positive: float
    """Share of a brand's reviews with a sentence that praises the theme."""
    negative: float


class Brand(_Table):
    name: str
    code: str
    """Begins the ids of the brand's reviews."""
    names: Mapping[Language, str]
    reviews: tuple[int, ...]
    """Written ones by window; duplicates, ratings without text and hostile texts come on top."""
    app: tuple[int, ...]
    """How many of `reviews` stand in the app's feed instead of the shop."""
    languages: Mapping[Language, float]
    reply_rate: float
    reply_hours: float
    duplicates: int
    rating_only: int


class App(_Table):
    themes: tuple[str, ...]


class Plan(_Table):
    windows: tuple[Window, ...]
    brands: Mapping[str, Brand]
    products: Mapping[str, Mapping[Language, str]]
    rates: Mapping[str, Rates]
    app: App


class Planted(_Table):
    """One truth: a theme's rates, or a metric's value, that differ from the market's from `since` on."""

    brand: str
    quadrant: Literal["strength", "weakness", "opportunity", "threat"]
    theme: str | None = None
    metric: str | None = None
    since: date
    positive: float | None = None
    negative: float | None = None
    value: float | None = None
    why: str


class Complaint(_Table):
    """One truth: what some reviews of the brand complain of in the window that begins at `since`, and no theme covers."""

    brand: str
    topic: str
    since: date
    reviews: Mapping[Language, int]
    terms: Mapping[Language, str]
    """What a report calls it."""
    told: tuple[Language, ...]
    why: str


class Flag(_Table):
    """One truth: how many reviews of the brand are flagged."""

    flag: str
    brand: str
    reviews: int
    why: str


class Voice(_Table):
    """One truth: the brand answers everybody from one template."""

    brand: str
    why: str


class Truth(_Table):
    """All of planted.toml."""

    planted: tuple[Planted, ...]
    complaint: tuple[Complaint, ...]
    flag: tuple[Flag, ...]
    voice: tuple[Voice, ...]


class Hostile(_Table):
    brand: str
    language: Language
    stars: int
    title: str | None = None
    text: str


class Suspicious(_Table):
    """A review that is to be flagged. It mentions no theme, so that the planned shares stay as they are."""

    flag: str
    brand: str
    language: Language
    stars: int
    on: date
    text: str


class Sides(_Table):
    positive: Sentences
    negative: Sentences


class Moods(Sides):
    mixed: Sentences


class Connectors(_Table):
    contrast: Sentences


class Replies(_Table):
    """An answer is a greeting, a message and a parting; `template` is what a brand says to everybody."""

    greetings: Sides
    messages: Sides
    partings: Sentences
    template: str


class Texts(_Table):
    """What people write in one language."""

    openers: Sentences
    closers: Moods
    titles: Moods
    connectors: Connectors
    endings: Sides
    replies: Replies
    complaint: Mapping[str, Sentences]
    theme: Mapping[str, Sides]


class Names(_Table):
    """Author names of one language."""

    form: str
    first: Sentences
    last: Sentences


class _HostileFile(_Table):
    hostile: tuple[Hostile, ...]


class _SuspiciousFile(_Table):
    suspicious: tuple[Suspicious, ...]


def _toml(name: str) -> dict[str, object]:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))


@cache
def plan() -> Plan:
    return Plan.model_validate(_toml("plan.toml"))


@cache
def truth() -> Truth:
    return Truth.model_validate(_toml("planted.toml"))


def planted() -> tuple[Planted, ...]:
    return truth().planted


@cache
def hostile() -> tuple[Hostile, ...]:
    return _HostileFile.model_validate(_toml("hostile.toml")).hostile


@cache
def suspicious() -> tuple[Suspicious, ...]:
    return _SuspiciousFile.model_validate(_toml("suspicious.toml")).suspicious


@cache
def texts(language: Language) -> Texts:
    return Texts.model_validate(_toml(f"texts_{language}.toml"))


@cache
def names(language: Language) -> Names:
    return Names.model_validate(_toml("authors.toml")[language])


def rates(brand: str, theme: str, window: Window) -> Rates:
    """The brand's rates for a theme in a window: the market's, unless something is planted there."""
    found = plan().rates[theme]
    for one in planted():
        if one.theme == theme and one.brand in (brand, "market") and one.since <= window.starts_on:
            found = Rates(
                positive=found.positive if one.positive is None else one.positive,
                negative=found.negative if one.negative is None else one.negative,
            )
    return found
