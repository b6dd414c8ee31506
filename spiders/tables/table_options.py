"""What a market file says about a review export: its columns, its scale, its dates (`options` of the `table` source)."""

import codecs
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import available_timezones

import duckdb
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from spiders.tables.table_file import Dialect

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


class Meaning(_Table):
    """What the values of one yes-or-no column mean, where `true_values` and `false_values` do not fit it."""

    yes: Strings = ()
    no: Strings = ()
    unknown: Strings = ()
    """Values that say nothing about it; any other value is a fault."""


class Options(_Table):
    """Options of the `table` source."""

    profile: str = "auto"
    """A ready mapping (`table_profiles.toml`) that the options here outrank. `auto`: where no columns are named, the one whose columns are
    exactly the file's; its best rating has to occur then, so that a file on another scale is not taken for it."""
    columns: Columns | None = None
    """Needed where no profile gives them."""
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
    meanings: dict[Literal["verified", "invited"], Meaning] = {}
    """Field to the meaning of its values: `meanings.invited = { yes = ["invited"], unknown = ["verified"] }`."""
    bad_values: Literal["tolerate", "fail"] = "tolerate"
    """A date, rating, or yes and no that does not parse lands as missing, counted and reported; in more than 5 % of the rows,
    or with `fail` at all, nothing lands."""
    skip_malformed: bool = False
    """Leaves out rows that are no well-formed CSV or JSON, and counts them. A quote that is never closed may take many with it."""

    @model_validator(mode="before")
    @classmethod
    def _with_profile(cls, said: object) -> object:
        if not isinstance(said, Mapping) or said.get("profile", "auto") == "auto":
            return said
        name = said["profile"]
        if name not in PROFILES:
            raise ValueError(f"expected a profile ({', '.join(PROFILES)}) or auto, found {name!r}")
        return _merged(PROFILES[name].options, said)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.rating_min < self.rating_max:
            raise ValueError(f"rating_min ({self.rating_min:g}) below rating_max ({self.rating_max:g})")
        for shown, rating in self.ratings.items():
            if not self.rating_min <= rating <= self.rating_max:
                raise ValueError(f"ratings.{shown} within {self.rating_min:g}..{self.rating_max:g}")
        return self

    def recognised(self, names: Iterable[str]) -> Self:
        """For a file with these columns: with the profile that is made for exactly them, where neither it nor columns were said.

        Unchanged where columns are known. Raises ValueError when none fits, or more than one.
        """
        if self.columns is not None:
            return self
        header = sorted(names)
        fitting = [name for name, profile in PROFILES.items() if sorted(profile.header) == header]
        if len(fitting) != 1:
            found = f"several profiles ({', '.join(fitting)})" if fitting else "no profile"
            raise ValueError(
                f"expected columns that one profile is made for, found {found} for {', '.join(map(repr, header[:40]))}"
            )
        return type(self).model_validate(self.model_dump(exclude_unset=True) | {"profile": fitting[0]})

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


class Profile(_Table):
    """A ready mapping for one kind of export."""

    header: tuple[str, ...]
    """Columns of the file, as it prints them."""
    options: dict[str, object]


def _merged(ready: Mapping[str, object], said: Mapping[str, object]) -> dict[str, object]:
    """A profile's options under those of the market file; tables (`columns`, `meanings`) are merged key by key."""
    merged = dict(ready)
    for name, value in said.items():
        under = merged.get(name)
        merged[name] = {**under, **value} if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


PROFILES: Mapping[str, Profile] = {
    name: Profile.model_validate(profile)
    for name, profile in tomllib.loads(Path(__file__).with_name("table_profiles.toml").read_text("utf-8")).items()
}
