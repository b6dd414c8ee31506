"""What a report says, read once from a build: every format prints from these rows, so none can say anything of its own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import duckdb

from pipeline.report.rows import (
    Brand,
    Cause,
    Cell,
    ChangePoint,
    Crawl,
    Driver,
    EmergingQuote,
    EmergingTerm,
    Gap,
    Method,
    Movement,
    Place,
    Point,
    Priority,
    Quote,
    Reading,
    Row,
    RunFacts,
    Square,
    Stage,
    Survival,
    Tactic,
    Theme,
    Voice,
    Window,
)
from pipeline.report.wording import Wording
from pipeline.words import Words
from warehouse.build import connect, tables

_MOST_EMERGING = 10

QUADRANTS = ("strength", "weakness", "opportunity", "threat")


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

    words: Wording
    """The reader's language: all that the report says of its own goes through it."""

    quadrants = QUADRANTS

    @property
    def review_count(self) -> int:
        return sum(brand.review_count for brand in self.brands)

    @cached_property
    def current(self) -> Window | None:
        """The newest quarter; None when no review has a date."""
        return next((w for w in self.windows if w.name == "current" and w.ends_on is not None), None)

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

    def brand_name(self, brand: str | None) -> str:
        """Empty for None: a search result that belongs to no brand of the market."""
        return next((b.name for b in self.brands if b.brand == brand), brand or "")

    def theme_name(self, theme: str | None) -> str:
        return next((t.name for t in self.themes if t.theme == theme), theme or "")

    def cells_of(self, brand: str, quadrant: str | None = None) -> list[Cell]:
        return [c for c in self.cells if c.brand == brand and quadrant in (None, c.quadrant)]

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

    def stages_of(self, model: str) -> list[tuple[str, list[Stage]]]:
        """Name of each stage with its brands, along the journey."""
        found = (stage for stage in self.journey if stage.model == model)
        return [(name, list(stages)) for name, stages in groupby(found, key=lambda stage: stage.name)]

    def voice_of(self, brand: str, voice: str) -> Voice | None:
        return next((v for v in self.voices if v.brand == brand and v.voice == voice), None)

    def themes_named(self, themes: Sequence[str]) -> str:
        return ", ".join(self.theme_name(theme) for theme in themes)

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


def read(build_file: Path, words: Wording | None = None) -> Report:
    """The report in the language of `words`, English by default: claims, reasons, names of themes and tactics among its rows too. Raises ReportError when the build has not been through `rivalscope swot`."""
    said = words or Wording("en")
    con = connect(build_file, read_only=True)
    try:
        if "mart.summary" not in tables(con):
            raise ReportError(f"Expected the tables of `rivalscope swot` in {build_file}, found none. Run it first.")
        brands = sorted(_rows(con, "mart.summary", Brand, said), key=lambda b: (not b.own, b.position))
        order = {brand.brand: number for number, brand in enumerate(brands)}
        return Report(
            words=said,
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
            pains=sorted(
                (
                    p
                    for p in _rows(con, "mart.priority", Priority, said)
                    if p.kind == "pain" and p.window == "all" and p.priority is not None
                ),
                key=lambda p: (p.brand, p.position or 0, p.theme),
            ),
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
    """The table's rows as instances of `row`, by column name; a column that stands as a message beside itself is said in the reader's words."""
    held = {name for name, *_ in con.execute(f"describe {table}").fetchall()}
    names = [field.name for field in fields(row)]  # type: ignore[arg-type]  # each is a dataclass
    beside = {name: other for name in names for other in (f"{name}_message", f"{name}s") if other in held and other not in names}
    columns = ", ".join(f'"{beside.get(name, name)}"' for name in names)
    found = con.execute(f"select {columns} from {table}").fetchall()  # noqa: S608 - names from this module
    return [
        row(*(_said(value, words) if name in beside else value for name, value in zip(names, values, strict=True)))
        for values in found
    ]


def _said(value: str | list[str] | None, words: Words) -> str | list[str] | None:
    if isinstance(value, list):
        return [words.message(each) for each in value]
    return None if value is None else words.message(value)
