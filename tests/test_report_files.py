"""The report's other shapes: what opens in a spreadsheet, a slide program, a feed reader and a browser, and nothing in them runs."""

import io
import re
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import feedparser
import openpyxl
import orjson
import pytest
from bs4 import BeautifulSoup
from conftest import HOSTILE, PROJECT, Ran, opened, rivalscope
from hostile_strings import STRINGS
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from lxml import etree, html
from openpyxl.cell import Cell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import Browser
from pptx import Presentation
from pptx.util import Emu

from pipeline.report import data, facts, feed, history, index, schema, sheets, since, slides, xlsx
from pipeline.report.wording import Wording
from pipeline.words import LANGUAGES

HOSTILE_CELLS = (
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '=HYPERLINK("https://evil.example","click")',
    "https://evil.example/x",
    "mailto:a@evil.example",
    "file:///etc/passwd",
    "internal:'SWOT'!A1",
    "external:other.xlsx",
    "{=1+1}",
    'DDE("cmd";"/C calc";"1")',
    "＝1+1",
    "a\x00b\x07c\ufffe\uffff_x0041_",
    "x" * 40_000,
    *HOSTILE,
    *STRINGS,
)
"""What a customer could write to a spreadsheet, a feed reader or a browser."""


@pytest.fixture(scope="module")
def report(tea: Ran) -> facts.Report:
    return facts.read(tea.data / "warehouse.duckdb")


def hostile_report(report: facts.Report) -> facts.Report:
    """Every text that comes from outside replaced by what tries to run."""
    texts = [HOSTILE_CELLS[number % len(HOSTILE_CELLS)] for number in range(400)]
    cells = [
        replace(report.cells[n % len(report.cells)], cell_id=f"{n:016x}", claim=text) for n, text in enumerate(HOSTILE_CELLS)
    ]
    quotes = [
        replace(report.quotes[0], cell_id=f"{n:016x}", quote=text, url=text, source=text) for n, text in enumerate(HOSTILE_CELLS)
    ]
    return replace(
        report,
        cells=cells,
        quotes=quotes,
        brands=[replace(brand, name=text) for brand, text in zip(report.brands, texts, strict=False)],
        coverage=[replace(crawl, reason=text) for crawl, text in zip(report.coverage, texts, strict=False)],
        run=replace(report.run, market_name=HOSTILE_CELLS[0]),
    )


# --- spreadsheet ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def book(tea: Ran) -> openpyxl.Workbook:
    return openpyxl.load_workbook(tea.report / "report.xlsx")


def column(sheet: Worksheet, title: str) -> list[Cell]:
    """The cells under the first column of this title."""
    number = next(cell.column for cell in sheet[1] if cell.value == title)
    return [sheet.cell(line, number) for line in range(2, sheet.max_row + 1)]


def test_the_first_sheet_leads_to_each_other_and_says_what_it_holds(book: openpyxl.Workbook, report: facts.Report) -> None:
    first, *others = book.worksheets
    assert first.title == "About this file"
    links = {cell.hyperlink.location: cell for row in first.iter_rows() for cell in row if cell.hyperlink}
    assert list(links) == [f"'{sheet.title}'!A1" for sheet in others]
    assert {cell.hyperlink.target for cell in links.values()} == {None}
    assert all(first.cell(cell.row, 2).value and first.cell(cell.row, 3).value is not None for cell in links.values())
    assert report.run.run_id in first["A2"].value
    assert [sheet.title for sheet in others] == [sheet.title for sheet in sheets.sheets(report)]


def test_figures_dates_and_intervals_are_native_and_shown_in_their_unit(book: openpyxl.Workbook, report: facts.Report) -> None:
    cells = book["Cells"]
    assert [cell.value for cell in column(cells, "Low")] == [
        c.low if c.low is None else pytest.approx(c.low) for c in report.cells
    ]
    assert {cell.number_format for cell in column(cells, "Low")} == {"+0.00;-0.00;0.00"}
    published = [cell for cell in column(book["Evidence"], "Published") if cell.value is not None]
    assert published
    assert all(cell.is_date and cell.number_format == "yyyy-mm-dd" for cell in published)
    reach = column(book["What hurts"], "Reach")
    assert reach[0].value == pytest.approx(report.pains_of("leaf")[0].reach)
    assert reach[0].number_format == "0.0%"
    assert {cell.data_type for cell in column(book["Brands"], "Ours")} == {"b"}
    assert column(book["Brands"], "Stars")[0].number_format == "0.00"


