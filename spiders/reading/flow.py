"""A page in reading order: its text as a list of pieces, and for each element the stretch of pieces that it covers.

Parsers that read what only the markup says (questions and answers, contact details) need "the text from here to there",
where here and there are elements anywhere in the tree. One walk without recursion makes that a slice, so that no page,
however deep or long, costs more than its size.
"""

import re
from collections.abc import Collection, Iterable
from itertools import accumulate

from bs4 import BeautifulSoup, CData, NavigableString, Tag

MAX_CHARACTERS = 3_000_000
"""Read of one page; the longest page of a real site that was met while writing this has half of that."""
MAX_TAGS = 40_000
"""Read of one page, ends of elements counted too; the largest page of a real site that was met has 12,000. BeautifulSoup takes 25 µs a tag,
so this bounds a page of nothing but tags to two seconds."""

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "button",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_SILENT = frozenset(
    [
        "head",
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "math",
        "object",
        "iframe",
        "select",
        "datalist",
        "canvas",
        "audio",
        "video",
        "title",
    ]
)
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def soup_of(html: str) -> BeautifulSoup:
    """The page through lxml, cut at `MAX_CHARACTERS` and at `MAX_TAGS`."""
    html = html[:MAX_CHARACTERS].replace("\0", "").encode("utf-8", "replace").decode()  # lone surrogates cannot be parsed
    if html.count("<") > MAX_TAGS:
        html = "<".join(html.split("<", MAX_TAGS)[:MAX_TAGS])
    # An XML declaration in front is common on XHTML pages, and makes BeautifulSoup warn that it was asked for HTML.
    html = re.sub(r"\A\s{0,100}<\?xml[^>]{0,200}\?>", "", html)
    return BeautifulSoup(html or "<p></p>", "lxml")


class Flow:
    """The pieces of a page's visible text, `"\\n"` where a block begins or ends; comments and scripts are no text."""

    def __init__(self, root: Tag, skip: Collection[int] = ()) -> None:
        """`skip`: `id()` of elements to leave out with all that they hold, beside those that never show text."""
        self.pieces: list[str] = []
        self.tags: list[Tag] = []
        """The elements that were not left out, in document order."""
        self._depth: dict[int, int] = {}
        self._span: dict[int, tuple[int, int]] = {}
        self._solid: list[int] = [0]
        self._walk(root, skip)
        self._count()

    def _walk(self, root: Tag, skip: Collection[int]) -> None:
        stack: list[tuple[Tag | NavigableString, bool]] = [(root, False)]
        opened: list[int] = []
        while stack:
            node, closing = stack.pop()
            if isinstance(node, NavigableString):
                # Comments, declarations and processing instructions are subclasses; a CDATA section is text.
                if type(node) is NavigableString or isinstance(node, CData):
                    self.pieces.append(str(node).replace("\n", " "))
                continue
            if closing:
                if node.name in BLOCKS:
                    self.pieces.append("\n")
                self._span[id(node)] = (opened.pop(), len(self.pieces))
                continue
            if node.name in _SILENT or id(node) in skip:
                continue
            self.tags.append(node)
            self._depth[id(node)] = len(opened)
            opened.append(len(self.pieces))
            if node.name in BLOCKS:
                self.pieces.append("\n")
            stack.append((node, True))
            stack.extend((child, False) for child in reversed(node.contents) if isinstance(child, Tag | NavigableString))

    def span(self, tag: Tag) -> tuple[int, int]:
        """First piece of the element and the one after its last; an element that was left out covers nothing."""
        return self._span.get(id(tag), (0, 0))

    def start(self, tag: Tag) -> int:
        return self.span(tag)[0]

    def stop(self, tag: Tag) -> int:
        return self.span(tag)[1]

    def range(self, tag: Tag) -> range:
        """The numbers of the element's pieces."""
        return range(*self.span(tag))

    def depth(self, tag: Tag) -> int:
        """How many elements the element is inside of."""
        return self._depth.get(id(tag), 0)

    def size(self, start: int, stop: int) -> int:
        """Letters and digits between two pieces: 0 says that nothing is to be read there."""
        return self._solid[max(stop, start)] - self._solid[start]

    def drop(self, pieces: Iterable[int]) -> None:
        """Leave these pieces out of every `text` from now on, and count nothing in them."""
        dropped = [n for n in pieces if self.pieces[n] not in {"\n", ""}]
        for n in dropped:
            self.pieces[n] = ""
        if dropped:
            self._count()

    def _count(self) -> None:
        self._solid = list(accumulate((sum(map(str.isalnum, piece)) for piece in self.pieces), initial=0))

    def text(self, start: int, stop: int) -> str:
        """What a reader sees between two pieces: one line for each block, single spaces."""
        return tidy("".join(self.pieces[start:stop]))


def tidy(text: str) -> str:
    """Single spaces, single line breaks, no zero-width characters, no soft hyphens."""
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


# The joiners inside emoji and Indic text (U+200C, U+200D) carry meaning and stay.
_INVISIBLE: dict[int, str | None] = {0xA0: " ", 0x3000: " "} | dict.fromkeys((0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, 0xAD))
