"""A crawl as a child process: the job that it is given, how it is started and ended, and under which circumstances it is judged."""

import ctypes
import importlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

import spiders
from pipeline.judge import Circumstances
from pipeline.market import Market, Source, Target
from pipeline.run import Run
from spiders.receipt import Job, Keyword, Politeness, Receipt, now
from spiders.settings import CACHE_DAYS, polite_settings

FILE_BYTES_PER_SECOND = 2_000_000
"""A file source may take its time limit and as long as this slow a reading would: ten times what it needs."""

_log = logging.getLogger("rivalscope.gather")
_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True, kw_only=True)
class Crawl:
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

    def left(self) -> Receipt:
        """The child's, or one that says that there is none."""
        if self.job.receipt.exists():
            return Receipt.load(self.job.receipt)
        code = self.process.returncode
        ended = f"signal {-code}" if code < 0 else f"exit code {code}"
        return Receipt.of(
            self.job,
            started_at=now(),
            finish_reason="no receipt",
            errors=(f"{self.target.id}: expected a receipt, found none ({ended}).", *self.said),
        )


def start(target: Target, job: Job, folder: Path, locks: list[IO[bytes]]) -> Crawl:
    """Starts the child; it holds the locks until it ends, even when we are killed before."""
    file = folder / "job.json"
    file.touch(mode=0o600)  # it holds the secrets of the source's url and options
    file.write_bytes(orjson.dumps(job.model_dump(mode="json")))
    process = subprocess.Popen(
        _command(target, job, file),
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[lock.fileno() for lock in locks],
        start_new_session=True,  # a signal to our group must not reach it a second time
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - it only makes one system call
    )
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    os.set_blocking(process.stderr.fileno(), False)
    return Crawl(
        target=target,
        job=job,
        folder=folder,
        locks=locks,
        process=process,
        stderr=process.stderr,
        deadline=time.monotonic() + _seconds(job),
    )


def _command(target: Target, job: Job, file: Path) -> list[str]:
    python = [sys.executable, "-P", "-m"]
    module = target.source.module
    if job.path is not None:
        reads_files = hasattr(importlib.import_module(module), "land")
        return [*python, module if reads_files else "spiders.web.saved", str(file)]
    # Only this source's module is imported: a fault in another one must not stop it.
    settings = polite_settings(job.politeness, render=job.render) | {"SPIDER_MODULES": module}
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    return [*python, "scrapy", "crawl", target.source.source, "-a", f"job={file}", *options]


def environment() -> dict[str, str]:
    """Ours, and the place that the spiders were imported from."""
    root = str(Path(spiders.__path__[0]).parent)
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {"SCRAPY_SETTINGS_MODULE": "spiders.settings", "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _die_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _seconds(job: Job) -> float:
    size = job.path.stat().st_size if job.path is not None and job.path.is_file() else 0
    return job.politeness.timeout_seconds + size / FILE_BYTES_PER_SECOND


def job_for(run: Run, target: Target, folder: Path) -> Job:
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
        archive=folder / "archive.warc.gz" if archive_days(market, source) else None,
        render=source.render,
        cache=(run.data / "cache").resolve() if archive_days(market, source) >= CACHE_DAYS and not source.secrets else None,
        hidden=source.secrets,
    )


def archive_days(market: Market, source: Source) -> int:
    """How many days the pages of a source are kept: none where it reads tables, or its terms say which fields may be kept
    (KEEPS); at most KEEPS_DAYS where they say for how long, whatever the market file allows."""
    module = importlib.import_module(source.module)
    if hasattr(module, "land") or getattr(module, "KEEPS", None) is not None:
        return 0
    days = market.crawl.retention_days if source.retention_days is None else source.retention_days
    return min(days, getattr(module, "KEEPS_DAYS", days))


def circumstances(job: Job, source: Source, *, exit_code: int, overdue: bool) -> Circumstances:
    module: Any = importlib.import_module(source.module)
    own_limit = getattr(module.Options.model_validate(source.options), "max_pages", job.politeness.max_pages)
    return Circumstances(
        lines=job.output,
        where=source.shown_url or str(job.path),
        exit_code=exit_code,
        overdue=overdue,
        timeout_seconds=_seconds(job),
        min_records=_min_records(module, source) if source.min_records is None else source.min_records,
        max_pages=min(own_limit, job.politeness.max_pages),
    )


def _min_records(module: Any, source: Source) -> int:
    """As the source says: its spider, or its module where there is no spider."""
    classes = (each for each in vars(module).values() if isinstance(each, type) and getattr(each, "name", None) == source.source)
    says: Any = next(classes, module)
    return int(says.min_records)
