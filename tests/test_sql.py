"""Each table and check under warehouse/sql, given rows and wanted rows: tests/sql/<schema>.<table>/<case>.json.

A case holds `why`, `given` (rows by table; columns left out are null, tables left out are empty) and `wanted` (rows in any order;
columns left out are not compared; a message, as pipeline/words.py tells, is compared as the English sentence). A case without `wanted` gets it written, and fails until a person has read it.
`tests/sql/columns.json` tells the types of the tables that Python makes; all others are known from their SQL.
"""

import json
import math
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline import words
from warehouse import build

CASES = Path(__file__).parent / "sql"
MADE_BY_PYTHON: dict[str, dict[str, str]] = json.loads((CASES / "columns.json").read_text(encoding="utf-8"))
ENGLISH = {"JSON": words.Words().message, "JSON[]": lambda found: [words.Words().message(each) for each in found]}
MODELS = {m.name: m for folder in sorted(build.SQL.iterdir()) for m in build.models(folder.name)}


def cases() -> list[Path]:
    return sorted(CASES.glob("*/*.json"))


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    nothing = tmp_path / "nothing.jsonl"
    nothing.touch()
    with build.connect(threads=1) as opened:
        words.register(opened)
        kinds = ("reviews", "faq", "ranking", "contact", "mentions")
        for name in ("market_file", "crawl_file", "landing_file", "record_file", *(f"{kind}_files" for kind in kinds)):
            opened.execute(f"set variable {name} = '{nothing}'")
        yield opened


@pytest.mark.parametrize("path", cases(), ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_given_rows_become_wanted_rows(path: Path, con: duckdb.DuckDBPyConnection) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    model = MODELS[path.parent.name]
    for name in sorted(model.reads):
        fill(con, name, case["given"].get(name, []))
    if unread := case["given"].keys() - model.reads:
        pytest.fail(f"{path}: gives {sorted(unread)}, which {model.path} does not read")
    found = rows(con, model)
    if "wanted" not in case:
        path.write_text(json.dumps(case | {"wanted": found}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        pytest.fail(f"{path}: had no wanted rows. They are written now: read them, and run again.")
    columns = case["wanted"][0].keys() if case["wanted"] else ()
    assert in_order([{c: row[c] for c in columns} for row in found]) == in_order(case["wanted"])


def test_each_case_belongs_to_an_sql_file() -> None:
    assert {p.parent.name for p in cases()} <= MODELS.keys()


def test_each_table_of_the_model_and_each_check_has_a_case() -> None:
    passed_on = {"core.run", "core.source", "core.keyword", "core.theme"}  # columns of the market file as they are
    needed = {name for name in MODELS if name.split(".", maxsplit=1)[0] in {"work", "core", "check"}} - passed_on
    assert needed <= {p.parent.name for p in cases()}


def fill(con: duckdb.DuckDBPyConnection, name: str, given: list[dict[str, Any]]) -> None:
    schema(con, name)
    con.execute(f"delete from {quoted(name)}")
    if given:
        types = dict(con.execute(f"select column_name, column_type from (describe {quoted(name)})").fetchall())
        if unknown := {key for row in given for key in row} - types.keys():
            pytest.fail(f"{name} has no column {', '.join(sorted(unknown))}")
        shape = json.dumps([types])
        con.execute(
            f"insert into {quoted(name)} select row.* from (select unnest(from_json(?, ?)) as row)",
            [json.dumps([{key: row.get(key) for key in types} for row in given]), shape],
        )


def schema(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """The table, empty, with its true types: made by its own SQL out of empty tables."""
    if name in build.tables(con):
        return
    if name in MADE_BY_PYTHON:
        columns = ", ".join(f'"{column}" {kind}' for column, kind in MADE_BY_PYTHON[name].items())
        con.execute(f'create schema if not exists "{name.split(".", maxsplit=1)[0]}"')
        con.execute(f"create table {quoted(name)} ({columns})")
        return
    for needed in sorted(MODELS[name].reads):
        schema(con, needed)
    build.make(con, MODELS[name])


def rows(con: duckdb.DuckDBPyConnection, model: build.Model) -> list[dict[str, Any]]:
    cursor = con.execute(model.sql)
    columns = [(name, ENGLISH.get(str(kind))) for name, kind, *_ in cursor.description]
    return in_order(
        [
            {
                name: plain(v if english is None or v is None else english(v))
                for (name, english), v in zip(columns, row, strict=True)
            }
            for row in cursor.fetchall()
        ]
    )


def plain(value: Any) -> Any:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return plain(float(value))
        case float():
            return None if math.isnan(value) else round(value, 6)
        case list() | tuple():
            return [plain(v) for v in value]
        case dict():
            return {k: plain(v) for k, v in value.items()}
        case _:
            return value


def in_order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(
        ({k: plain(v) for k, v in row.items()} for row in found),
        key=lambda row: json.dumps([[k, row[k]] for k in sorted(row)], ensure_ascii=False),
    )


def quoted(name: str) -> str:
    return ".".join(f'"{part}"' for part in name.split("."))
