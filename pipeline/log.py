"""What a command says on stderr while it works: lines for people or, with `RIVALSCOPE_LOG=json` in the environment, one JSON object a line.

A line is one line whatever stands in it: much of what is told comes from pages, files and servers, and none of that may pass for a line of ours.
A process speaks of one run at a time, so what it speaks of is kept here.
"""

import contextlib
import logging
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal, TypedDict, Unpack

import orjson

Level = Literal["info", "warning", "error"]

VARIABLE = "RIVALSCOPE_LOG"

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys, what turns the direction of what follows, and line breaks of other systems; not tab and line feed."""

_MISSED = frozenset({"rejected", "failed", "blocked"})
"""The first word of what became of a crawl, after its target, where somebody should look."""


class About(TypedDict, total=False):
    """What the lines are about, as far as it is known."""

    market: str
    run: str
    room: str


_about: dict[str, str] = {}
_brands: dict[str, str | None] = {}
_hidden: dict[str, str] = {}
_began = time.monotonic()


def begin(command: str) -> None:
    """Before anything is said."""
    global _began  # noqa: PLW0603 - a process says the time since it began
    _began = time.monotonic()
    for known in (_about, _brands, _hidden):
        known.clear()
    _about["command"] = command
    if is_json():
        logging.basicConfig(handlers=[_Handler()], level=logging.WARNING)
        logging.captureWarnings(capture=True)


def is_json() -> bool:
    return os.environ.get(VARIABLE, "").strip().lower() == "json"


def about(**known: Unpack[About]) -> None:
    """From here on the lines are about this."""
    _about.update({name: str(value) for name, value in known.items()})


def targets(brands: Mapping[str, str | None], hidden: Mapping[str, str]) -> None:
    """The market's targets, each with its brand, and its secrets (variable to value), which no line repeats."""
    _brands.update(brands)
    _hidden.update(hidden)


@contextlib.contextmanager
def room(name: str) -> Iterator[None]:
    before = _about.get("room")
    _about["room"] = name
    try:
        yield
    finally:
        if before is None:
            del _about["room"]
        else:
            _about["room"] = before


def info(line: str) -> None:
    """One line of progress, with the seconds since the command began."""
    _told(line, "warning" if _is_missed(line) else "info")


def warning(line: str, *, target: str | None = None) -> None:
    """As `info`: somebody should look."""
    _told(line, "warning", target)


def end(text: str, level: Level) -> None:
    """The command's last word, without the seconds; for people it may have several lines."""
    if is_json():
        _write(text, level)
    else:
        _printed(f"{safe(text)}\n")


def safe(text: str) -> str:
    """Without secrets and without what a terminal obeys; tabs and line feeds stay."""
    if _hidden:
        from spiders.receipt import masked  # noqa: PLC0415 - most commands have nothing to hide, and none waits for its libraries

        text = masked(text, _hidden)
    return _CONTROL.sub("", text)


def _told(line: str, level: Level, target: str | None = None) -> None:
    if is_json():
        _write(line, level, target)
    else:
        _printed(f"{time.monotonic() - _began:7.1f} s  {' '.join(safe(line).splitlines())}\n")


def _write(text: str, level: str, target: str | None = None) -> None:
    said = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": level, **_about}
    target = target or text.partition(": ")[0]
    if target in _brands:
        said["target"] = target
        if brand := _brands[target]:
            said["brand"] = brand
    # JSON's own escapes keep line feeds within the line.
    body = orjson.dumps(said | {"message": safe(text)}, option=orjson.OPT_APPEND_NEWLINE)
    _printed(body.decode())


def _printed(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _is_missed(line: str) -> bool:
    target, _, rest = line.partition(": ")
    first, *_ = *rest.split(maxsplit=1), ""
    return target in _brands and first.rstrip(",") in _MISSED


class _Handler(logging.Handler):
    """What libraries log and the crawls say; without it Python prints warnings and errors as they are."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{logging.Formatter().formatException(record.exc_info)}"
        _write(text, record.levelname.lower())
