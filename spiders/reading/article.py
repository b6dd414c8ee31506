"""The article of a help page: its title and its body, without what stands around it on every page.

A help centre's page is one answer, and its title is the question: nothing in its markup says so but the usual parts of an article (a
heading, an element for the body, a breadcrumb, a question whether it helped). A page whose body leads on rather than answers (a
category, a start page, a form) is no article.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from bs4 import BeautifulSoup, Tag
from parsel import Selector

from spiders.reading import markup, statements, wording
from spiders.reading.flow import Flow
from spiders.reading.structured import Item

MIN_BODY = 4
"""Letters and digits of a body: "Call us." is an answer."""
MIN_BESIDE_A_FORM = 200
"""The same on a page with a form for a message: fewer only introduce the form."""
MAX_TITLE = 400

_ARTICLES = frozenset({"article", "techarticle", "blogposting", "newsarticle", "howto", "helppage"})
_AROUND = re.compile(
    r"(?:^|[-_])(?:share|sharing|social|votes?|voting|feedback|helpful|useful|rating|related|recommend(?:ed|ations)?|similar|see[-_]also"
    r"|comments?|author|avatar|byline|meta|metadata|breadcrumbs?|toc|tags?|print|subscribe|follow|pagination|pager|prev[-_]next|recently"
    r"|recent|article[-_]footer|view[-_]?count|counter|timestamp|read[-_]?time|updated|hero[-_]search|search|cookie|banner|skip[-_]?link"
    r"|sr[-_]only|visually[-_]hidden)(?:$|[-_])",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One help article."""

    title: str
    body: str


def article(soup: BeautifulSoup, page: Selector, items: Sequence[Item]) -> Article | None:
    """The article of a page; None for a page that is a list, a form, or has no part that marks an article."""
    skip = markup.furniture(soup) | _around(soup)
    flow = Flow(soup, skip=skip)
    title = _title(soup, flow)
    if title is None:
        return None
    words = wording.bare_question(flow.text(*flow.span(title)).replace("\n", " "))[:MAX_TITLE]
    start, stop, marked = _body(soup, flow, title)
    stop = _end(flow, start, stop)
    if flow.size(start, stop) < MIN_BODY or _leads_on(flow, start, stop):
        return None
    if not marked and flow.size(start, stop) < MIN_BESIDE_A_FORM and soup.find("textarea"):
        return None
    if not (
        marked
        or statements.og_type(page) == "article"
        or any(item.types & _ARTICLES for item in items)
        or statements.has_breadcrumb(page, items)
        or asks_for_a_vote(soup)
    ):
        return None
    body = wording.bare_answer(flow.text(start, stop))
    return Article(title=words, body=body) if words and sum(map(str.isalnum, body)) >= MIN_BODY else None


def asks_for_a_vote(soup: BeautifulSoup) -> bool:
    """The page asks whether it helped, as only a page that answers does."""
    texts = (str(text).strip() for text in soup.find_all(string=VOTE, limit=20))
    return any(wording.asks_whether_it_helped(text) for text in texts)


VOTE = re.compile(
    r"helpful|useful|help you|answer(?:ed)? your|도움이?\s?(?:되|됐)|役に立|参考になり|解決し|hilfreich|utile|útil", re.IGNORECASE
)


def _around(soup: BeautifulSoup) -> set[int]:
    """Shares, votes, authors, comments, forms and buttons: never what holds the main heading or is the body itself."""
    main = soup.find_all(["h1", "main", "article"], limit=50)
    kept = {id(parent) for tag in main for parent in (tag, *tag.parents)}
    return {
        id(tag)
        for tag in soup.find_all(True)
        if id(tag) not in kept
        and (
            tag.name in {"form", "button"}
            # A time alone is a byline; one among words is part of what they say, or of a line like "Updated on ...", which is noise whole.
            or (tag.name == "time" and tag.parent is not None and markup.words(tag.parent) == markup.words(tag))
            or tag.get("itemprop") in {"author", "datePublished", "dateModified", "comment", "aggregateRating"}
            or any(_AROUND.search(_CAMEL.sub("-", name)) for name in markup.names(tag))
        )
    }


