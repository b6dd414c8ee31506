"""Is it alive? Each market judged by the files that its runs leave, by somebody who stands beside whatever starts these.

A scheduler that has stopped tells nobody. So nothing of it is asked here: neither its database nor a network, and no lock that a run waits for is taken, for a
probe must not keep a run from beginning. Nothing is written either. A run counts for a moment of the schedule when it speaks of it
(its as-of) or of a later one: a file that is copied, or an old run that is published again, makes no market look younger.
"""

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import duckdb
import orjson
from croniter import croniter

from pipeline.deliver import ledger
from pipeline.deliver.settings import Recipient
from pipeline.market import Market, MarketError, load_market
from pipeline.record import Record, records
from pipeline.run import Run, RunError, open_run
from spiders.receipt import Alarm, Receipt, readings

FORMAT = 1

FAILURES = 2
"""Runs in a row in which a source may fail: once is a bad day of a site, twice a bad week."""
QUIET = timedelta(hours=1)
"""Without any sign of life that long (or as long as one crawl may take), a run that nobody holds a lock for has ended unseen."""
ON_ITS_WAY = timedelta(minutes=30)
"""After a run is published its messages go out; refusals are tried again meanwhile."""
HELD_DELAY = timedelta(hours=1)
"""After quiet hours what was held back should be gone: it is looked for every quarter of an hour."""
AHEAD = timedelta(days=1)
"""A date alone is midnight UTC, which west of it is still to come; what speaks of a later moment would look fresh until then."""
LOOK_BACK = 100
"""Runs that are looked back on for a source's last good crawl."""

_NOT_CRON = {"@once", "@continuous"}
"""Airflow's schedules that are no moments of any clock."""
_LOCK = re.compile(r"FLOCK\s+ADVISORY\s+\S+\s+\S+\s+\S+:(\d+) ")

