"""The rooms as commands: each takes the market file and the run, does one room's work, and says what it did.

Here the market's values meet the rooms, which know nothing of market files; what a room does stands in the room.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from pipeline import log, record
from pipeline.market import Market, MarketError, Target
from pipeline.market import load_market as read_market
from pipeline.market_check import check_options
from pipeline.record import Work
from pipeline.run import Run, RunError, only_builder, open_run, run_as_of

if TYPE_CHECKING:
    from pipeline.deliver.settings import Recipient
    from pipeline.inputs import Inputs
    from pipeline.report.facts import Report
    from pipeline.report.since import Since
    from pipeline.swot.guide import Guide
    from pipeline.text.wording.themes import Taxonomy
    from spiders.receipt import Receipt

Progress = Callable[[str], None]

OF_NO_USE = 3
"""Exit code of gather where trying again is of no use, as it stands in dags/markets.py too, which imports nothing from here."""

ROOMS = ("load", "score", "swot", "report", "publish")
"""What follows the gathering, in order."""


def load_market(path: Path) -> Market:
    """As pipeline.market has it; the log knows the market from here on. Raises MarketError."""
    market = read_market(path)
    log.about(market=market.id)
    secrets = {name: value for target in market.targets for name, value in target.source.secrets.items()}
    log.targets({target.id: target.brand for target in market.targets}, secrets)
    return market


def _run_of(options: argparse.Namespace, *, new: bool = False) -> Run:
    market = load_market(options.market)
    this = open_run(market, _data(options, market), run_id=options.run, as_of=options.as_of, new=new)
    log.about(run=this.run_id)
    return this


def _data(options: argparse.Namespace, market: Market) -> Path:
    data: Path = options.data or Path(os.environ.get("RIVALSCOPE_DATA", "data")) / market.id
    return data.resolve()


def targets(options: argparse.Namespace, _progress: Progress) -> None:
    market = load_market(options.market)
    _check(market)
    wanted = _only(market, options.only)
    if options.json:
        print(orjson.dumps([_facts(market, target) for target in wanted]).decode())
        return
    for facts in (_facts(market, target) for target in wanted):
        print(f"{facts['target']:<44} {facts['basis']:<16} {facts['from']}")


def _check(market: Market) -> None:
    """What the market file says to other rooms, before anything is fetched. Raises MarketError."""
    from pipeline.text.wording.themes import ThemeError, load_taxonomy  # noqa: PLC0415 - each room's libraries are imported by it alone

    check_options(market)
    try:
        taxonomy = load_taxonomy(market.themes)
    except ThemeError as error:
        raise MarketError(f"{market.path}: themes: {error}") from error
    themes = [theme.id for theme in taxonomy.themes]
    if strange := sorted({*market.position.x, *market.position.y} - set(themes)):
        raise MarketError(
            f"{market.path}: position: expected themes of the market ({', '.join(themes)}), found {', '.join(strange)}."
        )
    # The room's libraries are a second and 100 MB: only where there is something to check.
    if market.tactics.off or market.tactics.add or market.feasibility:
        _guide(market, taxonomy)
    if market.labels:
        _check_labels(market, market.labels, themes)


def _check_labels(market: Market, file: Path, themes: list[str]) -> None:
    from pipeline.text.labels import LabelError, read  # noqa: PLC0415 - as above

    try:
        read(file, themes)
    except (OSError, LabelError) as error:
        raise MarketError(f"{market.path}: text.labels: {error}") from error


def _guide(market: Market, taxonomy: "Taxonomy") -> "Guide":
    """Raises MarketError for tactics and feasibilities that cannot be used."""
    from pipeline.swot.guide import Guide  # noqa: PLC0415 - as above
    from pipeline.swot.tactics import TacticError, load_tactics  # noqa: PLC0415 - as above

    themes = [theme.id for theme in taxonomy.themes]
    try:
        tactics = load_tactics(market.tactics, feasibility=market.feasibility, themes=themes)
    except TacticError as error:
        raise MarketError(f"{market.path}: {error}") from error
    return Guide(tactics=tactics, x=market.position.x, y=market.position.y)


def _facts(market: Market, target: Target) -> dict[str, object]:
    source = target.source
    return {
        "target": target.id,
        "brand": target.brand,
        "kind": source.kind,
        "source": source.source,
        "basis": source.basis,
        "from": source.shown_url or str(market.file(source)),
    }


def run(options: argparse.Namespace, progress: Progress) -> int:
    # A mistyped --run must not begin a run and publish it.
    this = _run_of(options, new=options.run is None)
    progress(f"{this.market.name}: run {this.run_id} as of {this.as_of.isoformat()}, data in {this.data}")
    try:
        _gather(this, this.market.targets, progress)
        with only_builder(this):
            for name in ROOMS:
                with record.kept(this, name) as work:
                    progress(f"{name}: begins")
                    _ROOM[name](this, progress, work)
        _show(this)
        sent = _deliver(this, this.market.delivery.recipients, progress)
        return _outcome(this, progress) or sent
    finally:
        with record.kept(this, "retention"):
            _expire(this, None, progress)  # pages have their days, whatever came of the run


def gather(options: argparse.Namespace, progress: Progress) -> int:
    from pipeline.judge import may_pass  # noqa: PLC0415 - each room's libraries are imported by it alone

    this = _run_of(options, new=True)
    missing = _gather(this, _wanted(this.market, options.target), progress)
    if not missing or any(map(may_pass, missing)):
        return 1 if missing else 0
    progress(f"gather: trying again is of no use before what is said above is corrected (exit code {OF_NO_USE})")
    return OF_NO_USE


def _wanted(market: Market, names: list[str] | None) -> tuple[Target, ...]:
    """Those targets, or all. Raises MarketError."""
    if not names:
        return market.targets
    known = {target.id: target for target in market.targets}
    if unknown := [name for name in names if name not in known]:
        raise MarketError(f"{market.path}: expected a target of this market ({', '.join(known)}), found {', '.join(unknown)}.")
    return tuple(known[name] for name in names)


def _only(market: Market, said: str) -> tuple[Target, ...]:
    """The targets that are named, or whose brand is, with commas in between; all where nothing is. Raises MarketError."""
    names = set(filter(None, said.split(",")))
    known = dict.fromkeys(name for target in market.targets for name in (target.brand, target.id) if name)
    if unknown := sorted(names - known.keys()):
        raise MarketError(
            f"{market.path}: expected brands with sources and targets of this market ({', '.join(known)}), found {', '.join(unknown)}."
        )
    return tuple(target for target in market.targets if not names or {target.brand, target.id} & names)


def replay(options: argparse.Namespace, progress: Progress) -> int:
    from pipeline import archive  # noqa: PLC0415 - the spiders' libraries, a second to import

    this = _run_of(options)
    _check(this.market)
    wanted = _wanted(this.market, options.target)
    readings = archive.replay(this, wanted, all_runs=options.all_runs, progress=progress)
    written = sum(reading.outcome == "landed" for reading in readings)
    progress(
        f"replay: {written} new readings of {len(readings)} crawls" + (", `rivalscope load` takes them in" if written else "")
    )
    if failed := [f"{reading.target} of run {reading.run_id}" for reading in readings if reading.outcome == "failed"]:
        progress(f"replay: {len(failed)} could not be read again, see above: {', '.join(failed)}")
    return 1 if any(reading.outcome in {"refused", "failed"} for reading in readings) else 0


def retention(options: argparse.Namespace, progress: Progress) -> None:
    this = _run_of(options)
    with record.kept(this, "retention"):
        removed = _expire(this, None, progress)
    progress(f"retention: {removed} archives removed")


def show(options: argparse.Namespace, progress: Progress) -> int:
    from pipeline.show import show as walk  # noqa: PLC0415 - as above

    name, market = options.id, options.market
    if market is None and name is not None and not re.fullmatch("[0-9a-f]{16}", name):
        market, name = Path(name), None  # `rivalscope show MARKET`
    data = options.data
    if data is None:
        if market is None:
            raise RunError("Expected the market file or --data with its folder, found neither.")
        data = Path(os.environ.get("RIVALSCOPE_DATA", "data")) / load_market(market).id
    return walk(data.resolve(), name, html=options.html, progress=progress)


def sql(options: argparse.Namespace, _progress: Progress) -> None:
    from pipeline.query import Form, answer, read_query  # noqa: PLC0415 - as above

    data = _data(options, load_market(options.market))
    form: Form = (
        "csv" if options.csv else "csv for spreadsheets" if options.csv_for_spreadsheets else "json" if options.json else "table"
    )
    answer(data, read_query(options.query), explain=options.explain, form=form, out=sys.stdout)


def diff(options: argparse.Namespace, progress: Progress) -> None:
    from pipeline import cells  # noqa: PLC0415 - as above
    from pipeline import diff as room  # noqa: PLC0415 - as above

    files = [name for name in options.names if name.endswith(".toml")] or options.names[:1]
    runs = [name for name in options.names if name != files[0]]
    market = load_market(Path(files[0]))
    this = run_as_of(market, _data(options, market), datetime.now(UTC))
    if len(runs) not in {0, 2}:
        raise RunError(f"Expected the market file and two runs, or none for the newest two, found {', '.join(runs)}.")
    first, second = (cells.read(this.cells, name) for name in runs) if runs else cells.newest(this.cells, 2)
    with only_builder(this):
        found = room.difference(this, first, second, progress)
    if options.json:
        sys.stdout.buffer.write(room.as_json(found))
        sys.stdout.flush()
    else:
        room.print_table(found, sys.stdout)


def accept(options: argparse.Namespace, progress: Progress) -> None:
    from pipeline.verdict import accept as land  # noqa: PLC0415 - each room's libraries are imported by it alone

    this = _run_of(options)
    known = [target.id for target in this.market.targets]
    if options.target not in known:
        raise MarketError(f"{this.market.path}: expected a target of this market ({', '.join(known)}), found {options.target}.")
    receipt = land(this, options.target)
    progress(f"{receipt.target}: landed, {receipt.records:,} records, {receipt.reason} The next load counts them.")


def load(options: argparse.Namespace, progress: Progress) -> None:
    _alone("load", options, progress)


def score(options: argparse.Namespace, progress: Progress) -> None:
    _alone("score", options, progress)


def swot(options: argparse.Namespace, progress: Progress) -> None:
    if options.as_of is None or options.run is not None:
        if options.out is not None:
            raise RunError("Expected --out with --as-of and without --run: a run keeps its cells in its data folder.")
        _alone("swot", options, progress)
        return
    market = load_market(options.market)
    this = run_as_of(market, _data(options, market), options.as_of)
    if this.build_file.exists() and not (this.cells / f"{this.run_id}.json").exists():  # a run that is taken room by room
        _alone("swot", options, progress)
    _swot_again(this, options.out, progress)


def _swot_again(this: Run, out: Path | None, progress: Progress) -> None:
    """The cells as of the run's moment, from the landing files, to stdout or with report and tables into a folder."""
    from pipeline import again, cells, report  # noqa: PLC0415 - as above

    given = _guided(this)
    with only_builder(this), again.workshop(this) as folder:
        build_file = folder / "warehouse.duckdb"
        again.as_known(this, given, build_file, progress)
        body = cells.cells_of(build_file, given)
        if out is None:
            sys.stdout.buffer.write(body)
            sys.stdout.flush()
            return
        since = _since(this, body, progress)
        report.write(build_file, folder / "report", this.market.report_languages, progress, since, market_file=this.market.path)
        (folder / "report" / "cells.json").write_bytes(body)
        out.mkdir(parents=True, exist_ok=True)
        for path in (build_file, *(folder / "report").iterdir()):
            shutil.copyfile(path, out / path.name)
    progress(f"swot: cells.json, the report and warehouse.duckdb as of {this.as_of.isoformat()} are in {out}")


