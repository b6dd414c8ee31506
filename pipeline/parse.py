"""One saved page through a source's parser: what `rivalscope parse` prints, and what `rivalscope freeze` keeps for the tests.

A module that reads one kind of page only says so in `recognises(text, url) -> bool`; where none claims the page, the kind's
general reader takes it.
"""

import argparse
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import orjson

from spiders.items import FOLDERS, Kind, Record, SearchResult, line
from spiders.receipt import Politeness, author_key
from spiders.saved import MAX_BYTES, decoded
from spiders.settings import polite_settings

Progress = Callable[[str], None]

GENERAL: dict[Kind, str] = {"reviews": "schema_org", "faq": "faq_page", "ranking": "search_page", "contact": "site"}


class ParseError(ValueError):
    """The page cannot be read or its source is not known; the message says what to do."""


def parse(options: argparse.Namespace, progress: Progress) -> None:
    text = decoded(_bytes(options.file))
    module = source_module(options.kind, options.source, text, options.url)
    key = author_key(options.key_file or Path("data") / ".secrets" / "author.key")
    for record in records(module, text, options.url):
        if isinstance(record, SearchResult) and record.rank is None:
            progress(f"no results: {record.engine} answered '{record.status}'")
            continue
        sys.stdout.buffer.write(orjson.dumps(line(record, key), option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


def records(module: ModuleType, text: str, url: str) -> Iterator[Record]:
    """The page's records, in its order. Raises `spiders.items.UnexpectedPage`."""
    yield from module.parse(text, url)


def source_module(kind: Kind, name: str | None, text: str, url: str) -> ModuleType:
    """The parser for a page: by name, or the one that recognises it, or the kind's general reader. Raises ParseError."""
    package = importlib.import_module(f"spiders.{FOLDERS[kind]}")
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__))
    modules = {each: importlib.import_module(f"{package.__name__}.{each}") for each in names if name in (None, each)}
    parsers = {each: module for each, module in modules.items() if hasattr(module, "parse")}
    if name is not None:
        if name not in parsers:
            raise ParseError(
                f"Expected a source of kind {kind} that parses pages, found {name!r}. The folder has: {', '.join(names)}."
            )
        return parsers[name]
    claimed = (module for module in parsers.values() if hasattr(module, "recognises") and module.recognises(text, url))
    return next(claimed, parsers[GENERAL[kind]])


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
