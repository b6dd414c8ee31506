"""A sentence on a page: where a reader would see it, with what stands around it, and the page rebuilt as a document that is safe to open.

A page is somebody else's: of its markup nothing is taken over but the names of a few harmless tags, without attributes, so the document
has no scripts, no styles, no addresses and loads nothing; its policy (CSP) says the same once more. Many sites draw their
reviews from data inside the page; the texts of that data are searched where the visible text does not have the sentence.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from lxml import etree
from w3lib.encoding import html_to_unicode

from spiders.items import UnexpectedPage
from spiders.reading import select

CONTEXT = 160
"""Characters shown on either side of a sentence."""
MAX_RAW = 200_000
"""Characters of a page's data that a document shows."""
MAX_DEPTH = 3
"""JSON inside a string of JSON, and that inside another."""

_BLOCKS = frozenset(
    "address article aside blockquote body dd details div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 "  # noqa: SIM905 - readable
    "header hr li main nav ol p pre section summary table tbody td tfoot th thead tr ul entry item title content "
    "description feed channel br".split()
)
_SHOWN_TAGS = frozenset(
    "article aside b blockquote br code dd div dl dt em footer h1 h2 h3 h4 h5 h6 header hr i li main ol p pre "  # noqa: SIM905 - as above
    "section strong sub sup table tbody td tfoot th thead tr u ul".split()
)
_VOID = frozenset({"br", "hr"})
_UNSEEN = frozenset({"script", "style", "template", "title"})

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SPACES = {"n": "\n", "r": "\n", "t": "\t", "b": "", "f": ""}
_TAG = re.compile(r"<[/!a-zA-Z][^<>]{0,2000}>")
_NOT_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Control characters, which a terminal obeys, those that turn the direction of what follows, and what is no character: XML cannot hold it."""


def plain(text: str) -> str:
    """The text as a terminal may print it, on one line."""
    return " ".join(_NOT_SHOWN.sub("", text).split())


@dataclass(frozen=True, slots=True)
class Found:
    """Where a page has the sentence."""

    place: Literal["text", "data"]
    """What a reader sees, or data inside the page that scripts draw from."""
    before: str
    sentence: str
    after: str


@dataclass(frozen=True, slots=True)
class _Squashed:
    """A text without its white space, which parsers change, and where each of its characters stands."""

    letters: str
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "_Squashed":
        places = tuple(place for place, letter in enumerate(text) if not _is_space(letter))
        return cls("".join(map(text.__getitem__, places)), places)

    def spans(self, sentence: str, within: str) -> list[tuple[int, int]]:
        """Start and end in the text of each line of the sentence; none when a line is not there.

        Customers use the same words: where the text has that passage in one piece, the sentence inside of it is meant.
        """
        passage = _Squashed.of(within).letters
        least = max(0, self.letters.find(passage))
        found = []
        for part in sentence.split("\n"):
            letters = _Squashed.of(part).letters
            if not letters:
                continue
            start = self.letters.find(letters, least)
            if start < 0:
                return []
            found.append((self.places[start], self.places[start + len(letters) - 1] + 1))
        return found


def _is_space(letter: str) -> bool:
    return letter.isspace() or letter in "\u200b\u200c\u200d\u2060\ufeff\u00ad\0" or unicodedata.category(letter) == "Cs"


def decoded(body: bytes, content_type: str | None) -> str:
    return str(html_to_unicode(content_type, body, default_encoding="utf-8")[1])


def find(page: str, sentence: str, within: str = "") -> Found | None:
    """The sentence, which is part of that passage, with what stands around it; None when the page does not have it."""
    visible = "".join(_texts(_events(page)))
    if spans := _Squashed.of(visible).spans(sentence, within):
        return _around("text", visible, spans)
    for text in _data(page):
        if spans := _Squashed.of(text).spans(sentence, within):
            return _around("data", text, spans)
    return None


def _around(place: Literal["text", "data"], text: str, spans: list[tuple[int, int]]) -> Found:
    start, end = min(span[0] for span in spans), max(span[1] for span in spans)
    return Found(place, text[max(0, start - CONTEXT) : start], text[start:end], text[end : end + CONTEXT])


def _texts(events: Iterable[tuple[str, str]]) -> list[str]:
    """What a reader sees of each event; joined, it reads as text: where a tag breaks the line, a line break stands for it."""
    return [value if kind == "text" else "\n" if value in _BLOCKS else "" for kind, value in events]


def _events(page: str) -> Iterator[tuple[str, str]]:
    """("open" or "close", tag) and ("text", words) in the page's order, without what is never shown."""
    if page.lstrip("\ufeff \t\r\n").startswith(("{", "[", ")]}'")):
        return
    try:
        root = select.document(page, who="show", url="").root
    except UnexpectedPage:
        return  # empty, or nested too deep: it is shown as it is
    hidden = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        tag = node.tag.lower() if isinstance(node.tag, str) else ""
        if event == "start":
            hidden += tag in _UNSEEN
            if not hidden:
                yield "open", tag
                if node.text:
                    yield "text", node.text
            continue
        if event == "end":
            if not hidden:
                yield "close", tag
            hidden -= tag in _UNSEEN
        if not hidden and node.tail and node is not root:
            yield "text", node.tail


