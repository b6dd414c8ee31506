"""Search answers as JSON: SearXNG, the Naver Search API, Brave, SerpApi, Serper, and others that answer in the same shapes.

In a market file, with an instance of SearXNG of one's own, which takes no key (the others: `api` and `spiders.web.search_apis`):

    [[engines]]
    source = "search_api"
    name = "web"
    url = "http://127.0.0.1:8888"
    basis = "own_data"
    options.depth = 20
    options.form = true

A url with `{keyword}` in it is the address of a search as it stands (`spiders.web.searches.filled`).

A number from a search is worth only what it says about its depth: each record carries how many results were seen, a search
that found nothing lands as `absent`, and one that got no answer as `failed` or `blocked`, never as a bad rank.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from functools import partial
from math import ceil
from typing import Literal
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, SearchResult, SearchStatus
from spiders.reading.select import text_of, unexpected
from spiders.receipt import Job
from spiders.web.search_apis import APIS, Api, ask, pages_for
from spiders.web.searches import MAX_DEPTH, Search, answered, filled, has_pages, searches, unanswered

MAX_RESULTS = 200
"""Of one answer; engines give at most 100."""
MAX_ANSWER = 16_000_000
"""Characters; answers have at most a few hundred thousand."""


class Options(BaseModel):
    """`options` of a `search_api` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api: Literal["searxng", "naver", "brave", "serpapi", "serper"] = "searxng"
    """Which API stands at `url`; nothing where the url has `{keyword}`, for then it says all there is to ask."""
    headers: dict[str, str] = Field(default={}, max_length=20)
    """What the API wants beside the address, such as `X-API-KEY`; values may come from the environment as `${NAME}` in the market file."""
    parameters: dict[str, str] = Field(default={}, max_length=20)
    """Further parameters of the API, such as `api_key`, SearXNG's `engines`, SerpApi's `engine` or `location`."""
    depth: int = Field(default=10, ge=1, le=MAX_DEPTH)
    """Results to see of each search: pages are asked for until there are as many, or no more."""
    page_size: int = Field(default=10, ge=1, le=100)
    """Results in one answer, where the url has `{offset}` or `{start}`."""
    form: bool = False
    """SearXNG only: ask by posting its form. Its robots.txt forbids every crawler addresses with `?q=`, to keep strangers off; say this
    of an instance that is yours, and of no other."""


# The list of results by the keys that lead to it, the name of the engine behind it where the shape tells, and the result type. Lists of
# one type come last: in an answer about the whole web, they are modules beside the results.
_SHAPES: tuple[tuple[tuple[str, ...], str | None, str], ...] = (
    (("organic_results",), None, "web"),
    (("organic",), None, "web"),
    (("web", "results"), "brave", "web"),
    (("webPages", "value"), "bing", "web"),
    (("results",), None, "web"),
    (("items",), None, "web"),
)
_TYPED: Mapping[str, tuple[str, str]] = {
    "nws": ("news_results", "news"),
    "vid": ("video_results", "video"),
    "google_shopping": ("shopping_results", "shop"),
    "news": ("news", "news"),
    "videos": ("videos", "video"),
    "shopping": ("shopping", "shop"),
}
"""What an answer says was asked (SerpApi's `tbm` and `engine`, Serper's `type`) to the key of its list, and the result type."""
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
    results, shape_engine, result_type = _listed(answer)
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
                result_type=result_type,
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
            keyword=keyword,
            engine=engine,
            locale=locale,
            result_type=result_type,
            status="blocked" if _REFUSED.search(error) else "failed",
        )
    elif results is not None or error or ("query" in answer and asked):  # Brave leaves the list out where it would be empty
        # SearXNG names the engines that did not answer: an empty list with all of them silent says nothing about the ranking.
        silent = answer.get("unresponsive_engines")
        status: SearchStatus = "failed" if isinstance(silent, list) and silent else "absent"
        depth = 0 if status == "absent" else None
        yield SearchResult(keyword=keyword, engine=engine, locale=locale, result_type=result_type, status=status, depth=depth)
    else:
        raise unexpected("search_api", expected="a list of results", found=f"the keys {sorted(answer)[:8]}", url=url)


