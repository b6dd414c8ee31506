"""Which blocks of a page are reviews: repeated ones that each hold a rating and a date, or what the page itself calls a review."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice

from lxml.etree import _Element as Element
from parsel import Selector

from spiders.reading.card_parts import Mark, date_of
from spiders.reading.card_text import SECTION, children, is_heading, short_words
from spiders.reading.printed_dates import is_day_first
from spiders.reading.rating_words import Rating, names
from spiders.reading.stars import widget

MAX_ELEMENTS = 30_000
"""Of a page; the largest review pages seen have 20,000."""
MAX_CARD = 3_000
"""Elements of one review, with its photos and buttons."""
MAX_MARKS = 20_000
"""Ratings, and dates, of a page."""
MAX_DATES = 4
"""Of a single review: of its writing, of the visit, of the answer, and one to spare."""
MAX_ALONE = 10_000
"""Characters of a single review with its buttons and white space; an editor's article is longer."""
FURTHEST = 40
"""Steps from a widget up to the block that holds its review."""

# --- the page, numbered -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Index:
    """The elements of a page in its order, so that what a block holds is a slice."""

    nodes: list[Element]
    at: dict[Element, int]
    end: list[int]
    """Of each element, the number of the first one behind all that it holds."""
    ratings: list[Mark]
    dates: list[Mark]

    @classmethod
    def of(cls, page: Selector, dayfirst: bool | None, zone: tzinfo | None) -> "Index":
        nodes = [node for node in page.root.iter() if isinstance(node.tag, str)][:MAX_ELEMENTS]
        at = {node: n for n, node in enumerate(nodes)}
        end = list(range(1, len(nodes) + 1))
        for n in range(len(nodes) - 1, 0, -1):
            above = at[nodes[n].getparent()]
            end[above] = max(end[above], end[n])
        ratings = list(_marks(nodes, end))
        dated = [(n, node, short_words(node)) for n, node in enumerate(nodes) if end[n] - n <= 12 and node.tag not in _UNSEEN]
        if dayfirst is None:
            dayfirst = is_day_first([said for _, _, said in dated if said])
        dates: list[Mark] = []
        for n, node, said in reversed(dated):  # innermost first: `time` knows better than the words around it
            if (dates and dates[-1].at < end[n]) or len(dates) >= MAX_MARKS:
                continue
            if says := date_of(node, said, dayfirst=dayfirst, zone=zone):
                dates.append(Mark(n, node, says))
        return cls(nodes, at, end, ratings, dates[::-1])

    def inside(self, marks: list[Mark], node: Element) -> list[Mark]:
        n = self.at[node]
        return marks[bisect_left(marks, n, key=_at) : bisect_left(marks, self.end[n], key=_at)]

    def size(self, node: Element) -> int:
        return self.end[self.at[node]] - self.at[node]


_UNSEEN = frozenset({"script", "style", "noscript", "template", "option", "select", "head", "link", "title", "input", "textarea"})


def _at(mark: Mark) -> int:
    return mark.at


def _marks(nodes: list[Element], end: list[int]) -> Iterator[Mark]:
    """The widgets, outermost first: what draws a rating is not read again inside what names it."""
    behind = found = 0
    for n, node in enumerate(nodes):
        if n < behind or node.tag in _UNSEEN or found >= MAX_MARKS or end[n] - n > 60:
            continue
        says = widget(node)
        if says is not None:
            found += 1
            behind = end[n] if (short_words(node, 60) is not None or end[n] - n > 12) and not _holds_date(node) else n + 1
            yield Mark(n, node, says)


def _holds_date(node: Element) -> bool:
    return any(isinstance(part.tag, str) and date_of(part, short_words(part), dayfirst=True, zone=None) for part in node.iter())


# --- which blocks are reviews -----------------------------------------------------------------------------------------

_PART = (
    r"rating|ratings|stars?|score|authors?|name|header|heading|headline|title|footer|date|meta|avatar|count|form|summary|helpful|votes?|stats|sort|filters?"
    r"|head|top|foot|link|tab|tabs|button|btn|snapshot|histogram"
)
"""What is named for a review and is one part of it, or stands beside it."""
_REVIEW = re.compile(
    r"(?<![a-z])(?:[a-z]{0,8}reviews?|testimonials?|ugc|reviewcard|hreview|kuchikomi|후기|리뷰|상품평|口コミ|レビュー)"
    rf"(?![-_ ]{{1,2}}(?:{_PART})(?![a-z]))"
    r"(?:[-_ ]{1,2}(?:item|card|block|row|entry|box|single|container|wrapper|inner|list-?item|content|post|[a-z0-9]{5,8}))?(?![a-z])"
)
_PRICE = re.compile(r"[$€£¥￥₩]\s?\d|\d[\d,.]{0,12}\s?(?:[$€£¥円원]|usd|eur|krw)", re.IGNORECASE)


