"""The search APIs that `search_api` knows how to ask: one entry of APIS each, and nothing else to touch for another one.

Looked up in the documentation of each:
searxng   https://docs.searxng.org/dev/search_api.html
naver     https://developers.naver.com/docs/serviceapi/search/web/web.md (and blog, news, shop, ... beside it)
brave     https://api-dashboard.search.brave.com/api-reference/web/search/get
serpapi   https://serpapi.com/search-api (`google` where options.parameters say no other engine)
serper    https://serper.dev (the request body: https://schemas.apis.io/schemas/serper/serper-search-request/)
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlencode

import orjson

Parameters = Mapping[str, str]

NONE: Parameters = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, but for the headers that the market file gives."""

    url: str
    body: bytes | None = None
    """None for GET."""
    headers: Parameters = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """How one API is asked for the results of a search."""

    root: str
    """What the source's `url` is: the address that the paths below follow."""
    types: Mapping[str, tuple[str, Parameters]]
    """Result type to its path and the parameters that choose it."""
    query: str = "q"
    """The parameter of the search words; the same for those below."""
    fixed: Parameters = field(default_factory=dict)
    size: str | None = None
    """Results in an answer; None where the API does not let one choose."""
    most: int = 10
    """Results that one answer holds at most, or usually where nobody can choose."""
    page: str
    counts: Literal["pages_from_0", "pages_from_1", "results_from_0", "results_from_1"]
    """What the number in `page` is."""
    pages: int = 20
    """Pages that can be asked for at most."""
    locale: Callable[[str], Parameters] = field(default=lambda _: NONE)
    """A locale such as ko-KR to parameters; none where the API cannot be told."""
    device: str | None = None
    """Takes desktop and mobile; None where the API cannot be told."""
    headers: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    """Headers and parameters that identify the customer: without them there is no answer."""
    fresh: Parameters = field(default_factory=dict)
    fresh_headers: Parameters = field(default_factory=dict)
    """Ask for an answer that comes from no cache: a repeated draw would see the same one."""
    posts_json: bool = False

    def page_size(self, depth: int) -> int:
        return min(self.most, depth) if self.size else self.most


def ask(
    api: Api,
    root: str,
    words: str,
    *,
    page: int,
    depth: int,
    locale: str | None,
    device: str | None,
    result_type: str,
    draws: int,
    parameters: Parameters,
    form: bool = False,
) -> Asked:
    """The request for one page of results, 1 is the first. `form`: as a posted form instead of in the address."""
    path, kind = api.types[result_type]
    size = api.page_size(depth)
    number = {
        "pages_from_0": page - 1,
        "pages_from_1": page,
        "results_from_0": (page - 1) * size,
        "results_from_1": (page - 1) * size + 1,
    }[api.counts]
    told = {
        api.query: words,
        **api.fixed,
        **kind,
        **(api.locale(locale) if locale else NONE),
        **({api.size: str(size)} if api.size else NONE),
        **({api.device: device} if api.device and device else NONE),
        **(api.fresh if draws > 1 else NONE),
        **parameters,
        api.page: str(number),
    }
    url = root.rstrip("/") + path
    fresh = api.fresh_headers if draws > 1 else NONE
    if api.posts_json:
        body = orjson.dumps({name: int(value) if name == api.page else value for name, value in told.items()})
        return Asked(url=url, body=body, headers={"Content-Type": "application/json", **fresh})
    if form:
        return Asked(
            url=url, body=urlencode(told).encode(), headers={"Content-Type": "application/x-www-form-urlencoded", **fresh}
        )
    return Asked(url=f"{url}?{urlencode(told)}", headers=fresh)


def pages_for(api: Api, depth: int) -> int:
    """Pages after which a search ends in any case: twice as many as would do if each were full, for few are."""
    return min(api.pages, 2 * ceil(depth / api.page_size(depth)))


# --- the table --------------------------------------------------------------------------------------------------------


def _split(locale: str) -> tuple[str, str]:
    """Language and region, lower case; the region is empty where none is given."""
    language, _, region = re.sub("_", "-", locale).lower().partition("-")
    return language, region


def _google(locale: str) -> Parameters:
    language, region = _split(locale)
    # Chinese and Portuguese are several interface languages.
    interface = f"{language}-{region}" if region and language in {"zh", "pt"} else language
    return {"hl": interface, **({"gl": region} if region else {})}


_BRAVE_LANGUAGES = {
    "ja": "jp", "no": "nb", "pt": "pt-br", "pt-br": "pt-br", "pt-pt": "pt-pt", "en-gb": "en-gb",
    "zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans", "zh-tw": "zh-hant", "zh-hk": "zh-hant",
}  # fmt: skip
"""Where its code is not the ISO one."""


def _brave(locale: str) -> Parameters:
    language, region = _split(locale)
    code = _BRAVE_LANGUAGES.get(f"{language}-{region}") or _BRAVE_LANGUAGES.get(language, language)
    return {"search_lang": code, **({"country": region.upper()} if region else {})}


APIS: Mapping[str, Api] = {
    "searxng": Api(
        root="the address of your instance, such as http://127.0.0.1:8888",
        types={
            "web": ("/search", {"categories": "general"}),
            "news": ("/search", {"categories": "news"}),
            "image": ("/search", {"categories": "images"}),
            "video": ("/search", {"categories": "videos"}),
        },
        fixed={"format": "json"},
        most=20,
        page="pageno",
        counts="pages_from_1",
        locale=lambda locale: {"language": locale.replace("_", "-")},
    ),
    "naver": Api(
        root="https://openapi.naver.com",
        types={
            "web": ("/v1/search/webkr.json", NONE),
            "blog": ("/v1/search/blog.json", NONE),
            "news": ("/v1/search/news.json", {"sort": "sim"}),  # by date if nothing is said
            "shop": ("/v1/search/shop.json", NONE),
            "cafe": ("/v1/search/cafearticle.json", NONE),
            "qna": ("/v1/search/kin.json", NONE),
        },
        query="query",
        size="display",
        most=100,
        page="start",
        counts="results_from_1",
        headers=("X-Naver-Client-Id", "X-Naver-Client-Secret"),
    ),
    "brave": Api(
        root="https://api.search.brave.com",
        types={
            "web": ("/res/v1/web/search", {"result_filter": "web"}),
            "news": ("/res/v1/news/search", NONE),
            "video": ("/res/v1/videos/search", NONE),
        },
        size="count",
        most=20,
        page="offset",
        counts="pages_from_0",
        pages=10,
        locale=_brave,
        headers=("X-Subscription-Token",),
        fresh_headers={"Cache-Control": "no-cache"},
    ),
    "serpapi": Api(
        root="https://serpapi.com",
        types={
            "web": ("/search.json", {"engine": "google"}),
            "news": ("/search.json", {"engine": "google", "tbm": "nws"}),
            "video": ("/search.json", {"engine": "google", "tbm": "vid"}),
            "shop": ("/search.json", {"engine": "google_shopping"}),
        },
        page="start",
        counts="results_from_0",
        locale=_google,
        device="device",
        keys=("api_key",),
        fresh={"no_cache": "true"},
    ),
    "serper": Api(
        root="https://google.serper.dev",
        types={
            "web": ("/search", NONE),
            "news": ("/news", NONE),
            "video": ("/videos", NONE),
            "shop": ("/shopping", NONE),
        },
        page="page",
        counts="pages_from_1",
        locale=_google,
        headers=("X-API-KEY",),
        posts_json=True,
    ),
}
