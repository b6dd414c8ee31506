"""What one crawl's lines look like in numbers: one pass over the landing file, and one over the last good one beside it.

Memory is bounded by a sample: of a large file only lines whose id hashes to a multiple of some power of two are parsed. All lines of
one id fall in or out together, and the sample of a larger file lies within that of a smaller one, so that duplicates are counted and
reviews are met again as in the whole.
"""

import gzip
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from pipeline.market import Canary
from spiders.receipt import PROVENANCE, Receipt

SAMPLE = 50_000
"""Lines parsed of one file, about: shares are off by less than 0.003 then, and it takes half a second."""

FUTURE = timedelta(days=2)
"""A date that lies further ahead than time zones reach was read wrongly."""

RECOGNISABLE = 30
"""Characters from which on a text by the same author is the same review, where the id has changed: ids made of a review's content
(`select.content_id`) change with whatever of it is read wrongly."""

_SCRIPTS = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        # In this order: Japanese mixes kana with kanji, and Korean and Japanese texts hold Latin words.
        ("kana", "[ぁ-ヿ]"),
        ("hangul", "[가-힣]"),
        ("han", "[一-鿿]"),
        ("latin", "[A-Za-z]"),
    )
)

Row = Mapping[str, Any]
"""A landing line."""

Told = tuple[float | None, str]
"""Of a review that was landed before: its rating and its day."""


@dataclass(frozen=True, slots=True)
class Measured:
    values: dict[str, float]
    """By name, for the receipt."""
    wrong: tuple[str, ...]
    """What contradicts what is known, as phrases: at most a few."""


def measure(lines: Path, receipt: Receipt, *, before: Path | None = None, canaries: Iterable[Canary] = ()) -> Measured:
    """What the lines of a crawl look like.

    `before` has the lines of the last good crawl. The lines are what the receipt vouches for. Raises OSError.
    """
    step = _step(receipt.records)
    match receipt.kind:
        case "reviews":
            known = _Known(_rows(before, step)) if before is not None else None
            return _reviews(
                _rows(lines, step, {c.native_id for c in canaries}), receipt, known, {c.native_id: c for c in canaries}
            )
        case "faq":
            return Measured(_faq(_rows(lines, step), receipt), ())
        case "ranking":
            return Measured(_ranking(_rows(lines, step), receipt), ())
        case "contact":
            kinds = Counter(f"contact_count_{row['kind']}" for row in _rows(lines, step))
            return Measured({"record_count": float(receipt.records)} | {name: float(count) for name, count in kinds.items()}, ())
        case "mentions":
            known_posts = None if before is None else {key for row in _rows(before, step) for key in _keys(row)}
            return Measured(_posts(_rows(lines, step), receipt, known_posts), ())


