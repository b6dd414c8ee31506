"""The market file: what is watched, in TOML. It is read and checked whole before anything else happens.

Every error is found in one reading and names file, key, what was expected and what was found. Unknown keys are errors: a
misspelt key would otherwise be a silent default. Paths are relative to the file; `${NAME}` and `${NAME:-default}` in a path,
URL or option are environment variables. One without a default in a URL or option is taken for a secret: it is shown as `${NAME}`
wherever the source is told of, and its value is kept out of what is landed and reported.
"""

import difflib
import hashlib
import importlib
import importlib.util
import tomllib
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from pipeline import iso_639, keyword_list
from pipeline.deliver.settings import Alerts, Delivery, Timezone, WebAddress
from pipeline.keyword_list import MAX_KEYWORD
from pipeline.variables import expanded, expanded_all, secrets_in, with_defaults
from spiders.items import FOLDERS, Kind

Basis = Literal["public_page", "api_terms", "licensed_export", "own_data"]
"""Why we may read a source; a source without one is refused."""


FLAGS = ("burst", "incentivised", "invited", "near_duplicate", "one_review_author", "stars_against_text")
"""Flags of text.suspicion: the files of warehouse/sql/flag that raise one."""


class MarketError(ValueError):
    """The market file cannot be used. Each line of the message names file, key, what was expected and what was found."""


def _cron(text: str) -> str:
    if text.startswith("@") or len(text.split()) == 5:
        return text
    raise ValueError("five cron fields such as '0 6 * * 1', or @daily, @weekly, ...")


def _language(code: str) -> str:
    if code not in iso_639.CODES:
        raise ValueError("an ISO 639-1 code of a language, such as en, ko or ja")
    return code


def _flag(name: str) -> str:
    if name not in FLAGS:
        raise ValueError(f"a flag of text.suspicion: {', '.join(FLAGS)}")
    return name


def _label(text: str) -> str:
    if 1 <= len(text) <= 100 and text.isprintable() and text == text.strip() and "," not in text:
        return text
    raise ValueError("1 to 100 printable characters without a comma, and without a space at either end")


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
Language = Annotated[str, AfterValidator(_language)]
Expanded = Annotated[str, AfterValidator(expanded)]
Flag = Annotated[str, AfterValidator(_flag)]
Label = Annotated[str, AfterValidator(_label)]
Feasible = Annotated[int, Field(ge=1, le=5)] | Literal["low", "medium", "high", "blocked"]
"""How easily something can be done here: 1 hardest .. 5 easiest; its cost; or not at all."""


