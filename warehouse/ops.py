"""Schema `ops`: what runs and their rooms took and how they came out, made of the records that rooms leave and of the crawls' receipts.

It stands in the published copy of a build alone (`warehouse.publish`), or by itself for one run that may never have been published.
"""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse import build, crawls
from warehouse.crawls import Progress


def make(con: duckdb.DuckDBPyConnection, records: bytes) -> None:
    """Makes the tables in a database that has `raw.crawl`. `records`: JSON lines, one for each record."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(records)
        file.flush()
        _set(con, "record_file", Path(file.name))
        build.run_folder(con, "ops")


def of_run(
    landing: Path, rejected: Path, records: bytes, *, run_id: str, as_of: datetime, tell: Progress
) -> dict[str, list[dict[str, Any]]]:
    """The rows of one run by table (run, room, source), from what it has left so far."""
    found = crawls.receipts(landing, rejected, run_id=run_id, as_of=as_of, tell=tell, alone=True)
    with build.connect(threads=1) as con, tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(b"".join(crawl.model_dump_json().encode() + b"\n" for crawl in found))
        file.flush()
        _set(con, "crawl_file", Path(file.name))
        build.make(con, build.read(build.SQL / "raw" / "crawl.sql"))
        make(con, records)
        return {table: _rows(con, f"from ops.{table} order by all") for table in ("run", "room", "source")}


def _rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = con.execute(sql)
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _set(con: duckdb.DuckDBPyConnection, name: str, file: Path) -> None:
    path = str(file).replace("'", "''")
    con.execute(f"set variable {name} = '{path}'")
