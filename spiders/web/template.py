"""The fingerprint of a site's template: what its pages are built of, whatever they say.

Tags, class names, attribute names and the keys of embedded JSON stay while texts come and go, and a redesign changes most of them.
Of the hashes of a crawl's tokens the smallest are kept (a bottom-k sketch): two crawls' sketches tell how much of their tokens is
the same, in half a kilobyte of a receipt.
"""

import re
from collections.abc import Iterable, Sequence
from zlib import crc32

MAX_CHARACTERS = 500_000
"""Read of one page, half from its beginning and half from its end, where embedded state stands: 4 ms."""
SIZE = 64
"""Hashes of a fingerprint: the share that two of them have in common is off by 0.06 at most (one standard deviation)."""

_TAG = re.compile(r"<[a-zA-Z][a-zA-Z0-9-]{0,30}")
_KEY = re.compile(r'"[a-zA-Z_@$][a-zA-Z_@$-]{1,30}\\?":')
_BUILD = re.compile(r"(?:[-_]+(?=[a-zA-Z]*[0-9A-Z])[a-zA-Z0-9]*)+$")
"""What a build tool or a grid appends to a class name: `card__hcAvl`, `css-1x2y3z`, `col-md-6`. It changes without a redesign."""


def fingerprint(text: str) -> tuple[int, ...]:
    """Of one page, HTML or JSON: at most SIZE numbers of 32 bits, ascending; none of an empty page."""
    if len(text) > MAX_CHARACTERS:
        text = text[: MAX_CHARACTERS // 2] + text[-MAX_CHARACTERS // 2 :]
    names, classes = set(), set()
    before, *pieces = text.split('="')
    for piece in pieces:
        name = before[-40:].replace("\n", " ").rpartition(" ")[2]
        if name == "class":
            classes.add(piece[:500].partition('"')[0])
        names.add(name)
        before = piece
    for listed in classes:
        names.update(f".{each}" for each in listed.split())
    tokens = {_BUILD.sub("", name) for name in names} | {tag.lower() for tag in _TAG.findall(text)} | set(_KEY.findall(text))
    return _smallest(crc32(token.encode("utf-8", "replace")) for token in tokens)


def together(fingerprints: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """The fingerprint of all pages of which these are the fingerprints."""
    return _smallest(number for each in fingerprints for number in each)


def similarity(a: Sequence[int], b: Sequence[int]) -> float | None:
    """Estimate of the Jaccard similarity of the tokens, 0..1; None where either has none."""
    if not a or not b:
        return None
    smallest = _smallest((*a, *b))
    return len(set(a) & set(b) & set(smallest)) / len(smallest)


def _smallest(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers))[:SIZE])
