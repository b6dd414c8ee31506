"""The job that a crawl is given, the lines that it lands, and the receipt that tells how it went.

Scrapy ends with exit code 0 whether it fetched everything, nothing, or was refused; so each crawl writes a receipt, and
`pipeline.gather` judges by it. The landing candidate is closed and on disk before the receipt is: a receipt vouches for
the whole file, and a candidate without one is the leftover of a killed crawl.
"""

import contextlib
import gzip
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, Literal, Self, TypeVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from spiders.items import PROVENANCE as PROVENANCE  # noqa: PLC0414 - who writes lines imports it from here
from spiders.items import SCHEMA_VERSION, Kind, Stated

Outcome = Literal["landed", "unchanged", "rejected", "failed", "blocked"]

Alarm = Literal["blocked", "layout_gone", "implausible"]
"""`blocked`: the site refused us. `layout_gone`: pages came, and the parser finds nothing in them. `implausible`: records came, and they
cannot be what they are said to be."""

MAX_ERROR_SHARE = 0.05
"""Of what a crawl asked for, or of a file's rows: more errors than this and nothing lands."""

MAX_ERRORS = 20
"""Messages that a receipt keeps; the counts beside them are complete."""
MAX_ERROR_LENGTH = 600


def masked(text: str, hidden: Mapping[str, str]) -> str:
    """The text with `${NAME}` in the place of each hidden value (name to value), plain or percent-encoded in whatever part."""
    for name, value in sorted(hidden.items(), key=lambda each: len(each[1]), reverse=True):
        text = f"${{{name}}}".join(_in_any_encoding(value).split(text))
    return text


@cache
def _in_any_encoding(value: str) -> re.Pattern[str]:
    def ways(letter: str) -> str:
        encoded = "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape"))
        plus = "|[+]" if letter == " " else ""
        return f"(?:{re.escape(letter)}|(?i:{encoded}){plus})"

    return re.compile("".join(map(ways, value)))


_Options = TypeVar("_Options", bound=BaseModel)


class Monitor(BaseModel):
    """One measured value of a crawl beside what its last good runs make expect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    found: float
    low: float | None = None
    high: float | None = None
    """The range in which it was expected, None where that side is open."""
    runs: int = 0
    """Good runs behind the range."""
    verdict: Literal["fine", "warning", "alarm", "too_little_history"]


class Keyword(BaseModel):
    """One search to look up, for ranking sources."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    engine: str
    locale: str | None = None
    device: Literal["desktop", "mobile"] | None = None


class Politeness(BaseModel):
    """How a crawl behaves towards the sites it asks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contact: str | None = None
    """Mail address or page that goes into the user agent, so that a site's owner can reach whoever crawls it."""
    delay_seconds: float = 1.0
    """Least time between two requests to one host."""
    max_pages: int = 50
    """Responses that one crawl reads at most."""
    timeout_seconds: float = 900.0
    """Wall-clock time for the whole crawl."""
    request_timeout_seconds: float = 30.0
    allow_hosts: tuple[str, ...] = ()
    """Hosts (`host` or `host:port`) that may be asked although they are on a private or loopback network."""


class Job(BaseModel):
    """What one crawl is to do: written by gather as JSON, read by the spider that it starts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    as_of: datetime
    market: str
    target: str
    brand: str | None
    """None for what belongs to the market (rankings)."""
    kind: Kind
    source: str
    """The module's name, which is the spider's."""
    name: str
    """The source's name in the market file."""
    url: str | None = None
    path: Path | None = None
    """The file that a file source reads."""
    options: dict[str, JsonValue] = {}
    """As in the market file; the source validates them with its own `Options`."""
    domains: tuple[str, ...] = ()
    """The brand's domains (all brands' for rankings)."""
    keywords: tuple[Keyword, ...] = ()
    draws: int = 1
    """How often each keyword is searched for in this crawl."""
    result_type: str = "web"
    output: Path
    """The landing candidate, gzip JSON lines."""
    receipt: Path
    key_file: Path
    input_sha256: str | None = None
    """What a file source is about to read, with its options; None for the web."""
    politeness: Politeness = Politeness()
    archive: Path | None = None
    """Where the pages go that this crawl uses (`spiders.web.archive`); None where nothing is to be archived."""
    render: bool = False
    """The pages are drawn by a browser (`spiders.web.browser`)."""
    cache: Path | None = None
    """Folder of the pages that a site may say are unchanged (`spiders.web.cache`); None where none may be kept."""
    replay: Path | None = None
    """An archive of this target that is parsed in the place of the web or of `path`; nothing is asked for then."""
    hidden: dict[str, str] = Field(default={}, repr=False)
    """Environment variable to its value: secrets of the url and the options, which nothing that is kept or told may repeat."""

    def shown(self, text: str) -> str:
        """The text without the job's secrets."""
        return masked(text, self.hidden)

    def shown_bytes(self, body: bytes) -> bytes:
        """The same of a page or a request's body, in whatever encoding that agrees with ASCII, or in UTF-8."""
        if not self.hidden:
            return body
        as_bytes = {name: value.encode().decode("latin-1") for name, value in self.hidden.items()}
        return masked(masked(body.decode("latin-1"), self.hidden), as_bytes).encode("latin-1")

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Raises OSError or pydantic.ValidationError: a job file is written by gather, so a bad one is a fault of ours."""
        return cls.model_validate_json(Path(path).read_bytes())

    @classmethod
    def given(cls, path: str | Path, options: type[_Options]) -> tuple[Self, _Options]:
        """The job and, checked, its source's options. Raises as `load` does."""
        job = cls.load(path)
        return job, options.model_validate(job.options)


