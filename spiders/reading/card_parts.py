"""What a review card is made of: its words, who wrote them and when, told apart by roles, headings, names and place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from lxml.etree import _Element as Element

from spiders.reading.card_text import (
    ASIDE,
    BODY,
    BREAKING,
    MAX_NAME,
    MORE,
    SECTION,
    SILENT,
    VERIFIED,
    Path,
    body_of,
    children,
    free,
    is_heading,
    own_words,
    short_words,
)
from spiders.reading.printed_dates import Printed, printed_date
from spiders.reading.rating_words import LABELS, Rating, names
from spiders.reading.select import text_of


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the page that shows a rating or a date."""

    at: int
    """The element's number in the order of the page."""
    node: Element
    says: Rating | Printed


_TITLE = re.compile(r"(?<![a-z])(?:title|headline|subject|summary|subtitle|제목|件名)(?![a-z])")
_AUTHOR = re.compile(
    r"(?<![a-z])(?:[a-z]{0,8}author|reviewer|user-?name|nick-?name|by-?line|(?:profile|customer|display|consumer|comment|review|member)-?name)(?![a-z])"
)
_PERSON = re.compile(r"(?<![a-z])(?:user|nick|writer|name|member|customer|profile)(?![a-z])")
_PROFILE = re.compile(r"/(?:users?|user_details|profiles?|members?|people|u|author|reviewer|rvwr)[/?][^/]", re.IGNORECASE)
_REPLY = re.compile(
    r"(?<![a-z])(?:reply|replies|response|owner|seller-?comment|merchant-?(?:comment|response)|ceo|admin)(?![a-z])"
)
_VOICE = re.compile(r"(?<![a-z])(?:comments?|reply|replies|children|thread|responses?|answers?)(?![a-z])")
_REPLIED = re.compile(
    r"(?i)^\W{0,4}(?:company replied\b|(?:owner|seller|company|business|official|manager|management)?\s?(?:response|reply|answer)\b|(?:response|reply|answer) (?:from|by|of)\b"
    r"|(?:판매자|사장님|고객센터|관리자|담당자)\s?(?:의\s)?(?:답변|답글|댓글)|(?:お店|店舗|ショップ|オーナー|販売者)から?の?(?:返信|返答|回答|コメント)|réponse d|antwort (?:von|des)|respuesta d)"
)
_UNVERIFIED = re.compile(r"(?i)\b(?:not|non|un)[- ]?verified")
_EXPERIENCED = re.compile(
    r"(?i)\b(?:date of (?:experience|stay|visit|travel|purchase)|visited|stayed|travell?ed|visit date|dined|experienced)\b|방문|투숙|이용일|訪問|来店|宿泊|利用(?:日|時期)"
    r"|besucht am|visité|date du séjour|fecha de (?:la )?(?:estancia|visita)"
)
_VISIT = re.compile(r"(?<![a-z])(?:stay|stayed|visit|visited|travel|trip|experience|purchase)-?(?:date|ed|time)?(?![a-z])")
_DATED = re.compile(r"(?<![a-z])(?:date|time|timestamp|published|created|posted|date-?published|date-?created)(?![a-z])")
_STAMPS = ("datetime", "content", "data-date", "data-time", "data-content", "data-timestamp")


def date_of(node: Element, said: str | None, *, dayfirst: bool | None, zone: tzinfo | None) -> Printed | None:
    """The date that an element shows: `time`, itemprop, or a short line with one in it. `said` is what `short_words` gives."""
    for name in _STAMPS if node.tag == "time" or _DATED.search(names(node)) else ():
        if (value := node.get(name)) and (found := printed_date(value, dayfirst=dayfirst, zone=zone)):
            return Printed(found.moment, said or "")
    if said is None or any(child.tag in BREAKING for child in node):
        return None
    found = printed_date(said, dayfirst=dayfirst, zone=zone)
    if found is not None and found.moment is not None:
        return found
    return _titled_date(node, said, dayfirst, zone) or found


def _titled_date(node: Element, said: str, dayfirst: bool | None, zone: tzinfo | None) -> Printed | None:
    """`<span title="2024-01-05">a while ago</span>`."""
    title = node.get("title")
    found = printed_date(title, dayfirst=dayfirst, zone=zone) if title and said and len(said) <= 30 else None
    return Printed(found.moment, said) if found else None


