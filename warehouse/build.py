"""Turns the SQL files into tables: file path = table name, order = what they read, header = what the tables say of themselves.

`sql/<schema>/<table>.sql` holds one SELECT. Its header is a run of `--` lines: first the grain ("One row per ..."), then
`-- <column>: meaning` for each column it gives (`-- low, high: ...` speaks for both); a further line without a column's name
continues the one before. A column that nobody described is an error here, so an open table never holds an unexplained number.
Files in `sql/check` are promises instead: a check that returns rows has found a fault, and nothing is published.
"""

import functools
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

SQL = Path(__file__).parent / "sql"

CHECKS = "check"
"""The folder whose files are run to find faults, not to make tables."""

SIBLING = "_unflagged"
"""What is added to a schema's name for its tables without flagged reviews."""

_COLUMNS = re.compile(r"([a-z_][a-z0-9_]*(?:, [a-z_][a-z0-9_]*)*): (\S.*)")


class ModelError(ValueError):
    """An SQL file is not what the runner takes. The message names the file, what was expected and what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One SQL file: the table that it makes, or the check that it is."""

    schema: str
    table: str
    path: Path
    sql: str
    grain: str
    """First sentence(s) of the header; the table's comment."""
    columns: Mapping[str, str]
    """What the header says of each column."""
    reads: frozenset[str]
    """Tables as `schema.table`."""

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"


def connect(
    path: Path | str = ":memory:",
    *,
    read_only: bool = False,
    memory_limit: str = "2GB",
    threads: int | None = None,
    temp_directory: Path | None = None,
) -> duckdb.DuckDBPyConnection:
    """A connection with the bounds that every room keeps: memory, threads, where it spills, UTC, no downloads.

    `temp_directory` is made only when something spills; by default beside a file that is written, else under the system's.
    """
    if temp_directory is None:
        beside = str(path) != ":memory:" and not read_only
        temp_directory = Path(f"{path}.spill") if beside else Path(tempfile.gettempdir()) / f"rivalscope-spill-{os.getpid()}"
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads or len(os.sched_getaffinity(0)),
        "temp_directory": str(temp_directory),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    con = duckdb.connect(str(path), read_only=read_only, config=config)
    con.execute("set timezone = 'UTC'")
    return con


def run_folder(
    con: duckdb.DuckDBPyConnection, *schemas: str, root: Path = SQL, progress: Callable[[str], None] | None = None
) -> dict[str, int]:
    """Makes each table of these folders, in the order of what they read. Row counts by `schema.table`.

    Raises ModelError for a file that reads what nobody makes, reads in a circle, does not run, or leaves a column undescribed.
    """
    counts = {}
    todo = ordered(models(*schemas, root=root), present=tables(con))
    with transaction(con):
        for model in todo:
            counts[model.name] = make(con, model)
            if progress:
                progress(f"{model.name}: {counts[model.name]:,} rows")
    return counts


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One commit for all that is made inside: hundreds of comments, each on disk before the next, would cost more than the tables."""
    con.execute("begin")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")


def models(*schemas: str, root: Path = SQL) -> list[Model]:
    """The SQL files of these folders, by name."""
    return [read(path) for schema in schemas for path in sorted((root / schema).glob("*.sql"))]


def read(path: Path) -> Model:
    """One SQL file, parsed. Raises ModelError when it is not a single documented SELECT."""
    return _read(path, path.read_text(encoding="utf-8"))


@functools.cache  # A process that makes many builds parses each file once.
def _read(path: Path, sql: str) -> Model:
    grain, columns = _header(path, sql)
    try:
        statements = [s for s in sqlglot.parse(sql, read="duckdb") if s is not None]
    except sqlglot.ParseError as err:
        raise ModelError(f"{path}: expected DuckDB SQL, found what does not parse: {err}") from err
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        found = ", ".join(type(s).__name__.lower() for s in statements) or "nothing"
        raise ModelError(f"{path}: expected one select, found {found}.")
    reads = _reads(path, statements[0])
    return Model(schema=path.parent.name, table=path.stem, path=path, sql=sql, grain=grain, columns=columns, reads=reads)


def ordered(found: Iterable[Model], present: Iterable[str] = ()) -> list[Model]:
    """Each model after those that it reads. Raises ModelError for circles and for tables neither among them nor `present`."""
    by_name = {m.name: m for m in found}
    known = by_name.keys() | set(present)
    for model in by_name.values():
        if unknown := sorted(model.reads - known):
            raise ModelError(
                f"{model.path}: reads {', '.join(unknown)}, which no SQL file makes and the database does not hold. "
                "Is it misspelt, or has an earlier step (load, score) not run?"
            )
    graph = {name: sorted(m.reads & by_name.keys()) for name, m in sorted(by_name.items())}
    try:
        return [by_name[name] for name in TopologicalSorter(graph).static_order()]
    except CycleError as err:
        circle = " -> ".join(err.args[1])
        first = by_name[err.args[1][0]]
        raise ModelError(f"{first.path}: expected tables that build on one another, found a circle: {circle}") from err


def dependents(found: Iterable[Model], changed: Iterable[str]) -> list[Model]:
    """Those of the models, in their order, that read any of the changed tables, directly or through one another."""
    held, out = set(changed), []
    for model in found:
        if model.reads & held:
            held.add(model.name)
            out.append(model)
    return out


def needed(found: Iterable[Model], by: Iterable[Model]) -> list[Model]:
    """Those of the models that these read, directly or through one another; in the order in which they were given."""
    by_name = {model.name: model for model in found}
    todo = [name for model in by for name in model.reads]
    held: set[str] = set()
    while todo:
        name = todo.pop()
        if name in by_name and name not in held:
            held.add(name)
            todo += by_name[name].reads
    return [model for name, model in by_name.items() if name in held]


def sibling(model: Model, changed: Iterable[str], note: str) -> Model:
    """The same SELECT for the schema's sibling: it reads the siblings of the changed tables; `note` is added to its grain.

    Only the names of schemas are exchanged, where the parser found them: the rest of the text is left as it was written.
    """
    wanted = set(changed)
    places = [(start, stop, schema) for start, stop, schema, table in _places(model.sql) if f"{schema}.{table}" in wanted]
    sql = model.sql
    for start, stop, schema in sorted(places, reverse=True):
        if sql[start:stop] != schema:
            raise ModelError(
                f"{model.path}: expected {schema} at {start}, found {sql[start:stop]!r}; write schemas without quotes."
            )
        sql = f'{sql[:start]}"{schema}{SIBLING}"{sql[stop:]}'
    reads = frozenset(sibling_name(name) if name in wanted else name for name in model.reads)
    return replace(model, schema=f"{model.schema}{SIBLING}", sql=sql, grain=f"{model.grain} {note}", reads=reads)


@functools.cache
def _places(sql: str) -> tuple[tuple[int, int, str, str], ...]:
    """Where a table's schema stands, from and up to, with schema and table."""
    return tuple(
        (table.args["db"].meta["start"], table.args["db"].meta["end"] + 1, table.db, table.name)
        for table in sqlglot.parse_one(sql, read="duckdb").find_all(exp.Table)
        if table.db and isinstance(table.this, exp.Identifier)
    )


def sibling_name(name: str) -> str:
    schema, table = name.split(".")
    return f"{schema}{SIBLING}.{table}"


def make(con: duckdb.DuckDBPyConnection, model: Model) -> int:
    """Creates or replaces the model's table with its comments; its row count."""
    table = f'"{model.schema}"."{model.table}"'
    con.execute(f'create schema if not exists "{model.schema}"')
    try:
        rows = con.execute(f"create or replace table {table} as\n{model.sql}").fetchall()
    except (
        duckdb.BinderException,
        duckdb.ParserException,
        duckdb.CatalogException,
        duckdb.ConversionException,
        duckdb.NotImplementedException,
    ) as err:
        raise ModelError(f"{model.path}: expected SQL that runs, found: {err}") from err
    describe(con, model.name, model.grain, model.columns, where=str(model.path))
    return int(rows[0][0])


def describe(
    con: duckdb.DuckDBPyConnection, name: str, grain: str, columns: Mapping[str, str], *, where: str | None = None
) -> None:
    """COMMENT ON a table and each of its columns. Raises ModelError unless exactly its columns are described.

    `where` is what an error names: the file that describes the table.
    """
    schema, table = name.split(".")
    # Not from duckdb_columns(), which lists every column of the database: over a hundred tables that took a third of a second.
    held = [column[0] for column in con.execute(f'from "{schema}"."{table}" limit 0').description]
    if missing := [c for c in held if c not in columns]:
        raise ModelError(f"{where or name}: column {', '.join(missing)} has no line `-- <column>: meaning` in the header.")
    if extra := [c for c in columns if c not in held]:
        raise ModelError(
            f"{where or name}: the header describes {', '.join(extra)}, which is no column of {name} ({', '.join(held)})."
        )
    comments = [f'comment on table "{schema}"."{table}" is {_literal(grain)}']
    comments += [f'comment on column "{schema}"."{table}"."{column}" is {_literal(columns[column])}' for column in held]
    con.execute(";\n".join(comments))


def tables(con: duckdb.DuckDBPyConnection) -> list[str]:
    """What the database holds, as `schema.table`, by name; temporary tables left out."""
    rows = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database() order by 1"
    ).fetchall()
    return [row[0] for row in rows]


def undocumented(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables (`schema.table`) and columns (`schema.table.column`) without a comment."""
    rows = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " where database_name = current_database() and coalesce(comment, '') = ''"
        " union all"
        " select schema_name || '.' || table_name || '.' || column_name from duckdb_columns()"
        " where database_name = current_database() and not internal and coalesce(comment, '') = '' order by 1"
    ).fetchall()
    return [row[0] for row in rows]


def _header(path: Path, sql: str) -> tuple[str, dict[str, str]]:
    grain: list[str] = []
    columns: dict[str, list[str]] = {}
    current = grain
    for raw in sql.splitlines():
        if not raw.startswith("--"):
            break
        text = raw[2:].strip()
        if named := _COLUMNS.fullmatch(text):
            current = [named[2]]
            for column in named[1].split(", "):
                if column in columns:
                    raise ModelError(f"{path}: the header describes {column} twice.")
                columns[column] = current
        elif text:
            current.append(text)
    if not grain:
        raise ModelError(f"{path}: expected a first line `-- One row per ...`, found {sql[:60]!r}.")
    return " ".join(grain), {name: " ".join(lines) for name, lines in columns.items()}


def _reads(path: Path, query: exp.Query) -> frozenset[str]:
    named_here = {cte.alias for cte in query.find_all(exp.CTE)}
    reads = set()
    for table in query.find_all(exp.Table):
        if not isinstance(table.this, exp.Identifier):
            continue  # a table function
        if table.db:
            reads.add(f"{table.db}.{table.name}")
        elif table.name not in named_here:
            raise ModelError(f"{path}: expected tables named schema.table, found {table.name!r}.")
    return frozenset(reads)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
