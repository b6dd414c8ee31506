"""Landing lines to core tables, in a new private file that replaces the run's build file only when it is whole.

Everything is read anew each time: the landing files are the memory, the database is disposable. A landing file that no longer
agrees with its receipt (its bytes, its fields, its number of lines) is set aside: its crawl counts as failed, with the reason
in `raw.crawl` and `core.coverage`, and the others go on. Killed at any moment, the next call begins afresh and ends the same.
"""

import importlib.metadata
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import orjson
from pydantic import JsonValue

from spiders.items import Kind
from warehouse import build, crawls
from warehouse.crawls import Crawl, Progress

RAW_TABLES: Mapping[Kind, str] = {
    "reviews": "review",
    "faq": "faq_entry",
    "ranking": "search_result",
    "contact": "contact_point",
    "mentions": "post",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandFact:
    """A brand as the market file names it."""

    id: str
    name: str
    own: bool
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFact:
    """One crawl that the market asks for."""

    target: str
    brand: str | None
    """None for search rankings."""
    kind: Kind
    source: str
    """The module."""
    name: str
    """The source's name in the market file."""
    basis: str
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordFact:
    """One search whose rankings are watched."""

    keyword: str
    engine: str
    locale: str | None = None
    device: str | None = None
    searches: int | None = None
    """A month, on average, where the market's keyword list tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeFact:
    """One theme in force."""

    theme: str
    name: str
    names: Mapping[str, str]
    """By language."""
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFacts:
    """What the warehouse must know of a market file. Orders are the file's, and become `position`."""

    id: str
    name: str
    timezone: str
    sha256: str
    brands: tuple[BrandFact, ...]
    targets: tuple[TargetFact, ...] = ()
    keywords: tuple[KeywordFact, ...] = ()
    themes: tuple[ThemeFact, ...] = ()


def load(
    build_file: Path,
    landing: Path,
    rejected: Path,
    *,
    run_id: str,
    as_of: datetime,
    market: MarketFacts,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Writes `build_file` anew with raw.* and core.* as of `as_of` (aware); row counts by `schema.table`.

    The caller sees to it that only one process builds in this data folder. Raises build.ModelError for a broken SQL file.
    """
    tell = progress or (lambda _message: None)
    private = build_file.parent / f".{build_file.name}.new"
    for leftover in build_file.parent.glob(".*.duckdb.new"):
        shutil.rmtree(leftover)  # a killed load's, this run's or another's
    private.mkdir(parents=True)
    draft = private / "draft.duckdb"
    found = crawls.receipts(landing, rejected, run_id=run_id, as_of=as_of, tell=tell)
    _write_market(private / "market.jsonl", run_id, as_of, market)
    con = build.connect(draft)
    try:
        counts = _Raw(con, private, landing, tell).tables(found, {t.target for t in market.targets})
        counts |= _derive(con, tell)
    finally:
        con.close()
    _replace(draft, build_file)
    shutil.rmtree(private)
    return {name: count for name, count in counts.items() if not name.startswith("work.")}


def derive_again(build_file: Path, *, run_id: str, as_of: datetime, market: MarketFacts) -> None:
    """Makes core.* of a build anew: out of the lines that its raw tables hold by now, for another run, moment or market."""
    lines = build_file.with_name(f"{build_file.name}.market.jsonl")
    _write_market(lines, run_id, as_of, market)
    con = build.connect(build_file)
    try:
        _set(con, "market_file", str(lines))
        build.make(con, _raw_model("market"))
        _derive(con, lambda _message: None)
        con.execute("checkpoint")
    finally:
        con.close()
        lines.unlink()


def _derive(con: duckdb.DuckDBPyConnection, tell: Progress) -> dict[str, int]:
    counts = build.run_folder(con, "work", "core", progress=tell)
    con.execute("drop schema work cascade")
    return counts


@dataclass(frozen=True, slots=True)
class _Raw:
    """Makes the raw tables of one build in `con`, with small files in `private` that tell the SQL what to read."""

    con: duckdb.DuckDBPyConnection
    private: Path
    landing: Path
    tell: Progress

    def tables(self, found: list[Crawl], targets: set[str]) -> dict[str, int]:
        """Crawls whose file turns out wrong are set aside on the way, so `raw.crawl` is written last."""
        asked = [c for c in found if c.outcome == "landed" and c.target in targets]
        whole = [c for c in asked if crawls.sound(c, self.landing, self.tell)]
        counts: dict[str, int] = {}
        # Lines are read once from here on: packing their text well would cost more than all that reads it.
        self.con.execute("set disabled_compression_methods = 'fsst'")
        for kind, table in RAW_TABLES.items():
            counts[f"raw.{table}"] = self.lines(kind, [c for c in whole if c.kind == kind])
            self.tell(f"raw.{table}: {counts[f'raw.{table}']:,} rows")
        self.con.execute("reset disabled_compression_methods")
        _write_lines(self.private / "crawl.jsonl", (_row(c) for c in found))
        _set(self.con, "crawl_file", str(self.private / "crawl.jsonl"))
        _set(self.con, "market_file", str(self.private / "market.jsonl"))
        with build.transaction(self.con):
            for table in ("crawl", "market"):
                counts[f"raw.{table}"] = build.make(self.con, _raw_model(table))
        return counts

    def lines(self, kind: Kind, whole: list[Crawl]) -> int:
        """The raw table of one kind, of those crawls whose files hold what their receipts say."""
        try:
            count = self.read(kind, whole)
        except (duckdb.Error, build.ModelError):
            # One file breaks the reading of all: find which.
            for crawl in whole:
                try:
                    self.read(kind, [crawl])
                except (duckdb.Error, build.ModelError) as err:
                    self.set_aside(crawl, f"landing lines of kind {kind}", str(err).split("\n", 1)[0])
            whole = [c for c in whole if c.outcome == "landed"]
            count = self.read(kind, whole)
        held = self.counts(RAW_TABLES[kind])
        short = [c for c in whole if held.get((c.run_id, c.target), 0) != c.records]
        if not short:
            return count
        for crawl in short:
            found = held.get((crawl.run_id, crawl.target), 0)
            self.set_aside(crawl, f"{crawl.records:,} lines as its receipt says", f"{found:,}")
        return self.read(kind, [c for c in whole if c.outcome == "landed"])

    def read(self, kind: Kind, whole: list[Crawl]) -> int:
        files = {str(crawls.landing_file(self.landing, c)): c for c in whole}
        facts = [
            {"path": path, "source": c.name} | {key: getattr(c, key) for key in ("market", "brand", "target", "run_id", "as_of")}
            for path, c in files.items()
        ]
        _write_lines(self.private / "landing.jsonl", facts)
        # read_json refuses an empty list of files, and takes an empty file.
        none = self.private / "none.jsonl"
        none.touch()
        _set(self.con, "landing_file", str(self.private / "landing.jsonl"))
        _set(self.con, f"{kind}_files", [*files, str(none)])
        with build.transaction(self.con):
            return build.make(self.con, _raw_model(RAW_TABLES[kind]))

    def counts(self, table: str) -> dict[tuple[str, str], int]:
        rows = self.con.execute(f"select run_id, target, count(*) from raw.{table} group by all").fetchall()  # noqa: S608 - our own name
        return {(run_id, target): found for run_id, target, found in rows}

    def set_aside(self, crawl: Crawl, expected: str, found: str) -> None:
        path = crawls.landing_file(self.landing, crawl)
        crawls.set_aside(crawl, f"{path}: expected {expected}, found {found}", self.tell)


def _raw_model(table: str) -> build.Model:
    return build.read(build.SQL / "raw" / f"{table}.sql")


def _row(crawl: Crawl) -> dict[str, JsonValue]:
    row: dict[str, JsonValue] = crawl.model_dump(mode="json")
    for key in ("as_of", "started_at", "finished_at"):
        value = getattr(crawl, key)
        row[key] = value and _utc(value)
    return row


def _write_market(path: Path, run_id: str, as_of: datetime, market: MarketFacts) -> None:
    facts = asdict(market)
    facts["brands"] = [
        asdict(b) | {"domains": sorted({d for name in b.domains for d in _domain_forms(name)})} for b in market.brands
    ]
    facts |= {
        "market": facts.pop("id"),
        "run_id": run_id,
        "as_of": as_of,
        "version": importlib.metadata.version("rivalscope"),
    }
    _write_lines(path, [facts])


def _domain_forms(domain: str) -> set[str]:
    """As typed and as it travels (`xn--...`): result pages print either."""
    plain = domain.strip().lower().rstrip(".").removeprefix("www.")
    try:
        return {plain, plain.encode("idna").decode("ascii")} if plain else set()
    except UnicodeError:
        return {plain}


def _write_lines(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    with path.open("wb") as out:
        for row in rows:
            out.write(orjson.dumps({key: _utc(v) if isinstance(v, datetime) else v for key, v in row.items()}) + b"\n")


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def _set(con: duckdb.DuckDBPyConnection, name: str, value: str | list[str]) -> None:
    """SET VARIABLE: how the raw SQL files learn what to read."""
    values = [value] if isinstance(value, str) else value
    quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in values)
    con.execute(f"set variable {name} = " + (quoted if isinstance(value, str) else f"[{quoted}]"))


def _replace(draft: Path, build_file: Path) -> None:
    """A write-ahead log left by a killed writer of the old file would be replayed into the new one, so it goes first."""
    with draft.open("rb") as handle:
        os.fsync(handle.fileno())
    build_file.with_name(f"{build_file.name}.wal").unlink(missing_ok=True)
    draft.replace(build_file)
    folder = os.open(build_file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
