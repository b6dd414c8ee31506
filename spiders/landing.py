"""Scrapy's side of a crawl's landing: an extension that writes what a spider yields, and the receipt when it closes."""

import hashlib
from collections import Counter
from typing import Self, cast

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.http import Request, Response
from scrapy.statscollectors import StatsCollector
from twisted.python.failure import Failure

from spiders.items import RECORDS, Page, Stated, line, line_fields
from spiders.receipt import MAX_ERROR_LENGTH, MAX_ERRORS, PROVENANCE, Job, LandingWriter, Receipt, author_key, now


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

    def __init__(self, stats: StatsCollector, job: Job) -> None:
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

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.stats is not None and crawler.spider is not None  # noqa: S101, PT018 - Scrapy sets both before this
        job = job_of(crawler.spider)
        if job is None:  # `scrapy fetch`: nothing to land
            raise NotConfigured
        extension = cls(crawler.stats, job)
        for handler, signal in (
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
        self._statuses[str(response.status)] += 1
        if response.status >= 400:
            self._notes.add(f"{response.url} answered {response.status}.")

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
        seen: dict[str, object] = {
            "seen_at": now(),
            "page_url": item.url,
            # What an errback yields comes with the Failure in the response's place: there was no page.
            "page_sha256": hashlib.sha256(response.body).hexdigest() if isinstance(response, Response) else None,
        }
        self._out.write(self._shown(line(record, self._key) | seen) for record in item.records)
        self._records += len(item.records)
        if item.stated is not None and (self._stated is None or self._stated.count is None):
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
        Receipt.of(
            self._job,
            started_at=self._started,
            finish_reason=reason,
            records=self._records,
            pages=self._pages,
            requests=count("downloader/request_count", 0),
            statuses=dict(sorted(self._statuses.items())),
            spider_exceptions=count("spider_exceptions/count", 0) + self._faults,
            download_errors=count("guard/failed", 0) + count("guard/refused", 0) + unanswered,
            robots_refused=count("robotstxt/forbidden", 0) - unanswered,
            ignored=count("httperror/response_ignored_count", 0),
            errors=self._notes.all(),
            stated=self._stated,
            fields=(*line_fields(self._job.kind), *PROVENANCE),
            file_sha256=self._out.close(),
        ).write(self._job.receipt)
