"""What a market file says about a review export: its columns, its scale, its dates (`options` of the `table` source)."""

import codecs
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

import duckdb
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from spiders.table_file import Dialect

UNIX_FORMATS = ("unix", "unix_ms")
"""Beside strptime's directives: seconds and milliseconds since 1970."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Table):
    """Which column of the file holds which field of a review. In JSON, `$.a.b` reaches inside."""

    native_id: str | None = None
    rating: str | None = None
    title: str | None = None
    text: str | None = None
    published_at: str | None = None
    author: str | None = None
    """Name or id of the reviewer; lands as a keyed hash."""
    language: str | None = None
    product: str | None = None
    country: str | None = None
    experienced_at: str | None = None
    verified: str | None = None
    invited: str | None = None
    reply_text: str | None = None
    reply_at: str | None = None
    url: str | None = None
    seen_at: str | None = None
    """When the exporter saw the review; without it, the file's own time of change."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.rating is None and self.text is None and self.title is None:
            raise ValueError("at least one of rating, text and title")
        return self


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _date_format(text: str) -> str:
    if text in UNIX_FORMATS:
        return text
    with duckdb.connect() as con:
        try:
            con.execute("select try_strptime('x', ?)", [text]).fetchall()
        except duckdb.Error as error:
            raise ValueError(f"a strptime format such as %d.%m.%Y, or {' or '.join(UNIX_FORMATS)}") from error
    return text


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("an IANA time zone such as Asia/Seoul")
    return name


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise ValueError("an encoding that Python knows, such as utf-8, utf-16, latin-1, cp949, shift_jis") from error


Strings = Annotated[tuple[str, ...], BeforeValidator(_several)]
OneCharacter = Annotated[str, Field(min_length=1, max_length=1)]


class Options(_Table):
    """Options of the `table` source."""

    columns: Columns
    format: Literal["auto", "csv", "json", "parquet"] = "auto"
    """`auto` goes by the file's name."""
    rating_max: float = 5
    rating_min: float = 1
    ratings: dict[str, float] = {}
    """Printed value to rating, where the column holds words (`recommended = 5`)."""
    date_format: Annotated[tuple[Annotated[str, AfterValidator(_date_format)], ...], BeforeValidator(_several)] = ()
    """strptime formats, tried in this order; ISO 8601 is always understood. A format without a time gives days."""
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    """Of times that are printed without an offset."""
    where: dict[str, Strings] = {}
    """Column to the value, or values, of the rows that count: for an export that holds several brands."""
    delimiter: OneCharacter | None = None
    quote: OneCharacter = '"'
    escape: OneCharacter = '"'
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    """None: by the byte order mark, else UTF-8."""
    header: bool = True
    """False: the file begins with data, and its columns are called "1", "2", ..."""
    nulls: Strings = ()
    """Values that stand for nothing, beside the empty one: `N/A`, `NULL`, ..."""
    true_values: Strings = ("true", "t", "yes", "y", "1", "verified", "invited")
    false_values: Strings = ("false", "f", "no", "n", "0", "not-verified", "not verified", "unverified")
    bad_values: Literal["tolerate", "fail"] = "tolerate"
    """A date, rating, or yes and no that does not parse lands as missing, counted and reported; in more than 5 % of the rows,
    or with `fail` at all, nothing lands."""
    skip_malformed: bool = False
    """Leaves out rows that are no well-formed CSV or JSON, and counts them. A quote that is never closed may take many with it."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.rating_min < self.rating_max:
            raise ValueError(f"rating_min ({self.rating_min:g}) below rating_max ({self.rating_max:g})")
        for shown, rating in self.ratings.items():
            if not self.rating_min <= rating <= self.rating_max:
                raise ValueError(f"ratings.{shown} within {self.rating_min:g}..{self.rating_max:g}")
        return self

    @property
    def dialect(self) -> Dialect:
        return Dialect(
            format=None if self.format == "auto" else self.format,
            delimiter=self.delimiter,
            quote=self.quote,
            escape=self.escape,
            encoding=self.encoding,
            header=self.header,
            skip_malformed=self.skip_malformed,
        )
