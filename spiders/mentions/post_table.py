"""Posts from a file: a CSV that a monitoring tool or a social network exports, one row for each post.

In a market file:

    [[brands.sources]]
    kind = "mentions"
    source = "post_table"
    path = "exports/posts.csv"
    basis = "licensed_export"
    options.columns.text = "Message"
    options.columns.published_at = "Date"
    options.columns.likes = "Reactions"
    options.date_format = "%d/%m/%Y %H:%M"   # none needed for ISO 8601
    options.timezone = "Europe/Berlin"       # of times that are printed without an offset; UTC if nothing is said

A row whose date or number cannot be read is a fault, told by its line; with more of them than 5 %, nothing lands.
"""

import re
import sys
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from spiders.items import Post
from spiders.reading.nameless import names_author
from spiders.reading.naming import Words, naming
from spiders.reading.select import MAX_TEXT, content_id, parse_date, text_of
from spiders.receipt import Job, Receipt
from spiders.tables.row_landing import Read, land_rows, run
from spiders.tables.rows import Row, RowsError, plain, table
from spiders.web import saved

min_records = 0
"""Nobody has to have said anything; a file without the columns that are asked for is a fault all the same."""

_COUNTS = ("likes", "shares", "replies", "views")


class Columns(BaseModel):
    """Field of a post = name of the column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    native_id: str | None = None
    """Without one, a post's id is a hash of its address, or of what it says where it has none."""
    title: str | None = None
    text: str | None = None
    published_at: str | None = None
    author: str | None = None
    language: str | None = None
    url: str | None = None
    likes: str | None = None
    shares: str | None = None
    replies: str | None = None
    views: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "Columns":
        if self.title is None and self.text is None:
            raise ValueError("title or text among the columns")
        return self


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("an IANA time zone such as Asia/Seoul")
    return name


class Options(BaseModel):
    """`options` of a `post_table` source in a market file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Columns
    date_format: str | None = Field(default=None, max_length=100)
    """As Python's strptime takes it; without it, ISO 8601 and dates that read only one way."""
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    words: Words = ()
    """Keep only posts that name the brand so."""
    delimiter: str | None = Field(default=None, pattern="^[,;|\t]$")


def fingerprint(path: Path, options: Options, *, key: bytes, url: str | None) -> str:
    """Names what `land` would read. Raises OSError."""
    return saved.fingerprint(path, key=key, options=f"{options.model_dump_json()} {url}")


def land(job: Job) -> Receipt:
    """Reads the job's file into its landing candidate. Raises RowsError, OSError."""
    options = Options.model_validate(job.options)
    return land_rows(job, lambda text: read(text, options, job.url))


def read(text: str, options: Options, url: str | None) -> Read:
    """The file's posts. Raises RowsError for a file without the columns that are asked for."""
    columns = {name: column for name, column in options.columns.model_dump().items() if column is not None}
    found = table(text, wanted=[frozenset({plain(column)}) for column in columns.values()], delimiter=options.delimiter)
    for name, column in columns.items():
        columns[name] = found.column(frozenset({plain(column)}), named=None, what=name)
    posts: list[Post] = []
    faults: list[str] = []
    for row in found.rows:
        try:
            posts.append(_post(row, columns, options, url))
        except RowsError as error:
            faults.append(str(error))
    return Read(tuple(naming(posts, options.words)), tuple(faults), len(found.rows))


def _post(row: Row, columns: Mapping[str, str], options: Options, url: str | None) -> Post:
    def cell(name: str) -> str | None:
        return row.cell(columns.get(name))

    title, text = " ".join(text_of(cell("title")).split())[:1000] or None, text_of(cell("text"))[:MAX_TEXT]
    if title is None and not text:
        raise RowsError(f"line {row.line}: expected a title or a text, found neither.")
    address = cell("url")
    if address is not None and not re.fullmatch(r"https?://[^/\s]\S{0,4000}", address):
        raise RowsError(f"line {row.line}: expected a web address in column {columns['url']!r}, found {_shown(address)}.")
    published = _moment(row, columns.get("published_at"), options)
    language = cell("language") or ""
    author, native_id = cell("author"), cell("native_id")
    if native_id is None:
        native_id = content_id(*((address,) if address else (published, title, text)), author=author)
    return Post(
        native_id=content_id(native_id) if names_author(native_id, author) else native_id,
        title=title,
        text=text,
        published_at=published,
        author=author,
        language=language[:2].lower() if re.fullmatch(r"[a-zA-Z]{2}(?:[-_]\w{1,20})?", language) else None,
        url=url if address is None or names_author(address, author) else address,
        **{name: _number(row, columns.get(name)) for name in _COUNTS},
    )


def _moment(row: Row, column: str | None, options: Options) -> datetime | date | None:
    printed = row.cell(column)
    if printed is None:
        return None
    zone = ZoneInfo(options.timezone)
    if options.date_format is None:
        found = parse_date(printed, zone=zone)
        expected = "a date in ISO 8601, or one that reads only one way (else say options.date_format)"
    else:
        expected = f"a date as {options.date_format}"
        try:
            moment = datetime.strptime(printed, options.date_format)  # noqa: DTZ007 - its zone follows
        except ValueError:
            found = None
        else:
            has_time = any(part in options.date_format for part in ("%H", "%I", "%c", "%X", "%s"))
            found = moment.date() if not has_time else moment if moment.tzinfo else moment.replace(tzinfo=zone)
    if found is None:
        raise RowsError(f"line {row.line}: expected {expected} in column {column!r}, found {_shown(printed)}.")
    return found


def _number(row: Row, column: str | None) -> int | None:
    """None for an empty cell: unknown is not zero."""
    printed = row.cell(column)
    if printed is None or printed in {"-", "–", "—"}:
        return None
    digits = re.sub(r"(?<=\d)[,.'\s](?=\d{3}(?!\d))", "", printed)
    if not re.fullmatch(r"\d{1,15}(?:\.0{1,2})?", digits):
        raise RowsError(f"line {row.line}: expected a count in column {column!r}, found {_shown(printed)}.")
    return int(digits.partition(".")[0])


def _shown(value: str) -> str:
    """A value for a message. Anything but a number or a date may be a person's name in the wrong column: it is not repeated."""
    return repr(value) if re.fullmatch(r"[\d\s.,:/+\-TZ%]{1,40}", value) else f"a text of {len(value):,} characters"


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], land))
