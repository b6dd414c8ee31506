"""Gather: one child process for each crawl, judged by its receipt, published by rename.

A crawl works in a private folder. What it leaves is judged; what passes is renamed into `landing/<run>/`, the receipt last, so a
landing file without a receipt does not exist for anybody. What does not pass goes to `rejected/<run>/` with the reason. A gather
that is killed leaves nothing but its private folder, which the next one removes.
"""

import ctypes
import fcntl
import importlib
import logging
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any
from urllib.parse import urlsplit

import orjson
from pydantic import ValidationError

import spiders
from pipeline.judge import Circumstances, judge
from pipeline.market import Source, Target
from pipeline.run import Run
from spiders import saved
from spiders.receipt import Job, Keyword, Politeness, Receipt, author_key, now, sync_folder
from spiders.settings import polite_settings

__all__ = ["PARALLEL", "gather", "polite_settings"]

Progress = Callable[[str], None]

PARALLEL = 2
"""Crawls at once. Two of them fill two cores; politeness, not the machine, decides how long a crawl takes."""

GRACE_SECONDS = 20.0
"""Beyond a crawl's own time limit until it is asked to stop, and from there until it is killed."""
FILE_BYTES_PER_SECOND = 2_000_000
"""A file source may take its time limit and as long as this slow a reading would: ten times what it needs."""

_log = logging.getLogger("rivalscope.gather")
_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


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
    crawls: list[_Crawl] = []
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


@dataclass(slots=True, kw_only=True)
class _Crawl:
    """A child at work."""

    target: Target
    job: Job
    folder: Path
    locks: list[IO[bytes]]
    process: subprocess.Popen[bytes]
    stderr: IO[bytes]
    deadline: float
    """Monotonic; it should have ended by itself by then."""
    asked_at: float | None = None
    overdue: bool = False
    rest: bytes = b""
    level: int = logging.INFO
    said: list[str] = field(default_factory=list)
    """Its last errors, for a child that leaves no receipt."""

    def press(self, stop: bool, grace_seconds: float) -> None:
        """Asks once in order (a second SIGTERM makes Scrapy stop without closing), then kills."""
        moment = time.monotonic()
        late = moment > self.deadline + grace_seconds
        if self.asked_at is None and (stop or late):
            self.overdue = late
            self.asked_at = moment
            self.process.terminate()
        elif self.asked_at is not None and moment > self.asked_at + grace_seconds:
            self.process.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.close()

    def close(self) -> None:
        self.stderr.close()
        for lock in self.locks:
            lock.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def read(self) -> bool:
        """Passes on what the child said since; False at the end."""
        try:
            chunk = os.read(self.stderr.fileno(), 1 << 16)
        except BlockingIOError:
            return False
        *lines, self.rest = (self.rest + chunk).split(b"\n")
        for raw in (*lines, *(() if chunk else (self.rest,))):
            text = self.job.shown(raw.decode("utf-8", "replace").rstrip())[:2000]
            word, _, _ = text.partition(" ")
            # Continuation lines of a message belong to the level of its first.
            self.level = logging.getLevelNamesMapping().get(word, self.level)
            if text:
                _log.log(self.level, "%s: %s", self.target.id, text)
                if self.level >= logging.ERROR:
                    self.said = [*self.said, text][-5:]
        self.rest = self.rest[-(1 << 16) :] if chunk else b""
        return bool(chunk)

    def drain(self) -> None:
        while self.read():
            pass


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


