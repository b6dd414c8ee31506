"""The receipts of crawls: which of them count as of a moment, and whether a landing file is the one its receipt vouches for.

A crawl whose file no longer agrees with its receipt is set aside: it counts as failed, with a reason that names the file, what
was expected and what was found. Nothing is deleted, and the other crawls go on.
"""

import gzip
import hashlib
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from spiders.items import PROVENANCE, SCHEMA_VERSION, Kind, Stated, line_fields, named

MAX_RECEIPT_BYTES = 4 << 20
MAX_LINE_BYTES = 16 << 20
"""DuckDB's own bound for one JSON object."""

Progress = Callable[[str], None]


class ReceiptError(ValueError):
    """A receipt cannot be read. The message names the file, what was expected, what was found and what to do next."""


class Crawl(BaseModel):
    """A receipt, as `raw.crawl` holds it. Keys that the warehouse has no column for are left alone."""

    model_config = ConfigDict(extra="ignore")

    schema_version: int
    run_id: str
    as_of: AwareDatetime
    market: str
    target: str
    brand: str | None
    kind: Kind
    source: str
    name: str
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    finish_reason: str | None = None
    records: int = Field(ge=0)
    pages: int | None = None
    requests: int | None = None
    statuses: dict[str, int] = {}
    spider_exceptions: int | None = None
    download_errors: int | None = None
    robots_refused: int | None = None
    ignored: int | None = None
    errors: list[str] = []
    stated: Stated | None = None
    fields: list[str] = []
    input_sha256: str | None = None
    unchanged_since: str | None = None
    file_sha256: str | None = None
    reading: int = Field(default=1, ge=1)
    archive_sha256: str | None = None
    archived: int = 0
    measured: dict[str, float] = {}
    monitors: list[dict[str, JsonValue]] = []
    alarm: Literal["blocked", "layout_gone", "implausible"] | None = None
    outcome: Literal["landed", "unchanged", "rejected", "failed", "blocked"]
    reason: str | None = None


def receipts(landing: Path, rejected: Path, *, run_id: str, as_of: datetime, tell: Progress, alone: bool = False) -> list[Crawl]:
    """The receipts known as of that moment (`alone`: that run's), by run and target; of a crawl that was read again, that of the newest reading.

    One that cannot be read counts as failed where it is this run's and the target has no other; else it is passed over.
    """
    found = []
    damaged = []
    for folder in (landing, rejected):
        for path in sorted(folder.glob(f"{run_id if alone else '*'}/*.receipt.json")):
            try:
                crawl = _receipt(path)
            except ReceiptError as err:
                tell(str(err))
                if path.parent.name == run_id:
                    damaged.append(_unreadable(path, as_of, str(err)))
                continue
            if crawl.as_of <= as_of:
                found.append(crawl)
    told = {crawl.target for crawl in found if crawl.run_id == run_id}
    found += [crawl for crawl in damaged if crawl.target not in told]
    newest: dict[tuple[str, str], int] = {}
    for crawl in found:
        key = (crawl.run_id, crawl.target)
        newest[key] = max(crawl.reading, newest.get(key, 1))
    counts = (crawl for crawl in found if crawl.reading == newest[crawl.run_id, crawl.target])
    return sorted(counts, key=lambda c: (c.run_id, c.target))


def _receipt(path: Path) -> Crawl:
    next_step = "Restore it, or delete it with its landing file and gather again."
    size = path.stat().st_size
    if size > MAX_RECEIPT_BYTES:
        raise ReceiptError(f"{path}: expected a receipt of at most {MAX_RECEIPT_BYTES:,} bytes, found {size:,}. {next_step}")
    try:
        crawl = Crawl.model_validate_json(path.read_bytes())
    except ValidationError as err:
        first = err.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise ReceiptError(f"{path}: expected a receipt, found at {where}: {first['msg']}. {next_step}") from err
    placed = (path.parent.name, path.name.removesuffix(".receipt.json"))
    if (crawl.run_id, named(crawl.target, crawl.reading)) != placed:
        raise ReceiptError(
            f"{path}: expected the receipt of run {placed[0]}, target {placed[1]}, found that of run {crawl.run_id}, "
            f"target {named(crawl.target, crawl.reading)}. {next_step}"
        )
    return crawl


def _unreadable(path: Path, as_of: datetime, reason: str) -> Crawl:
    """Stands in for this run's receipt that cannot be read: coverage then says failed, and why."""
    target, _, reading = path.name.removesuffix(".receipt.json").partition("~")
    brand, kind, name = (*target.split(".", 2), "", "")[:3]
    return Crawl.model_construct(
        schema_version=SCHEMA_VERSION,
        run_id=path.parent.name,
        as_of=as_of,
        market="",
        target=target,
        brand=None if brand == "market" else brand,
        kind=next((k for k in get_args(Kind) if k == kind), "reviews"),
        source="",
        name=name,
        records=0,
        reading=int(reading) if reading.isascii() and reading.isdecimal() else 1,
        outcome="failed",
        reason=reason,
    )


def sound(crawl: Crawl, landing: Path, tell: Progress) -> bool:
    """Whether the landing file is the one that the receipt vouches for; if not, the crawl is set aside."""
    path = landing_file(landing, crawl)
    if not path.is_file():
        return set_aside(crawl, f"{path}: expected the landing file of this receipt, found none", tell)
    if crawl.schema_version > SCHEMA_VERSION:
        found = f"expected landing lines of version {SCHEMA_VERSION} or older, found version {crawl.schema_version}"
        return set_aside(crawl, f"{path}: {found}", tell)
    fields = {*line_fields(crawl.kind, crawl.schema_version), *PROVENANCE}
    sha256 = _sha256(path)
    if sha256 != crawl.file_sha256:
        return set_aside(crawl, f"{path}: expected sha256 {crawl.file_sha256} as its receipt says, found {sha256}", tell)
    try:
        keys = _first_keys(path)
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError) as err:
        return set_aside(crawl, f"{path}: expected gzip with one JSON object a line, found: {err}", tell)
    for found_keys in (keys, set(crawl.fields)):
        if found_keys and found_keys != fields:
            unknown = ", ".join(sorted(found_keys - fields)) or "none"
            missing = ", ".join(sorted(fields - found_keys)) or "none"
            found = f"expected the fields of kind {crawl.kind}, found unknown: {unknown}; missing: {missing}"
            return set_aside(crawl, f"{path}: {found}", tell)
    return True


def set_aside(crawl: Crawl, found: str, tell: Progress) -> Literal[False]:
    """The crawl counts as failed from here on; its files stay where they are."""
    crawl.outcome = "failed"
    crawl.reason = f"{found}. Restore the file, or delete it with its receipt and gather again."
    tell(f"{crawl.target} of run {crawl.run_id} is set aside. {crawl.reason}")
    return False


def landing_file(landing: Path, crawl: Crawl) -> Path:
    return landing / crawl.run_id / f"{named(crawl.target, crawl.reading)}.jsonl.gz"


def _first_keys(path: Path) -> set[str]:
    with gzip.open(path) as lines:
        first = lines.readline(MAX_LINE_BYTES)
    found = orjson.loads(first) if first.strip() else {}
    return set(found) if isinstance(found, dict) else {"no object"}


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
