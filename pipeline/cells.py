"""What is kept of every published run: its SWOT cells with all that they depend on, `cells/<run>.json`.

A file is never changed: a run that is published again and says otherwise (after a replay, or under new rules) gets a second one,
`<run>~2.json`. It holds ids, hashes and numbers: of reviews no sentence and of authors nothing. The cells' own claims are sentences of
this program, which may name a term that several reviews share. The same build gives the same bytes.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import orjson

from pipeline import inputs
from pipeline.inputs import Inputs
from pipeline.text.sentiment import transformer
from warehouse import build

Cell = Mapping[str, Any]
"""A row of mart.swot_cell, by column."""

FORMAT = 1

_NOT_TOLD = frozenset(
    {"candidate_id", "position", "evidence", "evidence_count", "also", "statistics"}
    | {"claim_message", "statistics_message", "also_message", "for_us_reason_message"}
)
"""Columns that follow from other cells, or from the columns that are compared."""

_CELLS = "select * from mart.swot_cell order by brand, quadrant, position, cell_id"
_EVIDENCE = """
select
    e.cell_id, e.review_id, e.sentence_id, e.is_counter,
    sha256(case e.quoted_from when 'reply' then r.reply_text else r.content end) as content_sha256
from mart.evidence as e
join core.review as r on r.review_id = e.review_id
order by e.cell_id, e.position
"""
_LANDING = """
select raw.run_id, raw.target, raw.reading, raw.records, raw.file_sha256
from raw.crawl as raw
semi join core.crawl as crawl on crawl.target = raw.target and crawl.lines_run_id = raw.run_id
where raw.outcome = 'landed'
order by all
"""
_COVERAGE = """
select target, status, outcome, alarm, record_count, stated_count
from core.coverage
order by target
"""
_REVIEWS = "select brand, review_count from mart.summary order by brand"
_SCORERS = "select language, scorer, teacher_count, version from text.scorer order by language"

_AS_OF = re.compile(rb'\{\s*"as_of":\s*"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)"')
_NAME = re.compile(r"(?P<run>.+?)(?:~(?P<edition>[0-9]+))?")


class CellsError(ValueError):
    """There are no such cells, or they cannot be read; the message says what was expected, what was found and what there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The file of one run."""

    name: str
    """The run's id, with `~2` and so on for what it said when it was published again."""
    as_of: datetime
    said: Mapping[str, Any]

    @property
    def cells(self) -> dict[str, dict[str, Any]]:
        """By id."""
        return {cell["cell_id"]: cell for cell in self.said["cells"]}

    @property
    def place(self) -> tuple[str, int]:
        """The run, and which of its editions it is."""
        return _place(self.name)

    @property
    def landing(self) -> dict[tuple[str, str], tuple[int, str]]:
        """Run and target of each landing file that was read, to its reading and its sha256."""
        return {(row["run_id"], row["target"]): (row["reading"], row["file_sha256"]) for row in self.said["landing"]}


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that differs between two runs."""

    cell: Cell
    """As the later run has it, or the earlier where it vanished."""
    change: Literal["appeared", "vanished", "changed"]
    before: Cell
    """The columns that differ; empty where there was no cell."""
    after: Cell

    @property
    def is_real(self) -> bool:
        """Whether a reader should hear of it: the cell came, went, or means something else for us now; or its effect has moved so far that
        each run's lies outside the other's 95 % interval. All else is what a week of further reviews does to any number."""
        if self.change != "changed" or "for_us" in self.after:
            return True
        return _outside(self.after, self.before, self.cell) and _outside(self.before, self.after, self.cell)


def differing(before: Cell | None, after: Cell | None) -> tuple[Cell, Cell]:
    """The columns that differ, as they were and as they are; both empty for the same cell."""
    one, other = before or {}, after or {}
    names = [name for name in {**one, **other} if name not in _NOT_TOLD and one.get(name) != other.get(name)]
    return {name: one[name] for name in names if name in one}, {name: other[name] for name in names if name in other}


def changes(before: Mapping[str, Cell], after: Mapping[str, Cell]) -> tuple[Change, ...]:
    """What differs between the cells of two runs, each by cell_id (`Kept.cells`): what came, what went, what changed, in the order of their
    ids. It says nothing of why: `rivalscope diff` does."""
    found = []
    for cell_id in sorted(before.keys() | after.keys()):
        one, other = before.get(cell_id), after.get(cell_id)
        told, said = differing(one, other)
        if told or said:
            kind: Literal["appeared", "vanished", "changed"]
            kind = "appeared" if one is None else "vanished" if other is None else "changed"
            found.append(Change(other or one or {}, kind, told, said))
    return tuple(found)


def _outside(one: Cell, other: Cell, cell: Cell) -> bool:
    """One run's effect lies outside the other's interval; what does not differ stands in the cell itself. False where nothing was sampled."""
    effect, low, high = one.get("effect"), other.get("low", cell.get("low")), other.get("high", cell.get("high"))
    return effect is not None and low is not None and high is not None and not low <= effect <= high


def document(con: duckdb.DuckDBPyConnection, given: Inputs) -> bytes:
    """The cells of a build on which `swot` has run, as the file holds them: sorted JSON, the same for the same build."""
    run_id, as_of, version = _rows(con, "select run_id, as_of, version from core.run")[0].values()
    evidence: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(con, _EVIDENCE):
        evidence.setdefault(row.pop("cell_id"), []).append(row)
    said = {
        "format": FORMAT,
        "run_id": run_id,
        "as_of": as_of,
        "program": version,
        "market_sha256": given.facts.sha256,
        "versions": inputs.versions(given),
        "settings": inputs.settings(given),
        "targets": [asdict(target) for target in given.facts.targets],
        "transformers": {language: transformer.version_of(folder) for language, folder in given.transformers.items()},
        "labels": inputs.labels_version(given),
        "scorers": scorers(con),
        "landing": _rows(con, _LANDING),
        "reviews": {row["brand"]: row["review_count"] for row in _rows(con, _REVIEWS)},
        "coverage": _rows(con, _COVERAGE),
        "cells": [cell | {"evidence": evidence.get(cell["cell_id"], [])} for cell in _rows(con, _CELLS)],
    }
    return orjson.dumps(said, default=_plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def scorers(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """What scores each language, and the hash of all that its scores depend on."""
    return _rows(con, _SCORERS)


SWOT_LAST_TABLE = "mart_unflagged.cell_survival"
"""The table that the SWOT room makes last: a build without it has not been through the room, or not to its end."""


def cells_of(build_file: Path, given: Inputs) -> bytes:
    """As `document`. Raises CellsError when the build has not been through `rivalscope swot`."""
    with build.connect(build_file, read_only=True) as con:
        if SWOT_LAST_TABLE not in build.tables(con):
            raise CellsError(
                f"Expected the tables of `rivalscope swot` in {build_file}, found them missing or not made to their end. Run it first."
            )
        return document(con, given)


def keep(body: bytes, given: Inputs, folder: Path) -> Path:
    """Keeps what a build says (`cells_of`), with the rules and themes behind it; the file, which may have been there."""
    path = folder / f"{name_of(body, folder)}.json"
    if not path.exists():
        inputs.keep(given, folder / "sources", _write_whole)
        _write_whole(path, body)
    return path


def name_of(body: bytes, folder: Path) -> str:
    """The name under which `keep` keeps what a build says: that of the run's last edition where it says the same."""
    run_id: str = orjson.loads(body)["run_id"]
    editions = _editions(folder, run_id)
    if editions and editions[-1].read_bytes() == body:
        return editions[-1].stem
    return run_id if not editions else f"{run_id}~{len(editions) + 1}"