def test_each_sheet_is_filtered_frozen_and_as_wide_as_its_text_needs(book: openpyxl.Workbook) -> None:
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes.endswith("2"), sheet.title
        assert sheet.auto_filter.ref == f"A1:{get_column_letter(sheet.max_column)}{max(sheet.max_row, 1)}", sheet.title
        assert all(4 < sheet.column_dimensions[letter].width < 100 for letter in sheet.column_dimensions), sheet.title


def test_the_heat_map_and_the_charts_draw_the_sheets_own_figures(book: openpyxl.Workbook, report: facts.Report) -> None:
    heat = book["Heat map"]
    assert [cell.value for cell in heat[1]][2:] == [brand.name for brand in report.brands]
    late = report.matrix_of("delivery_punctuality", "leaf")
    row = next(row for row in heat.iter_rows(min_row=2) if row[1].value == "Delivery and punctuality")
    assert late
    assert row[2].value == pytest.approx(late.net_sentiment)
    (rule,) = [rule for found in heat.conditional_formatting for rule in found.rules]
    assert [point.val for point in rule.colorScale.cfvo] == ["-1", "0", "1"] or [float(p.val) for p in rule.colorScale.cfvo] == [
        -1,
        0,
        1,
    ]
    line, bars = book["Trend"]._charts, book["What hurts"]._charts
    assert [type(chart).__name__ for chart in line] == ["LineChart"]
    assert {type(chart).__name__ for chart in bars} == {"BarChart"}
    assert len(bars) == len({pain.brand for pain in report.pains})
    assert [series.tx.strRef.f for series in line[0].series] == [f"Trend!${get_column_letter(n + 2)}$1" for n in range(3)]
    months = [cell.value for cell in column(book["Trend"], "Month")]
    assert all((later - earlier).days <= 31 for earlier, later in pairwise(months))


