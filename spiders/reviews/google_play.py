"""Google Play: an app's page in the store, and the answers by which that page loads further reviews (`batchexecute`).

Both hold reviews as nested lists without names, so each place that is read is checked for its type, and a list of another shape
is an error: read on regardless, it would give wrong values that look right. What Play does: an answer may come whole or in
chunks that are preceded by their length; the reviews are JSON inside a JSON string; the page's data holds more reviews than the
page shows, and only those that it shows are read from it. Few reviews have a title. Most ratings come without words and are not
listed, so the number of ratings that the page states is none of reviews.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field
from scrapy import FormRequest, Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review, Stated, UnexpectedPage
from spiders.reading.answer import held, loaded, moment_at, number_at, text_at
from spiders.reading.select import MAX_PAGE, text_of, unexpected
from spiders.reading.structured import json_ld_in
from spiders.receipt import Job
from spiders.web.walk import Walk, at_its_url, text_in

MAX_REVIEWS = 5_000
"""Of one answer, which holds as many as were asked for; Google gives 199 at most."""
CALL = "UsvDTd"
"""Google's name for the call that lists an app's reviews."""
NEWEST = 2
"""Google's number for the order by date."""

_EXPECTED = "an app's page or an answer with its reviews"
_PREFIX = ")]}'"
_ID = r"(?:(?:gp|lg):[\w-]{10,300}|[0-9a-f]{8}-[0-9a-f-]{27})"
_BLOCK = re.compile(r"AF_initDataCallback\(\{key: *'ds:\d{1,3}', *hash: *'\d{1,9}', *data: *")
_REVIEWS = re.compile(rf'\[\s*\[\s*\[\s*"{_ID}"\s*,\s*\["')
_END = re.compile(r", *sideChannel: *\{\}\}\);")
_SHOWN = re.compile(rf'\bdata-review-id="({_ID})"')


class Options(BaseModel):
    """`options` of a `google_play` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    app_id: str | None = Field(default=None, pattern="^[A-Za-z][A-Za-z0-9_]*([.][A-Za-z0-9_]+)+$", max_length=200)
    """The app's package name; only needed where the source's url does not hold it (`?id=…`)."""
    language: str = Field(default="en", pattern="^[a-z]{2}$")
    """Play lists reviews in this language (ISO 639-1)."""
    country: str = Field(default="us", pattern="^[a-z]{2}$")
    """The store that is asked (ISO 3166-1 alpha-2, lower case)."""
    per_page: int = Field(default=100, ge=1, le=199)
    """Reviews asked for at a time."""
    max_pages: int = Field(default=20, ge=1, le=1000)
    """Pages that one crawl asks for at most, the app's own among them; the market's own limit holds beside it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one look at a page or an answer gives."""

    records: tuple[Review, ...]
    stated: Stated | None
    token: str | None
    """Asks for the reviews after these; None at the end."""


def parse(text: str, url: str) -> Iterator[Review]:
    """The reviews of an answer, or those that an app's page shows, in their order; none for an app without any.

    Raises UnexpectedPage for anything else, and for reviews of another shape than Google's today.
    """
    yield from read(text, url).records


def stated(text: str, url: str) -> Stated | None:
    """The app's rating, as its page states it; None for an answer, which has none."""
    return read(text, url).stated


def recognises(text: str, url: str) -> bool:
    """An answer to the call for reviews, or an app's page with Play's own scripts."""
    del url
    start = text[:2000].lstrip("\ufeff \t\r\n")
    if start.startswith(_PREFIX):
        return f'"{CALL}"' in start
    return "AF_initDataCallback(" in text and "/store/apps/details" in text


def read(text: str, url: str) -> Reading:
    """`parse`, `stated` and the way on, with the text loaded once."""
    if len(text) > MAX_PAGE:
        raise _unexpected(f"{len(text):,} characters", url)
    body = text.lstrip("\ufeff \t\r\n")
    if body.startswith(_PREFIX):
        return _answer(body.removeprefix(_PREFIX), url)
    if "AF_initDataCallback(" not in text:
        raise _unexpected(repr(body[:40]), url)
    return _app_page(text, url)


def _unexpected(found: str, url: str) -> UnexpectedPage:
    return unexpected("google_play", expected=_EXPECTED, found=found, url=url)


# --- the answer -------------------------------------------------------------------------------------------------------


def _answer(body: str, url: str) -> Reading:
    records: list[Review] = []
    token, answered = None, False
    for payload in _payloads(body, url):
        answered = True
        value = loaded(payload, who="google_play", expected="reviews in JSON", url=url)
        records += _records(held(value, 0), url)
        token = text_at(value, 1, 1) or token
    if not answered:
        raise _unexpected(f"no answer to {CALL}: {body.strip()[:60]!r}", url)
    return Reading(tuple(records), None, token)


def _payloads(body: str, url: str) -> Iterator[str]:
    """The answers to the call for reviews: one call may be answered among others, and in a chunk of its own."""
    lines = body.splitlines()
    # Lengths stand alone on a line; they count UTF-16 units, and are not needed: no chunk has a line of digits only.
    chunks = [line for line in lines if not re.fullmatch(r"\d{1,12}", line)] if _chunked(lines) else [body]
    for chunk in filter(str.strip, chunks):
        envelope = loaded(chunk, who="google_play", expected="an answer in JSON", url=url)
        if not isinstance(envelope, list):
            raise _unexpected(f"an answer that is {type(envelope).__name__}", url)
        for call in envelope:
            if held(call, 0) == "wrb.fr" and held(call, 1) == CALL:
                payload = held(call, 2)
                if not isinstance(payload, str):
                    raise _unexpected(f"a refusal: {str(call)[:80]}", url)
                yield payload


