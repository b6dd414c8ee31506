"""FAQ and help pages: questions with their answers, in whatever markup a site chose.

Read in this order, each only where the one before found nothing: FAQPage in JSON-LD, in microdata, in RDFa, and then what
only the markup says (`<details>`, accordions, class names, `dl`, headings, bold lines; see `spiders.reading.questions`). A page that
holds no question with an answer yields nothing. The source reads the pages that it is given; `help_centre` walks.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from bs4 import BeautifulSoup
from parsel import Selector
from pydantic import BaseModel, ConfigDict, Field
from scrapy import Request, Spider
from scrapy.http import Response

from spiders.items import FaqEntry, Page
from spiders.reading import statements
from spiders.reading.flow import soup_of
from spiders.reading.questions import Found, entries
from spiders.reading.select import document, unexpected
from spiders.reading.structured import Item, json_ld, microdata, rdfa
from spiders.reading.wording import answers_elsewhere, bare_answer, bare_question, is_talk
from spiders.receipt import Job
from spiders.web.walk import text_in

MAX_ENTRIES = 2_000
"""Of one page; a help centre on one page has a few hundred."""


class Options(BaseModel):
    """`options` of a `faq_page` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urls: tuple[str, ...] = Field(default=(), max_length=200)
    """Further pages beside the source's `url`: the sections of a help centre."""


def parse(html: str, url: str) -> Iterator[FaqEntry]:
    """The questions of a page with their answers, in the page's order.

    UnexpectedPage when the text is no HTML. Nothing for a page without questions, and for one whose JSON-LD declares a FAQPage and
    names no question in it: the site itself says there that it answers none.
    """
    page = opened(html, url, who="faq_page")
    items = json_ld(page)
    found = pairs(page, items, lambda: soup_of(html))
    if found:
        language, updated_at = statements.language(page, items), statements.updated_at(page, items, html)
    for pair in found:
        yield FaqEntry(
            question=pair.question, answer=pair.answer, group=pair.group, url=url, language=language, updated_at=updated_at
        )


def opened(html: str, url: str, *, who: str) -> Selector:
    """The page as a tree. Raises UnexpectedPage when the text is no HTML, in the name of the source `who`."""
    if not re.search(r"<[a-zA-Z!?]", html[:100_000]):
        raise unexpected(who, expected="an HTML page", found=repr(html[:40]), url=url)
    return document(html, who=who, url=url)


def pairs(page: Selector, items: Sequence[Item], soup: Callable[[], BeautifulSoup]) -> list[Found]:
    """The questions with their answers, at most MAX_ENTRIES. `items` are the page's JSON-LD; `soup` is asked for only where the markup
    has to tell."""
    found = _declared(items) or _declared(microdata(page)) or _declared(rdfa(page))
    if not found and not any("faqpage" in item.types for item in items):
        found = list(islice(entries(soup()), MAX_ENTRIES))
    return [p for p in found if not is_talk(p.question, p.answer) and not answers_elsewhere(p.answer)][:MAX_ENTRIES]


_VISITORS = frozenset({"author", "upvotecount", "answercount"})
"""What a question has that somebody asked of a product; a FAQ's own have none of them."""


def _declared(items: Sequence[Item]) -> list[Found]:
    """The named and answered questions of structured data, each once; none of a forum thread (QAPage), a quiz, or a product's customers."""
    found: dict[tuple[str, str], None] = {}
    for item in items:
        if "question" in item.types and not _within(item, {"qapage", "quiz", "discussionforumposting"}):
            if _VISITORS & item.properties.keys() and not _within(item, {"faqpage"}):
                continue
            question = bare_question(item.text("name", "text").replace("\n", " "))
            answer = bare_answer(_answer(item))
            if question and any(map(str.isalnum, answer)):
                found[question, answer] = None
    return [Found(question=question, answer=answer, group=None) for question, answer in found]


def _answer(question: Item) -> str:
    for role in ("acceptedanswer", "suggestedanswer"):
        texts = [text for answer in question.items(role)[:5] if (text := _paragraphs(answer))]
        if texts:
            return "\n".join(texts)
        if text := question.text(role):
            return text
    return ""


def _paragraphs(answer: Item) -> str:
    """All the `text` of an answer: pages mark each paragraph of it."""
    texts = dict.fromkeys(Item(properties={"text": [value]}).text("text") for value in answer.values("text")[:50])
    return "\n".join(filter(None, texts)) or answer.text("name", "description", "articlebody")


def _within(item: Item, types: set[str]) -> bool:
    for _ in range(20):
        if item.types & types:
            return True
        if item.parent is None:
            break
        item = item.parent
    return False


class FaqPageSpider(Spider):
    """The source's page and the further ones of its options; it follows no links."""

    name = "faq_page"
    min_records = 1

    def __init__(self, job: str) -> None:
        super().__init__()
        self.job, self.options = Job.given(job, Options)

    async def start(self) -> AsyncIterator[Request]:
        for url in dict.fromkeys(filter(None, (self.job.url, *self.options.urls))):
            yield Request(url, cb_kwargs={"clicks": 0 if url == self.job.url else None})

    def parse(self, response: Response, clicks: int | None) -> Iterator[Page]:
        found = parse(text_in(response, self.name, expected="an HTML page"), response.url)
        yield Page(url=response.url, records=tuple(replace(entry, clicks=clicks) for entry in found))
