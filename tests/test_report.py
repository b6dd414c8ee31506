"""The report: the same rows in every format, and text from outside stays text."""

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from conftest import HOSTILE, Ran, opened
from markupsafe import escape
from playwright.sync_api import Browser

from pipeline.report import facts, formats, markdown
from pipeline.report.headline import headline
from pipeline.report.markdown import escaped
from pipeline.report.since import Reason, Since, Told
from pipeline.report.wording import Wording


@pytest.fixture(scope="module")
def report(tea: Ran) -> facts.Report:
    return facts.read(tea.data / "warehouse.duckdb")


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0.06 stars", "0.06 stars"),
        ("0.00", "0.00"),
        ("1. one", "1\\. one"),
        (" 12) twelve", "12\\) twelve"),
        ("3.", "3\\."),
        ("- x", "\\- x"),
        ("+0.20", "\\+0.20"),
    ],
)
def test_only_what_begins_a_list_is_escaped_at_the_start(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_the_same_run_gives_the_same_bytes(tea: Ran, report: facts.Report) -> None:
    # The run may have been prepared elsewhere: its commands name the market file where it was then.
    named = re.search(r"rivalscope sql (\S+) --explain", (tea.report / "report.html").read_text(encoding="utf-8"))
    assert named
    same = replace(report, market_file=Path(named[1]))
    for module in formats():
        assert module.render(same) == module.render(same) == (tea.report / module.FILE).read_bytes(), module.FILE


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


def test_markdown_begins_in_short_and_tells_what_changed(report: facts.Report) -> None:
    first = markdown.render(report).decode()
    assert next(line for line in first.splitlines() if line.startswith("- ")) == f"- {escaped(headline(report)[0].text)}"
    assert "There is no earlier report to compare with." in first
    new, kept = report.cells[0], report.cells[1]
    gone, moved = (
        Told(cell_id, kept.brand, kept.quadrant, kept.theme, kept.metric, claim, None)
        for cell_id, claim in (("0" * 16, "*Was* so"), (kept.cell_id, "Was <b>less</b>"))
    )
    since = Since("r", datetime(2026, 6, 1, tzinfo=UTC), (new.cell_id,), (gone,), (moved,), 0, (Reason("added", ("a.b_c",)),))
    told = markdown.render(replace(report, since=since)).decode()
    changes = told.split("## What changed\n\n")[1].split("\n\n##")[0].splitlines()
    assert [line.split(" · ")[0] for line in changes[:3]] == ["- **New**", "- **No longer shown**", "- **Other figures**"]
    assert escaped(new.claim) in changes[0]
    assert changes[1].endswith(r": \*Was\* so")
    assert changes[2].endswith(r"Before: Was \<b\>less\</b\>")
    assert changes[3:] == [r"- New sources: a.b\_c."]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "the company's answer to a review of 1 of 5 stars"),
        ("ko", "별점 1점(5점 만점) 리뷰에 대한 업체 답변"),
        ("ja", "星1（5点満点）のレビューへの企業の返信"),
    ],
)
def test_the_stars_beside_an_answer_are_told_as_those_of_its_review(report: facts.Report, language: str, said: str) -> None:
    words = Wording(language)
    answer = replace(report.quotes[0], quoted_from="reply", stars=1.0, stars_max=5.0)
    assert (words.quoted_from(answer), words.stars(answer)) == ("", said)
    assert words.quoted_from(replace(answer, stars=None)) == words.say("the company's answer to a review")


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