# --- parts of one card ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The words of a card."""

    title: str | None
    text: str
    text_path: Path
    """Where in the card the text stands."""
    author: str | None
    verified: bool | None
    published_at: datetime | date | None
    experienced_at: date | None
    reply_text: str | None
    reply_at: datetime | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Elements of a card that the market file names; None is found out."""

    text: Element | None = None
    title: Element | None = None
    author: Element | None = None
    date: Element | None = None


def parts_of(card: Element, ratings: Sequence[Mark], dates: Sequence[Mark], told: Told, known: Path | None = None) -> Parts:
    """Reads a card, whose ratings and dates are known. `known`: where the text stands in the other cards of its template."""
    shown = {id(mark.node) for mark in ratings}
    reply = _reply(card, shown | {id(mark.node) for mark in dates[:1]})
    inside_reply = _within(reply)
    others = _voices(card, shown, dates) - inside_reply
    own = [mark for mark in dates if id(mark.node) not in inside_reply | others]
    days = [mark for mark in own if isinstance(mark.says, Printed) and mark.says.moment and not mark.says.is_month]
    # A month beside a day is that of the visit.
    experienced = [
        mark for mark in own if _is_experience(mark) or (days and isinstance(mark.says, Printed) and mark.says.is_month)
    ]
    written = [mark for mark in own if mark not in experienced]
    taken = {id(mark.node) for mark in (*ratings, *dates) if id(mark.node) not in inside_reply} | inside_reply | others
    taken -= {id(card)}
    author = told.author if told.author is not None else _author(card, taken, {id(mark.node) for mark in own})
    taken |= {id(author)} if author is not None else set()
    title = told.title if told.title is not None else _title(card, taken)
    taken |= {id(title)} if title is not None else set()
    said, path = (text_of(told.text), ()) if told.text is not None else body_of(card, taken, known)
    text = text_of(said)
    if not text and title is not None and told.title is None and not is_heading(title):
        text, title = text_of(title), None  # the only words there are
    name = _by(" ".join(text_of(author).split())) if author is not None else None
    line = " ".join(text_of(own_words(title, taken - {id(title)})).split()) if title is not None else ""
    return Parts(
        title=line if line and line != text else None,
        text=text,
        text_path=path,
        author=name or None,
        verified=_verified(card, text),
        published_at=next((mark.says.moment for mark in written if isinstance(mark.says, Printed) and mark.says.moment), None),
        experienced_at=next(
            (_day(mark.says.moment) for mark in experienced if isinstance(mark.says, Printed) and mark.says.moment), None
        ),
        reply_text=(_answer(reply) or None) if reply is not None else None,
        reply_at=next(
            (mark.says.moment for mark in dates if id(mark.node) in inside_reply and isinstance(mark.says, Printed)), None
        ),
    )


def _day(moment: datetime | date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _within(node: Element | None) -> set[int]:
    return {id(part) for part in node.iter()} if node is not None else set()


def _is_experience(mark: Mark) -> bool:
    """The date is that of the visit: the words beside it say so, or those of the label before it."""
    if isinstance(mark.says, Printed) and _EXPERIENCED.search(mark.says.rest):
        return True
    before, around = mark.node.getprevious(), mark.node.getparent()
    if _VISIT.search(names(mark.node)) or (around is not None and _VISIT.search(names(around))):
        return True
    if before is None and around is not None and _EXPERIENCED.search((around.text or "")[:MAX_NAME]):
        return True
    label = short_words(before, 40) if before is not None and isinstance(before.tag, str) else None
    return bool(label and _EXPERIENCED.search(label))


def _reply(card: Element, known: set[int]) -> Element | None:
    """The company's answer below the review: named so, or opening with "Response from …". Never what holds `known` elements."""
    tried = 0
    for part in card.iter():
        if part is card or not isinstance(part.tag, str) or part.tag in SILENT:
            continue
        opening = short_words(part, MAX_NAME)
        if not (_REPLY.search(names(part)) or (opening and _REPLIED.search(opening))):
            continue
        tried += 1
        if tried > 20:
            return None
        node: Element | None = part
        for _ in range(6):
            if node is None or node is card or any(id(each) in known for each in node.iter()):
                break
            if len(_answer(node)) >= 12:
                return node
            above = node.getparent()
            if above is None or not own_words(above, set()).startswith(own_words(node, set())):
                break  # other words stand before it: it is no heading
            node = above
    return None


