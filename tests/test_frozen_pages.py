"""Every page under tests/pages/<source>/ parses to the records beside it, `<case>.records.json`.

A new source or case needs a page and nothing else: missing records are written, and the test fails until they have been read.
Fields that stand at their default are left out of the golden file, so a new field changes none.
"""

import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import orjson
import pytest

from spiders.items import FOLDERS, Record, line

PAGES = Path(__file__).parent / "pages"
URL = "https://www.shop.example/page"

Parser = Callable[[str, str], Iterator[Record]]


def parsers() -> dict[str, Parser]:
    found = {}
    for folder in FOLDERS.values():
        package = importlib.import_module(f"spiders.{folder}")
        for each in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{each.name}")
            if hasattr(module, "parse"):
                found[each.name] = module.parse
    return found


PARSERS = parsers()
FROZEN = sorted(
    page
    for folder in PAGES.iterdir()
    if folder.is_dir()
    for page in folder.iterdir()
    if not page.name.endswith((".records.json", ".url"))
)


def page_id(page: Path) -> str:
    return f"{page.parent.name}/{page.name}"


def address(page: Path) -> str:
    """Where the page was seen: `<case>.url` beside it, where that matters to its source."""
    said = page.with_suffix(".url")
    return said.read_text("utf-8").strip() if said.exists() else URL


def parsed(page: Path, text: str) -> list[dict[str, object]]:
    found = []
    for record in PARSERS[page.parent.name](text, address(page)):
        printed = json.loads(orjson.dumps(line(record, b"key")))
        defaults = {f.name: f.default for f in fields(record) if f.default is not MISSING} | {"author_hash": None}
        found.append({key: value for key, value in printed.items() if key not in defaults or value != defaults[key]})
    return found


@pytest.mark.parametrize("page", FROZEN, ids=page_id)
def test_a_frozen_page_parses_to_its_records(page: Path) -> None:
    found = parsed(page, page.read_text("utf-8"))
    golden = page.with_suffix(".records.json")
    if not golden.exists():
        golden.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
        pytest.fail(f"{golden} was missing and has been written: read it, then run again.")
    assert found == json.loads(golden.read_text("utf-8"))


@pytest.mark.parametrize("page", FROZEN, ids=page_id)
def test_a_page_parses_the_same_behind_a_byte_order_mark(page: Path) -> None:
    text = page.read_text("utf-8")
    assert parsed(page, f"\ufeff\n{text}") == parsed(page, text)


_WORDS = frozenset({"author", "title", "text", "reply_text"})
"""`author` lands as a keyed hash. The other three are what people said: they may sign it or be greeted in it, and it lands as said."""


@pytest.mark.parametrize("page", FROZEN, ids=page_id)
def test_no_author_is_named_in_ids_addresses_and_whatever_else_is_not_words(page: Path) -> None:
    for record in PARSERS[page.parent.name](page.read_text("utf-8"), address(page)):
        author = (getattr(record, "author", None) or "").casefold().lstrip("@")
        for name in {author, author.partition("@")[0]}:
            if len(name) < 4:  # found in any address by chance
                continue
            landed = {f.name: str(getattr(record, f.name)) for f in fields(record) if f.name not in _WORDS}
            assert {field: value for field, value in landed.items() if name in value.casefold()} == {}


def test_every_source_that_parses_pages_has_a_frozen_one() -> None:
    assert {page.parent.name for page in FROZEN} == PARSERS.keys()
