"""The report: the same rows in every format, nothing from outside runs, and a page that people can read at any width."""

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from conftest import HOSTILE, Ran
from markupsafe import escape
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.report import facts, formats
from pipeline.report.markdown import escaped

CHROMIUM = next((p for p in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(p).exists()), None)


@pytest.fixture(scope="module")
def report(tea: Ran) -> facts.Report:
    return facts.read(tea.data / "warehouse.duckdb")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "The browser tests need Chromium: install the package chromium."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
        )
        yield browser
        browser.close()


def opened(browser: Browser, file: Path, width: int) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    return page, asked


def test_every_format_of_the_folder_is_written(tea: Ran) -> None:
    files = {path.name for path in tea.report.iterdir()}
    assert (
        files
        == {module.FILE for module in formats()}
        == {
            "report.html",
            "report.md",
            "report.xlsx",
            "report.json",
            "report.pptx",
            "report.schema.json",
        }
    )


def test_the_planted_weakness_is_told_with_its_figures_and_quotes(report: facts.Report) -> None:
    cell = next(c for c in report.cells_of("leaf", "weakness") if c.theme == "delivery_punctuality")
    assert cell.q_value is not None
    assert cell.q_value < 0.05
    assert cell.low is not None
    assert cell.high is not None
    quotes = [q for q in report.quotes_of(cell.cell_id) if not q.is_counter]
    assert len(quotes) >= 3
    assert all("late" in q.quote.lower() for q in quotes)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_works_from_disk_without_network_or_sideways_scrolling(tea: Ran, browser: Browser, width: int) -> None:
    page, asked = opened(browser, tea.report / "report.html", width)
    assert asked == [(tea.report / "report.html").as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.title() == "Tea <b>shops</b>: CX SWOT, Jul 1, 2026"
    rows = page.locator("table.swot tbody tr")
    assert rows.count() == 3
    assert "Leaf & <i>Co</i>" in rows.first.inner_text()
    page.close()


def test_a_claim_leads_to_its_quotes(tea: Ran, browser: Browser) -> None:
    page, _ = opened(browser, tea.report / "report.html", 1280)
    claim = page.locator("table.swot td.q-weakness a").first
    words = claim.inner_text()
    claim.click()
    cell = page.locator("#evidence details.cell[open]")
    assert words in cell.locator("summary").first.inner_text()
    assert cell.locator("blockquote").count() >= 3
    page.close()


def test_nothing_that_a_customer_wrote_runs_or_becomes_markup(tea: Ran, browser: Browser) -> None:
    page, _ = opened(browser, tea.report / "report.html", 1280)
    page.wait_for_timeout(200)
    assert page.title() != "ran"
    assert page.locator("blockquote script, blockquote img, blockquote svg, blockquote a[href^='javascript']").count() == 0
    hrefs = page.eval_on_selector_all("a[href]", "found => found.map(a => a.getAttribute('href'))")
    assert all(href.startswith(("#", "http://", "https://")) for href in hrefs)
    page.close()


def test_hostile_text_is_shown_as_it_was_written(tea: Ran, report: facts.Report) -> None:
    quoted = [q.quote for q in report.quotes]
    html = (tea.report / "report.html").read_text(encoding="utf-8")
    hostile = [quote for quote in quoted if "<" in quote]
    assert hostile
    for quote in hostile:
        assert quote not in html
        assert str(escape(quote)) in html


def test_json_has_every_cell_with_its_evidence(tea: Ran, report: facts.Report) -> None:
    body = json.loads((tea.report / "report.json").read_bytes())
    assert [c["cell_id"] for c in body["cells"]] == [c.cell_id for c in report.cells]
    assert all(len(c["evidence"]) >= 3 for c in body["cells"])
    assert body["run"]["as_of"].startswith("2026-07-01")


def test_every_format_says_how_well_the_texts_were_read(tea: Ran, browser: Browser, report: facts.Report) -> None:
    (english,) = report.readings
    # English is taught by these 270 reviews, so only what is kept away from teaching is held out: too few to calibrate, and it says so.
    assert english.teacher_count > 100
    assert 40 < english.held_out_count < 100
    assert english.accuracy is not None
    assert english.accuracy > 0.8
    assert not english.is_calibrated
    assert english.why_not
    assert "fewer than 50" in english.why_not
    words = report.words
    shown = words.accuracy(english)
    page, _ = opened(browser, tea.report / "report.html", 390)
    box = page.locator("#coverage").inner_text().replace("\u00a0", " ")
    bounds = f"{words.pct(english.accuracy_low)} to {words.pct(english.accuracy_high)}"
    for said in (
        words.pct(english.accuracy),
        bounds,
        english.scorer,
        english.version,
        english.why_not,
        f"{english.held_out_count} held out",
        "not corrected",
    ):
        assert str(said) in box
    page.close()
    assert shown in (tea.report / "report.md").read_text(encoding="utf-8")
    assert json.loads((tea.report / "report.json").read_bytes())["readings"][0]["accuracy"] == english.accuracy
    sheet = openpyxl.load_workbook(tea.report / "report.xlsx")["Readings"]
    assert sheet["C2"].value == pytest.approx(english.accuracy)


@pytest.mark.parametrize(
    "text",
    [*HOSTILE, "# h", "1. one", "- x", "a | b", "line\nbreak", "<b>", "*x*", "![i](x)", "see https://x.example", "www.x.example"],
)
def test_text_stays_text_in_markdown(text: str) -> None:
    shown = escaped(text)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)[<>|*`\[\]]", shown)
    assert not re.match(r"\s*([-+#=]|\d+[.)])\s", shown)
    assert not re.search(r"https?://|www\.", shown)


def test_the_same_run_gives_the_same_bytes(tea: Ran, report: facts.Report) -> None:
    for module in formats():
        assert module.render(report) == module.render(report) == (tea.report / module.FILE).read_bytes(), module.FILE


def test_a_complaint_without_a_theme_is_shown_as_a_candidate_in_every_format(report: facts.Report) -> None:
    term = facts.EmergingTerm("leaf", "en", "=rack <b>", 8, 12, 0.66, 0.39, 0.86, 0, 40, 0.0, 0.0, 0.09, 0.0001, told=True)
    quote = facts.EmergingQuote("leaf", "en", term.term, 1, "r.1", "r", "leaf", "The <i>rack</i> broke.", None, None)
    told = replace(report, emerging=[term], emerging_quotes=[quote])
    written = {module.FILE: module.render(told) for module in formats()}
    assert "=rack &lt;b&gt;" in written["report.html"].decode()
    assert "The &lt;i&gt;rack" in written["report.html"].decode()
    # A share is one of the reviews in the term's language, so it says so.
    assert "8 of 12 reviews in English" in written["report.md"].decode()
    assert "of reviews in English" in written["report.html"].decode()
    assert json.loads(written["report.json"])["emerging_terms"][0]["quotes"][0]["quote"] == quote.quote
    sheet = openpyxl.load_workbook(io.BytesIO(written["report.xlsx"]))["Not covered yet"]
    assert [cell.value for cell in sheet[2]][:4] == [term.term, report.brand_name("leaf"), "English", 8]


def test_nothing_new_is_said_in_so_many_words(report: facts.Report) -> None:
    silent = replace(report, emerging=[])
    written = {module.FILE: module.render(silent) for module in formats()}
    assert b"No new complaint beyond noise." in written["report.html"]
    assert b"No new complaint beyond noise." in written["report.md"]


def test_every_format_says_what_to_do_and_why(tea: Ran, browser: Browser, report: facts.Report) -> None:
    first = report.roadmap[0]
    assert {cell.theme for cell_id in first.because if (cell := report.cell(cell_id))} == {"delivery_punctuality"}
    assert first.impact is not None
    late = next(d for d in report.drivers if d.theme == "delivery_punctuality")
    assert late.complaint_high is not None
    assert late.complaint_high < 0
    page, _ = opened(browser, tea.report / "report.html", 1280)
    summary = page.locator("#actions summary").first
    assert f"1. {first.title}" in summary.inner_text()
    summary.click()
    assert page.locator("#actions details[open] ol li").all_inner_texts() == first.steps
    leaf = page.locator("#why table").last.locator("tbody tr").first.inner_text()
    assert "Delivery and punctuality" in leaf
    page.close()
    assert first.title in (tea.report / "report.md").read_text(encoding="utf-8")
    assert json.loads((tea.report / "report.json").read_bytes())["roadmap"][0]["tactic"] == first.tactic
    sheet = openpyxl.load_workbook(tea.report / "report.xlsx")["What to do"]
    assert sheet.cell(2, 2).value == first.title


def test_the_journey_and_the_map_are_drawn_from_their_rows(tea: Ran, browser: Browser, report: facts.Report) -> None:
    page, _ = opened(browser, tea.report / "report.html", 1280)
    stages = [name for name, _ in report.stages_of("five")]
    assert page.locator("#journey table").first.locator("tbody th").all_inner_texts() == stages
    assert page.locator("#position svg").count() == (len([p for p in report.places if p.shape]) > 1)
    assert page.locator("#position table tbody tr").count() == len(report.brands)
    page.close()