def report(options: argparse.Namespace, progress: Progress) -> None:
    if options.language and not options.open:
        raise RunError("Expected --language with --open: the market file's report_languages says which reports are written.")
    if not options.open:
        _alone("report", options, progress)
        return
    page = _page(options)
    if not page.parent.exists():
        _alone("report", options, progress)
    if not page.exists():
        held = ", ".join(sorted(path.name for path in page.parent.glob("*.html"))) or "none"
        raise RunError(f"Expected {page}, found {held}. The market file's report_languages says which languages are written.")
    print(page, flush=True)
    if not webbrowser.open(page.as_uri()):
        progress("report: no browser is known here (no display, and no $BROWSER); open the file above in one yourself")


def _page(options: argparse.Namespace) -> Path:
    """The report to be opened: of the run that is named, else what was published last, else the newest run's. It need not exist."""
    from pipeline.report import file_in  # noqa: PLC0415 - as above

    market = load_market(options.market)
    folder = _data(options, market) / "reports" / "latest"
    if options.run or options.as_of or not folder.exists():
        folder = _run_of(options).report_folder
    languages = market.report_languages
    return folder.resolve() / file_in(options.language or languages[0], "report.html", languages)


def publish(options: argparse.Namespace, progress: Progress) -> None:
    _alone("publish", options, progress)


