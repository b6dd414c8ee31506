"""The archive of a crawl: the pages that it used, as gzipped WARC 1.1 records, with an index that leads from a landing line to its page.

`<target>.warc.gz` holds a `warcinfo` record and a `response` record for each answer, in the order in which they came; a body that
came before becomes a `revisit` of the first. Pages that somebody saved are `resource` records. `<target>.index.jsonl.gz` has a
line for each request that ended: the sha256 of the page, which its landing lines carry, with the place of its record, or why no
answer came. Both let the crawl be parsed again without a request (`spiders.web.replay`).

What is kept is what the spider was given: the body without its content encoding, whose name stands in `X-Archive-Orig-Content-Encoding`.
Requests are not kept, for their headers may hold keys; neither are cookies, and the values of secrets read `${NAME}`. Pages hold
people's names, so nobody else may read these files.
"""

import gzip
import hashlib
import io
import os
import re
import zlib
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.utils import Digester
from warcio.warcwriter import WARCWriter

from spiders.receipt import Job, Receipt, file_sha256, sync_folder

COMPRESSION = 4
"""zlib's level. A page of 228 KB, the mean of 91 real ones, takes 2.7 ms with it, 3.9 ms with 6 for 4 % less, 5.5 ms with 9 for hardly more."""

MAX_HEADER = 8_000
"""Characters kept of one header; some tools refuse longer ones."""

_ORIGINAL = "X-Archive-Orig-"
_LEFT_OUT = frozenset({"set-cookie", "set-cookie2", "proxy-authenticate", "www-authenticate"})
_UNTRUE = frozenset({"transfer-encoding", "content-length"})
"""Headers that speak of the bytes on the wire, which are not the ones kept. A content encoding that Scrapy could not undo stays."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


class ArchiveError(ValueError):
    """An archive cannot be read. The message names the file, what was expected, what was found and what to do next."""


class Entry(BaseModel):
    """A line of the index: what became of one request, or one saved page. Addresses are without the values of secrets."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: str = "GET"
    request_url: str
    """Asked for in the end, after redirects; the name of a saved page."""
    request_sha256: str | None = None
    """Of the request's body; None where it had none."""
    redirected_from: tuple[str, ...] = ()
    url: str
    """Of the answer."""
    seen_at: datetime
    status: int | None = None
    """None for a saved page, and where no answer came."""
    failure: str | None = None
    """Why no answer came."""
    refused: bool = False
    """We did not ask: robots.txt, an address that is not to be asked, or an answer that was not to be read."""
    page_sha256: str | None = None
    """Of the page as it was parsed, as its landing lines have it."""
    is_masked: bool = False
    """The page repeated a secret, which was taken out of what is kept: its sha256 is another one."""
    record_id: str | None = None
    offset: int | None = None
    """In bytes, of the record's gzip member."""
    length: int | None = None
    body_offset: int | None = None
    """Of the record that holds the body, where this one only refers to it."""


def index_of(archive: Path) -> Path:
    return archive.with_name(archive.name.removesuffix(".warc.gz") + ".index.jsonl.gz")


def place(folder: Path, target: str) -> Path:
    """The archive of a target's crawl in a run's folder."""
    return folder / f"{target}.warc.gz"


