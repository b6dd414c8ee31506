"""Gather: one child process for each crawl, judged by its receipt, published by rename.

A crawl works in a private folder. What it leaves is judged; what passes is renamed into `landing/<run>/`, the receipt last, so a
landing file without a receipt does not exist for anybody. What does not pass goes to `rejected/<run>/` with the reason. A gather
that is killed leaves nothing but its private folder, which the next one removes.
"""

import importlib
import os
import re
import selectors
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from pipeline.crawl import Crawl, circumstances, job_for, start
from pipeline.market import Source, Target
from pipeline.run import Run, crawl_lock
from pipeline.verdict import told, verdict
from spiders.items import named
from spiders.receipt import Job, Receipt, author_key, now, readings, sync_folder
from spiders.web import archive, saved

Progress = Callable[[str], None]

PARALLEL = 2
"""Crawls at once. Two of them fill two cores; politeness, not the machine, decides how long a crawl takes."""

GRACE_SECONDS = 20.0
"""Beyond a crawl's own time limit until it is asked to stop, and from there until it is killed."""


def gather(
    run: Run,
    targets: Sequence[Target],
    *,
    progress: Progress,
    parallel: int = PARALLEL,
    grace_seconds: float = GRACE_SECONDS,
) -> list[Receipt]:
    """Crawls what has not landed in this run yet. Returns a receipt for each target, in their order, each with its outcome.

    Never more than one crawl of a public host at a time, whatever process started it. SIGTERM and SIGINT stop the children in order
    and are then delivered again.
    """
    author_key(run.key_file)
    room = run.work / "gather"
    room.mkdir(parents=True, exist_ok=True)
    receipts: dict[str, Receipt] = {}
    waiting = list(targets)
    crawls: list[Crawl] = []
    with selectors.DefaultSelector() as pipes, _signals() as stopped:
        try:
            while (waiting and not stopped) or crawls:
                for target in () if stopped else tuple(waiting):
                    if len(crawls) < parallel and (begun := _begin(run, target, room, progress)) is not None:
                        waiting.remove(target)
                        if isinstance(begun, Receipt):
                            receipts[target.id] = begun
                        else:
                            pipes.register(begun.stderr, selectors.EVENT_READ, begun)
                            crawls.append(begun)
                _listen(pipes)
                for crawl in tuple(crawls):
                    crawl.press(bool(stopped), grace_seconds)
                    if crawl.process.poll() is not None:
                        crawl.drain()
                        pipes.unregister(crawl.stderr)
                        crawls.remove(crawl)
                        receipts[crawl.target.id] = _finish(run, crawl, progress)
        finally:
            for crawl in crawls:
                crawl.kill()
    if stopped:
        os.kill(os.getpid(), stopped[0])
    return [receipts[target.id] for target in targets if target.id in receipts]


def _listen(pipes: selectors.BaseSelector) -> None:
    if not pipes.get_map():
        time.sleep(0.1)  # nothing runs: another process holds what is wanted next
        return
    for key, _ in pipes.select(timeout=0.1):
        if not key.data.read():
            time.sleep(0.02)  # its end of the pipe is closed, it is about to exit


