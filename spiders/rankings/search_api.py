"""Search answers as JSON: SearXNG, SerpApi, Serper, Brave, the Naver Search API, known by their shape.

A number from a search is worth only what it says about its depth: each record carries how many results the answer held, a search
that found nothing lands as `absent`, and one that got no answer as `failed` or `blocked`, never as a bad rank.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from urllib.parse import quote

import orjson
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from spiders.items import Page, SearchResult, SearchStatus, UnexpectedPage
from spiders.receipt import Job, Keyword
from spiders.select import text_of, unexpected

MAX_RESULTS = 200
"""Of one answer; engines give at most 100."""
MAX_ANSWER = 16_000_000
"""Characters; answers have at most a few hundred thousand."""


class Options(BaseModel):
    """`options` of a `search_api` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    headers: dict[str, str] = Field(default={}, max_length=20)
    """What the API wants beside the address, such as `X-API-KEY`; values may come from the environment as `${NAME}` in the market file."""


# The list of results by the keys that lead to it, and the name of the engine behind it where the shape tells.
_SHAPES: tuple[tuple[tuple[str, ...], str | None], ...] = (
    (("organic_results",), None),
    (("organic",), None),
    (("web", "results"), "brave"),
    (("webPages", "value"), "bing"),
    (("results",), None),
    (("items",), None),
)
_REFUSED = re.compile(
    r"rate.?limit|too many requests|captcha|quota|exceeded|suspended|run out of|forbidden|unauthori[sz]ed|invalid api key|access denied|blocked",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"(?:hasn['’]?t returned|has not returned|returned no|no|zero|0) (?:any )?results?|fully empty", re.IGNORECASE
)

Json = Mapping[str, object]


def parse(
    text: str, url: str, keyword: str | None = None, engine: str | None = None, locale: str | None = None
) -> Iterator[SearchResult]:
    """The organic results of an answer, ranked from 1 in its order; one record where it holds none.

    Keyword, engine and locale are read off the answer where they are not given. UnexpectedPage for what is no JSON
    object or has no list of results and no error.
    """
    try:
        answer = orjson.loads(text.lstrip("\ufeff")) if len(text) <= MAX_ANSWER else None
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise unexpected("search_api", expected="a JSON object", found=repr(text[:40]), url=url)
    results, shape_engine = _listed(answer)
    asked = _asked(answer)
    keyword = keyword or asked.get("q")
    engine = engine or asked.get("engine") or shape_engine or _engine(answer, url)
    locale = locale or asked.get("hl")
    error = _error(answer)
    if results:
        ranked = [row for row in results if isinstance(row, dict) and _address(row)][:MAX_RESULTS]
        for rank, row in enumerate(ranked, 1):
            yield SearchResult(
                keyword=keyword,
                engine=engine,
                locale=locale,
                rank=rank,
                depth=len(ranked),
                url=_address(row),
                title=_words(row, "title", "name"),
                snippet=_words(row, "snippet", "content", "description"),
            )
        if not ranked:
            raise unexpected("search_api", expected="results with an address", found=f"{len(results)} without one", url=url)
    elif error and not _NOTHING.search(error):
        yield SearchResult(
            keyword=keyword, engine=engine, locale=locale, status="blocked" if _REFUSED.search(error) else "failed"
        )
    elif results is not None or error or asked:
        # SearXNG names the engines that did not answer: an empty list with all of them silent says nothing about the ranking.
        silent = answer.get("unresponsive_engines")
        status: SearchStatus = "failed" if isinstance(silent, list) and silent else "absent"
        yield SearchResult(keyword=keyword, engine=engine, locale=locale, status=status, depth=0 if status == "absent" else None)
    else:
        raise unexpected("search_api", expected="a list of results", found=f"the keys {sorted(answer)[:8]}", url=url)


def recognises(text: str, url: str) -> bool:  # noqa: ARG001 - the same signature for every source
    """A JSON object: what no result page for people is."""
    return text.lstrip("\ufeff \t\r\n")[:1] == "{"


def _listed(answer: Json) -> tuple[list[object] | None, str | None]:
    for path, engine in _SHAPES:
        node: object = answer
        for key in path:
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, list):
            return node, engine
    return None, None


