"""Result pages of search engines as HTML, saved or fetched: the organic results in their order (`spiders.reading.organic` says which).

In a market file, `url` is the address of one search as a browser has it, with `{keyword}` in the place of the words and, if wanted,
`{locale}`, `{device}`, and `{page}`, `{offset}` or `{start}` for further pages (`spiders.web.searches.filled`); or `path` has saved pages.

A captcha or consent page gives one `blocked` record, a page that says that nothing was found one `absent` record.
"""

import re
from collections.abc import AsyncIterator, Collection, Iterator
from functools import partial
from math import ceil
from typing import cast
from urllib.parse import parse_qs, urlsplit

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import Page, SearchResult
from spiders.reading.organic import ENGINES, Engine, organic, snippet_of, title_of
from spiders.reading.organic import engine as engine_of
from spiders.reading.select import document, text_of, unexpected
from spiders.receipt import Job
from spiders.web.searches import MAX_DEPTH, Search, answered, filled, has_pages, searches, unanswered


class Options(BaseModel):
    """`options` of a `search_page` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    depth: int = Field(default=10, ge=1, le=MAX_DEPTH)
    """Results to see of each search, where the url has `{page}`, `{offset}` or `{start}`; else the one page is all."""
    page_size: int = Field(default=10, ge=1, le=100)
    """Results that the engine shows on a page, by which `{offset}` and `{start}` count."""


_BLOCKED = re.compile(
    r"unusual traffic|captcha|not a robot|are you a robot|verify you are human|bots use duckduckgo too|before you continue to google"
    r"|bevor sie zu google|avant d['’]accéder à google|antes de (?:ir a|continuar)|자동입력\s?방지|비정상적인\s?(?:검색|접근)|이용이 (?:일시적으로 )?제한|통상적이지 않은|通常と異なる(?:トラフィック|リクエスト)"
    r"|ロボットではない|one last step|access denied|too many requests",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"did not match any|no results (?:found|for)|there are no results|no more results found|we did not find any results|aucun (?:document|résultat)"
    r"|keine (?:mit|ergebnisse|übereinstimm)|ningún (?:resultado|documento)|no se han encontrado|nenhum (?:resultado|documento)"
    r"|nessun (?:risultato|documento)|non ha prodotto|geen (?:enkel document|resultaten)|검색\s?결과가\s?없|일치하는\s?(?:검색결과|문서)가 없"
    r"|見つかりませんでした|一致する.{0,20}ありません|没有找到|找不到和|ничего не на(?:шли|йдено)|brak wyników|sonuç bulunamadı|inga resultat",
    re.IGNORECASE,
)


def parse(
    html: str, url: str, keyword: str | None = None, engine: str | None = None, locale: str | None = None
) -> Iterator[SearchResult]:
    """The organic results, ranked from 1; one record with status `blocked` or `absent` where the page says so.

    Keyword and engine are read off the page where they are not given. UnexpectedPage when it is no result page, or when it is one that
    neither holds results nor says that there are none: a changed layout must not pass for a lost ranking.
    """
    page = document(html, who="search_page", url=url)
    root: etree._Element = page.root
    title = " ".join("".join(_texts(root, "(//title)[1]//text()")).split())
    known = _recognised(engine, title, root, url)
    keyword = keyword or _keyword(root, title, url)
    name = engine or known.name
    stopped = _captcha(root) and not _texts(root, f"//form[not({_STOPPED})]//*[{_SEARCH_BOX}]/@name")
    results = [] if stopped else organic(root, known, url)
    titles = frozenset(link for _, link in results)
    for rank, (address, link) in enumerate(results, 1):
        yield SearchResult(
            keyword=keyword, engine=name, locale=locale, rank=rank, depth=len(results), url=address,
            title=title_of(link), snippet=snippet_of(link, titles),
        )  # fmt: skip
    if not results:
        text = text_of(page)
        # First, since a page without results may carry a consent form as well.
        if _NOTHING.search(text):
            yield SearchResult(keyword=keyword, engine=name, locale=locale, status="absent", depth=0)
        elif _captcha(root) or _BLOCKED.search(text):
            yield SearchResult(keyword=keyword, engine=name, locale=locale, status="blocked")
        else:
            raise unexpected("search_page", expected="results, or the sentence that there are none", found="neither", url=url)


def _elements(node: etree._Element, xpath: str) -> list[etree._Element]:
    return cast("list[etree._Element]", node.xpath(xpath))  # noqa: SLF001 - lxml's only name for the type of its elements


def _texts(node: etree._Element, xpath: str) -> list[str]:
    return [str(text) for text in cast("list[object]", node.xpath(xpath))]


def _recognised(engine: str | None, title: str, root: etree._Element, url: str) -> Engine:
    host = urlsplit(url).hostname or ""
    site = " ".join(
        _texts(root, "//meta[@property='og:site_name']/@content | //link[@rel='canonical' or @rel='search']/@href")[:5]
    )
    # A result page names its engine last ("google ads - Bing"), hence the right-most name in the title wins.
    named = [(max((found.end() for found in known.page.finditer(title)), default=-1), known) for known in ENGINES]
    end, best = max(named, key=lambda pair: pair[0])
    for known in ENGINES:
        if engine is not None and known.name == engine.lower():
            return known
    if end >= 0:
        return best
    for known in ENGINES:
        if known.page.search(host) or known.page.search(site):
            return known
    if engine is not None:
        return engine_of(engine, re.escape(engine), rf"(?:^|\.){re.escape(host.removeprefix('www.'))}$")
    raise unexpected("search_page", expected="the result page of a search engine", found=f"a page titled {title[:60]!r}", url=url)


def _keyword(root: etree._Element, title: str, url: str) -> str | None:
    """The search box of a result page, or the search that a captcha page would lead back to."""
    for address in (*_texts(root, "//input[@name='continue']/@value")[:1], title if title.startswith("http") else "", url):
        _, _, asked = address.partition("?") if address.startswith("http") else ("", "", "")
        query = parse_qs(asked.partition("#")[0], max_num_fields=100) if asked.count("&") < 100 else {}
        for name in ("q", "query", "p", "wd", "text"):
            if query.get(name):
                return query[name][0].strip() or None
    if _texts(root, "//input[@name='continue']/@name"):
        return None  # what such a page calls q is a token
    for value in _texts(
        root, "//input[@name='q' or @name='query' or @name='p' or @name='wd']/@value | //textarea[@name='q']/text()"
    ):
        if value.strip():
            return " ".join(value.split())
    return None


def _captcha(root: etree._Element) -> bool:
    widgets = "contains(@class, 'g-recaptcha') or contains(@class, 'h-captcha') or contains(@class, 'anomaly-modal')"
    return bool(_elements(root, f"//form[{_STOPPED}] | //*[{widgets}]"))


_STOPPED = (
    "contains(@id, 'captcha') or contains(@action, 'captcha') or contains(@action, 'consent.') or contains(@action, '/sorry/')"
)
_SEARCH_BOX = "@name='q' or @name='query' or @name='p' or @name='wd'"


def check(url: str, options: Options, result_type: str, devices: Collection[str]) -> int:  # noqa: ARG001 - the same for every engine
    """Requests that one search takes at least. ValueError, which says what is expected, for what this source cannot ask at `url`."""
    if "{keyword}" not in url:
        raise ValueError("a url with {keyword} where the search words go")
    if devices and "{device}" not in url:
        raise ValueError("a url with {device}, or keywords without a device")
    return ceil(options.depth / options.page_size) if has_pages(url) else 1


class SearchPageSpider(Spider):
    """One request for each page of each draw of each keyword of the market."""

    name = "search_page"
    min_records = 1

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.url = self.job.url or ""
        self.pages = 2 * ceil(self.options.depth / self.options.page_size) if has_pages(self.url) else 1

    async def start(self) -> AsyncIterator[Request]:
        for search in searches(self.job, tells_device="{device}" in self.url):
            yield self._request(search)

    def _request(self, search: Search) -> Request:
        url = filled(self.url, search, self.options.page_size)
        return Request(
            url,
            callback=self.parse,
            errback=partial(unanswered, self.name),
            cb_kwargs={"search": search},
            dont_filter=True,
            meta={"dont_cache": True},
        )

    def parse(self, response: Response, search: Search) -> Iterator[Page | Request]:
        return answered(self.name, parse, response, search, depth=self.options.depth, pages=self.pages, ask=self._request)
