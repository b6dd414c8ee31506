"""The data that a page embeds for its own scripts: JSON in script elements, in assignments to globals, and in attributes.

`states(text)` gives each such value, decoded: `__NEXT_DATA__`, `__NUXT_DATA__` (put together again), any `application/json`
script, `window.__STATE__ = {…}`, `JSON.parse("…")`, `self.__next_f.push([1, "…"])`, `data-props="{&quot;…}"`. A text that is
JSON itself is one value. What cannot be decoded is left out: nobody promised that it is JSON.
"""

import html
import json
import re
from collections.abc import Iterator
from itertools import islice

import orjson

MAX_STATES = 200
"""Values of a page; what comes after is left out. Real pages have a dozen."""
MAX_TRIES = 100
"""Places of one script that are tried: a failure costs as much time as the script is long."""
MAX_FLAT = 300_000
"""Entries of a flattened state; real ones have some thousands."""

_SCRIPT = re.compile(r"<script\b([^<>]{0,2000}+)>", re.IGNORECASE)
_JSON_TYPE = re.compile(r"""\btype\s{0,5}=\s{0,5}["']?application/json\b|__NEXT_DATA__|__NUXT_DATA__""", re.IGNORECASE)
_ASSIGNED = re.compile(r"""\b(?:window|self|globalThis)(?:\.[\w$]{1,80}|\[["'][\w$-]{1,80}["']\])\s{0,5}=\s{0,5}(?=[{\[J])""")
_PARSED = re.compile(r'JSON\.parse\(\s{0,5}(?=")')
_ATTRIBUTE = re.compile(r'=\s{0,5}"([{\[](?:\[|\{|&quot;|\s)[^"<>]{20,2000000})"')
_PUSH = re.compile(r"\b__next_f\.push\(\[1,\s{0,5}(?=\")")
_ROW = re.compile(rb"([0-9a-f]{1,8}):(?:T([0-9a-f]{1,7}),)?")
_TEXT_ROW = re.compile(r'"(\$[0-9a-f]{1,8})"')
_STRING_OR_UNDEFINED = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|\b(?:undefined|NaN)\b', re.DOTALL)

_DECODER = json.JSONDecoder(strict=False, parse_int=lambda digits: int(digits) if len(digits) < 20 else float(digits))


def states(text: str) -> Iterator[object]:
    """The values that the page embeds, in the order of the page, scripts before attributes; JSON-LD is not among them."""
    yield from islice(_states(text), MAX_STATES)


def _states(text: str) -> Iterator[object]:
    if text[:200].lstrip("\ufeff \t\r\n")[:1] in {"{", "["}:
        yield from _whole(text.strip("\ufeff \t\r\n\0"))
        return
    at = 0
    pushed: list[str] = []
    while script := _SCRIPT.search(text, at):
        end = text.find("</script", script.end())
        at = end if end >= 0 else len(text)
        body = text[script.end() : at]
        if _JSON_TYPE.search(script[1]):
            for value in _whole(body.strip().removeprefix("<!--").removesuffix("-->")):
                yield unflattened(value) if isinstance(value, list) else value
        elif "ld+json" not in script[1]:
            pushed += _pushed(body)
            yield from _assigned(body)
    yield from _rows("".join(pushed))
    if "&quot;" in text:
        for attribute in _ATTRIBUTE.finditer(text):
            yield from _whole(html.unescape(attribute[1]))


def _whole(text: str) -> Iterator[object]:
    """The value that the whole text is, if it is one."""
    try:
        yield orjson.loads(text)
    except ValueError:
        yield from (value for value, _ in _value_at(text, 0))


def _assigned(script: str) -> Iterator[object]:
    """The objects and lists that a script assigns to globals."""
    at = 0
    plain = False
    for _ in range(MAX_TRIES):
        found = _ASSIGNED.search(script, at)
        if found is None:
            return
        at = found.end()
        if parsed := _PARSED.match(script, at):
            for value, end in _value_at(script, parsed.end()):
                at = end
                if isinstance(value, str):
                    yield from _whole(value)
            continue
        if not plain and ("undefined" in script or "NaN" in script):
            # JavaScript, not JSON: such states are common, and these two words are all that keeps them from being read.
            script = script[:at] + _STRING_OR_UNDEFINED.sub(lambda word: word[0] if word[0][0] == '"' else "null", script[at:])
            plain = True
        for value, end in _value_at(script, at):
            at = end
            yield value


def _pushed(script: str) -> Iterator[str]:
    """The pieces of the stream by which Next.js sends a page's data."""
    for push in islice(_PUSH.finditer(script), MAX_TRIES):
        for value, _ in _value_at(script, push.end()):
            if isinstance(value, str):
                yield value


def _rows(stream: str) -> Iterator[object]:
    """The values of such a stream: a row is an id, a colon and JSON up to the line's end, or a text with its length in bytes.

    Long texts have a row of their own, and stand as `$id` in the others.
    """
    data = stream.encode("utf-8", "replace")
    texts: dict[str, str] = {}
    rows: list[str] = []
    at = 0
    while row := _ROW.match(data, at):
        if row[2] is not None:
            at = row.end() + int(row[2], 16)
            texts["$" + row[1].decode()] = data[row.end() : at].decode("utf-8", "replace")
        else:
            end = data.find(b"\n", row.end())
            at = end + 1 if end >= 0 else len(data)
            rows.append(data[row.end() : at].decode("utf-8", "replace"))
    for each in rows:
        if each[:1] in {"[", "{"}:
            yield from _whole(_TEXT_ROW.sub(lambda found: json.dumps(texts.get(found[1], found[1])), each))


def _value_at(text: str, at: int) -> Iterator[tuple[object, int]]:
    """The JSON value that begins here and where it ends; nothing where there is none, or one nested beyond Python's own stack."""
    try:
        yield _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return


def unflattened(flat: list[object]) -> object:
    """The value behind a state as Nuxt 3 writes it, a list in which each object names its members' places; other lists as they
    are.

    Shared members stay shared, and may hold each other in circles.
    """
    if not 1 < len(flat) <= MAX_FLAT or not _is_flat(flat):
        return flat
    made: list[object] = [_shell(entry) for entry in flat]

    def member(place: object) -> object:
        return made[place] if isinstance(place, int) and 0 <= place < len(made) else None

    for entry, value in zip(flat, made, strict=True):
        if isinstance(entry, dict) and isinstance(value, dict):
            value.update((key, member(place)) for key, place in entry.items())
        elif isinstance(entry, list) and isinstance(value, list):
            named = bool(entry) and isinstance(entry[0], str)  # ["Reactive", 1], ["Date", "2025-…"]
            value.extend(member(place) if isinstance(place, int) else place for place in entry[named:])
    return made[0]


def _is_flat(flat: list[object]) -> bool:
    """Whether members are places: the first entry points at others, and each object holds nothing but places."""
    objects = [entry for entry in flat if isinstance(entry, dict)]
    return (
        isinstance(flat[0], dict | list)
        and bool(objects)
        and all(type(place) is int for each in objects for place in each.values())
    )


def _shell(entry: object) -> object:
    if isinstance(entry, dict):
        return {}
    if isinstance(entry, list):
        return [] if not (len(entry) == 2 and entry[0] == "Date") else entry[1]
    return entry