def names(folder: Path) -> list[str]:
    """Those that are kept, by run and edition."""
    return sorted((path.stem for path in folder.glob("*.json")), key=_place)


def run_of(name: str) -> str:
    """The run whose file has this name."""
    return _place(name)[0]


def newest(folder: Path, count: int) -> list[Kept]:
    """The last that were kept, by their moment, the oldest first. Raises CellsError when there are fewer."""
    held = names(folder)
    if len(held) < count:
        raise CellsError(
            f"Expected the cells of {count} runs in {folder}, found {len(held)}. `rivalscope run` keeps those of each run."
        )
    return sorted((_opened(folder / f"{name}.json") for name in held), key=lambda kept: (kept.as_of, *kept.place))[-count:]


def last_before(folder: Path, run_id: str, as_of: datetime) -> Kept | None:
    """What was published last of the runs before this one, by their moments; None for a market's first run. Raises CellsError."""
    moments = {name: _moment(folder / f"{name}.json") for name in names(folder) if run_of(name) != run_id}
    earlier = [name for name, moment in moments.items() if moment <= as_of]
    if not earlier:
        return None
    return _opened(folder / f"{max(earlier, key=lambda name: (moments[name], *_place(name)))}.json")


def read(folder: Path, name: str) -> Kept:
    """What a run said last, or the edition that `RUN~2` names; `RUN~1` is the first. Raises CellsError."""
    if editions := _editions(folder, name):
        return _opened(editions[-1])
    held = names(folder)
    if (wanted := name.removesuffix("~1")) not in held:
        known = ", ".join(held[-20:]) or "none"
        raise CellsError(f"Expected a run whose cells are kept in {folder}, found {name!r:.130}. The newest of them: {known}.")
    return _opened(folder / f"{wanted}.json")


def edition(folder: Path, name: str) -> Kept:
    """The file of this name, one of `names`. Raises CellsError."""
    return _opened(folder / f"{name}.json")


def _opened(path: Path) -> Kept:
    try:
        said = orjson.loads(path.read_bytes())
        found = said["format"]
        as_of = datetime.fromisoformat(said["as_of"]).replace(tzinfo=UTC)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CellsError(f"{path}: expected the cells of a run, found what cannot be read ({error}).") from error
    if found != FORMAT:
        raise CellsError(
            f"{path}: expected cells of format {FORMAT}, found {found!r:.20}: another version of rivalscope wrote it."
        )
    return Kept(path.stem, as_of, said)


def _moment(path: Path) -> datetime:
    """The as-of alone: it stands first in what `document` writes, which is read to its end only where it does not."""
    with path.open("rb") as file:
        found = _AS_OF.match(file.read(100))
    return datetime.fromisoformat(found[1].decode()).replace(tzinfo=UTC) if found else _opened(path).as_of


def _editions(folder: Path, run_id: str) -> list[Path]:
    """The run's files, the oldest first."""
    found = (folder / f"{name}.json" for name in names(folder))
    return [path for path in found if _place(path.stem)[0] == run_id]


def _place(name: str) -> tuple[str, int]:
    found = _NAME.fullmatch(name)
    return (found["run"], int(found["edition"] or 1)) if found else (name, 1)


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = con.execute(sql)
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"expected a value that JSON has, found {type(value).__name__}")


def _write_whole(path: Path, body: bytes) -> None:
    """A file that appears under its name complete, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    draft.chmod(0o444)
    draft.replace(path)
