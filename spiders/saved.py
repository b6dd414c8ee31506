"""Saved pages instead of the web: a source whose market file names a `path` is parsed from that file, or from a folder's files.

Every source that has `parse` can be read so: result pages that somebody saved in a browser, an API's answers, pages of an archive.
Started by gather as `python -m spiders.saved JOB`; a page that its source does not expect fails the whole crawl, by name.
"""

import hashlib
import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

from w3lib.encoding import html_to_unicode

from spiders.items import FOLDERS, Record, SearchResult, UnexpectedPage, line, line_fields
from spiders.receipt import PROVENANCE, Job, LandingWriter, Receipt, author_key, file_sha256, now

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
    """Parses the job's pages into its landing candidate. Raises UnexpectedPage, OSError."""
    started = now()
    assert job.path is not None  # noqa: S101 - gather starts this for saved pages only
    module = importlib.import_module(f"spiders.{FOLDERS[job.kind]}.{job.source}")
    key = author_key(job.key_file)
    out = LandingWriter(job.output)
    count = 0
    found = pages(job.path)
    if not found:
        raise UnexpectedPage(f"{job.target}: expected saved pages in {job.path}, found none. Save some, or check the path.")
    for page in found:
        if page.stat().st_size > MAX_BYTES:
            raise UnexpectedPage(
                f"{job.target}: expected pages of at most {MAX_BYTES:,} bytes, found {page.stat().st_size:,} in {page}."
            )
        body = page.read_bytes()
        seen: dict[str, object] = {
            # Who saved the page saw it; the file's time is the best that is known of when.
            "seen_at": datetime.fromtimestamp(int(page.stat().st_mtime), UTC),
            "page_url": job.url or page.name,
            "page_sha256": hashlib.sha256(body).hexdigest(),
        }
        records = list(_records(module, job, decoded(body), job.url or page.name))
        out.write(line(record, key) | seen for record in records)
        count += len(records)
    return Receipt.of(
        job,
        started_at=started,
        finish_reason="finished",
        records=count,
        pages=len(found),
        fields=(*line_fields(job.kind), *PROVENANCE),
        file_sha256=out.close(),
    )


def _records(module: ModuleType, job: Job, text: str, url: str) -> Iterator[Record]:
    if job.kind != "ranking":
        yield from module.parse(text, url)
        return
    known = {keyword.text.casefold(): keyword for keyword in job.keywords}
    for record in module.parse(text, url, engine=job.name):
        assert isinstance(record, SearchResult)  # noqa: S101 - what ranking sources give
        keyword = known.get((record.keyword or "").casefold())
        yield record if keyword is None else replace(record, keyword=keyword.text, locale=keyword.locale)


def main(arguments: list[str]) -> int:
    """Lands the pages, writes the receipt, and returns 1 when it could not."""
    job = Job.load(arguments[0])
    started = now()
    try:
        receipt = land(job)
    except (UnexpectedPage, OSError) as error:
        receipt = Receipt.of(job, started_at=started, finish_reason="error", spider_exceptions=1, errors=(str(error),))
    receipt.write(job.receipt)
    return 0 if receipt.finish_reason == "finished" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
