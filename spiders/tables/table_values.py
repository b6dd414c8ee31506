"""How a printed value becomes a typed one: SQL expressions over the columns of an export, null for what does not parse."""

import re

from spiders.tables.table_file import quoted
from spiders.tables.table_options import UNIX_FORMATS, Options


def text_sql(raw: str) -> str:
    """As `items.line` would land it: no NUL; and line ends as one character."""
    return f"nullif(stripped(unbroken({raw})), '')"


def flag_sql(field: str, options: Options) -> str:
    value = f"lower(stripped(raw_{field}))"
    meaning = next((meant for name, meant in options.meanings.items() if name == field), None)
    yes, no = (meaning.yes, meaning.no) if meaning else (options.true_values, options.false_values)
    return f"case when {value} in ({_lowered(yes)}) then true when {value} in ({_lowered(no)}) then false end"


def unless_sql(field: str, options: Options) -> str:
    """No fault: a value that is said to mean neither yes nor no."""
    unknown = next((meant.unknown for name, meant in options.meanings.items() if name == field), ())
    return f" and lower(stripped(raw_{field})) not in ({_lowered(unknown)})" if unknown else ""


def _lowered(values: tuple[str, ...]) -> str:
    return ", ".join(quoted(each.lower()) for each in values) or "null"


_ISO_DAY = r"\d{4}-\d{2}-\d{2}"
_ISO_LOCAL = _ISO_DAY + r"[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?"
_ISO_ZONED = _ISO_LOCAL + r" ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"


def moment_sql(raw: str, options: Options) -> str:
    """ISO 8601 in UTC, or a day where no time is printed; null for what does not parse."""
    value, zone = f"stripped({raw})", quoted(options.timezone)
    ways = [_strptime(value, each, zone, day=False) for each in options.date_format]
    ways.append(
        f"case when regexp_full_match({value}, '{_ISO_DAY}') then try_cast({value} as date)::varchar "
        f"when regexp_full_match({value}, '{_ISO_LOCAL}') then {_stamp(f'timezone({zone}, try_cast({value} as timestamp))')} "
        f"when regexp_full_match({value}, '{_ISO_ZONED}') then {_stamp(f'try_cast({value} as timestamptz)')} end"
    )
    return f"coalesce({', '.join(ways)})"


def day_sql(raw: str, options: Options) -> str:
    """The day as printed; of a moment with an offset, its day in UTC."""
    value, zone = f"stripped({raw})", quoted(options.timezone)
    ways = [_strptime(value, each, zone, day=True) for each in options.date_format]
    ways.append(
        f"case when regexp_full_match({value}, '{_ISO_DAY}|{_ISO_LOCAL}') then try_cast(left({value}, 10) as date)::varchar "
        f"when regexp_full_match({value}, '{_ISO_ZONED}') then left({_stamp(f'try_cast({value} as timestamptz)')}, 10) end"
    )
    return f"coalesce({', '.join(ways)})"


def _strptime(value: str, form: str, zone: str, *, day: bool) -> str:
    if form in UNIX_FORMATS:
        seconds = f"try_cast({value} as double)" + (" / 1000" if form == "unix_ms" else "")
        # Beyond the years 1 to 9999 there is no date to print.
        moment = _stamp(f"case when {seconds} between -62135596800 and 253402300799 then to_timestamp({seconds}) end")
        return f"left({moment}, 10)" if day else moment
    parsed = f"try_strptime({value}, {quoted(form)})"
    directives = set(re.findall(r"%-?([A-Za-z])", form))
    if directives & {"z", "Z"}:
        return f"left({_stamp(parsed)}, 10)" if day else _stamp(parsed)
    if day or not directives & set("HIMSpfgncXT"):
        return f"strftime({parsed}, '%Y-%m-%d')"
    return _stamp(f"timezone({zone}, {parsed})")


def _stamp(moment: str) -> str:
    return f"strftime(timezone('UTC', {moment}), '%Y-%m-%dT%H:%M:%SZ')"
