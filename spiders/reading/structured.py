"""The data that a page embeds: JSON-LD, microdata and RDFa, all three read into one shape, for every parser.

`json_ld(document)`, `microdata(document)` and `rdfa(document)` give the items of the page in the order of the page, nested
ones after the one that holds them. Names are compared without case and prefix, so `datepublished` is `datePublished` and
`https://schema.org/Review`, `schema:Review` and `Review` are one type. A broken block never costs the others.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Union

import orjson
from lxml import etree
from parsel import Selector

from spiders.reading.select import text_of

MAX_DEPTH = 100
"""Objects within objects; real pages stay under 15. What lies deeper is left out."""
MAX_ITEMS = 20_000
"""Items of a page; what comes after is left out. Real pages have a few hundred."""
MAX_BLOCKS = 1_000
"""JSON-LD blocks of a page; what comes after is left out."""
MAX_TEXTS = 100
"""Texts of one property of an item in the markup; what comes after is left out."""

Value = Union[str, int, float, bool, "Item"]


@dataclass(slots=True, eq=False)
class Item:
    """One thing: a JSON object, an element with `itemscope`, or one with `typeof`."""

    types: frozenset[str] = frozenset()
    """Lower case, without vocabulary: `review`, `localbusiness`."""
    id: str | None = None
    """`@id`, `itemid` or `resource`; None where the page gives none."""
    anchor: str | None = None
    """The `id` attribute of the element; None in JSON-LD."""
    properties: dict[str, list[Value]] = field(default_factory=dict)
    """By lower-case name without vocabulary; never an empty list."""
    parent: "Item | None" = None
    role: str = ""
    """The property of `parent` that holds this item; empty at the top."""

    def add(self, name: str, value: Value) -> None:
        """One more value of a property."""
        self.properties.setdefault(name, []).append(value)

    def values(self, *names: str) -> list[Value]:
        """The values of the first of these properties that the item has; names in lower case."""
        for name in names:
            if name in self.properties:
                return self.properties[name]
        return []

    def items(self, *names: str) -> list["Item"]:
        """The items among `values`."""
        return [value for value in self.values(*names) if isinstance(value, Item)]

    def text(self, *names: str) -> str:
        """The longest text of the first of these properties that has any: a page may print a preview and the whole.

        An item stands for its `name`. Empty when there is none.
        """
        for name in names:
            if held := self.properties.get(name):
                texts = [text_of(value.name if isinstance(value, Item) else str(value)) for value in held[:20]]
                if longest := texts[0] if len(texts) == 1 else max(texts, key=len):
                    return longest
        return ""

    @property
    def name(self) -> str:
        """The first `name` that is a plain value: items may refer to each other in circles."""
        return next((str(value) for value in self.properties.get("name", ()) if not isinstance(value, Item)), "")


def type_name(name: str) -> str:
    """`review` for `Review`, `schema:Review`, `http://schema.org/Review`, `https://schema.org/Review/`."""
    return _last_part(name[-200:])


@lru_cache(maxsize=1024)  # a page has some fifty property names, thousands of times
def _short_property_name(name: str) -> str:
    if ":" in name and ("schema.org/" in name or name.startswith(("schema:", "v:"))):
        return type_name(name)
    return name.strip().lower()


def property_name(name: str) -> str:
    """Like `type_name`, but a foreign vocabulary's prefix stays: `og:title` is not `title`. A name of over 200 characters is cut."""
    return _short_property_name(name[:200])


@lru_cache(maxsize=1024)
def _types(name: str) -> frozenset[str]:
    return frozenset((type_name(name),))


@lru_cache(maxsize=1024)  # a page has some twenty types, thousands of times
def _last_part(name: str) -> str:
    return re.split(r"[/#:]", name.strip().rstrip("/"))[-1].lower()


# --- JSON-LD ----------------------------------------------------------------------------------------------------------


def json_ld(page: Selector) -> list[Item]:
    """The items of the page's JSON-LD blocks, with `@graph` unfolded and references (`{"@id": …}`) resolved."""
    return _from_blocks(script.text or "" for script in page.root.iter("script") if "ld+json" in script.get("type", "").lower())


def json_ld_in(text: str) -> list[Item]:
    """Like `json_ld`, of a page that is not loaded, for crawls that need nothing else of it: its tree would cost more than its data."""
    return _from_blocks(_scripts(text))


_SCRIPT_OR_COMMENT = re.compile(r"<(?:!--|[sS][cC][rR][iI][pP][tT](?=[\s/>]))")
_SCRIPT_END = re.compile(r"</[sS][cC][rR][iI][pP][tT]")


def _scripts(text: str) -> Iterator[str]:
    """The JSON-LD scripts, as a browser would find them: not those in comments, and what seems to be a comment in a script is none."""
    at = 0
    while start := _SCRIPT_OR_COMMENT.search(text, at):
        if start[0] == "<!--":
            at = text.find("-->", start.end())
        elif (opened := text.find(">", start.end())) >= 0:
            end = _SCRIPT_END.search(text, opened)
            at = end.start() if end else -1
            if "ld+json" in text[start.end() : opened].lower():
                yield text[opened + 1 : at] if at >= 0 else text[opened + 1 :]
        else:
            return
        if at < 0:
            return
        at += 3  # `-->`, or into the end tag


