"""What a report says, read once from a build: every format prints from these rows, so none can say anything of its own."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

import duckdb

from pipeline.cells import SWOT_LAST_TABLE
from pipeline.report.rows import (
    AuditPart,
    Brand,
    Cause,
    Cell,
    ChangePoint,
    Course,
    Crawl,
    Driver,
    EmergingQuote,
    EmergingTerm,
    Flagged,
    Gap,
    Method,
    Movement,
    Place,
    Point,
    Priority,
    Quote,
    Ranking,
    Reading,
    Row,
    RunFacts,
    Sighting,
    Square,
    Stage,
    Survival,
    Tactic,
    Theme,
    Visibility,
    Voice,
    Window,
)
from pipeline.report.since import Since
from pipeline.report.wording import Wording
from pipeline.words import Words
from warehouse.build import connect, tables

_MOST_EMERGING = 10

QUADRANTS = ("strength", "weakness", "opportunity", "threat")

_SIGHTINGS = """
select distinct review.review_id, review.run_id, review.page_sha256
from mart.evidence as evidence
join core.review as review on review.review_id = evidence.review_id
"""
# The months of a brand without a complaint of the theme have no row for it: they are told from those of the whole reviews.
_COURSE = """
with changed as (
    select brand, theme from mart.change_point
    union
    select brand, theme from mart.movement where metric = 'complaint_share' and arrow in ('up', 'down')
),

reviewed as (
    select brand, month, sum(review_count) as review_count from metric.month where theme is null group by brand, month
),

complained as (
    select brand, theme, month, sum(complaint_count) as complaint_count from metric.month group by brand, theme, month
)

select c.brand, c.theme, r.month, cast(r.review_count as bigint), cast(coalesce(m.complaint_count, 0) as bigint)
from changed as c
join reviewed as r on r.brand = c.brand
left join complained as m on m.brand = c.brand and m.theme is not distinct from c.theme and m.month = r.month
order by c.brand, c.theme, r.month
"""
# A review is new if it was first seen after the last crawl of its source by the former run, or one before it, had ended.
_FLAGGED = """
with known as (
    select target, max(crawled_at) as until from core.crawl where as_of <= $since group by target
),

reviewed as (
    select
        r.brand,
        s.review_id is not null as is_flagged,
        $since is not null and r.first_seen_at > coalesce(k.until, timestamp '-infinity') as is_new
    from core.review as r
    left join known as k on k.target = r.target
    left join (select distinct review_id from text.suspicion) as s on s.review_id = r.review_id
    where r.duplicate_of is null
)

select
    b.brand,
    count(r.brand),
    count(r.brand) filter (where r.is_flagged),
    count(r.brand) filter (where r.is_new),
    count(r.brand) filter (where r.is_new and r.is_flagged)
