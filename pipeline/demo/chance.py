"""Chance that is the same every time and on every machine: a hash of what is being decided, instead of a generator with a state."""

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeVar

_T = TypeVar("_T")


def draw(below: int, *key: object) -> int:
    """0 .. below - 1, always the same for the same key."""
    digest = hashlib.sha256("\x1f".join(map(str, key)).encode()).digest()
    return int.from_bytes(digest[:8], "big") % below


def shuffled(items: Iterable[_T], *key: object) -> list[_T]:
    return [item for _, item in sorted(enumerate(items), key=lambda pair: draw(1 << 62, *key, pair[0]))]


def pick(pool: Sequence[_T], *key: object) -> _T:
    return pool[draw(len(pool), *key)]
