"""How far a walk along a site's links reaches: each page is asked for once, and a limit that leaves links unread is told."""

from collections.abc import Iterator

from scrapy import Spider
from scrapy.http import Request

from spiders.reading import address
from spiders.receipt import Job
from spiders.web.landing import UNREAD_LINKS, Notes

MAX_UNREAD = 10_000
"""Addresses left unread that are counted."""


class Reach:
    """The pages that a walk has asked for, as many as the source's options and the market allow, and those that it left unread."""

    def __init__(self, job: Job, max_pages: int) -> None:
        self._job = job
        self._max_pages = max_pages
        self._asked: set[str] = set()
        self._unread: set[str] = set()

    def has(self, url: str) -> bool:
        return address.key(url) in self._asked

    def ask(self, url: str, *, clicks: int | None, **more: object) -> Request:
        """For a page that was named; `clicks` and `more` are given to the spider's `parse`. Pages a few clicks away come first."""
        self._asked.add(address.key(url))
        return Request(url, cb_kwargs={"clicks": clicks, **more}, priority=-(clicks or 0))

    def follow(self, url: str, *, clicks: int, **more: object) -> Iterator[Request]:
        """For a page that a link leads to, unless it was asked for before or the limit of pages is reached."""
        if self.has(url):
            return
        if len(self._asked) < min(self._max_pages, self._job.politeness.max_pages):
            yield self.ask(url, clicks=clicks, **more)
        elif len(self._unread) < MAX_UNREAD:
            self._unread.add(address.key(url))

    def tell(self, spider: Spider) -> None:
        """Says at the end that the walk was cut: what it did not reach is unknown, not gone."""
        if not self._unread:
            return
        stats = spider.crawler.stats
        assert stats is not None  # noqa: S101 - Scrapy sets it before it makes spiders
        stats.set_value(UNREAD_LINKS, len(self._unread))
        limit = "options" if self._max_pages <= self._job.politeness.max_pages else "crawl"
        found = f"stopped at {len(self._asked):,} pages with {len(self._unread):,} links unread"
        Notes(stats, self._job).add(f"{spider.name}: {found}. Raise {limit}.max_pages.")
