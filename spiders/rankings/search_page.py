"""Result pages of search engines as HTML, saved or fetched: the organic results in their order.

Engines rename their CSS classes weekly, so results are known by what stays: a link with a heading inside it (or inside a heading)
that leaves the engine, and that is not inside an advertisement, a carousel, a list of questions or the side column. Naver marks
no headings; there, a result is an address that title and text both link to. A captcha or consent page gives one `blocked`
record, a page that says that nothing was found one `absent` record.
"""

import base64
import binascii
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from lxml import etree
from pydantic import BaseModel, ConfigDict
from scrapy import Request, Spider
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

from spiders.items import Page, SearchResult, UnexpectedPage
from spiders.rankings.search_api import request_url, unanswered
from spiders.receipt import Job, Keyword
from spiders.select import document, text_of, unexpected

MAX_LINKS = 4_000
"""Links of a page that are looked at; the longest result page seen has 700."""
MAX_RESULTS = 200


class Options(BaseModel):
    """`options` of a `search_page` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Engine:
    name: str
    page: re.Pattern[str]
    """In the page's title, or in its address."""
    own: re.Pattern[str]
    """Hosts of the engine itself, which are never results."""
    titles: tuple[str, ...]
    """XPath of the title links, the surest first: the first one that finds results is used."""


# Conditions on the link, never `//h3//a`: libxml2 takes quadratic time for a step below each of many elements.
_HEADED = (
    "//a[@href][.//h3]",
    "//a[@href][ancestor::h3 or ancestor::h2]",
    "//a[@href][.//*[@role='heading'] or .//h2]",
)


def _engine(name: str, page: str, own: str, titles: tuple[str, ...] = _HEADED) -> _Engine:
    return _Engine(name=name, page=re.compile(page, re.IGNORECASE), own=re.compile(own), titles=titles)


_ENGINES = (
    _engine(
        "google",
        r"\bgoogle\b",
        r"^(?:(?:www|m|maps|scholar|translate|webcache|adssettings|accounts|consent|policies)\.)?google(?:usercontent)?\.[a-z.]{2,6}$",
    ),
    _engine(
        "bing",
        r"\bbing\b",
        r"(?:^|\.)bing\.com$|^go\.microsoft\.com$",
        ("//a[@href][ancestor::h2][ancestor::li[contains(concat(' ', @class, ' '), ' b_algo ')]]",),
    ),
    _engine(
        "duckduckgo",
        r"duckduckgo",
        r"(?:^|\.)duckduckgo\.com$",
        (
            "//a[contains(concat(' ', @class, ' '), ' result__a ')]",
            "//a[@data-testid='result-title-a']",
            "//a[@class='result-link']",
            *_HEADED,
        ),
    ),
    _engine(
        "naver",
        r"네이버\s?검색|naver",
        r"^(?:(?:www|m|search|m\.search|shopping|search\.shopping|dict|ko\.dict|map|nid|help|policy|ad|adcr|ader|saedu|keep|mail|dic|terms|academic|section\.\w+|msearch\.shopping|cr|cr2|cr3|s|in)\.)?naver\.com$|^(?:www\.)?navercorp\.com$",
        ("//a[@href][contains(concat(' ', @class, ' '), ' link_tit ') or contains(concat(' ', @class, ' '), ' total_tit ')]",),
    ),
    _engine(
        "ask",
        r"\bask(?:\.com)?\b",
        r"(?:^|\.)ask\.com$",
        (
            "//a[@href][ancestor-or-self::*[contains(@class, 'SearchResults-item-title') or contains(@class, 'result-title')]]",
            *_HEADED,
        ),
    ),
    _engine(
        "yahoo", r"yahoo", r"^(?:(?:[a-z]{2}\.)?(?:search|images|video|news|help|legal|r\.search)\.|www\.)?yahoo\.(?:com|co\.jp)$"
    ),
    _engine("daum", r"다음\s?검색|\bdaum\b", r"^(?:(?:www|search|m\.search|cs|logins|map)\.)?daum\.net$"),
    _engine("brave", r"brave search|search\.brave\.com", r"(?:^|\.)brave\.com$"),
    _engine("ecosia", r"ecosia", r"(?:^|\.)ecosia\.org$"),
    _engine("startpage", r"startpage", r"(?:^|\.)startpage\.com$"),
    _engine("qwant", r"qwant", r"(?:^|\.)qwant\.com$"),
    _engine("baidu", r"百度|baidu", r"^(?!www\.baidu\.com).*\.baidu\.com$"),
    _engine("yandex", r"яндекс|yandex", r"(?:^|\.)yandex\.[a-z.]{2,6}$"),
)

