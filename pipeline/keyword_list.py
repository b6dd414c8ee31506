"""Keyword lists as Google's Keyword Planner exports them, and any CSV with a column of keywords.

Google writes UTF-16 with tabs, or UTF-8 with commas; a title and a period stand above the names of the columns, which are in the
language of whoever exported it. Accounts that buy little see ranges ("1K – 10K") in the place of monthly searches.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spiders.tables.rows import Row, RowsError, plain, table, text_of_file

KEYWORD = frozenset({"keyword", "keywords", "keyword text", "search term", "키워드", "검색어", "キーワード", "検索キーワード"})
SEARCHES = frozenset(
    {
        "avg. monthly searches", "average monthly searches", "avg monthly searches", "monthly searches", "search volume",
        "월간 평균 검색량", "월 평균 검색량", "월평균 검색량", "평균 월간 검색량", "월간 검색수", "월간 검색량",
        "月間平均検索ボリューム", "平均月間検索ボリューム", "月間平均検索数", "月間検索ボリューム", "月間検索数",
    }
)  # fmt: skip
MAX_KEYWORD = 200
"""Characters, as in the market file."""
MAX_FAULTS = 20

_UNITS = {
    "": 1,
    "k": 1_000,
    "m": 1_000_000,
    "천": 1_000,
    "만": 10_000,
    "십만": 100_000,
    "백만": 1_000_000,
    "千": 1_000,
    "万": 10_000,
}
_NUMBER = re.compile(r"(\d{1,3}(?:[.,'’\s]\d{3})+|\d{1,12}(?:[.,]\d{1,2})?)\s?(k|m|십만|백만|천|만|千|万)?", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:–|—|-|~|〜|～|\bto\b)\s*")


@dataclass(frozen=True, slots=True)
class Listed:
    """One keyword of a list."""

    text: str
    searches: int | None
    """A month on average; None where the list has none. Of a range, half its upper end, which is what Google's own export prints for it
    (1K – 10K: 5,000)."""


class KeywordListError(ValueError):
    """The list cannot be used: each line of the message names the file, the line, what was expected and what was found."""


def read(path: Path, *, keyword: str | None, searches: str | None) -> tuple[Listed, ...]:
    """The list's keywords in its order, each once. `keyword` and `searches` name the columns where their names are not known.

    Raises KeywordListError.
    """
    try:
        known = frozenset({plain(keyword)}) if keyword else KEYWORD
        found = table(text_of_file(path), wanted=(known, frozenset({plain(searches)})) if searches else (known,))
        words = found.column(known, named=keyword, what="columns.keyword")
        volume = found.column(SEARCHES, named=searches, what="columns.searches")
    except (RowsError, OSError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
        said = f"expected a keyword list, found none that can be read ({reason})." if isinstance(error, OSError) else reason
        raise KeywordListError(f"{path}: {said}") from error
    faults: list[str] = []
    listed: dict[str, Listed] = {}
    for row in found.rows:
        try:
            one = Listed(_words(row, words), _searches(row, volume))
        except RowsError as error:
            faults.append(f"{path}: {error}")
            continue
        listed.setdefault(one.text.casefold(), one)
    if faults:
        more = [f"{path}: {len(faults) - MAX_FAULTS:,} more lines like these."] if len(faults) > MAX_FAULTS else []
        raise KeywordListError("\n".join([*faults[:MAX_FAULTS], *more]))
    if not listed:
        raise KeywordListError(f"{path}: expected keywords below the names of the columns, found none. Export the list again.")
    return tuple(listed.values())


def _words(row: Row, column: str | None) -> str:
    text = row.cell(column) or ""
    # Ads write match types around a keyword: [exact], "phrase", +broad.
    text = " ".join(re.sub(r'^[\["+]+|["\]]+$', "", text).replace(" +", " ").split())
    if not 1 <= len(text) <= MAX_KEYWORD:
        found = f"{len(text)} characters" if text else "none"
        raise RowsError(
            f"line {row.line}: expected a keyword of 1 to {MAX_KEYWORD} characters in column {column!r}, found {found}."
        )
    return text


def _searches(row: Row, column: str | None) -> int | None:
    printed = (row.cell(column) or "").strip()
    if printed in {"", "-", "–", "—", "--"}:
        return None
    ends = list(_numbers(printed))
    if not ends:
        raise RowsError(
            f"line {row.line}: expected a number of searches or a range such as 1K – 10K in column {column!r}, found {printed[:40]!r}."
        )
    return round(ends[-1] / 2) if len(ends) == 2 else round(ends[0])


def _numbers(printed: str) -> Iterator[float]:
    """One or two numbers, the lower first; none for what is neither a number nor a range."""
    parts = [_NUMBER.fullmatch(part) for part in _RANGE.split(printed)]
    found = [part for part in parts if part is not None]
    if not 1 <= len(parts) <= 2 or len(found) != len(parts):
        return
    for match in found:
        digits, unit = match[1], (match[2] or "").lower()
        grouped = re.fullmatch(r"\d{1,3}(?:[.,'’\s]\d{3})+", digits)
        number = float(re.sub(r"\D", "", digits)) if grouped else float(digits.replace(",", "."))
        yield number * _UNITS[unit]
