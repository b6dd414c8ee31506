"""The words of a review card: lines and blocks of an element, and which of them is the review."""

import re
from collections.abc import Iterator

from lxml.etree import _Element as Element

from spiders.reading.printed_dates import MAX_SENTENCE
from spiders.reading.rating_words import names

MAX_NAME = 80
"""Characters of a person's name or a title's line; longer is prose."""

Path = tuple[tuple[str, str | None], ...]
"""Where in its card an element stands: tags and classes from it up to the card."""

BODY = re.compile(
    r"(?<![a-z])(?:body|text|content|contents|comment|description|message|desc|txt|reviewtext|reviewbody|quote|opinion|excerpt)(?![a-z])"
)
ASIDE = re.compile(
    r"(?<![a-z])(?:helpful|vote|votes|useful|actions?|share|report|badges?|avatar|tooltip|pagination|photos?|images?|gallery|footer|tags?)(?![a-z])"
)
VERIFIED = re.compile(
    r"(?i)\bverified(?: (?:purchase|buyer|customer|review|owner|reviewer|user|stay))?\b|구매\s?(?:인증|확정)|인증된? 구매|実購入|購入(?:済み|が確認|者レビュー)|で購入|achat vérifié|verifizierter kauf"
    r"|compra verificada|acquisto verificato"
)
MORE = re.compile(
    r"(?i)^(?:read|show|see|view)\s(?:more|less|full.{0,20}|all.{0,20})$|^(?:더\s?보기|접기|자세히 ?보기|もっと見る|続きを読む|閉じる|lire la suite|mehr(?: anzeigen)?|leer más|…|\.\.\.)$"
)
SECTION = re.compile(
    r"(?i)^\W{0,3}(?:(?:our|all|most|recent|latest|top|helpful|customers?['’]?s?|user|guest|product|verified|what|the|kunden|produkt)[ -]?){0,3}"
    r"(?:reviews|testimonials|ratings(?: (?:and|&) reviews)?|(?:reviews|customers|clients|people|guests) (?:are )?say(?:ing)?"
    r"|bewertungen|rezensionen|(?:les )?avis(?: (?:des )?clients?)?|(?:opiniones|rese[nñ]as|comentarios)(?: de (?:los )?clientes)?"
    r"|recensioni(?: dei clienti)?|opinie(?: klientów)?|vélemények|recenze|отзывы(?: покупателей)?|(?:상품|구매|고객)?\s?(?:후기|리뷰|상품평)"
    r"|(?:カスタマー|お客様の?)?(?:レビュー|口コミ))"
    r"\W{0,4}(?:\d[\d.,]{0,8})?\W{0,3}(?:(?:for|of|about|zu|für|sur|sobre) .{0,80})?$"
)
"""The heading of a section of reviews: no review's title."""
SILENT = frozenset(
    {"script", "style", "noscript", "template", "svg", "button", "form", "select", "textarea", "input", "nav", "footer"}
)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PROSE = frozenset(
    {"p", "div", "span", "td", "dd", "blockquote", "q", "li", "section", "article", "a", "label", "pre", "em", "i", "b", "strong"}
)
BREAKING = frozenset(
    {
        "p",
        "div",
        "td",
        "dd",
        "dt",
        "dl",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "tbody",
        "section",
        "article",
        "header",
        "blockquote",
        *_HEADINGS,
    }
)


def children(node: Element) -> list[Element]:
    return [child for child in node if isinstance(child.tag, str)]


def is_heading(node: Element) -> bool:
    return node.tag in _HEADINGS or node.get("role") == "heading"


def short_words(node: Element, limit: int = MAX_SENTENCE) -> str | None:
    """An element's words where they are one short line; None where there are more of them or of its parts."""
    said: list[str] = []
    size = 0
    for n, part in enumerate(node.iter()):
        if n > 12:
            return None
        own = _spaced(part.text) if isinstance(part.tag, str) and part.tag not in {"script", "style"} else ""
        behind = _spaced(part.tail) if part is not node else ""
        said += [own, behind]
        size += len(own) + len(behind)
        if size > 2 * limit:
            return None
    line = " ".join("".join(said).split())
    return line if len(line) <= limit else None


def _spaced(text: str | None) -> str:
    """With one space for all white space; that at the ends stays, for a word may go on in the next element."""
    return " ".join(f".{text}.".split())[1:-1] if text else ""


def free(card: Element, taken: set[int]) -> Iterator[Element]:
    """Elements of the card in order, without those that are silent, beside the point, or taken."""
    stack = children(card)[::-1]
    while stack:
        part = stack.pop()
        if part.tag in SILENT or id(part) in taken or part.get("aria-hidden") == "true":
            continue
        yield part
        stack.extend(children(part)[::-1])


def own_words(node: Element, taken: set[int]) -> str:
    """An element's words without those of the parts that are taken."""
    said: list[str] = []
    size = 0
    stack: list[Element | str] = [node]
    while stack and size <= 100_000:
        part = stack.pop()
        if isinstance(part, str):
            said.append(part)
            size += len(part)
            continue
        if not isinstance(part.tag, str) or part.tag in SILENT or id(part) in taken:
            continue
        breaking = "\n" if part.tag in BREAKING or part.tag == "br" else ""
        said += [breaking, _spaced(part.text)]
        size += len(said[-1]) + 1
        stack.append(breaking if part.tag != "br" else "")
        for child in reversed(part):
            stack += [_spaced(child.tail), child]
    lines = [" ".join(line.split()) for line in "".join(said).split("\n")]
    return "\n".join(line for line in lines if line)


