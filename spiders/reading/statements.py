"""What a page states about itself: its own address, its language, when it was changed, and the categories that it stands in."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from urllib.parse import urlsplit

from lxml import etree
from parsel import Selector

from spiders.reading import address
from spiders.reading.select import parse_date, text_of
from spiders.reading.structured import Item

MAX_CRUMBS = 12
"""Of one breadcrumb."""
MAX_CHANGES = 20
"""Places of one word that are looked at for a date of change."""

_WHOLE = frozenset(
    {"faqpage", "webpage", "article", "techarticle", "newsarticle", "blogposting", "howto", "qapage", "helppage", "itempage"}
)
"""Types whose statements are about the whole page."""

_LABEL = (
    r"(?:last\s(?:updated|modified|edited|reviewed|changed|revised)|updated|modified|revised|date modified"
    r"|(?:최종\s?|마지막\s?)?(?:수정|업데이트|갱신|변경)\s?(?:일자|일시|일|날짜)?|(?:最終)?(?:更新|改定|改訂)(?:日時?|日)?"
    r"|zuletzt aktualisiert|(?:dernière )?mise à jour|última actualización|ultimo aggiornamento)"
)
_DATE = (
    r"(\d{4}\s?[-./年년]\s?\d{1,2}\s?[-./月월]\s?\d{1,2}\s?[日일]?|[a-z]{3,9}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s\d{4}"
    r"|\d{1,2}(?:st|nd|rd|th)?\.?\s[a-z]{3,9}\.?,?\s\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{4})"
)
_UPDATED = re.compile(rf"(?i:{_LABEL})\s?(?:on|at|am|le|el)?\s?[:：]?\s?{_DATE}")
_TAG = re.compile(r"<[^<>]*+>|^[^<>]*+>|&nbsp;")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)\b")
_HINT = re.compile(_LABEL, re.IGNORECASE)
_WORDS = (
    "updated",
    "modified",
    "edited",
    "revised",
    "reviewed",
    "수정",
    "업데이트",
    "갱신",
    "변경",
    "更新",
    "改定",
    "改訂",
    "aktualisiert",
    "mise à jour",
    "actualización",
    "aggiornamento",
)
_ROOT = re.compile(
    r"(?:home|homepage|start|main|top|index|(?:the )?(?:.{0,30}\s)?(?:help|support|service|knowledge|learning)\s?(?:cent(?:er|re)|base|home|desk)?|faqs?"
    r"|홈|처음|메인|.{0,20}(?:도움말|고객\s?(?:센터|지원)|헬프\s?센터)(?:\s?(?:센터|홈))?|ホーム|トップ(?:ページ)?|.{0,20}(?:ヘルプ|サポート)(?:センター|ページ|トップ)?|startseite|accueil|inicio)",
    re.IGNORECASE,
)


def canonical(page: Selector, url: str) -> str:
    """The page's own address as it states it, where that is believable; else `url`.

    Many sites name their home page as the canonical address of every page, or another site's.
    """
    for link in islice(page.root.iter("link"), 200):
        if "canonical" in (link.get("rel") or "").lower().split():
            stated = address.resolved(link.get("href"), url)
            if (
                stated
                and address.site(stated) == address.site(url)
                and (urlsplit(stated).path != "/" or urlsplit(url).path == "/")
            ):
                return stated
    return url


def language(page: Selector, items: Sequence[Item] = ()) -> str | None:
    """ISO 639-1: `inLanguage` of what is about the whole page, else `lang` of the page, else its content-language."""
    for item in items:
        if item.types & _WHOLE:
            for value in item.values("inlanguage"):
                said = value.text("alternatename", "identifier", "name") if isinstance(value, Item) else value
                if code := address.language(said):
                    return code
    root = page.root
    said = root.get("lang") or root.get("xml:lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang")
    return address.language(said) or next(
        (code for name, value in _metas(page) if name == "content-language" and (code := address.language(value))), None
    )


def updated_at(page: Selector, items: Sequence[Item], html: str) -> datetime | date | None:
    """When the page was last changed, as structured data, meta tags, marked `time` elements or its text state it, in this order.

    A single `time` element without a word beside it counts as well; several do not: they date comments and neighbours.
    """
    stated = (value for item in items if item.types & _WHOLE for value in item.values("datemodified"))
    stated_in_meta = (value for name, value in _metas(page) if name in _MODIFIED)
    for value in (*stated, *stated_in_meta):
        if found := parse_date(value):
            return found
    times = list(islice(page.root.iter("time"), 50)) if "<time" in html or "<TIME" in html else []
    for time in times:
        names = f"{time.get('itemprop') or ''} {time.get('class') or ''}".lower()
        if re.search("modified|updated", names) and (found := parse_date(time.get("datetime") or _words(time))):
            return found
    for time in times:
        if _labelled(time) and (found := parse_date(time.get("datetime") or _words(time))):
            return found
    for near in _changes(html):
        if (match := _UPDATED.search(near)) and (found := parse_date(_ORDINAL.sub("", match[1]))):
            return found
    return parse_date(times[0].get("datetime")) if len(times) == 1 else None


_MODIFIED = frozenset({"article:modified_time", "og:updated_time", "datemodified", "last-modified", "dcterms.modified"})


def _metas(page: Selector) -> Iterator[tuple[str, str]]:
    for meta in islice(page.root.iter("meta"), 500):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv")
        if name:
            yield name.strip().lower(), meta.get("content") or ""


def og_type(page: Selector) -> str:
    return next((value.strip().lower() for name, value in _metas(page) if name == "og:type"), "")


def _labelled(time: etree._Element) -> bool:
    """The words straight in front of the element, or its own, say that something was changed then."""
    before, parent = time.getprevious(), time.getparent()
    said = (before.tail or "") if before is not None else ((parent.text or "") if parent is not None else "")
    if not said.strip() and before is not None:
        said = _words(before)
    return bool(_HINT.search(said[-60:]) or _HINT.search(_words(time)[:60]))


def _words(element: etree._Element) -> str:
    """Of a small element."""
    return " ".join("".join(str(text)[:200] for text in islice(element.itertext(), 20)).split())


def _changes(html: str) -> Iterator[str]:
    """The text around each word for a change, lower case; a page's every text would take longer to go through than to parse."""
    low = html.lower()
    for word in _WORDS:
        at = low.find(word)
        for _ in range(MAX_CHANGES):
            if at < 0:
                break
            yield " ".join(_TAG.sub(" ", low[max(0, at - 12) : at + 300]).split())
            at = low.find(word, at + 1)


