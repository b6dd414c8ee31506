"""Result pages of search engines as HTML, saved or fetched: the organic results in their order (`spiders.organic` says which).

A captcha or consent page gives one `blocked` record, a page that says that nothing was found one `absent` record.
"""

import re
from collections.abc import AsyncIterator, Iterator
from typing import cast
from urllib.parse import parse_qs, urlsplit

from lxml import etree
from pydantic import BaseModel, ConfigDict
from scrapy import Request, Spider
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from spiders.items import Page, SearchResult, UnexpectedPage
from spiders.organic import ENGINES, Engine, organic, snippet_of, title_of
from spiders.organic import engine as engine_of
from spiders.rankings.search_api import request_url, unanswered
from spiders.receipt import Job, Keyword
from spiders.select import document, text_of, unexpected


class Options(BaseModel):
    """`options` of a `search_page` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


_BLOCKED = re.compile(
    r"unusual traffic|captcha|not a robot|are you a robot|verify you are human|bots use duckduckgo too|before you continue to google"
    r"|bevor sie zu google|avant d['’]accéder à google|antes de (?:ir a|continuar)|자동입력\s?방지|비정상적인\s?(?:검색|접근)|통상적이지 않은|通常と異なる(?:トラフィック|リクエスト)"
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
        query = parse_qs(urlsplit(address).query) if address.startswith("http") else {}
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


class SearchPageSpider(Spider):
    """One request for each keyword of the market."""

    name = "search_page"
    min_records = 1

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job = Job.load(job)

    async def start(self) -> AsyncIterator[Request]:
        for keyword in self.job.keywords:
            url = request_url(self.job.url or "", keyword)
            yield Request(url, callback=self.parse, errback=self.failed, cb_kwargs={"keyword": keyword}, dont_filter=True)

    def parse(self, response: Response, keyword: Keyword) -> Iterator[Page]:
        try:
            if not isinstance(response, TextResponse):
                raise unexpected(self.name, expected="an HTML page", found="bytes", url=response.url)
            records = tuple(parse(response.text, response.url, keyword.text, keyword.engine, keyword.locale))
        except UnexpectedPage as error:
            # One strange page is a failed observation of one keyword; the others still count.
            self.logger.warning("%s", error)
            records = (SearchResult(keyword=keyword.text, engine=keyword.engine, locale=keyword.locale, status="failed"),)
        yield Page(url=response.url, records=records)

    def failed(self, failure: Failure) -> Iterator[Page]:
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy sets it
        self.logger.warning("%s: no answer for %s: %s", self.name, request.url, failure.getErrorMessage())
        yield Page(url=request.url, records=(unanswered(failure, request.cb_kwargs["keyword"]),))