def review_blocks(index: Index) -> list[Element]:
    """Blocks of the page that each hold one review, in its order."""
    cores = _minimal([core for mark in index.ratings if (core := _core(mark, index)) is not None], index)
    starts = sorted(index.at[core] for core in cores)
    lifted = [(core, _lifted(core, starts, index)) for core in cores]
    templates = Counter(_template(core, card, index) for core, card in lifted)
    signatures = Counter(
        (str(card.tag), card.get("class")) for core, card in lifted if templates[_template(core, card, index)] > 1
    )
    found: dict[Element, None] = {}
    for core, card in lifted:
        if templates[_template(core, card, index)] > 1:
            found[card] = None
        elif (like := _like(core, card, signatures)) is not None or (like := _called_review(core, card, index)) is not None:
            found[like] = None
    for card in _unrated(found, index) if found else _undated(index) or _quoted(index):
        found[card] = None
    return [card for card in apart(list(found), index) if not _leads_on(card)]


def _leads_on(block: Element) -> bool:
    """Several headings, each a link: a row of articles or products of which one has a score."""
    headings = (node for node in block.iter() if isinstance(node.tag, str) and is_heading(node))
    linked = (
        node.find("a") is not None or any(above.tag == "a" for above in islice(node.iterancestors(), 1)) for node in headings
    )
    return sum(linked) > 2


def apart(blocks: list[Element], index: Index) -> list[Element]:
    """In the page's order, without those that hold another and those that are too large for one review."""
    return [block for block in _minimal(blocks, index) if index.size(block) <= MAX_CARD]


def _core(mark: Mark, index: Index) -> Element | None:
    """The smallest block that holds the widget and a date."""
    node = mark.node
    for _ in range(FURTHEST):
        if index.inside(index.dates, node):
            return node
        above = node.getparent()
        if above is None or above.tag in {"body", "html"} or index.size(above) > 20 * MAX_CARD:
            return None
        node = above
    return None


def _minimal(cores: list[Element], index: Index) -> list[Element]:
    """In order, without those that hold another: a mean above a list of reviews finds its date in the list."""
    starts = sorted({index.at[core] for core in cores})
    kept = []
    for start in starts:
        after = bisect_left(starts, start + 1)
        if after == len(starts) or starts[after] >= index.end[start]:
            kept.append(index.nodes[start])
    return kept


def _lifted(core: Element, starts: list[int], index: Index) -> Element:
    """The largest block around that holds no other review; the core itself where it is the only one."""
    if len(starts) < 2:
        return core
    node = core
    for _ in range(FURTHEST):
        above = node.getparent()
        if above is None or above.tag in {"body", "html"}:
            return node
        spoken = _spoken(above)
        if spoken and (kin := _kin(core, node, str(above.tag), spoken)) is not None:
            return kin  # a comment in a comment is an answer to it, not a part of it
        n = index.at[above]
        if bisect_left(starts, index.end[n]) - bisect_left(starts, n) > 1:
            return node
        node = above
    return node


_SPEECH = re.compile(r"(?<![a-z])(?:review|comment|post|message)(?![a-z])")


def _kin(core: Element, top: Element, tag: str, spoken: set[str]) -> Element | None:
    return next((each for each in _around(core, top) if each.tag == tag and _spoken(each) & spoken), None)


def _spoken(node: Element) -> set[str]:
    """The class names that say that somebody speaks in it."""
    return {name for name in (node.get("class") or "")[:400].lower().split() if _SPEECH.fullmatch(name)}


def _template(core: Element, card: Element, index: Index) -> tuple[str, ...]:
    """Where in the card its rating and its date stand; reviews of one page agree in it."""
    rating, date = index.inside(index.ratings, core)[0].node, index.inside(index.dates, core)[0].node
    return (str(card.tag), *_path(rating, card), "|", *_path(date, card))


def _path(node: Element, top: Element) -> Iterator[str]:
    while node is not top:
        yield str(node.tag)
        above = node.getparent()
        if above is None:
            return
        node = above


def _around(core: Element, card: Element) -> Iterator[Element]:
    node: Element | None = core
    for _ in range(FURTHEST):
        if node is None:
            return
        yield node
        if node is card:
            return
        node = node.getparent()