def _from_blocks(blocks: Iterable[str]) -> list[Item]:
    return linked(value for block in islice(blocks, MAX_BLOCKS) for value in decoded(block))


def linked(values: Iterable[object]) -> list[Item]:
    """The items within decoded JSON, references resolved: what `json_ld` does after decoding."""
    found = list(_objects(values))
    named: dict[str, Item] = {}
    for item in found:
        if item.id and item.properties and len(item.properties) > len(named[item.id].properties if item.id in named else ()):
            named[item.id] = item
    if named:
        for item in found:
            for held in item.properties.values():
                for n, value in enumerate(held):
                    if isinstance(value, Item) and not value.properties and value.id in named:
                        held[n] = named[value.id]
    return found


def _objects(values: Iterable[object]) -> Iterator[Item]:
    """Each JSON object, outer before inner, in the order of the text; a loop over a stack, so that depth costs no frames."""
    stack: list[tuple[object, Item | None, str, int]] = []
    stack += [(value, None, "", 0) for value in reversed(list(values))]
    made = 0
    while stack and made < MAX_ITEMS:
        value, parent, role, depth = stack.pop()
        if depth > MAX_DEPTH:
            continue
        if isinstance(value, list):
            stack += [(inner, parent, role, depth + 1) for inner in reversed(value)]
        elif isinstance(value, dict):
            wrapped = next((value[key] for key in ("@value", "@list", "@set") if key in value), None)
            if wrapped is not None:
                stack.append((wrapped, parent, role, depth + 1))
                continue
            made += 1
            item = _object(value, parent, role)
            yield item
            stack += _members(value, item, depth + 1)
        elif parent is not None and isinstance(value, str | int | float):
            parent.add(role, value)


def _members(value: dict[str, object], item: Item, depth: int) -> Iterator[tuple[object, Item | None, str, int]]:
    """Adds the plain values to the item, and gives the rest, last first, as a stack takes it."""
    for key, inner in reversed(value.items()):
        if key == "@graph":
            yield inner, None, "", depth
        elif key[:1] != "@":
            if isinstance(inner, dict | list):
                yield inner, item, property_name(key), depth
            elif isinstance(inner, str | int | float):
                item.add(property_name(key), inner)


def _object(value: dict[str, object], parent: Item | None, role: str) -> Item:
    types = value.get("@type")
    name = value.get("@id")
    several = types if isinstance(types, list) else ()
    item = Item(
        types=_types(types[-200:]) if isinstance(types, str) else frozenset(type_name(t) for t in several if isinstance(t, str)),
        id=name if isinstance(name, str) and name else None,
        parent=parent,
        role=role,
    )
    if parent is not None:
        parent.add(role, item)
    return item


_ENDS = r'(?=\s{0,50}(?:[:}\]]|,\s{0,50}(?:["{\[}\]\d-]|true|false|null|/)|\Z))'
_TOKEN = re.compile(
    rf'"(?P<string>(?:[^"\\]|\\.|"(?!{_ENDS}))*+)"{_ENDS}'
    r"|(?P<comment>//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)"
    r"|(?P<mark>[{}\[\],])"
    r'|(?P<other>[^"{}\[\],/]++|["/])',
    re.DOTALL,
)
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|\\.|"', re.DOTALL)
_BETWEEN = re.compile(r"[\s,;]*+(?=\S)")
_MAX_REPAIR = 2_000_000  # characters; a block beyond this must be well-formed


def decoded(block: str) -> list[object]:
    """The JSON values of a block as sites write them; empty where nothing can be made of it.

    Forgives comment and CDATA wrappers, escaped quotes (`&quot;`), raw control characters, trailing and missing commas,
    comments, quotes inside strings, several values in one block, and a missing end (what was complete before it counts).
    """
    try:
        return [orjson.loads(block)]
    except ValueError:  # orjson is strict; forgiveness costs time only here
        text = _unwrapped(block)
    readings = [text]
    if "&quot;" in text or "&#34;" in text:
        readings.append(html.unescape(text))
    for reading in readings:
        values = _decoded(reading)
        if values is None and len(reading) <= _MAX_REPAIR:
            values = _decoded(_repaired(reading))
        if values is not None:
            return values
    return []


def _unwrapped(block: str) -> str:
    for _ in range(4):  # `/*<![CDATA[*/` takes three rounds
        block = block.strip().strip(";\ufeff\0")
        for mark in ("<!--", "<![CDATA[", "//", "/*", "*/"):
            block = block.removeprefix(mark)
        for mark in ("-->", "]]>", "//", "/*", "*/"):
            block = block.removesuffix(mark)
    return block


