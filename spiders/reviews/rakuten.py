"""Rakuten Ichiba: what the item search API says about the reviews of one item, its average and their number. There are no
reviews in it.

So this source gives no record, only the stated total of the item that its options name; the reviews themselves the API does not
have. Rakuten Web Service lets developers keep prices and availability for 24 hours and all else for three months
(https://webservice.faq.rakuten.net/hc/ja/articles/900001974343): a crawl asks for no price, and its pages leave the archive after
KEEPS_DAYS, whatever the market file allows.
"""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, Review, Stated, UnexpectedPage
from spiders.reading.answer import count_at, held, loaded, text_at
from spiders.reading.select import parse_rating, unexpected
from spiders.receipt import Job
from spiders.web.walk import text_in

_EXPECTED = "an answer of the item search"
KEEPS_DAYS = 90
"""Rakuten Web Service's terms, as above: three months for all but prices and availability."""


class Options(BaseModel):
    """`options` of a `rakuten` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    application_id: str = Field(min_length=8, max_length=200, repr=False)
    """Of Rakuten Web Service, as `${NAME}` from the environment."""
    item_code: str = Field(pattern="^[A-Za-z0-9_-]{1,100}:[A-Za-z0-9_-]{1,100}$")
    """The item whose total is read, as the API names it: `shop:10000001`."""


def parse(text: str, url: str) -> Iterator[Review]:
    """None: an answer holds no reviews. Raises UnexpectedPage for what is no such answer, a refusal for instance."""
    list(_items(text, url))
    yield from ()


def stated(text: str, url: str, item_code: str | None = None) -> Stated | None:
    """The average (1 to 5) and number of the item's reviews; without a code, those of the only item that the answer holds.

    None where the item is not among them, or where several are and none was named. Raises UnexpectedPage as `parse` does.
    """
    items = list(_items(text, url))
    found = [item for item in items if item_code is None or text_at(item, "itemCode") == item_code]
    if len(found) != 1:
        return None
    # A number in one format, a text in the other.
    printed = parse_rating(held(found[0], "reviewAverage"))
    average, count = printed[0] if printed else None, count_at(found[0], "reviewCount")
    rated = average if average is not None and count and 1 <= average <= 5 else None  # 0 stands for "not rated yet"
    return Stated(rating=rated, rating_max=None if rated is None else 5.0, count=count)


def recognises(text: str, url: str) -> bool:
    """JSON with items that have Rakuten's codes and totals."""
    del url
    is_json = text[:200].lstrip("\ufeff \t\r\n").startswith("{")
    return is_json and '"itemCode"' in text and '"reviewAverage"' in text


def _items(text: str, url: str) -> Iterator[object]:
    answer = loaded(text, who="rakuten", expected="an answer of the item search in JSON", url=url)
    listed = held(answer, "Items")
    if not isinstance(listed, list):
        said = text_at(answer, "error_description") or text_at(answer, "error") or "JSON without items"
        raise _unexpected(said[:200], url)
    for each in listed:
        item = held(each, "Item") or each  # wrapped in the API's first format, plain in its second
        if not text_at(item, "itemCode") or count_at(item, "reviewCount") is None:
            raise _unexpected("an item without its code or its number of reviews", url)
        yield item


def _unexpected(found: str, url: str) -> UnexpectedPage:
    return unexpected("rakuten", expected=_EXPECTED, found=found, url=url)


# --- the walk ---------------------------------------------------------------------------------------------------------


class RakutenSpider(Spider):
    """Asks once, for one item. The source's url is the API's own:
    `https://app.rakuten.co.jp/services/api/IchibaItem/Search/20220601`."""

    name = "rakuten"
    min_records = 0  # it never has any; the total is what was asked for

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)

    async def start(self) -> AsyncIterator[Request]:
        asked = {
            "format": "json",
            "formatVersion": "2",
            "elements": "itemCode,reviewCount,reviewAverage",
            "itemCode": self.options.item_code,
            "applicationId": self.options.application_id,
        }
        parts = urlsplit(self.job.url or "")
        yield Request(parts._replace(query=urlencode(asked), fragment="").geturl())

    def parse(self, response: Response) -> Iterator[Page]:
        found = stated(text_in(response, self.name, expected=_EXPECTED), response.url, self.options.item_code)
        if found is None:
            raise _unexpected(f"no item {self.options.item_code}", response.url)
        yield Page(url=response.url, records=(), stated=found)
