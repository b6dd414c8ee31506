"""`rivalscope outcome`: one run at a glance, from what it has left so far, whether or not it was published."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import IO, Any

import orjson
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline import log, record
from pipeline.run import Run
from warehouse import ops

ROOMS = ("gather", "load", "score", "swot", "report", "publish", "deliver", "retention")

WIDTH = 80
"""Of a log, which has no width of its own."""


@dataclass(frozen=True, slots=True)
class Glance:
    """Rows of the schema `ops`, as `warehouse/sql/ops` says."""

    market: str
    run: Mapping[str, Any]
    rooms: tuple[Mapping[str, Any], ...]
    """In the order of the work."""
    sources: tuple[Mapping[str, Any], ...]
    """By target."""


def at(run: Run, progress: record.Progress) -> Glance:
    lines = record.as_lines(record.records(run.records, run.run_id))
    rows = ops.of_run(run.landing, run.rejected, lines, run_id=run.run_id, as_of=run.as_of, tell=progress)
    of_run = next(iter(rows["run"]), {"run_id": run.run_id, "as_of": run.as_of.replace(tzinfo=None), "outcome": None})
    rooms = sorted(rows["room"], key=lambda room: (*ROOMS, room["room"]).index(room["room"]))
    return Glance(run.market.id, of_run, tuple(rooms), tuple(sorted(rows["source"], key=lambda source: str(source["target"]))))


def faults(seen: Glance) -> Iterator[tuple[str, str | None]]:
    """A line, with its target if it has one, for each room that did not end well, and for each source that is missing of a run that was never published."""
    for room in seen.rooms:
        if room["outcome"] in {"failed", "stopped", "killed"}:
            often = f" in attempt {room['attempts']}" if room["attempts"] > 1 else ""
            yield f"{room['room']}: {room['outcome']}{often}{': ' if room['message'] else ''}{room['message'] or ''}", None
    if seen.run["outcome"] not in {"published", "incomplete"}:  # of these the published coverage tells
        for source in seen.sources:
            if source["outcome"] not in {"landed", "unchanged"}:
                yield f"missing ({source['outcome']}): {source['reason'] or source['target']}", source["target"]


def as_json(seen: Glance) -> bytes:
    return orjson.dumps(asdict(seen), default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC)


def print_tables(seen: Glance, out: IO[str]) -> None:
    """Plain text where `out` is no terminal; what comes from outside is shown as text, whatever it holds."""
    console = Console(file=out, width=None if out.isatty() else WIDTH, highlight=False, markup=False)
    run = seen.run
    as_of: datetime = run["as_of"]
    console.print(Text(f"{seen.market}, run {run['run_id']} as of {as_of:%Y-%m-%d %H:%M} UTC"))
    console.print(Text(_came_to(run)))
    if seen.sources:
        console.print(_sources(seen))
    if seen.rooms:
        console.print(_rooms(seen))


def _came_to(run: Mapping[str, Any]) -> str:
    match run["outcome"]:
        case None:
            return "its rooms have left no record"
        case "published" | "incomplete" as outcome:
            which = "" if run["edition"] == run["run_id"] else f" as {run['edition']}"
            missing = "" if outcome == "published" else f"; {run['landed_count']} of {run['source_count']} sources landed"
            return f"published{which}; SWOT cells: {run['cell_count'] or 0:,}{missing}"
        case "unfinished":
            return "not published yet"
        case outcome:
            return f"{outcome} in {run['room']}"


def _sources(seen: Glance) -> Table:
    table = _table("source", "outcome", "records", "pages", "seconds")
    for source in seen.sources:
        outcome = source["alarm"] or source["outcome"]
        numbers = (source["record_count"], source["page_count"], source["seconds"])
        table.add_row(*map(_text, (source["target"], outcome.replace("_", " "), *map(_number, numbers))))
    return table


def _rooms(seen: Glance) -> Table:
    table = _table("room", "outcome", "rows", "seconds", "processor s", "peak MB", "attempts")
    for room in seen.rooms:
        peak = room["peak_bytes"]
        seconds = (_number(room["seconds"], 1), _number(room["processor_seconds"], 1))
        cells = (room["room"], room["outcome"], _number(room["row_count"]), *seconds, _number(peak and peak / 1e6))
        table.add_row(*map(_text, (*cells, _number(room["attempts"]))))
    return table


def _table(first: str, second: str, *numbers: str) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column(first, overflow="fold")
    table.add_column(second)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def _text(value: str) -> Text:
    return Text(" ".join(log.safe(value).split()))


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