def keep(job: Job, receipt: Receipt, folder: Path) -> None:
    """Puts the archive that a crawl's receipt vouches for into its place, or takes away what an earlier attempt left there."""
    there = place(folder, job.target)
    if job.archive is None or receipt.archive_sha256 is None:
        for stale in (there, index_of(there)):
            stale.unlink(missing_ok=True)
        return
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    job.archive.replace(there)
    index_of(job.archive).replace(index_of(there))
    sync_folder(folder)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A body that is in the file already."""

    offset: int
    record_id: str
    url: str
    date: str


class ArchiveWriter:
    """Writes a crawl's archive while the pages come. It is whole, and on disk, once closed."""

    def __init__(self, job: Job, path: Path) -> None:
        self._job = job
        self._path = path
        self._file = _private(path)
        self._warc = _Writer(_Members(self._file), gzip=False, warc_version="1.1")
        self._index_file = _private(index_of(path))
        self._index = gzip.GzipFile(filename="", mode="wb", fileobj=self._index_file, mtime=0, compresslevel=COMPRESSION)
        self._bodies: dict[bytes, _Kept] = {}
        self.pages = 0
        info = {
            "software": f"rivalscope/{version('rivalscope')} warcio/{version('warcio')}",
            "format": "WARC File Format 1.1",
            "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
            "isPartOf": job.run_id,
            "description": job.target,
            "operator": job.politeness.contact,
            "robots": "obey",
        }
        self._warc.write_record(self._warc.create_warcinfo_record(f"{job.target}.warc.gz", info))

    def response(
        self,
        url: str,
        status: int,
        headers: Iterable[tuple[bytes, bytes]],
        body: bytes,
        *,
        seen_at: datetime,
        page_sha256: str,
        request_url: str,
        method: str = "GET",
        request_body: bytes = b"",
        redirected_from: Iterable[str] = (),
    ) -> None:
        """An answer as the spider is given it. Raises OSError."""
        kept = self._job.shown_bytes(body)
        entry = Entry(
            method=method,
            request_url=self._job.shown(request_url),
            request_sha256=request_sha256(self._job, request_body),
            redirected_from=tuple(map(self._job.shown, redirected_from)),
            url=self._job.shown(url),
            seen_at=seen_at,
            status=status,
            page_sha256=page_sha256,
            is_masked=kept != body,
        )
        http = StatusAndHeaders(f"{status} {_phrase(status)}", [*self._headers(headers, len(kept))], protocol="HTTP/1.1")
        self._add(entry, "response", kept, http=http)

    def resource(self, name: str, body: bytes, *, url: str | None, seen_at: datetime, page_sha256: str) -> None:
        """A page that somebody saved under that name. Raises OSError."""
        kept = self._job.shown_bytes(body)
        shown = self._job.shown(url or name)
        entry = Entry(request_url=name, url=shown, seen_at=seen_at, page_sha256=page_sha256, is_masked=kept != body)
        self._add(entry, "resource", kept, uri=shown if url else f"file:{quote(name)}")

    def no_answer(
        self,
        request_url: str,
        why: str,
        *,
        refused: bool,
        seen_at: datetime,
        method: str,
        request_body: bytes,
        redirected_from: Iterable[str] = (),
    ) -> None:
        """A request that ended without an answer."""
        shown = self._job.shown(request_url)
        self._note(
            Entry(
                method=method,
                request_url=shown,
                request_sha256=request_sha256(self._job, request_body),
                redirected_from=tuple(map(self._job.shown, redirected_from)),
                url=shown,
                seen_at=seen_at,
                failure=self._job.shown(why)[:500],
                refused=refused,
            )
        )

    def close(self) -> str:
        """Returns the WARC file's sha256."""
        self._index.close()
        for file in (self._file, self._index_file):
            file.flush()
            os.fsync(file.fileno())
            file.close()
        return file_sha256(self._path)

    def _add(self, entry: Entry, record_type: str, body: bytes, *, uri: str = "", http: StatusAndHeaders | None = None) -> None:
        digest = hashlib.sha256(body)
        seen_before = self._bodies.get(digest.digest()) if http is not None else None
        date = entry.seen_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        about = {"WARC-Date": date, "WARC-Payload-Digest": f"sha256:{digest.hexdigest()}"}
        uri = uri or entry.url
        if seen_before is None:
            record = self._warc.create_warc_record(
                uri,
                record_type,
                payload=io.BytesIO(body),
                length=len(body),
                warc_headers_dict=about,
                http_headers=http,
                warc_content_type="" if http is not None else "application/octet-stream",
            )
        else:
            about |= {"WARC-Refers-To": seen_before.record_id}
            record = self._warc.create_revisit_record(
                uri, about["WARC-Payload-Digest"], seen_before.url, seen_before.date, http_headers=http, warc_headers_dict=about
            )
        offset = self._file.tell()
        self._warc.write_record(record)
        record_id = record.rec_headers.get_header("WARC-Record-ID")
        if http is not None and seen_before is None:
            self._bodies[digest.digest()] = _Kept(offset, record_id, uri, date)
        self.pages += 1
        self._note(
            entry.model_copy(
                update={
                    "record_id": record_id,
                    "offset": offset,
                    "length": self._file.tell() - offset,
                    "body_offset": seen_before and seen_before.offset,
                }
            )
        )

    def _note(self, entry: Entry) -> None:
        self._index.write(orjson.dumps(entry.model_dump(mode="json", exclude_defaults=True), option=orjson.OPT_APPEND_NEWLINE))

    def _headers(self, headers: Iterable[tuple[bytes, bytes]], length: int) -> Iterator[tuple[str, str]]:
        for raw_name, raw_value in headers:
            name, value = raw_name.decode("latin-1"), " ".join(self._job.shown_bytes(raw_value).decode("latin-1").split())
            if name.lower() in _LEFT_OUT or not _TOKEN.fullmatch(name):
                continue
            prefix = _ORIGINAL if name.lower() in _UNTRUE else ""
            readable = value.isascii() and value.isprintable()
            yield prefix + name, (value if readable else quote(value, encoding="latin-1"))[:MAX_HEADER]
        yield "Content-Length", str(length)