def outcome(options: argparse.Namespace, progress: Progress) -> int:
    from pipeline import glance  # noqa: PLC0415 - as above

    this = _run_of(options)
    asked = {target.id for target in _only(this.market, options.only)}
    seen = glance.at(this, progress)
    if options.json:
        sys.stdout.buffer.write(glance.as_json(seen))
        sys.stdout.flush()
    else:
        glance.print_tables(seen, sys.stdout)
    for line, target in glance.faults(seen):
        log.warning(line, target=target)
    return _outcome(this, progress, asked)


def deliver(options: argparse.Namespace, progress: Progress) -> int:
    market = load_market(options.market)
    known = {recipient.name: recipient for recipient in market.delivery.recipients}
    names = options.to or list(known)
    if unknown := [name for name in names if name not in known]:
        raise MarketError(
            f"{market.path}: expected a recipient of this market ({', '.join(known) or 'none'}), found {', '.join(unknown)}."
        )
    wanted = [known[name] for name in dict.fromkeys(names)]
    if not options.held:
        return _deliver(_run_of(options), wanted, progress, dry=options.dry_run)
    from pipeline.deliver.ledger import holds  # noqa: PLC0415 - as above

    if options.run or options.as_of:
        raise RunError(
            "Expected --held alone, found it with --run or --as-of: what was held back goes out with what is published."
        )
    data = _data(options, market)
    if not (wanted := [recipient for recipient in wanted if holds(data / "deliveries", recipient.name)]):
        return 0
    return _deliver(_published_run(market, data), wanted, progress, dry=options.dry_run)