def test_nothing_in_a_spreadsheet_is_a_formula_or_leads_outside_whatever_customers_wrote(report: facts.Report) -> None:
    body = xlsx.render(hostile_report(report))
    book = openpyxl.load_workbook(io.BytesIO(body))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert all(cell.hyperlink.target is None for cell in cells if cell.hyperlink)
    assert not [cell for sheet in book.worksheets[1:] for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    # What would be one if it were typed stays text when somebody edits the cell.
    quotes = {cell.value: cell for cell in column(book["Evidence"], "Quote")}
    for text in HOSTILE_CELLS[:5]:
        assert quotes[text].data_type == "s"
        assert quotes[text].quotePrefix, text
    assert len(max(quotes, key=len)) == xlsx.MAX_TEXT
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        assert not [name for name in package.namelist() if "externalLink" in name or "vba" in name or "connections" in name]
        for name in package.namelist():
            part = package.read(name)
            assert b"<f>" not in part or name.startswith("xl/charts/"), name
            assert b'TargetMode="External"' not in part, name


@pytest.mark.parametrize("brand", ["='http://evil.example'!A1", "=1+1", "'", "a" * 300])
def test_a_chart_takes_names_from_cells_and_never_from_text(report: facts.Report, brand: str) -> None:
    told = replace(report, brands=[replace(one, name=brand) for one in report.brands])
    with zipfile.ZipFile(io.BytesIO(xlsx.render(told))) as package:
        charts = [package.read(name).decode() for name in package.namelist() if name.startswith("xl/charts/")]
    assert charts
    for formula in re.findall(r"<c:f>(.*?)</c:f>", "".join(charts)):
        assert re.fullmatch(r"(&apos;|')?[\w -]+(&apos;|')?!\$[A-Z]+\$\d+(:\$[A-Z]+\$\d+)?", formula), formula


@given(st.lists(st.text(max_size=45), max_size=30))
def test_a_sheet_has_a_name_that_every_program_takes(titles: list[str]) -> None:
    names = xlsx.sheet_names(titles)
    assert len({name.casefold() for name in names}) == len(titles)
    for name in names:
        assert 0 < len(name) <= 31
        assert not re.search(r"[\[\]:*?/\\]", name)
        assert name.strip("'") == name
        assert name.casefold() != "history"


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_a_spreadsheet_in_another_language_has_the_same_sheets(report: facts.Report, language: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(xlsx.render(replace(report, words=Wording(language)))))
    assert len(book.sheetnames) == 1 + len(list(sheets.sheets(report)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_columns_of_a_sheet_have_one_title_but_for_bounds(report: facts.Report, language: str) -> None:
    words = Wording(language)
    bounds = {words.say("Low"), words.say("High")}
    for sheet in sheets.sheets(replace(report, words=words)):
        titles = [column.title for column in sheet.columns if column.title not in bounds]
        assert len(titles) == len({title.casefold() for title in titles}), f"{sheet.title}: {titles}"


# --- slides --------------------------------------------------------------------------------------------------------------


def slide_texts(body: bytes) -> list[list[str]]:
    deck = Presentation(io.BytesIO(body))
    return [[shape.text_frame.text for shape in slide.shapes if shape.has_text_frame] for slide in deck.slides]


def test_each_brand_has_one_slide_ours_first_with_its_claims_and_a_native_chart(report: facts.Report) -> None:
    deck = Presentation(io.BytesIO(slides.render(report)))
    assert len(deck.slides) == len(report.brands)
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert titles == [f"{report.brands[0].name} (ours)", *(brand.name for brand in report.brands[1:])]
    ours = deck.slides[0]
    said = "\n".join(shape.text_frame.text for shape in ours.shapes if shape.has_text_frame)
    weakness = report.cells_of("leaf", "weakness")[0]
    assert weakness.claim in said.replace("\u00a0", " ").replace("\u2011", "-")
    assert report.roadmap[0].title in said
    assert report.run.run_id in said
    (frame,) = [shape for shape in ours.shapes if shape.has_chart]
    late = report.matrix_of("delivery_punctuality", "leaf")
    assert late
    series = {
        series.name: dict(zip(frame.chart.plots[0].categories, series.values, strict=True)) for series in frame.chart.series
    }
    assert series[report.brands[0].name][report.theme_name("delivery_punctuality")] == pytest.approx(late.net_sentiment)
    assert "Delivery and punctuality" in frame._element.nvGraphicFramePr.cNvPr.get("descr")


def test_a_slide_holds_what_fits_and_counts_the_rest(report: facts.Report) -> None:
    cell = report.cells_of("leaf", "weakness")[0]
    many = [
        replace(cell, cell_id=f"{number:016x}", claim=f"Claim {number}. " + "late and wrong again " * 8) for number in range(9)
    ]
    long = replace(cell, cell_id="f" * 16, quadrant="threat", claim="가나다라 " * 900)
    told = replace(report, cells=[*many, long])
    assert "… and 6 more in the report" in "\n".join(slide_texts(slides.render(told))[0])
    (clipped,) = [text for text in slide_texts(slides.render(told))[0] if "가나다라" in text]
    assert "…" in clipped
    assert len(clipped) < 600


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_no_text_of_a_slide_leaves_its_box_and_no_box_the_slide(report: facts.Report, language: str) -> None:
    deck = Presentation(io.BytesIO(slides.render(replace(report, words=Wording(language)))))
    faces = {"ja": "Yu Gothic"}
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left >= 0
            assert shape.top >= 0
            assert shape.left + shape.width <= deck.slide_width
            assert shape.top + shape.height <= deck.slide_height
            if shape.has_text_frame and shape.text_frame.text:
                tall = sum(
                    run.font.size.pt * 1.2 * slides._lines(run.text, Emu(shape.width).inches, run.font.size.pt)
                    for paragraph in shape.text_frame.paragraphs
                    for run in paragraph.runs
                )
                assert tall <= Emu(shape.height).pt + 1, shape.text_frame.text
        xml = slide.part.blob.decode()
        assert f'<a:ea typeface="{faces.get(language, "Malgun Gothic")}"/>' in xml


def test_slides_are_the_same_bytes_for_the_same_run_whenever_they_are_written(report: facts.Report, tea: Ran) -> None:
    body = slides.render(report)
    assert body == (tea.report / "report.pptx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        assert {entry.date_time[0] for entry in package.infolist()} == {1980}
        with zipfile.ZipFile(io.BytesIO(package.read("ppt/embeddings/Microsoft_Excel_Sheet1.xlsx"))) as data:
            assert b"2026-07-01T00:00:00Z" in data.read("docProps/core.xml")
    assert Presentation(io.BytesIO(body)).core_properties.modified.isoformat().startswith("2026-07-01T00:00:00")


def test_what_customers_wrote_stays_text_on_a_slide(report: facts.Report, tmp_path: Path) -> None:
    body = slides.render(hostile_report(report))
    (tmp_path / "report.pptx").write_bytes(body)
    for slide in Presentation(tmp_path / "report.pptx").slides:
        assert not [part for part in slide.part.rels.values() if part.is_external]
        assert b"hlinkClick" not in slide.part.blob


# --- index and feed ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def past(tea: Ran, report: facts.Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with three runs: the second lacks our first cell and has hostile claims, the third is the tea market's own, published twice."""
    data = tmp_path_factory.mktemp("past")
    (data / "cells").mkdir()
    (kept,) = (tea.data / "cells").glob("*.json")
    said = orjson.loads(kept.read_bytes())
    lost = report.cells_of("leaf")[0].cell_id

    def keep(name: str, as_of: str, cells: list[dict[str, object]]) -> None:
        body = said | {"run_id": name.split("~", maxsplit=1)[0], "as_of": as_of, "cells": cells}
        (data / "cells" / f"{name}.json").write_bytes(orjson.dumps(body))

    keep("20260601T000000Z", "2026-06-01T00:00:00", said["cells"])
    hostile = [cell | {"claim": HOSTILE_CELLS[n % len(HOSTILE_CELLS)]} for n, cell in enumerate(said["cells"])]
    keep("20260615T000000Z", "2026-06-15T00:00:00", [cell for cell in hostile if cell["cell_id"] != lost])
    keep("20260701T000000Z", "2026-07-01T00:00:00", [])
    keep("20260701T000000Z~2", "2026-07-01T00:00:00", said["cells"])
    shutil.copytree(tea.report, data / "reports" / "20260701T000000Z")
    return data


def test_the_history_tells_what_each_run_changed_and_reads_each_file_once(
    past: Path, tmp_path: Path, report: facts.Report
) -> None:
    kept = tmp_path / "cells"
    shutil.copytree(past / "cells", kept)
    first, second, third = history.history(kept, tmp_path / "memory")
    assert [run.run_id for run in (first, second, third)] == ["20260601T000000Z", "20260615T000000Z", "20260701T000000Z"]
    lost = report.cells_of("leaf")[0].cell_id
    assert len(first.appeared) == len(report.cells)
    assert [told.cell_id for told in second.gone] == [told.cell_id for told in third.appeared] == [lost]
    assert third.edition == 2
    assert third.review_count == 270
    row = next(row for row in history.rows([first, second, third]) if row.cell.cell_id == lost)
    assert row.stood == ((0, 0), (2, 2))
    assert row.run_count == 2
    # What is remembered is not read again; what is new is.
    for file in kept.iterdir():
        file.write_bytes(b"no longer read")
    assert history.history(kept, tmp_path / "memory") == [first, second, third]
    said: list[str] = []
    (tmp_path / "memory").write_bytes(b"{}")
    assert history.history(kept, tmp_path / "memory", said.append) == []
    assert len(said) == 3


def test_stretches_of_the_history_are_the_runs_in_which_a_cell_stood() -> None:
    told = since.Told("c", "b", "threat", None, "m", "claim", None)

    @given(st.lists(st.booleans(), max_size=40))
    def check(stands: list[bool]) -> None:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        runs = [
            history.Past(str(n), str(n), 1, moment, None, 1, ("c",) if on else (), {}, (told,) if on else (), (), ())
            for n, on in enumerate(stands)
        ]
        found = [place for row in history.rows(runs) for first, last in row.stood for place in range(first, last + 1)]
        assert found == [place for place, on in enumerate(stands) if on]

    check()


def test_publish_writes_index_and_feed_which_lead_to_the_report(tea: Ran, browser: Browser) -> None:
    folder = tea.data / "reports"
    assert {"index.html", "feed.atom", "latest", "20260701T000000Z"} <= {path.name for path in folder.iterdir()}
    page = browser.new_page()
    page.goto((folder / "index.html").as_uri())
    assert page.title() == "Tea <b>shops</b>: all reports"
    assert page.locator("#runs tbody tr").count() == 1
    assert "270" in page.locator("#runs tbody tr").inner_text()
    page.get_by_role("link", name="HTML", exact=True).click()
    assert page.url == (folder / "20260701T000000Z" / "report.html").as_uri()
    page.close()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_index_shows_runs_and_history_at_any_width_without_script(
    past: Path, browser: Browser, report: facts.Report, width: int, scheme: Literal["light", "dark"]
) -> None:
    index.write(past / "reports", past / "cells", [report])
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=True)
    page = context.new_page()
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((past / "reports" / "index.html").as_uri())
    assert asked == [page.url]
    assert not said
    assert page.evaluate("document.scripts.length") == 0
    assert page.title() != "ran"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("#runs tbody tr").count() == 3
    newest = page.locator("#runs tbody tr").first
    assert "published again, edition 2" in newest.inner_text()
    newest.locator("summary").click()
    assert report.cells_of("leaf")[0].claim in newest.locator("ins").inner_text().replace("\u00a0", " ").replace("\u2011", "-")
    assert page.locator("#history svg").count() == len(report.cells)
    strip = page.locator("#history svg[aria-label='in 2 of 3 runs, now since Jul 1, 2026']")
    assert strip.locator("rect.stood").count() == 2
    assert strip.locator("rect.stood").first.evaluate("element => getComputedStyle(element).fill") != "rgb(0, 0, 0)"
    assert page.locator("h3").first.inner_text() == report.brands[0].name
    hrefs = page.eval_on_selector_all("a[href]", "found => found.map(a => a.getAttribute('href'))")
    assert all(re.fullmatch(r"#\w+|feed\.atom|20260701T000000Z/report\.\w+", href) for href in hrefs)
    context.close()


def test_the_index_orders_findings_by_quadrant_and_what_stood_longest_first(past: Path, report: facts.Report) -> None:
    runs = history.history(past / "cells", past / "reports" / history.MEMORY)
    page = BeautifulSoup(index.render(report, runs, {run.run_id: [] for run in runs}), "lxml")
    tables = page.select("#history table")
    assert tables
    for table in tables:
        rows = table.select("tbody tr")
        shown = [
            (
                facts.QUADRANTS.index(str(row.select_one(".quadrant")["class"][1])),
                -int(re.findall(r"in (\d+) of 3 runs", str(row.svg["aria-label"]))[0]),
            )
            for row in rows
        ]
        assert shown == sorted(shown)
    assert {times for table in tables for times in re.findall(r"in (\d) of 3 runs", str(table))} == {"2", "3"}


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["HTML", "PPTX", "XLSX", "MD", "HTML 日本語", "PPTX 日本語", "XLSX 日本語", "MD 日本語", "JSON"]),
        ("ja", ["HTML", "PPTX", "XLSX", "MD", "HTML English", "PPTX English", "XLSX English", "MD English", "JSON"]),
    ],
)
def test_the_index_links_the_files_of_its_own_language_first_and_names_the_others(
    past: Path, report: facts.Report, tmp_path: Path, language: str, names: list[str]
) -> None:
    shutil.copytree(past, tmp_path / "data")
    folder = tmp_path / "data" / "reports"
    for name in ("html", "md", "pptx", "xlsx"):
        shutil.copy(folder / "20260701T000000Z" / f"report.{name}", folder / "20260701T000000Z" / f"report.ja.{name}")
    index.write(folder, tmp_path / "data" / "cells", [report, replace(report, words=Wording("ja"))])
    file = folder / ("index.html" if language == "en" else f"index.{language}.html")
    links = BeautifulSoup(file.read_text(encoding="utf-8"), "lxml").select("#runs .files a")
    assert [link.text for link in links] == names
    for link in links[:-1]:
        is_named = " " in link.text
        assert (".ja." in link["href"]) == (is_named if language == "en" else not is_named)


