"""Tactics: what can be done about a cell of the SWOT table. One TOML file a tactic under `tactics/`.

A file found there is a tactic. Its entry says which pain it treats, in which steps, what it costs and how long it takes, which number would
show that it worked, and to which cells it belongs. A market file adds, replaces and switches off tactics with entries of the same shape,
and says what is feasible.
"""

import functools
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Protocol

import pydantic

from pipeline.market import Feasible

TACTICS = Path(__file__).parent / "tactics"

ANY = "*"
"""Among a tactic's themes: whichever theme the cell has."""

Cost = Literal["low", "medium", "high"]
ForUs = Literal["attack", "defend", "fix"]
Stance = Literal["strong", "weak", "even", "unknown"]
Part = Literal["chat_widgets", "hours_stated", "response_promise_hours", "search_box"]

BY_COST: Mapping[str, int] = {"low": 4, "medium": 3, "high": 2}
"""Feasibility where the market file says nothing of it: neither end of the scale, since nobody has looked."""

_BLOCKED = 0

_Name = Annotated[str, pydantic.Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
_Words = Annotated[str, pydantic.Field(min_length=3, max_length=400)]


class TacticError(ValueError):
    """A tactic says something that cannot be used. The message names tactic and place, and what was expected."""


class TacticEntry(pydantic.BaseModel, extra="forbid", frozen=True):
    """One tactic as a file under `tactics/` or a market file writes it."""

    title: _Words
    pain: _Words
    """What customers live through that it treats."""
    steps: tuple[_Words, ...] = pydantic.Field(min_length=2, max_length=8)
    cost: Cost
    lead_weeks: int = pydantic.Field(ge=1, le=104)
    """Until customers notice."""
    shown_by: str = pydantic.Field(pattern=r"^(metric|mart)\.[a-z_]+\.[a-z_]+$")
    """The number that would show success, as schema.table.column."""
    shown_as: Literal["falls", "rises"]
    reach: Literal["complaints", "bad_reviews", "unanswered", "untreated", "searches"] = "complaints"
    """Whom it can reach: who complains of the cells' themes; whoever writes a bad review; of these, who got no answer; who complains of what
    the own FAQ does not treat; or the clicks that the best rival draws beyond the own ones."""
    removes: float = pydantic.Field(gt=0, le=1)
    """Share of those that it is taken to help: an assumption that orders the roadmap, no measurement."""
    themes: tuple[Literal["*"] | _Name, ...] = ()
    """Themes of the cells that it belongs to; `*` for any."""
    metrics: tuple[_Name, ...] = ()
    """Metrics and facts of cells without a theme that it belongs to, without `_change`."""
    for_us: tuple[ForUs, ...] = ("fix", "attack")
    """What such a cell must mean for the own brand."""
    whose: tuple[Literal["own", "rivals"], ...] = ("own", "rivals")
    """Whose cell it must be."""
    stance: tuple[Stance, ...] = ()
    """How the own brand must stand there (mart.tows); empty for any."""
    lacks: tuple[Part, ...] = ()
    """Parts of the service audit that the own pages must be known to lack."""
    otherwise: bool = False
    """Only for cells that no other tactic belongs to."""

    @pydantic.model_validator(mode="after")
    def _bound(self) -> "TacticEntry":
        if not self.themes and not self.metrics:
            raise ValueError("themes or metrics of the cells that it belongs to")
        if self.reach == "complaints" and not self.themes:
            raise ValueError("themes whose complaints it reaches, or another reach")
        return self


class Changes(Protocol):
    """What a market file changes: ids switched off, and entries added or put in the place of a default."""

    @property
    def off(self) -> tuple[str, ...]: ...
    @property
    def add(self) -> Mapping[str, object]: ...


class Tactic(NamedTuple):
    """One row of metric.tactic."""

    tactic: str
    title: str
    pain: str
    steps: tuple[str, ...]
    cost: str
    lead_weeks: int
    shown_by: str
    shown_as: str
    reach: str
    removes: float
    themes: tuple[str, ...]
    metrics: tuple[str, ...]
    for_us: tuple[str, ...]
    whose: tuple[str, ...]
    stance: tuple[str, ...]
    lacks: tuple[str, ...]
    otherwise: bool
    feasibility: int
    """1 hardest .. 5 easiest; 0 for what the market file blocks."""
    feasibility_from: str


def load_tactics(
    changes: Changes | None = None, *, feasibility: Mapping[str, Feasible] | None = None, themes: Collection[str] | None = None
) -> tuple[Tactic, ...]:
    """The default tactics with a market's changes, by id. `feasibility`: tactic or theme id → what the market file says of it.

    `themes`: the market's, which an added tactic must name; None asks nothing. Raises TacticError for an entry that cannot be used, an
    unknown id to switch off, a theme that is none, and a feasibility of neither a tactic nor a theme.
    """
    defaults = default_entries()
    added = {} if changes is None else {tactic: _entry(tactic, written) for tactic, written in changes.add.items()}
    off = () if changes is None else changes.off
    if unknown := sorted(set(off) - defaults.keys() - added.keys()):
        raise TacticError(
            f"tactics.off: expected ids of tactics, found {', '.join(map(repr, unknown))}; the tactics are {', '.join(defaults)}"
        )
    if themes is not None:
        for tactic, entry in added.items():
            if strange := sorted(set(entry.themes) - set(themes) - {ANY}):
                raise TacticError(
                    f"tactic {tactic!r}, themes: expected themes of the market, found {', '.join(map(repr, strange))}; "
                    f"the themes are {', '.join(themes)}"
                )
    entries = {tactic: entry for tactic, entry in sorted({**defaults, **added}.items()) if tactic not in off}
    said = feasibility or {}
    known = {*defaults, *added, *(themes or ()), *(theme for entry in entries.values() for theme in entry.themes)}
    if strange := sorted(said.keys() - known):
        raise TacticError(f"feasibility: expected ids of tactics or themes, found {', '.join(map(repr, strange))}")
    return tuple(_row(tactic, entry, said) for tactic, entry in entries.items())


@functools.cache
def default_entries() -> Mapping[str, TacticEntry]:
    """Tactic id → entry, from the files."""
    return {path.stem: _entry(path.stem, tomllib.loads(path.read_text("utf-8"))) for path in sorted(TACTICS.glob("*.toml"))}


def _row(tactic: str, entry: TacticEntry, said: Mapping[str, Feasible]) -> Tactic:
    score, source = BY_COST[entry.cost], "cost"
    if tactic in said:
        score, source = _score(said[tactic]), "market file, tactic"
    elif judged := [_score(said[theme]) for theme in entry.themes if theme in said]:
        # A theme in which something is hard makes all of it hard.
        score, source = min(judged), "market file, theme"
    return Tactic(tactic=tactic, feasibility=score, feasibility_from=source, **entry.model_dump())


def _score(value: Feasible) -> int:
    if isinstance(value, int):
        return value
    return _BLOCKED if value == "blocked" else BY_COST[value]


def _entry(tactic: str, written: object) -> TacticEntry:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", tactic):
        raise TacticError(f"tactic {tactic!r}: expected an id of lower-case letters, digits and _")
    try:
        return TacticEntry.model_validate(written)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the entry"
        if first["type"] == "value_error":
            raise TacticError(f"tactic {tactic!r}: expected {first['ctx']['error']}") from error
        raise TacticError(f"tactic {tactic!r}, {place}: {first['msg']}, found {first['input']!r:.80}") from error
