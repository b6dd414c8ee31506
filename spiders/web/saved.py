"""Saved pages instead of the web: a source whose market file names a `path` is parsed from that file, or from a folder's files.

Every source that has `parse` can be read so: result pages that somebody saved in a browser, an API's answers, pages of an archive.
Started by gather as `python -m spiders.web.saved JOB`; a page that its source does not expect fails the whole crawl, by name.
"""

import hashlib
import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from w3lib.encoding import html_to_unicode

from spiders.items import FOLDERS, Post, Record, SearchResult, Stated, UnexpectedPage, line, line_fields, only
from spiders.reading.naming import naming
from spiders.receipt import PROVENANCE, Job, LandingWriter, Receipt, author_key, file_sha256, now
from spiders.web.archive import Archive, ArchiveError, ArchiveWriter
from spiders.web.witness import Witness

MAX_BYTES = 64 * 1024 * 1024
"""Of one page."""


def decoded(body: bytes) -> str:
    """Text of a page whose headers are not known: byte order mark, then its own meta charset, then UTF-8."""
    return str(html_to_unicode(None, body, default_encoding="utf-8")[1])


def pages(path: Path) -> list[Path]:
    """The file itself, or the files of the folder by name; what begins with a dot is nobody's page."""
    if not path.is_dir():
        return [path]
    return sorted(each for each in path.iterdir() if each.is_file() and not each.name.startswith("."))


def fingerprint(path: Path, *, key: bytes, options: str) -> str:
    """Names what `land` would read: the same pages under the same options and key give the same lines. Raises OSError."""
    parts = [f"{page.name} {file_sha256(page)}" for page in pages(path)]
    return hashlib.sha256("\0".join([*parts, options, hashlib.sha256(b"key" + key).hexdigest()]).encode()).hexdigest()


def land(job: Job) -> Receipt:
    """Parses the job's pages into its landing candidate. Raises UnexpectedPage, ArchiveError, OSError."""
    started = now()
    module = importlib.import_module(f"spiders.{FOLDERS[job.kind]}.{job.source}")
    key = author_key(job.key_file)
    keeps: frozenset[str] | None = getattr(module, "KEEPS", None)
    out = LandingWriter(job.output)
    archive = None if job.archive is None else ArchiveWriter(job, job.archive)
    witness = Witness()
    stated: Stated | None = None
    records_count = pages_count = 0
    for page in _archived(job.replay) if job.replay is not None else _saved(job):
        url = job.url or page.name
        seen: dict[str, object] = {"seen_at": page.seen_at, "page_url": url, "page_sha256": page.sha256}
        if archive is not None:
            archive.resource(page.name, page.body, url=job.url, seen_at=page.seen_at, page_sha256=page.sha256)
        text = decoded(page.body)
        walled = witness.saw(page.name, text)
        found = _of_wall(module, job, text, url) if walled else list(_records(module, job, text, url))
        witness.gave(page.name, found)
        records = found if keeps is None else list(only(found, keeps))
        if stated is None and keeps is None and not walled and hasattr(module, "stated"):
            stated = module.stated(text, url)
        out.write(line(record, key) | seen for record in records)
        records_count += len(records)
        pages_count += 1
    return Receipt.of(
        job,
        started_at=started,
        finish_reason="finished",
        records=records_count,
        pages=pages_count,
        stated=stated,
        errors=witness.walls(),
        template=witness.template,
        measured=witness.measured,
        fields=(*line_fields(job.kind), *PROVENANCE),
        file_sha256=out.close(),
        kept=None if keeps is None else tuple(sorted(keeps)),
        archive_sha256=None if archive is None else archive.close(),
        archived=0 if archive is None else archive.pages,
    )


@dataclass(frozen=True, slots=True)
class _Page:
    name: str
    """The file's."""
    body: bytes
    seen_at: datetime
    sha256: str


def _saved(job: Job) -> Iterator[_Page]:
    assert job.path is not None  # noqa: S101 - gather starts this for saved pages only
    found = pages(job.path)
    if not found:
        raise UnexpectedPage(f"{job.target}: expected saved pages in {job.path}, found none. Save some, or check the path.")
    for page in found:
        if page.stat().st_size > MAX_BYTES:
            raise UnexpectedPage(
                f"{job.target}: expected pages of at most {MAX_BYTES:,} bytes, found {page.stat().st_size:,} in {page}."
            )
        body = page.read_bytes()
        # Who saved the page saw it; the file's time is the best that is known of when.
        seen_at = datetime.fromtimestamp(int(page.stat().st_mtime), UTC)
        yield _Page(page.name, body, seen_at, hashlib.sha256(body).hexdigest())


def _archived(path: Path) -> Iterator[_Page]:
    with Archive(path) as archive:
        for entry in archive.entries:
            assert entry.page_sha256 is not None  # noqa: S101 - each saved page has one
            yield _Page(entry.request_url, archive.page(entry)[1], entry.seen_at, entry.page_sha256)


def _of_wall(module: ModuleType, job: Job, text: str, url: str) -> list[Record]:
    """A search says for itself that it was blocked; what anything else reads off a wall is not the site's."""
    if job.kind != "ranking":
        return []
    try:
        return list(_records(module, job, text, url))
    except UnexpectedPage:  # another guard's than the engine's own
        return [SearchResult(keyword=None, engine=job.name, result_type=job.result_type, status="blocked")]


def _records(module: ModuleType, job: Job, text: str, url: str) -> Iterator[Record]:
    if job.kind == "mentions":
        # A feed of one's own search holds more than the brand; a saved page of it no less.
        words = getattr(module.Options.model_validate(job.options), "words", ())
        posts: Iterator[Post] = module.parse(text, url)
        yield from naming(posts, words)
        return
    if job.kind != "ranking":
        yield from module.parse(text, url)
        return
    known = {keyword.text.casefold(): keyword for keyword in job.keywords}
    for record in module.parse(text, url, engine=job.name):
        assert isinstance(record, SearchResult)  # noqa: S101 - what ranking sources give
        keyword = known.get((record.keyword or "").casefold())
        typed = replace(record, result_type=job.result_type)
        yield typed if keyword is None else replace(typed, keyword=keyword.text, locale=keyword.locale, device=keyword.device)


def main(arguments: list[str]) -> int:
    """Lands the pages, writes the receipt, and returns 1 when it could not."""
    job = Job.load(arguments[0])
    started = now()
    try:
        receipt = land(job)
    except (UnexpectedPage, ArchiveError, OSError) as error:
        receipt = Receipt.of(job, started_at=started, finish_reason="error", spider_exceptions=1, errors=(str(error),))
    receipt.write(job.receipt)
    return 0 if receipt.finish_reason == "finished" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
