"""Steam: the reviews of a game, as the store's `appreviews` answers hold them, or a dump of many answers by the library
steamreviews.

What Steam does: there are no stars, only a thumb up or down, so the scale is 0 to 1. Languages have names of Valve's own. A
dump holds its reviews by id, an answer in a list. The only author printed is an account's number, and a review's own address
holds it, so the page's address stands in its place.
"""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review, Stated, UnexpectedPage
from spiders.reading.answer import count_at, flag_at, held, loaded, moment_at, text_at
from spiders.reading.select import text_of, unexpected
from spiders.receipt import Job
from spiders.web.walk import Walk, text_in

PER_PAGE = 100
"""The most that Steam gives in one answer."""

# https://partner.steamgames.com/doc/store/localization/languages, and Valve's two retired or unlisted ones.
LANGUAGES = {
    "arabic": "ar",
    "bulgarian": "bg",
    "schinese": "zh",
    "tchinese": "zh",
    "czech": "cs",
    "danish": "da",
    "dutch": "nl",
    "english": "en",
    "finnish": "fi",
    "french": "fr",
    "german": "de",
    "greek": "el",
    "hungarian": "hu",
    "indonesian": "id",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "koreana": "ko",
    "malay": "ms",
    "norwegian": "no",
    "polish": "pl",
    "portuguese": "pt",
    "brazilian": "pt",
    "romanian": "ro",
    "russian": "ru",
    "spanish": "es",
    "latam": "es",
    "swedish": "sv",
    "thai": "th",
    "turkish": "tr",
    "ukrainian": "uk",
    "vietnamese": "vi",
}
"""Valve's name of a language to ISO 639-1, which knows no regions: both Chinese are `zh`, Latin America's Spanish is `es`."""

_EXPECTED = "an answer of appreviews"
_BBCODE = re.compile(
    r"\[/?(?:h[1-3]|b|u|i|strike|spoiler|noparse|hr|list|olist|code|table|tr|th|td|quote|url|\*)(?:=[^\[\]\n]{0,500})?\]",
    re.IGNORECASE,
)


class Options(BaseModel):
    """`options` of a `steam` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    app_id: str | None = Field(default=None, pattern=r"^\d{1,12}$")
    """The game's number; only needed where the source's url does not hold it (`/app/123456/`)."""
    language: str = Field(default="all", pattern="^[a-z]{2,20}$")
    """Reviews in this language only, by Valve's name (`koreana`), or in all."""
    max_pages: int = Field(default=20, ge=1, le=10_000)
    """Answers of a hundred reviews that one crawl asks for at most; the market's own limit holds beside it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one look at an answer gives."""

    records: tuple[Review, ...]
    stated: Stated | None
    cursor: str | None
    """Asks for the reviews after these; None in a dump."""


def parse(text: str, url: str) -> Iterator[Review]:
    """The reviews of an answer or a dump, in its order; none for an answer past the last.

    Raises UnexpectedPage for what is neither, for a refusal, and for a review without id, thumb or date.
    """
    yield from read(text, url).records


def stated(text: str, url: str) -> Stated | None:
    """The share of thumbs up, on the scale 0 to 1, and the number of reviews; only the first answer of a crawl has them."""
    return read(text, url).stated


def recognises(text: str, url: str) -> bool:
    """JSON that holds recommendations with their thumbs or, where there are none, the summary of a query."""
    del url
    start = text[:400].lstrip("\ufeff \t\r\n")[:1]
    is_empty = '"query_summary"' in text and '"num_reviews"' in text
    return start in {"{", "["} and (is_empty or ('"recommendationid"' in text and '"voted_up"' in text))


def read(text: str, url: str) -> Reading:
    """`parse`, `stated` and the way on, with the answer loaded once."""
    answer = loaded(text, who="steam", expected="an answer of appreviews in JSON", url=url)
    if held(answer, "success") not in (None, 1):
        raise _unexpected(f"a refusal (success {str(held(answer, 'success'))[:20]})", url)
    listed = answer if isinstance(answer, list) and answer else held(answer, "reviews")
    if not isinstance(listed, list | dict):
        raise _unexpected("JSON without reviews", url)
    records = tuple(_review(each, url) for each in (listed.values() if isinstance(listed, dict) else listed))
    return Reading(records, _stated(answer), text_at(answer, "cursor") or None)


def _unexpected(found: str, url: str) -> UnexpectedPage:
    return unexpected("steam", expected=_EXPECTED, found=found, url=url)


def _review(each: object, url: str) -> Review:
    native_id, up, published = text_at(each, "recommendationid"), flag_at(each, "voted_up"), moment_at(each, "timestamp_created")
    if not re.fullmatch(r"\d{1,20}", native_id):
        raise _unexpected(f"a review with the id {native_id[:40]!r}", url)
    if up is None or published is None:
        raise _unexpected(f"review {native_id} without a thumb or a date", url)
    reply = text_of(_BBCODE.sub("", text_at(each, "developer_response"))) or None
    return Review(
        native_id=native_id,
        rating=1.0 if up else 0.0,
        rating_max=1.0,
        rating_min=0.0,
        text=text_of(_BBCODE.sub("", text_at(each, "review"))),
        published_at=published,
        author=text_at(each, "author", "steamid") or None,
        language=LANGUAGES.get(text_at(each, "language")),
        verified=flag_at(each, "steam_purchase"),
        # `received_for_free` says that a copy was free, be it a gift among friends: whether the company asked for a review, Steam
        # does not say, so `invited` stays unknown.
        reply_text=reply,
        reply_at=moment_at(each, "timestamp_dev_responded") if reply else None,
        url=url,
    )


def _stated(answer: object) -> Stated | None:
    total, up = count_at(answer, "query_summary", "total_reviews"), count_at(answer, "query_summary", "total_positive")
    if total is None:
        return None
    if not total or up is None or up > total:
        return Stated(count=total)
    return Stated(rating=up / total, rating_max=1.0, count=total)


# --- the walk ---------------------------------------------------------------------------------------------------------


def reviews_url(url: str, options: Options, cursor: str = "*") -> str:
    """The address of an answer on the same host: the newest reviews of the game that `url` leads to, or those after `cursor`.

    Raises UnexpectedPage when neither the url nor the options hold the game's number.
    """
    game = re.search(r"/app(?:reviews)?/(\d{1,12})", url)
    app_id = options.app_id or (game[1] if game else None)
    if app_id is None:
        raise unexpected("steam", expected="a game's address with its number (…/app/123456/)", found=url, url=url)
    asked = {"json": "1", "filter": "recent", "language": options.language, "purchase_type": "all", "num_per_page": str(PER_PAGE)}
    return "{0.scheme}://{0.netloc}/appreviews/{1}?{2}".format(urlsplit(url), app_id, urlencode({**asked, "cursor": cursor}))


class SteamSpider(Spider):
    """Asks for the reviews from the newest on, each time with the cursor of the answer before."""

    name = "steam"
    min_records = 1  # a game in a market has some reviews

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.walk = Walk(self.job, self.options.max_pages)
        self.asked: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        if self.job.url:
            yield Request(reviews_url(self.job.url, self.options))

    def parse(self, response: Response) -> Iterator[Page | Request]:
        reading = read(text_in(response, self.name, expected=_EXPECTED), response.url)
        yield Page(url=response.url, records=reading.records, stated=reading.stated)
        # Past the end Steam gives an empty answer, or the last cursor once more.
        if self.walk.goes_on() and reading.records and reading.cursor and reading.cursor not in self.asked:
            self.asked.add(reading.cursor)
            yield Request(reviews_url(self.job.url or "", self.options, reading.cursor))
