"""Apple's customer-reviews feed of an app, in JSON and in Atom XML: the newest 500 reviews in ten pages, per country.

What the feed does: only Atom prints dates; a page's first JSON entry may be the app itself; a single entry is an object,
not a list; a page past the end has no entry, and past the tenth is one line of plain text. Developers' replies are not in it.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Literal
from urllib.parse import urlsplit

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review, UnexpectedPage
from spiders.reading.select import parse_date, parse_rating, text_of, unexpected
from spiders.receipt import Job
from spiders.web.walk import text_in

LAST_PAGE = 10
"""Apple answers further pages with "CustomerReviews RSS page depth is limited to 10"."""
MAX_FEED = 4_000_000
"""Characters of a feed page; a full one of fifty reviews has some 200,000."""

_EXPECTED = "a customer-reviews feed in JSON or Atom XML"
_ATOM = "{http://www.w3.org/2005/Atom}"
_IM = "{http://itunes.apple.com/rss}"


# What XML 1.0 cannot hold, as such or as a reference; reviewers paste it, and it would cost the whole page.
_NOT_XML = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#0{0,9}(?:[0-8]|1[124-9]|2[0-9]|3[01]);|&#x0{0,9}(?:[0-8bcefBCEF]|1[0-9a-fA-F]);"
)


class Options(BaseModel):
    """`options` of an `app_store` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: str | None = Field(default=None, pattern="^[a-z]{2}$")
    """The store that is read (ISO 3166-1 alpha-2, lower case): each has its own reviews. Default: the one in the url, else `us`."""
    app_id: str | None = Field(default=None, pattern=r"^\d{1,12}$")
    """The number after `id` in the app's address; only needed where the source's url does not hold it."""
    format: Literal["xml", "json"] = "xml"
    """XML prints dates; JSON may not."""
    max_pages: int = Field(default=LAST_PAGE, ge=1, le=LAST_PAGE)


def parse(text: str, url: str) -> Iterator[Review]:
    """The reviews of one page of the feed, in its order; none for a page without entries and past the last.

    Raises UnexpectedPage for what is no such feed, an HTML page for instance, and for a review without an id.
    """
    body = text.lstrip("\ufeff \t\r\n\0")
    if len(text) > MAX_FEED:
        raise _unexpected(f"{len(text):,} characters", url)
    if body.startswith("{"):
        yield from _from_json(body, url)
    elif body.startswith("<"):
        yield from _from_atom(body, url)
    elif not body.startswith("CustomerReviews RSS page depth is limited"):
        raise _unexpected(repr(body[:40]), url)


def recognises(text: str, url: str) -> bool:
    """A feed by its beginning, whatever page it is; another site's JSON or XML has no such vocabulary in it."""
    start = text.lstrip("\ufeff \t\r\n\0")[:4000]
    is_feed = start.startswith(("{", "<")) and (
        "im:rating" in text[:200_000]
        or "/customerreviews/" in start
        or "/customerreviews/" in url
        or ('"feed"' in start and '"iTunes Store"' in start)  # a page past the end may say no more
    )
    return start.startswith("CustomerReviews RSS") or (is_feed and not start[:15].lower().startswith(("<!doctype html", "<html")))


def _unexpected(found: str, url: str) -> UnexpectedPage:
    return unexpected("app_store", expected=_EXPECTED, found=found, url=url)


def _from_json(body: str, url: str) -> Iterator[Review]:
    try:
        document = json.loads(body, strict=False)
    except (ValueError, RecursionError) as error:
        raise _unexpected(f"JSON that does not parse ({error})", url) from error
    feed = document.get("feed")
    if not isinstance(feed, dict):
        raise _unexpected("JSON without a feed", url)
    entries = feed.get("entry", [])
    app = None
    for entry in entries if isinstance(entries, list) else [entries]:
        if not isinstance(entry, dict):
            raise _unexpected(f"an entry that is {type(entry).__name__}", url)
        app = app or _label(entry, "im:name")
        if "im:rating" in entry:  # the entry without one is the app itself
            yield _review(
                url,
                native_id=_label(entry, "id"),
                rating=_label(entry, "im:rating"),
                title=_label(entry, "title"),
                text=_label(entry, "content"),
                author=_label(entry, "author", "name"),
                updated=_label(entry, "updated"),
                product=f"{app or ''} {_label(entry, 'im:version')}",
                link=_label(entry, "link", "attributes", "href"),
            )


def _label(node: object, *path: str) -> str:
    """The string at the end of the path, where each plain value is an object with a `label`; empty when there is none."""
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    if isinstance(node, dict):
        node = node.get("label")
    return node if isinstance(node, str) else ""