def direct_words(node: Element, taken: set[int]) -> str:
    """The words that stand in the element itself or in its inline parts."""
    said = [node.text or ""]
    for child in node:
        if isinstance(child.tag, str) and child.tag not in BREAKING and child.tag not in SILENT and id(child) not in taken:
            said.append("\n" if child.tag == "br" else short_words(child, 2000) or "")
        said.append(child.tail or "")
    return " ".join("".join(said).split())


def body_of(card: Element, taken: set[int], known: Path | None) -> tuple[str, Path]:
    """The most telling block: named for it, else the one with the most words that are not in links; with its like beside it.

    With `known` it is the block that stands where those of other cards stand; another one only where it is prose.
    """
    parts = [part for part in free(card, taken) if part.tag in _PROSE and not is_heading(part)]
    at_known = [part for part in parts if _path(part, card) == known] if known is not None else []
    blocks = [(_weight(part, card, taken), part) for part in at_known or parts]
    weight, best = max(blocks, key=lambda block: block[0], default=(0.0, card))
    if weight <= 0:
        return (direct_words(card, taken), ()) if known is None else ("", ())
    if known is not None and not at_known and len(direct_words(best, taken)) <= MAX_NAME:
        return "", ()
    kept = [
        line
        for part in _like(best, card, taken)
        for line in own_words(part, taken).split("\n")
        if not (MORE.search(line) or is_label(line))
    ]
    text = re.sub(r"\s?(?:\.\.\.|…)?\s?(?:Read more|もっと見る|더보기|더 보기)$", "", "\n".join(kept)).strip()
    return text, _path(best, card)


def _path(node: Element, card: Element) -> Path:
    """Where in the card an element stands: tags and classes from it up to the card."""
    steps: list[tuple[str, str | None]] = []
    above: Element | None = node
    while above is not None and above is not card and len(steps) < 50:
        steps.append((str(above.tag), above.get("class")))
        above = above.getparent()
    return tuple(steps)


def _like(best: Element, card: Element, taken: set[int]) -> list[Element]:
    """The block with those of its kind that follow or precede it, without a rating or a date between or in them."""
    around = best.getparent()
    if around is None or best.tag not in {"p", "li", "div", "span"}:
        return [best]
    if best.get("class") and BODY.search(names(best)):  # what was liked and what was not, say
        twins = [part for part in free(card, taken) if (part.tag, part.get("class")) == (best.tag, best.get("class"))]
        if 1 < len(twins) <= 4 and not any(id(each) in taken for part in twins for each in part.iter()) and _are_apart(twins):
            return twins
    if around is not card and best.tag == "p" and len(direct_words(around, taken)) > 20:
        return [around]
    like: list[Element] = []
    for part in children(around):
        same = (part.tag, part.get("class")) == (best.tag, best.get("class")) and not any(
            id(each) in taken for each in part.iter()
        )
        if same:
            like.append(part)
        elif part.tag != "br" and best in like:
            break
        elif part.tag != "br":
            like = []
    return like or [best]


def _are_apart(parts: list[Element]) -> bool:
    """None holds another."""
    return not any(part in set(other.iterancestors()) for part in parts for other in parts)


def _weight(part: Element, card: Element, taken: set[int]) -> float:
    """How much an element's own words could be the review; 0 for badges and buttons."""
    words = direct_words(part, taken)
    if (
        not any(letter.isalnum() or letter >= "\U0001f300" for letter in words)
        or MORE.search(words)
        or is_label(words)
        or (len(words) < 60 and VERIFIED.search(words))
    ):
        return 0.0
    around = part.getparent()
    said = [names(part), names(around) if around is not None and around is not card else ""]
    if part.get("itemprop") in {"reviewBody", "description"}:
        return 1000.0 * len(words)
    aside = part.tag in {"a", "label"} or any(map(ASIDE.search, said))
    return len(words) * (0.2 if aside else 1.0) * (3.0 if any(map(BODY.search, said)) else 1.0)


def is_label(words: str) -> bool:
    """`Pros:`, `3 people found this helpful`: said about a review, not in it."""
    return bool(
        re.search(
            r"(?i)^\W{0,3}(?:\d{1,6}|one|an?) (?:people|person|customers?|(?:out )?of \d+).{0,40}(?:helpful|useful)|^(?:was|is|did|do) .{0,40}(?:helpful|useful)\b|^.{1,25}[:：]$|\d+명에게 도움|参考になった",
            words,
        )
    )


_NONE = re.compile(
    r"(?i)(?<![\d.,])0 (?:customer )?(?:reviews?|ratings?|kundenbewertungen|bewertungen|rezensionen|avis|opiniones|rese[nñ]as|recensioni|opinii)\b"
    r"|\bno (?:customer |product )?(?:reviews?|ratings?)(?: (?:yet|so far|available|found|have|for))|\bbe the first\b.{0,30}\b(?:review|rate|comment)"
    r"|\b(?:noch )?keine (?:kunden)?(?:bewertung|rezension)|\b(?:erste|ersten) (?:kunden)?(?:bewertung|rezension)|\baucun avis\b|\bpremier à (?:donner|laisser|noter)"
    r"|\bprimero en (?:opinar|comentar|valorar)|\bbrak opinii\b|\bнет отзывов\b|등록된 (?:상품평|후기|리뷰)가 없|まだ(?:レビュー|口コミ)"
)


def says_none(words: str) -> bool:
    """`0 reviews`, `Be the first to review it`: that nobody has written yet."""
    return len(words) <= 200 and _NONE.search(words) is not None