def _answer(block: Element) -> str:
    """The words of a reply without its date and "Response from …"."""
    dated = {id(part) for part in block.iter("time")}
    lines = [line for line in own_words(block, dated).split("\n") if not (len(line) < MAX_NAME and _REPLIED.search(line))]
    return "\n".join(line for line in lines if not MORE.search(line) and not printed_date(line))


def _voices(card: Element, ratings: set[int], dates: Sequence[Mark]) -> set[int]:
    """What others say inside the card, each with a date of its own: answers of other customers, threads."""
    first = id(dates[0].node) if dates else 0
    heard: set[int] = set()
    for mark in dates[1:50]:
        node, outermost = mark.node.getparent(), None
        while node is not None and node is not card:
            if node.tag in {"li", "article"} or _VOICE.search(names(node)):
                outermost = node
            node = node.getparent()
        if outermost is not None and id(outermost) not in heard:
            inside = _within(outermost)
            if first not in inside and not inside & ratings:
                heard |= inside
    return heard


def _author(card: Element, taken: set[int], dated: set[int]) -> Element | None:
    """Who wrote it: marked so, else named so, else a link to a profile, else the line beside a portrait or before the date."""
    found: dict[int, Element] = {}
    for part in free(card, taken):
        said = short_words(part, MAX_NAME)
        if said and any(map(str.isalpha, said)) and not _REPLIED.search(said) and not VERIFIED.search(said):
            rank = _author_rank(part, said) or (6 if _is_name_like(part, said) and _is_beside(part, dated, card) else 0)
            if rank not in found or (rank == 2 and found[2] in part.iterancestors()):  # the name inside the line about the author
                found[rank] = part
    found.pop(0, None)
    best = found[min(found)] if found else None
    while (
        best is not None
        and len(inner := [child for child in children(best) if id(child) not in taken and short_words(child)]) == 1
    ):
        best = inner[0]
    return best


def _author_rank(part: Element, said: str) -> int:
    """How surely a line is the author, 1 the surest; 0 where nothing says so."""
    named = names(part)
    if "avatar" in named:
        return 0
    if part.get("itemprop") == "author" or part.get("rel") == "author" or part.tag in {"cite", "address"}:
        return 1
    if _AUTHOR.search(named):
        return 2
    if _PERSON.search(named) and not any(other.search(named) for other in (BODY, _TITLE, ASIDE)):
        # A name alone, not a block with the town as well.
        return 3 if sum(1 for child in children(part) if short_words(child)) <= 1 else 0
    if part.tag == "a" and _PROFILE.search(part.get("href") or "") and len(said) <= 40:
        return 4
    before = part.getprevious()
    return 5 if before is not None and _is_portrait(before) and _is_name_like(part, said) else 0


def _is_name_like(part: Element, said: str) -> bool:
    return len(said) <= 40 and not children(part) and not any(map(str.isdigit, said)) and "avatar" not in names(part)


def _is_beside(part: Element, dated: set[int], card: Element) -> bool:
    """A line of two or three words, name and date; in the card itself it could as well be the text."""
    around, behind = part.getparent(), part.getnext()
    return behind is not None and id(behind) in dated and around is not card and around is not None and len(around) <= 3


def _is_portrait(node: Element) -> bool:
    inner = (
        next((each for each in list(node.iter())[:4] if each.tag in {"img", "picture"}), None)
        if isinstance(node.tag, str)
        else None
    )
    return inner is not None and not (node.tail or "").strip()


def _by(name: str) -> str:
    return re.sub(r"(?i)^(?:(?:written |posted |reviewed )?by|von|par|por|작성자|投稿者)\s?[:：]?\s+", "", name).strip(" ,-–—|·")


def _title(card: Element, taken: set[int]) -> Element | None:
    headings = [part for part in free(card, taken) if is_heading(part)] + [
        part
        for part in free(card, taken)
        if not is_heading(part) and _TITLE.search(names(part)) and short_words(part, 200) and "avatar" not in names(part)
    ]
    return next(
        (part for part in headings if any(map(str.isalnum, line := own_words(part, taken))) and not SECTION.match(line)), None
    )


def _verified(card: Element, text: str) -> bool | None:
    """True or False where a badge says so; the review's own words are no badge."""
    for part in card.iter():
        if isinstance(part.tag, str) and part.tag not in {"script", "style"}:
            labels = [part.get(name) or "" for name in LABELS]
            for said in [short_words(part, 60) or "", *labels]:
                if said and len(said) <= 60 and said not in text and VERIFIED.search(said):
                    return not _UNVERIFIED.search(said)
    return None
