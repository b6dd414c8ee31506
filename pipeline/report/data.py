"""report.json: the same rows for programs. Its schema stands beside it as report.schema.json, and in docs/."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import orjson
from pydantic import ConfigDict

from pipeline.report.facts import Report
from pipeline.report.rows import (
    AuditPart,
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
    Ranking,
    Reading,
    RunFacts,
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

FILE = "report.json"

TRANSLATED = False
"""Programs read one file, whatever languages people read."""

VERSION = 1
"""Of the schema: a further one where something goes, is renamed or means something else. What is added leaves it as it is."""

SCHEMA_FILE = "report.schema.json"


@dataclass(frozen=True, slots=True)
class ProvenCell(Cell):
    """mart.swot_cell."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    evidence: Sequence[Quote]
    """At least three quotes where the claim is about reviews, the typical ones first, and voices against it."""
    without_flagged: Survival | None
    """What becomes of it without flagged reviews; null where none of its reviews is flagged."""

    @classmethod
    def of(cls, report: Report, cell: Cell) -> Self:
        return cls(
            **{field.name: getattr(cell, field.name) for field in fields(cell)},
            evidence=report.quotes_of(cell.cell_id),
            without_flagged=report.survival(cell.cell_id),
        )


@dataclass(frozen=True, slots=True)
class QuotedTerm(EmergingTerm):
    """mart.emerging_term, where it is told."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    quotes: Sequence[EmergingQuote]
    """Sentences that have the term."""

    @classmethod
    def of(cls, report: Report, term: EmergingTerm) -> Self:
        return cls(**{field.name: getattr(term, field.name) for field in fields(term)}, quotes=report.quotes_on(term))


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The report of one run of rivalscope, for programs. Moments are UTC; shares 0..1; net sentiment -1..1; null is not known, never zero."""

    __pydantic_config__ = ConfigDict(use_attribute_docstrings=True)

    version: int
    """Of this schema: it rises where something goes, is renamed or means something else."""
    language: str
    """In which claims and other sentences of the program are written; quotes are in their own."""
    run: RunFacts
    method: Method
    windows: Sequence[Window]
    brands: Sequence[Brand]
    """The own one first."""
    cells: Sequence[ProvenCell]
    """The SWOT table, by brand, quadrant and position."""
    since: Since | None
    """What differs from the report before; null where there was none."""
    theme_names: Sequence[Theme]
    themes: Sequence[Square]
    trend: Sequence[Point]
    emerging_terms: Sequence[QuotedTerm]
    roadmap: Sequence[Tactic]
    drivers: Sequence[Driver]
    pains: Sequence[Priority]
    delights: Sequence[Priority]
    causes: Sequence[Cause]
    changes: Sequence[ChangePoint]
    """Months in which complaints changed and stayed changed."""
    movements: Sequence[Movement]
    journey: Sequence[Stage]
    share_of_voice: Sequence[Voice]
    positions: Sequence[Place]
    gaps: Sequence[Gap]
    service_audit: Sequence[AuditPart]
    searches: Sequence[Ranking]
    search_visibility: Sequence[Visibility]
    coverage: Sequence[Crawl]
    readings: Sequence[Reading]


def document(report: Report) -> Document:
    return Document(
        version=VERSION,
        language=report.words.language,
        run=report.run,
        method=report.method,
        windows=report.windows,
        brands=report.brands,
        cells=[ProvenCell.of(report, cell) for cell in report.cells],
        since=report.since,
        theme_names=report.themes,
        themes=report.matrix,
        trend=report.trend,
        emerging_terms=[QuotedTerm.of(report, term) for term in report.emerging],
        roadmap=report.roadmap,
        drivers=report.drivers,
        pains=report.pains,
        delights=report.delights,
        causes=report.causes,
        changes=report.changes,
        movements=report.movements,
        journey=report.journey,
        share_of_voice=report.voices,
        positions=report.places,
        gaps=report.gaps,
        service_audit=report.audit,
        searches=report.rankings,
        search_visibility=report.visibilities,
        coverage=report.coverage,
        readings=report.readings,
    )


def render(report: Report) -> bytes:
    made = document(report)
    body = {"$schema": SCHEMA_FILE} | {field.name: getattr(made, field.name) for field in fields(made)}
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)