from core.brand as b
left join reviewed as r on r.brand = b.brand
group by b.brand
"""


class ReportError(ValueError):
    """There is nothing to report from; the message says what to run."""


@dataclass(frozen=True)
class Report:
    """The rows of one run, and the few questions that every format asks of them."""

    run: RunFacts
    windows: Sequence[Window]
    brands: Sequence[Brand]
    table: Sequence[Row]
    cells: Sequence[Cell]
    quotes: Sequence[Quote]
    matrix: Sequence[Square]
    themes: Sequence[Theme]
    trend: Sequence[Point]
    coverage: Sequence[Crawl]
    readings: Sequence[Reading]
    """The most read language first."""
    method: Method
    emerging: Sequence[EmergingTerm]
    """Candidates for a theme, the surest first, at most ten."""
    emerging_quotes: Sequence[EmergingQuote]
    roadmap: Sequence[Tactic]
    """What to do first, first; empty where the market has no own brand."""
    drivers: Sequence[Driver]
    """Those of the whole market that could be estimated, the one that costs most stars first."""
    pains: Sequence[Priority]
    """Over all reviews; each brand's greatest first."""
    delights: Sequence[Priority]
    """As pains."""
    causes: Sequence[Cause]
    """Of the whole market, the surest first."""

    changes: Sequence[ChangePoint]
    """The surest first."""
    movements: Sequence[Movement]
    """Up or down where the test says so, and of the rating whatever is known."""
    journey: Sequence[Stage]
    """By model, stage and brand."""
    voices: Sequence[Voice]
    """Over all time."""
    places: Sequence[Place]
    gaps: Sequence[Gap]
    """The own brand's first, then by brand; the most spoken of first."""

    survivals: Sequence[Survival]
    """Of cells whose reviews are partly flagged."""

    audit: Sequence[AuditPart]
    """By part, in the audit's order, then by brand."""
    rankings: Sequence[Ranking]
    """By search, then by brand."""
    visibilities: Sequence[Visibility]
    courses: Sequence[Course]
    flagged: Sequence[Flagged]
    sightings: Sequence[Sighting]

    words: Wording
    """The reader's language: all that the report says of its own goes through it."""
    since: Since | None = None
    """What differs from the former report; None where there is none to compare with."""
    languages: Sequence[str] = ()
    """In which the report is written, the first one being that of the file without a language in its name."""
    market_file: Path | None = None
    """For the commands that a reader may run; None where it is not known."""

    quadrants = QUADRANTS

    @property
    def review_count(self) -> int:
        return sum(brand.review_count for brand in self.brands)

    @cached_property
    def current(self) -> Window | None:
        """The newest quarter; None when no review has a date."""
        return next((w for w in self.windows if w.name == "current" and w.ends_on is not None), None)

    @property
    def former_day(self) -> str:
        """The former report's day in words, with the time where this report is of the same day; empty without a former one."""
        if self.since is None:
            return ""
        day = self.run.local(self.since.as_of)
        if day != self.run.day:
            return self.words.day(day)
        return self.words.moment(self.since.as_of.astimezone(ZoneInfo(self.run.timezone)))

    @property
    def stale_days(self) -> int:
        """Days from the newest review to the as-of where they are many enough to be told, else 0."""
        if self.current is None or self.current.ends_on is None:
            return 0
        age = (self.run.day - self.current.ends_on).days
        return age if age > 30 else 0

    @property
    def missing(self) -> Sequence[Crawl]:
        return [crawl for crawl in self.coverage if crawl.status in {"failed", "blocked", "not_asked"}]

    @cached_property
    def own(self) -> frozenset[str]:
        """Ids of the brands that are ours."""
        return frozenset(b.brand for b in self.brands if b.own)

    def brand_name(self, brand: str | None) -> str:
        """Empty for None: a search result that belongs to no brand of the market."""
        return self._brand_names.get(brand, brand or "")

    @cached_property
    def _brand_names(self) -> dict[str | None, str]:
        return {b.brand: b.name for b in self.brands}

    def theme_name(self, theme: str | None) -> str:
        return self._theme_names.get(theme, theme or "")

    @cached_property
    def _theme_names(self) -> dict[str | None, str]:
        return {t.theme: t.name for t in self.themes}

    def stage_of(self, theme: str | None) -> str | None:
        return self._stages.get(theme)

    @cached_property
    def _stages(self) -> dict[str | None, str]:
        return {t.theme: t.stage for t in self.themes}

    def cells_of(self, brand: str, quadrant: str | None = None) -> list[Cell]:
        return [c for c in self.cells if c.brand == brand and quadrant in (None, c.quadrant)]

    def sighting(self, review_id: str | None) -> Sighting | None:
        return self._sightings.get(review_id)

    @cached_property
    def _sightings(self) -> dict[str | None, Sighting]:
        return {one.review_id: one for one in self.sightings}

    def flagged_of(self, brand: str) -> Flagged | None:
        return next((f for f in self.flagged if f.brand == brand), None)

    @property
    def new_count(self) -> int:
        """Reviews that were first seen since the former report."""
        return sum(f.new_count for f in self.flagged)

    @property
    def new_flagged_count(self) -> int:
        return sum(f.new_flagged_count for f in self.flagged)

    @property
    def audit_parts(self) -> list[tuple[str, str, dict[str, AuditPart]]]:
        """Area and part with its row by brand; parts that were looked for nowhere are left out."""
        found = []
        for (area, part), rows in groupby(self.audit, lambda one: (one.area, one.part)):
            by_brand = {row.brand: row for row in rows}
            if any(row.value is not None for row in by_brand.values()):
                found.append((area, part, by_brand))
        return found

    @property
    def searches(self) -> list[tuple[Ranking, dict[str, Ranking]]]:
        """One brand's row of each search, for what is the same in all, and all of them by brand."""
        found = []
        for _, rows in groupby(self.rankings, lambda one: (one.keyword, one.engine, one.locale, one.device, one.result_type)):
            by_brand = {row.brand: row for row in rows}
            found.append((next(iter(by_brand.values())), by_brand))
        return found

    @cached_property
    def courses_by_topic(self) -> dict[tuple[str, str | None], list[Course]]:
        """Brand and theme to its months, the surest change first, then what moved in the newest quarter."""
        found = {topic: list(rows) for topic, rows in groupby(self.courses, lambda one: (one.brand, one.theme))}
        order = [(c.brand, c.theme) for c in self.changes]
        return dict(sorted(found.items(), key=lambda item: order.index(item[0]) if item[0] in order else len(order)))

    def quotes_of(self, cell_id: str) -> list[Quote]:
        return self._quotes.get(cell_id, [])

    @cached_property
    def _quotes(self) -> dict[str, list[Quote]]:
        return {cell_id: list(found) for cell_id, found in groupby(self.quotes, lambda q: q.cell_id)}

    def quotes_on(self, term: EmergingTerm) -> list[EmergingQuote]:
        about = (term.brand, term.language, term.term)
        return [quote for quote in self.emerging_quotes if (quote.brand, quote.language, quote.term) == about]

    def empty_text(self, brand: str, quadrant: str) -> str:
        """What the table prints where no claim passed: "Not enough evidence (n = 7)" or "Nothing proven among 159 reviews"."""
        plural = {"strength": "strengths", "weakness": "weaknesses", "opportunity": "opportunities", "threat": "threats"}[
            quadrant
        ]
        row = next(r for r in self.table if r.brand == brand)
        return "; ".join(getattr(row, plural))

    def matrix_of(self, theme: str, brand: str) -> Square | None:
        return self._squares.get((theme, brand))

    @cached_property
    def _squares(self) -> dict[tuple[str, str], Square]:
        return {(square.theme, square.brand): square for square in self.matrix}

    def pains_of(self, brand: str) -> list[Priority]:
        """The greatest first."""
        return [pain for pain in self.pains if pain.brand == brand]

    def delights_of(self, brand: str) -> list[Priority]:
        """The greatest first."""
        return [delight for delight in self.delights if delight.brand == brand]

    def stages_of(self, model: str) -> list[tuple[str, list[Stage]]]:
        """Name of each stage with its brands, along the journey."""
        found = (stage for stage in self.journey if stage.model == model)
        return [(name, list(stages)) for name, stages in groupby(found, key=lambda stage: stage.name)]

    def voice_of(self, brand: str, voice: str) -> Voice | None:
        return next((v for v in self.voices if v.brand == brand and v.voice == voice), None)

    def themes_named(self, themes: Sequence[str]) -> str:
        return self.words.names([self.theme_name(theme) for theme in themes])

    def cell(self, cell_id: str) -> Cell | None:
        return self._cells.get(cell_id)

    @cached_property
    def _cells(self) -> dict[str, Cell]:
        return {cell.cell_id: cell for cell in self.cells}

    def survival(self, cell_id: str) -> Survival | None:
        """What becomes of the cell without flagged reviews; None where none of its reviews is flagged."""
        return self._survivals.get(cell_id)

    @cached_property
    def _survivals(self) -> dict[str, Survival]:
        return {one.cell_id: one for one in self.survivals}

    @property
    def stages(self) -> Iterator[tuple[str, list[Theme]]]:
        """Journey stages with their themes, in the taxonomy's order, those that nobody mentioned left out."""
        seen = {square.theme for square in self.matrix if square.mentioning_count}
        for stage, themes in groupby(self.themes, lambda theme: theme.stage):
            if spoken_of := [theme for theme in themes if theme.theme in seen]:
                yield stage, spoken_of

    @cached_property
    def overall_trend(self) -> list[Point]:
        """By month, without the months that hold too few reviews to say anything."""
        return [
            p
            for p in self.trend
            if p.theme is None and p.mentioning_count >= self.method.min_reviews and p.net_sentiment is not None
        ]

    @property
    def months(self) -> list[tuple[date, dict[str, Point]]]:
        """Newest first; each brand's point where it has one."""
        by_month: dict[date, dict[str, Point]] = {}
        for point in self.overall_trend:
            by_month.setdefault(point.month, {})[point.brand] = point
        return sorted(by_month.items(), reverse=True)


