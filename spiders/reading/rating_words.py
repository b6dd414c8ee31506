"""The words and names of rating widgets: what a label says of a rating, and what a page's author calls an element."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from lxml.etree import _Element as Element

MAX_PARTS = 60
"""Elements inside a widget; ten drawn stars with gradients have some fifty."""
MAX_WORDS = 160
"""Characters of a label or of a widget's own words."""


@dataclass(frozen=True, slots=True)
class Rating:
    value: float
    best: float | None
    """None where the widget does not show its scale."""


_SCALES = frozenset({3.0, 4.0, 5.0, 6.0, 7.0, 10.0, 20.0, 100.0})

# --- words ------------------------------------------------------------------------------------------------------------

NUMBER = r"(\d{1,3}(?:[.,]\d{1,4})?)"
_STARS = r"(?:-?\s?(?:stars?|sterren|sternen?|étoiles?|estrellas?|estrelas?|stelle|stjärnor|gwiazd\w{0,3}|つ星|個|개|点|점|★|⭐))"
_OUT_OF = re.compile(
    rf"(?<![\d/.,-]){NUMBER}\s{{0,3}}{_STARS}?\s{{0,3}}(?:/|\b(?:out of|of|von|sur|su|de|di|van|av|af|z|ud af|out)\b)\s{{0,3}}{NUMBER}(?![\d:/.]\d|\d)"
    r"(?!\s{0,3}(?:people|customers?|users?|guests?|found|images?|photos?|pages?|slides?|人))"
)
_MAX_FIRST = re.compile(
    rf"{NUMBER}\s{{0,3}}(?:点|점|つ星|개)?\s{{0,3}}(?:満点中?の?うち|満点中|満点で|のうち|中の?|만점에서?|만점\s?중에?|중에?|의)\D{{0,6}}?{NUMBER}"
)
_RATED = re.compile(
    r"(?:\brated?\b|ratings?\b|\bscored?\b|별점|평점|점수|評価|評点|点数|総合|星|별|bewertung|\bnote\b|puntuaci[oó]n|valoraci[oó]n|hodnocení|ocena"
    rf"|[★⭐])(?:\s{{0,3}}(?:average|value|given|łączna|は|:|：|is|of|=|-)){{0,4}}\s{{0,3}}{NUMBER}(?![\d:/.,]|\s?%)"
)
_STARRED = re.compile(rf"(?<![\d.,-]){NUMBER}(?:{_STARS}|\s?/\s?5)(?![a-z])")
_GLYPHS = re.compile(r"([★⭐⭑\U0001f31f]{0,10})([⯨⯪]?)([☆✩⚝✰]{0,10})")
BARE = re.compile(rf"[^\d\-–]{{0,40}}{NUMBER}(?![\d.,]|\s?%)")
_NUMERALS = {"one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "ten": "10"}
_NUMERAL = re.compile(r"\b(?:one|two|three|four|five|ten)\b")
RATING_WORD = re.compile(
    r"\bstars?\b|\bbubbles?\b|\brat(?:ed|ing|ings)\b|\bscored?\b|\bout of\b|별점|평점|점|評価|点|星|stern|étoile|estrell|estrela|stelle|bewert|[★⭐/]"
)
_COUNTED = re.compile(
    r"\(\s?\d[\d,.\s]{0,9}[km+]?\s?\)|(?<![\d.,])\d{1,3}(?:[,. ]\d{3}){0,3}[km+]?\s{0,2}(?:(?!stars?\b)[^\W\d]{1,12}\s)?"
    r"(?:reviews?|ratings\b|votes?\b|opinions?\b|avis\b|bewertungen|reseñas|opiniones|recensioni|avaliações|件|개의?\s?(?:리뷰|후기|평가|상품평)|명|レビュー|クチコミ|口コミ)"
    r"|\b1 rating\b|(?:리뷰|후기|상품평|レビュー|口コミ|\breviews?)\s?\(?\d[\d,]*\)?"
)


def plain(text: str) -> str:
    """Lower case, full-width digits made plain, one space between words."""
    return " ".join(unicodedata.normalize("NFKC", text[: 2 * MAX_WORDS]).lower().split())


def rating_in(words: str) -> Rating | None:
    """The rating that a label or a short text names: `Rated 4 stars`, `4.0/5`, `별점 4점`, `5点満点中4`, `★★★★☆`; None without one."""
    text = _NUMERAL.sub(lambda numeral: _NUMERALS[numeral[0]], plain(words))
    if glyphs := glyphs_in(text):
        return glyphs
    for form, first in ((_MAX_FIRST, 2), (_OUT_OF, 1)):
        if match := form.search(text):
            return on_scale(number(match[first]), number(match[3 - first]))
    for form in (_RATED, _STARRED):
        if match := form.search(text):
            return on_scale(number(match[1]), None)
    return None


def is_counted(words: str) -> bool:
    """Beside the rating stands how many gave one: it is the mean of many, not one person's."""
    return bool(_COUNTED.search(plain(words)))


def glyphs_in(text: str) -> Rating | None:
    drawn = text.replace(" ", "").replace("\ufe0f", "")
    match = _GLYPHS.fullmatch(drawn)
    if match is None or not drawn:
        return None
    full, half, empty = len(match[1]), 0.5 * len(match[2]), len(match[3])
    best = full + len(match[2]) + empty
    if not full and not half:
        return None  # nothing filled in: a form that waits for stars
    return Rating(full + half, float(best) if empty or half else None)


def number(digits: str) -> float:
    return float(digits.replace(",", "."))


def on_scale(value: float, best: float | None) -> Rating | None:
    if best is None:
        return Rating(value, None) if value <= 10 else None
    return Rating(value, best) if best in _SCALES and value <= best else None


# --- names ------------------------------------------------------------------------------------------------------------

CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAMED = re.compile(
    r"(?<![a-z])(?:[a-z]{0,12}(?:stars?|ratings?|bubbles?)|rate|rated|scores?|grade|hodnoceni|ocena|valoracion|bewertung|note|evaluation|hyouka|byeoljeom)"
    r"(?:s|value|val)?(?![a-z])"
)
LABELS = ("aria-label", "title", "alt", "data-original-title", "data-tooltip", "aria-valuetext")


def names(node: Element) -> str:
    """What the page's author calls the element: class, id and the like, in lower case with camel case split."""
    return _lowered(node.get("class"), node.get("id"), node.get("itemprop"), node.get("data-hook"), node.get("data-testid"))


@lru_cache(maxsize=10_000)
def _lowered(*said: str | None) -> str:
    return CAMEL.sub("-", " ".join(filter(None, said))[:400]).lower()


def is_named(node: Element) -> bool:
    """The element's name says that it is about stars or ratings."""
    return _is_named(names(node))


@lru_cache(maxsize=10_000)
def _is_named(said: str) -> bool:
    return bool(_NAMED.search(said))


def parts(node: Element) -> list[Element] | None:
    """The element and all inside; None when that is more than a widget has."""
    found: list[Element] = []
    for part in node.iter():
        if len(found) > MAX_PARTS:
            return None
        found.append(part)
    return found


def words_of(inside: list[Element]) -> str:
    """The words of a widget as a reader sees them, cut after MAX_WORDS."""
    found: list[str] = []
    size = 0
    for part in inside:
        own = part.text or "" if isinstance(part.tag, str) and part.tag not in _SILENT else ""
        behind = part.tail or "" if part is not inside[0] else ""
        found += [own, behind]
        size += len(own) + len(behind)
        if size > 4 * MAX_WORDS:
            break
    return " ".join(" ".join(found).split())[:MAX_WORDS]


_SILENT = frozenset({"script", "style", "title", "defs", "noscript", "template"})