def _title(soup: BeautifulSoup, flow: Flow) -> Tag | None:
    """The first h1, better one inside an article or main; else the first heading that the page's title repeats."""
    heads = [tag for tag in flow.tags if tag.name == "h1" and flow.size(*flow.span(tag))][:20]
    inside = [tag for tag in heads if any(parent.name in {"article", "main"} for parent in islice(tag.parents, 60))]
    if heads:
        return (inside or heads)[0]
    said = "".join(map(markup.words, soup.find_all("title", limit=1))).casefold()
    others = (tag for tag in flow.tags if markup.level(tag) in {2, 3})
    return next((tag for tag in islice(others, 10) if (text := flow.text(*flow.span(tag)).casefold()) and text in said), None)


def _body(soup: BeautifulSoup, flow: Flow, title: Tag) -> tuple[int, int, bool]:
    """First piece of the body and the one after its last, and whether an element marks it as one."""
    after = flow.stop(title)
    parts = list(soup.find_all(attrs={"itemprop": "articleBody"}, limit=5))
    articles = [tag for tag in flow.tags if tag.name == "article" or tag.get("role") == "article"][:50]
    around = [tag for tag in articles if flow.start(tag) < after <= flow.stop(tag)]
    behind = [tag for tag in articles if flow.start(tag) >= after and flow.size(*flow.span(tag))]
    for tag in (*parts, *reversed(around), *(behind if len(behind) == 1 else ())):
        start, stop = max(after, flow.start(tag)) if tag in around else flow.start(tag), flow.stop(tag)
        if flow.size(start, stop) >= MIN_BODY:
            return start, stop, True
    for parent in islice(title.parents, 60):
        if parent.name != "header" and flow.size(after, flow.stop(parent)) >= MIN_BODY:
            return after, flow.stop(parent), False
    return after, after, False


def _end(flow: Flow, start: int, stop: int) -> int:
    """Where a heading, or a line that stands for one, leads on to other articles."""
    seen: set[tuple[int, int]] = set()
    for tag in flow.tags:
        first, last = flow.span(tag)
        if not start <= first < stop or not (markup.level(tag) or tag.name in {"p", "div", "strong", "legend", "span"}):
            continue
        if last - first <= 12 and 0 < flow.size(first, last) <= 60 and (first, last) not in seen:
            seen.add((first, last))
            text = flow.text(first, last)
            if "\n" not in text and ((markup.level(tag) and wording.leads_on(text)) or wording.asks_whether_it_helped(text)):
                return first if flow.size(start, first) else stop
    return stop


def _leads_on(flow: Flow, start: int, stop: int) -> bool:
    """Mostly links, or a list of entries that begin with one: a category, not an answer."""
    here = [tag for tag in flow.tags if start <= flow.start(tag) < stop]
    links = [tag for tag in here if tag.name == "a" and not str(tag.get("href") or "").startswith("#")]
    begins = [flow.start(tag) for tag in links]
    linked = leading = 0
    last = start
    for tag in links:
        first, end = flow.span(tag)
        if first >= last and (size := flow.size(first, end)):
            linked += size
            leading += "".join(flow.pieces[max(0, first - 3) : first]).rstrip(" \t\r").endswith("\n")
            last = end
    lines = flow.text(start, stop).count("\n") + 1
    headings = [tag for tag in here if markup.level(tag)]
    linked_headings = sum(
        bisect_left(begins, flow.start(tag)) < bisect_left(begins, flow.stop(tag))
        or any(p.name == "a" for p in islice(tag.parents, 3))
        for tag in headings
    )
    return (
        linked > 0.5 * flow.size(start, stop)
        or (linked_headings >= 3 and linked_headings * 2 >= len(headings))
        or (leading >= 3 and leading * 5 >= 2 * lines)
        or (leading == 2 and lines <= 4)
    )