def test_what_customers_wrote_stays_text_in_the_index(past: Path, report: facts.Report, browser: Browser, tmp_path: Path) -> None:
    first, second, _ = history.history(past / "cells", past / "reports" / history.MEMORY)
    told = tuple(since.Told(f"{n:016x}", text, "threat", text, "m", text, None) for n, text in enumerate(HOSTILE_CELLS))
    runs = [first, replace(second, appeared=told, gone=told, cell_ids=tuple(each.cell_id for each in told))]
    (tmp_path / "index.html").write_bytes(index.render(hostile_report(report), runs, {run.run_id: [] for run in runs}))
    page, asked = opened(browser, tmp_path / "index.html", 1280)
    page.wait_for_timeout(200)
    assert asked == [page.url]
    assert page.evaluate("[window.ran, document.scripts.length]") == [None, 0]
    assert page.title() != "ran"
    assert page.locator("img, iframe, script, object, form, input, base, link[rel=stylesheet], math, video").count() == 0
    assert page.locator("a[href]").evaluate_all("found => found.every(a => /^(#|feed)/.test(a.getAttribute('href')))")
    shown = page.locator("#runs ins").all_text_contents()
    assert len(shown) == len(HOSTILE_CELLS)
    assert sum("<script" in text for text in shown) >= 16
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()


