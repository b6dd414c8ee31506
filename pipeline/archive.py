"""What can be done with the pages that crawls have kept: parse them again without a request, and let them go when their time is over.

A replay is a new reading of a crawl: its lines stand beside the crawl's own in `landing/<run>/`, with the same run, moment, addresses and
times of sight, and a number: `<target>~2.jsonl.gz` with its receipt. Load takes the newest reading of each crawl. Nothing that
landed before is changed, so removing a reading's two files takes it back.
"""

import contextlib
import gzip
import logging
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Literal

import orjson

from pipeline.crawl import archive_days, circumstances, environment, job_for
from pipeline.gather import published
from pipeline.market import Market, Target
from pipeline.run import Run, only_crawler
from pipeline.verdict import verdict
from spiders.items import Kind
from spiders.receipt import Job, Receipt, file_sha256, lines_of, masked, newest_reading
from spiders.web.archive import index_of, place
from spiders.web.cache import prune
from spiders.web.replay import replay_settings

Progress = Callable[[str], None]

GRACE_SECONDS = 60.0
"""Beyond a crawl's own time limit, in which pages were fetched and parsed, a replay is ended."""

_log = logging.getLogger("rivalscope.replay")


class ReplayError(ValueError):
    """A crawl cannot be read again; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What came of parsing one crawl's pages again."""

    run_id: str
    target: str
    outcome: Literal["landed", "same", "not_archived", "refused", "failed"]
    """`same`: nothing was written, for it came out as before, or still does not land. `refused`: what is read now would not have landed;
    what had landed still stands. `failed`: it could not be read again, `reason` says why; nothing was written."""
    reason: str = ""
    number: int = 0
    before: int = 0
    """Records of the reading before; 0 where the crawl had not landed."""
    after: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0
    """Records that both readings have by their id, or by what was asked, in other words."""

    def told(self) -> str:
        of = f"{self.target} of run {self.run_id}"
        match self.outcome:
            case "landed":
                found = f"{self.before:,} → {self.after:,} records, {self.added:,} added, {self.removed:,} removed, {self.changed:,} changed"
                return f"{of}: reading {self.number}, {found}"
            case "same" if self.reason:
                return f"{of}: it still does not land. {self.reason}"
            case "same":
                return f"{of}: the same {self.after:,} records as before, so nothing was written"
            case "not_archived":
                return f"{of}: not read again: {self.reason}"
            case "refused":
                return f"{of}: the new reading does not land, the one before stays. {self.reason}"
            case "failed":
                return f"{of}: it could not be read again. {self.reason}"


# --- replay -----------------------------------------------------------------------------------------------------------


def replay(run: Run, targets: Iterable[Target], *, all_runs: bool, progress: Progress) -> list[Reading]:
    """Parses the pages of that run's crawls again, or those of all runs up to its moment, the oldest first.

    A crawl that found its input unchanged has no pages of its own: those of the run that holds them are read. One that cannot be read
    again does not cost the others their readings.
    """
    readings = []
    for target in targets:
        for run_id in _runs(run, target, all_runs=all_runs):
            try:
                reading = _replay(run, run_id, target)
            except (OSError, ValueError) as error:
                why = masked(str(error), target.source.secrets)
                reading = Reading(run_id=run_id, target=target.id, outcome="failed", reason=why)
            progress(f"replay: {reading.told()}")
            readings.append(reading)
    return readings


def _runs(run: Run, target: Target, *, all_runs: bool) -> list[str]:
    """The runs that hold lines or pages of a target."""
    known = set()
    for room in (run.rejected, run.landing):
        for folder in room.glob("*"):
            path = newest_reading(folder, target.id)
            if path is not None and (all_runs or folder.name == run.run_id):
                try:
                    receipt = _receipt(path)
                except ReplayError:
                    known.add(folder.name)  # the reason is told when its turn comes
                    continue
                if receipt.as_of <= run.as_of:
                    known.add(receipt.unchanged_since or receipt.run_id)
    return sorted(known, key=lambda run_id: (_moment(run, run_id, target.id), run_id))


def _moment(run: Run, run_id: str, target: str) -> datetime:
    try:
        return _first(run, run_id, target).as_of
    except ReplayError:
        return run.as_of  # as above


