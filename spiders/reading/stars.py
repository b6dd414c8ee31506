"""Rating widgets: what a row of stars says, however a page draws it.

`rating_of` reads an element that is known to be a widget; `widget` says whether an element is one, by its words, its names and its
build, and reads it then. Both look at one element and what is next to it, never at a site's own class names.
"""

import re
from itertools import islice

from lxml.etree import _Element as Element

from spiders.reading.drawn_stars import drawn, icons_in, look
from spiders.reading.rating_words import (
    BARE,
    LABELS,
    MAX_PARTS,
    MAX_WORDS,
    NUMBER,
    RATING_WORD,
    Rating,
    glyphs_in,
    is_counted,
    is_named,
    names,
    number,
    on_scale,
    parts,
    plain,
    rating_in,
    words_of,
)

_VALUES = (
    "data-rating",
    "data-score",
    "data-stars",
    "data-star",
    "data-rate",
    "data-rating-value",
    "data-star-rating",
    "aria-valuenow",
)
_BESTS = ("data-max", "data-rating-max", "data-max-rating", "data-best", "aria-valuemax")
_ASKS = frozenset({"input", "select", "textarea", "option", "button", "label"})
_ASKING = frozenset(
    {"radio", "radiogroup", "slider", "option", "listbox", "tab", "menuitem", "menuitemradio", "button", "checkbox", "switch"}
)


def rating_of(node: Element) -> Rating | None:
    """The rating that a widget shows: as markup or words say it, else as it is drawn; None when it shows none."""
    inside = parts(node)
    if inside is None:
        return None
    found = _declared(inside) or _worded(inside) or drawn(inside)
    if found is None or found.best is not None:
        return found
    return Rating(found.value, _best_beside(node, found.value))


def _declared(inside: list[Element]) -> Rating | None:
    """itemprop=ratingValue, or a data attribute made for it."""
    for part in inside:
        if (part.get("itemprop") or "").lower() == "ratingvalue" and (match := BARE.match(plain(_said(part)))):
            return Rating(number(match[1]), None)
    for n, part in enumerate(inside):
        numbered = (
            n == 0
            and is_named(part)
            and not any(each.get("data-value") for each in (part.getnext(), part.getprevious()) if each is not None)
        )
        for name in (*_VALUES, "data-value") if numbered else _VALUES:
            if (value := part.get(name)) and re.fullmatch(r"\d{1,2}(?:[.,]\d{1,4})?", value.strip()):
                best = next((b for b in _BESTS if re.fullmatch(r"\d{1,3}(?:\.0)?", part.get(b) or "")), None)
                return on_scale(number(value.strip()), float(str(part.get(best))) if best else None)
    return None


def _said(part: Element) -> str:
    return part.get("content") or words_of(parts(part) or [])


def _worded(inside: list[Element]) -> Rating | None:
    words = words_of(inside)
    if words and (found := rating_in(words)):
        return found
    labels = [said for part in inside for name in LABELS if (said := part.get(name)) and len(said) <= MAX_WORDS]
    bare = BARE.match(plain(words)) if words else None
    if bare and number(bare[1]) <= 10:
        value = number(bare[1])
        scales = (scale for label in labels if (scale := rating_in(label)) and scale.value == value)
        return next((scale for scale in scales if scale.best), Rating(value, None))
    return next(filter(None, map(rating_in, labels)), None)


def _best_beside(node: Element, value: float) -> float | None:
    """The scale, where only the words around the widget name it: `<b>4.5</b> out of 5`."""
    around = node.getparent()
    inside = parts(around) if around is not None else None
    if not inside:
        return None
    for part in inside:
        if (part.get("itemprop") or "").lower() == "bestrating" and (match := BARE.match(plain(_said(part)))):
            return number(match[1])
    said = rating_in(words_of(inside))
    return said.best if said and said.value == value else None


def widget(node: Element) -> Rating | None:
    """The rating of an element that by itself shows one person's; None for everything else.

    Not for what asks for a rating (a form's stars), and not where it is said how many gave one.
    """
    if not isinstance(node.tag, str) or node.tag in _ASKS or (not len(node) and not node.text and not node.attrib):
        return None
    inside = parts(node)
    if inside is None or any(part.tag in _ASKS or part.get("role") in _ASKING for part in inside if isinstance(part.tag, str)):
        return None
    found = _declared(inside[:1]) or _labelled(node, inside) or (_drawn_here(node, inside) if len(inside) <= MAX_PARTS else None)
    if found is None or found.value <= 0 or _is_mean(node, inside) or _is_asked(node):
        return None
    if found.best is None and _is_tally(node, inside):
        return None
    return found if found.best is not None else Rating(found.value, _best_beside(node, found.value))