def _chunked(lines: list[str]) -> bool:
    first = next((line for line in lines if line.strip()), "")
    return re.fullmatch(r"\d{1,12}", first) is not None


# --- the app's page ---------------------------------------------------------------------------------------------------


def _app_page(text: str, url: str) -> Reading:
    app, rating = _app(text)
    shown = list(dict.fromkeys(_SHOWN.findall(text)))
    records: tuple[Review, ...] = ()
    token = None
    for block in _BLOCK.finditer(text):
        end = _END.search(text, block.end()) if _REVIEWS.match(text, block.end()) else None
        if end is not None:
            value = loaded(text[block.end() : end.start()], who="google_play", expected="an app's page with its data", url=url)
            records, token = tuple(_records(held(value, 0), url, app)), text_at(value, 1, 1) or None
            break
    if shown:
        by_id = {record.native_id: record for record in records}
        if missing := [native_id for native_id in shown if native_id not in by_id]:
            raise _unexpected(f"no data for review {missing[0]}, which the page shows", url)
        records = tuple(by_id[native_id] for native_id in shown)
    return Reading(records, Stated(rating=rating, rating_max=5.0) if rating else None, token)


def _app(text: str) -> tuple[str, float | None]:
    """Name and rating as the page's JSON-LD has them."""
    items = json_ld_in(text)
    name = next((item.text("name") for item in items if "softwareapplication" in item.types), "")
    printed = (item.text("ratingvalue") for item in items if "aggregaterating" in item.types)
    rating = next((float(each) for each in printed if re.fullmatch(r"[1-5](?:\.\d{1,20})?", each)), None)
    return " ".join(name.split()), rating if rating is None or rating <= 5 else None


# --- one review -------------------------------------------------------------------------------------------------------


def _records(listed: object, url: str, app: str = "") -> Iterator[Review]:
    if listed is None:  # an app without reviews, and the answer after the last
        return
    if not isinstance(listed, list):
        raise _unexpected(f"reviews that are {type(listed).__name__}", url)
    for each in listed[:MAX_REVIEWS]:
        yield _review(each, url, app)


def _review(each: object, url: str, app: str) -> Review:
    native_id = text_at(each, 0)
    if not re.fullmatch(_ID, native_id):
        raise _unexpected(f"a review with the id {str(held(each, 0))[:40]!r}", url)
    rating = number_at(each, 2)
    if rating not in {1, 2, 3, 4, 5}:
        raise _unexpected(f"a rating of {str(held(each, 2))[:40]!r} in review {native_id}", url)
    title, written, version = (held(each, place) for place in (3, 4, 10))
    published = moment_at(each, 5, 0)
    if not all(isinstance(words, str | None) for words in (title, written, version)) or published is None:
        raise _unexpected(f"title, text, date or version of another type in review {native_id}", url)
    reply = held(each, 7)
    answer, answered = text_of(held(reply, 1)) or None, moment_at(reply, 2, 0)
    if reply is not None and (not isinstance(held(reply, 1), str) or answered is None):
        raise _unexpected(f"a developer's reply of another shape in review {native_id}", url)
    return Review(
        native_id=native_id,
        rating=rating,
        rating_max=5.0,
        title=" ".join(text_of(title).split()) or None,
        text=text_of(written),
        published_at=published,
        author=text_at(each, 1, 0) or None,
        # As App Store: the app's name, where it is known, with the version that was reviewed.
        product=" ".join(f"{app} {version or ''}".split()) or None,
        reply_text=answer,
        reply_at=answered if answer else None,
        url=url,
    )


# --- the walk ---------------------------------------------------------------------------------------------------------


def reviews_request(url: str, options: Options, token: str | None = None) -> FormRequest:
    """Asks for the newest reviews of the app whose page is at `url`, or for those after `token`, of the same host.

    Raises UnexpectedPage when neither the url nor the options hold the app's package name.
    """
    parts = urlsplit(url)
    app_id = options.app_id or next(iter(parse_qs(parts.query).get("id", ())), "")
    if not re.fullmatch(r"[A-Za-z]\w*(?:\.\w+)+", app_id) or len(app_id) > 200:
        raise unexpected("google_play", expected="an app's address with its package name (…details?id=com.…)", found=url, url=url)
    page = [options.per_page, None, token] if token else [options.per_page, None, None]
    asked = orjson.dumps([None, None, [2, NEWEST, page, None, [None, None]], [app_id, 7]]).decode()
    calls = orjson.dumps([[[CALL, asked, None, "generic"]]]).decode()
    query = urlencode({"hl": options.language, "gl": options.country})
    return FormRequest(
        f"{parts.scheme}://{parts.netloc}/_/PlayStoreUi/data/batchexecute?{query}",
        formdata={"f.req": calls},
        callback=None,
    )


class GooglePlaySpider(Spider):
    """Reads the app's page for its rating, then asks for its reviews from the newest on."""

    name = "google_play"
    start = at_its_url
    min_records = 1  # an app in a market has some reviews, in the language asked for too

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.walk = Walk(self.job, self.options.max_pages)

    def parse(self, response: Response) -> Iterator[Page | Request]:
        reading = read(text_in(response, self.name, expected=_EXPECTED), response.url)
        # What the app's page shows comes again in its turn.
        records = self.walk.new(reading.records)
        yield Page(url=response.url, records=records, stated=reading.stated)
        is_answer = "/batchexecute" in response.url
        if self.walk.goes_on() and (not is_answer or (reading.token and records)):
            yield reviews_request(self.job.url or "", self.options, reading.token if is_answer else None)