_AD_IDS = frozenset(
    {"tads", "tadsb", "bottomads", "tvcap", "taw", "atvcap", "rhs", "rhs_block", "b_context", "b_pole", "power_link_body"}
)
_AD_CLASSES = frozenset(
    [
        "ads-ad",
        "ads-fr",
        "ad_cclk",
        "uEierd",
        "b_ad",
        "b_adTop",
        "b_adBottom",
        "result--ad",
        "sb_add",
        "sp_nad",
        "ad_section",
        "commercial-unit-desktop-top",
    ]
)
_MODULE_CLASSES = frozenset(
    ["related-question-pair", "b_ans", "b_deep", "dlCollapsedCnt", "qna_algo", "kno-kp", "xpdopen-module", "b_vlist2col"]
)
_MODULE_ATTRIBUTES = frozenset(
    {"data-text-ad", "data-q", "data-initq", "data-news-cluster-id", "data-news-doc-id", "data-vid", "data-curl", "data-surl"}
)
_MODULE_TAGS = frozenset({"nav", "footer", "aside", "table", "g-scrolling-carousel", "g-section-with-header", "g-inner-card"})

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
    results = [] if stopped else _results(root, known, url)[:MAX_RESULTS]
    for rank, (address, link) in enumerate(results, 1):
        yield SearchResult(
            keyword=keyword, engine=name, locale=locale, rank=rank, depth=len(results), url=address,
            title=_title(link), snippet=_snippet(link, {id(other) for _, other in results}),
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


def _recognised(engine: str | None, title: str, root: etree._Element, url: str) -> _Engine:
    host = urlsplit(url).hostname or ""
    site = " ".join(
        _texts(root, "//meta[@property='og:site_name']/@content | //link[@rel='canonical' or @rel='search']/@href")[:5]
    )
    # A result page names its engine last ("google ads - Bing"), hence the right-most name in the title wins.
    named = [(max((found.end() for found in known.page.finditer(title)), default=-1), known) for known in _ENGINES]
    end, best = max(named, key=lambda pair: pair[0])
    for known in _ENGINES:
        if engine is not None and known.name == engine.lower():
            return known
    if end >= 0:
        return best
    for known in _ENGINES:
        if known.page.search(host) or known.page.search(site):
            return known
    if engine is not None:
        return _engine(engine, re.escape(engine), rf"(?:^|\.){re.escape(host.removeprefix('www.'))}$")
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


def _results(root: etree._Element, engine: _Engine, url: str) -> list[tuple[str, etree._Element]]:
    # Sitelinks are laid out in tables, but so are whole pages for browsers without scripts.
    for modules in (_MODULE_TAGS, _MODULE_TAGS - {"table"}):
        for xpath in engine.titles:
            found: dict[str, etree._Element] = {}
            for link in _elements(root, xpath)[:MAX_LINKS]:
                address = _address(link.get("href", ""), url)
                if (
                    address
                    and address not in found
                    and not _foreign(address, engine)
                    and not _in_module(link, modules)
                    and _title(link)
                ):
                    found[address] = link
            if found:
                return list(found.items())
    return _repeated(root, engine, url) if engine.name == "naver" else []


def _repeated(root: etree._Element, engine: _Engine, url: str) -> list[tuple[str, etree._Element]]:
    """Addresses that at least two neighbouring links with words lead to: site, title and text of one result."""
    runs: list[tuple[str, list[etree._Element]]] = []
    for link in _elements(root, "//a[@href][ancestor::*[@id='main_pack']]")[:MAX_LINKS]:
        address = _address(link.get("href", ""), url)
        if address and not _foreign(address, engine) and not _in_module(link):
            if runs and runs[-1][0] == address:
                runs[-1][1].append(link)
            else:
                runs.append((address, [link]))
    found: dict[str, etree._Element] = {}
    for address, links in runs:
        worded = [link for link in links if len(_title(link)) > 1]
        host = (urlsplit(address).hostname or "").removeprefix("www.")
        # The first of them is the site with its path; the title is the first that does not print the host.
        titles = [link for link in worded if host not in _title(link)]
        if len(worded) > 1 and titles:
            found.setdefault(address, titles[0])
    return list(found.items())


def _address(href: str, base: str) -> str | None:
    """Where a link leads, through the engine's own redirect; None for what leads nowhere outside."""
    href = href.strip()
    try:
        parts = urlsplit(urljoin(base, href))
        query = parse_qs(parts.query, max_num_fields=100)
    except ValueError:
        return None
    if (parts.path == "/url" and (target := query.get("q") or query.get("url"))) or (target := query.get("uddg")):
        href = target[0]
    elif parts.path.startswith("/ck/a") and (target := query.get("u")):
        href = _base64(target[0].removeprefix("a1"))
    elif "/RU=" in parts.path:
        href = unquote(parts.path.split("/RU=", 1)[1].split("/RK=", 1)[0])
    elif href.startswith("//"):
        href = f"https:{href}"
    if not re.match(r"https?://[^/\s]", href):
        return None
    return href.split("#:~:", 1)[0]


def _base64(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""


def _foreign(address: str, engine: _Engine) -> bool:
    """It leads to the engine itself, or to the click counter of an advertisement."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return True
    return bool(engine.own.search(host)) or "/aclk?" in address or "/aclick?" in address or "duckduckgo.com/y.js" in address


def _in_module(link: etree._Element, modules: frozenset[str] = _MODULE_TAGS) -> bool:
    for node in link.iterancestors():
        if (
            node.tag in modules
            or node.get("id") in _AD_IDS
            or node.get("role") in {"list", "listitem", "navigation", "complementary"}
            or node.get("data-layout") == "ad"
            or node.get("data-testid") == "ad"
            or not _MODULE_ATTRIBUTES.isdisjoint(node.keys())
            or ((names := node.get("class")) and not (_AD_CLASSES | _MODULE_CLASSES).isdisjoint(names.split()))
        ):
            return True
    return False


def _captcha(root: etree._Element) -> bool:
    widgets = "contains(@class, 'g-recaptcha') or contains(@class, 'h-captcha') or contains(@class, 'anomaly-modal')"
    return bool(_elements(root, f"//form[{_STOPPED}] | //*[{widgets}]"))


_STOPPED = (
    "contains(@id, 'captcha') or contains(@action, 'captcha') or contains(@action, 'consent.') or contains(@action, '/sorry/')"
)
_SEARCH_BOX = "@name='q' or @name='query' or @name='p' or @name='wd'"


def _title(link: etree._Element) -> str:
    heads = _elements(link, "(.//h3 | .//h2 | .//*[@role='heading'])[1]")
    return text_of(heads[0] if heads else link).replace("\n", " ")[:500]


def _snippet(link: etree._Element, titles: set[int]) -> str | None:
    """The longest stretch of text in the largest element around the title that holds no other result; None when there is none."""
    around = link
    for parent in link.iterancestors():
        if parent.tag == "body" or sum(1 for node in parent.iter("a") if id(node) in titles) > 1:
            break
        around = parent
    texts = (
        text_of(node).replace("\n", " ")
        for n, node in enumerate(around.iter("div", "span", "p", "a", "td"))
        if n < 200
        and node is not link
        and not any(child is link for child in node.iter("a"))
        and not any(up is link for up in node.iterancestors("a"))
    )
    best = max(texts, key=len, default="")
    return best[:1000] if len(best) > 20 else None


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