def _step(records: int) -> int:
    """The power of two of which one line in so many is parsed."""
    return 1 << max(0, (records - 1) // SAMPLE).bit_length()


def _rows(lines: Path, step: int, wanted: Iterable[str] = ()) -> Iterator[Row]:
    always = {_head(orjson.dumps({"native_id": name})) for name in wanted}
    with gzip.open(lines) as file:
        for line in file:
            head = _head(line)
            if crc32(head) % step == 0 or head in always:
                yield orjson.loads(line)


def _head(line: bytes) -> bytes:
    """The first field: in a review's or a post's line its id, which the next field's name ends."""
    return line.partition(b',"rating":')[0].partition(b',"title":')[0].rstrip(b"}")[:1000]


# --- reviews ----------------------------------------------------------------------------------------------------------


class _Known:
    """The ratings and days that the last good crawl read, by id and, of longer texts, by author and text."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._told: dict[int, Told | None] = {}
        for row in rows:
            told = (row["rating"], _day(row))
            for key in _keys(row):
                # What stands there twice with different values tells nothing.
                self._told[key] = told if self._told.get(key, told) == told else None

    def told(self, row: Row) -> Told | None:
        return next((told for key in _keys(row) if (told := self._told.get(key)) is not None), None)


def _keys(row: Row) -> Iterator[int]:
    yield hash(("id", row["native_id"]))
    if len(row["text"]) >= RECOGNISABLE:
        yield hash((row["author_hash"], row["text"]))


def _day(row: Row) -> str:
    """ISO 8601; empty where the line has no date."""
    return (row["published_at"] or "")[:10]


@dataclass(slots=True)
class _Tally:
    """Counts over the reviews of one crawl."""

    rows: int = 0
    filled: Counter[str] = field(default_factory=Counter)
    ids: set[int] = field(default_factory=set)
    stars: Counter[int] = field(default_factory=Counter)
    rating: float = 0
    rating_squared: float = 0
    rated: int = 0
    characters: int = 0
    newest: str = ""
    ahead: int = 0
    stated: Counter[str] = field(default_factory=Counter)
    scripts: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row, *, today: str, limit: str) -> None:
        self.rows += 1
        self.filled.update(_filled(row))
        self.ids.add(hash(row["native_id"]))
        if row["rating"] is not None and row["rating_max"] is not None and row["rating_max"] > row["rating_min"]:
            scaled = (row["rating"] - row["rating_min"]) / (row["rating_max"] - row["rating_min"])
            self.rated += 1
            self.rating += scaled
            self.rating_squared += scaled * scaled
            self.stars[min(5, max(1, round(scaled * 4) + 1))] += 1
        self.characters += len(row["text"])
        day = _day(row)
        self.ahead += day > limit
        if self.newest < day <= today:
            self.newest = day
        self.stated.update(filter(None, (row["language"],)))
        self.scripts.update(filter(None, (_script(row["text"]),)))

    def values(self, receipt: Receipt) -> dict[str, float]:
        if not self.rows:
            return {"record_count": float(receipt.records)}
        found: dict[str, float] = {
            "record_count": receipt.records,
            "sample_count": self.rows,
            "duplicate_share": 1 - len(self.ids) / self.rows,
            "future_share": self.ahead / self.rows,
            "text_length_mean": self.characters / self.rows,
        }
        found |= _fills(self.filled, self.rows, receipt) | _age(self.newest, receipt)
        found |= _shares("script", self.scripts)
        if 2 * self.stated.total() > self.rows:
            found |= _shares("language", self.stated)
        if self.rated:
            mean = self.rating / self.rated
            found |= {"rated_count": self.rated, "rating_mean": mean}
            found["rating_deviation"] = max(0.0, self.rating_squared / self.rated - mean * mean) ** 0.5
            found |= {f"rating_share_{star}": self.stars[star] / self.rated for star in range(1, 6)}
        return found


def _reviews(rows: Iterable[Row], receipt: Receipt, known: _Known | None, canaries: Mapping[str, Canary]) -> Measured:
    tally = _Tally()
    today = receipt.as_of.date().isoformat()
    limit = (max(receipt.as_of, receipt.finished_at).astimezone(UTC) + FUTURE).date().isoformat()
    met = changed = 0
    seen: set[str] = set()
    wrong: list[str] = []
    lies = 0
    for row in rows:
        tally.add(row, today=today, limit=limit)
        if known is not None and (told := known.told(row)) is not None:
            met += 1
            if told != (row["rating"], _day(row)):
                changed += 1
                if changed <= 2:
                    wrong.append(
                        f"review {row['native_id']} read {_shown(told)} before and reads {_shown((row['rating'], _day(row)))}"
                    )
        if (canary := canaries.get(row["native_id"])) is not None and row["native_id"] not in seen:
            seen.add(row["native_id"])
            if said := _contradiction(canary, row):
                lies += 1
                wrong.append(f"the canary {canary.native_id} was to read {said}")
    values = tally.values(receipt) | _against_stated(receipt, tally)
    if known is not None:
        values |= {"met_count": met, "changed_count": changed, "met_share": met / max(1, tally.rows)}
    if canaries:
        values |= {"canary_wrong_count": lies, "canary_missed_count": len(canaries) - len(seen)}
    return Measured({name: float(value) for name, value in values.items()}, tuple(wrong[-5:]))


def _against_stated(receipt: Receipt, tally: _Tally) -> dict[str, float]:
    stated, found = receipt.stated, {}
    if stated is not None and stated.count:
        found = {"stated_count": float(stated.count), "collected_share": receipt.records / stated.count}
    if stated is not None and stated.rating is not None and tally.rated:
        # Pages that state no scale have five stars, like most; a wrong guess shifts every run by the same.
        found["stated_gap"] = tally.rating / tally.rated - (stated.rating - 1) / ((stated.rating_max or 5) - 1)
    return found


def _contradiction(canary: Canary, row: Row) -> str | None:
    """What the canary was to read, and what it reads; None if they agree."""
    if canary.rating is not None and (row["rating"] is None or abs(row["rating"] - canary.rating) > 1e-6):
        return f"a rating of {canary.rating:g}, found {row['rating']}"
    if canary.published_on is not None and _day(row) != canary.published_on.isoformat():
        return f"the day {canary.published_on}, found {_day(row) or 'none'}"
    if canary.text_start is not None:
        wanted, found = (" ".join(text.split()) for text in (canary.text_start, row["text"]))
        if not found.startswith(wanted):
            return f"a text that begins {wanted!r:.100}, found {found[: len(wanted)]!r:.100}"
    return None


def _shown(told: Told) -> str:
    rating, day = told
    return f"{'no rating' if rating is None else f'{rating:g}'} of {day or 'no day'}"


# --- the other kinds --------------------------------------------------------------------------------------------------


def _faq(rows: Iterable[Row], receipt: Receipt) -> dict[str, float]:
    scripts: Counter[str] = Counter()
    filled: Counter[str] = Counter()
    entries: set[int] = set()
    count = characters = 0
    for row in rows:
        count += 1
        characters += len(row["answer"])
        scripts.update(filter(None, (_script(row["answer"]),)))
        filled.update(_filled(row))
        entries.add(hash((row["question"], row["answer"])))
    found = {"record_count": float(receipt.records), "sample_count": float(count)}
    if count:
        found |= {"text_length_mean": characters / count, "duplicate_share": 1 - len(entries) / count}
        found |= _fills(filled, count, receipt) | _shares("script", scripts)
    return found


def _posts(rows: Iterable[Row], receipt: Receipt, known: Collection[int] | None) -> dict[str, float]:
    """No dates ahead: a feed announces what is to come."""
    today = receipt.as_of.date().isoformat()
    filled: Counter[str] = Counter()
    ids: set[int] = set()
    count = met = 0
    newest = ""
    for row in rows:
        count += 1
        filled.update(_filled(row))
        ids.add(hash(row["native_id"]))
        if newest < (day := _day(row)) <= today:
            newest = day
        met += known is not None and any(key in known for key in _keys(row))
    found = {"record_count": float(receipt.records), "sample_count": float(count)}
    if count:
        found |= {"duplicate_share": 1 - len(ids) / count} | _fills(filled, count, receipt) | _age(newest, receipt)
        if known is not None:
            found["met_share"] = met / count
    return found


def _filled(row: Row) -> Iterator[str]:
    return (name for name, value in row.items() if value is not None and value != "")


def _fills(filled: Counter[str], rows: int, receipt: Receipt) -> dict[str, float]:
    return {f"fill_{name}": filled[name] / rows for name in receipt.fields if name not in PROVENANCE}


def _age(newest: str, receipt: Receipt) -> dict[str, float]:
    """`newest` is a day; empty where no line has one."""
    return {"newest_age_days": float((receipt.as_of.date() - date.fromisoformat(newest)).days)} if newest else {}


def _ranking(rows: Iterable[Row], receipt: Receipt) -> dict[str, float]:
    """Shares of searches, not of results; a search is a keyword, as asked for, in one draw."""
    searches = {tuple(row.get(name) for name in ("keyword", "engine", "locale", "device", "draw")): row["status"] for row in rows}
    found = {"record_count": float(receipt.records), "search_count": float(len(searches))}
    for status in ("absent", "failed", "blocked") if searches else ():
        found[f"{status}_share"] = sum(each == status for each in searches.values()) / len(searches)
    return found


def _script(text: str) -> str | None:
    start = text[:200]
    return next((name for name, pattern in _SCRIPTS if pattern.search(start)), None)


def _shares(of: str, counts: Counter[str]) -> dict[str, float]:
    return {f"{of}_share_{name}": count / counts.total() for name, count in counts.items()}