@contextmanager
def _signals() -> Iterator[list[int]]:
    """Collects SIGTERM and SIGINT instead of dying of them; only the main thread may, and only it has to."""
    stopped: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        stopped.append(number)

    try:
        before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    except ValueError:  # not the main thread
        before = {}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _begin(run: Run, target: Target, room: Path, progress: Progress) -> Receipt | Crawl | None:
    """A receipt if there is nothing to do, a crawl if there was, None if it has to wait for another."""
    locks: list[IO[bytes]] = []
    for name in _exclusive(target, run.market.crawl.allow_hosts):
        lock = crawl_lock(room, name)
        if lock is None:
            for held in locks:
                held.close()
            return None
        locks.append(lock)
    if (receipt := _newest(run.landing / run.run_id, target.id, progress)) is not None:
        progress(f"{target.id}: {receipt.outcome} already in this run, {receipt.records:,} records")
        return _released(receipt, locks)
    for leftover in room.glob(f"{target.id}@*"):  # of a gather that was killed: we hold its lock
        shutil.rmtree(leftover, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{target.id}@", dir=room))
    job = job_for(run, target, folder)
    try:
        job = job.model_copy(update={"input_sha256": _input_sha256(job, target.source)})
    except (OSError, ValueError) as error:
        shutil.rmtree(folder)
        receipt = _unreadable(job, target.source, error)
        progress(told(receipt))
        return _released(published(receipt, None, run.rejected / run.run_id), locks)
    if job.input_sha256 is not None and (known := _known(run, job, progress)) is not None:
        shutil.rmtree(folder)
        progress(f"{target.id}: unchanged since run {known.unchanged_since}, {known.records:,} records")
        return _released(published(known, None, run.landing / run.run_id), locks)
    progress(f"{target.id}: begins ({target.source.shown_url or job.path})")
    return start(target, job, folder, locks)


def _released(receipt: Receipt, locks: list[IO[bytes]]) -> Receipt:
    for lock in locks:
        lock.close()
    return receipt


def _exclusive(target: Target, allow_hosts: Collection[str]) -> tuple[str, ...]:
    """Names of what nobody else may be at while this target is crawled: itself, and the host unless it is one of our own."""
    url = urlsplit(target.source.url or "")
    port = url.port or (443 if url.scheme == "https" else 80)
    if url.hostname is None or {url.hostname, f"{url.hostname}:{port}"} & {host.lower() for host in allow_hosts}:
        return (target.id,)
    return (target.id, f"host-{re.sub(r'[^a-z0-9.-]', '_', url.hostname)}")


def _input_sha256(job: Job, source: Source) -> str | None:
    """Names what a file source is about to read; None for the web, and where there is no file. Raises OSError, ValueError."""
    module: Any = importlib.import_module(source.module)
    options = module.Options.model_validate(source.options)
    if job.path is None or not job.path.exists():
        return None
    key = author_key(job.key_file)
    if hasattr(module, "land"):
        return str(module.fingerprint(job.path, options, key=key, url=job.url))
    return saved.fingerprint(job.path, key=key, options=options.model_dump_json())


def _unreadable(job: Job, source: Source, error: OSError | ValueError) -> Receipt:
    """The receipt of a crawl that could not begin: one bad source must not keep the others from theirs."""
    if isinstance(error, ValidationError):
        # Not its own text, which repeats what it was given.
        found = ", ".join(f"options.{'.'.join(map(str, e['loc']))} ({e['msg']})" for e in error.errors())
        said = f"expected options that {source.source} knows, found {found}. Correct them in the market file"
    else:
        found = (error.strerror if isinstance(error, OSError) else None) or str(error)
        said = f"expected input that can be read, found: {found}. Correct the path in the market file, or the file's permissions"
    message = f"{job.target} ({source.shown_url or job.path}): {job.shown(said)}, and run gather again."
    return Receipt.of(
        job, started_at=now(), finish_reason="error", spider_exceptions=1, errors=(message,), outcome="failed", reason=message
    )


def _newest(folder: Path, target: str, progress: Progress) -> Receipt | None:
    """The newest receipt in a run's folder that can be read; None if there is none: what a damaged one vouched for is gathered again."""
    for path in readings(folder, target):
        try:
            return Receipt.load(path)
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            found = "expected a receipt, found a file that cannot be read as one"
            progress(f"{path}: {found}. It counts as absent; delete or restore it.")
    return None


def _known(run: Run, job: Job, progress: Progress) -> Receipt | None:
    """The receipt of a crawl that would land again what the last one did, as of this run; None if it would not."""
    before = [
        receipt
        for folder in run.landing.glob("*")
        if (receipt := _newest(folder, job.target, progress)) is not None
        and receipt.as_of <= job.as_of
        and receipt.outcome in {"landed", "unchanged"}
    ]
    last = max(before, key=lambda receipt: (receipt.as_of, receipt.run_id), default=None)
    if last is None or last.input_sha256 != job.input_sha256:
        return None
    since = last.unchanged_since or last.run_id
    held = next((receipt for receipt in before if receipt.run_id == since), None)
    if held is None or not (run.landing / since / f"{named(job.target, held.reading)}.jsonl.gz").exists():
        return None
    moment = now()
    return last.model_copy(
        update={
            "run_id": job.run_id,
            "as_of": job.as_of,
            "started_at": moment,
            "finished_at": moment,
            "outcome": "unchanged",
            "unchanged_since": since,
            "reading": 1,  # of this run; the lines and the archive stay with the other one
            "archive_sha256": None,
            "archived": 0,
            # Nothing was measured or judged in this run, and only what landed is history for the next.
            "measured": {},
            "monitors": (),
            "alarm": None,
            "reason": None,
        }
    )


def _finish(run: Run, crawl: Crawl, progress: Progress) -> Receipt:
    """Judges a crawl that has ended, and puts what it left where it belongs."""
    job = crawl.job
    try:
        found = circumstances(job, crawl.target.source, exit_code=crawl.process.returncode, overdue=crawl.overdue)
        receipt = verdict(run, crawl.target.source, crawl.left(), found)
        lines = job.output if job.output.exists() else None
        # A receipt must never stand beside pages that it does not vouch for. So that of an earlier attempt in this run goes before its
        # archive is replaced, then come archive, lines, receipt. Killed in between, this run has no receipt of the target, and the
        # next gather crawls it again and replaces what was left.
        (run.rejected / run.run_id / f"{job.target}.receipt.json").unlink(missing_ok=True)
        if (run.rejected / run.run_id).exists():
            sync_folder(run.rejected / run.run_id)
        archive.keep(job, receipt, run.archive / run.run_id)
        if receipt.outcome == "landed":
            assert lines is not None  # noqa: S101 - judged by its lines
            published(receipt, lines, run.landing / run.run_id)
            for stale in (run.rejected / run.run_id).glob(f"{job.target}.*"):  # of an earlier attempt in this run
                stale.unlink()
        else:
            published(receipt, lines, run.rejected / run.run_id)
        progress(told(receipt))
        return receipt
    finally:
        crawl.close()


def published(receipt: Receipt, lines: Path | None, folder: Path) -> Receipt:
    """Puts a reading into a run's folder: lines first, receipt last; both on disk when this returns."""
    folder.mkdir(parents=True, exist_ok=True)
    name = named(receipt.target, receipt.reading)
    place = folder / f"{name}.jsonl.gz"
    if lines is None:
        place.unlink(missing_ok=True)  # of an attempt that was killed before its receipt
    else:
        lines.replace(place)
        sync_folder(folder)
    receipt.write(folder / f"{name}.receipt.json")
    sync_folder(folder.parent)
    return receipt
