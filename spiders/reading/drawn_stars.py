"""Ratings that are drawn and not written: rows of icons, strips that are uncovered in part, class names that end in a number."""

import re
from itertools import islice

from lxml.etree import _Element as Element

from spiders.reading.rating_words import CAMEL, Rating, is_named, names, on_scale

_WIDTH = re.compile(r"(?<![\w-])width\s{0,2}:\s{0,2}(\d{1,3}(?:\.\d{1,4})?)\s?%")
_VARIABLE = re.compile(
    r"--[\w-]{0,20}(?:rating|stars?|score|value)[\w-]{0,10}\s{0,2}:\s{0,2}(\d{1,2}(?:\.\d{1,4})?)\s{0,2}(?:;|$)"
)
_CLASS = re.compile(
    r"(?:^|[a-z]*[-_]{1,2})?(?:stars?|ratings?|rate|score|val|grade|bubbles?)(?:[-_]{1,2}(?:stars?|rating|val|value|small|large|medium|s|m|l))?[-_]{0,2}"
    r"(\d{1,3})(?:[-_.](5|0|half))?(?:stars?)?"
)
_SPELLED = re.compile(r"(?:stars|star-?ratings?|ratings?)(?:-(?:lrg|sml|large|small|lg|sm|md))?")
_NUMERALS = {"one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0}
_HALF = re.compile(r"half")
_EMPTY = re.compile(
    r"empty|unfilled|unchecked|inactive|unselected|outlined?|(?<![a-z])(?:off|o|gr[ae]y|border|blank|regular|far|disabled|none|line|zero|unrated|hollow)(?![a-z])"
)
_FULL = re.compile(
    r"(?<![a-z])(?:full|fill|filled|active|checked|on|solid|fas|selected|gold|yellow|orange|colou?red|highlight(?:ed)?|lit|rated)(?![a-z])"
)
_ICON = re.compile(r"(?<![a-z])(?:fa|glyphicon|icon|bi)[-_ ]star(?![a-z])|(?<![a-z])star[-_ ]icon(?![a-z])")
_PALE = re.compile(r"#(?:[c-e][0-9a-f]){3}|#([c-e])\1\1|gr[ae]y|lightgr[ae]y|silver|none|transparent", re.IGNORECASE)


def drawn(inside: list[Element]) -> Rating | None:
    return icons_in(inside) or _width(inside) or _class(inside)


def icons_in(inside: list[Element]) -> Rating | None:
    """A row of icons, each filled, half or empty by its name, picture or colour."""
    for row in inside:
        icons = [icon for icon in row if isinstance(icon.tag, str)]
        if not 3 <= len(icons) <= 10 or len({icon.tag for icon in icons}) != 1:
            icons = [icon for icon in icons if "star" in look(icon)]
            if not 1 <= len(icons) <= 10 or (
                len(icons) == 1 and not (is_named(row) and len(row) == 1 and icons[0].tag in _GLYPH_TAGS)
            ):
                continue
        looks = [look(icon) for icon in icons]
        if not all("star" in said for said in looks) and not is_named(row):
            continue
        states = [_state(said) for said in looks]
        if None in states:
            continue
        known = [state for state in states if state is not None]
        if known == sorted(known, reverse=True) and any(known):
            return Rating(sum(known), float(len(known)) if len(known) >= 5 or 0 in known else None)
    return None


_GLYPH_TAGS = frozenset({"i", "span", "svg"})


def look(icon: Element) -> str:
    """Names, pictures and colours of an icon and what it is made of."""
    said = []
    for part in islice(icon.iter(), 4):
        if isinstance(part.tag, str):
            said.append(names(part))
            said += [part.get(name) or "" for name in ("src", "href", "{http://www.w3.org/1999/xlink}href", "xlink:href", "alt")]
            said += [
                "pale" for name in ("fill", "style") if _PALE.fullmatch((part.get(name) or "").removeprefix("fill:").strip(" ;"))
            ]
            if part.get("fill") and not _PALE.fullmatch(part.get("fill") or ""):
                said.append("painted")
            said.append((part.text or "").strip()[:4])
    return " ".join(said)[:400].lower()


def _state(look: str) -> float | None:
    """1 filled, 0.5 half, 0 empty; None when nothing tells."""
    if _HALF.search(look):
        return 0.5
    if _EMPTY.search(look) or "☆" in look:
        return 0.0
    if _FULL.search(look) or _ICON.search(look) or "★" in look:
        return 0.0 if "pale" in look and "painted" not in look else 1.0
    return 0.0 if "pale" in look and "painted" not in look else 1.0 if "painted" in look else None


def _width(inside: list[Element]) -> Rating | None:
    """A strip of five stars, uncovered as far as the rating goes."""
    for n, part in enumerate(inside):
        style = part.get("style") or ""
        if len(style) > 500:
            continue
        if match := _VARIABLE.search(style):
            return on_scale(float(match[1]), None)
        if (match := _WIDTH.search(style)) and 0 < float(match[1]) <= 100:
            above = part.getparent()
            if any(is_named(each) for each in (part, *inside[:n][-2:]) if isinstance(each.tag, str)) or (
                above is not None and is_named(above)
            ):
                return Rating(round(float(match[1]) / 20, 2), 5.0)
    return None


def _class(inside: list[Element]) -> Rating | None:
    """A name that ends in the rating: `star-4`, `rating_4_5`, `stars45`; or one with its numeral beside it: `stars four`."""
    for part in inside:
        beside = part.getparent()
        if beside is not None and sum(1 for each in islice(beside, 10) if _class_value(each) is not None) > 2:
            continue  # star-1, star-2, star-3: the icons of a row, numbered
        if (value := _class_value(part)) is not None:
            return Rating(value, 5.0)
    return None


def _class_value(part: Element) -> float | None:
    tokens = CAMEL.sub("-", (part.get("class") or "")[:300]).lower().split()
    spelled = [_NUMERALS[token] for token in tokens if token in _NUMERALS]
    if len(spelled) == 1 and any(map(_SPELLED.fullmatch, tokens)):
        return spelled[0]
    for token in tokens:
        if match := _CLASS.fullmatch(token):
            number, half = int(match[1]), 0.5 if match[2] in {"5", "half"} else 0.0
            if 1 <= number <= 5 and number + half <= 5:
                return number + half
            if 11 <= number <= 50 and number % 5 == 0 and not match[2]:
                return number / 10
            if 60 <= number <= 100 and number % 10 == 0 and not match[2]:
                return number / 20
    return None
