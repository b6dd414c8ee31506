"""Which links of a search engine's result page are organic results.

Engines rename their CSS classes weekly, so results are known by what stays: a link with a heading inside it (or inside a heading)
that leaves the engine, and that is not inside an advertisement, a carousel, a list of questions or the side column. Naver marks
no headings; there, a result is an address that site, title and text all link to.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import parse_qs, unquote, urljoin, urlsplit

from lxml import etree

from spiders.reading.select import text_of

MAX_LINKS = 4_000
"""Links of a page that are looked at; the longest result page seen has 700."""
MAX_RESULTS = 200
MAX_INSIDE = 300
"""Elements inside a link that is a result; real ones have up to 60."""
MAX_AROUND = 400
"""Elements around a result in which its text is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """What makes a link the title of a result: all that is given must hold."""

    holds: Callable[[etree._Element], bool] | None = None
    """Of some element inside it."""
    inside: frozenset[str] = frozenset()
    """Marks of the elements around it (see `_marks`), one of them where `any_inside`."""
    any_inside: bool = False
    named: re.Pattern[str] | None = None
    """One of its own class names, or its test id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    name: str
    page: re.Pattern[str]
    """In the page's title, or in its address."""
    own: re.Pattern[str]
    """Hosts of the engine itself, which are never results."""
    titles: tuple[_Rule, ...]
    """The surest first: the first one that finds results is used."""


_HEADED = (
    _Rule(holds=lambda node: node.tag == "h3"),
    _Rule(inside=frozenset({"h2", "h3"}), any_inside=True),
    _Rule(holds=lambda node: node.tag == "h2" or node.get("role") == "heading"),
)


def engine(name: str, page: str, own: str, titles: tuple[_Rule, ...] = _HEADED) -> Engine:
    """An engine by its name, the pattern of its pages, and that of its own hosts."""
    return Engine(name=name, page=re.compile(page, re.IGNORECASE), own=re.compile(own), titles=titles)


def _is_title(node: etree._Element) -> bool:
    """Brave marks titles by a class only."""
    return "search-snippet-title" in (node.get("class") or "").split()


ENGINES = (
    engine(
        "google",
        r"\bgoogle\b",
        r"^(?:(?:www|m|maps|scholar|translate|webcache|adssettings|accounts|consent|policies)\.)?google(?:usercontent)?\.[a-z.]{2,6}$",
    ),
    engine(
        "bing",
        r"\bbing\b",
        r"(?:^|\.)bing\.com$|^go\.microsoft\.com$",
        (
            _Rule(inside=frozenset({"h2", "b_algo"})),
            _Rule(inside=frozenset({"b_algo"}), holds=lambda node: node.tag == "h2"),
        ),
    ),
    engine(
        "duckduckgo",
        r"duckduckgo",
        r"(?:^|\.)duckduckgo\.com$",
        (
            _Rule(named=re.compile(r"^result__a$")),
            _Rule(named=re.compile(r"^result-title-a$")),
            _Rule(named=re.compile(r"^result-link$")),
            *_HEADED,
        ),
    ),
    engine(
        "naver",
        r"네이버\s?검색|naver",
        r"^(?:(?:www|m|search|m\.search|shopping|search\.shopping|dict|ko\.dict|map|nid|help|policy|ad|adcr|ader|saedu|keep|mail|dic|terms|academic|section\.\w+|msearch\.shopping|cr|cr2|cr3|s|in)\.)?naver\.com$|^(?:www\.)?navercorp\.com$",
        (_Rule(named=re.compile(r"^(?:link_tit|total_tit|title_link)$")),),
    ),
    engine(
        "ask",
        r"\bask(?:\.com)?\b",
        r"(?:^|\.)ask\.com$",
        (
            _Rule(inside=frozenset({"result-title"})),
            *_HEADED,
        ),
    ),
    engine(
        "yahoo", r"yahoo", r"^(?:(?:[a-z]{2}\.)?(?:search|images|video|news|help|legal|r\.search)\.|www\.)?yahoo\.(?:com|co\.jp)$"
    ),
    engine(
        "daum",
        r"다음\s?검색|\bdaum\b",
        r"^(?:(?:www|search|m\.search|cs|logins|map)\.)?daum\.net$",
        (
            _Rule(holds=lambda node: node.tag == "c-title", inside=frozenset({"c-doc-web"})),
            *_HEADED,
        ),
    ),
    engine(
        "brave",
        r"brave search|search\.brave\.com",
        r"(?:^|\.)brave\.com$",
        (
            _Rule(holds=_is_title),
            *_HEADED,
        ),
    ),
    engine("ecosia", r"ecosia", r"(?:^|\.)ecosia\.org$"),
    engine("startpage", r"startpage", r"(?:^|\.)startpage\.com$"),
    engine("qwant", r"qwant", r"(?:^|\.)qwant\.com$"),
    engine("baidu", r"百度|baidu", r"^(?!www\.baidu\.com).*\.baidu\.com$"),
    engine("yandex", r"яндекс|yandex", r"(?:^|\.)yandex\.[a-z.]{2,6}$"),
)

