"""Reviews on an Amazon product page or in its list of reviews, on any of Amazon's sites.

Amazon names the parts of a review by `data-hook`. Its date line tells the country too, in the site's language; reviews from other
countries come in both their own words and a translation, and the writer's own words are kept. robots.txt and terms decide whether
a crawl may be made; saved pages can be read as well (`path` in the market file).
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from lxml.etree import _Element as Element
from parsel import Selector
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review, Stated
from spiders.reading.printed_dates import printed_date
from spiders.reading.rating_words import Rating
from spiders.reading.select import text_of, unexpected
from spiders.reading.stars import rating_of
from spiders.receipt import Job
from spiders.reviews.cards import page_of
from spiders.reviews.schema_org import absolute, onward
from spiders.web.walk import Walk, at_its_url, text_in

MAX_REVIEWS = 1_000
"""Of one page; Amazon prints 8 to 13."""


class Options(BaseModel):
    """`options` of an `amazon` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_pages: int = Field(default=10, ge=1, le=100)
    """Pages that one crawl follows at most; the market's own limit holds beside it."""


_CARD = "[data-hook=review], [data-hook=cmps-review]"
_ID = re.compile(r"(?:customer_review(?:_foreign)?-)?(R[A-Z0-9]{8,20})")
_COUNTRIES: dict[str, list[str]] = tomllib.loads(Path(__file__).with_name("amazon_countries.toml").read_text("utf-8"))
_CODES = {name.casefold(): code for code, names in _COUNTRIES.items() for name in names}
# The longest name first, and no name inside a longer word; Japanese writes without spaces between them.
_COUNTRY = re.compile(
    "|".join(rf"(?<![^\W\d_]){re.escape(n)}(?!\w)" if n[0] < "\u3000" else n for n in sorted(_CODES, key=len, reverse=True))
)


def recognises(text: str, _url: str) -> bool:
    """Reviews as only Amazon marks them."""
    return 'data-hook="review-star-rating"' in text and 'data-hook="review-date"' in text


def parse(text: str, url: str) -> Iterator[Review]:
    """The page's reviews in its order, each once; none on a page that has none.

    Raises UnexpectedPage for what is no page of Amazon's, a robot check for instance, and for a review without an id.
    """
    yield from _records(_page(text, url), url)


def stated(text: str, url: str) -> Stated | None:
    """The product's mean. The number beside it counts ratings, most of them without a review, so no count is given."""
    return _stated(_page(text, url))


def _page(text: str, url: str) -> Selector:
    page = page_of(text, url, who="amazon")
    if not page.css("[data-hook], #productTitle, #cm_cr-review_list"):
        found = "a robot check" if "validateCaptcha" in text else "a page without any"
        raise unexpected("amazon", expected="a product or review page with data-hook attributes", found=found, url=url)
    return page


def _records(page: Selector, url: str) -> Iterator[Review]:
    product = _line(page.css("#productTitle, [data-hook=product-link]")) or None
    seen: set[str] = set()
    for card in page.css(_CARD)[:MAX_REVIEWS]:
        match = _ID.fullmatch((card.root.get("id") or "").strip())
        if match is None:
            raise unexpected(
                "amazon", expected="an id like R2ABCDEFGH3IJ on each review", found=repr(card.root.get("id")), url=url
            )
        if match[1] not in seen:
            seen.add(match[1])
            record = _review(card, match[1], product, url)
            if record.rating is not None or record.text or record.title:
                yield record


def _review(card: Selector, native_id: str, product: str | None, url: str) -> Review:
    stars = card.css("[data-hook=review-star-rating], [data-hook=cmps-review-star-rating]")
    rating = rating_of(stars[0].root) if stars else None
    value = rating.value if rating and 1 <= rating.value <= 5 else None
    said = _line(card.css("[data-hook=review-date]"))
    printed = printed_date(said)
    title = card.css("[data-hook=review-title]")
    return Review(
        native_id=native_id,
        rating=value,
        rating_max=None if value is None else 5.0,
        title=" ".join(_own_words(title).split()) or None,
        text=_own_words(card.css("[data-hook=review-body]")),
        published_at=printed.moment if printed else None,
        author=_line(card.css(".a-profile-name")) or None,
        product=product,
        country=_country(said),
        verified=True if card.css("[data-hook^=avp-badge]") else None,
        url=absolute(f"/gp/customer-reviews/{native_id}", url) or url,
    )


def _line(found: "Selector | list[Selector]") -> str:
    first = found[0] if isinstance(found, list) and found else None
    return " ".join(text_of(first).split()) if first is not None else ""


def _country(date_line: str) -> str | None:
    match = _COUNTRY.search(date_line.casefold())
    return _CODES[match[0]] if match else None


_NOT_WORDS = "[data-hook$=star-rating], .a-icon-alt, .a-expander-header, .cr-translated-review-content, [data-hook*=expand], video, .video-block, [id^=video-block]"


def _own_words(found: "Selector | list[Selector]") -> str:
    """What the reviewer wrote: without stars, buttons and translations."""
    first = found[0] if isinstance(found, list) and found else None
    if first is None:
        return ""
    whole: Element = first.root
    original = first.css(".cr-original-review-content")
    if original:
        return text_of(original[0])
    for part in first.css(_NOT_WORDS):
        if part.root is not whole:
            _blank(part.root)
    return text_of(whole)


def _blank(node: Element) -> None:
    """Takes an element's words away, not those behind it."""
    node.text = None
    for child in list(node):
        node.remove(child)


def _stated(page: Selector) -> Stated | None:
    found = page.css("[data-hook=rating-out-of-text], [data-hook=average-star-rating]")
    rating: Rating | None = rating_of(found[0].root) if found else None
    return Stated(rating=rating.value, rating_max=rating.best or 5.0) if rating else None


# --- the walk ---------------------------------------------------------------------------------------------------------


def next_page(page: Selector, url: str) -> str | None:
    """The next page of the list; from a product's page, the list itself. Always on the same host."""
    forward = "li.a-last:not(.a-disabled) > a, a[data-hook=pagination-next], a[data-hook=see-all-reviews-link-foot]"
    return onward(page.css(forward), url)


class AmazonSpider(Spider):
    """From a product's page to its list of reviews, and along that list."""

    name = "amazon"
    start = at_its_url
    min_records = 1  # a product that is worth watching has a review on its page

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.walk = Walk(self.job, self.options.max_pages)

    def parse(self, response: Response) -> Iterator[Page | Request]:
        page = _page(text_in(response, self.name, expected="an HTML page"), response.url)
        # The product's page shows the first reviews of the list that follows.
        records = self.walk.new(_records(page, response.url))
        yield Page(url=response.url, records=records, stated=_stated(page))
        yield from self.walk.on(next_page(page, response.url))