class Archive:
    """An archive that stands. Nothing of it is read but the index, and the records that are asked for."""

    def __init__(self, path: Path) -> None:
        """Raises ArchiveError."""
        self.path = path
        self.entries = _entries(path)
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise self._damaged("a WARC file", error.strerror or str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def page(self, entry: Entry) -> tuple[list[tuple[str, str]], bytes]:
        """Headers (none of a saved page) and body, which is the one that was seen. Raises ArchiveError."""
        assert entry.offset is not None  # noqa: S101 - the caller asks for pages only
        headers, body, digest = self._read(entry.offset, entry.record_id)
        if entry.body_offset is not None:
            _, body, _ = self._read(entry.body_offset, None)
        found = hashlib.sha256(body).hexdigest()
        wanted = digest if entry.is_masked else entry.page_sha256
        if found != wanted:
            raise self._damaged(f"a page with sha256 {wanted} at offset {entry.offset:,}", found)
        return headers, body

    def _read(self, offset: int, record_id: str | None) -> tuple[list[tuple[str, str]], bytes, str]:
        self._file.seek(offset)
        try:
            record: ArcWarcRecord = next(iter(ArchiveIterator(self._file)))
            body: bytes = record.raw_stream.read()
        except (ArchiveLoadFailed, StopIteration, OSError, EOFError, zlib.error, ValueError) as error:
            raise self._damaged(f"a record at offset {offset:,}", str(error) or "the file's end") from error
        found = record.rec_headers.get_header("WARC-Record-ID")
        if record_id is not None and found != record_id:
            raise self._damaged(f"record {record_id} at offset {offset:,}", str(found))
        headers = record.http_headers.headers if record.http_headers is not None else []
        shown = [(name, value) for name, value in headers if not name.startswith(_ORIGINAL)]
        return shown, body, str(record.rec_headers.get_header("WARC-Payload-Digest")).removeprefix("sha256:")

    def _damaged(self, expected: str, found: str) -> ArchiveError:
        return ArchiveError(f"{self.path}: expected {expected}, found {found}. Restore the file from a backup.")


class Answers:
    """What each request of the crawl got, to be given out once more in the same order."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._ended: defaultdict[tuple[str, str, str | None], deque[Entry]] = defaultdict(deque)
        self._redirected: defaultdict[str, deque[Entry]] = defaultdict(deque)
        for entry in entries:
            self._ended[entry.method, _bare(entry.request_url), entry.request_sha256].append(entry)
            for address in entry.redirected_from[:1]:
                self._redirected[_bare(address)].append(entry)

    def next(self, method: str, url: str, request_sha256: str | None) -> Entry | None:
        """What that request got; None for one that the crawl did not make, or not so often."""
        waiting = self._ended.get((method, _bare(url), request_sha256))
        return waiting.popleft() if waiting else None

    def redirect(self, url: str) -> Entry | None:
        """What the address led to in the end."""
        waiting = self._redirected.get(_bare(url))
        return waiting.popleft() if waiting else None


def request_sha256(job: Job, body: bytes) -> str | None:
    """How the index tells requests to one address apart; None for one without a body."""
    return hashlib.sha256(job.shown_bytes(body)).hexdigest() if body else None


def _bare(url: str) -> str:
    return url.partition("#")[0]


def _entries(archive: Path) -> tuple[Entry, ...]:
    path = index_of(archive)
    try:
        with gzip.open(path) as lines:
            return tuple(Entry.model_validate_json(line) for line in lines)
    except (OSError, EOFError, zlib.error, ValidationError) as error:
        found = " ".join(str(error).split())[:200]
        raise ArchiveError(
            f"{path}: expected the index of an archive, found: {found}. Restore the file from a backup."
        ) from error


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "-"


def _private(path: Path) -> IO[bytes]:
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


class _Writer(WARCWriter):  # type: ignore[misc]  # warcio has no types
    """warcio's, with sha256 in the place of sha1."""

    @staticmethod
    def _create_digester() -> Digester:
        return Digester("sha256")


class _Members:
    """Each record as a gzip member of its own, as WARC wants it; warcio's own has no say in the compression's level."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._member = self._new()

    @staticmethod
    def _new() -> "zlib._Compress":
        return zlib.compressobj(COMPRESSION, zlib.DEFLATED, zlib.MAX_WBITS + 16)

    def write(self, part: bytes) -> None:
        self._file.write(self._member.compress(part))

    def flush(self) -> None:
        """warcio calls it at the end of a record."""
        self._file.write(self._member.flush())
        self._member = self._new()
