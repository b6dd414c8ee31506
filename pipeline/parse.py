"""One saved page through a source's parser: what `rivalscope parse` prints, and what `rivalscope freeze` keeps for the tests.

A module that reads one kind of page only says so in `recognises(text, url) -> bool`; where none claims the page, the kind's
general readers take it, each only where the one before found nothing. Exports of reviews (CSV, JSON lines, Parquet) go to `table`.
"""

import argparse
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import orjson
from pydantic import ValidationError

from spiders.items import FOLDERS, Kind, Record, SearchResult, UnexpectedPage, line, line_fields
from spiders.receipt import Politeness, author_key
from spiders.reviews import table
from spiders.settings import polite_settings
from spiders.web.saved import MAX_BYTES, decoded

Progress = Callable[[str], None]

GENERAL: dict[Kind, tuple[str, ...]] = {
    "reviews": ("schema_org", "embedded_state", "cards"),
    "faq": ("faq_page",),
    "ranking": ("search_page",),
    "contact": ("site",),
    "mentions": ("feed",),
}

EXPORTS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".pq", ".csv.gz", ".tsv.gz", ".jsonl.gz", ".ndjson.gz")
"""File names by which reviews are taken for an export; .json and .txt may just as well be a page."""


class ParseError(ValueError):
    """The page cannot be read or its source is not known; the message says what to do."""


def parse(options: argparse.Namespace, progress: Progress) -> None:
    key = author_key(options.key_file or Path("data") / ".secrets" / "author.key")
    if options.kind == "reviews" and _is_export(options):
        for each in table.lines(options.file, _table_options(options.profile), key=key, url=options.url):
            sys.stdout.buffer.write(
                orjson.dumps({name: each[name] for name in line_fields("reviews")}, option=orjson.OPT_APPEND_NEWLINE)
            )
        sys.stdout.buffer.flush()
        return
    text = decoded(_bytes(options.file))
    modules = source_modules(options.kind, options.source, text, options.url)
    for record in records(modules, text, options.url):
        if isinstance(record, SearchResult) and record.rank is None:
            progress(f"no results: {record.engine} answered '{record.status}'")
            continue
        sys.stdout.buffer.write(orjson.dumps(line(record, key), option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def _table_options(profile: str | None) -> table.Options:
    try:
        return table.Options.model_validate({"profile": profile} if profile else {})
    except ValidationError as error:
        raise ParseError("; ".join(str(each.get("ctx", {}).get("error", each["msg"])) for each in error.errors())) from error


def _is_export(options: argparse.Namespace) -> bool:
    named = options.file.name.lower().endswith(EXPORTS) and options.source is None
    return named or options.source == "table" or options.profile is not None


def records(modules: Sequence[ModuleType], text: str, url: str) -> Iterator[Record]:
    """The page's records by the first of the readers that finds any, in the page's order.

    Raises `spiders.items.UnexpectedPage` where none finds any and the first of them says that this is no page of its kind.
    """
    refusal: UnexpectedPage | None = None
    for number, module in enumerate(modules):
        try:
            found = list(module.parse(text, url))
        except UnexpectedPage as error:
            refusal = error if number == 0 else refusal
            continue
        if found:
            yield from found
            return
    if refusal is not None:
        raise refusal


def source_modules(kind: Kind, name: str | None, text: str, url: str) -> tuple[ModuleType, ...]:
    """The readers of a page: the one of that name, or the one that recognises it, or the kind's general ones. Raises ParseError."""
    package = importlib.import_module(f"spiders.{FOLDERS[kind]}")
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__))
    modules = {each: importlib.import_module(f"{package.__name__}.{each}") for each in names if name in (None, each)}
    parsers = {each: module for each, module in modules.items() if hasattr(module, "parse")}
    if name is not None:
        if name not in parsers:
            raise ParseError(
                f"Expected a source of kind {kind} that parses pages, found {name!r}. The folder has: {', '.join(names)}."
            )
        return (parsers[name],)
    claimed = next(
        (module for module in parsers.values() if hasattr(module, "recognises") and module.recognises(text, url)), None
    )
    return (claimed,) if claimed is not None else tuple(parsers[each] for each in GENERAL[kind] if each in parsers)


def _bytes(path: Path) -> bytes:
    if str(path) == "-":
        body = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise ParseError(
            f"{path}: expected a page of at most {MAX_BYTES:,} bytes, found more. For an export use the `table` source."
        )
    return body


def freeze(options: argparse.Namespace, progress: Progress) -> None:
    """Saves a page as a test case. Raises ParseError when it cannot be had or the case exists."""
    _known_source(options.source)
    is_web = options.page.startswith(("http://", "https://"))
    body = _fetched(options) if is_web else _bytes(Path(options.page))
    if not body.strip():
        raise ParseError(f"Expected a page from {options.page}, found none: robots.txt or the site refused it, or it is empty.")
    stem = re.sub(r"[^A-Za-z0-9-]+", "_", options.case or Path(urlsplit(options.page).path).stem).strip("_") or "page"
    case = options.folder / options.source / f"{stem}.{_suffix(body)}"
    if case.exists():
        raise ParseError(f"Expected a new case, found {case}. Choose another name with --case.")
    case.parent.mkdir(parents=True, exist_ok=True)
    case.write_bytes(body)
    progress(f"kept {case} ({len(body):,} bytes). Cut it down and invent the names in it, then run the tests: the records that")
    progress("the parser finds are written beside it, and the test fails until you have read them.")


def _known_source(name: str) -> None:
    folders = [importlib.import_module(f"spiders.{folder}").__path__ for folder in FOLDERS.values()]
    known = sorted(found.name for path in folders for found in pkgutil.iter_modules(path))
    if name not in known:
        raise ParseError(f"Expected a source ({', '.join(known)}), found {name!r}.")


def _suffix(body: bytes) -> str:
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if start.startswith((b"{", b"[")):
        return "json"
    return "xml" if start.startswith((b"<?xml", b"<feed", b"<rss")) and b"<html" not in start else "html"


def _fetched(options: argparse.Namespace) -> bytes:
    if not options.contact:
        raise ParseError("Expected --contact with an address that the site's owner can write to, found none.")
    settings = polite_settings(Politeness(contact=options.contact, allow_hosts=tuple(options.allow_host)))
    arguments = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "fetch", *arguments, "-s", "LOG_LEVEL=DEBUG", options.page],
        env=os.environ | {"SCRAPY_SETTINGS_MODULE": "spiders.settings"},
        capture_output=True,
        check=False,
        timeout=300,
    )
    said = done.stderr.decode("utf-8", "replace")
    # `scrapy fetch` prints the body of an error page as well; only its log tells the status, that of the page last.
    statuses = _ANSWERED.findall(said)
    if done.returncode or not statuses or statuses[-1] != "200":
        told = [line for line in said.splitlines() if re.match(r"(?:WARNING|ERROR|CRITICAL) |.*(?:Forbidden|refused)", line)]
        found = (
            f"status {statuses[-1]}"
            if statuses
            else " ".join(told)[-500:] or "none: its address may be private and not named with --allow-host"
        )
        raise ParseError(f"Expected a page from {options.page}, found {found}. Look at it in a browser.")
    return done.stdout


_ANSWERED = re.compile(r"Crawled \((\d{3})\) <GET (?!\S+/robots\.txt>)")