_LINKS = ("a", "c-title")
"""Elements that lead somewhere; Daum's own kind has its address in `data-href`."""
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
        "Ad",
    ]
)
_MODULE_CLASSES = frozenset(
    [
        "related-question-pair",
        "b_ans",
        "b_deep",
        "dlCollapsedCnt",
        "qna_algo",
        "kno-kp",
        "xpdopen-module",
        "b_vlist2col",
        "AnswerRelatedQuestions",
        "SouthUnitItem",
    ]
)
_MODULE_ATTRIBUTES = frozenset(
    {"data-text-ad", "data-q", "data-initq", "data-news-cluster-id", "data-news-doc-id", "data-vid", "data-curl", "data-surl"}
)
_MODULE_TYPES = frozenset({"ad", "ads", "news", "videos", "images", "faq", "discussions", "infobox"})
"""Of Brave's `data-type`."""
_MODULE_TAGS = frozenset({"nav", "footer", "aside", "g-scrolling-carousel", "g-section-with-header", "g-inner-card"})


def organic(root: etree._Element, known: Engine, url: str) -> list[tuple[str, etree._Element]]:
    """The results in the page's order: where each leads and its title link, at most MAX_RESULTS."""
    around: dict[etree._Element, frozenset[str]] = {}
    links = [
        (address, link, _around(link, around))
        for link in islice(root.iter(*_LINKS), MAX_LINKS)
        if (address := _address(link.get("href", link.get("data-href", "")), url)) and not _foreign(address, known)
    ]
    # Sitelinks are laid out in tables, but so are whole pages for browsers without scripts.
    for unwanted in (frozenset({"module", "table"}), frozenset({"module"})):
        for rule in known.titles:
            found: dict[str, etree._Element] = {}
            for address, link, marks in links:
                if address not in found and marks.isdisjoint(unwanted) and _fits(rule, link, marks) and title_of(link):
                    found[address] = link
            if found:
                return list(found.items())[:MAX_RESULTS]
    if known.name != "naver":
        return []
    main = [(address, link) for address, link, marks in links if "main_pack" in marks and marks.isdisjoint({"module", "table"})]
    return list(_repeated(main))[:MAX_RESULTS]


def _around(link: etree._Element, known: dict[etree._Element, frozenset[str]]) -> frozenset[str]:
    """The marks of all elements around a link; what many links share is looked at once."""
    path: list[etree._Element] = []
    marks: frozenset[str] = frozenset()
    for node in link.iterancestors():
        if node in known:
            marks = known[node]
            break
        path.append(node)
    for node in reversed(path):
        known[node] = marks = marks.union(_marks(node))
    return marks


