"""What each published run said and what it changed, told from the cells that the runs have kept (pipeline.cells): for the index and the feed.

Each of those files grows with the market's landing files and is never changed, so what is told of it is remembered in
`reports/.history.json`: a publish opens the files of the new run and of the one before it, whatever their number. The memory is made anew where it is missing or
cannot be read.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from pydantic import TypeAdapter, ValidationError

from pipeline import cells
from pipeline.cells import Kept
from pipeline.report.since import Told, compare, told

MEMORY = ".history.json"

_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Past:
    """A run, by the last that it said."""

    name: str
    """As its file of cells is called: the run's id, with `~2` and so on where it was published again."""
    run_id: str
    edition: int
    as_of: datetime
    before: str | None
    """Name of the run before it, to which it is compared; None for the first."""
    review_count: int | None
    """None in what an earlier version kept."""
    cell_ids: tuple[str, ...]
    quadrants: dict[str, int]
    """Number of cells in each that has one."""
    appeared: tuple[Told, ...]
    """All of them in the first run."""
    gone: tuple[Told, ...]
    """As the run before told them."""
    moved: tuple[Told, ...]
    """Cells that both have and of whose change a reader should hear, as the run before told them."""

    @property
    def is_quiet(self) -> bool:
        """Nothing of which a reader should hear."""
        return not self.appeared and not self.gone and not self.moved


_REMEMBERED = TypeAdapter(dict[str, Past])


def history(kept: Path, memory: Path, progress: Callable[[str], None] = lambda _: None) -> list[Past]:
    """Every run whose cells are in the folder `kept`, the oldest first; one that cannot be read is told of and left out."""
    known = _remembered(memory)
    last = {cells.run_of(name): name for name in cells.names(kept)}  # the last edition of each
    opened: dict[str, Kept] = {}

    def open_one(name: str) -> Kept:
        if name not in opened:
            if len(opened) > 1:
                del opened[next(iter(opened))]
            opened[name] = cells.edition(kept, name)
        return opened[name]

    moments = {}
    for name in last.values():
        try:
            moments[name] = known[name].as_of if name in known else open_one(name).as_of
        except cells.CellsError as error:
            progress(f"index of reports: without run {name}. {error}")
    order = sorted(moments, key=lambda name: (moments[name], name))
    found = []
    for name, before in zip(order, [None, *order], strict=False):
        past = known.get(name)
        if past is None or past.before != before:
            past = _past(open_one(before) if before else None, open_one(name))
        found.append(past)
    if found != list(known.values()):
        _remember(memory, found)
    return found


def _past(before: Kept | None, kept: Kept) -> Past:
    said, now = kept.said, kept.cells
    reviews = said.get("reviews")
    since = compare(before.said, said) if before else None
    run_id, edition = kept.place
    return Past(
        name=kept.name,
        run_id=run_id,
        edition=edition,
        as_of=kept.as_of,
        before=before.name if before else None,
        review_count=sum(reviews.values()) if reviews is not None else None,
        cell_ids=tuple(now),
        quadrants={
            name: sum(cell["quadrant"] == name for cell in now.values()) for name in sorted({c["quadrant"] for c in now.values()})
        },
        appeared=tuple(told(now[cell_id]) for cell_id in (since.appeared if since else now)),
        gone=since.gone if since else (),
        moved=since.moved if since else (),
    )


def _remembered(memory: Path) -> dict[str, Past]:
    try:
        held = orjson.loads(memory.read_bytes())
        return _REMEMBERED.validate_python(held["runs"], strict=False) if held["format"] == _FORMAT else {}
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return {}  # it is made anew


def _remember(memory: Path, found: list[Past]) -> None:
    replace_file(memory, orjson.dumps({"format": _FORMAT, "runs": {past.name: past for past in found}}))


def replace_file(path: Path, body: bytes) -> None:
    """Readers see the former file or this one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(body)
    draft.replace(path)


@dataclass(frozen=True, slots=True)
class Row:
    """A cell through the runs."""

    cell: Told
    """As it was told last; where it stands in the newest run, as it was told when it appeared."""
    stood: tuple[tuple[int, int], ...]
    """First and last place in the history, from 0, of each stretch of runs in which it stood."""

    @property
    def run_count(self) -> int:
        return sum(last - first + 1 for first, last in self.stood)


def rows(runs: list[Past]) -> Iterator[Row]:
    """Every cell that any run had; those of the newest run first, then by how lately they stood."""
    last: dict[str, Told] = {}
    stood: dict[str, list[list[int]]] = {}
    for place, run in enumerate(runs):
        last |= {cell.cell_id: cell for cell in (*run.appeared, *run.gone)}
        for cell_id in run.cell_ids:
            stretches = stood.setdefault(cell_id, [])
            if stretches and stretches[-1][1] == place - 1:
                stretches[-1][1] = place
            else:
                stretches.append([place, place])
    found = [Row(last[cell_id], tuple((first, last) for first, last in stretches)) for cell_id, stretches in stood.items()]
    yield from sorted(found, key=lambda row: (-row.stood[-1][1], row.stood[-1][0], row.cell.cell_id))
