"""`make catalogs`: collects the templates of the product's own words and brings `pipeline/catalogs/*.po` up to date with them.

Words stand in four kinds of files: `say`, `plural` and `html` of pipeline/words.py in Python; `_` and `_n` in Jinja templates; `json_object('say', ...)`
in SQL; and the texts of tactics and journeys in TOML. What is new gets an empty translation, what is gone goes; tests/test_words.py fails until
the new ones are translated.
"""

import ast
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlglot
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract
from sqlglot import exp

from pipeline.swot import guide, tactics
from pipeline.words import CATALOGS, LANGUAGES
from warehouse import build

ROOT = Path(__file__).parents[1]
PRODUCT = ROOT / "pipeline"

Id = str | tuple[str, str]
"""A template, or the pair of those for one and for many."""

_CALLS = {"say": 1, "html": 1, "plural": 2, "html_plural": 2, "_": 1, "_n": 2}
"""Methods of Words and what they are called in places, and how many of their arguments are templates."""

_HEADER = """\
# The report's words. `make catalogs` keeps the msgids true; translate, and keep the names in braces (a format may differ: {on:day}, {on:month})."""

# Babel stamps the hour; a file that only the hour changes tells nobody anything.
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)


def templates() -> dict[Id, list[str]]:
    """Every template of the product with the files that it stands in, by file."""
    found: dict[Id, list[str]] = {}
    for path, ids in _files():
        for each in ids:
            places = found.setdefault(each, [])
            if (place := path.relative_to(ROOT).as_posix()) not in places:
                places.append(place)
    return found


def _files() -> Iterator[tuple[Path, list[Id]]]:
    for path in sorted(PRODUCT.rglob("*.py")):
        yield path, [*of_python(path.read_text(encoding="utf-8"))]
    for path in sorted(PRODUCT.rglob("*.j2")):
        with path.open("rb") as file:
            options = {"encoding": "utf-8", "silent": "false", "trimmed": "true"}
            yield path, [*_of_jinja(babel_extract(file, list(_CALLS), (), options))]
    for path in sorted(build.SQL.rglob("*.sql")):
        yield path, [*of_sql(path.read_text(encoding="utf-8"))]
    for path in sorted(tactics.TACTICS.glob("*.toml")):
        entry = tomllib.loads(path.read_text(encoding="utf-8"))
        yield path, [entry["title"], entry["pain"], *entry["steps"]]
    yield guide.JOURNEYS, [stage.name for stage in guide.load_journeys()]


def of_python(source: str) -> Iterator[Id]:
    """Also within f-strings, where Babel's own extractor does not look."""
    for call in ast.walk(ast.parse(source)):
        match call:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in _CALLS:
                texts = [each.value for each in call.args[: _CALLS[name]] if isinstance(each, ast.Constant)]
                if len(texts) == _CALLS[name]:
                    yield texts[0] if len(texts) == 1 else (texts[0], texts[1])


def _of_jinja(found: Iterable[tuple[Any, ...]]) -> Iterator[Id]:
    """Babel gives the texts among a call's arguments, and None for each other one."""
    for _, _, given, _ in found:
        match [text for text in ([given] if isinstance(given, str) else given) if text]:
            case [one]:
                yield one
            case [one, many]:
                yield one, many


def of_sql(sql: str) -> Iterator[Id]:
    """What json_object says, with its plural; where a case chooses, each of its choices."""
    for call in sqlglot.parse_one(sql, read="duckdb").find_all(exp.JSONObject):
        said = {pair.this.name: [*_choices(pair.expression)] for pair in call.expressions if isinstance(pair, exp.JSONKeyValue)}
        if "many" in said:
            yield from zip(said["say"], said["many"], strict=True)
        else:
            yield from said.get("say", ())


def _choices(value: exp.Expression) -> Iterator[str]:
    match value:
        case exp.Literal():
            yield value.name
        case exp.Case():
            for branch in value.args["ifs"]:
                yield from _choices(branch.args["true"])
            yield from _choices(value.args["default"])
        case exp.If():
            yield from _choices(value.args["true"])
            yield from _choices(value.args["false"])


def held(language: str) -> Catalog:
    """The catalog as it stands; an empty one where there is none."""
    path = CATALOGS / f"{language}.po"
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> int:
    """Writes the language's catalog anew with what is translated; how many templates are not."""
    old = held(language)
    new = Catalog(
        locale=language,
        header_comment=_HEADER,
        project="rivalscope",
        version="0",
        copyright_holder="rivalscope",
        msgid_bugs_address="-",
        creation_date=_NO_DATE,
        revision_date=_NO_DATE,
        last_translator="rivalscope",
        language_team=language,
        fuzzy=False,
    )
    missing = 0
    for each, places in templates().items():
        known = old.get(each if isinstance(each, str) else each[0])
        text = known.string if known and known.id == each else ""
        missing += not all(text if isinstance(text, tuple) else [text])
        new.add(each, text, locations=[(place, 0) for place in places])
    CATALOGS.mkdir(exist_ok=True)
    with (CATALOGS / f"{language}.po").open("wb") as file:
        write_po(file, new, width=130, sort_output=True, include_lineno=False)
    return missing


def main() -> None:
    for language in LANGUAGES:
        if language != "en":
            print(f"{language}: {update(language)} of {len(templates())} templates are not translated")


if __name__ == "__main__":
    main()
