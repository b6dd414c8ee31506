"""Reviews of pages that mark nothing up: repeated blocks that each hold a rating, a date and words.

A widget (`spiders.reading.stars`) and a date (`spiders.reading.printed_dates`) that stand together make a review where the page repeats them in one
template. What stands alone, or without a date, counts only where the page itself calls it a review. Means of many, product tiles,
star histograms and forms that ask for stars are none of it. A market file may name parts by CSS where a site needs help.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cssselect import SelectorError
from lxml.etree import _Element as Element
from parsel import Selector
from parsel.csstranslator import HTMLTranslator
from pydantic import BaseModel, ConfigDict, Field, field_validator
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review
from spiders.reading.card_blocks import Index, apart, review_blocks
from spiders.reading.card_parts import Mark, Parts, Told, date_of, parts_of
from spiders.reading.card_text import Path, says_none, short_words
from spiders.reading.rating_words import Rating
from spiders.reading.select import document, review_id, unexpected
from spiders.reading.stars import rating_of
from spiders.receipt import Job
from spiders.reviews import schema_org
from spiders.web.walk import Walk, at_its_url, text_in

MAX_REVIEWS = 5_000
"""Of one page."""


class Css(BaseModel):
    """CSS selectors for what the general reader does not find; all but `card` are looked for inside the card."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    card: str | None = None
    """The block of one review. With it, nothing on the page but these blocks is read."""
    text: str | None = None
    rating: str | None = None
    date: str | None = None
    title: str | None = None
    author: str | None = None

    @field_validator("*")
    @classmethod
    def _valid(cls, selector: str | None) -> str | None:
        try:
            if selector is not None:
                HTMLTranslator().css_to_xpath(selector)
        except SelectorError as error:
            raise ValueError(f"expected a CSS selector, found {selector!r} ({error})") from error
        return selector


class Options(schema_org.Options):
    """`options` of a `cards` source in a market file. Without `dayfirst` the page's other dates decide what 03/04/2024 is."""

    css: Css = Css()
    rating_max: float | None = Field(default=None, ge=3, le=100)
    """The best rating, where the page does not show its scale; default: 5, or 10 where a review of the page has more than 5."""


def parse(text: str, url: str, *, options: Options | None = None) -> Iterator[Review]:
    """The reviews in the page's cards, in its order; none where there are none.

    Raises UnexpectedPage for what is no web page: empty, plain text or JSON, too large, nested too deep.
    """
    yield from read(page_of(text, url, who="cards"), url, options or Options())


def page_of(text: str, url: str, *, who: str) -> Selector:
    """A saved page's tree. Raises UnexpectedPage for what is no HTML."""
    if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} or not re.search(r"<[a-zA-Z!?]", text[:100_000]):
        raise unexpected(who, expected="an HTML page", found=repr(text.strip()[:40]), url=url)
    return document(text, who=who, url=url)


def read(page: Selector, url: str, options: Options) -> Iterator[Review]:
    zone = ZoneInfo(options.timezone) if options.timezone else None
    index = Index.of(page, options.dayfirst, zone)
    found = _named_cards(page, index, options.css) if options.css.card else review_blocks(index)
    cards = [_Read.of(card, index, options.css) for card in found[:MAX_REVIEWS]]
    places = Counter(card.parts.text_path for card in cards if card.parts.text)
    usual, count = places.most_common(1)[0] if places else ((), 0)
    if usual and count > 1 and 2 * count >= len(cards):  # what stands elsewhere, a name or a town, is no text
        cards = [card if card.parts.text_path == usual else _Read.of(card.node, index, options.css, usual) for card in cards]
    cards = [card for card in cards if (card.rating is not None or card.parts.text) and not says_none(card.parts.text)]
    if not options.css.card and not _believable(cards):
        return
    cards = _once(cards)
    values = [card.rating.value for card in cards if card.rating is not None and card.rating.best is None]
    best = options.rating_max or (5.0 if max(values, default=0.0) <= 5 else 10.0)
    ids = _ids([card.node for card in cards])
    for card, native_id in zip(cards, ids, strict=True):
        yield _review(card, native_id, best, url)


def _believable(cards: Sequence["_Read"]) -> bool:
    """Most of the blocks have words, and their ratings are those of single persons, not means."""
    if not cards:
        return False
    worded = sum(len(card.parts.text) >= 2 for card in cards)
    fine = sum(1 for card in cards if card.rating and round(card.rating.value * 10, 6) % 1)
    return 2 * worded >= len(cards) and 2 * fine < len(cards)


