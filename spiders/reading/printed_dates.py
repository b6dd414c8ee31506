"""A date inside a sentence, as pages print it in several languages: `Reviewed in Canada on 8 April 2016`, `작성일 2024.01.05`."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from spiders.reading.select import parse_date

MAX_SENTENCE = 120
"""Characters; longer texts are prose, and a date in it is part of what is told."""

# The beginnings of the months' names in English, German, French, Spanish, Italian, Portuguese and Dutch, told apart by what follows.
_MONTHS = (
    (1, "jan", "ene", "gen"),
    (2, "feb", "fév", "fev", "febb"),
    (3, "mar", "mär", "mrz", "maa", "mrt"),
    (4, "apr", "avr", "abr"),
    (5, "may", "mai", "mag", "mei"),
    (6, "jun", "juin", "giu"),
    (7, "jul", "juil", "lug"),
    (8, "aug", "aoû", "aou", "ago"),
    (9, "sep", "set"),
    (10, "oct", "okt", "ott", "out"),
    (11, "nov"),
    (12, "dec", "dez", "déc", "dic"),
)
_BEGINNINGS = {beginning: number for number, *beginnings in _MONTHS for beginning in beginnings}
_NAME = r"([^\W\d_]{3,10})\.?"
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:\.|º|er|st|nd|rd|th|\))?\s{{0,2}}(?:de\s|of\s)?\s?-?{_NAME},?-?\s{{0,2}}(?:de\s|del\s)?(\d{{4}})(?!\d)"
)
_MONTH_FIRST = re.compile(rf"(?<![^\W\d_]){_NAME}\s{{1,2}}(\d{{1,2}})(?:st|nd|rd|th)?,?\s{{1,2}}(\d{{4}})(?!\d)")
_MONTH_ONLY = re.compile(rf"(?<![^\W\d_]){_NAME},?\s{{1,2}}(?:de\s|del\s)?(\d{{4}})(?!\d)")
_ISO = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?:[t ]\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,9})?(?:\s?(?:z|[+-]\d{2}:?\d{2}))?)?(?!\d)")
_YEAR_FIRST = re.compile(r"(?<!\d)\d{4}\s?[年년/.-]\s?\d{1,2}(?:\s?[月월/.-]\s?\d{1,2}(?:\s?[日일.])?|\s?[月월])?(?!\d)")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})\s?([/.-])\s?(\d{1,2})\s?\2\s?\d{4}(?![0-9a-zA-Z])")
_SHORT_YEAR = re.compile(r"(?<![\d/.-])(\d{1,2})([/.-])(\d{1,2})\2(\d{2})(?![\d/.-])")
_SHORT_YEAR_FIRST = re.compile(r"(?<![\d.])(\d{2})\.\s?(\d{1,2})\.\s?(\d{1,2})\.(?!\d)")  # as Korean pages shorten it: 24.01.05.
_AGO = re.compile(
    r"\b(?:\d{1,3}|an?|one|two|three|few)\s(?:seconds?|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?|mo|yr)\sago\b|\b(?:yesterday|today|just now)\b"
    r"|\d{1,3}\s?(?:초|분|시간|일|주일?|개월|달|년)\s?전|어제|오늘|방금|\d{1,3}\s?(?:秒|分|時間|日|週間?|[かヶカケ]月|年)前|昨日|今日"
    r"|\bil y a \d|\bvor (?:\d{1,3}|eine[mr]?) |\bhace \d|\bgestern\b|\bhier\b|\bayer\b"
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A date that a text names, and what else it says."""

    moment: datetime | date | None
    """None where it is told by its distance only (`3 days ago`) or could be read in two ways."""
    rest: str
    """The words around it."""
    is_month: bool = False
    """No day was named: the moment is the month's first."""


def printed_date(text: str, *, dayfirst: bool | None = None, zone: tzinfo | None = None) -> Printed | None:
    """The first date in a short text; None where it names none. `dayfirst` and `zone` as in `select.parse_date`.

    A month without a day is its first day.
    """
    said = " ".join(unicodedata.normalize("NFKC", text[: 2 * MAX_SENTENCE]).split())
    if not 4 <= len(said) <= MAX_SENTENCE or not _HINT.search(low := said.lower()):
        return None
    return _in_numbers(said, low, dayfirst, zone) or _with_month(said, low) or _told_by_distance(said, low)