def _labelled(node: Element, inside: list[Element]) -> Rating | None:
    for label in filter(None, (node.get(name) for name in LABELS)):
        if len(label) <= MAX_WORDS and (found := _sure(label, node)):
            return found
    drawing = next((part.text for part in inside[1:3] if part.tag == "title" and part.text), None)
    if node.tag == "svg" and drawing and (found := _sure(drawing[:MAX_WORDS], node)):
        return found
    words = words_of(inside)
    if not words or len(words) > 40:
        return None
    if found := _sure(words, node):
        return None if _says_more(node, words) else found
    if len(inside) <= 3 and (is_named(node) or _in_microformat(node)) and (match := re.fullmatch(rf"{NUMBER}", plain(words))):
        return on_scale(number(match[1]), None)
    return None


def _in_microformat(node: Element) -> bool:
    """`value` inside an hReview: an old way to mark reviews up, by class names that were agreed upon."""
    if not {"value", "rating"} & set((node.get("class") or "")[:200].split()):
        return False
    return any("hreview" in (above.get("class") or "").split() for above in islice(node.iterancestors(), 6))


def _says_more(node: Element, words: str) -> bool:
    """An element further in says the rating, and this one has other words beside it: a title, a name."""
    for child in node:
        inside = parts(child) if isinstance(child.tag, str) else None
        said = words_of(inside) if inside else ""
        if said and rating_in(said):
            rest = words.replace(said, "", 1)
            return any(map(str.isalpha, rest)) or _says_more(child, said)
    return False


def _sure(words: str, node: Element) -> Rating | None:
    """A rating that cannot be a page number, a date or a slide of a carousel."""
    found = rating_in(words)
    if found is None:
        return None
    text = plain(words)
    if glyphs := glyphs_in(text):
        return found if glyphs.best or glyphs.value >= 2 or _near(node) else None
    if re.fullmatch(rf"{NUMBER}\s?/\s?{NUMBER}", text) or not RATING_WORD.search(text):
        return found if _near(node) or ("." in text and found.best in {5.0, 10.0}) else None
    return found


def _near(node: Element) -> bool:
    """The element, or one of the two around it, is named for ratings."""
    for _ in range(3):
        if is_named(node):
            return True
        around = node.getparent()
        if around is None:
            return False
        node = around
    return False


def _drawn_here(node: Element, inside: list[Element]) -> Rating | None:
    """Drawn stars, read at the element that is named for them or holds the row itself."""
    if any(each is not None and each.tag == node.tag and "star" in look(each) for each in (node.getprevious(), node.getnext())):
        return None  # one star of a row
    if any(
        _sure(label, part)
        for part in inside[1:]
        if isinstance(part.tag, str)
        for name in LABELS
        if (label := part.get(name)) and len(label) <= MAX_WORDS
    ):
        return None  # a label further in says it better
    if is_named(node):
        return drawn(inside)
    if 3 <= len(node) <= 10 and all("star" in look(icon) for icon in node):
        return icons_in(inside[:1] if len(inside) > MAX_PARTS else inside)
    return None


def _is_asked(node: Element) -> bool:
    """Part of a control: a form's stars, a filter."""
    for _ in range(4):
        around = node.getparent()
        if around is None:
            return False
        node = around
        if node.tag in _ASKS or node.tag == "fieldset" or node.get("role") in _ASKING:
            return True
    return False


_UP = re.compile(r"(?<![a-z])(?:thumbs?-?)?(?:up|up-?votes?|plus|likes?|agree|positiv[aeo]?|m[aá]s)(?![a-z])")
_DOWN = re.compile(r"(?<![a-z])(?:thumbs?-?)?(?:down|down-?votes?|minus|dislikes?|disagree|negativ[aeo]?|menos)(?![a-z])")
MAX_AROUND = 30
"""Elements of a block that votes stand in."""


def _is_tally(node: Element, inside: list[Element]) -> bool:
    """A bare number that others vote up and down: what they think of the words, not what these say of the thing."""
    words = plain(words_of(inside))
    if not any(map(str.isdigit, words)) or glyphs_in(words):
        return False
    around: Element | None = node
    for _ in range(3):
        around = around.getparent() if around is not None else None
        block = parts(around) if around is not None else None
        if block is None or len(block) > MAX_AROUND:
            return False
        controls = [_control(part) for part in block if isinstance(part.tag, str)]
        if any(map(_UP.search, controls)) and any(map(_DOWN.search, controls)):
            return True
    return False


def _control(part: Element) -> str:
    """What a link, a button or its icon is called."""
    if part.tag not in {"a", "button", "i", "img", "svg", "span"}:
        return ""
    return " ".join(
        [names(part), *((part.get(name) or "")[:MAX_WORDS].lower() for name in ("title", "aria-label", "alt", "rel"))]
    )


def _is_mean(node: Element, inside: list[Element]) -> bool:
    if is_counted(words_of(inside)) or any(
        is_counted(label) for name in LABELS if (label := node.get(name)) and len(label) < MAX_WORDS
    ):
        return True
    around = node.getparent()
    beside = parts(around) if around is not None else None
    return beside is not None and len(said := words_of(beside)) <= 80 and is_counted(said)