def _once(cards: Sequence["_Read"]) -> list["_Read"]:
    """Without those that the page prints twice, in a list of highlights say; the fuller print is kept."""
    seen: dict[object, int] = {}
    kept: list[_Read] = []
    for card in cards:
        parts = card.parts
        said = (parts.author, parts.published_at, parts.text)
        if not parts.author or len(parts.text) < 20 or said not in seen:
            seen[said] = len(kept)
            kept.append(card)
        elif parts.title and not kept[seen[said]].parts.title:
            kept[seen[said]] = card
    return kept


def _named_cards(page: Selector, index: Index, css: Css) -> list[Element]:
    return apart([found.root for found in page.css(css.card or "") if found.root in index.at], index)


# --- one card ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Read:
    node: Element
    rating: Rating | None
    parts: Parts

    @classmethod
    def of(cls, card: Element, index: Index, css: Css, usual: Path | None = None) -> "_Read":
        ratings, dates = index.inside(index.ratings, card), index.inside(index.dates, card)
        told = {name: _told(card, selector) for name, selector in css.model_dump(exclude={"card"}).items()}
        rating = next((mark.says for mark in ratings if isinstance(mark.says, Rating)), None)
        if told["rating"] is not None:
            rating = rating_of(told["rating"])
            ratings = [*ratings, Mark(index.at[told["rating"]], told["rating"], rating or Rating(0, None))]
        if told["date"] is not None and (says := date_of(told["date"], short_words(told["date"]), dayfirst=None, zone=None)):
            known = [mark for mark in dates if mark.node is told["date"] or told["date"] in mark.node.iterancestors()]
            dates = known or [Mark(index.at[told["date"]], told["date"], says)]
        parts = parts_of(card, ratings, dates, Told(text=told["text"], title=told["title"], author=told["author"]), usual)
        return cls(card, rating, parts)


def _told(card: Element, selector: str | None) -> Element | None:
    found = Selector(root=card, type="html").css(selector) if selector else []
    return found[0].root if found else None


def _review(card: _Read, native_id: str | None, best: float, url: str) -> Review:
    parts, rating = card.parts, card.rating
    scale = (rating.best or best) if rating else None
    value = rating.value if rating and scale and rating.value <= scale else None
    language = (card.node.get("lang") or "")[:2].lower()
    return Review(
        native_id=native_id or review_id(parts.published_at, parts.title, parts.text, value, author=parts.author),
        rating=value,
        rating_max=scale if value is not None else None,
        rating_min=0.0 if value is not None and (scale == 100 or value < 1) else 1.0,
        title=parts.title,
        text=parts.text,
        published_at=parts.published_at,
        author=parts.author,
        language=language if re.fullmatch("[a-z]{2}", language) else None,
        experienced_at=parts.experienced_at,
        verified=parts.verified,
        reply_text=parts.reply_text,
        reply_at=parts.reply_at,
        url=url,
    )


_ID = re.compile(r"[\w:-]{0,60}?(?:\d{4,}|[0-9a-fA-F]{8,}|[A-Z0-9]{10,})[\w-]{0,60}")
_ID_NAME = re.compile(r"id|data-(?:[a-z-]{0,30}-)?(?:id|key|no|seq|uid|reviewid)")


def _ids(cards: Sequence[Element]) -> list[str | None]:
    """The page's own id of each card: the attribute that all of them have, each with a value of its own; else None for all."""
    for name in filter(_ID_NAME.fullmatch, map(str, cards[0].keys() if cards else ())):
        values = [(card.get(name) or "").strip() for card in cards]
        if len(set(values)) == len(values) and all(map(_ID.fullmatch, values)):
            return list(values)
    return [None] * len(cards)


# --- the walk ---------------------------------------------------------------------------------------------------------


class CardsSpider(Spider):
    """Walks from the source's page along rel=next."""

    name = "cards"
    start = at_its_url
    min_records = 1  # a page of reviews has some; a new shop may have no more than one

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.walk = Walk(self.job, self.options.max_pages)

    def parse(self, response: Response) -> Iterator[Page | Request]:
        page = page_of(text_in(response, self.name, expected="an HTML page"), response.url, who=self.name)
        yield Page(url=response.url, records=tuple(read(page, response.url, self.options)))
        yield from self.walk.on(schema_org.next_page(page, response.url))
