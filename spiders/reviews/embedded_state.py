"""Reviews in the data that a page embeds for its own scripts, or that an API answers in JSON. Any site: a general reader.

A list counts as reviews when its objects have a rating, words and a date each, and either its own name or its objects say that
they are reviews; products and articles have ratings and dates too. What a page shows of other things (`related`, `similar`) is
left out. Nothing is guessed beyond the scale: where none is stated it is 1 to 5, or 1 to 10 when a rating of the same list is
above 5.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review
from spiders.reading.answer import address_at, country_at, language_at, moment_at
from spiders.reading.embedded import states
from spiders.reading.nameless import names_author
from spiders.reading.select import MAX_PAGE, document, parse_date, parse_rating, review_id, text_of, unexpected
from spiders.receipt import Job
from spiders.reviews.schema_org import Reading, next_page
from spiders.web.walk import Walk, at_its_url, text_in

MAX_REVIEWS = 5_000
"""Of one page."""
MAX_NODES = 500_000
"""Objects and lists that are looked at; a state of a megabyte has some 30,000."""

Fields = Mapping[str, object]

_NAMES: Mapping[str, tuple[str, ...]] = {
    part: tuple(names)
    for part, names in tomllib.loads(Path(__file__).with_name("embedded_names.toml").read_text("utf-8")).items()
}
_OWN = frozenset(_NAMES["own"])


class Options(BaseModel):
    """`options` of an `embedded_state` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_pages: int = Field(default=50, ge=1, le=1000)
    """Pages that one crawl follows at most; the market's own limit holds beside it."""


def parse(text: str, url: str) -> Iterator[Review]:
    """The reviews in the page's data, each once, in its order; none where there are none, and none of another thing.

    Raises UnexpectedPage for a page that is too large or empty.
    """
    if len(text) > MAX_PAGE or not text.strip("\ufeff \t\r\n\0"):
        raise unexpected("embedded_state", expected="a page or an answer in JSON", found=f"{len(text):,} characters", url=url)
    records: dict[str, Review] = {}
    if _HINT.search(text) is None:
        return
    for state in states(text):
        for listed in _lists(state):
            for record in _records(listed, url) if len(records) < MAX_REVIEWS else ():
                records.setdefault(record.native_id, record)
    yield from islice(records.values(), MAX_REVIEWS)


# --- where reviews are ------------------------------------------------------------------------------------------------

_HINT = re.compile(r"(?i)rating|stars|score")
_REVIEWS = re.compile(r"(?i)review(?!ed)|testimonial|opinion|feedback|avis|bewertung|rese[nñ]a|recensi")
_OTHERS = re.compile(r"(?i)related|similar|recommend|sponsor|competitor|alsobought|other|crosssell|upsell")
_NO_NAME = re.compile(r"(?i)items?|data|results?|edges|nodes?|list|entries|contents?|records|docs|pages?|elements|values|[\d_-]*")
"""Keys that do not say what they hold: the key above them does."""


def _lists(state: object) -> Iterator[list[Fields]]:
    """The lists of a state that are reviews, outer before inner; a loop over a stack, so that depth costs no frames."""
    stack: list[tuple[object, str]] = [(state, "")]
    seen: set[int] = set()
    while stack and len(seen) < MAX_NODES:
        node, name = stack.pop()
        if id(node) in seen or not isinstance(node, dict | list):
            continue
        seen.add(id(node))
        objects = _objects(node)
        if objects and _are_reviews(objects, name):
            yield objects
        elif isinstance(node, dict):
            named = ((str(key)[:100], value) for key, value in reversed(node.items()))
            stack += [(value, name if _NO_NAME.fullmatch(key) else key) for key, value in named if not _OTHERS.search(key)]
        else:
            stack += [(value, name) for value in reversed(node)]


def _objects(node: object) -> list[Fields]:
    """What a list holds, or a map from ids, as reviews may lie in it, with keys without case and marks; empty where they
    cannot."""
    if isinstance(node, dict):  # a store's map from ids, which may hold other things beside them
        values = list(node.values())
        if sum(isinstance(each, dict) for each in values) * 2 <= len(values):
            return []
        marked = [each for each in values if isinstance(each, dict) and _is_typed(each.get("__typename")) and _is_rated(each)]
        values = marked or values
    else:
        values = node if isinstance(node, list) else []
        values = [inner if isinstance(each, dict) and isinstance(inner := each.get("node"), dict) else each for each in values]
    if not values or not all(isinstance(each, dict) and _is_rated(each) for each in values):
        return []
    return [_plain(each) for each in values[:MAX_REVIEWS] if isinstance(each, dict)]


def _is_rated(each: Fields) -> bool:
    return any(_HINT.search(str(key)[:60]) for key in each)


def _is_typed(name: object) -> bool:
    """Whether a GraphQL type is one of reviews."""
    return isinstance(name, str) and _REVIEWS.search(name[:100]) is not None


def _plain(each: object) -> Fields:
    """Members by name without case, `_` and `-`, those that hold nothing left out."""
    members = each.items() if isinstance(each, dict) else ()
    return {
        str(key)[:60].replace("_", "").replace("-", "").lower(): value
        for key, value in members
        if value not in (None, "", [], {})
    }


def _are_reviews(objects: Sequence[Fields], name: str) -> bool:
    if _REVIEWS.search(name) is None and not all(map(_says_review, objects)):
        return False
    # Some reviewers give stars only, some words only: most give both.
    full = (bool(_rating(each)) and _first(each, _NAMES["date"]) is not None and bool(_text(each)) for each in objects)
    return sum(full) * 2 > len(objects)


