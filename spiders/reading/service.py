"""What a page says about being reached: hours, the time to an answer, links to help, search boxes, languages, people and bots.

Words are matched by the line, with the lists of `service.toml`; nothing is concluded from a widget or a layout. A promise of business
days counts 24 hours a day: it is the bound that a customer is told, not the calendar time over a weekend.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from parsel import Selector

from spiders.reading import address, markup, statements, wording
from spiders.reading.structured import Item

MAX_LINE = 80
"""Characters; a longer line is read by its sentences."""
MAX_SENTENCE = 300
"""Characters; a longer one is not read."""
MAX_PROSE = 3_000
"""Characters of one line that are looked at."""
MAX_LINES = 5_000
"""Of one page."""
MAX_EACH = 100
"""Points of one kind on one page; large sites offer some eighty languages."""

_LISTS: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _any(name: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in _LISTS[name]))


_SPAN, _ALWAYS, _HOURS, _DAYS, _NOT_HOURS = _any("span"), _any("always"), _any("hours"), _any("days"), _any("not_hours")
_PROMISES = tuple(re.compile(pattern) for pattern in _LISTS["promise"])
_NOT_PROMISE, _HELP = _any("not_promise"), _any("help")
_HUMAN, _BOT, _BOT_NAME, _NO_BOT, _NO_HUMAN = _any("human"), _any("bot"), _any("bot_name"), _any("no_bot"), _any("no_human")
_ANSWERS = re.compile(
    r"repl|respon|answer|get back|touch|hear|come back|contact you|답변|회신|응답|답장|연락|답해|返信|回答|返答|返事|連絡"
)
_SENTENCE = re.compile(r"(?<=[。！？])|(?<=[.!?])(?<![ap]\.m\.)\s+(?=[A-Z가-힣])")


def lines_of(text: str) -> list[str]:
    """The lines of a page's text, long ones by their sentences: what the functions below read."""
    found: list[str] = []
    for line in islice(text.split("\n"), MAX_LINES):
        sentences = [line] if len(line) <= MAX_LINE else _SENTENCE.split(line[:MAX_PROSE])
        found += [said for each in sentences if (said := each.strip()) and len(said) <= MAX_SENTENCE]
    return found


def _plain(line: str) -> str:
    return unicodedata.normalize("NFKC", line).lower()


# --- hours ----------------------------------------------------------------------------------------------------------------


def hours(lines: Sequence[str], items: Sequence[Item]) -> Iterator[str]:
    """Opening hours as printed, a line each; of structured data `Mo-Fr 09:00-18:00`."""
    yield from _stated_hours(items)
    near = False
    for before, line in pairwise(["", *lines]):
        if not any(map(str.isdigit, line)):
            near = near and len(line) < 30  # a label within a list of hours: "Phone"
            continue
        said = _plain(line)
        if _NOT_HOURS.search(said):
            near = False
        elif _ALWAYS.search(said):
            if len(said) <= 150 and (_SERVICE.search(said) or _HOURS.search(_plain(before[:60]))):
                yield line
        elif (_CLOCK.search(said) or _DAYS.search(said)) and _SPAN.search(said):
            near = bool(_HOURS.search(said) or (near and _DAYS.search(said)) or _introduced(before, said))
            if near:
                yield line


def _introduced(before: str, said: str) -> bool:
    """A short line in front speaks of hours, or the line itself names days that repeat: "Mon-Fri 9-18", "평일 09:00~18:00"."""
    label = _plain(before[:60])
    return bool(len(before) <= 60 and _HOURS.search(label) and not _NOT_HOURS.search(label)) or (
        len(said) <= 120 and bool(_REPEATED.search(said)) and bool(_CLOCK.search(said) or _BARE_SPAN.search(said))
    )


_REPEATED = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\s?(?:[-–—~]|to|through|until)\s?(?:tue|wed|thu|fri|sat|sun)|weekdays|daily|every day|7 days a week"
    r"|평일|매일|[월화수목금토]\s?[-~–]\s?[금토일]|平日|毎日|[月火水木金土]曜?日?\s?[-~〜–]\s?[金土日]|月曜(?:日)?から"
)
_SERVICE = re.compile(
    r"support|service|chat|customer|contact|reach|call|phone|hotline|agent|available|open\b|help|상담|고객|문의|채팅|전화|운영|対応|受付|サポート|窓口|電話|チャット"
)
_BARE_SPAN = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day,? (?:[5-9]|1[0-2])\s?(?:-|–|to|till|until)\s?(?:[1-9]|1\d|2[0-4])(?=\s?(?:$|[,;()|]|h\b|o.clock))"
)
"""Full names of days and two bare hours behind them: "Monday to Friday, 9 to 17"."""
_CLOCK = re.compile(r"\d[:.]\d{2}|\d\s?[ap]\.?m|\d\s?[시時]|uhr")
_DAY = {"monday": "Mo", "tuesday": "Tu", "wednesday": "We", "thursday": "Th", "friday": "Fr", "saturday": "Sa", "sunday": "Su"}


def _stated_hours(items: Sequence[Item]) -> Iterator[str]:
    for item in items:
        for value in item.values("openinghours")[:MAX_EACH]:
            if isinstance(value, str) and 2 < len(value.strip()) <= 120:
                yield " ".join(value.split())
        if "openinghoursspecification" in item.types or item.role in {"hoursavailable", "openinghoursspecification"}:
            opens, closes = item.text("opens")[:5], item.text("closes")[:5]
            held = (
                value.name or value.id or "" if isinstance(value, Item) else str(value) for value in item.values("dayofweek")[:7]
            )
            days = [_DAY.get(re.split(r"[/#:]", day.strip().lower())[-1], "") for day in held]
            if opens and closes:
                yield f"{_run(days)} {opens}-{closes}".strip()


