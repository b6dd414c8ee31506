"""Checks a build, and puts it in the readers' place in one step: Parquet first, then the database file.

Readers open only the published file. It is replaced by `os.replace`, so they find the old one or the new one, always whole, and
an open connection keeps what it opened. Killed at any moment, the next call ends the same. A failed check publishes nothing.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse import build, ops

PUBLISHED_SCHEMAS = (
    "core",
    "text",
    "metric",
    "mart",
    "rule",
    *(f"{schema}{build.SIBLING}" for schema in ("metric", "mart", "rule")),
)
"""Schemas that are written as Parquet; the landing lines of `raw` stay in the landing folder and in the database file."""

CHECKS_ROOT = build.SQL / build.CHECKS

SHOWN_ROWS = 10
LONG_TABLE = 100_000
"""Rows from which it pays to look for a short sort key."""
KEPT_BUILDS = 2


class CheckFailed(ValueError):  # noqa: N818 - what happened, in the words of the people who read it
    """A promise about the tables does not hold. The message names each check and shows up to ten offending rows."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What one check found."""

    check: str
    promise: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    """Up to SHOWN_ROWS of them."""
    count: int

    def __str__(self) -> str:
        shown = "\n".join("  " + ", ".join(f"{c}={v!r:.80}" for c, v in zip(self.columns, row, strict=True)) for row in self.rows)
        return f"check.{self.check}: {self.promise}\n  expected no rows, found {self.count:,}:\n{shown}"


def publish(
    build_file: Path, data_dir: Path, *, records: bytes | None = None, progress: Callable[[str], None] | None = None
) -> Path:
    """The published file. `records`: JSON lines of what rooms have left, for the schema `ops` of the published file, which neither the build nor
    Parquet has: they hold the same for the same landing files, and these tell of clocks. Raises CheckFailed, and build.ModelError when a check names a table that the build lacks.

    The caller sees to it that only one process publishes into this folder.
    """
    tell = progress or (lambda _message: None)
    published = data_dir / "warehouse.duckdb"
    with build.connect(build_file, read_only=True) as con:
        if faults := run_checks(con):
            kept = f"{published} is left as it was" if published.exists() else "Nothing is published"
            raise CheckFailed(
                "\n".join(str(fault) for fault in faults)
                + f"\n{kept}. Look into {build_file}, mend what the rows show, and run again from load."
            )
        tell("all checks hold")
        _write_parquet(con, data_dir / "parquet.new")
        _copy(build_file, data_dir / "warehouse.duckdb.new", records)
    _swap_folder(data_dir / "parquet.new", data_dir / "parquet")
    # A log that somebody's writing connection left beside the old file would be replayed into the new one.
    (data_dir / "warehouse.duckdb.wal").unlink(missing_ok=True)
    (data_dir / "warehouse.duckdb.new").replace(published)
    _fsync(data_dir)
    _prune(build_file)
    tell(f"published {published}")
    return published


def run_checks(con: duckdb.DuckDBPyConnection, *, partial: bool = False) -> list[Fault]:
    """The faults that the checks find, by name. `partial`: checks on tables that a later step makes are passed over."""
    present = set(build.tables(con))
    faults = []
    for check in _checks(present):
        if missing := sorted(check.reads - present):
            if partial:
                continue
            raise build.ModelError(
                f"{check.path}: reads {', '.join(missing)}, which this build does not hold. Run load, score and swot first."
            )
        cursor = con.execute(check.sql)
        columns = tuple(str(column[0]) for column in cursor.description)
        if rows := cursor.fetchall():
            rows.sort(key=repr)
            faults.append(
                Fault(
                    check.table if check.schema == build.CHECKS else check.name,
                    check.grain,
                    columns,
                    tuple(rows[:SHOWN_ROWS]),
                    len(rows),
                )
            )
    return faults


def _checks(present: set[str]) -> Iterator[build.Model]:
    """Each check, and once more where what it reads has siblings without flagged reviews: they promise the same."""
    for check in (build.read(path) for path in sorted(CHECKS_ROOT.glob("*.sql"))):
        yield check
        if doubled := {name for name in check.reads if build.sibling_name(name) in present}:
            yield build.sibling(check, doubled, "Without flagged reviews.")


def _write_parquet(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """One file a table, its rows in an order that the data alone decides."""
    shutil.rmtree(folder, ignore_errors=True)
    con.execute("set preserve_insertion_order = true")
    tables = con.execute(
        "select schema_name, table_name, estimated_size from duckdb_tables()"
        " where database_name = current_database() and list_contains(?, schema_name) order by all",
        [list(PUBLISHED_SCHEMAS)],
    ).fetchall()
    for schema, table, row_count in tables:
        path = folder / schema / f"{table}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        order = "all" if row_count < LONG_TABLE else _key(con, schema, table)
        target = str(path).replace("'", "''")
        select = f'select * from "{schema}"."{table}" order by {order}'  # noqa: S608 - names from the catalogue
        con.execute(f"copy ({select}) to '{target}' (format parquet, compression zstd)")
        _fsync(path)


def _key(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> str:
    """The fewest leading columns that tell the rows apart, all of them if none do: sorting a long table by its texts is slow."""
    rows = con.execute(f'select column_name from (describe "{schema}"."{table}")').fetchall()  # noqa: S608 - as above
    columns = [f'"{row[0]}"' for row in rows]
    for count in range(1, min(len(columns), 4) + 1):
        lead = ", ".join(columns[:count])
        repeated = con.execute(f'select 1 from "{schema}"."{table}" group by {lead} having count(*) > 1 limit 1').fetchall()  # noqa: S608 - as above
        if not repeated:
            return lead
    return "all"


def _copy(build_file: Path, draft: Path, records: bytes | None) -> None:
    for leftover in (draft, draft.with_name(f"{draft.name}.wal")):
        leftover.unlink(missing_ok=True)
    shutil.copyfile(build_file, draft)
    if records is not None:
        with build.connect(draft) as con:
            ops.make(con, records)
            con.execute("checkpoint")
    _fsync(draft)
    draft.chmod(0o444)


def _swap_folder(new: Path, place: Path) -> None:
    """Two renames; a call killed between them is made good by the next, which begins with `new` written again."""
    old = place.with_name(f"{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    new.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _prune(build_file: Path) -> None:
    """Keeps this build and the newest other; what a killed load left is removed with its build."""
    others = sorted((p for p in build_file.parent.glob("*.duckdb") if p != build_file), key=_age)
    for old in others[: max(0, len(others) - (KEPT_BUILDS - 1))]:
        _remove((old, old.with_name(f"{old.name}.wal")))
        shutil.rmtree(old.with_name(f"{old.name}.spill"), ignore_errors=True)


def _age(path: Path) -> tuple[float, str]:
    return (path.stat().st_mtime, path.name)


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
