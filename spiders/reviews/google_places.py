"""Google Places: the answer to Place Details, of the older API and of Places API (New). It holds five reviews of a place at
most.

What the answers do: the older one gives reviews no id, and times in seconds; the new one prints a translation beside the
original. Neither holds the owner's replies. A crawl asks the new API, whose key travels in a header, so that no address holds
it.
"""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import date
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review, Stated, UnexpectedPage
from spiders.reading.answer import address_at, count_at, held, language_at, loaded, moment_at, number_at, text_at
from spiders.reading.select import content_id, parse_date, text_of, unexpected
from spiders.receipt import Job
from spiders.web.walk import text_in

KEEPS: frozenset[str] = frozenset()
"""Nothing. The policies of the Places API ("Data storage, caching, and scraping",
https://developers.google.com/maps/documentation/places/web-service/policies) and section 3.2.3 of the Google Maps Platform
terms forbid to store content beyond what the service-specific terms allow, and name user reviews. Only a place's id may be
kept, and no field of a review is one: a crawl lands no line, and its receipt says how it went. Whoever has other terms, for his
own places through Business Profile say, imports those reviews as a `table`."""

MAX_REVIEWS = 100
"""Of one answer, which has five."""

_EXPECTED = "an answer to Place Details"
_FIELDS = "id,displayName,rating,userRatingCount,googleMapsUri,reviews"


class Options(BaseModel):
    """`options` of a `google_places` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_key: str = Field(min_length=8, max_length=200, repr=False)
    """Of the Places API, as `${NAME}` from the environment."""
    place_id: str | None = Field(default=None, pattern="^[A-Za-z0-9_-]{10,300}$")
    """The place's id; only needed where the source's url does not end with it."""
    language: str | None = Field(default=None, pattern="^[a-z]{2}$")
    """Asks for reviews in this language first (ISO 639-1)."""


def parse(text: str, url: str) -> Iterator[Review]:
    """The reviews of an answer, in its order; none for a place without any.

    Raises UnexpectedPage for anything else, a refusal for instance, and for a review without a rating.
    """
    answer = _answer(text, url)
    reviews = _place(answer, url)
    listed = held(reviews, "reviews")
    for each in listed[:MAX_REVIEWS] if isinstance(listed, list) else ():
        yield _review(each, reviews, url)


def stated(text: str, url: str) -> Stated | None:
    """The place's rating and number of ratings. Many rate without words, and the API gives five, so it is no total to be
    reached."""
    place = _place(_answer(text, url), url)
    rating, count = number_at(place, "rating"), count_at(place, "user_ratings_total")
    count = count_at(place, "userRatingCount") if count is None else count
    if rating is None and count is None:
        return None
    return Stated(rating=rating, rating_max=None if rating is None else 5.0, count=count)


def recognises(text: str, url: str) -> bool:
    """JSON with the words of a Place Details answer."""
    del url
    if not text[:200].lstrip("\ufeff \t\r\n").startswith("{"):
        return False
    older = '"result"' in text and '"status"' in text and ('"place_id"' in text or '"author_name"' in text)
    return older or '"authorAttribution"' in text or '"userRatingCount"' in text


def _answer(text: str, url: str) -> object:
    return loaded(text, who="google_places", expected="an answer to Place Details in JSON", url=url)


def _place(answer: object, url: str) -> object:
    """The place, in either API's answer."""
    if isinstance(result := held(answer, "result"), dict) and held(answer, "status") == "OK":
        return result
    if isinstance(held(answer, "reviews"), list) or text_at(answer, "displayName", "text"):
        return answer
    said = text_at(answer, "status") or text_at(answer, "error", "status") or "JSON without a place"
    raise _unexpected(f"{said[:60]}: {(text_at(answer, 'error_message') or text_at(answer, 'error', 'message'))[:200]}", url)


def _unexpected(found: str, url: str) -> UnexpectedPage:
    return unexpected("google_places", expected=_EXPECTED, found=found, url=url)


def _review(each: object, place: object, url: str) -> Review:
    rating = number_at(each, "rating")
    if rating is None or not 1 <= rating <= 5:
        raise _unexpected(f"a review with a rating of {str(held(each, 'rating'))[:40]!r}", url)
    # What was written, not its translation: `text` may be one, and in the older API it is whenever `translated` says so.
    words = held(each, "originalText") or held(each, "text")
    text = text_of(words if isinstance(words, str) else text_at(words, "text"))
    published = moment_at(each, "time") or parse_date(text_at(each, "publishTime"))
    author = text_at(each, "author_name") or text_at(each, "authorAttribution", "displayName") or None
    return Review(
        # The new API has a name for each review, which may not be kept as it is.
        native_id=content_id(text_at(each, "name") or (published, text, rating), author=author),
        rating=rating,
        rating_max=5.0,
        text=text,
        published_at=published,
        author=author,
        language=language_at(words, "languageCode") or language_at(each, "language"),
        product=text_at(place, "name") or text_at(place, "displayName", "text") or None,
        experienced_at=_day(held(each, "visitDate")),
        # The author's address holds who he is; the place's does not.
        url=address_at(each, "googleMapsUri") or address_at(place, "url") or address_at(place, "googleMapsUri") or url,
    )


def _day(printed: object) -> date | None:
    """None where the visit is known by its month only."""
    year, month, day = (count_at(printed, part) for part in ("year", "month", "day"))
    try:
        return date(year, month, day) if year and month and day else None
    except (ValueError, OverflowError):
        return None


# --- the walk ---------------------------------------------------------------------------------------------------------


class GooglePlacesSpider(Spider):
    """Asks once for the place that the source's url names (`https://places.googleapis.com/v1/places/ID`)."""

    name = "google_places"
    min_records = 0  # a new place has no reviews, and there are never more than five

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)

    async def start(self) -> AsyncIterator[Request]:
        url = self.job.url or ""
        named = re.search(r"/places/([\w-]{10,300})\Z", urlsplit(url).path)
        place_id = self.options.place_id or (named[1] if named else None)
        if place_id is None:
            raise unexpected(self.name, expected="a place's address (…/v1/places/ID)", found=url, url=url)
        language = f"?languageCode={self.options.language}" if self.options.language else ""
        yield Request(
            "{0.scheme}://{0.netloc}/v1/places/{1}{2}".format(urlsplit(url), place_id, language),
            headers={"X-Goog-Api-Key": self.options.api_key, "X-Goog-FieldMask": _FIELDS},
        )

    def parse(self, response: Response) -> Iterator[Page]:
        text = text_in(response, self.name, expected=_EXPECTED)
        yield Page(url=response.url, records=tuple(parse(text, response.url)), stated=stated(text, response.url))