def _in_numbers(said: str, low: str, dayfirst: bool | None, zone: tzinfo | None) -> Printed | None:
    for form in (_ISO, _YEAR_FIRST, _NUMBERS):
        if match := form.search(low):
            moment = parse_date(match[0].upper().rstrip(".-/"), dayfirst=dayfirst, zone=zone)
            if moment is not None or form is _NUMBERS:
                return Printed(moment, _around(said, match), is_month=len(re.findall(r"\d+", match[0])) == 2)
    if (match := _SHORT_YEAR_FIRST.search(low)) and (moment := parse_date(f"20{match[1]}.{match[2]}.{match[3]}")):
        return Printed(moment, _around(said, match))
    match = _SHORT_YEAR.search(low)
    return Printed(_short(match, dayfirst), _around(said, match)) if match else None


def _with_month(said: str, low: str) -> Printed | None:
    for form, year, month, day in ((_DAY_FIRST, 3, 2, 1), (_MONTH_FIRST, 3, 1, 2), (_MONTH_ONLY, 2, 1, 0)):
        for match in form.finditer(low):
            number = _month(match[month])
            moment = parse_date(f"{match[year]}-{number:02}-{int(match[day]) if day else 1:02}") if number else None
            if moment is not None:
                return Printed(moment, _around(said, match), is_month=not day)
    return None


def _told_by_distance(said: str, low: str) -> Printed | None:
    match = _AGO.search(low)
    return Printed(None, _around(said, match)) if match else None


def _short(match: re.Match[str], dayfirst: bool | None) -> date | None:
    """12/23/21 can only be 23 December 2021; 23/12/21 may begin with its year, and is read only where `dayfirst` is known."""
    month_first = int(match[3]) > 12
    if not month_first and dayfirst is None:
        return None
    found = parse_date(f"{match[1]}/{match[3]}/20{match[4]}", dayfirst=False if month_first else dayfirst)
    return found if type(found) is date else None


_HINT = re.compile(r"\d|day|now|an? |one|two|어제|오늘|방금|昨日|今日|gestern|hier|ayer|vor")


def _around(said: str, match: re.Match[str]) -> str:
    return f"{said[: match.start()]} {said[match.end() :]}".strip()


def _month(name: str) -> int | None:
    """1 to 12; None for a word that is no month."""
    for length in (4, 3):
        if number := _BEGINNINGS.get(name[:length]):
            return number if _MONTH_NAME.fullmatch(name) else None
    return None


_MONTH_NAME = re.compile(
    r"jan(?:uary|uar|uari|vier|eiro|v)?|ene(?:ro)?|gen(?:naio)?|f[eé]b?v?(?:ruary|ruar|ruari|rero|raio|braio|rier|r)?|feb(?:ruary|ruar|ruari|rero|braio)|févr(?:ier)?"
    r"|mar(?:ch|s|zo|ço)?|märz?|mrz|maart|mrt|apr(?:il|ile)?|avr(?:il)?|abr(?:il)?|may(?:o)?|mai(?:o)?|mag(?:gio)?|mei|jun(?:e|i|io|ho)?|juin|giu(?:gno)?"
    r"|jul(?:y|i|io|ho)?|juil(?:let)?|lug(?:lio)?|aug(?:ust|ustus)?|ao[uû]t|ago(?:sto)?|sep(?:t|tember|tembre|tiembre)?|set(?:embro|tembre|iembre)?"
    r"|o[ck]t(?:ober|obre|ubre)?|ott(?:obre)?|out(?:ubro)?|nov(?:ember|embre|iembre|embro)?|d[eé]c(?:ember|embre)?|dez(?:ember|embro)?|dic(?:iembre|embre)?"
)


def is_day_first(texts: list[str]) -> bool | None:
    """How a page writes 03/04/2024, told by its other dates (25/04/2024); None where they do not tell or contradict each other."""
    found = {
        int(match[1]) > 12 for text in texts for match in _NUMBERS.finditer(text) if (int(match[1]) > 12) != (int(match[3]) > 12)
    }
    return found.pop() if len(found) == 1 else None
