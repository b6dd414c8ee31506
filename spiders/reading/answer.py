"""Answers in JSON: loaded with a limit, and read value by value without trusting their shape, for the sources that an API
feeds."""

import json
import re
from datetime import UTC, datetime

import orjson

from spiders.reading.select import unexpected

MAX_ANSWER = 16_000_000
"""Characters of an answer; the largest that was met, a dump of one game's reviews, has some 130,000."""


def loaded(text: str, *, who: str, expected: str, url: str) -> object:
    """The value that the text holds. UnexpectedPage when it is no JSON, larger than MAX_ANSWER or nested beyond Python's own
    stack."""
    if len(text) > MAX_ANSWER:
        raise unexpected(who, expected=expected, found=f"{len(text):,} characters", url=url)
    text = text.strip("\ufeff \t\r\n\0")
    try:
        return orjson.loads(text)
    except ValueError:
        pass  # orjson refuses lone surrogates and raw control characters, which reviewers paste
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise unexpected(who, expected=expected, found=f"{text[:40]!r} ({error})", url=url) from error


def held(value: object, *path: str | int) -> object:
    """What lies at the end of the path of keys and positions; None where the way breaks off."""
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and 0 <= step < len(value) else None
    return value


def text_at(value: object, *path: str | int) -> str:
    """The text at the end of the path, trimmed and without lone surrogates, which no address and no file can hold; empty for
    anything else."""
    found = held(value, *path)
    return found.encode("utf-8", "surrogatepass").decode("utf-8", "replace").strip() if isinstance(found, str) else ""


def number_at(value: object, *path: str | int) -> float | None:
    """The number at the end of the path; None for anything else, for true and false, and for what is beyond a million million."""
    found = held(value, *path)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if -1e12 <= found <= 1e12 else None  # which nan is not, nor an int too long for a float


def flag_at(value: object, *path: str | int) -> bool | None:
    """True or false at the end of the path; None where it says neither."""
    found = held(value, *path)
    return found if isinstance(found, bool) else None


def count_at(value: object, *path: str | int) -> int | None:
    """The whole number from 0 at the end of the path; None for anything else."""
    found = number_at(value, *path)
    return int(found) if found is not None and found >= 0 and found.is_integer() else None


def moment_at(value: object, *path: str | int) -> datetime | None:
    """The Unix time in seconds at the end of the path; None for what lies before 1990 (0 is "never") or after 2100."""
    seconds = number_at(value, *path)
    if seconds is None or not 631_152_000 <= seconds < 4_102_444_800:
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def language_at(value: object, *path: str | int) -> str | None:
    """The ISO 639-1 code of `en`, `pt-BR`, `zh_TW`; None for anything else."""
    match = re.fullmatch(r"([a-zA-Z]{2})(?:[-_]\w{1,20})*", text_at(value, *path)[:60])
    return match[1].lower() if match else None


def country_at(value: object, *path: str | int) -> str | None:
    """The ISO 3166-1 alpha-2 code, upper case; None for anything else."""
    code = text_at(value, *path).upper()
    return code if re.fullmatch("[A-Z]{2}", code) else None


def address_at(value: object, *path: str | int) -> str | None:
    """The web address at the end of the path; None for another scheme, for one without a host and for no address."""
    found = text_at(value, *path)
    return found if re.match(r"https?://[^/\s]", found) else None