_R = TypeVar("_R")


def read(
    build_file: Path,
    words: Wording | None = None,
    *,
    since: Since | None = None,
    languages: Sequence[str] = (),
    market_file: Path | None = None,
) -> Report:
    """The report in the language of `words`, English by default: claims, reasons, names of themes and tactics among its rows too.

    `since`: how the build's cells differ from the former run's. `languages`: all in which the report is written; its own alone by default.
    `market_file`: where it is, for the commands that the report prints.
    Raises ReportError when the build has not been through `rivalscope swot`.
    """
    said = words or Wording("en")
    con = connect(build_file, read_only=True)
    try:
        if SWOT_LAST_TABLE not in tables(con):
            raise ReportError(
                f"Expected the tables of `rivalscope swot` in {build_file}, found them missing or not made to their end. Run it first."
            )
        brands = [
            replace(b, channels=b.channels and [said.channel(channel) for channel in b.channels])
            for b in sorted(_rows(con, "mart.summary", Brand, said), key=lambda b: (not b.own, b.position))
        ]
        order = {brand.brand: number for number, brand in enumerate(brands)}
        priorities = sorted(
            (p for p in _rows(con, "mart.priority", Priority, said) if p.window == "all" and p.priority is not None),
            key=lambda p: (p.brand, p.position or 0, p.theme),
        )
        moment = {"since": since.as_of.replace(tzinfo=None) if since else None}
        return Report(
            words=said,
            since=since,
            languages=languages or [said.language],
            market_file=market_file,
            audit=[
                replace(a, detail=said.listed([said.channel(way) for way in a.detail.split(", ")]))
                if a.part == "contact_channels" and a.detail
                else a
                for a in sorted(_rows(con, "mart.service_audit", AuditPart, said), key=lambda a: (a.position, order[a.brand]))
            ],
            rankings=sorted(
                _rows(con, "mart.rank_movement", Ranking, said),
                key=lambda k: (k.keyword, k.engine, k.locale or "", k.device or "", k.result_type or "", order[k.brand]),
            ),
            visibilities=sorted(_rows(con, "metric.visibility", Visibility, said), key=lambda v: (v.engine, order[v.brand])),
            courses=_found(con, _COURSE, Course),
            flagged=sorted(_found(con, _FLAGGED, Flagged, moment), key=lambda f: order[f.brand]),
            sightings=sorted(_found(con, _SIGHTINGS, Sighting), key=lambda s: s.review_id),
            run=_rows(con, "core.run", RunFacts, said)[0],
            windows=_rows(con, 'metric."window"', Window, said),
            brands=brands,
            table=_rows(con, "mart.swot_table", Row, said),
            cells=sorted(
                _rows(con, "mart.swot_cell", Cell, said), key=lambda c: (order[c.brand], QUADRANTS.index(c.quadrant), c.position)
            ),
            quotes=sorted(_rows(con, "mart.evidence", Quote, said), key=lambda q: (q.cell_id, q.position)),
            matrix=[square for square in _rows(con, "mart.theme_matrix", Square, said) if square.window == "all"],
            themes=sorted(_rows(con, "core.theme", Theme, said), key=lambda t: t.position),
            trend=sorted(_rows(con, "metric.trend", Point, said), key=lambda p: (p.brand, p.theme or "", p.month)),
            coverage=sorted(_rows(con, "mart.coverage", Crawl, said), key=lambda c: c.target),
            readings=sorted(_rows(con, "mart.reading_quality", Reading, said), key=lambda r: (-r.review_count, r.language)),
            method=_rows(con, "mart.method", Method, said)[0],
            emerging=sorted(
                (term for term in _rows(con, "mart.emerging_term", EmergingTerm, said) if term.told),
                key=lambda t: (t.q_value, -t.complaint_count, t.brand or "", t.language, t.term),
            )[:_MOST_EMERGING],
            emerging_quotes=sorted(_rows(con, "mart.emerging_quote", EmergingQuote, said), key=lambda q: q.position),
            roadmap=[
                replace(t, title=said.name(t.title), pain=said.name(t.pain), steps=[said.name(step) for step in t.steps])
                for t in sorted(_rows(con, "mart.roadmap", Tactic, said), key=lambda t: t.position)
            ],
            drivers=sorted(
                (d for d in _rows(con, "mart.driver", Driver, said) if d.brand is None and d.complaint_stars is not None),
                key=lambda d: d.position,
            ),
            pains=[p for p in priorities if p.kind == "pain"],
            delights=[p for p in priorities if p.kind == "delight"],
            changes=sorted(
                _rows(con, "mart.change_point", ChangePoint, said), key=lambda c: (c.q_value, c.brand, c.theme or "", c.month)
            ),
            movements=sorted(
                (m for m in _rows(con, "mart.movement", Movement, said) if m.arrow in {"up", "down"} or m.metric == "rating"),
                key=lambda m: (order[m.brand], m.theme or "", m.metric, m.against),
            ),
            journey=[
                replace(s, name=said.name(s.name))
                for s in sorted(_rows(con, "mart.journey_map", Stage, said), key=lambda s: (s.model, s.position, order[s.brand]))
            ],
            voices=[voice for voice in _rows(con, "mart.share_of_voice", Voice, said) if voice.window == "all"],
            places=sorted(_rows(con, "mart.position", Place, said), key=lambda p: p.position),
            survivals=[s for s in _rows(con, "mart_unflagged.cell_survival", Survival, said) if s.told is not None],
            gaps=sorted(_rows(con, "mart.gap", Gap, said), key=lambda g: (order[g.brand], g.position)),
            causes=sorted((c for c in _rows(con, "mart.cause", Cause, said) if c.brand is None), key=lambda c: c.position),
        )
    finally:
        con.close()


