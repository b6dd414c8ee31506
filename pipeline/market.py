"""The market file: what is watched, in TOML. It is read and checked whole before anything else happens.

Every error is found in one reading and names file, key, what was expected and what was found. Unknown keys are errors: a
misspelt key would otherwise be a silent default. Paths are relative to the file; `${NAME}` and `${NAME:-default}` in a path,
URL or option are environment variables. One without a default in a URL or option is taken for a secret: it is shown as `${NAME}`
wherever the source is told of, and its value is kept out of what is landed and reported.
"""

import hashlib
import importlib
import importlib.util
import os
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from spiders.items import FOLDERS, Kind
from spiders.receipt import masked

Basis = Literal["public_page", "api_terms", "licensed_export", "own_data"]
"""Why we may read a source; a source without one is refused."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class MarketError(ValueError):
    """The market file cannot be used. Each line of the message names file, key, what was expected and what was found."""


MIN_SECRET_LENGTH = 8
"""Shorter values are no keys, and replacing them would garble messages that hold them by chance."""


def _expanded(text: str) -> str:
    def value(match: re.Match[str]) -> str:
        name, default = match.groups()
        found = os.environ.get(name, default)
        if found is None:
            raise ValueError(f"the environment variable {name} to be set (the text uses ${{{name}}})")
        return found

    return _VARIABLE.sub(value, text)


def _expanded_all(value: Any) -> Any:
    """The same in every text of an `options` table: keys of an API belong into the environment, not into a file under git."""
    match value:
        case str():
            return _expanded(value)
        case dict():
            return {key: _expanded_all(each) for key, each in value.items()}
        case list():
            return [_expanded_all(each) for each in value]
    return value


def _with_defaults(text: str) -> str:
    """The text as it may be shown: variables that have a default filled in, the others as written."""
    return _VARIABLE.sub(lambda match: match[0] if match[2] is None else os.environ.get(match[1], match[2]), text)


def _secrets(value: Any) -> dict[str, str]:
    """Variable to value, of those without a default in any text of a url or `options` table."""
    match value:
        case str():
            named = {match[1]: os.environ.get(match[1], "") for match in _VARIABLE.finditer(value) if match[2] is None}
            return {name: found for name, found in named.items() if len(found) >= MIN_SECRET_LENGTH}
        case dict():
            return {name: found for each in value.values() for name, found in _secrets(each).items()}
        case list():
            return {name: found for each in value for name, found in _secrets(each).items()}
    return {}


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("an IANA time zone such as Asia/Seoul")
    return name


def _cron(text: str) -> str:
    if text.startswith("@") or len(text.split()) == 5:
        return text
    raise ValueError("five cron fields such as '0 6 * * 1', or @daily, @weekly, ...")


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Expanded = Annotated[str, AfterValidator(_expanded)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Crawl(_Table):
    """How politely pages are fetched; the same for every web source of the market."""

    contact: str | None = None
    """An address that a site's owner can write to; goes into the user agent. Needed as soon as a source has a URL."""
    delay_seconds: float = Field(default=2.0, ge=0, le=600)
    """Pause between two requests to one host; AutoThrottle may lengthen it, nothing shortens it."""
    max_pages: int = Field(default=200, ge=1, le=100_000)
    """Pages of one crawl."""
    timeout_seconds: float = Field(default=3600, gt=0)
    """A crawl that takes longer is ended and counts as failed."""
    request_timeout_seconds: float = Field(default=30, gt=0, le=600)
    allow_hosts: tuple[str, ...] = ()
    """`host` or `host:port` that may be fetched although it is a private or loopback address."""
    retention_days: int = Field(default=400, ge=0, le=36_500)
    """How long the pages that a crawl used are kept in the archive; 0 archives nothing. What was read off them stays."""


class Canary(_Table):
    """A review that is known to stand at the source: a crawl that meets it and reads anything else of it is not believed."""

    native_id: str = Field(min_length=1)
    """As `core.review` has it."""
    rating: float | None = None
    published_on: date | None = None
    text_start: str | None = Field(default=None, min_length=5)
    """The values that must still be read; those left out are not looked at."""


