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


class Hostile(_Table):
    brand: str
    language: Language
    stars: int
    title: str | None = None
    text: str


class Sides(_Table):
    positive: Sentences
    negative: Sentences


class Moods(Sides):
    mixed: Sentences


class Connectors(_Table):
    contrast: Sentences


class Texts(_Table):
    """What people write in one language."""

    openers: Sentences
    closers: Moods
    titles: Moods
    connectors: Connectors
    endings: Sides
    replies: Sides
    theme: Mapping[str, Sides]


class Names(_Table):
    """Author names of one language."""

    form: str
    first: Sentences
    last: Sentences


class _PlantedFile(_Table):
    planted: tuple[Planted, ...]


class _HostileFile(_Table):
    hostile: tuple[Hostile, ...]


def _toml(name: str) -> dict[str, object]:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))


@cache
def plan() -> Plan:
    return Plan.model_validate(_toml("plan.toml"))


@cache
def planted() -> tuple[Planted, ...]:
    return _PlantedFile.model_validate(_toml("planted.toml")).planted


@cache
def hostile() -> tuple[Hostile, ...]:
    return _HostileFile.model_validate(_toml("hostile.toml")).hostile


@cache
def texts(language: Language) -> Texts:
    return Texts.model_validate(_toml(f"texts_{language}.toml"))


@cache
def names(language: Language) -> Names:
    return Names.model_validate(_toml("authors.toml")[language])


def rates(brand: str, theme: str, window: Window) -> Rates:
    """The brand's rates for a theme in a window: the market's, unless something is planted there."""
    found = plan().rates[theme]
    for truth in planted():
        if truth.theme == theme and truth.brand in (brand, "market") and truth.since <= window.starts_on:
            found = Rates(
                positive=found.positive if truth.positive is None else truth.positive,
                negative=found.negative if truth.negative is None else truth.negative,
            )
    return found