def _rows(con: duckdb.DuckDBPyConnection, table: str, row: type[_R], words: Words) -> list[_R]:
    """The table's rows as instances of `row`, by column name; what stands as a message, or as names, beside a column is said in its place."""
    held = {name for name, *_ in con.execute(f"describe {table}").fetchall()}
    names = [field.name for field in fields(row)]  # type: ignore[arg-type]  # each is a dataclass
    beside = {name: other for name in names if (other := "names" if name == "name" else f"{name}_message") in held}
    columns = ", ".join(f'"{name}"' for name in (*names, *beside.values()))
    found = []
    for values in con.execute(f"select {columns} from {table}").fetchall():  # noqa: S608 - names from this module
        said = {name: _said(value, words) for name, value in zip(beside, values[len(names) :], strict=True) if value is not None}
        found.append(row(**dict(zip(names, values[: len(names)], strict=True)) | said))
    return found


def _said(value: str | list[str], words: Words) -> str | list[str]:
    return [words.message(each) for each in value] if isinstance(value, list) else words.message(value)


def _found(con: duckdb.DuckDBPyConnection, query: str, row: type[_R], values: Mapping[str, object] | None = None) -> list[_R]:
    """The query's rows as instances of `row`, by position."""
    return [row(*values) for values in con.execute(query, values or {}).fetchall()]