def _published_run(market: Market, data: Path) -> Run:
    """The run that is published; a newer one may be under way. Raises RunError where none is."""
    file = data / "warehouse.duckdb"
    if not file.exists():
        raise RunError(
            f"Expected {file}, found none: no run of {market.name} is published. `rivalscope run {market.path}` makes one."
        )
    return open_run(market, data, run_id=_run_id_of(file), as_of=None, new=False)


def _run_id_of(published: Path) -> str:
    from warehouse.build import connect  # noqa: PLC0415 - as above

    with connect(published, read_only=True) as con:
        ((run_id,),) = con.execute("select run_id from core.run").fetchall()
    return str(run_id)


def _deliver(this: Run, wanted: Sequence["Recipient"], progress: Progress, *, dry: bool = False) -> int:
    """1 where something did not arrive, else 0."""
    if not wanted:
        if dry:
            progress("deliver: nothing is due: the market file names no recipient")
        return 0
    from pipeline.deliver.room import deliver as room  # noqa: PLC0415 - as above

    _check_published(this)
    if dry:
        return 1 if room(this, wanted, now=datetime.now(UTC), progress=progress, dry=sys.stdout).failed else 0
    with record.kept(this, "deliver") as work:
        outcome = room(this, wanted, now=datetime.now(UTC), progress=progress)
        work.is_incomplete = bool(outcome.failed)
    progress(f"deliver: {outcome.sent} message{'' if outcome.sent == 1 else 's'} sent")
    if outcome.held:
        progress(
            f"deliver: `rivalscope deliver {this.market.path} --held` sends what was held back, when the quiet hours are over"
        )
    if outcome.failed:
        progress(
            f"deliver: {outcome.failed} of {len(wanted)} recipients could not be told all, see above. The report is published all the same; "
            f"`rivalscope deliver {this.market.path} --run {this.run_id}` tries again, and sends nothing twice."
        )
    return 1 if outcome.failed else 0