def _says_review(each: Fields) -> bool:
    """Whether an object is a review by its members, by its type or by the person that it holds."""
    persons = (each.get(name) for name in ("user", "reviewer", "customer", "consumer"))
    return not _OWN.isdisjoint(each) or _is_typed(each.get("typename")) or any(isinstance(person, dict) for person in persons)


# --- one review -------------------------------------------------------------------------------------------------------


def _first(each: Fields, names: Sequence[str]) -> object:
    """The first of these members that there is; None where there is none."""
    return next((each[name] for name in names if name in each), None)


def _words(value: object) -> str:
    """The text of a member, which may be an object that holds it: `{"text": …, "language": …}`."""
    for _ in range(3):
        if isinstance(value, dict):
            value = _first(_plain(value), (*_NAMES["text"], "response", "value", "original", "html", "plain"))
    return text_of(value) if isinstance(value, str) else ""


def _text(each: Fields) -> str:
    return next((words for name in _NAMES["text"] if name in each and (words := _words(each[name]))), "")


def _name(each: Fields) -> str | None:
    for value in (each[name] for name in _NAMES["author"] if name in each):
        found = _first(_plain(value), _NAMES["name"]) if isinstance(value, dict) else value
        if isinstance(found, str) and (printed := " ".join(found.split())):
            return printed
    return None


def _rating(each: Fields) -> tuple[float, float | None] | None:
    """(rating, best of its scale where it is stated); None for what is no single person's rating, an average such as 4.37."""
    value = _first(each, _NAMES["rating"])
    best = parse_rating(_first(each, _NAMES["best"]))
    if isinstance(value, dict):
        inner = _plain(value)
        best = parse_rating(_first(inner, _NAMES["best"])) or best
        value = _first(inner, ("ratingvalue", "value", "rating", "score", "stars", "overall"))
    parsed = parse_rating(value)
    if parsed is None or parsed[0] < 0 or (parsed[0] <= 5 and parsed[0] * 2 % 1):
        return None
    return parsed[0], best[0] if best else parsed[1]


def _when(value: object) -> datetime | date | None:
    if isinstance(value, dict):
        value = _first(_plain(value), (*_NAMES["date"], "value", "iso", "seconds", "$date"))
    if isinstance(value, int | float):
        return (moment_at([value], 0) or moment_at([value / 1000], 0)) if abs(value) < 1e15 else None
    return parse_date(value)


def _records(listed: Sequence[Fields], url: str) -> Iterator[Review]:
    best = 5.0 if all(found[0] <= 5 for each in listed if (found := _rating(each))) else 10.0
    for each in listed:
        value, stated = _rating(each) or (None, None)
        scale = stated or best
        worst = 1.0 if 1 < scale <= 10 else 0.0
        on_scale = value is not None and worst <= value <= scale  # 0 stars say that none were given
        record = _review(each, url, *((value, scale, worst) if on_scale else (None, None, 1.0)))
        if _first(each, _NAMES["date"]) is not None and (on_scale or record.text):
            yield record


def _review(each: Fields, url: str, value: float | None, best: float | None, worst: float) -> Review:
    text, title, author = _text(each), " ".join(_words(_first(each, _NAMES["title"])).split()), _name(each)
    published = _when(_first(each, _NAMES["date"]))
    reply, product, verified, native_id = (
        _first(each, names) for names in (_NAMES["reply"], _NAMES["product"], _NAMES["verified"], _NAMES["id"])
    )
    reply = reply[0] if isinstance(reply, list) and len(reply) == 1 else reply
    answered = _words(reply) or None
    about = _first(_plain(product), ("name", "title")) if isinstance(product, dict) else product
    writer = next((each[name] for name in _NAMES["author"] if isinstance(each.get(name), dict)), None)
    record = Review(
        native_id=review_id(published, title, text, value, author=author),
        rating=value,
        rating_max=best,
        rating_min=worst,
        title=title if title != text and title else None,
        text=text,
        published_at=published,
        author=author,
        language=language_at([_first(each, _NAMES["language"])], 0),
        country=country_at([_first(each, _NAMES["country"]) or _first(_plain(writer), _NAMES["country"])], 0),
        product=" ".join(text_of(about).split()) or None,
        verified=verified if isinstance(verified, bool) else None,
        reply_text=answered,
        reply_at=_when(_first(_plain(reply), _NAMES["date"]) or _first(each, _NAMES["replied"])) if answered else None,
        url=link if (link := address_at([_first(each, _NAMES["link"])], 0)) and not names_author(link, author) else url,
    )
    if isinstance(native_id, int | str) and not isinstance(native_id, bool) and 0 < len(own := str(native_id).strip()) <= 300:
        return replace(record, native_id=own)
    return record


# --- the walk ---------------------------------------------------------------------------------------------------------


class EmbeddedStateSpider(Spider):
    """Walks from the source's page along rel=next."""

    name = "embedded_state"
    start = at_its_url
    min_records = 1  # a page whose data holds reviews has some

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.walk = Walk(self.job, self.options.max_pages)

    def parse(self, response: Response) -> Iterator[Page | Request]:
        reading = read(text_in(response, self.name, expected="a page or an answer in JSON"), response.url)
        yield Page(url=response.url, records=reading.records)
        yield from self.walk.on(reading.next_url)


def read(text: str, url: str) -> Reading:
    """`parse` and the way on: where rel=next leads, on the same host."""
    records = tuple(parse(text, url))
    is_json = text[:200].lstrip("\ufeff \t\r\n")[:1] in {"{", "["}
    return Reading(records, None, None if is_json else next_page(document(text, who="embedded_state", url=url), url))
