"""Reviews that a page marks up with schema.org: JSON-LD, else microdata, else RDFa. Any shop, recipe or business page.

JSON-LD is read first, for it costs least; what only the markup says is read where JSON-LD holds no review.
The crawl follows rel=next on the same host.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from functools import partial
from urllib.parse import urldefrag, urljoin, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from parsel import Selector
from pydantic import BaseModel, ConfigDict, Field, field_validator
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review, Stated
from spiders.reading.nameless import names_author
from spiders.reading.select import MAX_PAGE, document, parse_date, parse_rating, review_id, text_of, unexpected
from spiders.reading.structured import Item, Value, decoded, json_ld_in, linked, microdata, rdfa
from spiders.receipt import Job
from spiders.web.walk import Walk, at_its_url, text_in

MAX_REVIEWS = 5_000
"""Of one page; the longest page seen while writing this prints 35."""


class Options(BaseModel):
    """`options` of a `schema_org` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_pages: int = Field(default=50, ge=1, le=1000)
    """Pages that one crawl follows at most; the market's own limit holds beside it."""
    dayfirst: bool | None = None
    """How the site writes 03/04/2024: true for 3 April, false for 4 March; without it such dates are left out."""
    timezone: str | None = None
    """The zone of times that are printed without an offset (`Asia/Seoul`); without it only their day is kept."""

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str | None) -> str | None:
        try:
            return name if name is None else ZoneInfo(name).key
        except (ZoneInfoNotFoundError, OSError) as error:
            raise ValueError(f"expected a time zone such as Asia/Seoul, found {name!r}") from error


def parse(text: str, url: str, *, dayfirst: bool | None = None, zone: tzinfo | None = None) -> Iterator[Review]:
    """The reviews that a page marks up, each once, in the order of the page; none where there are none.

    Raises UnexpectedPage for what is no web page (and no JSON-LD document): empty, plain text, too large, nested too deep.
    `dayfirst` and `zone` as in `Options`.
    """
    yield from read(text, url, dayfirst=dayfirst, zone=zone).records