def _marks(node: etree._Element) -> Iterator[str]:
    classes = node.get("class") or ""
    names = frozenset(classes.split())
    if node.tag in {"h2", "h3", "table", "c-doc-web"}:
        yield node.tag
    if (
        node.tag in _MODULE_TAGS
        or node.get("id") in _AD_IDS
        or node.get("role") in {"list", "listitem", "navigation", "complementary"}
        or "ad" in (node.get("data-layout"), node.get("data-testid"))
        or node.get("data-type") in _MODULE_TYPES
        or not _MODULE_ATTRIBUTES.isdisjoint(node.keys())
        or not names.isdisjoint(_AD_CLASSES)
        or not names.isdisjoint(_MODULE_CLASSES)
    ):
        yield "module"
    if "b_algo" in names and node.tag == "li":
        yield "b_algo"
    if "SearchResults-item-title" in classes or "result-title" in classes:
        yield "result-title"
    if node.get("id") == "main_pack":
        yield "main_pack"


def _fits(rule: _Rule, link: etree._Element, marks: frozenset[str]) -> bool:
    if rule.inside and not (rule.inside & marks if rule.any_inside else rule.inside <= marks):
        return False
    if rule.named and not any(map(rule.named.search, [*(link.get("class") or "").split(), link.get("data-testid") or ""])):
        return False
    return rule.holds is None or any(map(rule.holds, islice(link.iter(etree.Element), MAX_INSIDE)))


def _repeated(links: list[tuple[str, etree._Element]]) -> Iterator[tuple[str, etree._Element]]:
    """Addresses that at least two neighbouring links with words lead to: site, title and text of one result."""
    runs: list[tuple[str, list[etree._Element]]] = []
    for address, link in links:
        if runs and runs[-1][0] == address:
            runs[-1][1].append(link)
        else:
            runs.append((address, [link]))
    seen: set[str] = set()
    for address, run in runs:
        worded = [link for link in run if len(title_of(link)) > 1]
        host = (urlsplit(address).hostname or "").removeprefix("www.")
        # The first of them is the site with its path; the title is the first that does not print the host.
        titles = [link for link in worded if host not in title_of(link)]
        if len(worded) > 1 and titles and address not in seen:
            seen.add(address)
            yield address, titles[0]


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
    elif "/*-" in parts.path:
        href = unquote(parts.path.split("/*-", 1)[1])
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


def _foreign(address: str, known: Engine) -> bool:
    """It leads to the engine itself, or to the click counter of an advertisement."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return True
    return bool(known.own.search(host)) or "/aclk?" in address or "/aclick?" in address or "duckduckgo.com/y.js" in address


def title_of(link: etree._Element) -> str:
    """The words of the heading inside a link, or of the link; empty for a link that holds half a page."""
    inside = list(islice(link.iter(etree.Element), MAX_INSIDE + 1))
    if len(inside) > MAX_INSIDE:
        return ""
    heads = (node for node in inside if node.tag in {"h2", "h3"} or node.get("role") == "heading" or _is_title(node))
    return text_of(next(heads, link)).replace("\n", " ")[:500]


def snippet_of(link: etree._Element, titles: frozenset[etree._Element]) -> str | None:
    """The longest text in the largest element around the title that holds no other result; None when there is none."""
    around = link
    for parent in islice(link.iterancestors(), 12):
        inside = list(islice(parent.iter(etree.Element), MAX_AROUND + 1))
        if parent.tag == "body" or len(inside) > MAX_AROUND or sum(node in titles for node in inside) > 1:
            break
        around = parent
    beside = {*link.iter(), *link.iterancestors()}
    nodes = (node for node in around.iter("div", "span", "p", "a", "td", "c-contents-desc") if node not in beside)
    texts = (text_of(node).replace("\n", " ") for node in islice(nodes, 60))
    best = max(texts, key=len, default="")
    return best[:1000] if len(best) > 20 else None
