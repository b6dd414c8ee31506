"""Searches of a ranking crawl: which are made, and what is landed of an answer, or of none. For every source that asks an engine.

A keyword is searched once for each draw, page after page until as many results were seen as are wanted. What came is told by
status: `observed`, `absent`, `failed` or `blocked`. A first page that fails is an observation; when a later one fails, what was
seen before it stands, and its depth says how far that is.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from spiders.items import Page, SearchResult, SearchStatus, UnexpectedPage
from spiders.receipt import Job, Keyword
from spiders.web.walk import text_in
from spiders.web.witness import wall

MAX_DEPTH = 100
"""Results that a search may be asked to reach: engines give a few hundred at most, and nobody clicks beyond the first ten."""

Device = Literal["desktop", "mobile"]
Parser = Callable[[str, str, str, str, str | None], Iterator[SearchResult]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One page of one draw of one keyword."""

    keyword: Keyword
    draw: int
    result_type: str
    device: Device | None
    """None where the engine cannot be told."""
    page: int = 1
    before: int = 0
    """Results on the pages before it."""
    seen: frozenset[str] = frozenset()
    """Their addresses: what an engine repeats on its next page ranks once."""


def searches(job: Job, *, tells_device: bool) -> Iterator[Search]:
    """The first page of each draw of each keyword. Draws of one keyword lie as far apart as the crawl lets them."""
    for draw in range(1, job.draws + 1):
        for keyword in job.keywords:
            device = keyword.device if tells_device else None
            yield Search(keyword=keyword, draw=draw, result_type=job.result_type, device=device)


def filled(template: str, search: Search, page_size: int) -> str:
    """The address of a search; everything is quoted, so that a keyword can never change where a request goes.

    `{keyword}`, `{locale}`, `{device}`, `{result_type}`; for further pages `{page}` (1, 2, ...), `{offset}` (0, 10, ...) or
    `{start}` (1, 11, ...).
    """
    offset = (search.page - 1) * page_size
    values = {
        "locale": search.keyword.locale or "",
        "device": search.device or "",
        "result_type": search.result_type,
        "page": str(search.page),
        "offset": str(offset),
        "start": str(offset + 1),
        "keyword": search.keyword.text,  # last: braces in it stay what they are
    }
    for name, value in values.items():
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template


def has_pages(template: str) -> bool:
    return any(name in template for name in ("{page}", "{offset}", "{start}"))


def observed(source: str, parse: Parser, response: Response, search: Search) -> Page:
    """What an answer says, as it is landed. One strange answer is a failed observation of one keyword; the others still count."""
    keyword = search.keyword
    try:
        text = text_in(response, source, expected="an answer in words")
        found = tuple(parse(text, response.url, keyword.text, keyword.engine, keyword.locale))
    except UnexpectedPage as error:
        _log.warning("%s", error)
        walled = isinstance(response, TextResponse) and wall(response.text) is not None
        return Page(url=response.url, records=_status(search, "blocked" if walled else "failed"))
    new = [each for each in found if each.rank is not None and each.url not in search.seen]
    if not new:
        return Page(url=response.url, records=_status(search, found[0].status if found else "failed"))
    depth = search.before + len(new)
    records = tuple(_told(replace(each, rank=search.before + place, depth=depth), search) for place, each in enumerate(new, 1))
    return Page(url=response.url, records=records)


def answered(
    source: str,
    parse: Parser,
    response: Response,
    search: Search,
    *,
    depth: int,
    pages: int,
    ask: Callable[[Search], Request],
) -> Iterator[Page | Request]:
    """What an answer says, and the request for the next page, unless enough was seen, nothing new came, or it was the last of `pages`."""
    page = observed(source, parse, response, search)
    yield page
    new = {each.url for each in page.records if isinstance(each, SearchResult) and each.url}
    before = search.before + len(page.records)
    if new and before < depth and search.page < pages:
        yield ask(replace(search, page=search.page + 1, before=before, seen=search.seen | new))


def unanswered(source: str, failure: Failure) -> Iterator[Page]:
    """What is landed of a search that got no answer: `blocked` where the engine or its robots.txt refuses, else `failed`."""
    request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
    search: Search = request.cb_kwargs["search"]
    _log.warning("%s: no answer for %s: %s", source, request.url, failure.getErrorMessage())
    error = failure.value
    if isinstance(error, HttpError):
        refused = error.response.status in {401, 403, 407, 429, 451}
    else:
        refused = isinstance(error, IgnoreRequest)
    yield Page(url=request.url, records=_status(search, "blocked" if refused else "failed"))


def _status(search: Search, status: SearchStatus) -> tuple[SearchResult, ...]:
    """The one record of a search without results; none for a further page, which does not unsay the first."""
    if search.page > 1:
        return ()
    keyword = search.keyword
    record = SearchResult(keyword=keyword.text, engine=keyword.engine, status=status, depth=0 if status == "absent" else None)
    return (_told(record, search),)


def _told(record: SearchResult, search: Search) -> SearchResult:
    return replace(
        record,
        locale=search.keyword.locale,
        device=search.device,
        result_type=search.result_type,
        draw=search.draw,
    )