def _alone(room: str, options: argparse.Namespace, progress: Progress) -> None:
    this = _run_of(options)
    if room != "load" and not this.build_file.exists():
        raise RunError(f"Expected the build of run {this.run_id} at {this.build_file}, found none. Run `rivalscope load` first.")
    with only_builder(this), record.kept(this, room) as work:
        _ROOM[room](this, progress, work)


def _gather(this: Run, wanted: tuple[Target, ...], progress: Progress) -> "list[Receipt]":
    """The receipts of those targets that have not landed in this run."""
    from pipeline.gather import gather as crawl  # noqa: PLC0415 - the spiders' libraries, a second to import

    _check(this.market)
    with record.kept(this, "gather", [target.id for target in wanted]) as work:
        receipts = crawl(this, wanted, progress=progress)
        work.is_incomplete = any(receipt.outcome not in {"landed", "unchanged"} for receipt in receipts)
    _expire(this, {target.id for target in wanted}, progress)
    return [receipt for receipt in receipts if receipt.outcome not in {"landed", "unchanged"}]


def _expire(this: Run, targets: set[str] | None, progress: Progress) -> int:
    from pipeline.archive import expire  # noqa: PLC0415 - as above

    return expire(this, targets, moment=datetime.now(UTC), progress=progress)


def _load(this: Run, progress: Progress, work: Work) -> None:
    from warehouse import load as room  # noqa: PLC0415 - each room's libraries are imported by it alone

    # What came in earlier runs still counts when nobody answers today; a table of nothing would pass for a finding.
    if not any(this.landing.glob("*/*.receipt.json")):
        raise RunError(
            f"Expected something that has landed under {this.landing}, found nothing: no source of {this.market.name} has answered yet. "
            "The messages of gather say why; correct the market file, and run again."
        )
    counts = room.load(
        this.build_file,
        this.landing,
        this.rejected,
        run_id=this.run_id,
        as_of=this.as_of,
        market=_inputs(this).facts,
        progress=progress,
    )
    work.rows = counts
    progress(f"load: {counts['core.review']:,} reviews, {counts['core.faq_entry']:,} FAQ entries in core")


def _inputs(this: Run) -> "Inputs":
    from pipeline.inputs import inputs_of  # noqa: PLC0415 - as above

    return inputs_of(this.market)


def _guided(this: Run) -> "Inputs":
    """With what the marts need besides. Raises MarketError."""
    given = _inputs(this)
    return replace(given, guide=_guide(this.market, given.taxonomy))


