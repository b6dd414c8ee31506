"""report.xlsx: the report's tables with native types, to be filtered, sorted and reckoned with; `sheets.py` says which.

Text is always written as text (`write_string`), and marked as such where a spreadsheet would take it for a formula once somebody edits the cell:
nothing that a customer wrote can become a formula or a link. The only links lead from the first sheet to the others.
"""

import io
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipeline.formulas import could_run
from pipeline.report.chart import COLOURS
from pipeline.report.facts import Report
from pipeline.report.sheets import Chart, Column, Form, Sheet, Value, sheets

FILE = "report.xlsx"

MAX_TEXT = 32_767
"""Characters that a cell of the format can hold."""

_NAME_MAX = 31
_LINE, _HEIGHT_MAX = 15, 409
"""Points: the height of a line, and the most that a row can have."""

_FORMS: Mapping[Form, tuple[str, int]] = {
    "text": ("@", 18),
    "long": ("@", 50),
    "number": ("0.0##", 10),
    "tenth": ("0.0", 10),
    "count": ("#,##0", 10),
    "share": ("0.0%", 10),
    "net": ("+0.00;-0.00;0.00", 11),
    "stars": ("0.00", 10),
    "q": ('[<0.001]"< 0.001";0.000', 9),
    "day": ("yyyy-mm-dd", 12),
    "month": ("yyyy-mm", 10),
    "moment": ("yyyy-mm-dd hh:mm", 17),
    "yes": ("General", 9),
}
"""How the spreadsheet shows it, and the width."""

_PAIN, _NEITHER, _PRAISE = "#F2A65A", "#F7F7F7", "#6BAED6"
"""Orange and blue: told apart by colour-blind readers, and light enough for black figures."""

_GRID = {"visible": True, "line": {"color": "#E3E6E8"}}


def render(report: Report) -> bytes:
    body = io.BytesIO()
    book = xlsxwriter.Workbook(
        body, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    )
    # The moment of writing would make two reports of the same run differ.
    book.set_properties({"title": _title(report), "author": "rivalscope", "created": report.run.as_of.replace(tzinfo=None)})
    found = list(sheets(report))
    names = sheet_names([report.words.say("About this file"), *(sheet.title for sheet in found)])
    writer = _Writer(book)
    about = book.add_worksheet(names[0])
    for sheet, name in zip(found, names[1:], strict=True):
        writer.sheet(sheet, name)
    writer.about(about, report, list(zip(found, names[1:], strict=True)))
    about.activate()
    book.close()
    return body.getvalue()


def _title(report: Report) -> str:
    return report.words.say("{market}: CX SWOT", market=report.run.market_name)


def sheet_names(titles: Sequence[str]) -> list[str]:
    """The titles as the format takes them for names: at most 31 characters, some never, none twice."""
    names: list[str] = []
    taken = {"history"}  # a name that Excel keeps for itself
    for title in titles:
        name = stem = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title).strip("' ")[:_NAME_MAX].strip("' ") or "-"
        number = 2
        while name.casefold() in taken:
            name = f"{stem[: _NAME_MAX - len(str(number)) - 1]} {number}"
            number += 1
        taken.add(name.casefold())
        names.append(name)
    return names