def _decoded(text: str) -> list[object] | None:
    """All values of a text that holds nothing but JSON values; else None."""
    decoder = json.JSONDecoder(strict=False, parse_int=lambda digits: int(digits) if len(digits) < 20 else float(digits))
    values: list[object] = []
    at = 0
    while match := _BETWEEN.match(text, at):
        try:
            value, at = decoder.raw_decode(text, match.end())
        except (ValueError, RecursionError):  # not JSON, or nested deeper than Python's own stack
            return None
        values.append(value)
    return values


def _repaired(text: str) -> str:
    """The text with what sites get wrong put right, in one pass; cut after the last complete object when its end is missing."""
    out: list[str] = []
    open_marks: list[str] = []
    complete: tuple[int, str] = (0, "")  # tokens up to the end of the last complete object, and what was open there
    for token in _TOKEN.finditer(text):
        string, mark, other = token["string"], token["mark"], token["other"]
        if string is not None:
            out.append('"' + _ESCAPE.sub(_escape, string) + '"')
        elif other is not None and not other.isspace():
            out.append(other)
        elif mark in {"}", "]"}:
            if not _closed(out, open_marks, mark):
                break
            if mark == "}" and len(open_marks) <= MAX_DEPTH:
                complete = len(out), "".join(reversed(open_marks))
        elif mark is not None:
            if mark == "{" and out and out[-1] == "}":  # a missing comma
                out.append(",")
            out.append(mark)
            if mark != ",":
                open_marks.append("}" if mark == "{" else "]")
    return "".join(out[: complete[0]]) + complete[1] if open_marks else "".join(out)


def _closed(out: list[str], open_marks: list[str], mark: str) -> bool:
    """Whether the mark closes what is open; a comma before it goes."""
    if not open_marks or open_marks[-1] != mark:
        return False
    if out[-1] == ",":
        out.pop()
    open_marks.pop()
    out.append(mark)
    return True


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    if sign == '"':
        return '\\"'
    return sign if len(sign) > 2 or sign[1] in '"\\/bfnrt' else sign[1] if sign[1] == "'" else "\\" + sign


# --- microdata and RDFa -----------------------------------------------------------------------------------------------

_ADDRESSES = frozenset({"url", "sameas", "image", "logo", "thumbnailurl", "contenturl", "mainentityofpage", "discussionurl"})


def microdata(page: Selector) -> list[Item]:
    """The items of elements with `itemscope`; values are read as the HTML standard says, leniently (see `_value`)."""
    return list(islice(_marked(page.root, _Syntax("itemscope", "itemtype", "itemprop", "itemid")), MAX_ITEMS))


def rdfa(page: Selector) -> list[Item]:
    """The items of elements with `typeof` (RDFa Lite: vocab, typeof, property, resource)."""
    return list(islice(_marked(page.root, _Syntax("typeof", "typeof", "property", "resource")), MAX_ITEMS))


@dataclass(frozen=True, slots=True)
class _Syntax:
    """The attributes of a markup."""

    scope: str
    type: str
    property: str
    id: str


def _marked(root: etree._Element, syntax: _Syntax) -> Iterator[Item]:
    if not root.xpath(f"boolean(//*[@{syntax.scope}])"):
        return
    scopes: list[tuple[etree._Element, Item]] = []
    texts: list[etree._Element] = []  # the property texts that are open: a text within 5 others is not read again
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            if scopes and scopes[-1][0] is node:
                scopes.pop()
            elif texts and texts[-1] is node:
                texts.pop()
            continue
        names = [property_name(name) for name in (node.get(syntax.property) or "")[:200].split()]
        holder = scopes[-1][1] if scopes else None
        if node.get(syntax.scope) is not None:
            item = _scoped(node, syntax, holder, names)
            scopes.append((node, item))
            yield item
        elif names and holder is not None and len(texts) < 5:
            texts.append(node)
            if len(holder.properties.get(names[0], ())) < MAX_TEXTS and (value := _value(node, names[0])):
                for name in names:
                    holder.add(name, value)


def _scoped(node: etree._Element, syntax: _Syntax, holder: Item | None, names: list[str]) -> Item:
    item = Item(
        types=frozenset(type_name(t) for t in (node.get(syntax.type) or "")[:500].split()),
        id=(node.get(syntax.id) or "").strip() or None,
        anchor=node.get("data-review-id") or node.get("id"),
        parent=holder,
        role=names[0] if names else "",
    )
    if holder is not None:
        for name in names:
            holder.add(name, item)
    return item


def _value(node: etree._Element, name: str) -> str:
    """What an element says for a property: `content`, `datetime` or `value` where given, an address only for addresses.

    The standard takes every link's `href`; pages mark authors and titles with links, and mean the words.
    """
    for attribute in ("content", "datetime"):
        if value := (node.get(attribute) or "").strip():
            return value
    tag = node.tag
    if tag in {"data", "meter"}:
        return node.get("value") or text_of(node)
    if tag == "abbr":
        return node.get("title") or text_of(node)
    if tag in {"img", "source", "video", "audio", "iframe", "embed"}:
        return (node.get("src") if name in _ADDRESSES else node.get("alt")) or ""
    address = node.get("href") or ""
    return address if name in _ADDRESSES or tag == "link" else text_of(node) or address
