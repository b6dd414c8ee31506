"""A walk from page to page: what a page says, and how far it may lead on. For every source that asks more than once."""

from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Protocol

from scrapy.http import Request, Response, TextResponse

from spiders.items import Review
from spiders.reading.select import unexpected
from spiders.receipt import Job


def text_in(response: Response, source: str, *, expected: str) -> str:
    """The text of an answer. UnexpectedPage for one that is none, a picture for instance."""
    if not isinstance(response, TextResponse):
        raise unexpected(source, expected=expected, found=f"{len(response.body):,} bytes that are no text", url=response.url)
    return response.text


class Placed(Protocol):
    """A spider that knows where to begin."""

    job: Job


async def at_its_url(spider: Placed) -> AsyncIterator[Request]:
    """`start` of a spider that begins at its source's page."""
    if spider.job.url:
        yield Request(spider.job.url)


class Walk:
    """One page after the other, as many as the source's options and the market allow."""

    def __init__(self, job: Job, max_pages: int) -> None:
        self._left = min(max_pages, job.politeness.max_pages)
        self._seen: set[str] = set()

    def goes_on(self) -> bool:
        """Whether another page may be asked for, now that one was read."""
        self._left -= 1
        return self._left > 0

    def on(self, following: str | None) -> Iterator[Request]:
        """To the page after the one that was read, if there is one and the walk goes on."""
        if self.goes_on() and following:
            yield Request(following)

    def new(self, reviews: Iterable[Review]) -> tuple[Review, ...]:
        """Without those of the pages before."""
        found = tuple(review for review in reviews if review.native_id not in self._seen)
        self._seen.update(review.native_id for review in found)
        return found
