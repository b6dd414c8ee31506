"""Selection: from the text of a page to values, for every parser. Pure, strict, and bounded against hostile pages.

`document` loads a page; `one` and `attr` demand what a parser relies on; `text_of`, `parse_date` and `parse_rating` read
values the way pages print them. The data that a page embeds (JSON-LD, microdata, RDFa) is read by `spiders.reading.structured`.
"""

import hashlib
import html
import math
import re
import unicodedata
import zlib
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import cast

from dateutil import parser as dateutil_parser  # type: ignore[import-untyped]  # ships no types
from lxml import etree
from parsel import Selector

from spiders.items import UnexpectedPage

MAX_PAGE = 16_000_000
"""Characters of a page; the largest review pages seen have 1.6 million."""
MAX_TEXT = 100_000
"""Characters of one value; sites cap a review at a tenth of this, so only hostile text is ever cut."""


def unexpected(who: str, *, expected: str, found: str, url: str) -> UnexpectedPage:
    """The error of a source named `who`: what it expected, what it found, on which page, and what to do next."""
    return UnexpectedPage(
        f"{who}: expected {expected}, found {found} ({url}).\n"
        f"The layout has probably changed: run `rivalscope freeze {who} <url>` and compare."
    )


def document(text: str, *, who: str, url: str) -> Selector:
    """The page as a tree. UnexpectedPage when it is empty, larger than MAX_PAGE or nested deeper than libxml2 reads (2048)."""
    if len(text) > MAX_PAGE:
        raise unexpected(who, expected=f"a page of at most {MAX_PAGE:,} characters", found=f"{len(text):,}", url=url)
    if len(text) > 50_000 and _attribute_cost(text) > 200_000_000:
        raise unexpected(who, expected="elements with at most some hundred attributes", found="many thousands", url=url)
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    root = etree.fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser)
    if root is None:
        raise unexpected(who, expected="an HTML page", found="nothing but white space", url=url)
    last = parser.error_log.last_error
    if last is not None and last.type_name == "ERR_RESOURCE_LIMIT":
        # libxml2 drops the rest of such a page without a word: reading on would lose reviews silently.
        raise unexpected(who, expected="a page nested at most 2048 deep", found="a deeper one", url=url)
    return Selector(root=root, type="html")


_ELEMENT = re.compile(r"""<[a-zA-Z](?:[^<>"']++|"[^"]*+"|'[^']*+')*+""")
_QUOTED = re.compile(r"""["'][^"']*+["']""")


def _attribute_cost(text: str) -> int:
    """Comparisons that libxml2 makes, which holds each attribute against all others of its element: 20,000 take it 12 s."""
    long = (element for element in _ELEMENT.findall(text) if len(element) > 5_000)
    return sum(len(_QUOTED.sub("", element).split()) ** 2 for element in long)


def one(node: Selector, css: str, *, who: str, where: str, url: str) -> Selector:
    """The one element that `css` selects; UnexpectedPage when there are none or several. `where` names the place for people."""
    found = node.css(css)
    if len(found) != 1:
        raise unexpected(who, expected=f"one {css!r} in {where}", found=str(len(found)), url=url)
    return found[0]


def attr(node: Selector, name: str, *, who: str, where: str, url: str) -> str:
    """The attribute's value, trimmed; UnexpectedPage when it is missing or empty."""
    value = str(node.root.get(name, "")).strip()
    if not value:
        raise unexpected(who, expected=f"an attribute {name!r} on {where}", found="none", url=url)
    return value


def content_id(*parts: object, author: str | None = None) -> str:
    """32 hex digits standing in for an id where the source prints none: the same printed content gives the same id.

    White space and None make no difference. Only 12 bits of the author's name go in: enough to keep two people apart who
    wrote the same words on the same day, too few to confirm a guessed name, for ids land and names must not.
    """
    printed = "\x1f".join([" ".join(str(part).split()) if part is not None else "" for part in parts])
    name = zlib.crc32((author or "").strip().encode("utf-8", "replace")) & 0xFFF
    return hashlib.sha256(f"{printed}\x1f{name:x}".encode("utf-8", "replace")).hexdigest()[:32]


def review_id(published: object, title: str | None, text: str, rating: float | None, *, author: str | None) -> str:
    """`content_id` of a review. With its author and words known, a corrected rating is the same review with another rating; without
    them it is part of what tells two reviews apart."""
    known = author and (text or title)
    return content_id(published, title, text, None if known else rating, author=author)


# --- text -------------------------------------------------------------------------------------------------------------

