"""The product's own words in the reader's language: English templates with named values, looked up in gettext catalogs.

`pipeline/catalogs/<language>.po` maps each template to its translation; English is the template itself, and so is what no catalog knows:
a tactic or a theme that a market file adds. A value names its format behind a colon, in the template and so in each translation's own order:
`{share:pct}`, `{ends_on:day}`. SQL builds a sentence as JSON and leaves numbers raw, so that every language formats them itself:

    json_object('say', '{n} reviews since {day:day}', 'n', n, 'day', starts_on)

A value may be such a message itself. `many` beside `say` is the English plural, chosen by the value `n`. A value with an entry for each
language (`{"en": "Delivery", "ko": "배송"}`) is a name that is known in several.
"""

import gettext
import io
import json
import string
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, overload

import duckdb
from babel import Locale, dates, lists, numbers
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from markupsafe import Markup, escape

LANGUAGES = ("en", "ko", "ja")

CATALOGS = Path(__file__).parent / "catalogs"

NONE = "–"
"""What stands for a number that is not known."""


class WordsError(ValueError):
    """A template and its values do not fit; the message names both."""


@cache
def _catalog(language: str) -> gettext.NullTranslations:
    path = CATALOGS / f"{language}.po"
    if not path.exists():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


class Words:
    """How one language says things. `language` is one of LANGUAGES; `timezone` is the reader's, in which moments become days."""

    def __init__(self, language: str = "en", timezone: tzinfo | None = None) -> None:
        self.language = language
        self._locale = Locale.parse(language)
        self._timezone = timezone
        self._catalog = _catalog(language)

    def say(self, template: str, /, **values: Any) -> str:
        """The sentence with its values. Raises WordsError where the template names a value that is not given, or not of its format."""
        return "".join(text for text, _ in self._parts(self._translated(template), values))

    def plural(self, one: str, many: str, /, *, n: int, **values: Any) -> str:
        """As `say`, with the form that the language has for `n`."""
        return "".join(text for text, _ in self._parts(self._catalog.ngettext(one, many, n), values | {"n": n}))

    def html(self, template: str, /, **values: Any) -> Markup:
        """As `say`, escaped but for values that are markup."""
        return Markup().join(
            text if is_markup else escape(text) for text, is_markup in self._parts(self._translated(template), values)
        )

    def html_plural(self, one: str, many: str, /, *, n: int, **values: Any) -> Markup:
        """As `plural`, escaped but for values that are markup."""
        template = self._catalog.ngettext(one, many, n)
        return Markup().join(text if is_markup else escape(text) for text, is_markup in self._parts(template, values | {"n": n}))

    def message(self, message: Mapping[str, Any] | str | None) -> str:
        """A sentence that SQL built (see above) or a name in several languages, as an object or as its JSON; empty for None."""
        if message is None:
            return ""
        found = json.loads(message) if isinstance(message, str) else message
        if "say" not in found:
            return self.name(found)
        values = {name: value for name, value in found.items() if name not in {"say", "many"}}
        if "many" in found:
            return self.plural(found["say"], found["many"], **values)
        return self.say(found["say"], **values)

    def name(self, names: Mapping[str, str] | str) -> str:
        """Of something that is called differently in different languages; a single name is looked up like a template."""
        if isinstance(names, str):
            return self._translated(names)
        return names.get(self.language) or names.get("en") or next(iter(names.values()), "")

    def label(self, names: Mapping[str, str] | str) -> str:
        """A name as it stands within a sentence."""
        name = self.name(names)
        return name.lower() if self.language == "en" else name

    def day(self, moment: date | datetime | str | None) -> str:
        """e.g. "May 31, 2026", "2026. 5. 31.", "2026/05/31"; empty for None."""
        return "" if moment is None else str(dates.format_date(self._local(moment), "medium", locale=self._locale))

    def moment(self, moment: datetime | str | None) -> str:
        """Day and time of day, e.g. "May 31, 2026, 14:05"; empty for None."""
        if moment is None:
            return ""
        local = self._local(datetime.fromisoformat(moment) if isinstance(moment, str) else moment)
        # By 24 hours in all languages: what the CLDR has for half days reads "PM" in Korean.
        time = dates.format_time(local, "HH:mm", locale=self._locale)
        return str(dates.get_datetime_format("medium", locale=self._locale)).format(time, self.day(local))

    def month(self, first: date | str) -> str:
        """e.g. "May 2026", "2026년 5월"."""
        return str(dates.format_skeleton("yMMM", self._local(first), locale=self._locale))

    @overload
    def _local(self, moment: datetime) -> datetime: ...
    @overload
    def _local(self, moment: date | datetime | str) -> date | datetime: ...
    def _local(self, moment: date | datetime | str) -> date | datetime:
        found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        if isinstance(found, datetime) and found.tzinfo is not None and self._timezone is not None:
            return found.astimezone(self._timezone)
        return found

    def count(self, number: float | None) -> str:
        """A whole number with its thousands told apart."""
        return NONE if number is None else str(numbers.format_decimal(round(number), locale=self._locale))

    def dec1(self, number: float | None) -> str:
        return self._decimal(number, "#,##0.0")

    def dec2(self, number: float | None) -> str:
        return self._decimal(number, "#,##0.00")

    def net(self, number: float | None) -> str:
        """Net sentiment -1..1, or a difference of it or of stars, with its sign."""
        return self._signed(number, "#,##0.00")

    def points(self, share: float | None) -> str:
        """A difference of two shares -1..1 in percentage points, with its sign and without the unit."""
        return self._signed(None if share is None else share * 100, "#,##0")

    def pct(self, share: float | None) -> str:
        """0..1 as per cent: one digit below 10 %, none above."""
        if share is None:
            return NONE
        pattern = "#,##0.0%" if 0 < share < 0.0995 else "#,##0%"
        return str(numbers.format_percent(share, pattern, locale=self._locale, decimal_quantization=True))

    def q(self, q_value: float | None) -> str:
        """With its sign of comparison: "= 0.012", "< 0.001"."""
        if q_value is None:
            return NONE
        return "< 0.001" if q_value < 0.001 else f"= {self._decimal(q_value, '0.000')}"

    def listed(self, items: Sequence[Mapping[str, Any] | str]) -> str:
        """Of texts and messages, e.g. "A, B, and C"."""
        said = [item if isinstance(item, str) else self.message(item) for item in items]
        return str(lists.format_list(said, locale=self._locale)) if said else ""

    def names(self, items: Sequence[Mapping[str, Any] | str]) -> str:
        """As `listed`, of names that may hold an "and" themselves, e.g. "배송과 시간 엄수 · 가격": Korean then joins them without another."""
        said = [item if isinstance(item, str) else self.message(item) for item in items]
        return " · ".join(said) if self.language == "ko" else self.listed(said)

    def _decimal(self, number: float | None, pattern: str) -> str:
        return NONE if number is None else str(numbers.format_decimal(number, pattern, locale=self._locale)).replace("-", "−")

    def _signed(self, number: float | None, pattern: str) -> str:
        if number is None:
            return NONE
        text = self._decimal(abs(number), pattern)
        # What rounds to nothing has no sign.
        return text if not any(digit in text for digit in "123456789") else f"{'+' if number > 0 else '−'}{text}"

    def _translated(self, template: str) -> str:
        # gettext answers the empty template with the catalog's own header.
        return self._catalog.gettext(template) if template else ""

    def _parts(self, template: str, values: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
        """The template's texts and its formatted values in order, each with whether it is markup already."""
        for text, name, form, _ in string.Formatter().parse(template):
            yield text, False
            if name is None:
                continue
            if name not in values:
                raise WordsError(f"Expected a value {name!r} for {template!r}, found {sorted(values)}.")
            value = values[name]
            yield (value, True) if isinstance(value, Markup) else (self._formatted(value, form or "", template), False)

    def _formatted(self, value: Any, form: str, template: str) -> str:
        if isinstance(value, Mapping) and "say" in value:
            return self.message(value)
        if form:
            if form not in FORMATS:
                raise WordsError(f"Expected a format among {', '.join(sorted(FORMATS))}, found {form!r} in {template!r}.")
            return str(getattr(self, form)(value))
        match value:
            case Mapping():
                return self.name(value)
            case bool() | None:
                raise WordsError(f"Expected a text or a number, found {value!r} for a value of {template!r}.")
            case int():
                return self.count(value)
            case str():
                return value
            case _:
                raise WordsError(f"Expected a format behind the colon for {value!r}, found none in {template!r}.")


FORMATS = frozenset(
    {"name", "label", "day", "moment", "month", "count", "dec1", "dec2", "net", "points", "pct", "q", "listed", "names"}
)
"""What may stand behind a value's colon: methods of Words."""


def register(con: duckdb.DuckDBPyConnection) -> None:
    """Lets the SQL of this connection call `english(message)`: the sentence of a JSON message, null for null. A second call does nothing."""
    if con.execute("select 1 from duckdb_functions() where function_name = 'english'").fetchall():
        return
    english = Words("en")

    def said(message: str) -> str:
        return english.message(message)

    con.create_function("english", said, ["VARCHAR"], "VARCHAR")
