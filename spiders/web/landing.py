"""Scrapy's side of a crawl's landing: an extension that writes what a spider yields, and the receipt when it closes."""

import hashlib
import sys
from collections import Counter
from collections.abc import Callable
from typing import Self, cast

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Headers, Request, Response, TextResponse
from scrapy.http.request import NO_CALLBACK
from scrapy.statscollectors import StatsCollector
from twisted.python.failure import Failure

from spiders.items import RECORDS, Page, Stated, line, line_fields, only
from spiders.receipt import MAX_ERROR_LENGTH, MAX_ERRORS, PROVENANCE, Job, LandingWriter, Receipt, author_key, now
from spiders.web.archive import ArchiveWriter
from spiders.web.witness import Witness

SEEN_AT = "seen_at"
PAGE_SHA256 = "page_sha256"
"""What each request's meta has once it was answered: when, and the sha256 of the page. Of a page out of an archive, the crawl's own."""

UNREAD_LINKS = "receipt/unread_links"
"""The stat by which a walk says how many links its limit of pages left unread; the receipt measures it as `unread_links`."""

_WALLED = "walled"
"""True for a page that is surely a wall (`spiders.web.witness`)."""
_ENCODINGS = "content_encodings"
"""The encodings in which the body came."""


def job_of(spider: Spider) -> Job | None:
    """A spider's job, whether it keeps the argument as given or the job that it read; None when it was started without one."""
    job = getattr(spider, "job", None)
    return job if isinstance(job, Job) or job is None else Job.load(job)


class Notes:
    """Messages for people, each kept once, in the order in which they arose."""

    def __init__(self, stats: StatsCollector, job: Job | None) -> None:
        self._stats = stats
        self._job = job

    def add(self, message: str) -> None:
        kept = self.all()
        shown = message if self._job is None else self._job.shown(message)  # before it is cut: half a secret is not found
        message = " ".join(shown.split())[:MAX_ERROR_LENGTH]
        if len(kept) < MAX_ERRORS and message not in kept:
            self._stats.set_value("receipt/notes", (*kept, message))

    def all(self) -> tuple[str, ...]:
        return cast("tuple[str, ...]", self._stats.get_value("receipt/notes", ()))


