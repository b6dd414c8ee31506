"""The records: what a source may hand on. This module is the contract between the spiders and everything after them.

A parser returns records; a spider yields one `Page` for each response it used; `line` is the only way from a record to a
landing line, and the only place where an author's name becomes a keyed hash. The name itself never leaves the process.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar, Literal, cast, get_args, get_type_hints

SCHEMA_VERSION = 2
"""Goes into each receipt; raise it when a field below is added, or changes its name, type or meaning."""

PROVENANCE = ("seen_at", "page_url", "page_sha256")
"""What each landing line has beside the record's own fields."""

Kind = Literal["reviews", "faq", "ranking", "contact", "mentions"]

FOLDERS: Mapping[Kind, str] = {
    "reviews": "reviews",
    "faq": "faqs",
    "ranking": "rankings",
    "contact": "contacts",
    "mentions": "mentions",
}
"""Where the source modules of each kind live, below `spiders`."""

SearchStatus = Literal["observed", "absent", "failed", "blocked"]

ContactKind = Literal["chat", "email", "phone", "messenger", "social", "form", "hours", "promise", "help", "search", "language"]
"""The first six are channels. `hours` and `promise`: opening hours and the time to an answer, as printed. `help`: a FAQ or help page that
is linked. `search`: a search box over the help pages. `language`: a language (ISO 639-1) in which the page is offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One published review, as the source prints it."""

    record_kind: ClassVar[Kind] = "reviews"

    native_id: str
    """The source's own id; where it prints none, a hash of what it does print (`select.content_id`)."""
    rating: float | None
    """On the source's own scale, up to `rating_max`; None when only text was given."""
    rating_max: float | None
    """The best rating that the source's scale has (5, 10, 100); None exactly when `rating` is None."""
    rating_min: float = 1
    """The worst rating that the source's scale has: 1 on stars, 2 where half stars are doubled, 0 on percentages."""
    title: str | None = None
    text: str = ""
    """The body with its line breaks, without markup; empty when the reviewer gave only a rating."""
    published_at: datetime | date | None = None
    """A datetime is aware (any zone; landed as UTC); a date where the source prints no time; None where it prints neither."""
    author: str | None = field(default=None, repr=False)
    """As printed, held in memory only: `line` lands the keyed hash in its place."""
    language: str | None = None
    """As the source states it (ISO 639-1), never guessed here."""
    product: str | None = None
    country: str | None = None
    """As the source states it (ISO 3166-1 alpha-2)."""
    experienced_at: date | None = None
    """Day of the experience where the source tells it apart from the day of writing."""
    verified: bool | None = None
    """The source vouches that the reviewer was a customer; None where it says nothing."""
    invited: bool | None = None
    """The company asked for this review; None where the source says nothing."""
    reply_text: str | None = None
    """The company's public answer; None when there is none."""
    reply_at: datetime | date | None = None
    url: str | None = None
    """Where a reader finds this review; the page's own address where the review has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaqEntry:
    """One question with its answer, as a FAQ or help page prints them."""

    record_kind: ClassVar[Kind] = "faq"

    question: str
    answer: str
    """Without markup, line breaks kept; never empty: a question without an answer is no entry."""
    group: str | None = None
    """The heading that the page puts above a set of questions; in a help centre, its category."""
    url: str | None = None
    language: str | None = None
    """Of the page, as it states it (ISO 639-1), never guessed here."""
    updated_at: datetime | date | None = None
    """When the answer was last changed, as the page states it."""
    clicks: int | None = None
    """Links followed from the source's own page to the page of this entry; 0 on that page, None where nothing was walked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """One organic result of one search; or, with status other than `observed`, the fact that there is none."""

    record_kind: ClassVar[Kind] = "ranking"

    keyword: str | None
    """None when a saved page does not say what was searched for."""
    engine: str
    """The engine's name as the source knows it: google, bing, naver, duckduckgo, ..."""
    locale: str | None = None
    device: Literal["desktop", "mobile"] | None = None
    """As asked for; None where the engine was not told."""
    result_type: str = "web"
    """What was searched: web, news, shop, video, blog, ... Ranks of different types are never compared."""
    draw: int = 1
    """Which repetition of the same search within one crawl this is, from 1: engines answer the same question differently."""
    status: SearchStatus = "observed"
    """`absent`: the engine answered with no results. `blocked`: captcha or consent page. `failed`: no usable answer."""
    rank: int | None = None
    """1 is the first organic result; None exactly when the status is not `observed`."""
    depth: int | None = None
    """How many organic results this answer held: a brand that is not among them is absent within this depth, not unranked."""
    url: str | None = None
    title: str | None = None
    snippet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPoint:
    """One way to reach a company that its page offers, or one thing that the page says about being reached."""

    record_kind: ClassVar[Kind] = "contact"

    kind: ContactKind
    vendor: str | None
    """Who runs the channel (Intercom, Zendesk, WhatsApp, KakaoTalk, LINE, X, ...); None for plain mail, phone and forms."""
    value: str | None
    """The address, number, link or words as printed; None for a chat widget that shows none."""
    url: str | None = None
    """The page that offers it."""
    clicks: int | None = None
    """Links followed from the source's own page to the page that offers it; 0 on that page, None where nothing was walked."""
    human: bool | None = None
    """For a chat: the page says that people answer; None where it says nothing. Never guessed from the widget being there."""
    bot: bool | None = None
    """For a chat: the page says that a bot answers; None where it says nothing."""
    within_hours: float | None = None
    """For a promise: the hours within which an answer is promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One public post, article or video that a feed or an import lists for a brand."""

    record_kind: ClassVar[Kind] = "mentions"

    native_id: str
    """The source's own id; where it prints none, a hash of what it does print (`select.content_id`)."""
    title: str | None = None
    text: str = ""
    """Without markup; empty when only a title was given."""
    published_at: datetime | date | None = None
    author: str | None = field(default=None, repr=False)
    """As printed, held in memory only: `line` lands the keyed hash in its place."""
    language: str | None = None
    """As the source states it (ISO 639-1), never guessed here."""
    url: str | None = None
    likes: int | None = None
    """None where the source gives no number: unknown is not zero. The same for the three below."""
    shares: int | None = None
    replies: int | None = None
    views: int | None = None


