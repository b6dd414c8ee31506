"""Every parser against pages that nobody would send: frozen pages cut up and sewn together, trees made of their words, hostile shapes.

Whatever it is given, a parser gives records that can be landed, or raises UnexpectedPage, within two seconds of the processor's time.
The inputs of a run are the same on every machine; the slow run takes 65,000 of them, the quick one 600 of the same kinds.
"""

import copy
import json
import math
import random
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree, html
from test_frozen_pages import FROZEN, PARSERS, URL, address

from spiders.items import FaqEntry, Review, SearchResult, UnexpectedPage, line
from spiders.web import saved

SECONDS = 10.0
"""Of the processor, on one page."""
QUICK, SLOW = 600, 30_000
"""Mutated pages, over all parsers; the trees and the hostile shapes come on top."""

SOURCES = sorted(PARSERS)
PAGES = {page: page.read_text("utf-8") for page in FROZEN}


class Hangs(BaseException):
    """Not an Exception: nothing a parser catches may swallow it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Hangs

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def fault(source: str, text: str, url: str = URL, seconds: float | None = None) -> str | None:
    """What went wrong, and where; None when it ended in one of the two right ways."""
    try:
        with limited(seconds or SECONDS):
            for record in PARSERS[source](text, url):
                orjson.dumps(line(record, b"key"))
                if (broken := _broken_promise(record)) is not None:
                    return broken
    except UnexpectedPage as error:
        # It is kept in receipts and told: it must neither be empty nor repeat a whole page.
        return None if 0 < len(str(error)) < 20_000 else f"an error of {len(str(error)):,} characters"
    except Hangs:
        return f"more than {seconds or SECONDS:g} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f"{Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}" if place is not None else "?"
        return f"{type(error).__name__}: {str(error)[:200]} ({where})"
    return None


def _broken_promise(record: object) -> str | None:
    """What `spiders.items` says of every record, and no database would notice."""
    match record:
        case Review(rating=None, rating_max=best) if best is not None:
            return "a review with a scale and no rating"
        case Review(rating=float() | int() as rating, rating_max=best, rating_min=worst):
            if best is None or not math.isfinite(rating) or not worst <= rating <= best:
                return f"a review rated {rating} on a scale from {worst} to {best}"
        case FaqEntry(question=question, answer=answer) if not question.strip() or not answer.strip():
            return "a question without words or without an answer"
        case SearchResult(status=status, rank=rank) if (status == "observed") != (rank is not None):
            return f"a search result that is {status} with rank {rank}"
    return None


def fault_of_a_large_page(source: str, text: str, url: str = URL) -> str | None:
    """Pages of megabytes, made to be slow, may take twice as long; and too slow twice is too slow: a machine does other things as well."""
    return fault(source, text, url, 2 * SECONDS) and fault(source, text, url, 2 * SECONDS)


# --- mutated pages ----------------------------------------------------------------------------------------------------

PIECES = (
    *"<>\"'{}[],:;\\&=/#$%@\0\n\t",
    "\ud800", "\ufeff", "\u202e", "\x1b[0m", "</script>", "<script>", "<!--", "-->", "]]>", "<![CDATA[", "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;",
    "<div itemscope>", "<table><tr><td>", "</div>" * 30, "<b>" * 300, "null", "true", "[]", "{}", "-0", "1e999", "NaN", "9" * 400,
    "0001-01-01", "9999-12-31T23:59:60+99:99", "2024-02-30", "http://[x", "//", "javascript:alert(1)", "data:,x", "%00", "%ff", "..", "☃" * 50,
)  # fmt: skip

VALUES: tuple[object, ...] = (
    None, True, False, 0, -1, 10**400, 1e308, -0.0, "", " ", "\0", "\ud800", "9" * 400, "1e999", "NaN", "<b>x</b>", "☃", "2024-13-45", "http://[x",
    [], {}, [[]], [None], {"": None}, [[[[[[]]]]]], {"@type": None}, {"@type": ["Review", 1]}, "x" * 5_000,
)  # fmt: skip

Mutation = Callable[[str, random.Random], str]


def _pieces(text: str, dice: random.Random) -> str:
    for _ in range(dice.choice((1, 2, 5, 12))):
        start = dice.randrange(len(text) + 1)
        text = text[:start] + dice.choice(PIECES) + text[start + dice.choice((0, 0, 1, 5, 200)) :]
    return text


def _cut(text: str, dice: random.Random) -> str:
    start, end = sorted((dice.randrange(len(text) + 1), dice.randrange(len(text) + 1)))
    return dice.choice((text[:end], text[start:], text[:start] + text[end:], text[start:end]))


def _repeat(text: str, dice: random.Random) -> str:
    start = dice.randrange(len(text) + 1)
    part = text[start : start + dice.choice((3, 40, 400, 4000))]
    return text[:start] + part * dice.choice((2, 3, 20)) + text[start:]


def _swap(text: str, dice: random.Random) -> str:
    """Parts of two pages, of whatever sources."""
    other = dice.choice(list(PAGES.values()))
    return text[: dice.randrange(len(text) + 1)] + other[dice.randrange(len(other) + 1) :]


def _numbers(text: str, dice: random.Random) -> str:
    odd = ("", "-1", "0", "9" * 30, "9" * 400, "1.2.3", "1,5", "٣", "½", "1e999", "x")
    return re.sub(r"\d++", lambda number: dice.choice(odd) if dice.random() < 0.2 else number[0], text)


def _words(text: str, dice: random.Random) -> str:
    """Names in other places: what was an attribute, a key or a class is one of another kind."""
    names = re.findall(r"[\w:@-]{3,20}", text[:200_000])
    return re.sub(r"[\w:@-]{3,20}", lambda name: dice.choice(names) if dice.random() < 0.03 else name[0], text)


def _letters(text: str, dice: random.Random) -> str:
    return dice.choice((str.upper, str.lower, str.swapcase, str.title, lambda whole: whole[::-1]))(text)


def _bytes(text: str, dice: random.Random) -> str:
    """As it arrives in a file: written in one encoding, damaged, and read without being told which."""
    body = bytearray(
        text.encode(dice.choice(("utf-8", "utf-16", "utf-16-le", "euc-kr", "shift_jis", "latin-1", "utf-7")), "replace")
    )
    for _ in range(dice.choice((0, 1, 10, 100))):
        if body:
            body[dice.randrange(len(body))] = dice.randrange(256)
    return saved.decoded(bytes(body[dice.choice((0, 0, 1)) :]))


def _tree(text: str, dice: random.Random) -> str:
    """As JSON where it is JSON, else as HTML: what is changed leaves the rest as a parser expects it."""
    try:
        return json.dumps(_json(json.loads(text), dice))
    except (ValueError, RecursionError):
        return _html(text, dice)


def _json(value: object, dice: random.Random) -> object:
    places: list[tuple[dict[object, object] | list[object], object]] = []
    waiting = [value]
    while waiting:
        at = waiting.pop()
        if isinstance(at, dict | list):
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            places += [(at, key) for key in keys]
            waiting += [at[key] for key in keys]
    for holder, key in dice.sample(places, min(len(places), dice.choice((1, 1, 2, 5)))):
        other, other_key = dice.choice(places)
        if isinstance(holder, list) and not 0 <= int(str(key)) < len(holder):
            continue
        way = dice.random()
        if way < 0.6:
            holder[key] = dice.choice(VALUES)  # type: ignore[index, call-overload]
        elif way < 0.8 and isinstance(holder, dict):
            holder.pop(key, None)
        elif isinstance(other, dict) and other_key in other and other[other_key] is not holder:
            holder[key] = json.loads(json.dumps(other[other_key]))  # type: ignore[index, call-overload]
    return value if dice.random() < 0.97 else dice.choice(VALUES)


_SCRIPT = re.compile(r"(<script\b[^>]*+>)(\s*+[{\[].*?)(</script>)", re.DOTALL | re.IGNORECASE)


def _html(text: str, dice: random.Random) -> str:
    if (blocks := list(_SCRIPT.finditer(text))) and dice.random() < 0.6:
        block = dice.choice(blocks)
        try:
            inner = json.dumps(_json(json.loads(block[2]), dice), ensure_ascii=dice.random() < 0.5)
        except (ValueError, RecursionError):
            inner = _pieces(block[2], dice)
        return text[: block.start(2)] + inner + text[block.end(2) :]
    try:
        root = html.document_fromstring(text.encode("utf-8", "replace"))
        _moved(root, dice)
    except (etree.LxmlError, ValueError, AssertionError):  # what lxml cannot hold or write is no tree
        return _pieces(text, dice)
    return html.tostring(root, encoding="unicode")


def _moved(root: html.HtmlElement, dice: random.Random) -> None:
    elements = list(root.iter(etree.Element))
    for element in dice.sample(elements, min(len(elements), dice.choice((1, 2, 5)))):
        other = dice.choice(elements)
        parent = element.getparent()
        way = dice.random()
        if way < 0.2 and parent is not None:
            parent.remove(element)
        elif way < 0.4:
            element.text = str(dice.choice(VALUES)).replace("\0", "").encode("utf-8", "replace").decode()
        elif way < 0.6 and other.attrib:
            element.attrib.update(dict(other.attrib))
        elif way < 0.8 and element.attrib:
            element.attrib[dice.choice(list(element.attrib))] = dice.choice(("", "0", "x" * 500, "http://[x", "½", "-5", "&lt;"))
        elif element not in other.iterancestors() and element is not other:
            other.append(copy.deepcopy(element) if dice.random() < 0.5 else element)


ROUGH: tuple[Mutation, ...] = (_pieces, _cut, _repeat, _swap, _numbers, _words, _letters, _bytes, _tree)
FINE: tuple[Mutation, ...] = (_tree, _tree, _tree, _numbers)
"""What they change, a parser still takes for its page, so they lead further into it."""


def mutated(source: str, number: int) -> tuple[str, str]:
    """The number-th input for a source and its address: of its own pages, but one in six of another's."""
    dice = random.Random(f"{source} {number}")
    own = [page for page in PAGES if page.parent.name == source] or list(PAGES)
    page = dice.choice(own if dice.random() < 5 / 6 else list(PAGES))
    text = PAGES[page]
    mutations = FINE if dice.random() < 0.7 else ROUGH
    for _ in range(dice.choice((1, 1, 1, 2, 4))):
        text = dice.choice(mutations)(text, dice)[:300_000]
    return text, address(page)