class ReceiptExtension:
    """Lands what a spider yields, and writes the receipt when it closes."""

    def __init__(self, stats: StatsCollector, job: Job, keeps: frozenset[str] | None) -> None:
        self._stats = stats
        self._notes = Notes(stats, job)
        self._job = job
        self._key = author_key(job.key_file)
        self._out = LandingWriter(job.output)
        self._started = now()
        self._records = 0
        self._pages = 0
        self._faults = 0
        self._statuses: Counter[str] = Counter()
        self._stated: Stated | None = None
        self._witness = Witness()
        self._keeps = keeps
        self._archive = None if job.archive is None else ArchiveWriter(job, job.archive)
        self._open: dict[tuple[str, str, bytes], Request] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.stats is not None and crawler.spider is not None  # noqa: S101, PT018 - Scrapy sets both before this
        job = job_of(crawler.spider)
        if job is None:  # `scrapy fetch`: nothing to land
            raise NotConfigured
        module = sys.modules[type(crawler.spider).__module__]
        extension = cls(crawler.stats, job, getattr(module, "KEEPS", None))
        for handler, signal in (
            (extension.headers_received, signals.headers_received),
            (extension.response_received, signals.response_received),
            (extension.item_scraped, signals.item_scraped),
            (extension.spider_error, signals.spider_error),
            (extension.spider_closed, signals.spider_closed),
        ):
            crawler.signals.connect(handler, signal=signal)
        return extension

    def response_received(self, response: Response, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):  # only Scrapy's own request for robots.txt carries it
            return
        self._pages += 1
        self._open.pop(_asked(request), None)
        if self._job.replay is None:
            request.meta[SEEN_AT] = now()
            request.meta[PAGE_SHA256] = hashlib.sha256(response.body).hexdigest()
        self._archived(lambda archive: _keep(archive, response, request))
        self._statuses["304" if "cached" in response.flags else str(response.status)] += 1
        if response.status >= 400:
            self._notes.add(f"{response.url} answered {response.status}.")
        elif isinstance(response, TextResponse):
            request.meta[_WALLED] = self._witness.saw(response.url, response.text)

    def _archived(self, write: Callable[[ArchiveWriter], None]) -> None:
        if self._archive is None:
            return
        try:
            write(self._archive)
        except (TypeError, ValueError, OSError) as error:
            # Scrapy only logs what a signal handler raises. An archive with a hole is none, and fails the crawl.
            self._archive = None
            self._faults += 1
            self._notes.add(f"{self._job.source}: a page could not be archived: {error}")

    def headers_received(self, headers: Headers, request: Request) -> None:
        """Remembers how the body came: Scrapy takes the header away with the encoding."""
        request.meta[_ENCODINGS] = headers.getlist("Content-Encoding")

    def asked(self, request: Request) -> None:
        """A request sets out. A retry or a redirect takes the place of the request that it comes from."""
        if before := request.meta.get("redirect_urls"):
            self._open = {key: each for key, each in self._open.items() if each.url not in before}
        self._open[_asked(request)] = request

    def unanswered(self, request: Request, error: Exception) -> None:
        """A request has got no answer in the end."""
        self._open.pop(_asked(request), None)
        if self._job.replay is None:
            request.meta[SEEN_AT] = now()
        self._archived(
            lambda archive: archive.no_answer(
                request.url,
                str(error) or type(error).__name__,
                refused=isinstance(error, IgnoreRequest),
                seen_at=now(),
                method=request.method,
                request_body=request.body,
                redirected_from=request.meta.get("redirect_urls", ()),
            )
        )

    def item_scraped(self, item: object, response: object) -> None:
        try:
            self._land(item, response)
        except (TypeError, ValueError, OSError) as error:
            # Scrapy only logs what a signal handler raises; a lost line has to fail the crawl.
            self._faults += 1
            self._notes.add(f"{self._job.source}: a page could not be landed: {error}")

    def _land(self, item: object, response: object) -> None:
        if not isinstance(item, Page):
            raise TypeError(f"expected a Page for each response, found {type(item).__name__}")
        wanted = RECORDS[self._job.kind]
        if strange := {type(r).__name__ for r in item.records if not isinstance(r, wanted)}:
            raise TypeError(f"expected {wanted.__name__} records, found {', '.join(sorted(strange))}")
        # What an errback yields comes with the Failure in the response's place: there was no page.
        request = response.request if isinstance(response, Response) else getattr(response, "request", None)
        meta = {} if request is None else request.meta
        # A search says for itself that it was blocked; what anything else reads off a wall is not the site's.
        if meta.get(_WALLED) and self._job.kind != "ranking":
            return
        seen: dict[str, object] = {
            "seen_at": meta.get(SEEN_AT) or now(),
            "page_url": item.url,
            "page_sha256": meta.get(PAGE_SHA256) if isinstance(response, Response) else None,
        }
        kept = item.records if self._keeps is None else tuple(only(item.records, self._keeps))
        self._out.write(self._shown(line(record, self._key) | seen) for record in kept)
        self._records += len(kept)
        if isinstance(response, Response):
            self._witness.gave(response.url, item.records)
        # What a source's terms let nobody keep of its reviews, they let nobody keep of their sum either.
        if self._keeps is None and item.stated is not None and (self._stated is None or self._stated.count is None):
            self._stated = item.stated

    def _shown(self, fields: dict[str, object]) -> dict[str, object]:
        """The line with no secret in its addresses: a record without one of its own has the page's, as it was asked for."""
        if not self._job.hidden:
            return fields
        return {
            name: self._job.shown(value) if isinstance(value, str) and value.startswith(("http://", "https://")) else value
            for name, value in fields.items()
        }

    def spider_error(self, failure: Failure, response: Response) -> None:
        where = "" if response is None else f" ({response.url})"
        self._notes.add(f"{self._job.source}: {failure.getErrorMessage() or type(failure.value).__name__}{where}")

    def spider_closed(self, reason: str) -> None:
        count = self._stats.get_value
        unanswered = count("guard/robots_unreachable", 0)
        for sentence in self._witness.walls():
            self._notes.add(sentence)
        archive_sha256 = self._close_archive()
        Receipt.of(
            self._job,
            started_at=self._started,
            finish_reason=reason,
            records=self._records,
            pages=self._pages,
            requests=count("downloader/request_count", 0),
            statuses=dict(sorted(self._statuses.items())),
            spider_exceptions=count("spider_exceptions/count", 0) + self._faults,
            download_errors=count("guard/failed", 0) + count("guard/refused", 0) + unanswered + count("replay/not_archived", 0),
            robots_refused=count("robotstxt/forbidden", 0) - unanswered,
            ignored=count("httperror/response_ignored_count", 0),
            errors=self._notes.all(),
            stated=self._stated,
            template=self._witness.template,
            measured=self._witness.measured | ({"unread_links": count(UNREAD_LINKS)} if count(UNREAD_LINKS) else {}),
            fields=(*line_fields(self._job.kind), *PROVENANCE),
            file_sha256=self._out.close(),
            kept=None if self._keeps is None else tuple(sorted(self._keeps)),
            archive_sha256=archive_sha256,
            archived=0 if archive_sha256 is None or self._archive is None else self._archive.pages,
        ).write(self._job.receipt)

    def _close_archive(self) -> str | None:
        # Scrapy drops some without a word: too many redirects, a body that grows past the limit while it is unpacked.
        for request in tuple(self._open.values()):
            self.unanswered(request, IgnoreRequest("the answer was given up"))
        return None if self._archive is None else self._archive.close()


def _keep(archive: ArchiveWriter, response: Response, request: Request) -> None:
    headers = [(name, value) for name, values in response.headers.items() for value in values]
    if "Content-Encoding" not in response.headers:
        headers += [(b"X-Archive-Orig-Content-Encoding", value) for value in request.meta.get(_ENCODINGS, ())]
    archive.response(
        response.url,
        response.status,
        headers,
        response.body,
        seen_at=request.meta[SEEN_AT],
        page_sha256=request.meta[PAGE_SHA256],
        request_url=request.url,
        method=request.method,
        request_body=request.body,
        redirected_from=request.meta.get("redirect_urls", ()),
    )


class Recorder:
    """Tells the receipt's extension of requests that set out and of those that got no answer.

    It stands first of all, so it sees what every other middleware has left of them.
    """

    def __init__(self, extension: ReceiptExtension | None) -> None:
        self._extension = extension

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.get_extension(ReceiptExtension))

    def process_request(self, request: Request) -> None:
        if self._extension is not None and not asks_for_robots(request):
            self._extension.asked(request)

    def process_exception(self, request: Request, exception: Exception) -> None:
        if self._extension is not None and not asks_for_robots(request):
            self._extension.unanswered(request, exception)


def asks_for_robots(request: Request) -> bool:
    """Whether Scrapy itself asks, for a robots.txt."""
    return request.callback is NO_CALLBACK and bool(request.meta.get("dont_obey_robotstxt"))


def _asked(request: Request) -> tuple[str, str, bytes]:
    return request.method, request.url, request.body
