"""report.json: the same rows for programs."""

from dataclasses import asdict

import orjson

from pipeline.report.facts import Report

FILE = "report.json"

TRANSLATED = False
"""Programs read one file, whatever languages people read."""


def render(report: Report) -> bytes:
    body = {
        "run": asdict(report.run),
        "windows": report.windows,
        "brands": report.brands,
        "cells": [
            asdict(cell)
            | {"evidence": [asdict(q) for q in report.quotes_of(cell.cell_id)], "without_flagged": report.survival(cell.cell_id)}
            for cell in report.cells
        ],
        "themes": report.matrix,
        "trend": report.trend,
        "emerging_terms": [asdict(term) | {"quotes": report.quotes_on(term)} for term in report.emerging],
        "roadmap": report.roadmap,
        "drivers": report.drivers,
        "pains": report.pains,
        "causes": report.causes,
        "changes": report.changes,
        "movements": report.movements,
        "journey": report.journey,
        "share_of_voice": report.voices,
        "positions": report.places,
        "gaps": report.gaps,
        "coverage": report.coverage,
        "readings": report.readings,
    }
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)