# --- breadcrumbs ------------------------------------------------------------------------------------------------------


def category(page: Selector, items: Sequence[Item], url: str, title: str) -> str | None:
    """The innermost category that the page's breadcrumb puts it in; None without one, or where only the start page stands above it."""
    crumbs = _stated_crumbs(items) or _marked_crumbs(page)
    if crumbs and _is_page_itself(crumbs[-1], crumbs, url, title):
        crumbs = crumbs[:-1]
    while crumbs and (_ROOT.fullmatch(crumbs[0][0]) or urlsplit(address.resolved(crumbs[0][1], url) or url + "x").path == "/"):
        crumbs = crumbs[1:]
    if crumbs:
        return crumbs[-1][0]
    sections = (item.text("articlesection") for item in items if item.types & _WHOLE)
    return next((said[:200] for said in sections if said), None)


def has_breadcrumb(page: Selector, items: Sequence[Item]) -> bool:
    """Two steps or more."""
    return len(_stated_crumbs(items) or _marked_crumbs(page)) > 1


_Crumb = tuple[str, str | None]
"""Words and link; no link on the last one, mostly."""


def _is_page_itself(crumb: _Crumb, crumbs: Sequence[_Crumb], url: str, title: str) -> bool:
    words, link = crumb
    if words.casefold() == title.casefold():
        return True
    if link is None:
        return any(other for _, other in crumbs)
    there = address.resolved(link, url)
    return there is not None and address.key(there) == address.key(url)


def _stated_crumbs(items: Sequence[Item]) -> list[_Crumb]:
    for item in items:
        if "breadcrumblist" in item.types:
            found: list[tuple[float, str, str | None]] = []
            for n, step in enumerate(item.items("itemlistelement")[:MAX_CRUMBS]):
                held = next(iter(step.items("item")), None)
                words = step.text("name") or (held.text("name") if held else "")
                link = next((v for v in step.values("item", "url") if isinstance(v, str)), held.id if held else None)
                place = step.text("position")
                found.append((float(place) if place.isdecimal() and len(place) < 4 else n, " ".join(words.split())[:200], link))
            found.sort(key=lambda step: step[0])
            if crumbs := [(words, link) for _, words, link in found if words]:
                return crumbs
    return []


_BETWEEN = " ›»>/→｜|·＞"
_CRUMBS_NAME = re.compile(
    r"(?:^|[-_\s])(?:breadcrumbs?|crumbs?|bread-crumbs?)(?:$|[-_\s])|빵부스러기|topicpath|パンくず", re.IGNORECASE
)


def _marked_crumbs(page: Selector) -> list[_Crumb]:
    tries = 10  # elements that are named so; real pages have one or two
    for node in islice(page.root.iter("nav", "ol", "ul", "div", "p"), 20_000):
        said = " ".join(node.get(name) or "" for name in ("aria-label", "class", "id"))[:300]
        if not said.strip() or not _CRUMBS_NAME.search(said):
            continue
        tries -= 1
        if tries < 0:
            break
        if steps := list(islice(node.iter("li"), MAX_CRUMBS)):
            found = [(text_of(step), next((a.get("href") for a in step.iter("a")), None)) for step in steps]
        else:
            found = [(text_of(a), a.get("href")) for a in islice(node.iter("a"), MAX_CRUMBS)]
            whole = text_of(node)
            if found and (rest := whole[whole.rfind(found[-1][0]) + len(found[-1][0]) :]).strip():
                found.append((rest, None))
        found = [(" ".join(words.split()).strip(_BETWEEN)[:200], link) for words, link in found]
        found = [(words, link) for words, link in found if any(map(str.isalnum, words))]
        if found:
            return found
    return []
