"""Goodreads: the XML of its API, with recent reviews, those of one reader, or a single one. Saved answers: it gives no new keys
since 2020.

What the answers do: the XML declaration may come after an empty line, where XML allows none; a rating of 0 says that the reader
gave none; most entries of a reader's shelves have no words; bodies are HTML; dates are written as Ruby prints them.
"""

import re
from collections.abc import Iterator
from datetime import date, datetime
from itertools import chain, islice

from lxml import etree
from pydantic import BaseModel, ConfigDict
from scrapy import Spider
from scrapy.http import Response

from spiders.items import Page, Review, Stated, UnexpectedPage
from spiders.reading.select import parse_date, text_of, unexpected
from spiders.receipt import Job
from spiders.web.walk import at_its_url, text_in

MAX_ANSWER = 8_000_000
"""Characters of an answer; a full one of 200 reviews has some 800,000."""
MAX_REVIEWS = 2_000
"""Of one answer, which has 200 at most."""

_EXPECTED = "the API's reviews in XML"
_NOT_XML = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#0{0,9}(?:[0-8]|1[124-9]|2[0-9]|3[01]);|&#x0{0,9}(?:[0-8bcefBCEF]|1[0-9a-fA-F]);"
)


class Options(BaseModel):
    """`options` of a `goodreads` source in a market file: there are none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def parse(text: str, url: str) -> Iterator[Review]:
    """The reviews of an answer, in its order, those without words and stars too: they say that somebody shelved the book.

    Raises UnexpectedPage for what is no such answer, and for a review without an id.
    """
    answer = _answer(text, url)
    for review in islice(chain(answer.iterfind("reviews/review"), answer.iterfind("review")), MAX_REVIEWS):
        yield _review(review, url)


def stated(text: str, url: str) -> Stated | None:
    """How many reviews a reader has, as the answer states it; None where it does not."""
    reviews = _answer(text, url).find("reviews")
    total = reviews.get("total", "") if reviews is not None else ""
    return Stated(count=int(total)) if re.fullmatch(r"[0-9]{1,9}", total) else None


def recognises(text: str, url: str) -> bool:
    """XML whose outermost element is Goodreads's own."""
    del url
    return re.match(r"[\ufeff\s\0]*+(?:<\?xml[^>]{0,200}\?>\s*+)?<GoodreadsResponse\b", text[:2000]) is not None


def _answer(text: str, url: str) -> etree._Element:
    body = text.lstrip("\ufeff \t\r\n\0")
    if len(text) > MAX_ANSWER:
        raise _unexpected(f"{len(text):,} characters", url)
    if "<!DOCTYPE" in body:  # Goodreads sends none, and only a document type can declare entities
        raise _unexpected("a document type declaration", url)
    body = re.sub(r"\A<\?xml[^>]{0,200}\?>", "", body)  # names the encoding that the text was sent in
    parser = etree.XMLParser(encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(_NOT_XML.sub("", body).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise _unexpected(f"{body[:40]!r} ({error})", url) from error
    if root.tag != "GoodreadsResponse" or (root.find("reviews") is None and root.find("review") is None):
        raise _unexpected(f"XML that begins with <{str(root.tag)[:40]}> and holds no reviews", url)
    return root


def _unexpected(found: str, url: str) -> UnexpectedPage:
    return unexpected("goodreads", expected=_EXPECTED, found=found, url=url)


def _review(review: etree._Element, url: str) -> Review:
    native_id = review.findtext("id", "").strip()
    if not re.fullmatch(r"[0-9]{1,20}", native_id):
        raise _unexpected(f"a review with the id {native_id[:40]!r}", url)
    printed = review.findtext("rating", "").strip()
    if not re.fullmatch("[0-5]", printed):
        raise _unexpected(f"a rating of {printed[:40]!r} in review {native_id}", url)
    rating = float(printed) or None
    read_at = parse_date(review.findtext("read_at", ""))
    link = (review.findtext("url", "") or review.findtext("link", "")).strip()
    return Review(
        native_id=native_id,
        rating=rating,
        rating_max=None if rating is None else 5.0,
        text=text_of(review.findtext("body", "")),
        published_at=parse_date(review.findtext("date_added", "")),
        author=review.findtext("user/name", "").strip() or None,
        product=" ".join(text_of(review.findtext("book/title", "")).split()) or None,
        experienced_at=_day(read_at),
        url=link if link.startswith(("http://", "https://")) else url,
    )


def _day(moment: datetime | date | None) -> date | None:
    return moment.date() if isinstance(moment, datetime) else moment


# --- the walk ---------------------------------------------------------------------------------------------------------


class GoodreadsSpider(Spider):
    """Reads the one answer at the source's url, for those who still have a key."""

    name = "goodreads"
    start = at_its_url
    min_records = 1  # who saves an answer has one with reviews

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)

    def parse(self, response: Response) -> Iterator[Page]:
        text = text_in(response, self.name, expected=_EXPECTED)
        yield Page(url=response.url, records=tuple(parse(text, response.url)), stated=stated(text, response.url))