def test_the_feed_is_an_atom_feed_whose_entries_keep_their_ids(past: Path, report: facts.Report) -> None:
    index.write(past / "reports", past / "cells", [report], address="https://reports.example.com/tea")
    body = (past / "reports" / "feed.atom").read_bytes()
    found = feedparser.parse(body)
    assert not found.bozo
    assert found.version == "atom10"
    assert found.feed.title == "Tea <b>shops</b>: what changed"
    assert found.feed.author == "rivalscope"
    assert [link.href for link in found.feed.links if link.rel == "self"] == ["https://reports.example.com/tea/feed.atom"]
    newest, middle, first = found.entries
    assert newest.title == "Jul 1, 2026: 1 new, 0 gone, 0 moved, 23 as before".replace("23", str(len(report.cells) - 1))
    # Of the older runs no report is kept.
    assert not any("links" in entry for entry in (middle, first))
    assert newest.link == "https://reports.example.com/tea/20260701T000000Z/report.html"
    # Published again: the same entry, a second later.
    assert newest.published == "2026-07-01T00:00:00+00:00"
    assert newest.updated == found.feed.updated == "2026-07-01T00:00:01+00:00"
    assert f"first run, {len(report.cells)} cells" in first.title
    runs = history.history(past / "cells", past / "reports" / history.MEMORY)
    again = feedparser.parse(feed.render(report, runs[:2], None))
    assert [entry.id for entry in again.entries] == [middle.id, first.id]
    assert len({entry.id for entry in found.entries} | {found.feed.id}) == 4
    assert all(entry.id.startswith("urn:uuid:") for entry in found.entries)
    # Without an address nothing in it is a link.
    assert "links" not in again.feed
    assert not any("links" in entry for entry in again.entries)
    pages = {"20260701T000000Z": "20260701T000000Z/report.html"}
    assert feed.render(report, runs, "https://reports.example.com/tea", pages=pages) == body