def _begin(run: Run, target: Target, room: Path, progress: Progress) -> "Receipt | _Crawl | None":
    """A receipt if there is nothing to do, a crawl if there was, None if it has to wait for another."""
    locks: list[IO[bytes]] = []
    for name in _exclusive(target, run.market.crawl.allow_hosts):
        lock = (room / f"{name}.lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            for held in (*locks, lock):
                held.close()
            return None
        locks.append(lock)
    done = run.landing / run.run_id / f"{target.id}.receipt.json"
    if (receipt := _readable(done, progress)) is not None:
        progress(f"{target.id}: {receipt.outcome} already in this run, {receipt.records:,} records")
        return _released(receipt, locks)
    for leftover in room.glob(f"{target.id}@*"):  # of a gather that was killed: we hold its lock
        shutil.rmtree(leftover, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{target.id}@", dir=room))
    job = _job(run, target, folder)
    try:
        job = job.model_copy(update={"input_sha256": _input_sha256(job, target.source)})
    except (OSError, ValueError) as error:
        shutil.rmtree(folder)
        receipt = _unreadable(job, target.source, error)
        progress(f"{target.id}: {receipt.outcome}. {receipt.reason}")
        return _released(_published(receipt, None, run.rejected / run.run_id), locks)
    if job.input_sha256 is not None and (known := _known(run, job, progress)) is not None:
        shutil.rmtree(folder)
        progress(f"{target.id}: unchanged since run {known.unchanged_since}, {known.records:,} records")
        return _released(_published(known, None, run.landing / run.run_id), locks)
    file = folder / "job.json"
    file.touch(mode=0o600)  # it holds the secrets of the source's url and options
    file.write_bytes(orjson.dumps(job.model_dump(mode="json")))
    progress(f"{target.id}: begins ({target.source.shown_url or job.path})")
    process = subprocess.Popen(
        _command(target, job, file),
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[lock.fileno() for lock in locks],  # it keeps them until it ends, even when we are killed before
        start_new_session=True,  # a signal to our group must not reach it a second time
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - it only makes one system call
    )
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    os.set_blocking(process.stderr.fileno(), False)
    return _Crawl(
        target=target,
        job=job,
        folder=folder,
        locks=locks,
        process=process,
        stderr=process.stderr,
        deadline=time.monotonic() + _seconds(job),
    )


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


def _seconds(job: Job) -> float:
    size = job.path.stat().st_size if job.path is not None and job.path.is_file() else 0
    return job.politeness.timeout_seconds + size / FILE_BYTES_PER_SECOND


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _job(run: Run, target: Target, folder: Path) -> Job:
    market, source = run.market, target.source
    crawl = market.crawl
    brands = [brand for brand in market.brands if target.brand in (None, brand.id)]
    return Job(
        run_id=run.run_id,
        as_of=run.as_of,
        market=market.id,
        target=target.id,
        brand=target.brand,
        kind=source.kind,
        source=source.source,
        name=source.name,
        url=source.url,
        path=market.file(source),
        options=source.options,
        # The engines' own addresses are no brand's, so a ranking crawl has to stay where its url is.
        domains=() if target.brand is None else tuple(domain for brand in brands for domain in brand.domains),
        keywords=tuple(Keyword(text=k.text, engine=k.engine, locale=k.locale, device=k.device) for k in target.keywords),
        draws=getattr(source, "draws", 1),
        result_type=getattr(source, "result_type", "web"),
        output=folder / "lines.jsonl.gz",
        receipt=folder / "receipt.json",
        key_file=run.key_file.resolve(),
        politeness=Politeness(
            contact=crawl.contact,
            delay_seconds=crawl.delay_seconds,
            max_pages=crawl.max_pages,
            timeout_seconds=crawl.timeout_seconds,
            request_timeout_seconds=crawl.request_timeout_seconds,
            allow_hosts=crawl.allow_hosts,
        ),
        hidden=source.secrets,
    )


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


def _command(target: Target, job: Job, file: Path) -> list[str]:
    python = [sys.executable, "-P", "-m"]
    module = target.source.module
    if job.path is not None:
        reads_files = hasattr(importlib.import_module(module), "land")
        return [*python, module if reads_files else "spiders.saved", str(file)]
    # Only this source's module is imported: a fault in another one must not stop it.
    settings = polite_settings(job.politeness) | {"SPIDER_MODULES": module}
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    return [*python, "scrapy", "crawl", target.source.source, "-a", f"job={file}", *options]


def _environment() -> dict[str, str]:
    """Ours, and the place that the spiders were imported from."""
    root = str(Path(spiders.__path__[0]).parent)
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {"SCRAPY_SETTINGS_MODULE": "spiders.settings", "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _readable(path: Path, progress: Progress) -> Receipt | None:
    """The receipt; None if there is none, or a damaged one: what it vouched for is gathered again."""
    try:
        return Receipt.load(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        progress(
            f"{path}: expected a receipt, found a file that cannot be read as one. It counts as absent; delete or restore it."
        )
        return None


def _known(run: Run, job: Job, progress: Progress) -> Receipt | None:
    """The receipt of a crawl that would land again what the last one did, as of this run; None if it would not."""
    before = [
        receipt
        for path in run.landing.glob(f"*/{job.target}.receipt.json")
        if (receipt := _readable(path, progress)) is not None
        and receipt.as_of <= job.as_of
        and receipt.outcome in {"landed", "unchanged"}
    ]
    last = max(before, key=lambda receipt: (receipt.as_of, receipt.run_id), default=None)
    if last is None or last.input_sha256 != job.input_sha256:
        return None
    since = last.unchanged_since or last.run_id
    if not (run.landing / since / f"{job.target}.jsonl.gz").exists():
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
        }
    )


def _finish(run: Run, crawl: _Crawl, progress: Progress) -> Receipt:
    """Judges a crawl that has ended, and puts what it left where it belongs."""
    job = crawl.job
    try:
        receipt = _read_receipt(crawl)
        outcome, reason = judge(receipt, _circumstances(crawl))
        receipt = receipt.model_copy(update={"outcome": outcome, "reason": reason})
        lines = job.output if job.output.exists() else None
        if outcome == "landed":
            assert lines is not None  # noqa: S101 - judged by its lines
            _published(receipt, lines, run.landing / run.run_id)
            for stale in (run.rejected / run.run_id).glob(f"{job.target}.*"):  # of an earlier attempt in this run
                stale.unlink()
            progress(f"{job.target}: landed, {receipt.records:,} records from {receipt.pages:,} pages")
        else:
            _published(receipt, lines, run.rejected / run.run_id)
            progress(f"{job.target}: {outcome}. {reason}")
        return receipt
    finally:
        crawl.close()


def _published(receipt: Receipt, lines: Path | None, folder: Path) -> Receipt:
    """Lines first, receipt last; both on disk when this returns."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{receipt.target}.jsonl.gz"
    if lines is None:
        place.unlink(missing_ok=True)  # of an attempt that was killed before its receipt
    else:
        lines.replace(place)
        sync_folder(folder)
    receipt.write(folder / f"{receipt.target}.receipt.json")
    sync_folder(folder.parent)
    return receipt


def _read_receipt(crawl: _Crawl) -> Receipt:
    """The child's, or one that says that there is none."""
    if crawl.job.receipt.exists():
        return Receipt.load(crawl.job.receipt)
    code = crawl.process.returncode
    ended = f"signal {-code}" if code < 0 else f"exit code {code}"
    return Receipt.of(
        crawl.job,
        started_at=now(),
        finish_reason="no receipt",
        errors=(f"{crawl.target.id}: expected a receipt, found none ({ended}).", *crawl.said),
    )


def _circumstances(crawl: _Crawl) -> Circumstances:
    job, source = crawl.job, crawl.target.source
    module: Any = importlib.import_module(source.module)
    own_limit = getattr(module.Options.model_validate(source.options), "max_pages", job.politeness.max_pages)
    return Circumstances(
        lines=job.output,
        where=source.shown_url or str(job.path),
        exit_code=crawl.process.returncode,
        overdue=crawl.overdue,
        timeout_seconds=_seconds(job),
        min_records=_min_records(module, source) if source.min_records is None else source.min_records,
        max_pages=min(own_limit, job.politeness.max_pages),
    )


def _min_records(module: Any, source: Source) -> int:
    """As the source says: its spider, or its module where there is no spider."""
    classes = (each for each in vars(module).values() if isinstance(each, type) and getattr(each, "name", None) == source.source)
    says: Any = next(classes, module)
    return int(says.min_records)
