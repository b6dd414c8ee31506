"""The score store: what was once scored is never scored again.

A row belongs to a key (the hash of a text and of what was known about it) and a version (the hash of everything that its scores
depend on); it holds places and numbers, never words. Rows lie in Parquet files that are named after their own SHA-256, so a
damaged file is known as such, is left out with a warning, and its texts are scored again. Files appear whole, by rename, and
runs only add files; when there are many they are merged into one.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import duckdb

_LOG = logging.getLogger(__name__)

COLUMNS = {
    "key": "VARCHAR",
    "language": "VARCHAR",
    "languages": "VARCHAR",
    "version": "VARCHAR",
    "sentences": (
        'STRUCT("start" INTEGER, "stop" INTEGER, "language" VARCHAR, "sentiment" DOUBLE, "label" VARCHAR, '
        '"mentions" STRUCT("theme" VARCHAR, "sentiment" DOUBLE, "label" VARCHAR)[], '
        '"signals" STRUCT("id" VARCHAR, "kind" VARCHAR, "intensity" DOUBLE, "minutes" INTEGER)[])[]'
    ),
    "terms": 'STRUCT("position" INTEGER, "places" STRUCT("start" INTEGER, "stop" INTEGER)[])[]',
}
"""`language` is the text's; `languages` those of its sentences, sorted and joined by commas: whose scorers made the row.
`terms` are those of negative sentences without a theme, which `position` counts from 1: where each one's words stand in the text."""

_MANY_FILES = 24
_OTHERS = 3


@contextmanager
def write_whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name complete, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)


def files(folder: Path) -> list[Path]:
    """The store's whole files, in a fixed order; damaged ones are left out with a warning."""
    found = []
    for path in sorted(folder.glob("*.parquet")):
        if path.name.startswith("."):
            continue
        if _digest(path) == path.stem:
            found.append(path)
        else:
            _LOG.warning(
                "%s: expected a file whose SHA-256 begins with its name, found another; its texts are scored again.", path
            )
    return found


def sweep(folder: Path) -> None:
    """Removes what killed runs left half written. Only the one builder of a data folder may call it."""
    for draft in folder.glob(".draft-*"):
        draft.unlink(missing_ok=True)


def view(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Makes the temporary view `score_store` over what the folder holds now, one row for each key and version."""
    found = files(folder)
    listed = ", ".join(f"'{_quoted(path)}'" for path in found)
    # Files of an earlier release may lack a column: their rows have an earlier version too, and are never asked for it.
    source = _nothing()
    if found:
        source += f" union all by name select * from read_parquet([{listed}], union_by_name = true)"  # noqa: S608  own files
    con.execute(
        f"create or replace temp view score_store as select distinct on (key, version) {', '.join(COLUMNS)} from ({source})"  # noqa: S608  own columns, own files
    )


def add(con: duckdb.DuckDBPyConnection, folder: Path, lines: Path) -> Path:
    """Adds the rows of a JSON-lines file (one object with `COLUMNS` each) as one Parquet file."""
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    return _written(
        con,
        folder,
        f"select * from read_json('{_quoted(lines)}', format = 'newline_delimited', columns = {{{columns}}}) order by key, version",  # noqa: S608  as above
    )


def merge(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """One file in place of many. Killed in between it leaves rows twice, which the view takes once."""
    found = files(folder)
    if len(found) < _MANY_FILES:
        return
    view(con, folder)
    kept = _written(con, folder, "select * from score_store order by key, version")
    for path in found:
        if path != kept:
            path.unlink(missing_ok=True)


def recall(con: duckdb.DuckDBPyConnection, folder: Path, identity: str, table: str) -> bool:
    """Fills the table with what `remember` kept of it under the identity of all that it was made of; False where there is nothing whole."""
    for path in folder.glob(f"{identity}-*.parquet"):
        if path.stem == f"{identity}-{_digest(path)}":
            con.execute(f"insert into {table} select * from read_parquet('{_quoted(path)}')")  # noqa: S608  own table, own file
            return True
        _LOG.warning("%s: expected a file whose SHA-256 ends its name, found another; it is made again.", path)
        path.unlink(missing_ok=True)
    return False


def remember(con: duckdb.DuckDBPyConnection, folder: Path, identity: str, table: str) -> None:
    """Keeps the table's rows for `recall`, and of other identities the latest few: a run and a replay of an earlier one take turns."""
    kept = _written(con, folder, f"select * from {table} order by all", f"{identity}-")  # noqa: S608  own table
    others = sorted(set(folder.glob("[!.]*.parquet")) - {kept}, key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[_OTHERS:]:
        path.unlink(missing_ok=True)


def _written(con: duckdb.DuckDBPyConnection, folder: Path, query: str, prefix: str = "") -> Path:
    """`query` says the order of its rows, which the digest in the name depends on."""
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".draft-", suffix=".parquet")
    os.close(handle)
    draft = Path(name)
    try:
        con.execute(f"copy ({query}) to '{_quoted(draft)}' (format parquet, compression zstd)")
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
        path = folder / f"{prefix}{_digest(draft)}.parquet"
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _nothing() -> str:
    return "select " + ", ".join(f"null::{kind} as {name}" for name, kind in COLUMNS.items()) + " where false"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