def stated(text: str, url: str) -> Stated | None:
    """The AggregateRating of the thing that the page's reviews are about; None without one, or with no telling which it is."""
    return read(text, url).stated


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one look at a page gives."""

    records: tuple[Review, ...]
    stated: Stated | None
    next_url: str | None
    """Where rel=next leads, on the same host."""


def read(text: str, url: str, *, dayfirst: bool | None = None, zone: tzinfo | None = None) -> Reading:
    """`parse`, `stated` and the way on, with the page loaded once."""
    when = partial(parse_date, dayfirst=dayfirst, zone=zone)
    if text.lstrip("\ufeff \t\r\n")[:1] in {"{", "["} and (values := decoded(text)):
        items = linked(values)
        if not any(item.types for item in items):
            raise unexpected("schema_org", expected="an HTML page or JSON-LD", found="JSON without any @type", url=url)
        return Reading(_records(items, url, when), _stated(items), None)
    if not re.search(r"<[a-zA-Z!?]", text[:100_000]):
        raise unexpected("schema_org", expected="an HTML page", found=repr(text[:40]), url=url)
    items = json_ld_in(text) if len(text) <= MAX_PAGE else []
    records = _records(items, url, when)
    total = _stated(items)
    if records:  # the page's tree is only built where it is needed: it would double the time
        links = "".join(tag for tag in _LINK.findall(text) if "next" in tag) if "next" in text else ""
        return Reading(records, total, next_page(document(links, who="schema_org", url=url), url) if links else None)
    page = document(text, who="schema_org", url=url)
    for syntax in (microdata, rdfa):
        items = syntax(page)
        records = _records(items, url, when)
        total = total or _stated(items)
        if records:
            break
    return Reading(records, total, next_page(page, url))


_LINK = re.compile(r"""<(?:a|link)\s(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""", re.IGNORECASE)


def next_page(page: Selector, url: str) -> str | None:
    """The address of the first rel=next link that leads to another page of the same host."""
    links = page.xpath("(//a[contains(@rel, 'next')] | //link[contains(@rel, 'next')])[position() <= 100]")
    # Not `attrib`, which copies all of them and fails at a name with a brace in it.
    return onward((link for link in links if "next" in link.root.get("rel", "").split()), url)


def onward(links: Iterable[Selector], url: str) -> str | None:
    """The address of the first of these links that leads to another page of the same host."""
    for link in links:
        target = absolute(link.root.get("href", "").strip(), url)
        if target and urlsplit(target).netloc == urlsplit(url).netloc and target != urldefrag(url).url:
            return target
    return None


def absolute(href: str, base: str) -> str | None:
    try:
        joined = urldefrag(urljoin(base, href)).url
    except ValueError:  # brackets that are no IPv6 address
        return None
    return joined if joined.startswith(("http://", "https://")) else None


# --- one review -------------------------------------------------------------------------------------------------------

_When = Callable[[object], datetime | date | None]
"""`parse_date` with the page's own habits."""

_PEOPLE = frozenset({"person", "patient"})
_AROUND = ("review", "reviews", "")  # the roles in which a review is about the item around it
_TITLE = ("headline", "name", "summary", "alternativeheadline")
_BODY = ("reviewbody", "description", "text")
_AUTHOR = ("author", "creator", "reviewer")
_DATE = ("datepublished", "datecreated", "dtreviewed", "date")
_OWN_REPLY = ("ownerresponse", "merchantreply")
_REPLY = (*_OWN_REPLY, "comment", "reply", "response", "associatedreview")
_VERIFIED = ("verified", "isverified", "verifiedpurchase", "verifiedbuyer", "isverifiedpurchase", "isverifiedbuyer")
_SAID = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

# A number at the end of a fragment, or alone, counts the reviews of one page; the next page begins again at 1.
_POSITION = re.compile(r"(?:.*#(?:[a-zA-Z]*|[^#]*[^0-9a-zA-Z#]))?\d{1,3}")
_ANCHOR = re.compile(r"[\w-]*?(?:\d{4,}|[0-9a-f]{8,})")


def _records(items: Sequence[Item], url: str, when: _When) -> tuple[Review, ...]:
    found: list[tuple[Review, object, tuple[int, str], list[str]]] = []
    named: dict[str, set[object]] = {}
    for item in [item for item in items if _is_review(item)][:MAX_REVIEWS]:
        record = _record(item, url, when)
        if record is not None:
            printed = (record.author, record.published_at, record.title, record.text, record.rating)
            ids = _ids(item, url)
            for name in ids:
                named.setdefault(name, set()).add(printed)
            found.append((record, printed, (id(item.parent), item.role), ids))
    records: list[Review] = []
    used: set[str] = set()
    places: dict[object, tuple[int, str]] = {}
    for record, wording, place, ids in found:
        own = next((name for name in ids if len(named[name]) == 1), "")  # one id on different reviews is a template's
        if own in used or places.setdefault(wording, place) != place:
            continue  # printed by two blocks; a list that repeats an entry without an id is left as it is, under one content_id
        if own:
            used.add(own)
        records.append(replace(record, native_id=own) if own else record)
    return tuple(records)


def _is_review(item: Item) -> bool:
    if item.role in _REPLY and item.parent is not None and _is_review_type(item.parent):
        return False
    if item.types:
        return _is_review_type(item)
    return item.role in {"review", "reviews"} and ("reviewbody" in item.properties or "reviewrating" in item.properties)


def _is_review_type(item: Item) -> bool:
    return bool(item.types & {"review", "userreview"})


def _record(item: Item, url: str, when: _When) -> Review | None:
    """None for a review that says nothing: no body, no title and no rating on its scale."""
    body, title = item.text(*_BODY), _line(item.text(*_TITLE))
    rating = _rating(item)
    if not body and not title and rating is None:
        return None
    value, best, worst = rating or (None, None, 1.0)
    author = _line(item.text(*_AUTHOR)) or None
    published = _date(item, when)
    about = _about(item)
    reply = _reply(item, about)
    return Review(
        native_id=review_id(published, title, body, value, author=author),
        rating=value,
        rating_max=best,
        rating_min=worst,
        title=title if title and title != body else None,
        text=body,
        published_at=published,
        author=author,
        language=_language(item),
        product=_line(about.text("name") if about else item.text("itemreviewed")) or None,
        country=_country(item),
        verified=next((_SAID[said] for v in item.values(*_VERIFIED) if (said := str(v).strip().lower()) in _SAID), None),
        reply_text=_reply_text(reply) if reply else None,
        reply_at=_date(reply, when) if reply else None,
        url=_address(item, url, author),
    )


def _address(item: Item, url: str, author: str | None) -> str:
    """The review's own, unless it holds its author's name; the page's where there is none."""
    stated = (absolute(value, url) for value in item.values("url") if isinstance(value, str))
    return next((found for found in stated if found and not names_author(found, author)), url)


def _line(text: str) -> str:
    return " ".join(text.split())


def _ids(item: Item, url: str) -> list[str]:
    """What could be the source's own id of this review, best first."""
    named = [item.text("identifier", "reviewid"), *(held.text("value") for held in item.items("identifier")), item.id or ""]
    if item.anchor and _ANCHOR.fullmatch(item.anchor):
        named.append(item.anchor)
    return [n for n in map(str.strip, named) if 0 < len(n) <= 300 and n[:2] != "_:" and n != url and not _POSITION.fullmatch(n)]


def _about(item: Item) -> Item | None:
    """What is reviewed. The thing around the review comes first: templates leave `itemReviewed` at somebody else's product."""
    if item.parent is not None and item.role in _AROUND and item.parent.text("name"):
        return item.parent
    return next((thing for thing in item.items("itemreviewed") if thing.text("name")), None)


def _rating(item: Item) -> tuple[float, float, float] | None:
    """(rating, best, worst), the scale as stated, else 1 to 5, as schema.org has it; None without a rating that lies on it."""
    holders = [*item.values("reviewrating"), *item.values("rating"), item]
    for holder in holders:
        printed: list[Value]
        if not isinstance(holder, Item):
            printed, scale = [holder], item
        elif "reviewaspect" in holder.properties:  # the kitchen's rating alone is not the review's
            continue
        else:
            printed, scale = holder.values("ratingvalue", "value"), holder
        if found := next((scaled for value in printed if (scaled := _scaled(value, scale))), None):
            return found
    return None


def _scaled(value: Value, scale: Item) -> tuple[float, float, float] | None:
    parsed = parse_rating(value)
    if parsed is None:
        return None
    best = _first_number(scale.values("bestrating", "best")) or parsed[1] or 5.0
    worst = _first_number(scale.values("worstrating", "worst"))
    if worst is None:
        worst = 0.0 if best == 100 else 1.0
    return (parsed[0], best, worst) if worst < best and worst <= parsed[0] <= best else None


def _first_number(values: Sequence[Value]) -> float | None:
    return next((parsed[0] for value in values if (parsed := parse_rating(value))), None)


def _date(item: Item, when: _When) -> datetime | date | None:
    return next((found for name in _DATE for value in item.values(name) if (found := when(value))), None)


def _reply(review: Item, about: Item | None) -> Item | None:
    """The company's answer. Other customers comment too, so an author has to be an organisation, or bear the brand's name.

    A single comment without an author counts: shops leave out their own name, never a customer's.
    """
    if review.properties.keys().isdisjoint(_REPLY):
        return None
    names = {about.text(name).casefold() for name in ("name", "brand", "manufacturer", "provider", "seller")} if about else set()
    comments = [(role, comment) for role in _REPLY for comment in review.items(role) if _reply_text(comment)]
    for role, comment in comments:
        author = comment.text(*_AUTHOR).casefold()
        types = frozenset(t for writer in comment.items(*_AUTHOR) for t in writer.types)
        if role in _OWN_REPLY or (types and not types & _PEOPLE) or (author and author in names):
            return comment
        if not author and not types and len(comments) == 1:
            return comment
    return None


def _reply_text(comment: Item) -> str:
    return comment.text("text", "commenttext", "reviewbody", "description")


def _language(item: Item) -> str | None:
    for value in item.values("inlanguage"):
        code = value.text("alternatename", "identifier", "name") if isinstance(value, Item) else str(value)
        if match := re.fullmatch(r"([a-zA-Z]{2})(?:[-_].{1,20})?", code.strip()):
            return match[1].lower()
    return None


def _country(item: Item) -> str | None:
    places = [place for writer in item.items(*_AUTHOR) for place in writer.items("address")]
    codes = (place.text("addresscountry").upper() for place in places)
    return next((code for code in codes if re.fullmatch("[A-Z]{2}", code)), None)


# --- the whole --------------------------------------------------------------------------------------------------------


def _stated(items: Sequence[Item]) -> Stated | None:
    """The total of what the reviews are about; without reviews, the only total of the page: related products have theirs too."""
    reviewed = {id(thing) for item in items if _is_review(item) and (thing := _about(item))}
    totals = [total for total in items if "aggregaterating" in total.types or total.role == "aggregaterating"]
    own = [total for total in totals if id(total.parent) in reviewed or total.parent is None]
    found = [figures for total in own or totals if (figures := _figures(total))]
    return found[0] if found and (own or len(set(found)) == 1) else None


def _figures(total: Item) -> Stated | None:
    scaled = next((s for value in total.values("ratingvalue") if (s := _scaled(value, total))), None)
    count = next((n for name in ("reviewcount", "ratingcount") for v in total.values(name) if (n := _count(v)) is not None), None)
    if scaled is None and count is None:
        return None
    return Stated(rating=scaled[0] if scaled else None, rating_max=scaled[1] if scaled else None, count=count)


def _count(value: Value) -> int | None:
    """490 of `490`, `490 reviews`, `1,490`, `(1.490)`."""
    if isinstance(value, Item):
        return None
    match = re.fullmatch(r"\D{0,20}?(\d{1,3}(?:[., ]\d{3})+|\d{1,12})(?:\.0)?\D{0,40}", text_of(str(value))[:80])
    return int(re.sub(r"\D", "", match[1])) if match else None


# --- the walk ---------------------------------------------------------------------------------------------------------


class SchemaOrgSpider(Spider):
    """Walks from the source's page along rel=next."""

    name = "schema_org"
    start = at_its_url
    min_records = 1  # a page that marks its reviews up has some; a new shop may have no more than one

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.zone = ZoneInfo(self.options.timezone) if self.options.timezone else None
        self.walk = Walk(self.job, self.options.max_pages)

    def parse(self, response: Response) -> Iterator[Page | Request]:
        text = text_in(response, self.name, expected="an HTML page")
        reading = read(text, response.url, dayfirst=self.options.dayfirst, zone=self.zone)
        yield Page(url=response.url, records=reading.records, stated=reading.stated)
        yield from self.walk.on(reading.next_url)