def _asked(answer: Json) -> dict[str, str]:
    """What the answer says was asked: `q`, `engine`, `hl`."""
    asked: dict[str, str] = {}
    for key in ("search_parameters", "searchParameters", "query", "queryContext"):
        said = answer.get(key)
        if isinstance(said, str):
            asked.setdefault("q", said)
        elif isinstance(said, dict):
            for name, names in (
                ("q", ("q", "query", "original", "originalQuery", "p", "text")),
                ("engine", ("engine",)),
                ("hl", ("hl",)),
            ):
                for other in names:
                    if isinstance(value := said.get(other), str) and value:
                        asked.setdefault(name, value)
    return asked


def _engine(answer: Json, url: str) -> str:
    if "searchParameters" in answer:
        return "google"  # Serper asks nothing else
    if "lastBuildDate" in answer or "naver.com" in url:
        return "naver"
    return "searxng" if "number_of_results" in answer or "unresponsive_engines" in answer else "unknown"


def _error(answer: Json) -> str | None:
    """The message of an answer that says that it failed; None where it does not."""
    for key in ("error", "errorMessage", "errors", "message", "detail"):
        said = answer.get(key)
        if isinstance(said, str) and said:
            return said[:1000]
        if isinstance(said, dict | list) and said:
            return orjson.dumps(said).decode()[:1000]
    return None


def _address(row: Json) -> str | None:
    for key in ("link", "url", "originallink"):
        value = row.get(key)
        if isinstance(value, str) and re.match(r"https?://[^/\s]", value.strip()):
            return value.strip().split("#:~:", 1)[0]
    return None


def _words(row: Json, *keys: str) -> str | None:
    """Without markup: Naver and Brave set the searched words in bold."""
    for key in keys:
        if isinstance(value := row.get(key), str) and (words := text_of(value).replace("\n", " ")):
            return words[:1000]
    return None


def request_url(template: str, keyword: Keyword) -> str:
    """The address of one search; everything is quoted, so that a keyword can never change where a request goes."""
    return template.replace("{keyword}", quote(keyword.text, safe="")).replace("{locale}", quote(keyword.locale or "", safe=""))


def unanswered(failure: Failure, keyword: Keyword) -> SearchResult:
    """The record of a search that got no answer: `blocked` where the engine or its robots.txt refuses, else `failed`."""
    error = failure.value
    if isinstance(error, HttpError):
        refused = error.response.status in {401, 403, 407, 429, 451}
    else:
        refused = isinstance(error, IgnoreRequest)
    return SearchResult(
        keyword=keyword.text, engine=keyword.engine, locale=keyword.locale, status="blocked" if refused else "failed"
    )


class SearchApiSpider(Spider):
    """One request for each keyword of the market."""

    name = "search_api"
    min_records = 1

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job = Job.load(job)
        self.options = Options.model_validate(self.job.options)

    async def start(self) -> AsyncIterator[Request]:
        for keyword in self.job.keywords:
            yield Request(
                request_url(self.job.url or "", keyword),
                headers=self.options.headers,
                callback=self.parse,
                errback=self.failed,
                cb_kwargs={"keyword": keyword},
                dont_filter=True,
            )

    def parse(self, response: Response, keyword: Keyword) -> Iterator[Page]:
        try:
            if not isinstance(response, TextResponse):
                raise unexpected(self.name, expected="JSON", found="bytes", url=response.url)
            records = tuple(parse(response.text, response.url, keyword.text, keyword.engine, keyword.locale))
        except UnexpectedPage as error:
            # One strange answer is a failed observation of one keyword; the others still count.
            self.logger.warning("%s", error)
            records = (SearchResult(keyword=keyword.text, engine=keyword.engine, locale=keyword.locale, status="failed"),)
        yield Page(url=response.url, records=records)

    def failed(self, failure: Failure) -> Iterator[Page]:
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
        self.logger.warning("%s: no answer for %s: %s", self.name, request.url, failure.getErrorMessage())
        yield Page(url=request.url, records=(unanswered(failure, request.cb_kwargs["keyword"]),))