class _Writer:
    """Writes sheets into one book."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._head = book.add_format({"bold": True, "bg_color": "#E9F2F8", "bottom": 1, "text_wrap": True, "valign": "top"})
        self._forms = {
            form: book.add_format({"num_format": shown, "valign": "top", "text_wrap": form in {"text", "long"}})
            for form, (shown, _) in _FORMS.items()
        }
        # As if an apostrophe had been typed before it: editing the cell does not make a formula of it.
        self._quoted = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True, "quote_prefix": True})

    def sheet(self, sheet: Sheet[Any], name: str) -> None:
        page = self._book.add_worksheet(name)
        for number, column in enumerate(sheet.columns):
            _text(page, (0, number), column.title, self._head)
            page.set_column(number, number, _width(column))
        page.set_row(0, 2 * _LINE)
        for line, row in enumerate(sheet.rows, start=1):
            values = [column.value(row) for column in sheet.columns]
            for number, (column, value) in enumerate(zip(sheet.columns, values, strict=True)):
                self._value(page, (line, number), value, column.form)
            lines = max(_lines(value, _width(column)) for column, value in zip(sheet.columns, values, strict=True))
            page.set_row(line, min(lines * _LINE, _HEIGHT_MAX))
        page.freeze_panes(1, sheet.frozen)
        page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
        page.set_landscape()
        page.set_paper(9)  # A4
        page.fit_to_pages(1, 0)
        page.repeat_rows(0)
        if sheet.rows and sheet.heat:
            scale = {"type": "3_color_scale", "min_color": _PAIN, "mid_color": _NEITHER, "max_color": _PRAISE}
            for place, value in (("min", -1), ("mid", 0), ("max", 1)):
                scale |= {f"{place}_type": "num", f"{place}_value": value}  # type: ignore[dict-item]
            page.conditional_format(1, sheet.heat[0], len(sheet.rows), sheet.heat[-1], scale)
        if sheet.rows and sheet.chart:
            below = 0
            for chart in self._charts(sheet, sheet.chart, name):
                page.insert_chart(
                    1, len(sheet.columns) + 1, chart, {"y_offset": below, "object_position": 3, "description": sheet.chart.title}
                )
                below += chart.height + 20

    def about(self, page: Worksheet, report: Report, found: Sequence[tuple[Sheet[Any], str]]) -> None:
        """The first sheet: what the file is, what each sheet holds, and how to read the numbers."""
        _ = report.words.say
        page.set_column(0, 0, 26)
        page.set_column(1, 1, 100)
        page.set_column(2, 2, 10)
        big = self._book.add_format({"bold": True, "font_size": 16})
        link = self._book.add_format({"font_color": "#0B5C8A", "underline": 1, "valign": "top"})
        _text(page, (0, 0), _title(report), big)
        asked = {"day": report.run.day, "n": report.review_count, "brands": len(report.brands), "run": report.run.run_id}
        _text(page, (1, 0), _("As of {day:day}: {n} reviews of {brands} brands, run {run}.", **asked))
        line = 3
        for number, title in enumerate((_("Sheet"), _("What it holds"), _("Rows"))):
            _text(page, (line, number), title, self._head)
        for sheet, name in found:
            line += 1
            quoted = name.replace("'", "''")
            page.write_url(line, 0, f"internal:'{quoted}'!A1", link, string=name)
            _text(page, (line, 1), sheet.about, self._forms["long"])
            page.set_row(line, _lines(sheet.about, 100) * _LINE)
            page.write_number(line, 2, len(sheet.rows), self._forms["count"])
        line += 2
        _text(page, (line, 0), _("How to read the numbers"), self._head)
        for said in _legend(report):
            line += 1
            page.merge_range(line, 0, line, 2, "", self._forms["long"])
            page.set_row(line, _lines(said, 130) * _LINE)
            _text(page, (line, 0), said, self._forms["long"])
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.hide_gridlines(2)

    def _value(self, page: Worksheet, where: tuple[int, int], value: Value, form: Form) -> None:
        shown = self._forms[form]
        match value:
            case None | "":
                page.write_blank(*where, None, shown)
            case bool():
                page.write_boolean(*where, value, shown)
            case str():
                _text(page, where, value, self._quoted if could_run(value) else shown)
            case datetime() | date():
                page.write_datetime(*where, value, shown)
            case _:
                page.write_number(*where, value, shown)

    def _charts(self, sheet: Sheet[Any], chart: Chart, name: str) -> Iterator[Any]:
        """One; of bars one for each series of rows. Names are references: one that begins with "=" would be taken for one."""
        stretches = _stretches(sheet, chart)
        if chart.kind == "map":
            yield self._map(chart, name, stretches)
            return
        for first, last in stretches:
            drawn = self._chart(chart.kind, chart.title)
            end = min(last, first + chart.most - 1) if chart.kind == "bar" else last
            for number, column in enumerate(chart.values):
                title = [name, 0, column] if chart.series is None else [name, first, chart.series]
                look = _look(number)
                drawn.add_series(
                    {
                        "name": title,
                        "categories": [name, first, chart.labels, end, chart.labels],
                        "values": [name, first, column, end, column],
                        **({**look, "line": {**look["fill"], "width": 2.25}} if chart.kind == "line" else {"fill": look["fill"]}),
                    }
                )
            low, high = chart.span or (None, None)
            shown = _FORMS[sheet.columns[chart.values[0]].form][0]
            if chart.kind == "bar":  # the first one above, and the axis of values below
                drawn.set_y_axis({"reverse": True, "label_position": "low", "crossing": "max"})
                drawn.set_x_axis({"min": low, "max": high, "num_format": shown, "major_gridlines": _GRID})
                drawn.set_size({"width": 720, "height": 130 + 22 * (end - first + 1)})
            else:
                drawn.set_x_axis({"num_format": "yyyy-mm", "label_position": "low", "date_axis": True})
                drawn.set_y_axis({"min": low, "max": high, "num_format": shown, "major_gridlines": _GRID})
            drawn.show_blanks_as("gap")  # a line drawn across a month without reviews would be a trend that nobody saw
            drawn.set_legend({"position": "bottom"})
            yield drawn

    def _map(self, chart: Chart, name: str, stretches: Sequence[tuple[int, int]]) -> Any:
        x, y = chart.values
        drawn = self._chart("scatter", chart.title)
        for number, (first, last) in enumerate(stretches):
            drawn.add_series(
                {
                    "name": [name, first, chart.labels],
                    "categories": [name, first, x, last, x],
                    "values": [name, first, y, last, y],
                    "data_labels": {"series_name": True, "value": False, "position": "above"},
                    "marker": {**_look(number)["marker"], "size": 10},
                }
            )
        drawn.set_x_axis(
            {"name": [name, 1, x - 2], "num_format": "+0.0;-0.0;0", "label_position": "low", "major_gridlines": _GRID}
        )
        drawn.set_y_axis(
            {"name": [name, 1, y - 2], "num_format": "+0.0;-0.0;0", "label_position": "low", "major_gridlines": _GRID}
        )
        drawn.set_legend({"none": True})
        return drawn

    def _chart(self, kind: str, title: str) -> Any:
        drawn = self._book.add_chart({"type": kind})
        drawn.set_title({"name": title, "name_font": {"size": 12}, "overlay": False})
        drawn.set_size({"width": 720, "height": 300})
        return drawn


def _stretches(sheet: Sheet[Any], chart: Chart) -> list[tuple[int, int]]:
    """First and last line of each series of rows."""
    lines = range(1, len(sheet.rows) + 1)
    if chart.series is None:
        return [(lines[0], lines[-1])]
    of = sheet.columns[chart.series].value
    found = [list(same) for _, same in groupby(lines, key=lambda line: of(sheet.rows[line - 1]))]
    return [(same[0], same[-1]) for same in found]


def _look(number: int) -> dict[str, Any]:
    """Of the series with this number."""
    fill = {"color": COLOURS[number % len(COLOURS)]}
    return {"fill": fill, "marker": {"type": "circle", "size": 5, "fill": fill, "border": fill}}


def _legend(report: Report) -> Iterator[str]:
    _ = report.words.say
    yield _("n counts reviews, not sentences. Low and High are the bounds of the 95% interval of the figure to their left.")
    yield _("q: of all claims with q at most {q:dec2}, about that share is noise.", q=report.method.q_max)
    yield _(
        "Net sentiment is the share of the reviews that praise minus the share that complain, -1 to 1, among those that mention the theme."
    )
    yield _("An empty cell is not known, or too few reviews (under {n}) to tell; it is never zero.", n=report.method.min_reviews)
    yield _("Shares are numbers from 0 to 1 shown as per cent; moments are in UTC.")
    yield _("What customers wrote stands in their own language.")
    yield report.words.not_corrected()


def _width(column: Column[Any]) -> int:
    return column.width or _FORMS[column.form][1]


def _lines(value: Value, width: int) -> int:
    """That a text takes in a column of this width, rather too many than too few: not every program fits rows to their text."""
    if not isinstance(value, str):
        return 1
    wide = [
        sum(1.9 if unicodedata.east_asian_width(letter) in "WF" else 0.95 for letter in part)
        for part in value[:MAX_TEXT].split("\n")
    ]
    return sum(max(1, math.ceil(letters / width)) for letters in wide)


def _text(page: Worksheet, where: tuple[int, int], text: str, shown: Format | None = None) -> None:
    page.write_string(*where, text[:MAX_TEXT], shown)