def _run(days: Sequence[str]) -> str:
    """`Mo-Fr` for days that follow each other, else `Mo,We`."""
    order = list(_DAY.values())
    at = [order.index(day) for day in days if day]
    if len(at) > 2 and at == list(range(at[0], at[0] + len(at))):
        return f"{order[at[0]]}-{order[at[-1]]}"
    return ",".join(order[n] for n in at)


# --- promises -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Promise:
    """A stated time to an answer."""

    words: str
    within_hours: float


_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "twelve": 12,
    "twenty-four": 24,
    "forty-eight": 48,
}
_UNITS: tuple[tuple[str, float], ...] = (
    ("min|분|分", 1 / 60),
    ("h|시간|時間", 1),
    ("w|주|週", 168),
    ("next|익일|다음|翌", 24),
    ("d|일|日|영업|업무|営業|same|당일|当日", 24),
)
MAX_HOURS = 24 * 60
"""A longer time is none to an answer."""


def promises(lines: Sequence[str]) -> Iterator[Promise]:
    """Times to an answer, as printed, with the hours within which it is promised: of a range its end, 24 hours for a (business) day."""
    for line in lines:
        said = _plain(line)
        if not _ANSWERS.search(said) or _NOT_PROMISE.search(said):
            continue
        for pattern in _PROMISES:
            if (match := pattern.search(said)) and (hours := _hours(match.groupdict())) and hours <= MAX_HOURS:
                yield Promise(line, hours)
                break


def _hours(groups: dict[str, str | None]) -> float | None:
    unit = groups.get("unit") or groups.get("unit2") or ""
    printed = groups.get("m") or groups.get("n") or "1"
    number = _NUMBERS.get(printed) or (int(printed) if printed.isdecimal() else None)
    each = next((length for names, length in _UNITS if re.match(names, unit)), None)
    return None if number is None or each is None else round(number * each, 2)


# --- help pages, search boxes, languages ------------------------------------------------------------------------------------


def help_links(links: Sequence[tuple[Tag, str]], url: str) -> Iterator[str]:
    """Addresses of help pages that the page links to by their usual names."""
    for tag, href in links:
        words = markup.words(tag)
        if 0 < len(words) <= 40 and _HELP.fullmatch(_plain(words).strip(" ›»>→:·")):
            there = address.resolved(href, url)
            if there is not None and (address.key(there) != address.key(url)):
                yield there


def search_boxes(soup: BeautifulSoup, url: str) -> Iterator[str]:
    """Where the search boxes of a help page lead; none on other pages, whose boxes search for goods."""
    said = [markup.words(tag)[:200] for tag in soup.find_all(["title", "h1"], limit=4)]
    if not wording.names_help("\n".join([*said, *address.segments(url), address.site(url)])):
        return
    for tag in soup.find_all(["form", "input", "search"], limit=500):
        box = (
            tag.name == "search"
            or tag.get("role") in {"search", "searchbox"}
            or (tag.name == "input" and tag.get("type") == "search")
        )
        form = tag if tag.name == "form" else tag.find_parent("form")
        action = str(form.get("action") or "") if form else ""
        if box or (tag.name == "form" and (re.search("search|검색|検索", action.lower()) or form_searches(tag))):
            yield address.resolved(action, url) or url


def form_searches(form: Tag) -> bool:
    """One text field, named as searches name theirs."""
    fields = [f for f in form.find_all("input", limit=20) if f.get("type", "text") in {"text", "search"}]
    return len(fields) == 1 and fields[0].get("name") in {"q", "query", "search", "keyword", "searchWord"}


def languages(soup: BeautifulSoup, page: Selector) -> Iterator[str]:
    """ISO 639-1 codes: the page's own language, then those of its alternates and of its language switcher."""
    own = statements.language(page)
    if own:
        yield own
    for tag in soup.find_all(["link", "a"], hreflang=True, limit=500):
        if code := address.language(tag.get("hreflang")):
            yield code
    names = [words for tag in soup.find_all(["a", "option", "button"], limit=5_000) if len(words := markup.words(tag)) <= 40]
    named = [code for words in names if (code := address.language_named(words))]
    # One name alone may be a subject, and several in English are cuisines or courses, where no language is called by its own name.
    if len(set(named)) > 1 and any(map(address.is_own_name, names)):
        yield from named


# --- who answers a chat -----------------------------------------------------------------------------------------------------


def answered_by(lines: Sequence[str]) -> tuple[bool | None, bool | None]:
    """Whether people, and whether a bot, answer the chat, as far as the page says: None where it says nothing."""
    human: bool | None = None
    bot: bool | None = None
    for line in lines:
        said = _plain(line)
        if _NO_BOT.search(said):
            bot = bot or False
        elif _BOT.search(said) or (_BOT_NAME.search(line) and re.search("chat|ask|help", said)):
            bot = True
        if _NO_HUMAN.search(said):
            human = human or False
        elif _HUMAN.search(said):
            human = True
    return human, bot


def in_labels(soup: BeautifulSoup) -> Iterator[str]:
    """What buttons and links say to those who cannot see them."""
    for tag in soup.find_all(["button", "a"], attrs={"aria-label": True}, limit=500):
        if len(words := str(tag.get("aria-label"))) <= MAX_SENTENCE:
            yield words