def _listed(value: Any) -> Any:
    """One table where several may stand is a list of one."""
    return [value] if isinstance(value, dict) else value


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
    timeout_seconds: float = Field(default=3600, gt=0, le=604_800)
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
    """Where a crawl begins, http or https."""
    path: Expanded | None = None
    """A file, or a folder of saved pages, from the market file's folder on. One of `url` and `path`."""
    basis: Basis
    """Why it may be read."""
    min_records: int | None = Field(default=None, ge=0)
    """A crawl with fewer records is rejected; None for the source's own minimum."""
    options: Annotated[dict[str, Any], AfterValidator(expanded_all)] = Field(default_factory=dict)
    """Checked against the module's own `Options`."""
    render: bool = False
    """The pages are drawn by a browser before they are read: for those that hold nothing without scripts. Needs the extra `browser` and
    the system's Chromium, and takes far longer."""
    retention_days: int | None = Field(default=None, ge=0, le=36_500)
    """For this source in the place of crawl.retention_days."""
    monitors: Literal["reject", "warn", "off"] = "reject"
    """What happens to a crawl that does not look like the source's last good ones."""
    canaries: tuple[Canary, ...] = ()
    """Reviews that are known; only for sources of reviews."""
    _shown_url: str | None = PrivateAttr(default=None)
    _secrets: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _as_written(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        source = handler(data)
        if isinstance(data, dict):
            source._shown_url = None if source.url is None else with_defaults(data["url"])  # noqa: SLF001 - its own
            source._secrets = secrets_in([data.get("url"), data.get("options")])  # noqa: SLF001 - its own
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
    """What files and tables call it; it stays when the name changes."""
    name: str = Field(min_length=1)
    """What readers call it."""
    own: bool = False
    """Ours; at most one brand of a market is."""
    aliases: tuple[str, ...] = ()
    """Other spellings by which people call it; analysts find them in core.brand."""
    domains: tuple[str, ...] = ()
    """Hosts whose search results count as this brand's, subdomains included."""
    language: Language | None = None
    """Decides texts that the script leaves open, such as kanji only."""
    sources: tuple[Source, ...] = ()
    """Where it is observed. Kind and name tell them apart."""


class Engine(Source):
    """A search engine to ask for the market's keywords: a source without a brand.

    Its `url` is the address of one search, with `{keyword}` and, if wanted, `{locale}`, `{device}` and `{page}`, or that of an API
    which the source knows how to ask (`options.api`); or `path` has saved answers.
    """

    kind: Literal["ranking"] = "ranking"
    draws: int = Field(default=1, ge=1, le=20)
    """Searches for each keyword in one run: their median is the rank, their spread is what counts as noise."""
    result_type: str = Field(default="web", pattern="^[a-z_]{1,32}$")
    """What is searched: web, news, shop, video, blog, ... as far as the engine has it. Ranks of different types are never compared."""

    @model_validator(mode="after")
    def _draws_from_the_web(self) -> "Engine":
        if self.draws > 1 and self.url is None:
            raise ValueError("a url for draws above 1: what was saved says the same each time")
        return self


class Keyword(_Table):
    """One search to watch."""

    text: str = Field(min_length=1, max_length=MAX_KEYWORD)
    """As it is typed."""
    engine: Identifier
    """The `name` of one of [[engines]]."""
    locale: str = Field(default="en", max_length=16)
    """Language, with the country where that matters: ko, en-GB. Engines are told it as far as they can be."""
    device: Literal["desktop", "mobile"] | None = None
    """Which of the two to ask as; only for engines that can be told."""
    searches: int | None = Field(default=None, ge=0)
    """A month on average, as Keyword Planner prints it; None where nobody knows."""


class KeywordColumns(_Table):
    """Names of a keyword list's columns, where they are not those that Google prints in English, Korean or Japanese."""

    keyword: str | None = None
    searches: str | None = None


class KeywordsFile(_Table):
    """A list of keywords in a file: Keyword Planner's export, or any CSV with a column of keywords.

    What [[keywords]] has as well counts once, as it stands there, with the file's `searches` if it has none of its own.
    """

    path: Expanded
    engines: tuple[Identifier, ...] = Field(min_length=1)
    """Names of [[engines]]; each keyword is looked up on each of them."""
    locale: str = Field(default="en", max_length=16)
    device: Literal["desktop", "mobile"] | None = None
    columns: KeywordColumns = KeywordColumns()
    min_searches: int = Field(default=0, ge=0)
    """Keywords that are searched less often are left out; those without a number are too, if this is above 0."""
    limit: int | None = Field(default=None, ge=1)
    """At most as many, the most searched ones: a planner's list of ideas has hundreds. None for all."""


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

    leave_out_flags: tuple[Flag, ...] = ("near_duplicate", "incentivised", "burst")
    """Which flags of text.suspicion keep a review out of the tables of metric_unflagged, rule_unflagged and mart_unflagged. What is known to
    everybody (invited) or says little alone (one_review_author, stars_against_text) is not among the defaults."""


class ThemeChanges(_Table):
    """What this market changes in the default themes."""

    packs: tuple[Identifier, ...] = ()
    """Industries whose themes and wordings are taken in: folders of pipeline/text/wording/packs."""
    off: tuple[Identifier, ...] = ()
    """Ids of default themes that are not looked for."""
    add: dict[Identifier, dict[str, Any]] = Field(default_factory=dict)
    """Theme id to an entry of the same shape as in pipeline/text/wording/themes; an existing id is replaced."""


class TacticChanges(_Table):
    """What this market changes in the library of tactics."""

    off: tuple[Identifier, ...] = ()
    """Ids of tactics that are not proposed."""
    add: dict[Identifier, dict[str, Any]] = Field(default_factory=dict)
    """Tactic id to an entry of the same shape as in pipeline/swot/tactics; an existing id is replaced."""


class Position(_Table):
    """The two axes of the map of brands: net sentiment on the themes of either. Without themes the market's reviews decide."""

    x: tuple[Identifier, ...] = ()
    y: tuple[Identifier, ...] = ()


class TextSettings(_Table):
    """How this market's texts are read."""

    models: dict[Language, Expanded] = Field(default_factory=dict)
    """Language → folder of a transformer that reads it in the place of rules and of teaching, from the market file's folder on; see
    pipeline/text/sentiment/transformer.py. Needs the extra `transformer`."""
    labels: Expanded | None = None
    """JSON lines of labelled texts, from the market file's folder on, that teach what good, bad and neutral mean for a theme; see
    pipeline/text/labels.py."""


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
    """What files, folders and the DAG call it."""
    name: str = Field(min_length=1)
    """What readers call it."""
    languages: tuple[Language, ...] = Field(min_length=1)
    """Those that customers write in (ISO 639-1): texts are taken for one of these."""
    timezone: Timezone = "UTC"
    """In which `schedule` and the report's days count."""
    schedule: Annotated[str, AfterValidator(_cron)] | None = None
    """When Airflow runs it: five cron fields or @daily, @weekly, ...; None for when somebody starts it."""
    deadline_hours: float = Field(default=6, gt=0, le=744)
    """Hours after a moment of `schedule` by which its run is to be published; from then on `rivalscope health` calls it overdue."""
    owner: Label | None = None
    """Who looks after it: whom Airflow shows as the owner of its DAG and can filter by."""
    tags: tuple[Label, ...] = Field(default=(), max_length=20)
    """Of its DAG in Airflow, beside `rivalscope` and `market`."""
    report_languages: tuple[Literal["en", "ko", "ja"], ...] = Field(default=("en",), min_length=1)
    """Of the report's own words: the first is that of report.html, each further one has a file beside it, such as report.ko.html.
    Those of delivery's recipients are added."""
    report_url: WebAddress | None = None
    """Where people reach the folder data/<market>/reports, if you serve it, such as https://reports.example.com/demo/: what leaves the machine links
    there. Without it nothing that is sent or subscribed to has a link to the report."""
    crawl: Crawl = Crawl()
    swot: SwotSettings = SwotSettings()
    themes: ThemeChanges = ThemeChanges()
    tactics: TacticChanges = TacticChanges()
    feasibility: dict[Identifier, Feasible] = Field(default_factory=dict)
    """Tactic or theme id to how feasible it is here; a tactic's own entry before its themes'."""
    position: Position = Position()
    text: TextSettings = TextSettings()
    brands: tuple[Brand, ...]
    """In the order in which tables show them."""
    engines: tuple[Engine, ...] = ()
    """Search engines; those without a keyword are not asked."""
    keywords: tuple[Keyword, ...] = ()
    """Those of the file itself, then those of `keywords_file`."""
    keywords_file: Annotated[tuple[KeywordsFile, ...], BeforeValidator(_listed)] = ()
    """One table, or several."""
    delivery: Delivery = Delivery()
    alerts: Alerts = Alerts()
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
        if unread := sorted(self.text.models.keys() - set(self.languages)):
            raise ValueError(f"text.models for the market's languages ({', '.join(self.languages)}), not for {', '.join(unread)}")
        if sum(b.own for b in self.brands) > 1:
            raise ValueError("at most one brand with own = true")
        names = {e.name for e in self.engines}
        asked = {k.engine for k in self.keywords} | {name for each in self.keywords_file for name in each.engines}
        if unknown := sorted(asked - names):
            raise ValueError(f"each keyword's engine among [[engines]] ({', '.join(sorted(names)) or 'none'}), not {unknown}")
        if self.report_url is None and self.delivery.linked:
            raise ValueError(f"report_url, which the links of {', '.join(self.delivery.linked)} lead into")
        if self.delivery.only_own and not any(b.own for b in self.brands):
            raise ValueError(f'a brand with own = true, which {", ".join(self.delivery.only_own)} with subset = "own" hear of')
        if self.crawl.contact is None and any(t.source.url for t in self.targets):
            raise ValueError(
                "crawl.contact (a mail address or page) as soon as a source has a url: sites must be able to reach you"
            )
        return self

    @property
    def path(self) -> Path:
        return self._path

    @property
    def languages_read(self) -> tuple[str, ...]:
        """In which the report is wanted, by the market or by somebody whom it goes to."""
        return tuple(dict.fromkeys((*self.report_languages, *self.delivery.languages)))

    @property
    def sha256(self) -> str:
        """Of the file's bytes; with keyword lists, of theirs too."""
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

    @property
    def transformers(self) -> dict[str, Path]:
        """Language → folder of the transformer that reads it."""
        return {language: (self._path.parent / folder).resolve() for language, folder in self.text.models.items()}

    @property
    def labels(self) -> Path | None:
        """The file of labelled texts."""
        return (self._path.parent / self.text.labels).resolve() if self.text.labels else None


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
    digest = hashlib.sha256(raw)
    try:
        market = Market.model_validate(data)
        if market.keywords_file:
            market = Market.model_validate(data | {"keywords": _all_keywords(market, path, digest)})
    except ValidationError as error:
        raise MarketError("\n".join(sentence(path, e) for e in error.errors(include_url=False))) from error
    market._path = path.resolve()  # noqa: SLF001 - the file is known to its reader only
    market._sha256 = digest.hexdigest()  # noqa: SLF001 - as above
    if market.transformers:
        _check_transformers(market)
    return market


def _check_transformers(market: Market) -> None:
    from pipeline.text.sentiment import transformer  # noqa: PLC0415  numpy, which few markets need so early

    for language, folder in market.transformers.items():
        try:
            transformer.check(folder)
        except transformer.TransformerError as error:
            raise MarketError(f"{market.path}: text.models.{language}: {error}") from error


def _all_keywords(market: Market, path: Path, digest: "hashlib._Hash") -> list[dict[str, Any]]:
    """The market's own keywords and those of its lists, each search once. Raises MarketError."""
    found = {_search(keyword): keyword for keyword in market.keywords}
    problems = []
    for place, listed in enumerate(market.keywords_file):
        file = (path.resolve().parent / listed.path).resolve()
        try:
            rows = keyword_list.read(file, keyword=listed.columns.keyword, searches=listed.columns.searches)
            digest.update(file.read_bytes())
        except keyword_list.KeywordListError as error:
            problems += [f"{path}: keywords_file.{place}: {each}" for each in str(error).splitlines()]
            continue
        enough = [row for row in rows if not listed.min_searches or (row.searches or 0) >= listed.min_searches]
        wanted = sorted(enough, key=lambda row: -(row.searches or 0))[: listed.limit] if listed.limit else enough
        for engine, row in ((engine, row) for engine in listed.engines for row in wanted):
            one = Keyword(text=row.text, engine=engine, locale=listed.locale, device=listed.device, searches=row.searches)
            known = found.setdefault(_search(one), one)
            if known.searches is None:
                found[_search(one)] = known.model_copy(update={"searches": row.searches})
    if problems:
        raise MarketError("\n".join(problems))
    return [keyword.model_dump() for keyword in found.values()]


def _search(keyword: Keyword) -> tuple[str, str, str, str | None]:
    """What makes two keywords the same search."""
    return (" ".join(keyword.text.casefold().split()), keyword.engine, keyword.locale, keyword.device)


def _keys(table: type[BaseModel]) -> set[str]:
    """Those of every table that a market file can have."""
    return set(table.model_fields).union(*map(_keys, table.__subclasses__()))


def sentence(path: Path, error: Any, where: str = "") -> str:
    """One of pydantic's errors for people: the file, the key, what was expected, what was found."""
    key = (where + ".".join(str(part) for part in error["loc"])).rstrip(".") or "the file"
    found = error["input"]
    match error["type"]:
        case "extra_forbidden":
            written, known = str(error["loc"][-1]), _keys(_Table)
            alike = difflib.get_close_matches(written, known, n=1, cutoff=0.75)
            hint = "Remove it or check its spelling."
            if written in known:
                hint = "Another table of the file has such a key; remove it here or move it there."
            elif alike:
                hint = f"Is {alike[0]!r} meant? {hint}"
            return f"{path}: {key}: unknown key. {hint}"
        case "missing":
            return f"{path}: {key}: expected a value, found none."
        case "value_error":
            expected = str(error["ctx"]["error"]).removeprefix("expected ").removesuffix(".")
            shown = "" if isinstance(found, dict | BaseModel) else f", found {found!r:.80}"
            return f"{path}: {key}: expected {expected}{shown}."
        case _:
            return f"{path}: {key}: {error['msg']}, found {found!r:.80}."
