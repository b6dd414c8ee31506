"""RSS and Atom feeds: blogs, press rooms, podcasts, YouTube channels, and searches that are offered as a feed.

Read by feedparser, which knows RSS 0.9 to 2.0, Atom, and the extensions for comments (slash, thr) and media (mrss). What YouTube
gives of a video, likes and views, stands in `media:community` (https://www.rssboard.org/media-rss).

feedparser opens files and addresses that it finds in its input, and takes seconds for a megabyte that is not well-formed. So it
gets bytes that were cut to size before, without a document type: nothing in them can name an entity.
"""

import html
import io
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import cast
from urllib.parse import urljoin

import feedparser
from lxml import etree
from pydantic import BaseModel, ConfigDict
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Post
from spiders.reading.nameless import names_author
from spiders.reading.naming import Words, naming
from spiders.reading.select import MAX_PAGE, content_id, parse_date, text_of, unexpected
from spiders.receipt import Job
from spiders.web.walk import text_in

MAX_ENTRIES = 500
"""The newest ones, which stand first; most feeds hold 10 to 100."""
MAX_FEED = 1_200_000
"""Bytes of entries that are read, from the first on: a second and a half of feedparser's work."""
MAX_ELEMENTS = 30_000
MAX_ATTRIBUTES = 500
MAX_LOOSE = 150_000
"""Characters of a feed that is not well-formed XML."""


class Options(BaseModel):
    """`options` of a `feed` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: Words = ()
    """Keep only entries that name the brand so; none for the brand's own feed, of which everything counts."""


def parse(text: str, url: str) -> Iterator[Post]:
    """The feed's entries in its order; none for an empty one. UnexpectedPage for what is no feed, and for an entry without any words."""
    feed = feedparser.parse(
        io.BytesIO(_bounded(text, url)),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        resolve_relative_uris=False,  # done below, for the addresses that are kept
        sanitize_html=False,  # text_of leaves no markup at all
    )
    channel = _first(feed["feed"], "author")
    for entry in feed["entries"]:
        yield _post(entry, url, language=_language(_first(feed["feed"], "language")), channel=channel)


def recognises(text: str, url: str) -> bool:  # noqa: ARG001 - the same signature for every source
    return _root_name(text) in {"rss", "rdf", "feed"}


# --- what feedparser is given -----------------------------------------------------------------------------------------

_START = re.compile(
    r"\s*(?:<\?[^>]{0,2000}>\s*|<!--.{0,10000}?-->\s*|<!DOCTYPE[^\[>]{0,2000}(?:\[[^\]]{0,10000}\]\s*)?>\s*)*+",
    re.DOTALL | re.IGNORECASE,
)
_LONG_TAG = re.compile(r"<[a-zA-Z][^<>]{5000,}")
_NUMBERED = re.compile(r"&#(?:0*(\d+)|[xX]0*([0-9a-fA-F]+))")
_NAMED = re.compile(r"&([a-zA-Z][a-zA-Z0-9]{1,31});")
# What XML 1.0 cannot hold, as such or as a reference.
_NOT_XML = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#0{0,9}(?:[0-8]|1[124-9]|2[0-9]|3[01]);|&#x0{0,9}(?:[0-8bcefBCEF]|1[0-9a-fA-F]);"
)


def _root_name(text: str) -> str:
    start = text[:40_000].lstrip("\ufeff \t\r\n\0")
    begun = _START.match(start)
    root = re.match(r"<(?:[\w.-]{1,40}:)?([\w-]{1,40})[\s>/]", start[begun.end() if begun else 0 :])
    return root[1].lower() if root else ""


def _bounded(text: str, url: str) -> bytes:
    """The feed in UTF-8, without a document type, and with the first entries as far as the limits go."""
    if len(text) > MAX_PAGE:
        raise unexpected("feed", expected=f"a feed of at most {MAX_PAGE:,} characters", found=f"{len(text):,}", url=url)
    name = _root_name(text)
    if name not in {"rss", "rdf", "feed"}:
        found = "an HTML page: say the feed's own address" if name == "html" else repr(text[:40])
        raise unexpected("feed", expected="an RSS or Atom feed", found=found, url=url)
    body = text.lstrip("\ufeff \t\r\n\0")
    begun = _START.match(body)
    body = _NUMBERED.sub(_numbered, _NAMED.sub(_character, _NOT_XML.sub("", body[begun.end() if begun else 0 :])))
    if any(tag.count("=") > MAX_ATTRIBUTES for tag in _LONG_TAG.findall(body)):
        # libxml2 holds each attribute against all others of its element: 100,000 take it a minute and a half.
        raise unexpected("feed", expected=f"elements with at most {MAX_ATTRIBUTES} attributes", found="more", url=url)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        # feedparser then reads it as tags in any order, at 200,000 characters a second.
        return _up_to(body, MAX_LOOSE).encode("utf-8", "replace")
    _cut(root)
    clean = etree.tostring(root, encoding="utf-8")
    if len(clean) > 2 * MAX_FEED:
        raise unexpected("feed", expected="entries", found=f"{len(clean):,} bytes around them", url=url)
    return clean


def _up_to(body: str, limit: int) -> str:
    """The text up to the last whole entry within the limit."""
    if len(body) <= limit:
        return body
    ends = [body.rfind(end, 0, limit) + len(end) for end in ("</item>", "</entry>") if end in body[:limit]]
    return body[: max(ends, default=limit)]