def test_what_customers_wrote_stays_text_in_the_feed(past: Path, report: facts.Report) -> None:
    runs = history.history(past / "cells", past / "reports" / history.MEMORY)
    told = [since.Told(f"{n:016x}", "leaf", "threat", None, "m", text, None) for n, text in enumerate(HOSTILE_CELLS)]
    root = etree.fromstring(feed.render(hostile_report(report), [replace(runs[1], appeared=tuple(told))], None))
    names = {etree.QName(element).localname for element in root.iter()}
    assert names <= {"feed", "id", "title", "updated", "author", "name", "generator", "entry", "content", "summary", "published"}
    (content,) = root.iter("{http://www.w3.org/2005/Atom}content")
    assert content.text
    inner = html.fragment_fromstring(content.text, create_parent="div")
    assert {element.tag for element in inner.iter()} <= {"div", "p", "h3", "ul", "li"}
    assert not [name for element in inner.iter() for name in element.attrib]


# --- rivalscope report --open --------------------------------------------------------------------------------------------


def test_the_newest_published_report_opens_in_the_browser_without_being_written_again(
    tea: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tea.report.resolve() / "report.html"
    written = page.stat().st_mtime_ns
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path / "asked"}\n')
    script.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{script} %s")
    done = rivalscope("report", tea.market, "--data", tea.data, "--open")
    assert done.stdout == f"{page}\n"
    assert (tmp_path / "asked").read_text() == page.as_uri()
    assert page.stat().st_mtime_ns == written