Name = Literal[
    "market_file",
    "unreadable",
    "no_data",
    "schedule",
    "overdue",
    "run_failed",
    "damaged",
    "ahead",
    "nothing_landed",
    "source_dead",
    "report_missing",
    "report_differs",
    "undelivered",
]
"""The gravest first, as they are told."""
Outcome = Literal["complete", "incomplete", "nothing_landed", "under_way", "not_published"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that somebody has to do something about."""

    problem: Name
    who: str
    """The market's id, a target, a recipient, or the file."""
    since: datetime | None
    """Aware; None where nobody can know."""
    said: str
    next: str
    """What to do."""


@dataclass(frozen=True, slots=True)
class Published:
    run_id: str
    as_of: datetime
    age_seconds: int
    """Since its as-of."""
    published_at: datetime
    """By the file's date."""


@dataclass(frozen=True, slots=True)
class Report:
    """What `reports/latest` means."""

    run_id: str
    as_of: datetime | None
    """None where the run's note is gone."""
    age_seconds: int | None
    file: str


@dataclass(frozen=True, slots=True)
class LastRun:
    """The one with the newest as-of."""

    run_id: str
    as_of: datetime
    began_at: datetime
    last_sign_at: datetime
    """When it last wrote anything."""
    ended_at: datetime | None
    """When it was published; None where it was not."""
    outcome: Outcome
    landed: int
    missing: tuple[str, ...]
    """Targets that have not landed in it."""


@dataclass(frozen=True, slots=True)
class Source:
    target: str
    outcome: str | None = None
    """Of the last crawl: landed, unchanged, rejected, failed, blocked; None where it was never asked."""
    alarm: Alarm | None = None
    reason: str | None = None
    crawled_at: datetime | None = None
    last_landed_at: datetime | None = None
    """End of the last good crawl; None where the last LOOK_BACK runs have none."""
    failed_runs: int = 0
    """In a row, those that did not ask it not counted."""
    failing_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    recipient: str
    channel: str
    state: Literal["delivered", "on_its_way", "held", "undelivered", "new", "unreadable"]
    run_id: str | None = None
    """Of the newest report that she has had."""
    waiting: int = 0
    """Events that wait for her."""


@dataclass(frozen=True, slots=True)
class Health:
    file: str
    market: str | None = None
    """Its id; None for a market file that cannot be read."""
    name: str | None = None
    timezone: str = "UTC"
    data: str | None = None
    schedule: str | None = None
    due_at: datetime | None = None
    """The first moment that nothing published speaks of; None where nothing is expected."""
    deadline_at: datetime | None = None
    """By when it is to be published."""
    published: Published | None = None
    report: Report | None = None
    last_run: LastRun | None = None
    sources: tuple[Source, ...] = ()
    deliveries: tuple[Delivered, ...] = ()
    problems: tuple[Problem, ...] = ()


def health(options: argparse.Namespace, _progress: object) -> int:
    """The command: 0 all well, 1 something is wrong, 2 it was asked wrongly."""
    files: list[Path] = options.markets or sorted(Path("markets").glob("*.toml"))
    if wrong := _misuse(files, options.data):
        sys.stderr.write(f"rivalscope health: {wrong}\n")
        return 2
    now = (options.now or datetime.now(UTC)).astimezone(UTC)
    found = [judged(file, now, data=options.data, max_age=options.max_age, failures=options.failures) for file in files]
    well = not any(each.problems for each in found)
    if options.json:
        said = {"format": FORMAT, "now": now, "healthy": well, "markets": found}
        sys.stdout.write(orjson.dumps(said, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE).decode())
    elif not (well and options.quiet):
        sys.stdout.writelines(f"{line}\n" for each in found for line in _lines(each))
    return 0 if well else 1


def _misuse(files: Sequence[Path], data: Path | None) -> str | None:
    if not files:
        return "expected market files, found none named and none in markets/. Name one, or call it in the project folder."
    if absent := [str(file) for file in files if not file.exists()]:
        return f"expected market files, found no {', '.join(absent)}."
    if data is not None and len(files) > 1:
        return f"expected --data with one market, found {len(files)}: each has a folder of its own (RIVALSCOPE_DATA says where)."
    return None


def judged(
    file: Path, now: datetime, *, data: Path | None = None, max_age: timedelta | None = None, failures: int = FAILURES
) -> Health:
    """How a market is at `now` (aware), by its files alone. `max_age`: of what is published, in the place of the schedule's deadline."""
    try:
        market = load_market(file)
    except MarketError as error:
        broken = Problem("market_file", str(file), _changed(file), str(error), "Correct the market file.")
        return Health(str(file), problems=(broken,))
    root = Path(os.environ.get("RIVALSCOPE_DATA", "data"))
    place = data or root / market.id
    empty = Health(str(file), market.id, market.name, market.timezone, str(place.resolve()), None if max_age else market.schedule)
    look = _Look(market, file, place.resolve(), now, is_named=data is not None)
    try:
        return look.taken(empty, max_age, failures)
    except OSError as error:
        said = f"expected the data of {market.id}, found what cannot be read: {error}."
        fix = "Call it as the user whose runs write there, or mend the disk."
        return replace(empty, problems=(*look.problems, Problem("unreadable", market.id, None, said, fix)))


class _Look:
    """One market's files, read once."""

    def __init__(self, market: Market, file: Path, data: Path, now: datetime, *, is_named: bool) -> None:
        self.problems: list[Problem] = []
        self._market, self._file, self._data, self._now, self._is_named = market, file, data, now, is_named
        self._zone = ZoneInfo(market.timezone)
        self._seen: dict[Path, frozenset[str]] = {}
        self._last: Run | None = None

    def taken(self, empty: Health, max_age: timedelta | None, failures: int) -> Health:
        """Raises OSError for a folder that cannot be read."""
        if self._is_named and not self._data.is_dir():
            said = f"expected the data folder {self._data}, found none."
            self._tell("no_data", self._market.id, None, said, "Correct --data, or mount what belongs there.")
        runs = self._runs()
        self._last = runs[-1] if runs else None
        published = self._published()
        report = self._report(runs, published)
        sources = self._sources(runs, failures)
        last = self._last_run(published)
        # Before its first run a market cannot be late for what was due before there was one.
        begun = min([_changed(self._file) or self._now, *(run.as_of for run in runs)])
        due, deadline = self._deadline(begun if published is None else published.as_of, max_age)
        if deadline is not None and deadline < self._now:
            self._overdue(due, deadline, published, last)
        deliveries = tuple(self._delivered(each, published) for each in self._market.delivery.recipients)
        return replace(
            empty,
            due_at=due,
            deadline_at=deadline,
            published=published,
            report=report,
            last_run=last,
            sources=sources,
            deliveries=deliveries,
            problems=tuple(sorted(self.problems, key=lambda problem: get_args(Name).index(problem.problem))),
        )

    def _tell(self, problem: Name, who: str, since: datetime | None, said: str, then: str) -> None:
        self.problems.append(Problem(problem, who, since, said, then))

    def _damaged(self, path: Path, error: Exception, then: str) -> None:
        found = str(error).splitlines()[0] if str(error) else type(error).__name__
        said = f"expected {path} as rivalscope wrote it, found what cannot be read ({found:.200})."
        self._tell("damaged", str(path), _changed(path), said, then)

    def _command(self, name: str) -> str:
        """What to type, with this market and its folder."""
        room, *rest = name.split(" ", 1)
        data = [f"--data {self._data}"] if self._is_named else []
        return f"`{' '.join(['rivalscope', room, str(self._file), *data, *rest])}`"

    def _when(self, moment: datetime) -> str:
        return _shown(moment, self._zone)

    # --- runs -----------------------------------------------------------------------------------------------------------

    def _runs(self) -> list[Run]:
        """The oldest first, by what they speak of."""
        runs = []
        for path in (self._data / "runs").glob("*.json"):
            try:
                runs.append(open_run(self._market, self._data, run_id=path.stem, as_of=None, new=False))
            except (OSError, RunError) as error:
                self._damaged(path, error, "Delete it, or restore it; what its run has landed counts all the same.")
        return sorted(runs, key=lambda run: (run.as_of, run.run_id))

    def _published(self) -> Published | None:
        file = self._data / "warehouse.duckdb"
        published_at = _changed(file)
        if published_at is None:
            return None
        config: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "autoinstall_known_extensions": False}
        try:
            with duckdb.connect(str(file), read_only=True, config=config) as con:
                ((run_id, moment),) = con.execute("select run_id, as_of from core.run").fetchall()
            as_of: datetime = moment.replace(tzinfo=UTC)
        except (duckdb.Error, OSError, ValueError, AttributeError) as error:
            name = f"run --run {self._last.run_id}" if self._last else "run"
            self._damaged(file, error, f"{self._command(name)} makes it anew from what has landed.")
            return None
        if as_of > self._now + AHEAD:
            said = f"what is published speaks of {self._when(as_of)}, which is still to come: no missing run would be noticed until then."
            self._tell("ahead", self._market.id, published_at, said, f"{self._command('run')}, and mind --as-of and the clock.")
        return Published(str(run_id), as_of, self._age(as_of), published_at)

    def _age(self, moment: datetime) -> int:
        return int((self._now - moment).total_seconds())

    def _report(self, runs: Sequence[Run], published: Published | None) -> Report | None:
        latest = self._data / "reports" / "latest"
        folder = latest.resolve()
        file = folder / "report.html"
        if not file.is_file():
            if published is not None:
                said = f"expected the report of run {published.run_id} in {latest}, found none."
                then = self._command(f"run --run {published.run_id}")
                self._tell("report_missing", self._market.id, published.published_at, said, f"{then} writes it again.")
            return None
        # In the moment between the two, both are as they should be.
        if (
            published is not None
            and folder.name != published.run_id
            and self._now - published.published_at > timedelta(minutes=5)
        ):
            said = f"{latest} is the report of run {folder.name}, and warehouse.duckdb is of run {published.run_id}."
            then = self._command(f"run --run {published.run_id}")
            self._tell("report_differs", self._market.id, published.published_at, said, f"{then} publishes both again.")
        as_of = next((run.as_of for run in runs if run.run_id == folder.name), None)
        return Report(folder.name, as_of, None if as_of is None else self._age(as_of), str(file))

    def _last_run(self, published: Published | None) -> LastRun | None:
        run = self._last
        if run is None:
            return None
        crawls = {target.id: self._receipt(run, target.id) for target in self._market.targets}
        missing = tuple(target for target, receipt in crawls.items() if not _is_good(receipt))
        began_at = _changed(self._data / "runs" / f"{run.run_id}.json") or run.as_of
        sign = max([began_at, *filter(None, map(_changed, self._traces(run)))])
        is_published = published is not None and published.run_id == run.run_id
        ended_at = published.published_at if published and is_published else _changed(run.cells / f"{run.run_id}.json")
        outcome: Outcome = "incomplete" if missing else "complete"
        room = self._broken(run)
        if ended_at is None:
            quiet = max(QUIET, timedelta(seconds=self._market.crawl.timeout_seconds + 60))
            is_alive = room is None and (self._now - sign < quiet or self._is_locked())
            outcome = "under_way" if is_alive else "not_published"
        elif len(missing) == len(crawls) and any(crawls.values()):
            outcome = "nothing_landed"
        again = self._command(f"run --run {run.run_id}")
        if outcome == "not_published":
            why = f"no process of it has been seen at work since {self._when(sign)}: it was killed, or a room failed"
            if room is not None:
                why = f"its {room.room} {'was ' if room.outcome != 'failed' else ''}{room.outcome}{': ' if room.message else ''}{room.message or ''}"
            said = f"run {run.run_id}, begun {self._when(began_at)}, is not published: {why.rstrip('.')}."
            then = f"{again} goes on where it was and says what is wrong; in Airflow the log of its red task does."
            self._tell("run_failed", self._market.id, sign, said, then)
        if outcome == "nothing_landed":
            said = f"no source of {self._market.id} has landed in run {run.run_id}: it tells what earlier runs saw."
            then = f"Is there a network here? {again} asks all of them again; each reason is told with its source."
            self._tell("nothing_landed", self._market.id, ended_at, said, then)
        return LastRun(
            run.run_id, run.as_of, began_at, sign, ended_at, outcome, landed=len(crawls) - len(missing), missing=missing
        )

    def _broken(self, run: Run) -> Record | None:
        """The room that ended a run before its end; None while any is at work, and where none says so."""
        rooms = sorted(records(run.records, run.run_id), key=lambda room: room.ended_at or room.began_at)
        if not rooms or any(room.outcome == "running" for room in rooms):
            return None
        return rooms[-1] if rooms[-1].outcome in {"failed", "stopped", "killed"} else None

    def _traces(self, run: Run) -> Iterator[Path]:
        """What a run under way writes, one file or another at a time."""
        yield from (run.landing / run.run_id, run.rejected / run.run_id, run.report_folder)
        yield from run.build_file.parent.glob(f"{run.run_id}.duckdb*")
        for folder in (run.work / "gather").glob("*@*"):
            yield folder
            with contextlib.suppress(FileNotFoundError):  # the crawl has just ended
                yield from folder.iterdir()

    def _is_locked(self) -> bool:
        """Whether a process on this machine gathers or builds here, by the kernel's own list: trying a lock would take it from a run."""
        try:
            held = set(_LOCK.findall(Path("/proc/locks").read_text(encoding="ascii")))
        except OSError:
            return False  # no Linux
        # By inode alone: the list's device is not always the one that a file says it is on.
        locks = [self._data / ".build.lock", *(self._data / "work" / "gather").glob("*.lock")]
        return any(str(path.stat().st_ino) in held for path in locks if path.exists())

    # --- the deadline ---------------------------------------------------------------------------------------------------

    def _deadline(self, after: datetime, max_age: timedelta | None) -> tuple[datetime | None, datetime | None]:
        """The first moment after `after` of which a run is to speak, and by when that is to be published; None where none is expected."""
        if max_age is not None:
            return after + max_age, after + max_age
        if self._market.schedule is None or self._market.schedule in _NOT_CRON:
            return None, None
        try:
            due = next_moment(self._market.schedule, after, self._zone)
        except ValueError as error:
            said = (
                f"{self._file}: schedule: expected cron fields with a moment to come, found {self._market.schedule!r} ({error})."
            )
            self._tell("schedule", self._market.id, _changed(self._file), said, "Correct it: nothing can be scheduled by it.")
            return None, None
        return due, due + timedelta(hours=self._market.deadline_hours)

    def _overdue(self, due: datetime | None, deadline: datetime, published: Published | None, last: LastRun | None) -> None:
        wanted = "" if due is None or due == deadline else f" of {self._when(due)}"
        is_damaged = (self._data / "warehouse.duckdb").exists()
        nothing = "nothing that can be read" if is_damaged else "nothing"
        found = nothing if published is None else f"run {published.run_id} as of {self._when(published.as_of)}"
        said = f"expected the run{wanted} to be published by {self._when(deadline)}, found {found}."
        where = "" if self._data.is_dir() else f" There is no {self._data}: is it mounted, and RIVALSCOPE_DATA right?"
        then = (
            f"Look whether it was started (in Airflow: is the DAG {self._market.id} paused, the scheduler up?); {self._command('run')} makes "
            "it good."
        )
        if last is not None and last.outcome == "under_way":
            then = f"Run {last.run_id} is under way since {self._when(last.began_at)}: wait for it, or look into its log."
        self._tell("overdue", self._market.id, deadline, f"{said}{where}", then)

    # --- sources --------------------------------------------------------------------------------------------------------

    def _sources(self, runs: Sequence[Run], failures: int) -> tuple[Source, ...]:
        found = {target.id: Source(target.id) for target in self._market.targets}
        open_ = set(found)
        for run in reversed(runs[-LOOK_BACK:]):
            for target in sorted(open_):
                receipt = self._receipt(run, target)
                if receipt is None:
                    continue
                source = found[target]
                if source.outcome is None:
                    said = None if receipt.reason is None else _plain(receipt.reason)
                    ended = receipt.finished_at
                    source = replace(source, outcome=receipt.outcome, alarm=receipt.alarm, reason=said, crawled_at=ended)
                if _is_good(receipt):
                    open_.discard(target)
                    found[target] = replace(source, last_landed_at=receipt.finished_at)
                else:
                    runs_failed = source.failed_runs + 1
                    found[target] = replace(source, failed_runs=runs_failed, failing_since=receipt.finished_at)
        for source in found.values():
            if source.failed_runs > failures:
                self._dead(source)
        return tuple(found.values())

    def _dead(self, source: Source) -> None:
        landed = (
            f"never in the last {LOOK_BACK}" if source.last_landed_at is None else f"last {self._when(source.last_landed_at)}"
        )
        said = f"{source.target} has failed in {source.failed_runs} runs in a row, and landed {landed}. {source.reason or ''}".strip()
        run = f" --run {self._last.run_id}" if self._last else ""
        match source.alarm:
            case "blocked":
                then = "Leave the site alone: use its API or a licensed export, or take the source out of the market file."
            case "layout_gone":
                then = f"Keep a page with `rivalscope freeze`, mend the parser, and read again: {self._command(f'replay{run} --target {source.target}')}."
            case "implausible":
                then = f"Look at the page; when it is right: {self._command(f'accept {source.target}{run}')}."
            case _:
                then = f"Correct the cause; {self._command(f'gather{run} --target {source.target}')} tries again."
        self._tell("source_dead", source.target, source.failing_since, said, then)

    def _receipt(self, run: Run, target: str) -> Receipt | None:
        """How a target's crawl in a run went; None where it was not asked. One that landed speaks for the run, whatever failed before it."""
        for folder in (run.landing / run.run_id, run.rejected / run.run_id):
            if folder not in self._seen:
                self._seen[folder] = frozenset(path.name for path in folder.iterdir()) if folder.is_dir() else frozenset()
            if not any(name.startswith(target) for name in self._seen[folder]):
                continue
            for path in readings(folder, target):
                try:
                    return Receipt.load(path)
                except FileNotFoundError:
                    continue  # accepted, or crawled again, this moment
                except (OSError, ValueError) as error:
                    if not any(problem.who == str(path) for problem in self.problems):
                        self._damaged(path, error, "Delete or restore it: it counts as absent, and the source is crawled again.")
        return None

    # --- deliveries -----------------------------------------------------------------------------------------------------

    def _delivered(self, recipient: Recipient, published: Published | None) -> Delivered:
        folder = self._data / "deliveries"
        name, channel = recipient.name, recipient.channel
        try:
            book = ledger.opened(folder, name)
            is_new = not book.path.exists()
        except (ledger.DeliveryError, OSError) as error:
            self._tell("damaged", name, None, str(error), "Until it can be read, nothing goes to this recipient.")
            return Delivered(name, channel, "unreadable")
        newest = book.newest
        is_due = published is not None and self._is_due(recipient, book, published)
        here = Delivered(name, channel, "delivered", newest[0] if newest else None, len(book.waiting))
        if published is None or (is_new and (_changed(self._file) or self._now) > published.published_at):
            return replace(here, state="new" if is_new else "delivered")
        if not (is_new or is_due or book.waiting or book.begun):
            return here
        quiet, zone = recipient.quiet_hours, recipient.zone(self._market.timezone)
        moments = (self._now, self._now - HELD_DELAY)
        if book.held and quiet is not None and any(quiet.until(moment, zone) is not None for moment in moments):
            return replace(here, state="held")
        if self._now - published.published_at < ON_ITS_WAY:
            return replace(here, state="on_its_way")
        what = f"the report of run {published.run_id}" if is_due or is_new else f"{len(book.waiting)} alerts"
        why = "is held back although the quiet hours are over" if book.held else "has not reached"
        said = f"{what} {why}: {name} ({channel})." if book.held else f"{what} {why} {name} ({channel})."
        then = self._command(f"deliver --to {name}")
        self._tell("undelivered", name, published.published_at, said, f"{then} tries again and says why; nothing is sent twice.")
        return replace(here, state="undelivered")

    def _is_due(self, recipient: Recipient, book: ledger.Ledger, published: Published) -> bool:
        newer = book.newest is not None and book.newest[1] > published.as_of
        hears = recipient.hears_on(published.as_of, self._market.timezone)
        return hears and not newer and published.run_id not in book.reports


