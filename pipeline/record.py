"""What a room leaves of its work in a run: when it began and ended, what it took and made, how it came out. `ops/<run>/<room>.json`.

A record is written when the room begins and replaced when it ends, each time whole. Whoever writes the first one holds a lock on that file, which
goes with the process: a record without an end, whose lock is free, is that of a room that was killed. A room that runs again replaces its
record, and counts on.

No clock of these may reach what is reproducible: they stand in no build, no Parquet, no cells and no report. `publish` adds them to the copy of the
build that people open, as schema `ops` (`warehouse.ops`).
"""

import contextlib
import fcntl
import hashlib
import os
import resource
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from pipeline import log
from pipeline.run import Run

Outcome = Literal["running", "done", "incomplete", "failed", "stopped", "killed"]
"""`incomplete`: it came to its end, and something is missing. `stopped`: asked to, by a signal or Ctrl-C."""

Progress = Callable[[str], None]

MAX_MESSAGE = 600


class Record(BaseModel):
    """One room's work in one run; a gather of some of the market's targets has one of its own."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    run_id: str
    as_of: AwareDatetime
    room: str
    targets: tuple[str, ...] | None = None
    """Of a gather: those that it was asked for."""
    is_whole: bool = False
    """They were all of the market's."""
    began_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    processor_seconds: float | None = None
    """Of the process and of those that it started."""
    peak_bytes: int | None = None
    """Resident memory of the largest of them; None where an earlier room of the same process had more, and the kernel kept only that."""
    rows: dict[str, int] = {}
    """By table, where the room makes tables."""
    attempts: int = Field(default=1, ge=1)
    outcome: Outcome
    message: str | None = None
    """The first line of the error that ended it."""
    edition: str | None = None
    """Of publish: the name under `cells/` of what it published."""


@dataclass(slots=True)
class Work:
    """A room at work, and what it says of it."""

    began: Record
    rows: Mapping[str, int] = field(default_factory=dict)
    edition: str | None = None
    is_incomplete: bool = False
    _processor: float = field(default_factory=lambda: _processor_seconds())  # noqa: PLW0108 - it stands below
    _peak: int | None = None

    def record(self, outcome: Outcome | None = None, message: str | None = None) -> Record:
        """As if it ended now."""
        self._peak = _risen() or self._peak
        return self.began.model_copy(
            update={
                "ended_at": datetime.now(UTC),
                "processor_seconds": round(_processor_seconds() - self._processor, 3),
                "peak_bytes": self._peak,
                "rows": dict(self.rows),
                "outcome": outcome or ("incomplete" if self.is_incomplete else "done"),
                "message": message,
                "edition": self.edition,
            }
        )


@contextmanager
def kept(run: Run, room: str, targets: Collection[str] | None = None) -> Iterator[Work]:
    """Keeps the record of what is done inside, however it ends. `targets`: of a gather."""
    is_whole = targets is not None and {target.id for target in run.market.targets} <= set(targets)
    path = run.records / run.run_id / f"{room if targets is None or is_whole else _part(room, targets)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    before = _read(path) if path.exists() else None
    work = Work(
        Record(
            run_id=run.run_id,
            as_of=run.as_of,
            room=room,
            targets=None if targets is None else tuple(sorted(targets)),
            is_whole=is_whole,
            began_at=datetime.now(UTC),
            attempts=before.attempts + 1 if before else 1,
            outcome="running",
        )
    )
    with log.room(room), _written(path, work.began):
        try:
            yield work
        except BaseException as error:
            is_stopped = isinstance(error, KeyboardInterrupt)
            # A disk that is full must not hide what it did to the room.
            with contextlib.suppress(OSError), _written(path, work.record("stopped" if is_stopped else "failed", _said(error))):
                pass
            raise
        with _written(path, work.record()):
            pass


def records(folder: Path, run_id: str | None = None) -> list[Record]:
    """All that are kept, by run, or those of one run. One that cannot be read is told and passed over."""
    found = (_read(path) for path in sorted(folder.glob(f"{run_id or '*'}/*.json")))
    return [record for record in found if record is not None]


def as_lines(found: Collection[Record]) -> bytes:
    """JSON lines, as `warehouse.ops` takes them."""
    return b"".join(orjson.dumps(record.model_dump(mode="json"), option=orjson.OPT_APPEND_NEWLINE) for record in found)


def _part(room: str, targets: Collection[str]) -> str:
    one, *others = sorted(targets)
    return f"{room}~{hashlib.sha256(' '.join((one, *others)).encode()).hexdigest()[:16] if others else one}"


def _read(path: Path) -> Record | None:
    while True:
        try:
            with path.open("rb") as file:
                record = Record.model_validate_json(file.read())
                if record.outcome != "running" or not _is_free(file.fileno()):
                    return record
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return record.model_copy(update={"outcome": "killed"})
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            log.info(f"{path}: expected the record of a room, found something else. It is passed over; delete it.")
            return None
        # It ended while it was read: what it has written instead tells.


def _is_free(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _written(path: Path, record: Record) -> Iterator[None]:
    """Appears under its name complete, or not at all; the lock on it is held from before it appears to the end."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("wb") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        file.write(orjson.dumps(record.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        file.flush()
        os.fsync(file.fileno())
        draft.replace(path)
        yield


def _said(error: BaseException) -> str:
    """The first line: what follows in some messages are rows, which may be somebody's words."""
    first = next(iter(log.safe(str(error)).splitlines()), "")
    name = "" if isinstance(error, ValueError | OSError | RuntimeError) else f"{type(error).__name__}: "
    return f"{name}{first}".strip(": ")[:MAX_MESSAGE]


def _processor_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


_told = {"own": 0, "children": 0}
"""The peaks that this process has told so far."""


def _risen() -> int | None:
    """The kernel keeps one peak of a process and one of its children: it is a room's only where it has risen since it was told last."""
    # Not the process's own figure of getrusage, which begins with the peak of the process that started it.
    status = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    own = next(line for line in status if line.startswith("VmHWM:")).split()[1]
    peaks = {"own": int(own) * 1024, "children": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024}
    risen = [peak for name, peak in peaks.items() if peak > _told[name]]
    _told.update({name: max(peak, _told[name]) for name, peak in peaks.items()})
    return max(risen, default=None)