_BLOCK = re.compile(
    "address|article|aside|blockquote|body|br|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|"
    "hr|html|legend|li|main|nav|ol|p|pre|section|summary|table|tbody|td|tfoot|th|thead|title|tr|ul"
).fullmatch
_INLINE = re.compile(
    "a|abbr|b|big|cite|code|del|em|font|i|img|ins|label|mark|q|s|small|span|strike|strong|su[bp]|u|wbr|!--"
).fullmatch
_HIDDEN = frozenset({"script", "style", "noscript", "template", "head"})
_TAG = re.compile(r"<(?:/?([a-zA-Z][a-zA-Z0-9]{0,15})(?=[\s/>])[^<>]*>|!--)")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\u00ad\u200b\u2060\ufeff]")
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def text_of(content: object) -> str:
    """The words of a string, a parsel Selector or an lxml element, as a reader sees them; line breaks stay line breaks.

    Markup goes, also where it was escaped once or twice (`&lt;br&gt;`, `&amp;#39;`), as sites do in JSON-LD. What only
    looks like markup stays: `I <3 this`, `a < b`. At most MAX_TEXT characters; empty for None and what holds no text.
    """
    if isinstance(content, str) and content.isprintable() and "<" not in content and "&" not in content:
        return " ".join(content[:MAX_TEXT].split())  # most values: nothing to undo, no line breaks
    if isinstance(content, Selector):
        content = content.root
    if isinstance(content, etree._Element):  # noqa: SLF001 - lxml's only name for the type of its elements
        return _unescaped(_rendered(content, keep_breaks=False))
    return _unescaped(content) if isinstance(content, str) else ""


def _unescaped(text: str) -> str:
    text = text[:MAX_TEXT]
    for _ in range(3):  # plain, escaped, escaped twice
        if "<" in text and (breaks := _markup(text)) is not None:
            parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
            root = etree.fromstring(f"<div>{text}</div>".encode("utf-8", "replace"), parser)
            text = _rendered(root, keep_breaks=not breaks) if root is not None else ""
        elif "&" in text and _ENTITY.search(text):
            text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
        else:
            break
    return _tidy(text)


def _markup(text: str) -> bool | None:
    """None where the text holds no HTML; else whether it holds tags that break lines (its own line breaks are then only layout)."""
    names = {tag[1].lower() if tag[1] else "!--" for tag in _TAG.finditer(text)}
    breaks = any(map(_BLOCK, names))
    return breaks if breaks or any(map(_INLINE, names)) or names & _HIDDEN else None


def _rendered(element: etree._Element, *, keep_breaks: bool) -> str:
    if not len(element):
        return element.text or "" if isinstance(element.tag, str) and element.tag not in _HIDDEN else ""
    parts: list[str] = []
    size = hidden = 0
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):  # a loop: depth costs no stack
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            hidden += tag in _HIDDEN
            piece = node.text or ""
        else:  # comments and instructions have a tail too, and no text that a reader sees
            hidden -= tag in _HIDDEN
            piece = (node.tail or "") if node is not element else ""
        if _BLOCK(tag):
            piece = "\x1d" + piece if tag == "br" and event == "end" else piece if tag == "br" else "\x1e" + piece
        if not hidden:
            parts.append(piece)
            size += 4 + len(piece)  # an empty element takes time too
            if size > 2 * MAX_TEXT:
                break
    joined = "".join(parts)
    if not keep_breaks:
        joined = joined.replace("\n", " ").replace("\r", " ")
    blocks = (block.replace("\x1d", "\n").strip() for block in joined.split("\x1e"))
    return "\n".join(block for block in blocks if block)


def _tidy(text: str) -> str:
    text = _INVISIBLE.sub("", _BREAKS.sub("\n", text))
    lines = [" ".join(row.split()) for row in text.split("\n")]
    kept = [row for n, row in enumerate(lines) if row or (n and lines[n - 1])]  # at most one empty line in a row
    return "\n".join(kept).strip()


# --- dates ------------------------------------------------------------------------------------------------------------

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ]\d{1,2}:.*)?")
_YEAR_FIRST = re.compile(r"(\d{4})\s*[年년/.]\s*(\d{1,2})\s*(?:[月월/.-]\s*(?:(\d{1,2})\s*[日일.]?)?)?(?!\d).*")
_DAY_OR_MONTH_FIRST = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})(?!\d).*")
_MONTH_NAME = re.compile(r"(?i)\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")