def _character(named: re.Match[str]) -> str:
    """HTML's names of characters, which XML does not know; what could become markup stays as it is."""
    character = html.unescape(named[0])
    return named[0] if character in "<>&\"'" or character == named[0] else character


def _numbered(reference: re.Match[str]) -> str:
    """Without references to what is no character: feedparser falls over large numbers."""
    decimal, hexadecimal = reference[1], reference[2]
    digits = decimal or hexadecimal
    code = int(digits, 10 if decimal else 16) if len(digits) <= 7 else -1
    return reference[0] if 0 <= code < 0xD800 or 0xE000 <= code <= 0x10FFFF else ""


def _cut(root: etree._Element) -> None:
    """Leaves out the entries behind the limits."""
    entries = [node for node in root.iter(etree.Element) if _local(node) in {"item", "entry"}]
    size = elements = 0
    for place, entry in enumerate(entries):
        if place < MAX_ENTRIES and size < MAX_FEED and elements < MAX_ELEMENTS:
            size += len(etree.tostring(entry, encoding="utf-8"))
            elements += sum(1 for _ in entry.iter())
        if (place >= MAX_ENTRIES or size >= MAX_FEED or elements >= MAX_ELEMENTS) and place:
            parent = entry.getparent()
            if parent is not None:
                parent.remove(entry)


def _local(node: etree._Element) -> str:
    return str(node.tag).rpartition("}")[2].lower()


# --- entries ----------------------------------------------------------------------------------------------------------


def _post(entry: Mapping[str, object], url: str, *, language: str | None, channel: str | None) -> Post:
    title = " ".join(text_of(_first(entry, "title")).split())[:1000] or None
    text = text_of(_body(entry))
    # `published` of some is the day on which it was last changed, and `updated` the only date of others.
    published = parse_date(_first(entry, "published")) or parse_date(_first(entry, "updated", "created"))
    link = _link(entry, url)
    if title is None and not text and link is None:
        raise unexpected("feed", expected="an entry with a title, a text or a link", found="one with none of them", url=url)
    native_id = " ".join((_first(entry, "id") or "").split())[:1000] or link or content_id(title, text, published)
    author = _first(entry, "author") or channel
    return Post(
        native_id=content_id(native_id) if names_author(native_id, author) else native_id,
        title=title,
        text=text,
        published_at=published,
        author=author,
        language=language,
        url=_nameless(link, author) or url,
        likes=_count(entry.get("media_starrating"), "count"),
        replies=_number(_first(entry, "slash_comments", "thr_total")),
        views=_count(entry.get("media_statistics"), "views"),
    )


def _first(node: Mapping[str, object], *names: str) -> str | None:
    for name in names:
        # feedparser gives a missing `updated` the value of `published`, with a warning.
        value = node.get(name) if name in node else None
        if isinstance(value, str) and value.strip():
            return value
    return None


def _body(entry: Mapping[str, object]) -> str | None:
    """The whole text where the feed has it beside a summary."""
    contents = entry.get("content")
    listed = contents if isinstance(contents, list) else []
    texts = [value for each in listed if isinstance(value := cast("Mapping[str, object]", each).get("value"), str)]
    return max([*texts, _first(entry, "summary", "subtitle") or ""], key=len)


def _link(entry: Mapping[str, object], base: str) -> str | None:
    href = (_first(entry, "link", "feedburner_origlink") or "").strip()
    if not href:
        return None
    try:
        link = urljoin(base, href)
    except ValueError:
        return None
    return link if re.match(r"https?://[^/\s]", link) else None


def _nameless(link: str | None, author: str | None) -> str | None:
    """The link, unless it names who wrote; where that is a Mastodon server's, the same post's other address."""
    if link is None or not names_author(link, author):
        return link
    post = re.match(r"(https?://[^/\s@]{1,255})/@[^/\s]{1,300}/(\d{1,30})(?:[?#]|$)", link)
    return f"{post[1]}/statuses/{post[2]}" if post else None


def _language(said: str | None) -> str | None:
    match = re.match(r"([a-z]{2})(?:[-_]|$)", (said or "").strip().lower())
    return match[1] if match else None


def _count(node: object, name: str) -> int | None:
    return _number(node.get(name)) if isinstance(node, dict) else None


def _number(printed: object) -> int | None:
    """None where nothing, or no count, is printed."""
    return int(printed) if isinstance(printed, str) and re.fullmatch(r"\d{1,15}", printed.strip()) else None


# --- the crawl --------------------------------------------------------------------------------------------------------


def feed_url(url: str) -> str:
    """The address of the feed: that of a YouTube channel for its page, else as given."""
    channel = re.match(r"https://(?:www\.|m\.)?youtube\.com/channel/(UC[\w-]{22})(?:[/?#]|$)", url)
    return f"https://www.youtube.com/feeds/videos.xml?channel_id={channel[1]}" if channel else url


class FeedSpider(Spider):
    """One request: a feed is one page."""

    name = "feed"
    min_records = 0  # nothing new to tell is a quiet week

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)

    async def start(self) -> AsyncIterator[Request]:
        yield Request(feed_url(self.job.url or ""))

    def parse(self, response: Response) -> Iterator[Page]:
        text = text_in(response, self.name, expected="an RSS or Atom feed")
        yield Page(url=response.url, records=tuple(naming(parse(text, response.url), self.options.words)))