def _score(this: Run, progress: Progress, work: Work) -> None:
    from pipeline.text.score import score as room  # noqa: PLC0415 - as above

    inputs = _inputs(this)
    work.rows = room(
        this.build_file,
        this.scores,
        languages=inputs.languages,
        brand_locales=inputs.brand_locales,
        taxonomy=inputs.taxonomy,
        transformers=inputs.transformers,
        labels=inputs.labels,
        progress=progress,
    )


def _swot(this: Run, progress: Progress, work: Work) -> None:
    from pipeline.swot import swot as room  # noqa: PLC0415 - as above

    given = _guided(this)
    counts = room(this.build_file, settings=given.settings, guide=given.guide)
    work.rows = counts
    progress(f"swot: {counts['metric.test']:,} comparisons, {counts['mart.swot_cell']:,} cells")


def _report(this: Run, progress: Progress, _work: Work) -> None:
    from pipeline.cells import cells_of  # noqa: PLC0415 - as above
    from pipeline.report import write  # noqa: PLC0415 - as above

    since = _since(this, cells_of(this.build_file, _guided(this)), progress)
    write(this.build_file, this.report_folder, this.market.languages_read, progress, since, market_file=this.market.path)


def _since(this: Run, body: bytes, progress: Progress) -> "Since | None":
    """How the cells of a build differ from those of the run before; None when none is kept, or none that this version can read."""
    from pipeline import cells  # noqa: PLC0415 - as above
    from pipeline.report.since import compare  # noqa: PLC0415 - as above

    try:
        former = cells.last_before(this.cells, this.run_id, this.as_of)
    except cells.CellsError as error:
        progress(f"report: it tells no changes, for what the run before said cannot be read. {error}")
        return None
    return compare(former.said, orjson.loads(body)) if former else None


def _publish(this: Run, progress: Progress, work: Work) -> None:
    from pipeline.cells import cells_of, keep, name_of  # noqa: PLC0415 - as above
    from pipeline.report import point_latest  # noqa: PLC0415 - as above
    from warehouse.publish import publish as room  # noqa: PLC0415 - as above

    given = _guided(this)
    said = cells_of(this.build_file, given)  # before: a build that swot has not finished must not be published
    work.edition = name_of(said, this.cells)
    # Whoever can read this row reads a published file: the room is done as it says.
    mine = work.record()
    told = [mine if (each.run_id, each.room) == (this.run_id, mine.room) else each for each in record.records(this.records)]
    published = room(this.build_file, this.data, records=record.as_lines(told), progress=progress)
    kept = keep(said, given, this.cells)
    # Only now: a report of a build that its checks refused must not be the one that people open.
    if this.report_folder.exists():
        point_latest(this.report_folder)
    _index(this, progress)
    progress(f"publish: {published} ({published.stat().st_size / 2**20:.1f} MB), its cells in {kept}")


def _index(this: Run, progress: Progress) -> None:
    """The index of all reports and the feed of changes."""
    from pipeline.report import facts, index  # noqa: PLC0415 - as above
    from pipeline.report.wording import Wording  # noqa: PLC0415 - as above

    reports = [facts.read(this.published, Wording(language)) for language in this.market.report_languages]
    index.write(this.report_folder.parent, this.cells, reports, address=this.market.report_url, progress=progress)


_ROOM: dict[str, Callable[[Run, Progress, Work], None]] = {
    "load": _load,
    "score": _score,
    "swot": _swot,
    "report": _report,
    "publish": _publish,
}


def _outcome(this: Run, progress: Progress, asked: set[str] | None = None) -> int:
    """Prints what the published run holds and what is missing of it; 1 if anything is that was asked for, or if this run was not published.

    `asked` are the targets that were; None for all.
    """
    report = _published(this)
    for crawl in report.missing:
        log.warning(f"missing ({crawl.status.replace('_', ' ')}): {crawl.reason or crawl.target}", target=crawl.target)
    progress(
        f"outcome: {len(report.coverage) - len(report.missing)} of {len(report.coverage)} sources, {len(report.cells)} SWOT cells"
    )
    return 1 if any(asked is None or crawl.target in asked for crawl in report.missing) else 0


