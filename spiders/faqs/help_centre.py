"""Help centres: the start page, its categories, and the article or the questions of each page below.

A page gives its questions where it has several (as `faq_page` reads them), else its article: one entry, its title the question, its
body the answer. The walk knows no site's class names. It follows, from the page it was given, links to pages of the same host in the
same language: those below that page's folder wherever they stand, and elsewhere on the host those in a page's main part that ask
something or are addressed as help.
"""

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from parsel import Selector
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import HtmlResponse, Response

from spiders.faqs import faq_page
from spiders.items import FaqEntry, Page
from spiders.reading import address, markup, statements, wording
from spiders.reading.article import VOTE, article, asks_for_a_vote
from spiders.reading.flow import soup_of
from spiders.reading.select import unexpected
from spiders.reading.structured import Item, json_ld
from spiders.receipt import Job
from spiders.web.reach import Reach

MAX_LINKS = 2_000
"""Of one page that are looked at."""


class Options(BaseModel):
    """`options` of a `help_centre` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_depth: int = Field(default=3, ge=0, le=10)
    """Levels below the source's page: 2 reads its categories and their articles. Further pages of one list count as the same level."""
    max_pages: int = Field(default=200, ge=1, le=20_000)
    """Pages read at most; the market's own `crawl.max_pages` holds as well."""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that leads on within a help centre."""

    url: str
    group: str | None
    """The heading above it, where that names a category."""
    paging: bool
    """It leads to a further page of the same list."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one page held."""

    entries: tuple[FaqEntry, ...]
    links: tuple[Link, ...]
    canonical: str
    language: str | None


def parse(html: str, url: str) -> Iterator[FaqEntry]:
    """The page's questions, or else its article as one entry. Nothing for lists and forms; UnexpectedPage when the text is no HTML."""
    yield from read(html, url).entries


def recognises(html: str, url: str) -> bool:
    """A help article that asks the reader whether it helped, and holds no list of questions: `faq_page` reads those."""
    if not VOTE.search(html):
        return False
    soup = soup_of(html)
    if not asks_for_a_vote(soup):
        return False
    page = faq_page.opened(html, url, who="help_centre")
    items = json_ld(page)
    whole = article(soup, page, items)
    if whole is None or any(item.types & _NO_HELP for item in items) or faq_page.pairs(page, items, lambda: soup):
        return False
    crumb = statements.category(page, items, url, whole.title) or ""
    around = "\n".join([*map(markup.words, soup.find_all("title", limit=1)), crumb, *address.segments(url), address.site(url)])
    return wording.asks(whole.title) or wording.opens_question(whole.title) or wording.names_help(around)


_NO_HELP = frozenset({"recipe", "product", "review", "newsarticle", "event", "jobposting"})


def read(html: str, url: str, start: str | None = None) -> Reading:
    """A page's entries and the links that lead on from it; `start` is the source's own page, where it is another one."""
    page = faq_page.opened(html, url, who="help_centre")
    items = json_ld(page)
    soup = soup_of(html)
    language = statements.language(page, items)
    return Reading(
        entries=tuple(_entries(html, url, page, items, soup)),
        links=tuple(_links(soup, url, start or url, language)),
        canonical=statements.canonical(page, url),
        language=language,
    )


def _entries(html: str, url: str, page: Selector, items: Sequence[Item], soup: BeautifulSoup) -> Iterator[FaqEntry]:
    language = statements.language(page, items)
    pairs = faq_page.pairs(page, items, lambda: soup)
    whole = article(soup, page, items) if not pairs or _answers_one_question(soup) else None
    updated_at = statements.updated_at(page, items, html) if pairs or whole else None
    if whole is not None and sum(len(pair.answer) for pair in pairs) < len(whole.body) / 2:
        group = statements.category(page, items, url, whole.title)
        yield FaqEntry(question=whole.title, answer=whole.body, group=group, url=url, language=language, updated_at=updated_at)
        return
    title = "".join(map(markup.words, soup.find_all("h1", limit=1)))[:400]
    group = statements.category(page, items, url, title) if pairs else None
    for pair in pairs:
        yield FaqEntry(
            question=pair.question,
            answer=pair.answer,
            group=pair.group or group,
            url=url,
            language=language,
            updated_at=updated_at,
        )


def _answers_one_question(soup: BeautifulSoup) -> bool:
    """The page's heading asks: questions among the headings below it are then parts of its answer, unless they are most of it."""
    title = "".join(map(markup.words, soup.find_all("h1", limit=1)))[:400]
    return wording.asks(title) and not wording.promises(title)


# --- which links lead on ------------------------------------------------------------------------------------------------

_HELP = re.compile(
    r"(?:^|[/_.-])(?:help|faqs?|support|hc|kb|knowledge(?:[-_]?base)?|articles?|answers?|questions?|topics?|guides?|docs|cs|customer|inquiry|qna"
    r"|categor(?:y|ies)|sections?|collections?|문의|도움말|고객|faq\w{0,12}|help\w{0,12})(?:$|[/_.-])|도움말|자주|고객센터|ヘルプ|よくある|サポート",
    re.IGNORECASE,
)
_SWITCHER = re.compile(
    r"(?:^|[-_\s])(?:lang(?:uages?)?|locales?|i18n)(?:$|[-_\s])|language-?(?:switch|select|menu)", re.IGNORECASE
)