def recognises(text: str, url: str) -> bool:  # noqa: ARG001 - the same signature for every source
    """A JSON object: what no result page for people is."""
    return text.lstrip("\ufeff \t\r\n")[:1] == "{"


def _listed(answer: Json) -> tuple[list[object] | None, str | None, str]:
    if (typed := _typed(answer)) is not None:
        key, result_type = typed
        rows = answer.get(key)
        return rows if isinstance(rows, list) else None, None, result_type
    for path, engine, result_type in _SHAPES:
        node: object = answer
        for key in path:
            node = node.get(key) if isinstance(node, dict) else None
        if isinstance(node, list):
            return node, engine, result_type
    return None, None, "web"


def _typed(answer: Json) -> tuple[str, str] | None:
    for where in ("search_parameters", "searchParameters"):
        said = answer.get(where)
        if isinstance(said, dict):
            for name in ("tbm", "type", "engine"):
                if isinstance(value := said.get(name), str) and value in _TYPED:
                    return _TYPED[value]
    return None


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
    for key in ("originallink", "link", "url"):  # Naver prints its own copy of a news article as the link
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


# --- the walk ---------------------------------------------------------------------------------------------------------


def check(url: str, options: Options, result_type: str, devices: Collection[str]) -> int:
    """Requests that one search takes at least. ValueError, which says what is expected, for what this source cannot ask at `url`."""
    if "{keyword}" in url:
        if devices and "{device}" not in url:
            raise ValueError("a url with {device}, or keywords without a device")
        return ceil(options.depth / options.page_size) if has_pages(url) else 1
    api, name = APIS[options.api], options.api
    if urlsplit(url).query or urlsplit(url).fragment:
        raise ValueError(f"a url with {{keyword}}, or {api.root} (options.api is {name})")
    if result_type not in api.types:
        raise ValueError(f"a result_type that {name} has ({', '.join(api.types)})")
    if devices and api.device is None:
        raise ValueError(f"keywords without a device: {name} cannot be told one")
    if options.form and name != "searxng":
        raise ValueError(f"options.form for searxng only, not for {name}")
    given = {header.lower() for header in options.headers}
    missing = [f"options.headers.{header}" for header in api.headers if header.lower() not in given]
    missing += [f"options.parameters.{key}" for key in api.keys if key not in options.parameters]
    if missing:
        raise ValueError(f"{' and '.join(missing)}, which {name} wants")
    return ceil(options.depth / api.page_size(options.depth))


class SearchApiSpider(Spider):
    """One request for each page of each draw of each keyword of the market."""

    name = "search_api"
    min_records = 1

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.url = self.job.url or ""
        self.api: Api | None = None if "{keyword}" in self.url else APIS[self.options.api]
        devices = {keyword.device for keyword in self.job.keywords if keyword.device}
        check(self.url, self.options, self.job.result_type, devices)
        if self.api is not None:
            self.pages = pages_for(self.api, self.options.depth)
        else:
            self.pages = 2 * ceil(self.options.depth / self.options.page_size) if has_pages(self.url) else 1

    async def start(self) -> AsyncIterator[Request]:
        tells_device = "{device}" in self.url if self.api is None else self.api.device is not None
        for search in searches(self.job, tells_device=tells_device):
            yield self._request(search)

    def _request(self, search: Search) -> Request:
        if self.api is None:
            url, body, headers = filled(self.url, search, self.options.page_size), None, self.options.headers
        else:
            asked = ask(
                self.api,
                self.url,
                search.keyword.text,
                page=search.page,
                depth=self.options.depth,
                locale=search.keyword.locale,
                device=search.device,
                result_type=search.result_type,
                draws=self.job.draws,
                parameters=self.options.parameters,
                form=self.options.form,
            )
            url, body, headers = asked.url, asked.body, {**asked.headers, **self.options.headers}
        return Request(
            url,
            method="GET" if body is None else "POST",
            body=body or b"",
            headers=headers,
            callback=self.parse,
            errback=partial(unanswered, self.name),
            cb_kwargs={"search": search},
            dont_filter=True,
            meta={"dont_cache": True},  # a repeated draw has to see what the engine says now
        )

    def parse(self, response: Response, search: Search) -> Iterator[Page | Request]:
        return answered(self.name, parse, response, search, depth=self.options.depth, pages=self.pages, ask=self._request)