def parse_date(text: object, *, dayfirst: bool | None = None, zone: tzinfo | None = None) -> datetime | date | None:
    """When the page says it was: an aware datetime (UTC) where a time and an offset are printed, else the day; None for the rest.

    Reads ISO 8601, RFC 2822, `September 12, 2015`, `12 Dec 2023`, `2024년 1월 5일`, `2024年1月5日`, `2024.01.05`; a month alone
    (`2018/11`, `2024年1月`) is its first day. A time without an offset counts in `zone`, or is left out. `03/04/2024` is None unless
    `dayfirst` says which is meant. None for days before 1990, which sites print for "no date" (0001-01-01, 1970-01-01).
    """
    if not isinstance(text, str) or not 6 <= len(text := unicodedata.normalize("NFKC", text[:100]).strip()) <= 80:
        return None
    if _ISO.fullmatch(text):
        return _moment(text, zone)
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(match[1], match[2], match[3] or "1")
    if match := _DAY_OR_MONTH_FIRST.fullmatch(text):
        first, second = int(match[1]), int(match[2])
        if dayfirst is None:
            if first == second or first > 12:
                dayfirst = True
            elif second > 12:
                dayfirst = False
            else:
                return None
        return _day(match[3], *((second, first) if dayfirst else (first, second)))
    return _moment(text, zone) if _MONTH_NAME.search(text) else None


def _moment(text: str, zone: tzinfo | None) -> datetime | date | None:
    found: list[datetime] = []
    try:
        found.append(datetime.fromisoformat(text))
    except ValueError:
        # dateutil fills what a text leaves out from a default: what differs between two defaults was not printed.
        for default in (datetime(2000, 1, 1), datetime(2001, 2, 2)):  # noqa: DTZ001 - naive on purpose
            try:
                found.append(cast("datetime", dateutil_parser.parse(text, default=default, tzinfos=_offset)))
            except (ValueError, ArithmeticError, TypeError):
                return None
    moment = found[0]
    if any(other.date() != moment.date() for other in found) or not 1990 <= moment.year <= 2100:
        return None
    if moment.tzinfo is None:
        if zone is None or not re.search(r"\d:\d", text):
            return moment.date()
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC)


def _offset(_name: str | None, seconds: int | None) -> tzinfo | None:
    """Only printed offsets count: a zone's initials are ambiguous (IST, CST), and dateutil asks the machine's own zone."""
    return None if seconds is None else timezone(timedelta(seconds=seconds))


def _day(year: str, month: str | int, day: str | int) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2100 else None


# --- ratings ----------------------------------------------------------------------------------------------------------

_NUMBER = r"(-?\d{1,4}(?:\.\d{1,20}|,\d{1,2})?)"
_WORDS = {"five": 5, "ten": 10, "hundred": 100}
_RATINGS = tuple(
    re.compile(form)
    for form in (
        rf"{_NUMBER}\s*(%)",
        rf"(?:rated\s+)?{_NUMBER}\s*(?:stars?|점|点)?\s*(?:/|out of|of|von|sur|su|de)\s*(?:{_NUMBER}|(five|ten|hundred))\s*(?:stars?|점|点)?\.?",
        rf"(?:rated\s+)?{_NUMBER}\s*(?:stars?|점|点|つ星|★|⭐)?\.?",
    )
)
_MAX_FIRST = re.compile(
    rf"(?:별\s*)?{_NUMBER}\s*(?:개|점|つ星|点)?\s*(?:의|중|のうち|만점에|満点中|点満点中)\s*{_NUMBER}\s*(?:개|점|点)?"
)
_STARS = re.compile(r"([★⭐]{1,10})([☆✩]{0,9})")


def parse_rating(printed: object) -> tuple[float, float | None] | None:
    """(rating, best of its scale where it is printed) of `4,5`, `4/5`, `80%`, `5.0 out of 5 stars`, `★★★★☆`, `5つ星のうち4.0`, 4.5.

    None for what is not exactly one rating: `=5`, `1,234`, `4.8 (178)`, true, NaN. Whether it lies on its scale the caller checks.
    """
    if isinstance(printed, int | float) and not isinstance(printed, bool):
        return (float(printed), None) if abs(printed) <= 10_000 and math.isfinite(printed) else None
    if not isinstance(printed, str) or len(printed) > 100:
        return None
    text = " ".join(unicodedata.normalize("NFKC", printed).lower().split())
    if match := _STARS.fullmatch(text):
        return float(len(match[1])), float(len(match[1]) + len(match[2])) if match[2] else None
    if match := _MAX_FIRST.fullmatch(text):
        return _number(match[2]), _number(match[1])
    for form in _RATINGS:
        if match := form.fullmatch(text):
            best = next((part for part in match.groups()[1:] if part), None)
            scale = None if best is None else 100.0 if best == "%" else float(_WORDS.get(best) or _number(best))
            return _number(match[1]), scale
    return None


def _number(digits: str) -> float:
    return float(digits.replace(",", "."))
