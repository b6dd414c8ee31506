"""`rivalscope sql`: one query on the published database, read-only and shut off from files and network, for people or as CSV or JSON."""

import csv
import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import IO, Any, Literal

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.explain import explained
from pipeline.formulas import could_run
from pipeline.page_text import plain
from warehouse import build

Form = Literal["table", "csv", "csv for spreadsheets", "json"]

SHOWN_ROWS = 500
"""Of a table for people; CSV and JSON have all."""

_TABLES = """
select schema_name || '.' || table_name as "table", estimated_size as "rows", comment as grain
from duckdb_tables()
where schema_name in ('core', 'text', 'metric', 'rule', 'mart', 'ops') and database_name = current_database()
order by schema_name <> 'mart', "table"
"""


class QueryError(ValueError):
    """The query cannot be answered; the message says why, and what to do."""


def published(data: Path) -> duckdb.DuckDBPyConnection:
    """The published database: nothing can be written, no file or address be reached, and no setting be changed. Raises QueryError."""
    file = data / "warehouse.duckdb"
    if not file.exists():
        raise QueryError(f"Expected a published warehouse at {file}, found none. `rivalscope run` makes one.")
    con = build.connect(file, read_only=True)
    # In the order in which people wrote and runs inserted, and never a file of the machine through a SELECT.
    con.execute("set preserve_insertion_order = true")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def answer(data: Path, sql: str | None, *, explain: str | None, form: Form, out: IO[str]) -> None:
    """Prints the rows; without a query the tables with their grain; with `explain` the query behind a cell. Raises QueryError."""
    con = published(data)
    try:
        if explain is not None:
            out.write(explained(con, explain))
            return
        cursor = _asked(con, sql or _TABLES)
        _WRITERS[form](cursor, [column[0] for column in cursor.description or ()], out)
    finally:
        con.close()


def _asked(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    try:
        return con.execute(sql)
    except duckdb.Error as error:
        raise QueryError(f"{_safe(str(error))}\nThe tables are listed by `rivalscope sql MARKET`.") from error


def _rows(cursor: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    try:
        while batch := cursor.fetchmany(2_000):
            yield from batch
    except duckdb.Error as error:
        raise QueryError(_safe(str(error))) from error


def _safe(text: str) -> str:
    return "\n".join(map(plain, text.splitlines()))


# --- how rows are written ------------------------------------------------------------------------------------------------


def _as_table(cursor: duckdb.DuckDBPyConnection, names: Sequence[str], out: IO[str]) -> None:
    console = Console(file=out, width=None if out.isatty() else 200, highlight=False)
    table = Table()
    for name in names:
        table.add_column(Text(plain(name)))
    count = 0
    for count, row in enumerate(_rows(cursor), 1):
        if count > SHOWN_ROWS:
            break
        table.add_row(*(Text(plain("" if value is None else _text(value))) for value in row))
    console.print(table)
    if count > SHOWN_ROWS:
        console.print(f"The first {SHOWN_ROWS} rows; --csv and --json give all.")


def _as_csv(cursor: duckdb.DuckDBPyConnection, names: Sequence[str], out: IO[str], told: Callable[[str], str] = str) -> None:
    """Null is an empty field; numbers as they are, so that they come back the same; `told` is what becomes of all other text."""
    shown = plain if out.isatty() else str
    writer = csv.writer(_Lines(out), lineterminator="\r\n")  # a bare carriage return is quoted only with it
    writer.writerow([shown(told(name)) for name in names])
    for row in _rows(cursor):
        texts = ("" if value is None else _text(value) if isinstance(value, _NUMBERS) else told(_text(value)) for value in row)
        writer.writerow([shown(text) for text in texts])


class _Lines:
    """Ends each row with a line feed alone: `$(… --csv | tail -1)` would keep a carriage return."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out

    def write(self, row: str) -> int:
        return self._out.write(row.removesuffix("\r\n") + "\n")


def _as_csv_for_spreadsheets(cursor: duckdb.DuckDBPyConnection, names: Sequence[str], out: IO[str]) -> None:
    """With an apostrophe before text that would run there."""
    _as_csv(cursor, names, out, _harmless)


_NUMBERS = (bool, int, float, Decimal)


def _harmless(text: str) -> str:
    return f"'{text}" if could_run(text) else text


def _as_json(cursor: duckdb.DuckDBPyConnection, names: Sequence[str], out: IO[str]) -> None:
    """One object a line."""
    shown = plain if out.isatty() else str
    for row in _rows(cursor):
        out.write(shown(json.dumps(dict(zip(names, map(_json, row), strict=True)), ensure_ascii=False)) + "\n")


def _text(value: object) -> str:
    if isinstance(value, list | dict | tuple):
        return json.dumps(_json(value), ensure_ascii=False)
    return repr(value) if isinstance(value, float) else str(value)


def _json(value: object) -> object:
    """As JSON has it: what is no number there is null, what has no type there is text."""
    if isinstance(value, list | tuple):
        return [_json(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _json(each) for key, each in value.items()}
    if isinstance(value, Decimal | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int) else str(value)


_WRITERS = {"table": _as_table, "csv": _as_csv, "csv for spreadsheets": _as_csv_for_spreadsheets, "json": _as_json}


def read_query(text: str | None) -> str | None:
    """The query that was typed; `-` reads it from standard input."""
    return sys.stdin.read() if text == "-" else text