class Receipt(BaseModel):
    """How one crawl went. `outcome` and `reason` are added by gather, which judges it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = SCHEMA_VERSION
    run_id: str
    as_of: datetime
    market: str
    target: str
    brand: str | None
    kind: Kind
    source: str
    name: str
    started_at: datetime
    finished_at: datetime
    finish_reason: str
    """`finished` when the crawl ended by itself; otherwise what ended it (Scrapy's reason, or `error`)."""
    records: int = 0
    pages: int = 0
    """Responses that reached the spider, robots.txt not counted; a file is one page."""
    requests: int = 0
    """Everything asked, with robots.txt and retries."""
    statuses: dict[str, int] = {}
    """Final answers by HTTP status, robots.txt not counted."""
    spider_exceptions: int = 0
    download_errors: int = 0
    """Requests that got no answer in the end, or that we refused to make."""
    robots_refused: int = 0
    ignored: int = 0
    """Responses with an error status; for a file, rows that were left out."""
    errors: tuple[str, ...] = ()
    stated: Stated | None = None
    fields: tuple[str, ...] = ()
    input_sha256: str | None = None
    unchanged_since: str | None = None
    file_sha256: str | None = None
    """Of the landing file's bytes; for a file source, the candidate's."""
    reading: int = 1
    """1 is the crawl's own reading of its pages; a replay of the archive after it counts on from there."""
    archive_sha256: str | None = None
    """Of the crawl's WARC file; None where nothing is archived."""
    archived: int = 0
    """Pages in it."""
    kept: tuple[str, ...] | None = None
    """The fields that the source's terms allow to be kept, the others were left out; None where it keeps what it reads."""
    template: tuple[int, ...] = ()
    """Fingerprint of the pages' template (`spiders.web.template`); empty where there were no pages."""
    measured: dict[str, float] = {}
    """What the monitors measured of this crawl, by name: what later crawls of the target are held against."""
    monitors: tuple[Monitor, ...] = ()
    alarm: Alarm | None = None
    """What kind of fault it is, where the crawl did not land for one of these three."""
    outcome: Outcome | None = None
    reason: str | None = None

    @classmethod
    def of(cls, job: Job, *, started_at: datetime, finish_reason: str, errors: Iterable[str] = (), **facts: object) -> Self:
        """The job's names with what was counted; errors without the job's secrets."""
        names = job.model_dump(include={"run_id", "as_of", "market", "target", "brand", "kind", "source", "name"})
        return cls.model_validate(
            names
            | {"input_sha256": job.input_sha256, "started_at": started_at, "finished_at": now(), "finish_reason": finish_reason}
            | {"errors": tuple(map(job.shown, errors))}
            | facts
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls.model_validate_json(path.read_bytes())

    def write(self, path: Path) -> None:
        """Whole or not at all, and on disk when this returns."""
        body = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
            draft.write(body)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(path)
        sync_folder(path.parent)


def readings(folder: Path, target: str) -> list[Path]:
    """The receipts of a target's crawl in a run's folder, that of the newest reading first."""
    stem, suffix = f"{target}~", ".receipt.json"
    later = {path: path.name[len(stem) : -len(suffix)] for path in folder.glob(f"{stem}*{suffix}")}
    numbered = [path for path, number in later.items() if number.isascii() and number.isdecimal()]
    first = folder / f"{target}{suffix}"
    return [*sorted(numbered, key=lambda path: int(later[path]), reverse=True), *filter(Path.exists, [first])]


def newest_reading(folder: Path, target: str) -> Path | None:
    """The receipt of the newest reading of a target's crawl in a run's folder; None where it has none."""
    return next(iter(readings(folder, target)), None)


def lines_of(receipt: Path) -> Path:
    """The landing file that a receipt vouches for."""
    return receipt.with_name(receipt.name.removesuffix(".receipt.json") + ".jsonl.gz")


def now() -> datetime:
    """The wall clock, UTC, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def sync_folder(folder: Path) -> None:
    """After this, renames inside the folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def author_key(path: Path) -> bytes:
    """The key of the author hashes: 64 hex digits in a file of mode 0600, made on first use.

    Two processes that make it at once end with the same key: the first link wins. Raises ValueError for a file that holds
    anything else, since hashes under a wrong key would split every author in two.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600 from the start
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
        sync_folder(path.parent)
    text = path.read_text("ascii", "replace").strip()
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError(
            f"{path}: expected the author key, 64 hex digits, found {len(text)} characters that are none. "
            "Restore it from a backup; under another key, known authors count as new ones."
        )
    return key


class LandingWriter:
    """Gzip JSON lines, the same bytes for the same lines; on disk once closed."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file: IO[bytes] = path.open("wb")
        self._gzip = gzip.GzipFile(filename="", mode="wb", fileobj=self._file, mtime=0, compresslevel=4)

    def write(self, lines: Iterable[dict[str, object]]) -> None:
        """All of the lines or, when one cannot be written as JSON, none of them."""
        self.write_bytes(b"".join(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z) for each in lines))

    def write_bytes(self, lines: bytes) -> None:
        self._gzip.write(lines)

    def close(self) -> str:
        """Returns the file's sha256."""
        self._gzip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return file_sha256(self._path)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
