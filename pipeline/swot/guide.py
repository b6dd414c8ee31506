"""What a strategist brings to the room besides reviews, from data files and the market file: tactics, models of the journey, axes of the map.

They become tables of schema metric, so that all that is made of them is SQL.
"""

import functools
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import duckdb
import pydantic

from pipeline.swot import tables
from pipeline.swot.tactics import Tactic, load_tactics
from pipeline.text.wording.themes import STAGES, Stage

JOURNEYS = Path(__file__).parent / "journeys.toml"


class JourneyError(ValueError):
    """A model of the journey cannot be used. The message names model and stage, and what was expected."""


class JourneyStage(NamedTuple):
    """One row of metric.journey_stage."""

    model: str
    place: str
    position: int
    name: str
    stages: tuple[str, ...]
    themes: tuple[str, ...]


class _Entry(pydantic.BaseModel, extra="forbid", frozen=True):
    name: str = pydantic.Field(min_length=1)
    stages: tuple[Stage, ...] = ()
    themes: tuple[str, ...] = ()


def load_journeys(path: Path = JOURNEYS) -> tuple[JourneyStage, ...]:
    """All models, each in its order. Raises JourneyError unless each stage of a theme has one place in each model, and each theme one at most."""
    rows = []
    for model, places in tomllib.loads(path.read_text("utf-8")).items():
        entries = {place: _entry(model, place, written) for place, written in places.items()}
        counts = Counter(stage for entry in entries.values() for stage in entry.stages)
        if wrong := [stage for stage in STAGES if counts[stage] != 1]:
            raise JourneyError(
                f"journey {model!r}: expected each of {', '.join(STAGES)} in one stage, found {', '.join(wrong)} in none or two"
            )
        if twice := [
            theme for theme, n in Counter(theme for entry in entries.values() for theme in entry.themes).items() if n > 1
        ]:
            raise JourneyError(f"journey {model!r}: expected each theme in one stage, found {', '.join(twice)} in two")
        rows += [JourneyStage(model, place, at, *_values(entry)) for at, (place, entry) in enumerate(entries.items(), 1)]
    return tuple(rows)


def _values(entry: _Entry) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    return entry.name, entry.stages, entry.themes


def _entry(model: str, place: str, written: object) -> _Entry:
    try:
        return _Entry.model_validate(written)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join((model, place, *(str(part) for part in first["loc"])))
        raise JourneyError(f"journey {where}: {first['msg']}, found {first['input']!r:.80}") from error


_default_tactics = functools.cache(load_tactics)
_default_journeys = functools.cache(load_journeys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    tactics: Sequence[Tactic] = field(default_factory=_default_tactics)
    journeys: Sequence[JourneyStage] = field(default_factory=_default_journeys)
    x: Sequence[str] = ()
    """Themes of the map's first axis; none for those that the market's reviews suggest (mart.position)."""
    y: Sequence[str] = ()


class AxisTheme(NamedTuple):
    """One row of metric.axis_setting."""

    axis: str
    theme: str


def write(con: duckdb.DuckDBPyConnection, guide: Guide) -> dict[str, int]:
    """Makes metric.tactic, metric.journey_stage and metric.axis_setting; row counts by table."""
    axes = [AxisTheme(axis, theme) for axis, themes in (("x", guide.x), ("y", guide.y)) for theme in themes]
    tactic, journey, axis = "metric.tactic", "metric.journey_stage", "metric.axis_setting"
    return {
        tactic: tables.write(con, tactic, Tactic, guide.tactics, grain=_TACTIC_GRAIN, columns=_TACTIC_COLUMNS),
        journey: tables.write(con, journey, JourneyStage, guide.journeys, grain=_JOURNEY_GRAIN, columns=_JOURNEY_COLUMNS),
        axis: tables.write(con, axis, AxisTheme, axes, grain=_AXIS_GRAIN, columns=_AXIS_COLUMNS),
    }


_TACTIC_GRAIN = "One row per tactic of the pattern library, with what the market file changes in it."
_TACTIC_COLUMNS = {
    "tactic": "the file under pipeline/swot/tactics, or the market file's id",
    "title": "what is to be done",
    "pain": "what customers live through that it treats",
    "steps": "in order",
    "cost": "low, medium or high",
    "lead_weeks": "until customers notice",
    "shown_by": "the number that would show success: schema.table.column",
    "shown_as": "falls or rises",
    "reach": "complaints, bad_reviews, unanswered, untreated or searches: whom it can reach",
    "removes": "share of these that it is taken to help, 0..1: an assumption, no measurement",
    "themes": "themes of the cells that it belongs to; * for any",
    "metrics": "metrics of cells without a theme that it belongs to, without _change",
    "for_us": "what such a cell must mean for the own brand",
    "whose": "whose cell it must be: own or rivals",
    "stance": "how the own brand must stand there, as in mart.tows; empty for any",
    "lacks": "parts of metric.service_audit that the own pages must be known to lack",
    "otherwise": "only for cells that no other tactic belongs to",
    "feasibility": "1 hardest .. 5 easiest; 0 for what the market file blocks",
    "feasibility_from": "market file, tactic; market file, theme; or cost",
}

_JOURNEY_GRAIN = "One row per model of the journey and stage of it."
_JOURNEY_COLUMNS = {
    "model": "four or five",
    "place": "id of the stage within the model",
    "position": "order along the journey, from 1",
    "name": "name for readers",
    "stages": "stages of core.theme and text.signal that belong to it",
    "themes": "themes that belong to it whatever their stage is",
}

_AXIS_GRAIN = "One row per theme of an axis that the market file's [position] names."
_AXIS_COLUMNS = {"axis": "x or y", "theme": "core.theme's id"}
