"""Reviews on Tabelog: of one reviewer for many restaurants, or of one restaurant by many reviewers.

A review prints a score for lunch or dinner, 0 to 5, and in small the scores of its parts (food, service, ...), which are not the
review's. It tells the month of the visit and never the day of writing. In lists the text is cut, as printed.
"""

import re
from collections.abc import Iterator
from datetime import date
from urllib.parse import urldefrag, urljoin

from parsel import Selector
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review, Stated
from spiders.reading.printed_dates import printed_date
from spiders.reading.select import parse_rating, review_id, text_of, unexpected
from spiders.receipt import Job
from spiders.reviews.cards import page_of
from spiders.reviews.schema_org import next_page
from spiders.web.walk import Walk, at_its_url, text_in

MAX_REVIEWS = 1_000
"""Of one page; Tabelog prints 20 to 100."""


class Options(BaseModel):
    """`options` of a `tabelog` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_pages: int = Field(default=50, ge=1, le=1000)
    """Pages that one crawl follows at most; the market's own limit holds beside it."""


_ID = re.compile(r"\bB?(\d{4,12})\b")
_SCORES = (
    ".rvw-item__ratings-total .c-rating__val",
    "[class*=rvw-item__ratings] [class*=c-rating-v][class*=__val]",
    ".rvw-item__ratings-total",
)
_NAMES = (".rvw-item__rvwr-name", ".rvw-item__rvwr-profile a", "[class*=rvwr-name]")
_SHOPS = (".rvw-item__rst-name", ".rstinfo-table__name-wrap", ".display-name", "[class*=rst-name]")


def recognises(text: str, _url: str) -> bool:
    """Blocks of reviews as only Tabelog names them."""
    return "rvw-item__" in text and "tabelog" in text


def parse(text: str, url: str) -> Iterator[Review]:
    """The page's reviews in its order; none on a page of Tabelog's without any.

    Raises UnexpectedPage for what is no page of Tabelog's.
    """
    yield from _records(_page(text, url), url)


def stated(text: str, url: str) -> Stated | None:
    """How many reviews the list says it has; None where it does not say."""
    return _stated(_page(text, url))


def _page(text: str, url: str) -> Selector:
    if "tabelog" not in text:
        raise unexpected("tabelog", expected="a page of Tabelog", found="one that does not name it", url=url)
    return page_of(text, url, who="tabelog")


def _records(page: Selector, url: str) -> Iterator[Review]:
    reviewer = _first(page, (".rvwr-nickname", "[class*=rvwr-status__nickname]")) or None
    shop = None if reviewer else _first(page, _SHOPS[1:]) or None
    for card in page.css(".rvw-item")[:MAX_REVIEWS]:
        record = _review(card, reviewer, shop, url)
        if record.rating is not None or record.text:
            yield record


def _review(card: Selector, reviewer: str | None, shop: str | None, url: str) -> Review:
    scores = (parse_rating(_line(found)) for selector in _SCORES for found in card.css(selector))
    score = next((score[0] for score in scores if score and 0 <= score[0] <= 5), None)
    visited = next(
        (said for found in card.css("[class*=visited-date], [class*=rvw-item__date]") if (said := printed_date(_line(found)))),
        None,
    )
    moment = visited.moment if visited else None
    link = next((href for found in card.css("[data-detail-url]") + card.css("a[href*=rvwdtl]") if (href := _target(found))), "")
    named = card.xpath("ancestor::*[@data-interested-review-id][1]/@data-interested-review-id").get()
    native_id = _ID.search(named or link)
    title = _first(card, (".rvw-item__title",)) or None
    text = next((words for found in card.css(".rvw-item__rvw-comment") if (words := text_of(found))), "")
    author = reviewer or _first(card, _NAMES) or None
    return Review(
        native_id=native_id[1] if native_id else review_id(moment, title, text, score, author=author),
        rating=score,
        rating_max=None if score is None else 5.0,
        rating_min=1.0 if score is None else 0.0,
        title=title,
        text=text,
        author=author,
        product=_first(card, _SHOPS[:1]) or shop,
        experienced_at=moment if type(moment) is date else None,
        # An address below /rvwr/ holds its reviewer's name, which must not land.
        url=_absolute(link, url) if link and "/rvwr/" not in link else url,
    )


def _line(found: Selector) -> str:
    return " ".join(text_of(found).split())


def _first(node: Selector, selectors: tuple[str, ...]) -> str:
    return next((line for selector in selectors for found in node.css(selector) if (line := _line(found))), "")


def _target(found: Selector) -> str:
    return str(found.root.get("data-detail-url") or found.root.get("href") or "").strip()


def _absolute(href: str, base: str) -> str:
    try:
        joined = urldefrag(urljoin(base, href)).url
    except ValueError:  # brackets that are no IPv6 address
        return base
    return joined if joined.startswith(("http://", "https://")) else base


def _stated(page: Selector) -> Stated | None:
    numbers = [_line(found).replace(",", "") for found in page.css(".c-page-count__num")]
    return Stated(count=int(numbers[-1])) if len(numbers) == 3 and re.fullmatch(r"[0-9]{1,9}", numbers[-1]) else None


# --- the walk ---------------------------------------------------------------------------------------------------------


class TabelogSpider(Spider):
    """Walks along rel=next."""

    name = "tabelog"
    start = at_its_url
    min_records = 5  # a restaurant or reviewer that is worth watching has a page full, 20

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.walk = Walk(self.job, self.options.max_pages)

    def parse(self, response: Response) -> Iterator[Page | Request]:
        page = _page(text_in(response, self.name, expected="an HTML page"), response.url)
        yield Page(url=response.url, records=tuple(_records(page, response.url)), stated=_stated(page))
        yield from self.walk.on(next_page(page, response.url))
