"""Rows of the build file as named tuples, and named tuples as tables."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import duckdb
import orjson

from warehouse import build

_TYPES = {
    str: "varchar",
    int: "bigint",
    float: "double",
    date: "date",
    str | None: "varchar",
    int | None: "bigint",
    float | None: "double",
    bool: "boolean",
    bool | None: "boolean",
    tuple[str, ...]: "varchar[]",
    date | None: "date",
}


def read(con: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    names = ", ".join(f'"{name}"' for name in columns)
    return con.execute(f"select {names} from {table}").fetchall()  # noqa: S608 - names from this package


def write(
    con: duckdb.DuckDBPyConnection,
    name: str,
    kind: type[NamedTuple],
    rows: Iterable[NamedTuple],
    *,
    grain: str,
    columns: Mapping[str, str],
) -> int:
    """Makes the table, one column per field of `kind`, with its comments; the number of rows."""
    kinds = {column: _TYPES[of] for column, of in kind.__annotations__.items()}
    told = ", ".join(f'"{column}" {of}' for column, of in kinds.items())
    held = [row._asdict() for row in rows]
    con.execute(f"create table {name} ({told})")
    # One JSON text: bound row by row or list by list, a thousand comparisons take DuckDB a second. It rounds no double.
    con.execute(
        f"insert into {name} by name select unnest(from_json(?, ?), recursive := true)",
        [orjson.dumps(held).decode(), orjson.dumps([kinds]).decode()],
    )
    build.describe(con, name, grain, columns)
    return len(held)