class Source(_Table):
    """One place where a brand can be observed: a module under `spiders/` and what it needs to know."""

    kind: Kind
    source: Identifier
    """Module name: `spiders/<folder of kind>/<source>.py`."""
    name: Identifier = ""
    """Tells two sources of one brand, kind and module apart; the module's name by default."""
    url: Expanded | None = None
    path: Expanded | None = None
    basis: Basis
    min_records: int | None = Field(default=None, ge=0)
    """A crawl with fewer records is rejected; None for the source's own minimum."""
    options: Annotated[dict[str, Any], AfterValidator(_expanded_all)] = Field(default_factory=dict)
    """Checked against the module's own `Options`."""
    retention_days: int | None = Field(default=None, ge=0, le=36_500)
    """For this source in the place of crawl.retention_days."""
    monitors: Literal["reject", "warn", "off"] = "reject"
    """What happens to a crawl that does not look like the source's last good ones."""
    canaries: tuple[Canary, ...] = ()
    _shown_url: str | None = PrivateAttr(default=None)
    _secrets: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _as_written(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        source = handler(data)
        if isinstance(data, dict):
            source._shown_url = None if source.url is None else _with_defaults(data["url"])  # noqa: SLF001 - its own
            source._secrets = _secrets([data.get("url"), data.get("options")])  # noqa: SLF001 - its own
        return source

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        if isinstance(data, dict) and "name" not in data and isinstance(data.get("source"), str):
            return data | {"name": data["source"]}
        return data

    @model_validator(mode="after")
    def _placed(self) -> "Source":
        if (self.url is None) == (self.path is None):
            raise ValueError("one of url and path")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError("a url that starts with http:// or https://")
        if self.url is not None and not _has_host(self.url):
            raise ValueError("a url with a host, and if need be a port of 0 to 65535")
        if importlib.util.find_spec(self.module) is None:
            raise ValueError(f"a source that exists; there is no spiders/{FOLDERS[self.kind]}/{self.source}.py")
        return self

    @property
    def module(self) -> str:
        return f"spiders.{FOLDERS[self.kind]}.{self.source}"

    @property
    def shown_url(self) -> str | None:
        """`url` for people and tables: a variable without a default stays `${NAME}`."""
        return self._shown_url

    @property
    def secrets(self) -> dict[str, str]:
        """Variable to value, which nothing that is kept or told may repeat."""
        return self._secrets


class Brand(_Table):
    """The own brand or a competitor: both are observed alike."""

    id: Identifier
    name: str = Field(min_length=1)
    own: bool = False
    aliases: tuple[str, ...] = ()
    """Other spellings by which people call it; analysts find them in core.brand."""
    domains: tuple[str, ...] = ()
    """Hosts whose search results count as this brand's, subdomains included."""
    language: Language | None = None
    """Decides texts that the script leaves open, such as kanji only."""
    sources: tuple[Source, ...] = ()


class Engine(Source):
    """A search engine to ask for the market's keywords: a source without a brand.

    Its `url` is the address of one search, with `{keyword}` and, if wanted, `{locale}`; or `path` has saved answers.
    """

    kind: Literal["ranking"] = "ranking"
    draws: int = Field(default=1, ge=1, le=20)
    """Searches for each keyword in one run: their median is the rank, their spread is what counts as noise."""
    result_type: str = Field(default="web", pattern="^[a-z_]{1,32}$")

    @model_validator(mode="after")
    def _asks(self) -> "Engine":
        if self.url is not None and "{keyword}" not in self.url:
            raise ValueError("a url with {keyword} where the search words go")
        return self


class Keyword(_Table):
    text: str = Field(min_length=1, max_length=200)
    engine: Identifier
    locale: str = Field(default="en", max_length=16)
    device: Literal["desktop", "mobile"] | None = None


class SwotSettings(_Table):
    """When a difference is worth a cell. The defaults are argued in docs/strategist.md."""

    window_days: int = Field(default=90, ge=7, le=730)
    """The newest days that are held against as many days before them."""
    min_reviews: int = Field(default=10, ge=3)
    """Fewer reviews than these on either side are printed as not enough evidence."""
    min_effect: float = Field(default=0.15, gt=0, le=2)
    """Smallest difference in net sentiment (-1..1) worth telling."""
    min_share_effect: float = Field(default=0.03, gt=0, le=1)
    """Smallest difference in a share of reviews worth telling."""
    q_max: float = Field(default=0.05, gt=0, lt=1)
    """Accepted rate of false discoveries over all comparisons of a run (Benjamini-Hochberg)."""


class ThemeChanges(_Table):
    """What this market changes in the default themes."""

    off: tuple[Identifier, ...] = ()
    add: dict[Identifier, dict[str, Any]] = Field(default_factory=dict)
    """Theme id to an entry of the same shape as in pipeline/text/themes; an existing id is replaced."""


class Target(_Table):
    """One crawl: what `gather` runs, what Airflow maps over, and what coverage is counted in."""

    id: str
    brand: str | None
    """None for search rankings, which belong to the market."""
    source: Source
    keywords: tuple[Keyword, ...] = ()


class Market(_Table):
    """A market file, checked."""

    id: Identifier
    name: str = Field(min_length=1)
    languages: tuple[Language, ...] = Field(min_length=1)
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    schedule: Annotated[str, AfterValidator(_cron)] | None = None
    report_languages: tuple[Literal["en", "ko", "ja"], ...] = ("en",)
    """Wanted for the report's own words. English is what there is: the others are told as missing, and written in English."""
    crawl: Crawl = Crawl()
    swot: SwotSettings = SwotSettings()
    themes: ThemeChanges = ThemeChanges()
    brands: tuple[Brand, ...]
    engines: tuple[Engine, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    _path: Path = PrivateAttr()
    _sha256: str = PrivateAttr()

    @model_validator(mode="after")
    def _whole(self) -> "Market":
        if not self.brands:
            raise ValueError("at least one [[brands]]")
        _distinct("brands.id", (b.id for b in self.brands))
        _distinct("engines.name", (e.name for e in self.engines))
        for brand in self.brands:
            _distinct(f"brands.{brand.id}: kind and name of its sources", (f"{s.kind} {s.name}" for s in brand.sources))
            if brand.id == "market":
                raise ValueError("a brand id other than 'market', which names what belongs to the whole market")
        if sum(b.own for b in self.brands) > 1:
            raise ValueError("at most one brand with own = true")
        names = {e.name for e in self.engines}
        if unknown := sorted({k.engine for k in self.keywords} - names):
            raise ValueError(f"each keyword's engine among [[engines]] ({', '.join(sorted(names)) or 'none'}), not {unknown}")
        if self.crawl.contact is None and any(t.source.url for t in self.targets):
            raise ValueError(
                "crawl.contact (a mail address or page) as soon as a source has a url: sites must be able to reach you"
            )
        return self

    @property
    def path(self) -> Path:
        return self._path

    @property
    def sha256(self) -> str:
        """Of the file's bytes."""
        return self._sha256

    @cached_property
    def targets(self) -> tuple[Target, ...]:
        """Every crawl of this market, in the order of the file; rankings last."""
        by_brand = [
            Target(id=f"{brand.id}.{source.kind}.{source.name}", brand=brand.id, source=source)
            for brand in self.brands
            for source in brand.sources
        ]
        rankings = [
            Target(id=f"market.ranking.{engine.name}", brand=None, source=engine, keywords=keywords)
            for engine in self.engines
            if (keywords := tuple(k for k in self.keywords if k.engine == engine.name))
        ]
        return (*by_brand, *rankings)

    def file(self, source: Source) -> Path | None:
        """The source's path, relative ones taken from the market file's folder; None for a web source."""
        return None if source.path is None else (self._path.parent / source.path).resolve()


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != -1  # asking for a port that is none raises
    except ValueError:
        return False


def _distinct(what: str, names: Iterator[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"{what} to be distinct ('{name}' stands twice)")
        seen.add(name)


def load_market(path: Path) -> Market:
    """Reads and checks a market file. Raises MarketError; the message is for people."""
    try:
        raw = path.read_bytes()
        data = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise MarketError(f"{path}: expected a market file, found none that can be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise MarketError(
            f"{path}: expected UTF-8 text, found byte {error.object[error.start]:#04x} at {error.start}."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise MarketError(f"{path}: expected TOML; {error}.") from error
    try:
        market = Market.model_validate(data)
    except ValidationError as error:
        raise MarketError("\n".join(_sentence(path, e) for e in error.errors(include_url=False))) from error
    market._path = path.resolve()  # noqa: SLF001 - the file is known to its reader only
    market._sha256 = hashlib.sha256(raw).hexdigest()  # noqa: SLF001 - as above
    return market


def check_options(market: Market) -> None:
    """Holds each source's options against its module's `Options`. Raises MarketError.

    Apart from `load_market` because it imports the spiders, which commands that fetch nothing need not wait for.
    """
    problems = []
    for target in market.targets:
        module = importlib.import_module(target.source.module)
        try:
            module.Options.model_validate(target.source.options)
        except ValidationError as error:
            said = [_sentence(market.path, e, f"{target.id}: options.") for e in error.errors(include_url=False)]
            problems += [masked(each, target.source.secrets) for each in said]
    if problems:
        raise MarketError("\n".join(problems))


def _sentence(path: Path, error: Any, where: str = "") -> str:
    key = where + (".".join(str(part) for part in error["loc"]) or "the file")
    found = error["input"]
    match error["type"]:
        case "extra_forbidden":
            return f"{path}: {key}: unknown key. Remove it or check its spelling."
        case "missing":
            return f"{path}: {key}: expected a value, found none."
        case "value_error":
            expected = str(error["ctx"]["error"])
            shown = "" if isinstance(found, dict | BaseModel) else f", found {found!r:.80}"
            return f"{path}: {key}: expected {expected}{shown}."
        case _:
            return f"{path}: {key}: {error['msg']}, found {found!r:.80}."
