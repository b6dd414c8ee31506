"""report.schema.json: what report.json holds, as JSON Schema 2020-12, told from the classes that it is written from and the tables' own comments.

`python -m pipeline.report.schema` prints it; docs/report.schema.json is a copy.
"""

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

import orjson
from pydantic import TypeAdapter

from pipeline.report import rows
from pipeline.report.data import SCHEMA_FILE, VERSION, Document, ProvenCell, QuotedTerm
from pipeline.report.facts import Report
from warehouse import build

FILE = SCHEMA_FILE

TRANSLATED = False


def render(_report: Report) -> bytes:
    return written()


@cache
def written() -> bytes:
    return orjson.dumps(json_schema(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def json_schema() -> dict[str, Any]:
    """The schema, each property with what the comments of its table say of the column."""
    made = TypeAdapter(Document).json_schema(mode="serialization")
    for name, definition in made["$defs"].items():
        _describe(definition, _table_of(name))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:rivalscope:report:{VERSION}",
        **made,
        "properties": {"$schema": {"type": "string", "description": "This schema's file."}, **made["properties"]},
    }


def _table_of(name: str) -> build.Model | None:
    """The table that a class is a row of: its docstring begins with the name; None where it is no row."""
    made = {"ProvenCell": ProvenCell, "QuotedTerm": QuotedTerm}.get(name) or getattr(rows, name, None)
    table = (made.__doc__ or "").split("\n")[0].rstrip(".").split(",")[0].split(";")[0] if made else ""
    schema, _, file = table.partition(".")
    path = build.SQL / schema / f"{file}.sql"
    return build.read(path) if file and path.exists() else None


def _describe(definition: dict[str, Any], table: build.Model | None) -> None:
    if table is None:
        return
    definition["description"] = f"{table.name}: {table.grain}"
    properties: Mapping[str, dict[str, Any]] = definition["properties"]
    for column, schema in properties.items():
        if "description" not in schema and column in table.columns:
            schema["description"] = table.columns[column]


if __name__ == "__main__":
    sys.stdout.buffer.write(written())
