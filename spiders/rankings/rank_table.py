"""Ranks from a file: an export of a rank tracker as CSV, one row for each result of each search.

In a market file:

    [[engines]]
    source = "rank_table"
    name = "tracker"
    path = "exports/ranks.csv"
    basis = "licensed_export"
    options.depth = 100                      # how far the tool looked
    options.columns.rank = "Google rank"     # only for names that are not known by themselves

Nothing but the keyword's column and the rank's is needed. A keyword none of whose rows has a rank was looked for and not found: it
lands as `absent` within `depth`. A row whose rank or address cannot be read is a fault, told by its line; with more of them than
5 %, nothing lands.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from spiders.items import SearchResult, UnexpectedPage
from spiders.receipt import Job, Keyword, Receipt
from spiders.tables.row_landing import Read, land_rows, run
from spiders.tables.rows import Row, RowsError, plain, table
from spiders.web import saved

min_records = 1

_KEYWORD = frozenset(
    {"keyword", "keywords", "query", "search term", "search query", "키워드", "검색어", "キーワード", "検索キーワード"}
)
_RANK = frozenset(
    {"rank", "position", "pos", "pos.", "ranking", "current position", "organic position", "순위", "랭킹", "順位", "検索順位"}
)
_URL = frozenset(
    {"url", "link", "landing page", "page", "ranking url", "current url", "result url", "주소", "링크", "ページ", "リンク"}
)
_NO_RANK = re.compile(
    r"[-–—]*|0|n/?a|none|null|not (?:found|ranked|ranking|in top \d+)|no rank|unranked|없음|순위\s?(?:밖|없음)|圏外|なし|>\s?\d+|\d+\+",
    re.IGNORECASE,
)


class Columns(BaseModel):
    """Field of a result = name of the column. Those left out are known by their usual names, or not there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keyword: str | None = None
    rank: str | None = None
    url: str | None = None
    title: str | None = None
    snippet: str | None = None
    locale: str | None = None
    device: str | None = None


class Options(BaseModel):
    """`options` of a `rank_table` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Columns = Columns()
    depth: int | None = Field(default=None, ge=1, le=1000)
    """Results that the tool looked at for each search. Without it, the last rank that the file has of a search; a file with searches
    that were not found needs it."""
    site: str | None = Field(default=None, pattern=r"^https?://[^/\s]+")
    """Address of the site that the ranks are of, where the file names none: trackers of one site leave it out."""
    delimiter: str | None = Field(default=None, pattern="^[,;|\t]$")


Search = tuple[str, str | None, Literal["desktop", "mobile"] | None]
"""Keyword, locale, device."""


def parse(
    text: str, url: str, keyword: str | None = None, engine: str | None = None, locale: str | None = None
) -> Iterator[SearchResult]:
    """The results in the file's order, as without any options. UnexpectedPage for what is no such file, or one with a fault in it."""
    try:
        read = _read(text, Options(), engine=engine or "unknown", keyword=keyword, locale=locale)
    except RowsError as error:
        raise UnexpectedPage(f"rank_table: {error} ({url})") from error
    if read.faults:
        raise UnexpectedPage(f"rank_table: {read.faults[0]} ({url})")
    for record in read.records:
        assert isinstance(record, SearchResult)  # noqa: S101 - as _read makes them
        yield record


def recognises(text: str, url: str) -> bool:  # noqa: ARG001 - the same signature for every source
    """A table with a keyword and a rank among the names of its columns."""
    start = text.lstrip("\ufeff \r\n")[:20_000]
    if start.startswith(("<", "{", "[")):
        return False
    try:
        table(start.rpartition("\n")[0] or start, wanted=(_KEYWORD, _RANK))
    except RowsError:
        return False
    return True


def _read(text: str, options: Options, *, engine: str, keyword: str | None = None, locale: str | None = None) -> Read:
    columns = options.columns
    wanted = [
        frozenset({plain(named)}) if named else known for named, known in ((columns.keyword, _KEYWORD), (columns.rank, _RANK))
    ]
    found = table(text, wanted=wanted, delimiter=options.delimiter)
    if not found.rows:
        raise RowsError("expected rows below the names of the columns, found none. Export it again.")
    known = {"keyword": _KEYWORD, "rank": _RANK, "url": _URL}
    places = {
        name: found.column(known.get(name, frozenset({name})), named=getattr(columns, name), what=f"options.columns.{name}")
        for name in Columns.model_fields
    }
    results: dict[Search, list[SearchResult]] = {}
    faults: list[str] = []
    for row in found.rows:
        try:
            search = _search(row, places, keyword=keyword, locale=locale)
            result = _result(row, places, search, engine, options.site)
        except RowsError as error:
            faults.append(str(error))
            continue
        results.setdefault(search, []).extend([result] if result else [])
    nowhere = next((search for search, each in results.items() if not each), None)
    if options.depth is None and nowhere is not None:
        raise RowsError(
            f"expected a rank for each keyword, found none for {nowhere[0][:80]!r}. Say options.depth: how far the tool looked."
        )
    return Read(tuple(_landed(results, options.depth, engine)), tuple(faults), len(found.rows))


