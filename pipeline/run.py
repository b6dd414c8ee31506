"""A run: one market, one data folder, one moment as of which everything is said. Where each room keeps its files."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import orjson

from pipeline.market import Market

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


class RunError(ValueError):
    """The run cannot go on; the message says what was expected, what was found, and what to do next."""


@dataclass(frozen=True, slots=True)
class Run:
    """Names the files of one run. Nothing is read or written by asking."""

    market: Market
    data: Path
    run_id: str
    as_of: datetime
    """Aware, UTC, whole seconds: what was not yet known or published then does not count."""

    @property
    def landing(self) -> Path:
        return self.data / "landing"

    @property
    def rejected(self) -> Path:
        return self.data / "rejected"

    @property
    def archive(self) -> Path:
        return self.data / "archive"

    @property
    def work(self) -> Path:
        return self.data / "work"

    @property
    def scores(self) -> Path:
        return self.data / "scores"

    @property
    def cells(self) -> Path:
        return self.data / "cells"

    @property
    def records(self) -> Path:
        return self.data / "ops"

    @property
    def build_file(self) -> Path:
        return self.data / "build" / f"{self.run_id}.duckdb"

    @property
    def report_folder(self) -> Path:
        return self.data / "reports" / self.run_id

    @property
    def published(self) -> Path:
        return self.data / "warehouse.duckdb"

    @property
    def key_file(self) -> Path:
        return self.data / ".secrets" / "author.key"


def open_run(market: Market, data: Path, *, run_id: str | None, as_of: datetime | None, new: bool) -> Run:
    """The run that the arguments mean.

    A run remembers its as-of in `runs/<run_id>.json`, so each room sees the same one. Without a run id: the as-of names the
    run; without either, `new` begins a run as of now, otherwise the newest run is meant. Raises RunError.
    """
    runs = data / "runs"
    if run_id is None and as_of is None and not new:
        known = sorted(runs.glob("*.json"), key=lambda path: (_remembered(path), path.stem))
        if not known:
            raise RunError(f"Expected a run under {data}, found none. Begin with `rivalscope gather {market.path}`.")
        return Run(market, data, known[-1].stem, _remembered(known[-1]))
    # A run as of now is named by the moment; one as of a given T by T, so that the same call again continues the same run.
    moment = (as_of or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    run_id = _named(moment) if run_id is None else run_id
    if not _RUN_ID.fullmatch(run_id):
        raise RunError(f"Expected a run id of letters, digits, '.', '_' and '-' (at most 120), found {run_id!r:.150}.")
    note = runs / f"{run_id}.json"
    if note.exists():
        remembered = _remembered(note)
        if as_of is not None and remembered != moment:
            raise RunError(
                f"Run {run_id} was begun as of {remembered.isoformat()}, found --as-of {moment.isoformat()}. "
                "Leave --as-of out, or choose another --run."
            )
        return Run(market, data, run_id, remembered)
    if not new and as_of is None:
        names = ", ".join(sorted(path.stem for path in runs.glob("*.json"))[-5:]) or "none"
        raise RunError(
            f"Expected a run under {data} (the last: {names}), found no run {run_id}. `rivalscope gather` begins one, and `rivalscope run` without --run."
        )
    runs.mkdir(parents=True, exist_ok=True)
    draft = runs / f".{run_id}.{os.getpid()}"
    draft.write_bytes(orjson.dumps({"run_id": run_id, "as_of": moment.isoformat(), "market": market.id}))
    draft.replace(note)
    return Run(market, data, run_id, moment)


def run_as_of(market: Market, data: Path, as_of: datetime) -> Run:
    """The run that is named by a moment, whether or not there is one; nothing is noted."""
    moment = as_of.astimezone(UTC).replace(microsecond=0)
    return Run(market, data, _named(moment), moment)


def _named(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%SZ")


def _remembered(note: Path) -> datetime:
    try:
        return datetime.fromisoformat(orjson.loads(note.read_bytes())["as_of"])
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{note}: expected the as-of of a run, found something else ({error}). Delete it, and gather again."
        ) from error


@contextmanager
def only_builder(run: Run) -> Iterator[None]:
    """Holds the data folder's build lock: load and what follows own the build file, one process at a time.

    The lock goes with the process, so a killed builder leaves none behind. Raises RunError when another process holds it.
    """
    run.data.mkdir(parents=True, exist_ok=True)
    with (run.data / ".build.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            raise RunError(f"Expected to be the only builder of {run.data}, found process {holder}. Wait for it.") from error
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


@contextmanager
def only_crawler(run: Run, target: str) -> Iterator[IO[bytes]]:
    """Holds the target's crawl lock; a child that inherits it keeps it until it ends.

    Raises RunError while another process crawls the target or reads it again.
    """
    room = run.work / "gather"
    room.mkdir(parents=True, exist_ok=True)
    lock = crawl_lock(room, target)
    if lock is None:
        raise RunError(f"{target}: expected no crawl of it, found one at work. Wait for it, and call again.")
    with lock:
        yield lock


def crawl_lock(room: Path, name: str) -> IO[bytes] | None:
    """The lock of a target or a host in gather's room, held until it is closed; None while another process holds it."""
    lock = (room / f"{name}.lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock
