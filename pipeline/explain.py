"""The query behind a SWOT cell: its numbers from core.* and text.* by one SELECT that anybody can read, run and change.

A file `warehouse/sql/explain/<metric>.sql` says which reviews (or keywords) a metric counts and with which value, or the numbers
themselves; `compared.sql` compares. What they read of schema metric is put before them as the run itself made it. A metric without a
file is explained by the rule that proposed the cell and what it reads, down to core.* and text.*, or to metric.test.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from pipeline.page_text import plain
from warehouse import build
from warehouse.build import Model

_SCHEMA = "explain"
_CELL = f"{_SCHEMA}.cell"
_VALUE = f"{_SCHEMA}.value"
_INLINED = ("metric", "rule", "mart")

_CELL_ROW = """
select brand, theme, metric, "window", about, rule, claim, n, n_rest, effect
from mart.swot_cell
where cell_id = ?
"""
_TEST_ROW = """
select metric, brand, theme, "window", basis, n, n_rest, value, value_rest, effect
from metric.test
where metric = ? and theme is not distinct from ? and "window" = ? and brand in (?, ?)
    and n = ? and effect is not distinct from ?
order by brand <> ?
"""

Row = Mapping[str, Any]


class ExplainError(ValueError):
    """There is no such cell; the message names some that are there."""


def explained(con: duckdb.DuckDBPyConnection, cell_id: str) -> str:
    """The query for a cell of a published database: one row with n, n_rest and effect, and where metric.test has them both values.

    Raises ExplainError.
    """
    cell = _row(con, _CELL_ROW, [cell_id])
    if cell is None:
        known = con.execute("select cell_id from mart.swot_cell order by brand, quadrant, position limit 3").fetchall()
        raise ExplainError(
            f"Expected the id of a cell of the published run, found {cell_id!r:.80}. They stand in mart.swot_cell, and begin with "
            f"{', '.join(each[0] for each in known) or 'none'}."
        )
    # Where the claim is about a rival, the comparison is the rival's.
    brands = [cell["brand"], cell["about"]]
    lead = cell["about"] or cell["brand"]
    where = [cell["metric"], cell["theme"], cell["window"], *brands, cell["n"], cell["effect"], lead]
    test = _row(con, _TEST_ROW, where)
    heading = f"-- Cell {cell_id}: {plain(cell['claim'])}\n"
    query = None if test is None else compared(test)
    return (query or _by_rule(cell)).replace("with\n", f"with\n{heading}", 1)


def compared(test: Row) -> str | None:
    """The query for a row of metric.test; None for a metric of which no file says what it counts."""
    models = _models("metric", _SCHEMA)
    metric = test["metric"]
    own = models.get(f"{_SCHEMA}.{metric}") or models.get(f"{_SCHEMA}.{metric.removesuffix('_change')}")
    if own is None:
        return None
    # A file that gives values by review is compared; one that gives the numbers stands for itself.
    answer = models[f"{_SCHEMA}.compared"] if "platform" in own.columns else own
    parts = [f"cell as (\n{_literals(test, is_change=metric != own.table)}\n)", *map(_part, _needed(own, models))]
    if answer is not own:
        parts.append(_part(own, "value"))
    parts.append(_part(answer, "answer"))
    return _joined([_heading(test) + parts[0], *parts[1:]], "select * from answer")


def _heading(test: Row) -> str:
    numbers = ("n", "n_rest", "value", "value_rest", "effect")
    where = [_is(test, name) for name in ("metric", "brand", "theme", "window")]
    lines = (
        "As published: " + ", ".join(f"{name} = {test[name]}" for name in numbers if test[name] is not None),
        f"With interval, p and q, which pipeline/swot/statistics.py makes: from metric.test where {' and '.join(where)}",
    )
    return "".join(f"-- {plain(line)}\n" for line in lines)


def _literals(test: Row, *, is_change: bool) -> str:
    level = test["value_rest"] if test["basis"] == "level" else None
    values = {
        "brand": _quoted(test["brand"]),
        "theme": f"cast({_quoted(test['theme'])} as varchar)",
        "window": _quoted(test["window"]),
        "basis": _quoted(test["basis"]),
        "is_change": str(is_change).lower(),
        "value_rest": f"cast({'null' if level is None else repr(level)} as double)",
    }
    return "    select\n" + ",\n".join(f"        {value} as {_named(name)}" for name, value in values.items())


def _by_rule(cell: Row) -> str:
    models = _models(*_INLINED)
    rule = models[f"rule.{cell['rule']}"]
    parts = [*map(_part, _needed(rule, models)), _part(rule, "answer")]
    where = [
        f"{_named(name)} is not distinct from {_quoted(cell[name])}" for name in ("brand", "theme", "metric", "window", "about")
    ]
    return _joined(parts, f"select n, n_rest, effect, *\nfrom answer\nwhere {' and '.join(where)}")


def _joined(parts: Sequence[str], last: str) -> str:
    """It begins with a word, not with a comment, so that it can also be an argument of a command."""
    return "with\n" + ",\n\n".join(parts) + f"\n\n{last}\n"


def _models(*schemas: str) -> dict[str, Model]:
    return {model.name: model for model in build.models(*schemas)}


def _row(con: duckdb.DuckDBPyConnection, sql: str, values: list[Any]) -> Row | None:
    cursor = con.execute(sql, values)
    columns = [column[0] for column in cursor.description]
    row = cursor.fetchone()
    return None if row is None else dict(zip(columns, row, strict=True))


def _needed(model: Model, models: Mapping[str, Model]) -> list[Model]:
    """The models that it reads, directly or through one another, in order; tables of core and text, and what Python makes, are there."""
    todo, found = [model], {}
    while todo:
        for name in todo.pop().reads:
            if name in models and name not in found:
                found[name] = models[name]
                todo.append(models[name])
    return build.ordered(found.values(), present={name for each in found.values() for name in each.reads})


def _part(model: Model, name: str | None = None) -> str:
    """A model as a part of a `with`: without the header that describes its columns."""
    body = "\n".join(f"    {line}".rstrip() for line in _bare(_renamed(model)).splitlines())
    return f"-- {plain(model.grain)}\n{name or _local(model.name)} as (\n{body}\n)"


def _bare(sql: str) -> str:
    lines = sql.strip().splitlines()
    first = next(number for number, line in enumerate(lines) if not line.startswith("--"))
    return "\n".join(lines[first:])


def _renamed(model: Model) -> str:
    """Its SQL with the names of the parts in the place of those tables that stand before it."""
    places = []
    for table in sqlglot.parse_one(model.sql, read="duckdb").find_all(exp.Table):
        name = f"{table.db}.{table.name}"
        # What Python makes, such as metric.test, has no file, and is read as it was published.
        is_part = name in {_CELL, _VALUE} or (table.db in _INLINED and (build.SQL / table.db / f"{table.name}.sql").exists())
        if isinstance(table.this, exp.Identifier) and is_part:
            alias = "" if table.alias else f" as {table.this.sql(dialect='duckdb')}"
            places.append((table.args["db"].meta["start"], table.this.meta["end"] + 1, _local(name) + alias))
    sql = model.sql
    for start, stop, local in sorted(places, reverse=True):
        sql = f"{sql[:start]}{local}{sql[stop:]}"
    return sql


def _local(name: str) -> str:
    return {_CELL: "cell", _VALUE: "value"}.get(name, name.replace(".", "_"))


def _is(row: Row, column: str) -> str:
    return f"{_named(column)} is null" if row[column] is None else f"{_named(column)} = {_quoted(row[column])}"


def _named(column: str) -> str:
    return '"window"' if column == "window" else column


def _quoted(text: str | None) -> str:
    if text is None:
        return "null"
    # A word of a review, say in the name of a new complaint, must reach no terminal as more than a word.
    parts = [f"chr({ord(c)})" if not c.isprintable() else c for c in text.replace("'", "''")]
    return "'" + "".join(f"' || {c} || '" if c.startswith("chr(") else c for c in parts) + "'"
