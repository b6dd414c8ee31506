"""A crawl over its own archive: the download handler that stands in the place of the network when pages are parsed again.

The spider runs as it does in a crawl, and every request that it makes gets what the crawl's own request got: the page, or the
failure. There is no other handler then, and nothing resolves a host's name, so nothing can be fetched: a request that the crawl
did not make, after a fix in a parser say, is an error that names its address.
"""

import json
from typing import Self
from urllib.parse import quote

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes

from spiders.receipt import Job, Politeness
from spiders.settings import polite_settings
from spiders.web.archive import Answers, Archive, ArchiveError, Entry, request_sha256
from spiders.web.landing import PAGE_SHA256, SEEN_AT, Notes, job_of

NOT_ARCHIVED = "replay/not_archived"
"""Scrapy statistic: requests that the crawl did not make."""


class NotArchived(IgnoreRequest):
    """The crawl did not ask for this address, so there is nothing to parse."""


class NoAnswer(ConnectionError):  # noqa: N818 - says what it is, as UnexpectedPage does
    """The crawl's own request got no answer either."""


def replay_settings(politeness: Politeness) -> dict[str, str]:
    """In the place of `polite_settings`: the same crawl without a network, and nobody to be polite to."""
    settings: dict[str, object] = {
        "ROBOTSTXT_OBEY": False,  # it was obeyed when the pages were fetched
        "AUTOTHROTTLE_ENABLED": False,
        "DOWNLOAD_DELAY": 0,
        "RETRY_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        "CLOSESPIDER_PAGECOUNT": 0,  # the archive has an end of its own
    }
    handlers = dict.fromkeys(("data", "file", "ftp", "s3")) | dict.fromkeys(("http", "https"), "spiders.web.replay.Replay")
    # The guard looks up the names of hosts; what it refused in the crawl is in the archive as refused.
    parts = {
        "DOWNLOAD_HANDLERS": handlers,
        "DOWNLOADER_MIDDLEWARES": {},
        "EXTENSIONS": {"spiders.web.landing.ReceiptExtension": 0, "scrapy.extensions.throttle.AutoThrottle": None},
    }
    shown = {name: str(value) for name, value in settings.items()} | {name: json.dumps(value) for name, value in parts.items()}
    return polite_settings(politeness) | shown


class Replay(BaseDownloadHandler):
    """Answers from the archive of the job's crawl."""

    def __init__(self, crawler: Crawler, job: Job) -> None:
        assert crawler.stats is not None and job.replay is not None  # noqa: S101, PT018 - set by Scrapy and by pipeline.archive
        super().__init__(crawler)
        self._stats = crawler.stats
        self._notes = Notes(crawler.stats, job)
        self._job = job
        self._archive = Archive(job.replay)
        self._answers = Answers(self._archive.entries)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        assert crawler.spider is not None  # noqa: S101 - Scrapy sets it before it builds handlers
        job = job_of(crawler.spider)
        assert job is not None  # noqa: S101 - a replay is started with one
        return cls(crawler, job)

    async def download_request(self, request: Request) -> Response:
        url = self._job.shown(request.url)
        entry = self._answers.next(request.method, url, request_sha256(self._job, request.body))
        if entry is not None:
            request.meta[SEEN_AT] = entry.seen_at
            return self._answer(entry, request)
        if (target := self._answers.redirect(url)) is not None:
            status = 307 if target.method == request.method else 303
            return Response(request.url, status=status, headers={"Location": self._with_secrets(target.request_url)})
        request.meta[SEEN_AT] = self._archive.entries[0].seen_at if self._archive.entries else self._job.as_of
        self._stats.inc_value(NOT_ARCHIVED)
        said = f"{self._job.source}: {url} is not in the archive: the crawl did not ask for it. Gather again to fetch it."
        self._notes.add(said)
        raise NotArchived(said)

    def _answer(self, entry: Entry, request: Request) -> Response:
        if entry.failure is not None:
            self._notes.add(f"{self._job.source}: {entry.request_url} got no answer in the crawl: {entry.failure}")
            raise IgnoreRequest(entry.failure) if entry.refused else NoAnswer(entry.failure)
        assert entry.status is not None  # noqa: S101 - an answer has one
        try:
            fields, body = self._archive.page(entry)
        except ArchiveError as error:
            self._stats.inc_value(NOT_ARCHIVED)
            self._notes.add(str(error))
            raise
        request.meta[PAGE_SHA256] = entry.page_sha256
        headers = Headers()
        for name, value in fields:
            headers.appendlist(name, value)
        # A page whose address held a secret is told of by the name of the secret; the spider knows the address itself.
        url = request.url if entry.url == entry.request_url else entry.url
        kind = responsetypes.from_args(headers=headers, url=url, body=body)
        return kind(url, status=entry.status, headers=headers, body=body)

    def _with_secrets(self, url: str) -> str:
        for name, value in self._job.hidden.items():
            url = url.replace(f"${{{name}}}", quote(value, safe=""))
        return url

    async def close(self) -> None:
        self._archive.__exit__()