def test_without_a_browser_the_path_is_told(tea: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BROWSER", "/nowhere/browser %s")
    monkeypatch.setenv("PATH", "/nowhere")
    done = rivalscope("report", tea.market, "--data", tea.data, "--open", "--run", "20260701T000000Z")
    assert done.stdout.strip().endswith("reports/20260701T000000Z/report.html")
    assert "open the file above" in done.stderr


def test_a_language_that_is_not_written_is_told(tea: Ran) -> None:
    done = rivalscope("report", tea.market, "--data", tea.data, "--open", "--language", "ko", code=1)
    assert "report.ko.html, found report.html" in done.stderr
    done = rivalscope("report", tea.market, "--data", tea.data, "--language", "ko", code=1)
    assert "with --open" in done.stderr


# --- JSON and its schema -------------------------------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_program(tea: Ran) -> None:
    published = (PROJECT / "docs" / "report.schema.json").read_bytes()
    assert published == schema.written(), "run `python -m pipeline.report.schema > docs/report.schema.json`"
    assert published == (tea.report / "report.schema.json").read_bytes()
    Draft202012Validator.check_schema(orjson.loads(published))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_report_is_as_the_schema_says_and_has_no_key_that_it_does_not_name(report: facts.Report, language: str) -> None:
    said = orjson.loads(data.render(replace(report, words=Wording(language), since=_SINCE)))
    made = strict(schema.json_schema())
    assert not list(Draft202012Validator(made, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(said))
    assert said["$schema"] == "report.schema.json"
    assert said["version"] == data.VERSION
    assert said["language"] == language
    assert said["cells"][0]["evidence"]
    assert said["since"]["gone"][0]["claim"] == "It is gone."


_SINCE = since.Since(
    "20260601T000000Z",
    datetime(2026, 6, 1, tzinfo=UTC),
    ("0" * 16,),
    (since.Told("1" * 16, "leaf", "threat", None, "m", "It is gone.", None),),
    (),
    3,
    (since.Reason("model", ("en",)),),
)


def strict(made: dict[str, Any]) -> dict[str, Any]:
    """The schema with no property allowed but those that it names."""
    for definition in [made, *made["$defs"].values()]:
        definition["additionalProperties"] = False
    return made


@pytest.mark.parametrize(
    ("path", "value"),
    [(("cells", 0, "n"), "many"), (("run", "as_of"), 7), (("brands", 0, "name"), None), (("version",), "one")],
)
def test_the_schema_refuses_what_is_of_another_type(report: facts.Report, path: tuple[str | int, ...], value: object) -> None:
    said = orjson.loads(data.render(report))
    place = said
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    (error,) = Draft202012Validator(schema.json_schema()).iter_errors(said)
    assert list(error.absolute_path) == list(path)


def test_nearly_every_property_of_the_schema_says_what_it_is() -> None:
    made = schema.json_schema()
    silent = [
        f"{name}.{key}"
        for name, each in made["$defs"].items()
        for key, one in each["properties"].items()
        if "description" not in one
    ]
    assert not [name for name in silent if not name.startswith(("Told.", "Reason.", "Since."))]
    assert made["$defs"]["ProvenCell"]["properties"]["q_value"]["description"]