def _published(this: Run) -> "Report":
    """What this run has published, in the first of the report's languages. Raises RunError when it has not."""
    from pipeline.report import facts  # noqa: PLC0415 - as above
    from pipeline.report.wording import Wording  # noqa: PLC0415 - as above

    _check_published(this)
    return facts.read(this.published, Wording(this.market.report_languages[0]))


def _check_published(this: Run) -> None:
    """Raises RunError when this run has not been published: what an earlier run published must not pass for it."""
    if not this.published.exists():
        raise RunError(
            f"Expected {this.published}, found none: no run is published yet. Where this one is not under way, it ended before publish, and the log of its red task says why."
        )
    if (run_id := _run_id_of(this.published)) != this.run_id:
        raise RunError(
            f"Expected run {this.run_id} in {this.published}, found run {run_id}: this one was not published, or another has been "
            f"since. If it ended with a red task, the log of that task says why; `rivalscope run MARKET --run {this.run_id}` builds it again."
        )


def _show(this: Run) -> None:
    """The table and where everything lies, for the person who waited for it."""
    from pipeline.report.terminal import print_swot  # noqa: PLC0415 - as above

    print_swot(_published(this), sys.stdout)
    print(f"report:   {this.data / 'reports' / 'latest' / 'report.html'}")
    print(f"database: {this.published}", flush=True)


def up(options: argparse.Namespace, progress: Progress) -> None:
    from pipeline.up import up as supervise  # noqa: PLC0415 - as above

    supervise(options.port, progress)


def demo(options: argparse.Namespace, progress: Progress) -> int:
    from pipeline import up as airflow  # noqa: PLC0415 - as above
    from pipeline.demo import web  # noqa: PLC0415 - as above

    if options.serve:
        return web.main(options.port)
    file = airflow.PROJECT / "markets" / "demo.toml"
    with web.serve(options.port) as address:
        progress(f"the demo market is on {address}/")
        env = airflow.environment() | {"RIVALSCOPE_DEMO_URL": address}
        airflow.prepare(env, progress)
        code = _dag_run("demo", env, progress)
        os.environ["RIVALSCOPE_DEMO_URL"] = address
        root = airflow.PROJECT / os.environ.get("RIVALSCOPE_DATA", "data")  # as its tasks see it, which run in the project folder
        market = load_market(file)
        _show(open_run(market, root / market.id, run_id=None, as_of=None, new=False))
        print(f"pages:    its links lead to the demo's own web: `{Path(sys.argv[0])} demo --serve` brings that back", flush=True)
    return code


def _dag_run(dag_id: str, env: dict[str, str], progress: Progress) -> int:
    """One run of a DAG in the foreground; shows the tasks' own lines as they come and returns Airflow's exit code."""
    from pipeline.up import AIRFLOW, PROJECT  # noqa: PLC0415 - as above

    progress(f"airflow dags test {dag_id}: one run of its DAG in the foreground")
    command = [AIRFLOW, "dags", "test", dag_id]
    as_people_read = {name: value for name, value in env.items() if name != log.VARIABLE}  # else none of them would be found
    with subprocess.Popen(
        command, cwd=PROJECT, env=as_people_read, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as child:
        assert child.stdout is not None  # noqa: S101 - a pipe was asked for
        said = []
        for line in child.stdout:
            said.append(line)
            if found := _TASK_LINE.search(line):
                progress(found[1])
    if child.returncode:
        log.end("".join(said[-60:]), "error")
    return child.returncode


_TASK_LINE = re.compile(r"\d+\.\d s  (.*?)(?:\s*\[airflow\..*)?$")
"""A progress line of a rivalscope command inside Airflow's log."""