def _replay(run: Run, run_id: str, target: Target) -> Reading:
    room = run.work / "gather"
    with only_crawler(run, target.id) as lock:
        for leftover in room.glob(f"{target.id}@*"):  # of a gather or a replay that was killed: we hold its lock
            shutil.rmtree(leftover, ignore_errors=True)
        archive = place(run.archive / run_id, target.id)
        landed = newest_reading(run.landing / run_id, target.id)
        first = _first(run, run_id, target.id)
        if why := _missing(run.market, target, first, archive):
            return Reading(run_id=run_id, target=target.id, outcome="not_archived", reason=why)
        if file_sha256(archive) != first.archive_sha256:
            raise ReplayError(
                f"{archive}: expected sha256 {first.archive_sha256} as its receipt says, found another. Restore it from a backup."
            )
        folder = Path(tempfile.mkdtemp(prefix=f"{target.id}@", dir=room))
        try:
            crawl = Run(run.market, run.data, run_id, first.as_of)
            job = job_for(crawl, target, folder).model_copy(
                update={"archive": None, "replay": archive.resolve(), "input_sha256": first.input_sha256}
            )
            code = _parse(target, job, folder / "job.json", lock)
            before = None if landed is None else _receipt(landed)
            number = 2 if before is None else before.reading + 1
            receipt = _as_crawled(job, first, number=number, code=code)
            lines = _whole_lines(landed, before)
            added, removed, changed = _difference(job.kind, lines, job.output)
            if before is not None and not (added or removed or changed) and before.stated == receipt.stated and lines is not None:
                return Reading(run_id=run_id, target=target.id, outcome="same", after=receipt.records)
            receipt = verdict(crawl, target.source, receipt, circumstances(job, target.source, exit_code=code, overdue=False))
            if receipt.outcome != "landed":
                came_to: Literal["same", "refused"] = "same" if before is None else "refused"
                return Reading(run_id=run_id, target=target.id, outcome=came_to, reason=receipt.reason or "")
            published(receipt, job.output, run.landing / run_id)
            return Reading(
                run_id=run_id,
                target=target.id,
                outcome="landed",
                number=number,
                before=0 if before is None or lines is None else before.records,
                after=receipt.records,
                added=added,
                removed=removed,
                changed=changed,
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _whole_lines(landed: Path | None, before: Receipt | None) -> Path | None:
    """The lines that the reading before has left; None where they are gone or damaged, so that the new reading takes their place."""
    if landed is None or before is None:
        return None
    lines = lines_of(landed)
    return lines if lines.exists() and file_sha256(lines) == before.file_sha256 else None


def _first(run: Run, run_id: str, target: str) -> Receipt:
    """The receipt of the crawl itself: how the web answered does not change with how its pages are read."""
    receipts = [room / run_id / f"{target}.receipt.json" for room in (run.landing, run.rejected)]
    found = next((path for path in receipts if path.exists()), None)
    if found is None:
        raise ReplayError(
            f"{target}: expected the receipt of run {run_id} at {receipts[0]}, found none. Restore it, or gather again."
        )
    return _receipt(found)


def _receipt(path: Path) -> Receipt:
    """Raises ReplayError for a damaged one."""
    try:
        return Receipt.load(path)
    except (OSError, ValueError) as error:
        raise ReplayError(
            f"{path}: expected a receipt, found a file that cannot be read as one. Restore it from a backup, or delete it."
        ) from error


def _missing(market: Market, target: Target, first: Receipt, archive: Path) -> str | None:
    """Why the crawl has no pages to read; None where it has."""
    if archive.exists() and first.archive_sha256 is not None:
        return None
    if first.archive_sha256 is not None:
        return f"its pages were kept until their {archive_days(market, target.source)} days were over"
    if first.kept is not None:
        return f"the terms of {target.source.source} do not let its pages be kept"
    if not archive_days(market, target.source):
        return "its pages are not kept (a table's rows are read again by gather; for others see retention_days)"
    return "the crawl left no archive"


def _parse(target: Target, job: Job, file: Path, lock: IO[bytes]) -> int:
    """Runs the source over the archive, in a process as a crawl has it. Returns its exit code."""
    file.touch(mode=0o600)  # it holds the secrets of the source's url and options
    file.write_bytes(orjson.dumps(job.model_dump(mode="json")))
    command = [sys.executable, "-P", "-m"]
    if job.path is not None:
        command += ["spiders.web.saved", str(file)]
    else:
        settings = replay_settings(job.politeness) | {"SPIDER_MODULES": target.source.module}
        options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        command += ["scrapy", "crawl", target.source.source, "-a", f"job={file}", *options]
    try:
        done = subprocess.run(
            command,
            cwd=file.parent,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[lock.fileno()],  # it keeps it until it ends, even when we are killed before
            check=False,
            timeout=job.politeness.timeout_seconds + GRACE_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        limit = f"{job.politeness.timeout_seconds + GRACE_SECONDS:g} s"
        raise ReplayError(f"{target.id}: expected its pages to be parsed within {limit}, found it still at work.") from error
    level = logging.INFO
    for line in job.shown(done.stderr.decode("utf-8", "replace")).splitlines():
        level = logging.getLevelNamesMapping().get(line.partition(" ")[0], level)  # later lines of a message have its level
        _log.log(level, "%s: %s", target.id, line[:2000])
    return done.returncode


def _as_crawled(job: Job, first: Receipt, *, number: int, code: int) -> Receipt:
    """What was read this time, with how the web answered then."""
    if not job.receipt.exists():
        raise ReplayError(f"{job.target}: expected a receipt, found none (exit code {code}). The log above says why.")
    read = Receipt.load(job.receipt)
    # A crawl that ended at the limit of pages had left requests unasked; that they are not in the archive is no error.
    cut = first.finish_reason == "closespider_pagecount"
    return read.model_copy(
        update={
            "reading": number,
            "started_at": first.started_at,
            "finished_at": first.finished_at,
            "finish_reason": first.finish_reason if read.finish_reason == "finished" else read.finish_reason,
            "requests": first.requests,
            "statuses": first.statuses,
            "download_errors": first.download_errors + (0 if cut else read.download_errors),
            "robots_refused": first.robots_refused,
            "ignored": first.ignored,
            "archive_sha256": first.archive_sha256,
            "archived": first.archived,
        }
    )


# --- what has changed -------------------------------------------------------------------------------------------------

_KEYS: Mapping[Kind, tuple[str, ...]] = {
    "reviews": ("native_id",),
    "faq": ("question",),
    "ranking": ("keyword", "engine", "locale", "device", "draw", "rank"),
    "contact": ("kind", "vendor", "value"),
    "mentions": ("native_id",),
}
"""By what a record of one reading is found again in another."""


def _difference(kind: Kind, before: Path | None, after: Path) -> tuple[int, int, int]:
    """Records added, removed, and there in both but not alike; their order in the file does not matter."""
    old, new = _lines(kind, before), _lines(kind, after)
    old_keys, new_keys = _keys(old), _keys(new)
    added = (new_keys - old_keys).total()
    return added, (old_keys - new_keys).total(), (new - old).total() - added


def _lines(kind: Kind, path: Path | None) -> Counter[tuple[int, int]]:
    """How often each line stands in the file, by hashes of its key and of itself."""
    if path is None:
        return Counter()
    with gzip.open(path) as lines:
        return Counter((hash(tuple(_key(kind, line))), hash(line)) for line in lines)


def _key(kind: Kind, line: bytes) -> Iterator[str]:
    found = orjson.loads(line)
    return (str(found.get(name)) for name in _KEYS[kind])


def _keys(lines: Counter[tuple[int, int]]) -> Counter[int]:
    keys: Counter[int] = Counter()
    for (key, _), count in lines.items():
        keys[key] += count
    return keys


# --- retention --------------------------------------------------------------------------------------------------------


def expire(run: Run, targets: Collection[str] | None, *, moment: datetime, progress: Progress) -> int:
    """Removes the archives that are older than their source's days, of these targets or of all; the number of them.

    The age is that of the crawl's end. A source that no longer archives keeps none; one that the market has left has the market's days.
    Landing lines stay. Of the pages that are remembered for conditional requests, those go whose source may not have them (any more),
    whatever the targets. Crawls may be at work meanwhile, and so may another call of this.
    """
    days = {target.id: archive_days(run.market, target.source) for target in run.market.targets}
    removed = 0
    # An index without its WARC is left when this is killed between the two.
    found = {(file.parent, file.name.removesuffix(end)) for end in _ENDINGS for file in run.archive.glob(f"*/*{end}")}
    for folder, target in sorted(found):
        archive = place(folder, target)
        files = [file for file in (archive, index_of(archive)) if file.exists()]
        if not files or (targets is not None and target not in targets):
            continue
        kept = days.get(target, run.market.crawl.retention_days)
        with contextlib.suppress(FileNotFoundError):  # another call was faster
            age = moment - _ended(run, folder.name, target, files)
            if kept and age <= timedelta(days=kept):
                continue
            size = sum(file.stat().st_size for file in files)
            for file in files:
                file.unlink()
            removed += 1
            progress(
                f"retention: the pages of {target} of run {folder.name} are removed "
                f"({size / 2**20:.1f} MB, {age.days} days old, kept for {kept}); the lines that were read off them stay"
            )
        with contextlib.suppress(OSError):  # it holds others, or is gone
            folder.rmdir()
    may = {target.id for target in run.market.targets if job_for(run, target, run.work).cache is not None}
    if forgotten := prune(run.data / "cache", may, moment=moment.timestamp()):
        progress(f"retention: {forgotten} pages that were remembered for conditional requests are removed")
    return removed


_ENDINGS = (".warc.gz", ".index.jsonl.gz")


def _ended(run: Run, run_id: str, target: str, files: Iterable[Path]) -> datetime:
    """When the crawl ended: as its receipt says, or when the files were written. Raises FileNotFoundError."""
    for room in (run.landing, run.rejected):
        try:
            return Receipt.load(room / run_id / f"{target}.receipt.json").finished_at
        except (OSError, ValueError):
            continue  # of the other room, or damaged: load tells of it
    return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC)