def next_moment(schedule: str, after: datetime, zone: ZoneInfo) -> datetime:
    """The schedule's first moment after `after` (aware), UTC. Raises ValueError for a schedule without one.

    Cron counts by the clock on the wall, as Airflow lets it: a time that is skipped in spring comes an hour later.
    """
    fields = "0 0 1 */3 *" if schedule == "@quarterly" else schedule  # the one of Airflow's names that croniter has not
    clock = croniter(fields, after.astimezone(zone).replace(tzinfo=None))
    while True:
        found: datetime = clock.get_next(datetime)
        moment = found.replace(tzinfo=zone).astimezone(UTC)
        if moment > after:
            return moment


def _is_good(receipt: Receipt | None) -> bool:
    return receipt is not None and receipt.outcome in {"landed", "unchanged"}


def _changed(path: Path) -> datetime | None:
    """When the file was last written; None where there is none."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _plain(text: str) -> str:
    """On one line, and nothing in it that a terminal would obey: sites have a say in what is told of them."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))


def _shown(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(" ", "minutes")


def _lines(found: Health) -> Iterator[str]:
    """For people."""
    zone = ZoneInfo(found.timezone)
    count = len(found.problems)
    state = "well" if not count else "1 problem" if count == 1 else f"{count} problems"
    yield f"{found.name or found.file}: {state}"
    for problem in found.problems:
        since = "" if problem.since is None else f" (since {_shown(problem.since, zone)})"
        yield f"  {problem.problem.replace('_', ' ')}{since}: {_plain(problem.said)}"
        yield f"    next: {_plain(problem.next)}"
    if found.market is None:
        return
    if found.last_run is None:
        yield f"  no run yet in {found.data}"
    else:
        run = found.last_run
        ended = "" if run.ended_at is None else f", ended {_shown(run.ended_at, zone)}"
        outcome = run.outcome.replace("_", " ")
        yield f"  last run: {run.run_id}, {outcome}, {run.landed} of {run.landed + len(run.missing)} sources{ended}"
    if found.published is not None:
        age = timedelta(seconds=found.published.age_seconds)
        yield f"  published: run {found.published.run_id} as of {_shown(found.published.as_of, zone)}, {_span(age)} old"
    if found.deadline_at is not None and not any(problem.problem == "overdue" for problem in found.problems):
        yield f"  next one expected by {_shown(found.deadline_at, zone)}"
    for source in found.sources:
        landed = "no good crawl known" if source.last_landed_at is None else f"landed {_shown(source.last_landed_at, zone)}"
        failed = f", failed {source.failed_runs} in a row: {source.alarm or source.outcome}" if source.failed_runs else ""
        yield f"  {source.target:<44} {source.outcome or 'not asked':<10} {landed}{failed}"
    for each in found.deliveries:
        waiting = f", {each.waiting} alerts wait" if each.waiting else ""
        yield f"  {each.recipient} ({each.channel}): {each.state.replace('_', ' ')}{waiting}"


def _span(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{hours:.1f} hours" if abs(hours) < 48 else f"{hours / 24:.1f} days"