def _search(row: Row, places: Mapping[str, str | None], *, keyword: str | None, locale: str | None) -> Search:
    """What a row's search was."""
    words = row.cell(places["keyword"]) or keyword
    if words is None:
        raise RowsError(f"line {row.line}: expected a keyword in column {places['keyword']!r}, found none.")
    match (row.cell(places["device"]) or "").lower():
        case "":
            return words[:1000], row.cell(places["locale"]) or locale, None
        case ("desktop" | "mobile") as device:
            return words[:1000], row.cell(places["locale"]) or locale, device
        case other:
            raise RowsError(f"line {row.line}: expected desktop or mobile in column {places['device']!r}, found {other[:40]!r}.")


def _result(row: Row, places: Mapping[str, str | None], search: Search, engine: str, site: str | None) -> SearchResult | None:
    """None for a row without a rank."""
    printed = row.cell(places["rank"]) or ""
    if _NO_RANK.fullmatch(printed):
        return None
    if not re.fullmatch(r"[1-9]\d{0,3}(?:\.0{1,3})?", printed):
        raise RowsError(f"line {row.line}: expected a rank of 1 or more in column {places['rank']!r}, found {printed[:40]!r}.")
    address = row.cell(places["url"])
    if address is not None and re.fullmatch(r"[\w-]+(?:\.[\w-]+)+(?:/\S*)?", address):
        address = f"https://{address}"  # trackers print hosts and paths
    if address is not None and not re.fullmatch(r"https?://[^/\s][^\s]{0,4000}", address):
        raise RowsError(f"line {row.line}: expected a web address in column {places['url']!r}, found {address[:80]!r}.")
    return SearchResult(
        keyword=search[0],
        engine=engine,
        locale=search[1],
        device=search[2],
        rank=int(printed.partition(".")[0]),
        url=address or site,
        title=(row.cell(places["title"]) or "")[:500] or None,
        snippet=(row.cell(places["snippet"]) or "")[:1000] or None,
    )


def _landed(results: Mapping[Search, list[SearchResult]], depth: int | None, engine: str) -> Iterator[SearchResult]:
    """Each with the depth of its search; one record for a search that found nothing."""
    for (keyword, locale, device), found in results.items():
        reached = max([depth or 0, *(each.rank or 0 for each in found)])
        yield from (replace(each, depth=reached) for each in found)
        if not found:
            yield SearchResult(keyword=keyword, engine=engine, locale=locale, device=device, status="absent", depth=reached)


# --- landing ----------------------------------------------------------------------------------------------------------


def fingerprint(path: Path, options: Options, *, key: bytes, url: str | None) -> str:
    """Names what `land` would read. Raises OSError."""
    return saved.fingerprint(path, key=key, options=f"{options.model_dump_json()} {url}")


def land(job: Job) -> Receipt:
    """Reads the job's file into its landing candidate. Raises RowsError, OSError."""
    options = Options.model_validate(job.options)
    known: dict[tuple[str, str | None], Keyword] = {(each.text.casefold(), each.device): each for each in job.keywords}

    def read(text: str) -> Read:
        found = _read(text, options, engine=job.name)
        records = (_of_market(record, known, job) for record in found.records if isinstance(record, SearchResult))
        return Read(tuple(records), found.faults, found.rows)

    return land_rows(job, read)


def _of_market(record: SearchResult, known: Mapping[tuple[str, str | None], Keyword], job: Job) -> SearchResult:
    """With the words and the locale of the market's keyword, where it has this one."""
    words = (record.keyword or "").casefold()
    keyword = known.get((words, record.device)) or known.get((words, None))
    record = replace(record, result_type=job.result_type)
    return record if keyword is None else replace(record, keyword=keyword.text, locale=record.locale or keyword.locale)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], land))