def _data(page: str) -> Iterator[str]:
    """The whole page as its data would be read, without the escapes and the markup of their strings."""
    for _ in range(MAX_DEPTH):
        yield _without_markup(page)
        page = _ESCAPE.sub(_unescaped, page).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    yield _without_markup(page)


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _SPACES.get(match[2], match[2])


def _without_markup(text: str) -> str:
    for _ in range(2):  # markup is often escaped, and its entities once more
        text = html.unescape(_TAG.sub(" ", text))
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One sentence to be shown on its page."""

    sentence: str
    within: str
    """The passage that it is part of, as far as that is known."""
    facts: list[tuple[str, str]]
    page: str | None
    """The page's text; None where there is none to show."""


def document(heading: str, pages: Iterable[Shown]) -> str:
    """The pages as one HTML document, with their sentences marked."""
    return _FRAME.format(heading=_safe(heading), body="\n".join(map(_section, pages)))


_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer"><title>rivalscope: the pages behind a claim</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }}
h1 {{ font-size: 1.3rem }} h2 {{ font-size: 1.1rem }}
mark {{ background: #ffe08a; padding: 0 .1em }}
dl {{ display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; font-size: .85rem }}
dd {{ margin: 0; overflow-wrap: anywhere }}
.page {{ border: 1px solid #bbb; padding: 1rem; overflow-wrap: anywhere; contain: content }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere }}
</style></head><body>
<h1>{heading}</h1>
{body}
</body></html>
"""


def _section(shown: Shown) -> str:
    rows = "".join(f"<dt>{_safe(name)}</dt><dd>{_safe(value)}</dd>" for name, value in shown.facts)
    top = f"<h2>{_safe(shown.sentence)}</h2>\n<dl>{rows}</dl>\n"
    return top if shown.page is None else f'{top}<div class="page">{_rebuilt(shown.page, shown.sentence, shown.within)}</div>\n'


def _rebuilt(page: str, sentence: str, within: str) -> str:
    events = list(_events(page))
    texts = _texts(events)
    spans = _Squashed.of("".join(texts)).spans(sentence, within)
    out: list[str] = []
    if not spans and (found := find(page, sentence, within)) is not None:
        passage = f"{_safe(found.before)}<mark>{_safe(found.sentence)}</mark>{_safe(found.after)}"
        out.append(f"<p>In the data of the page:</p><pre>{passage}</pre><hr>")
    if not events:
        return "".join([*out, f"<pre>{_safe(page[:MAX_RAW])}</pre>"])
    opened: list[str] = []
    place = 0
    for (kind, tag), text in zip(events, texts, strict=True):
        if kind == "text":
            out.append(_marked(text, place, spans))
        elif tag in _SHOWN_TAGS:
            out.append(_balanced(kind, tag, opened))
        elif text:
            out.append(" ")
        place += len(text)
    return "".join([*out, *(f"</{tag}>" for tag in reversed(opened))])


def _balanced(kind: str, tag: str, opened: list[str]) -> str:
    if tag in _VOID:
        return f"<{tag}>" if kind == "open" else ""
    if kind == "open":
        opened.append(tag)
        return f"<{tag}>"
    opened.pop()  # a tree's tags close in the order in which they opened
    return f"</{tag}>"


def _marked(text: str, place: int, spans: list[tuple[int, int]]) -> str:
    """The text, which stands at that place of the whole, with the spans' parts of it marked."""
    out, done = [], 0
    for start, end in sorted(spans):
        low, high = max(done, start - place), min(len(text), end - place)
        if low < high:
            out += [_safe(text[done:low]), "<mark>", _safe(text[low:high]), "</mark>"]
            done = high
    return "".join([*out, _safe(text[done:])])


def _safe(text: str) -> str:
    return html.escape(_NOT_SHOWN.sub("", text))