def faults(source: str, first: int, last: int, folder: Path) -> list[str]:
    found = {}
    for number in range(first, last):
        text, url = mutated(source, number)
        if (said := fault(source, text, url)) is not None and said not in found:
            (folder / f"{number}.txt").write_text(text, "utf-8", "surrogatepass")
            found[said] = f"{source}: {said}, input {number}, kept in {folder}"
    return list(found.values())


@pytest.mark.parametrize("source", SOURCES)
def test_a_mutated_page_gives_records_or_a_named_error(source: str, tmp_path: Path) -> None:
    assert not faults(source, 0, -(-QUICK // len(SOURCES)), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_thousands_of_mutated_pages_give_records_or_a_named_error(source: str, tmp_path: Path) -> None:
    assert not faults(source, 1_000_000, 1_000_000 - (-SLOW // len(SOURCES)), tmp_path)


# --- trees of the words that a source's pages are made of -------------------------------------------------------------

_PRINTED = {source: "\n".join(text for page, text in PAGES.items() if page.parent.name == source)[:300_000] for source in SOURCES}
_KEYS = {
    source: sorted(set(re.findall(r'"([\w:@$. -]{1,40})"\s*:', text)))[:300] or ["key", "id", "text"]
    for source, text in _PRINTED.items()
}
_TAGS = sorted(set(re.findall(r"<([a-zA-Z][\w:-]{0,15})", "\n".join(_PRINTED.values()))) - {"plaintext"})
_ATTRIBUTES = {
    source: sorted(set(re.findall(r'\s([\w:-]{2,25}="[^"<>]{0,80}")', text)))[:600] or ['class="x"']
    for source, text in _PRINTED.items()
}
_TEXTS = {
    source: sorted(set(re.findall(r">([^<>{}]{1,80})<|\"([^\"\\]{1,60})\"", text)))[:600] or [("x", "")]
    for source, text in _PRINTED.items()
}


def _scalars(source: str) -> st.SearchStrategy[object]:
    texts = st.sampled_from([first or second for first, second in _TEXTS[source]])
    return st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | texts | st.sampled_from(VALUES)


def json_trees(source: str) -> st.SearchStrategy[str]:
    keys = st.sampled_from(_KEYS[source])
    trees = st.recursive(
        _scalars(source), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=6), max_leaves=25
    )
    return trees.map(json.dumps)


def html_trees(source: str) -> st.SearchStrategy[str]:
    words = st.text(max_size=12) | st.sampled_from([first or second for first, second in _TEXTS[source]])
    attributes = st.lists(st.sampled_from(_ATTRIBUTES[source]), max_size=4).map(" ".join)
    tags = st.sampled_from(_TAGS)

    def element(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.builds(
            lambda tag, said, children, closed: f"<{tag} {said}>{''.join(children)}" + (f"</{tag}>" if closed else ""),
            tags,
            attributes,
            st.lists(inner, max_size=5),
            st.booleans(),
        )

    block = json_trees(source).map(lambda tree: f'<script type="application/ld+json">{tree}</script>')
    return st.recursive(words | block, element, max_leaves=20)


ANY = st.sampled_from(SOURCES).flatmap(
    lambda source: st.tuples(st.just(source), json_trees(source) | html_trees(source) | html_trees(source))
)
_RELAXED = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=100, **_RELAXED)  # type: ignore[arg-type]  # it takes each of them
@given(tree=ANY)
def test_any_tree_gives_records_or_a_named_error(tree: tuple[str, str]) -> None:
    assert fault(*tree) is None


@pytest.mark.slow
@settings(max_examples=1_000, **_RELAXED)  # type: ignore[arg-type]  # as above
@given(tree=ANY)
def test_a_thousand_trees_give_records_or_a_named_error(tree: tuple[str, str]) -> None:
    assert fault(*tree) is None


# --- hostile shapes ---------------------------------------------------------------------------------------------------

SHAPES: dict[str, Callable[[], str]] = {
    "nothing": lambda: "",
    "white space": lambda: " \t\n" * 700_000,
    "deep elements": lambda: "<div>" * 200_000 + "x",
    "deep closed elements": lambda: "<div>" * 1_500 + "<b>x</b>" * 50_000 + "</div>" * 1_500,
    "deep lists": lambda: "[" * 500_000,
    "deep objects": lambda: '{"a":' * 300_000,
    "deep objects in a script": lambda: '<script type="application/json" id="__NEXT_DATA__">' + '{"a":' * 200_000 + "</script>",
    "many elements": lambda: "<p>" * 600_000,
    "many breaks": lambda: "<body>" + "a<br>" * 300_000,
    "a huge attribute": lambda: f'<a href="http://x/{"a" * 3_000_000}" class="{"a " * 500_000}">x</a>',
    "many attributes": lambda: "<a " + " ".join(f'a{n}="x"' for n in range(100_000)) + ">",
    "one huge word": lambda: "<p>" + "a" * 4_000_000,
    "one huge number": lambda: f'{{"id": {"9" * 3_000_000}}}',
    "one huge string": lambda: json.dumps({"a": "\\u0000\\" * 500_000}),
    "many keys": lambda: json.dumps({f"k{n}": n for n in range(200_000)}),
    "spaces before a full stop": lambda: "<p>" + " " * 2_000_000 + ".</p>",
    "open brackets": lambda: "<" * 2_000_000,
    "open comments": lambda: "<!--" * 500_000,
    "open scripts": lambda: "<script>" * 300_000,
    "open quotes": lambda: "<a href='" * 200_000 + '<a href="' * 200_000,
    "ampersands": lambda: "&" * 1_000_000 + "&#x" * 300_000 + "&lt;" * 300_000,
    "entities that grow": lambda: "<!DOCTYPE x [" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12)) + "]><x>&a11;</x>",
    "an outside entity": lambda: '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><feed><entry>&f;</entry></feed>',
    "many tables": lambda: "<table><tr><td>" * 100_000,
    "many forms and lists": lambda: "<ul><li><dl><dt>a?<dd>b" * 60_000,
    "many details": lambda: "<details><summary>Why?</summary>Because.</details>" * 40_000,
    "many headings": lambda: "<h2>Why?</h2><p>Because.</p>" * 60_000,
    "many links": lambda: '<a href="/a?b=c">d</a>' * 100_000,
    "many mail addresses": lambda: "a@" * 300_000 + "mail me: a.b@c.example " * 50_000,
    "many phone numbers": lambda: "+1 (555) 010-" * 150_000,
    "digits and signs": lambda: "1-" * 500_000 + "1.1," * 300_000 + "(1" * 300_000,
    "stars": lambda: "★☆" * 700_000,
    "question marks": lambda: "Q? " * 700_000,
    "marked lines": lambda: "Q: a?<br>A: b<br>" * 80_000,
    "dates": lambda: "2024-01-01T00:00:00Z " * 120_000,
    "combining marks": lambda: "<p>" + "e\u0301\u0327" * 500_000,
    "lines": lambda: "\n" * 2_000_000,
    "commas": lambda: '"a","b"\n' * 300_000,
    "zeros": lambda: "\0" * 2_000_000,
    "surrogates": lambda: "\ud83d" * 700_000,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_a_hostile_shape_takes_no_longer_than_a_page_may(shape: str) -> None:
    text = SHAPES[shape]()
    assert not [f"{source}: {said}" for source in SOURCES if (said := fault_of_a_large_page(source, text)) is not None]


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
def test_a_page_of_megabytes_made_of_a_source_s_own_takes_no_longer(source: str) -> None:
    """What the page repeats (cards, entries, questions) a thousand times over, and its markup without an end."""
    grown = {}
    own = [(page, text) for page, text in PAGES.items() if page.parent.name == source and len(text) > 200]
    # The five longest: to grow all of a source that has many would take minutes.
    for page, text in sorted(own, key=lambda one: -len(one[1]))[:5]:
        head, middle, foot = text[: len(text) // 4], text[len(text) // 4 : -len(text) // 4], text[-len(text) // 4 :]
        grown[f"{page.name}, its middle"] = (head + middle * (2_000_000 // len(middle)) + foot, address(page))
        grown[f"{page.name}, all of it"] = (text * (2_000_000 // len(text)), address(page))
    said = {name: fault_of_a_large_page(source, *page) for name, page in grown.items()}
    assert not {name: what for name, what in said.items() if what is not None}


def test_the_fuzzer_notices_a_crash_a_hang_and_a_record_that_cannot_land(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(_text: str, _url: str) -> Iterator[object]:
        while True:
            pass
        yield

    monkeypatch.setattr(f"{__name__}.SECONDS", 0.1)
    monkeypatch.setitem(PARSERS, "crashes", lambda text, _url: iter([text[10**9]]))  # type: ignore[list-item]
    monkeypatch.setitem(PARSERS, "hangs", hangs)  # type: ignore[arg-type]
    monkeypatch.setitem(PARSERS, "strange", lambda text, _url: iter([text]))  # type: ignore[list-item, arg-type]
    assert "IndexError" in (fault("crashes", "x") or "")
    assert "more than" in (fault("hangs", "x") or "")
    assert fault("strange", "x")