Record = Review | FaqEntry | SearchResult | ContactPoint | Post

RECORDS: Mapping[Kind, type[Record]] = {r.record_kind: r for r in (Review, FaqEntry, SearchResult, ContactPoint, Post)}

_SINCE: Mapping[Kind, Mapping[str, int]] = {
    "faq": {"language": 2, "updated_at": 2, "clicks": 2},
    "ranking": {"device": 2, "result_type": 2, "draw": 2},
    "contact": {"clicks": 2, "human": 2, "bot": 2, "within_hours": 2},
}
"""Fields that an older landing file cannot have, with the schema version that brought them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a page says about the whole of its reviews: the yardstick that a crawl is held against."""

    rating: float | None = None
    rating_max: float | None = None
    count: int | None = None
    """Reviews that the page says there are, not those it shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one response held: the one item that spiders yield, so that a crawl costs one Scrapy item a page."""

    url: str
    records: tuple[Record, ...]
    stated: Stated | None = None


class UnexpectedPage(ValueError):  # noqa: N818 - says what it is, as Scrapy's own IgnoreRequest does
    """The page is not what its source expects. The message says who, expected, found, where, and what to do next."""


def author_hash(author: str, key: bytes) -> str:
    """HMAC-SHA256 of the name as printed, trimmed: 64 hex digits. The same person under the same key gives the same hash."""
    return hmac.new(key, author.strip().encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def only(records: Iterable[Record], keeps: frozenset[str]) -> Iterator[Record]:
    """The records with nothing but those of their fields, and the ones that they cannot be without (`native_id`, the question, ...).

    A rating is kept with its scale or not at all. A review of which neither rating nor words are left is none, and left out: it
    would count where reviews are counted. Raises ValueError for a name that a record has no field of.
    """
    for record in records:
        kind: type = type(record)
        left: Record = cast("Any", replace)(record, **_blanks(kind, keeps))
        if not isinstance(left, Review) or left.rating is not None or left.text or left.title:
            yield left


@cache
def _blanks(kind: type, keeps: frozenset[str]) -> dict[str, object]:
    known = fields(kind)
    if strange := keeps - {each.name for each in known}:
        raise ValueError(f"KEEPS: expected fields of {kind.__name__}, found {', '.join(sorted(strange))}")
    scale = {"rating_max", "rating_min"}
    keeps = keeps | scale if "rating" in keeps else keeps - scale
    hints = get_type_hints(kind)
    blanks: dict[str, object] = {}
    for each in known:
        if each.name in keeps:
            continue
        if each.default is not MISSING:
            blanks[each.name] = each.default
        elif type(None) in get_args(hints[each.name]):
            blanks[each.name] = None
    return blanks


def line(record: Record, key: bytes) -> dict[str, object]:
    """The landing line of a record: its fields in their order, `author` replaced by `author_hash`.

    Dates stay dates (`YYYY-MM-DD`), datetimes stay aware datetimes; the JSON writer prints both in ISO 8601.
    """
    out: dict[str, object] = {}
    for name in _FIELDS[type(record)]:
        value = getattr(record, name)
        if name == "author":
            out["author_hash"] = author_hash(value, key) if value and value.strip() else None
        else:
            out[name] = _printable(value) if isinstance(value, str) else value
    return out


def _printable(text: str) -> str:
    """Without NUL and lone surrogates, which neither JSON nor DuckDB can hold; each becomes U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


_FIELDS: Mapping[type[Record], tuple[str, ...]] = {r: tuple(f.name for f in fields(r)) for r in RECORDS.values()}


def line_fields(kind: Kind, schema_version: int = SCHEMA_VERSION) -> tuple[str, ...]:
    """The keys of a landing line of this kind, in order, without those that the receipt writer adds (`seen_at`, `page_*`)."""
    since = _SINCE.get(kind, {})
    names = (name for name in _FIELDS[RECORDS[kind]] if since.get(name, 1) <= schema_version)
    return tuple("author_hash" if name == "author" else name for name in names)


def named(target: str, reading: int) -> str:
    """What the files of a reading are called, without their suffix: readings after the crawl's own carry a number."""
    return target if reading == 1 else f"{target}~{reading}"