def _like(core: Element, card: Element, signatures: Counter[tuple[str, str | None]]) -> Element | None:
    """A review that stands apart, in the same block as the others."""
    return next(
        (node for node in _around(core, card) if node.get("class") and (str(node.tag), node.get("class")) in signatures), None
    )


def _called_review(core: Element, card: Element, index: Index) -> Element | None:
    """A single review: the page calls the block so, and it has words of its own. A page's own article, or a whole section, is none."""
    up: list[Element] = [*_around(core, card)]
    above = up[-1].getparent()
    for _ in range(3):
        if above is not None and above.tag not in {"body", "html"}:
            up.append(above)
            above = above.getparent()
    for node in up:
        called = _REVIEW.search(names(node)) or node.get("itemprop") in {"review", "reviews"}
        first = next((child for child in node if isinstance(child.tag, str)), None)
        if called and (node is up[0] or first is None or not is_heading(first)):
            return node if _is_one(node, index) else None
    return None


def _is_one(block: Element, index: Index) -> bool:
    """Not the page's own article, with its heading or several, and not a section with its heading or many dates."""
    if index.size(block) > MAX_CARD or len(index.inside(index.dates, block)) > MAX_DATES:
        return False
    if sum(map(len, map(str, block.itertext()))) > MAX_ALONE:
        return False
    headings = [node for node in index.nodes[index.at[block] : index.end[index.at[block]]] if is_heading(node)]
    return len(headings) <= 2 and not any(node.tag == "h1" or SECTION.match(short_words(node) or "") for node in headings)


def _unrated(found: dict[Element, None], index: Index) -> list[Element]:
    """Blocks beside the reviews, of the same name and with a date: reviews without a rating. Mere comments are none."""
    kinds = {(card.getparent(), card.tag, card.get("class")) for card in found if _REVIEW.search(names(card))}
    lists = {parent for parent, _, _ in kinds if parent is not None}
    more = []
    for parent in lists:
        for child in children(parent):
            alike = child not in found and (parent, child.tag, child.get("class")) in kinds
            if alike and index.inside(index.dates, child) and not index.inside(index.ratings, child):
                more.append(child)
    return more


def _undated(index: Index) -> list[Element]:
    """Blocks that the page calls reviews, repeated, with a rating and words but no date."""
    found: dict[Element, None] = {}
    kinds: dict[Element, Counter[tuple[str, str | None]]] = {}
    for mark in index.ratings:
        for above in islice(mark.node.iterancestors(), 12):
            parent = above.getparent()
            if parent is None or above.tag == "body":
                break
            if _REVIEW.search(names(above)) and index.size(above) <= 200 and len(index.inside(index.ratings, above)) <= 8:
                if parent not in kinds:
                    kinds[parent] = Counter((str(child.tag), child.get("class")) for child in children(parent))
                if kinds[parent][str(above.tag), above.get("class")] > 1:
                    found[above] = None
                    break
    firsts = [index.inside(index.ratings, card)[0].says for card in found]
    if any(isinstance(first, Rating) and first.value * 2 % 1 for first in firsts):
        return []  # 4.6 is what many said together
    return [card for card in apart(list(found), index) if not _PRICE.search(" ".join(map(str, card.itertext()))[:5_000])]


_QUOTES = frozenset({"blockquote", "q"})
_TESTIMONIAL = re.compile(r"(?<![a-z])(?:[a-z]{0,8}testimonials?|customer-?reviews?)(?![a-z])")


def _quoted(index: Index) -> list[Element]:
    """Blocks that the page calls testimonials, repeated, each with one quotation and neither a rating nor a date.

    Mere reviews are not enough here: those of a book or a film may be quoted from newspapers.
    """
    quotes: Counter[Element] = Counter()
    for quote in islice((node for node in index.nodes if node.tag in _QUOTES), MAX_MARKS):
        around = list(islice(quote.iterancestors(), 5))
        if any(above.tag in _QUOTES for above in around) or not any(
            _TESTIMONIAL.search(names(node)) for node in (quote, *around)
        ):
            continue
        block = next((node for node in (quote, *around[:3]) if _REVIEW.search(names(node)) and index.size(node) <= 60), None)
        if block is not None:
            quotes[block] += 1
    kinds = Counter((block.getparent(), block.tag, block.get("class")) for block in quotes)
    cards = [block for block, n in quotes.items() if n == 1 and kinds[block.getparent(), block.tag, block.get("class")] > 1]
    if any(is_heading(part) or part.tag == "a" for card in cards for part in card.iter()):
        return []  # a teaser leads on to an article
    return [card for card in apart(cards, index) if not _PRICE.search(" ".join(map(str, card.itertext()))[:5_000])]