def _from_atom(body: str, url: str) -> Iterator[Review]:
    if re.match(r"<!doctype\s+html|<html", body, re.IGNORECASE):
        raise _unexpected("an HTML page", url)
    if "<!DOCTYPE" in body:  # Apple sends none, and only a document type can declare entities
        raise _unexpected("a document type declaration", url)
    body = re.sub(r"\A<\?xml[^>]{0,200}\?>", "", body)  # names the encoding that the text was sent in
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        feed = etree.fromstring(_NOT_XML.sub("", body).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise _unexpected(f"XML that does not parse ({error})", url) from error
    if feed.tag != f"{_ATOM}feed":
        raise _unexpected(f"XML that begins with <{feed.tag}>", url)
    app = None
    for entry in feed.iterchildren(f"{_ATOM}entry"):
        app = app or entry.findtext(f"{_IM}name")
        rating = entry.findtext(f"{_IM}rating")
        if rating is not None:  # the entry without one is the app itself
            contents = entry.findall(f"{_ATOM}content")
            plain = next((content for content in contents if content.get("type") == "text"), *contents[:1] or [None])
            link = entry.find(f"{_ATOM}link")
            yield _review(
                url,
                native_id=entry.findtext(f"{_ATOM}id", ""),
                rating=rating,
                title=entry.findtext(f"{_ATOM}title", ""),
                text="" if plain is None else str(plain.xpath("string()")),
                author=entry.findtext(f"{_ATOM}author/{_ATOM}name", ""),
                updated=entry.findtext(f"{_ATOM}updated", ""),
                product=f"{app or ''} {entry.findtext(f'{_IM}version', '')}",
                link="" if link is None else link.get("href", ""),
            )


def _review(
    url: str, *, native_id: str, rating: str, title: str, text: str, author: str, updated: str, product: str, link: str
) -> Review:
    if not native_id.strip():
        raise _unexpected(f"a review without an id (title {title[:40]!r})", url)
    stars = parse_rating(rating)
    value = stars[0] if stars and 1 <= stars[0] <= 5 else None
    country = _country(url)
    return Review(
        native_id=native_id.strip(),
        rating=value,
        rating_max=None if value is None else 5.0,
        title=" ".join(text_of(title).split()) or None,
        text=text_of(text),
        published_at=parse_date(updated),
        author=author.strip() or None,
        product=" ".join(product.split()) or None,
        country=country.upper() if country else None,
        url=link if link.startswith(("http://", "https://")) else url,
    )


# --- the walk ---------------------------------------------------------------------------------------------------------


def _country(url: str) -> str | None:
    """The store that an address of Apple's names: `/kr/app/…`, `/kr/rss/…`, `…?cc=kr`."""
    match = re.search(r"/([a-z]{2})/(?:app|rss)/|[?&]cc=([a-z]{2})(?![a-z])", url)
    return (match[1] or match[2]) if match else None


def feed_url(url: str, options: Options, page: int) -> str:
    """The address of a page of the feed of the app that `url` (its page in the store, or the feed itself) leads to.

    Raises UnexpectedPage when neither the url nor the options hold the app's id.
    """
    app = re.search(r"(?<![a-z])id=?(\d{1,12})", url)
    app_id = options.app_id or (app[1] if app else None)
    if app_id is None:
        raise unexpected("app_store", expected="an app's address with its id (…/id123456789)", found=url, url=url)
    # A feed's own host is kept; an app's page and its feed are on different ones.
    host = "{0.scheme}://{0.netloc}".format(urlsplit(url)) if "/rss/customerreviews/" in url else "https://itunes.apple.com"
    country = options.country or _country(url) or "us"
    return f"{host}/{country}/rss/customerreviews/page={page}/id={app_id}/sortby=mostrecent/{options.format}"


class AppStoreSpider(Spider):
    """Walks the feed's pages in turn until one holds no review."""

    name = "app_store"
    min_records = 1  # an app with any reviews in the country has some on the first page

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.last_page = min(self.options.max_pages, self.job.politeness.max_pages)

    async def start(self) -> AsyncIterator[Request]:
        yield self._request(1)

    def _request(self, page: int) -> Request:
        return Request(feed_url(self.job.url or "", self.options, page), cb_kwargs={"page": page})

    def parse(self, response: Response, page: int) -> Iterator[Page | Request]:
        records = tuple(parse(text_in(response, self.name, expected=_EXPECTED), response.url))
        yield Page(url=response.url, records=records)
        if records and page < self.last_page:
            yield self._request(page + 1)