def _links(soup: BeautifulSoup, url: str, start: str, language: str | None) -> Iterator[Link]:
    """Each address once, in the page's order."""
    furniture, switchers = markup.furniture(soup), _switchers(soup)
    alternates = _alternates(soup, url, language)
    below = _folder(start)
    seen = {address.key(url)}
    heading: str | None = None
    count = 0
    for tag in soup.find_all(["a", "link", "h1", "h2", "h3", "h4", "h5", "h6"]):
        if markup.level(tag):
            if not any(parent.name == "a" for parent in islice(tag.parents, 3)):
                heading = _category(tag)
            continue
        link = address.resolved(tag.get("href"), url)
        rel = tag.get("rel") or []
        if link is None or (tag.name == "link" and "next" not in rel):
            continue
        count += 1
        if count > MAX_LINKS:
            return
        if address.key(link) in seen or address.key(link) in alternates or not _within(link, start, language, tag):
            continue
        paging = "next" in rel or address.pages_on(link, url)
        place = _place(tag, furniture, switchers)
        if place != "elsewhere" and (
            paging or _is_below(link, below) or (place == "main" and (_HELP.search(unquote(urlsplit(link).path)) or _asks(tag)))
        ):
            seen.add(address.key(link))
            yield Link(link, None if place == "navigation" else heading, paging)


def _within(link: str, start: str, language: str | None, tag: Tag) -> bool:
    spoken = address.language(tag.get("hreflang"))
    return (
        address.site(link) == address.site(start)
        and address.is_page(link)
        and not address.in_other_language(link, start, language)
        and (spoken is None or language is None or spoken == language)
        and not {"nofollow", "external"} & set(tag.get("rel") or [])
    )


def _alternates(soup: BeautifulSoup, url: str, language: str | None) -> set[str]:
    """The same page in other languages."""
    links = soup.find_all("link", hreflang=True, limit=300)
    others = (tag for tag in links if address.language(tag.get("hreflang")) not in {None, language})
    return {address.key(link) for tag in others if (link := address.resolved(tag.get("href"), url))}


def _switchers(soup: BeautifulSoup) -> set[int]:
    """Language switchers: never what holds the page's main part, for whole pages are named after their language too."""
    main = soup.find_all(["h1", "main", "article"], limit=50)
    kept = {id(parent) for tag in main for parent in (tag, *tag.parents)}
    return {
        id(tag)
        for tag in soup.find_all(True)
        if id(tag) not in kept and any(_SWITCHER.search(name) for name in markup.names(tag))
    }


def _place(tag: Tag, furniture: set[int], switchers: set[int]) -> str:
    """`main`, `navigation`, or `elsewhere`: in a footer or a language switcher, or under the name of a language."""
    place = "main"
    for parent in (tag, *islice(tag.parents, 60)):
        if parent.name == "footer" or parent.get("role") == "contentinfo" or id(parent) in switchers:
            return "elsewhere"
        if id(parent) in furniture or parent.name == "header":
            place = "navigation"
    return "elsewhere" if address.language_named(markup.words(tag)[:60]) else place


def _asks(tag: Tag) -> bool:
    words = " ".join(tag.get_text(" ").split())
    return (
        len(words) <= 200
        and (wording.asks(words) or wording.is_topic(words) or wording.opens_question(words))
        and not wording.is_feedback(words)
    )


def _folder(start: str) -> list[str]:
    """The parts of the path that pages of the help centre share: those of its start page, without a file's name."""
    parts = address.segments(start)
    return parts[:-1] if parts and "." in parts[-1] else parts


def _is_below(link: str, folder: list[str]) -> bool:
    return address.segments(link)[: len(folder)] == folder


def _category(heading: Tag) -> str | None:
    """The words of a heading above links, unless it only leads on ("Popular articles") or is the page's own."""
    words = markup.words(heading)
    return (
        None
        if heading.name == "h1" or not words or len(words) > 120 or wording.leads_on(words) or wording.is_ending(words)
        else words
    )


# --- the walk -----------------------------------------------------------------------------------------------------------


class HelpCentreSpider(Spider):
    """Walks level by level, so that each page is reached by the fewest clicks."""

    name = "help_centre"
    min_records = 1

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)
        self.reach = Reach(self.job, self.options.max_pages)
        self.home = self.job.url or ""
        """Where the source's page was in the end, after redirects."""
        self.language: str | None = None
        self.read: set[str] = set()
        self.given: set[tuple[str, str]] = set()

    async def start(self) -> AsyncIterator[Request]:
        if self.job.url:
            yield self.reach.ask(self.job.url, clicks=0, depth=0, group=None)

    def parse(self, response: Response, clicks: int, depth: int, group: str | None) -> Iterator[Page | Request]:
        if not isinstance(response, HtmlResponse):
            if clicks == 0:
                raise unexpected(self.name, expected="an HTML page", found="another kind of file", url=response.url)
            return  # a file behind a link is no page of the help centre
        if clicks == 0:
            self.home = response.url
        reading = read(response.text, response.url, self.home)
        if clicks == 0:
            self.language = reading.language
        elif self.language and reading.language and reading.language != self.language:
            return
        canonical = address.key(reading.canonical)
        entries = () if canonical in self.read else reading.entries
        self.read.add(canonical)
        new = [entry for entry in entries if (entry.question, entry.answer) not in self.given]
        self.given.update((entry.question, entry.answer) for entry in new)
        records = (replace(entry, url=reading.canonical, group=entry.group or group, clicks=clicks) for entry in new)
        yield Page(url=response.url, records=tuple(records))
        for link in reading.links:
            below = depth if link.paging else depth + 1
            if below <= self.options.max_depth:
                named = link.group or (group if link.paging else None)
                yield from self.reach.follow(link.url, clicks=clicks + 1, depth=below, group=named)

    def closed(self, _reason: str) -> None:
        self.reach.tell(self)
