"""Trustpilot: the page of a company, read from the state that it embeds for its own scripts (`__NEXT_DATA__`).

What the page does: the markup shows some reviews twice, once highlighted and once in their turn, so 24 cards may be 21 reviews;
the state tells them apart by id. `verificationSource` says "invitation" even of reviews that nobody asked for: only the level
and the name of the review's source tell. A page without the state is read for its schema.org data, which has no replies and no
flags.
"""

import re
from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review, Stated, UnexpectedPage
from spiders.reading.answer import count_at, country_at, flag_at, held, language_at, loaded, number_at, text_at
from spiders.reading.select import MAX_PAGE, parse_date, text_of, unexpected
from spiders.receipt import Job
from spiders.reviews import schema_org
from spiders.reviews.schema_org import Reading
from spiders.web.walk import Walk, text_in

MAX_REVIEWS = 1_000
"""Of one page, which shows 20 and some highlighted ones."""

_EXPECTED = "a company's page with its reviews"
_STATE = re.compile(r'<script\s[^<>]{0,200}\bid="__NEXT_DATA__"[^<>]{0,200}+>([^<]*+(?:<(?!/script)[^<]*+)*+)', re.IGNORECASE)
_ASKED = re.compile("AFS|Invitation|BasicLink|Kickstart")
"""In the names of Trustpilot's own ways of asking customers: by mail after a purchase (AFSv2), by a link (BasicLink), by its
API."""


class Options(BaseModel):
    """`options` of a `trustpilot` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    languages: str = Field(default="all", pattern="^(all|[a-z]{2})$")
    """Reviews in this language only (ISO 639-1), or in all; Trustpilot alone would show those in the language of its address."""
    max_pages: int = Field(default=50, ge=1, le=1000)
    """Pages that one crawl follows at most; the market's own limit holds beside it."""


def parse(text: str, url: str) -> Iterator[Review]:
    """The reviews of one page of a company, each once: those of the list in its order, then the highlighted ones that are not
    in it.

    Raises UnexpectedPage for a state without them, and for what is no web page.
    """
    yield from read(text, url).records


def stated(text: str, url: str) -> Stated | None:
    """The company's score and number of reviews, as the page states them."""
    return read(text, url).stated


def recognises(text: str, url: str) -> bool:
    """The state of a company's page, in the page or alone. A page of Trustpilot's without one is left to the general readers."""
    del url
    holds_state = '"pageProps"' in text[:1000] if _is_answer(text) else "__NEXT_DATA__" in text
    return holds_state and '"businessUnit"' in text and '"trustScore"' in text


def _is_answer(text: str) -> bool:
    """The state alone, as the site's own scripts ask for it (`/_next/data/…/review/shop.example.json`)."""
    return text[:100].lstrip("\ufeff \t\r\n")[:1] == "{"


def read(text: str, url: str) -> Reading:
    """`parse`, `stated` and the way on, with the page loaded once."""
    if len(text) > MAX_PAGE:
        raise _unexpected(f"{len(text):,} characters", url)
    state = text if _is_answer(text) else found[1] if (found := _STATE.search(text)) else None
    if state is None:
        return schema_org.read(text, url)
    page = loaded(state, who="trustpilot", expected="a company's page with its state in JSON", url=url)
    props = held(page, "props", "pageProps") or held(page, "pageProps")
    listed = held(props, "reviews")
    if not isinstance(listed, list):
        raise _unexpected("a state without a list of reviews", url)
    highlighted = held(props, "relevantReviews")
    both = [*listed, *(highlighted if isinstance(highlighted, list) else ())][:MAX_REVIEWS]
    records = {record.native_id: record for each in reversed(both) for record in [_review(each, url)]}
    in_order = dict.fromkeys(text_at(each, "id") for each in both)
    return Reading(tuple(records[native_id] for native_id in in_order), _stated(props), _next_url(props, url))


def _unexpected(found: str, url: str) -> UnexpectedPage:
    return unexpected("trustpilot", expected=_EXPECTED, found=found, url=url)


def _review(each: object, url: str) -> Review:
    native_id, rating = text_at(each, "id"), number_at(each, "rating")
    if not re.fullmatch(r"[\w-]{1,64}", native_id):
        raise _unexpected(f"a review with the id {native_id[:40]!r}", url)
    if rating is None or not 1 <= rating <= 5:
        raise _unexpected(f"a rating of {str(held(each, 'rating'))[:40]!r} in review {native_id}", url)
    published = parse_date(text_at(each, "dates", "publishedDate"))
    if published is None:
        raise _unexpected(f"no date in review {native_id}", url)
    experienced = parse_date(text_at(each, "dates", "experiencedDate")[:10])  # a day, printed as its midnight
    reply = text_of(text_at(each, "reply", "message")) or None
    return Review(
        native_id=native_id,
        rating=rating,
        rating_max=5.0,
        title=" ".join(text_of(text_at(each, "title")).split()) or None,
        text=text_of(text_at(each, "text")),
        published_at=published,
        author=text_at(each, "consumer", "displayName") or None,
        language=language_at(each, "language"),
        country=country_at(each, "consumer", "countryCode"),
        experienced_at=experienced,
        verified=flag_at(each, "labels", "verification", "isVerified"),
        invited=_invited(each),
        reply_text=reply,
        reply_at=parse_date(text_at(each, "reply", "publishedDate")) if reply else None,
        url=f"https://www.trustpilot.com/reviews/{native_id}",
    )


def _invited(each: object) -> bool | None:
    """Only where the page says it: a level `invited`, one of Trustpilot's ways of asking, or `Organic` for nobody asked."""
    source = text_at(each, "labels", "verification", "reviewSourceName") or text_at(each, "source")
    if source == "Organic":
        return False
    asked = text_at(each, "labels", "verification", "verificationLevel") == "invited" or _ASKED.search(source[:100])
    return True if asked else None


def _stated(props: object) -> Stated | None:
    score, count = number_at(props, "businessUnit", "trustScore"), count_at(props, "businessUnit", "numberOfReviews")
    rated = score is not None and 1 <= score <= 5  # a company without reviews has a score of 0
    if not rated and count is None:
        return None
    return Stated(rating=score if rated else None, rating_max=5.0 if rated else None, count=count)


def _next_url(props: object, url: str) -> str | None:
    pagination = held(props, "filters", "pagination")
    page, last = count_at(pagination, "currentPage"), count_at(pagination, "totalPages")
    return _with(url, page=str(page + 1)) if page and last and page < last else None


def _with(url: str, **values: str) -> str:
    """The address with these parameters set."""
    parts = urlsplit(url)
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in values]
    return urlunsplit(parts._replace(query=urlencode([*query, *values.items()]), fragment=""))


# --- the walk ---------------------------------------------------------------------------------------------------------


class TrustpilotSpider(Spider):
    """Walks a company's pages in turn. Trustpilot's robots.txt shuts most crawlers out: then the receipt says so."""

    name = "trustpilot"
    min_records = 1  # a company without a single review is of no use to a market

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.walk = Walk(self.job, self.options.max_pages)

    async def start(self) -> AsyncIterator[Request]:
        if self.job.url:
            yield Request(_with(self.job.url, languages=self.options.languages))

    def parse(self, response: Response) -> Iterator[Page | Request]:
        reading = read(text_in(response, self.name, expected=_EXPECTED), response.url)
        # Highlighted reviews come again on later pages, and would make a crawl that broke off look complete.
        yield Page(url=response.url, records=self.walk.new(reading.records), stated=reading.stated)
        yield from self.walk.on(reading.next_url)
