"""report.html in a real browser: it reads at any width, in light and dark, on paper and aloud; filters and sorts without a server; runs nothing."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from io import StringIO
from itertools import count
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from conftest import Ran, opened, rivalscope
from hostile_strings import STRINGS
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, ConsoleMessage, Page

from pipeline.report import chart, facts, html, markdown
from pipeline.report.headline import SENTENCES_MAX, headline
from pipeline.report.rows import Brand, Cell, Quote, Ranking, Square, Theme
from pipeline.report.since import Reason, Since, Told, compare, told
from pipeline.report.terminal import print_swot
from pipeline.report.wording import Wording


@pytest.fixture(scope="module")
def report(tea: Ran) -> facts.Report:
    return facts.read(tea.data / "warehouse.duckdb")


@pytest.fixture(scope="module")
def big(report: facts.Report) -> facts.Report:
    """Ten brands by twenty-five themes, every box of the table full, six quotes to a claim."""
    brands = [replace(report.brands[0], brand=f"b{i}", name=f"Brand {i}", own=i == 0, position=i + 1) for i in range(10)]
    stages = ("awareness", "consideration", "purchase", "use", "advocacy")
    themes = [Theme(f"t{i:02}", f"Theme number {i}", stages[i // 5], i) for i in range(25)]
    matrix = [
        Square(b.brand, t.theme, "all", 120, (i - 12) / 13, (i - 14) / 13, (i - 10) / 13, 0.3, 0.1, 0.2, 0.01, "none")
        for b in brands
        for i, t in enumerate(themes)
    ]
    number = count()
    sample = next(cell for cell in report.cells if cell.theme)
    cells = [
        replace(
            sample, cell_id=f"{next(number):016x}", brand=b.brand, about=b.brand, quadrant=quadrant, theme=f"t{i:02}", position=i
        )
        for b in brands
        for quadrant in report.quadrants
        for i in range(8)
    ]
    said = report.quotes_of(sample.cell_id)[0]
    quotes = [
        replace(said, cell_id=cell.cell_id, position=i, quote=f"{cell.cell_id} {i}: " + "The parcel came three weeks late. " * 4)
        for cell in cells
        for i in range(6)
    ]
    rows = [replace(report.table[0], brand=b.brand) for b in brands]
    points = [replace(p, brand=b.brand) for p in report.trend if p.brand == "leaf" and p.theme is None for b in brands]
    stages_of = [replace(s, brand=b.brand) for s in report.journey if s.brand == "leaf" for b in brands]
    pains = [replace(report.pains[0], brand=b.brand, theme=t.theme) for b in brands for t in themes]
    return replace(
        report,
        brands=brands,
        themes=themes,
        matrix=matrix,
        cells=cells,
        quotes=quotes,
        table=rows,
        trend=points,
        journey=stages_of,
        pains=pains,
        delights=pains,
        places=[replace(report.places[0], brand=b.brand, position=i) for i, b in enumerate(brands)],
    )


def shown(browser: Browser, report: facts.Report, folder: Path, width: int = 1280, fragment: str = "") -> Page:
    file = folder / "report.html"
    file.write_bytes(html.render(report))
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(file.as_uri() + fragment)
    return page


# --- read ---------------------------------------------------------------------------------------------------------------


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


def test_on_a_phone_the_head_of_the_table_hides_nothing(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, report, tmp_path, 390)
    rights = page.eval_on_selector_all(
        ".swot thead, .swot thead tr, .swot thead th", "found => found.map(e => e.getBoundingClientRect().right)"
    )
    assert len(rights) == 7
    assert max(rights) <= 0
    page.close()


def test_a_command_names_the_market_file_from_where_the_run_was_started(
    report: facts.Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inside = replace(report, market_file=tmp_path / "markets" / "tea & cups.toml")
    assert "rivalscope sql &#39;markets/tea &amp; cups.toml&#39; --explain" in html.render(inside).decode()
    outside = replace(report, market_file=Path("/elsewhere/tea.toml"))
    assert "rivalscope sql /elsewhere/tea.toml --explain" in html.render(outside).decode()


def test_without_script_the_page_is_whole_and_offers_no_filter(tea: Ran, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((tea.report / "report.html").as_uri())
    assert not page.locator("#filter").is_visible()
    assert page.locator("th button").count() == 0
    assert page.locator("table.swot tbody tr:visible").count() == 3
    claim = page.locator("table.swot td.q-weakness a").first
    claim.click()
    assert page.locator("#evidence details[open] blockquote").first.is_visible()
    context.close()


def test_a_claim_leads_to_its_quotes_and_to_the_commands_that_prove_it(tea: Ran, browser: Browser) -> None:
    page, _ = opened(browser, tea.report / "report.html", 1280)
    claim = page.locator("table.swot td.q-weakness a").first
    words = claim.inner_text()
    claim.click()
    cell = page.locator("#evidence details.evidence[open]")
    assert words in cell.locator("summary").first.inner_text()
    assert cell.locator("blockquote").count() >= 3
    cell.locator("details.analyst summary").click()
    cell_id = page.url.partition("#")[2]
    commands = cell.locator("details.analyst").inner_text()
    market = rf"/\S+/{tea.market.name}"  # the whole path: the run was not started above it
    assert re.search(rf"rivalscope show {cell_id} {market} --html", commands)
    assert re.search(rf"rivalscope sql {market} --explain {cell_id}", commands)
    page.close()


def test_only_what_has_the_same_figures_is_told_in_short(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    sample = next(cell for cell in report.cells if cell.theme)

    def threat(brand: str, about: str | None, claim: str, statistics: str) -> Cell:
        cell_id = f"{brand}-{about}-{statistics}"
        told = {"brand": brand, "about": about, "claim": claim, "statistics": statistics, "position": 1}
        return replace(sample, cell_id=cell_id, quadrant="threat", also=[], **told)

    cells = [
        threat("leaf", "cup", "Cup is strong where Leaf is not", "n = 20"),
        threat("kettle", "cup", "Cup is strong where Kettle is not", "n = 20"),
        threat("leaf", None, "17% of the rivals' reviews, 18% of Leaf's", "n = 60"),
        threat("kettle", None, "17% of the rivals' reviews, 16% of Kettle's", "n = 60"),
        threat("cup", None, "18% of the rivals' reviews, 16% of Cup's", "n = 61"),
    ]
    page = shown(browser, replace(report, cells=cells, quotes=[]), tmp_path)
    assert page.locator(".swot .claim").count() == 5
    short = page.locator(".swot .claim .brief")
    assert [link.get_attribute("href") for link in short.all()] == ["#kettle-cup-n = 20"]
    page.close()


def test_a_link_to_a_finding_opens_it_on_arrival(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, report, tmp_path, fragment=f"#{report.cells[0].cell_id}")
    opened_cells = page.locator("#evidence details.evidence[open]")
    assert opened_cells.count() == 1
    assert opened_cells.locator("blockquote").first.is_visible()
    page.close()


def test_what_a_strategist_reads_names_no_table_and_no_rule(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, report, tmp_path)
    page.evaluate("document.querySelectorAll('.analyst, #method, .foot').forEach(found => found.remove())")
    page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
    text = page.inner_text("body")
    assert not re.findall(r"\b(?:metric|mart|core|rule|text)\.\w+|\brule \w+|\w+\.sql\b", text)
    page.close()


def test_the_journey_and_the_map_are_drawn_from_their_rows(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, report, tmp_path)
    stages = [name for name, _ in report.stages_of("five")]
    assert page.locator("#journey table").first.locator("tbody th").all_inner_texts() == stages
    assert page.locator("#position svg").count() == (len([p for p in report.places if p.shape]) > 1)
    assert page.locator("#position table tbody tr").count() == len(report.brands)
    page.close()


def test_every_interval_of_the_heat_map_is_printed(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, report, tmp_path, 390)
    square = next(s for s in report.matrix if s.theme == "delivery_punctuality" and s.brand == "leaf")
    words = report.words
    row = page.locator("#themes tr", has_text="Delivery and punctuality").inner_text()
    assert f"{words.net(square.net_low)} to {words.net(square.net_high)}" in row
    assert page.locator("#themes [title]:not(button)").count() == 0
    page.close()


def test_every_chart_says_what_it_shows(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, report, tmp_path)
    labels = page.eval_on_selector_all("svg", "found => found.map(s => [s.getAttribute('role'), s.getAttribute('aria-label')])")
    assert labels
    assert all(role == "img" and len(label) > 20 for role, label in labels)
    page.close()


def test_a_change_point_is_marked_on_its_chart(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    change = facts.ChangePoint("leaf", "delivery_punctuality", date(2026, 3, 1), "Complaints rose", "worse", None, 0.01)
    months = [facts.Course("leaf", "delivery_punctuality", date(2026, m, 1), 20, 2 if m < 3 else 12) for m in range(1, 7)]
    page = shown(browser, replace(report, changes=[change], courses=months), tmp_path)
    figure = page.locator("#trend .courses figure")
    assert figure.count() == 1
    assert "Mar 2026" in figure.inner_text()
    assert figure.locator("svg [stroke-dasharray='5,4']").count() == 1
    assert "No month was found" not in page.locator("#trend").inner_text()
    by_month = page.locator("#trend details table").last
    assert by_month.locator("tbody tr").count() == 6
    assert by_month.locator("tbody tr").first.text_content() == "Jun 202612 of 20"
    page.close()


def test_a_chart_without_a_month_of_change_says_so(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    months = [facts.Course("leaf", "delivery_punctuality", date(2026, m, 1), 20, 2) for m in range(1, 7)]
    page = shown(browser, replace(report, changes=[], courses=months), tmp_path)
    assert "No month was found in which it changed" in page.locator("#trend .courses figcaption").inner_text()
    assert "No month was found in which a share of complaints changed" in page.locator("#trend h3 + .none").last.inner_text()
    page.close()


def test_a_market_without_an_own_brand_reviews_or_axes_is_told_so(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    bare = replace(
        report,
        brands=[replace(brand, own=False, review_count=0) for brand in report.brands],
        roadmap=[],
        places=[replace(place, x_themes=[], y_themes=[], shape=None) for place in report.places],
    )
    page = shown(browser, bare, tmp_path)
    assert page.locator(".headline li").first.inner_text().endswith("about 3 brands, without any review.")
    assert "means for us" not in page.locator("#swot .lead").inner_text()
    assert "marks no brand as ours" in page.locator("#actions").inner_text()
    assert "No themes to draw a map by." in page.locator("#position").inner_text()
    page.close()


# --- filtered and sorted ------------------------------------------------------------------------------------------------


def test_a_filter_narrows_all_tables_tells_how_many_are_left_and_stands_in_the_address(
    browser: Browser, report: facts.Report, tmp_path: Path
) -> None:
    page = shown(browser, report, tmp_path)
    status = page.locator("#filtered [role=status]")
    assert not status.is_visible()
    page.locator("label.pill", has_text="Leaf").click()
    assert page.locator("table.swot tbody tr:visible").count() == 1
    assert page.locator("#themes thead th:visible").count() == 2
    assert page.locator("#themes tbody tr:not(.stage) td:visible").count() == page.locator("#themes tbody tr:not(.stage)").count()
    page.select_option("select[name=theme]", "delivery_punctuality")
    assert page.locator("#themes tbody tr:not(.stage):visible").count() == 1
    left = [cell for cell in report.cells_of("leaf") if cell.theme == "delivery_punctuality"]
    assert status.inner_text() == f"{len(left)} of {len(report.cells)} findings shown"
    assert page.url.endswith("#brand=leaf&theme=delivery_punctuality")
    again = browser.new_page()
    again.goto(page.url)
    assert again.locator("#filtered [role=status]").inner_text() == status.inner_text()
    assert again.locator("input[value=leaf]").is_checked()
    again.get_by_role("button", name="Show all").click()
    assert again.locator("table.swot tbody tr:visible").count() == 3
    assert "#" not in again.url
    again.close()
    page.close()


def test_language_and_period_narrow_findings_and_quotes_but_no_figures(
    browser: Browser, report: facts.Report, tmp_path: Path
) -> None:
    cell = next(c for c in report.cells if c.theme and len(report.quotes_of(c.cell_id)) >= 3)
    quotes = [
        q if q.position > 1 or q.cell_id != cell.cell_id else replace(q, language="ko", quote="배송이 늦었어요")
        for q in report.quotes
    ]
    readings = [*report.readings, replace(report.readings[0], language="ko")]
    page = shown(browser, replace(report, quotes=quotes, readings=readings), tmp_path)
    cells = page.locator("#themes td").count()
    page.select_option("select[name=language]", "ko")
    assert page.locator(".swot .claim:visible").count() == 1
    page.locator(".swot .claim:visible a").click()
    assert page.locator("#evidence blockquote:visible p").all_inner_texts() == ["배송이 늦었어요"]
    assert page.locator("#themes td:visible").count() == cells
    page.select_option("select[name=language]", "")
    page.select_option("select[name=period]", "current")
    windows = [c for c in report.cells if c.window == "current"]
    assert page.locator(".swot .claim:visible").count() == len(windows)
    page.close()


def test_where_a_filter_leaves_nothing_a_line_says_so(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    spoken = {theme for cell in report.cells for theme in [cell.theme] if theme}
    silent = next(theme for _, themes in report.stages for theme in themes if theme.theme not in spoken)
    page = shown(browser, report, tmp_path, fragment=f"#theme={silent.theme}")
    nothing = "Nothing here for this filter."
    for section in ("swot", "evidence"):
        assert page.locator(f"#{section} .none", has_text=nothing).is_visible()
    assert not page.locator("table.swot").is_visible()
    assert page.locator("#themes tr.stage:visible").count() == 1
    page.locator("#filtered button").click()
    assert page.locator(".none:visible", has_text=nothing).count() == 0
    assert page.locator("#themes tr.stage:visible").count() == len([*report.stages])
    assert page.locator("table.swot").is_visible()
    page.close()


def test_filter_and_sorting_obey_the_keyboard(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, report, tmp_path)
    page.locator("#filter input").first.focus()
    page.keyboard.press("Space")
    assert page.locator("table.swot tbody tr:visible").count() == 1
    page.get_by_role("button", name="Show all").focus()
    page.keyboard.press("Enter")
    assert page.locator("table.swot tbody tr:visible").count() == 3
    head = page.locator("#themes thead th").nth(1)
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    page.close()


def test_a_table_sorts_by_its_numbers_and_back(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, report, tmp_path)
    themes = page.locator("#themes table").first
    names = themes.locator("tbody th").all_inner_texts()
    head = themes.locator("thead th").nth(1)

    def values() -> list[float | None]:
        raw = themes.locator("tbody tr:not(.stage)").evaluate_all("rows => rows.map(row => row.cells[1].dataset.v)")
        return [float(value) if value else None for value in raw]

    for direction, sign in (("ascending", 1), ("descending", -1)):
        head.locator("button").click()
        assert head.get_attribute("aria-sort") == direction
        known = [value for value in values() if value is not None]
        assert known == sorted(known, key=lambda value: sign * value)
        assert values()[: len(known)] == known, "What is not known stands last"
        assert themes.locator(".stage:visible").count() == 0
    head.locator("button").click()
    assert head.get_attribute("aria-sort") is None
    assert themes.locator("tbody th").all_inner_texts() == names
    page.close()


def test_a_link_out_of_a_filtered_page_shows_what_the_filter_hid(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    hidden = next(cell for cell in report.cells if cell.brand != "leaf")
    page = shown(browser, report, tmp_path, fragment="#brand=leaf")
    page.evaluate("id => { location.hash = id }", hidden.cell_id)
    page.wait_for_function("document.querySelector('#evidence details.evidence[open]') !== null")
    assert page.locator("table.swot tbody tr:visible").count() == 3
    page.close()


# --- what changed -------------------------------------------------------------------------------------------------------


def kept(tea: Ran) -> dict[str, object]:
    said: dict[str, object] = json.loads(next((tea.data / "cells").glob("*.json")).read_bytes())
    return said


def test_a_run_against_itself_has_not_changed(tea: Ran) -> None:
    since = compare(kept(tea), kept(tea))
    assert since.is_quiet
    assert (since.moved, since.reasons) == ((), ())
    assert since.same_count == len(kept(tea)["cells"])  # type: ignore[arg-type]


def test_two_runs_differ_in_cells_and_in_what_these_depend_on(tea: Ran) -> None:
    before, after = json.loads(json.dumps(kept(tea))), kept(tea)
    first, second, *_ = before["cells"]
    before["cells"] = [first | {"for_us": "watch"}, second | {"cell_id": "gone"}, *before["cells"][2:]]
    before["versions"]["rules"] = before["versions"]["scoring"] = "older"
    before["scorers"][0]["version"] = "older"
    dropped, changed = before["coverage"][0], before["coverage"][1]
    after["coverage"] = [row | {"status": "failed"} if row["target"] == changed["target"] else row for row in after["coverage"]]  # type: ignore[attr-defined]
    before["coverage"].append(dropped | {"target": "leaf.faq.page"})
    since = compare(before, after)
    assert since.appeared == (second["cell_id"],)
    assert [gone.cell_id for gone in since.gone] == ["gone"]
    assert since.moved == (told(before["cells"][0]),)
    assert set(since.reasons) == {
        Reason("rules"),
        Reason("model", ("en",)),
        Reason("dropped", ("leaf.faq.page",)),
        Reason("status", (changed["target"],)),
    }


def test_the_first_report_says_so_and_a_quiet_one_too(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, report, tmp_path)
    assert "There is no earlier report" in page.locator("#changes").inner_text()
    page.close()
    quiet = Since("20260624T000000Z", datetime(2026, 6, 24, tzinfo=UTC), (), (), (), len(report.cells), ())
    page = shown(browser, replace(report, since=quiet), tmp_path)
    assert page.locator(".headline li").first.inner_text().startswith("No real change since the report of Jun 24, 2026")
    changes = page.locator("#changes").inner_text()
    assert "No finding came or went." in changes
    assert "are the same" in changes
    page.close()


def test_of_two_reports_on_one_day_the_time_tells_which(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    since = Since("20260701T013000Z", report.run.as_of.replace(hour=1, minute=30, tzinfo=UTC), (), (), (), 1, ())
    page = shown(browser, replace(report, since=since, run=replace(report.run, timezone="UTC")), tmp_path)
    assert "since the report of Jul 1, 2026, 01:30:" in page.locator(".headline li").first.inner_text()
    assert "Held against the report of Jul 1, 2026, 01:30 (run" in page.locator("#changes").inner_text()
    page.close()


def test_findings_that_only_moved_are_told_as_such(report: facts.Report) -> None:
    moved = (Told("0" * 16, "cup", "strength", "price_value", "praise_share", "Praise", None),)
    since = Since("20260624T000000Z", datetime(2026, 6, 24, tzinfo=UTC), (), (), moved, len(report.cells) - 1, ())
    first = headline(replace(report, since=since))[0].text
    assert first == f"Since the report of Jun 24, 2026: all findings stand ({len(report.cells)}), with other figures: 1."


@pytest.mark.slow
def test_the_run_after_tells_how_many_reviews_are_new(tea: Ran, browser: Browser, tmp_path: Path) -> None:
    shutil.copytree(tea.market.parent, tmp_path / "tea", symlinks=True)
    market, data = tmp_path / "tea" / "tea.toml", tmp_path / "tea" / "data"
    with (market.parent / "cup.csv").open("a", encoding="utf-8") as file:
        for number in range(5):
            file.write(f"cup-new-{number},5,Lovely tea number {number} and friendly staff.,2026-07-0{number + 1},Ann-{number},\n")
    rivalscope("run", market, "--data", data, "--as-of", "2026-07-08")
    page, _ = opened(browser, data / "reports" / "latest" / "report.html", 1280)
    changes = page.locator("#changes").inner_text()
    assert "Held against the report of Jul 1, 2026" in changes
    assert "5 new reviews, 0 of them flagged" in changes
    page.close()


def test_the_page_says_what_is_new_what_is_gone_and_why(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    new = next(c for c in report.cells_of("leaf", "weakness"))
    since = Since(
        "20260624T000000Z",
        datetime(2026, 6, 24, tzinfo=UTC),
        (new.cell_id,),
        (
            Told(
                "0" * 16,
                "cup",
                "strength",
                "price_value",
                "praise_share",
                "More praise for <b>price</b> than at its rivals",
                None,
            ),
        ),
        (),
        len(report.cells) - 1,
        (Reason("themes"), Reason("added", ("cup.faq.page",))),
    )
    page = shown(browser, replace(report, since=since), tmp_path)
    changes = page.locator("#changes").inner_text().replace("\u00a0", " ")
    for said in (
        "1 new finding",
        "1 finding no longer shown",
        "More praise for <b>price</b>",
        "cup.faq.page",
        "Themes, or the words",
        "rivalscope diff tea.toml",
    ):
        assert said in changes
    short = page.locator(".headline li").all_inner_texts()
    assert (
        short[0]
        == f"Since the report of Jun 24, 2026: new findings: 1; no longer shown: 1; still standing: {len(report.cells) - 1}."
    )
    assert short[1].startswith("New for us: More complaints about delivery")
    assert page.locator(".swot .stance.new").count() == 1
    page.close()


def test_the_headline_is_short_says_what_to_do_first_and_leads_to_what_is_there(report: facts.Report) -> None:
    sentences = headline(report)
    assert 2 <= len(sentences) <= SENTENCES_MAX
    assert any(sentence.text.startswith("To do first: ") for sentence in sentences)
    assert all(sentence.cell_id is None or report.cell(sentence.cell_id) for sentence in sentences)


def test_where_most_sources_are_silent_that_comes_first(report: facts.Report) -> None:
    crawl, *rest = report.coverage
    one = replace(report, coverage=[replace(crawl, status="failed"), *rest])
    assert [sentence.kind for sentence in headline(one)].index("missing") == len(headline(one)) - 1
    every = replace(report, coverage=[replace(each, status="failed") for each in report.coverage])
    assert [sentence.kind for sentence in headline(every)][:2] == ["missing", "change"]


def test_other_languages_of_the_report_are_a_click_away(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, replace(report, languages=("en", "ko", "ja")), tmp_path)
    links = page.locator(".languages a").evaluate_all("found => found.map(a => [a.lang, a.getAttribute('href')])")
    assert links == [["ko", "report.ko.html"], ["ja", "report.ja.html"]]
    page.close()


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_in_another_language_no_word_of_ours_stays_english_and_paper_has_its_glyphs(
    browser: Browser, tea: Ran, tmp_path: Path, language: str
) -> None:
    translated = facts.read(tea.data / "warehouse.duckdb", Wording(language))
    page = shown(browser, translated, tmp_path)
    assert page.get_attribute("html", "lang") == language
    assert {"ko": "2026. 7. 1.", "ja": "2026/07/01"}[language] in page.locator(".meta").inner_text()
    script = {"ko": "[\uac00-\ud7a3]", "ja": "[\u3040-\u30ff\u4e00-\u9fff]"}[language]
    said = [text for text in page.locator("h2, h3, thead th, .swot .claim > a").all_text_contents() if "Co</i>" not in text]
    assert len(said) > 40
    assert [text for text in said if not re.search(script, text)] == []
    file = tmp_path / "report.pdf"
    page.pdf(path=file, prefer_css_page_size=True)
    text = "".join(subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout.split())
    for heading in page.locator("h2:not(.quiet)").all_inner_texts():
        assert "".join(heading.split()) in text
    page.close()


# --- safe ---------------------------------------------------------------------------------------------------------------


def poisoned(report: facts.Report, strings: tuple[str, ...]) -> facts.Report:
    """Each string stands as a brand's name, a theme, a claim, a quote, an address and in every other text that a row brings."""
    ids = [f"p{number}" for number in range(len(strings))]
    sample_cell = next(cell for cell in report.cells if cell.theme)
    sample_quote = report.quotes_of(sample_cell.cell_id)[0]
    brands: list[Brand] = []
    themes: list[Theme] = []
    cells: list[Cell] = []
    quotes: list[Quote] = []
    for number, (text, name) in enumerate(zip(strings, ids, strict=True)):
        brands.append(replace(report.brands[0], brand=name, name=text, own=number == 0, position=number, channels=[text]))
        themes.append(Theme(name, text, "use" if number % 2 else text, number))
        cells.append(
            replace(
                sample_cell,
                cell_id=f"{number:016x}",
                brand=name,
                about=name,
                quadrant=report.quadrants[number % 4],
                theme=name,
                claim=text,
                statistics=text,
                also=[text],
                for_us_reason=text,
            )
        )
        for kind, address in (("review", text), ("review", f"https://a.example/{text}"), ("page", text), ("search result", text)):
            said = replace(sample_quote, cell_id=cells[-1].cell_id, quoted_from=kind, brand=name, quote=text, url=address)
            quotes.append(replace(said, source=text, language=text[:40]))
    first, tactic, audit, crawl = report.table[0], report.roadmap[0], report.audit[0], report.coverage[0]
    term = facts.EmergingTerm(ids[0], "en", "x", 8, 12, 0.66, 0.39, 0.86, 0, 40, 0.0, 0.0, 0.09, 0.0001, told=True)
    ranking = Ranking(ids[0], "x", "x", None, None, "web", "answered", None, 10, 2.0, 1.0, 2, 4.0, 2.0, "up")
    stage = report.journey[0]
    return replace(
        report,
        run=replace(report.run, market_name=strings[0], market=strings[1]),
        brands=brands,
        themes=themes,
        cells=cells,
        quotes=quotes,
        table=[replace(first, brand=name, strengths=[text], weaknesses=[text]) for name, text in zip(ids, strings, strict=True)],
        matrix=[replace(report.matrix[0], brand=name, theme=name, mentioning_count=50, net_sentiment=0.5) for name in ids],
        trend=[replace(p, brand=name, mentioning_count=50) for p in report.overall_trend[:3] for name in ids],
        places=[replace(report.places[0], brand=name, x_themes=[name], y_themes=ids[:2], shape="bars") for name in ids],
        journey=[
            replace(stage, model=model, name=text, brand=name)
            for model in ("five", "four")
            for name, text in zip(ids, strings, strict=True)
        ],
        roadmap=[
            replace(tactic, title=text, pain=text, steps=[text], because=[cells[0].cell_id, cells[-1].cell_id], shown_by=text)
            for text in strings
        ],
        emerging=[replace(term, term=text, brand=None) for text in strings],
        emerging_quotes=[facts.EmergingQuote(None, "en", text, 1, "r.1", "r", ids[0], text, text, None) for text in strings],
        coverage=[replace(crawl, target=text, status="failed", reason=text) for text in strings],
        readings=[replace(report.readings[0], scorer=text, version=text, why_not=text) for text in strings],
        rankings=[replace(ranking, keyword=text, engine=text) for text in strings],
        audit=[replace(audit, brand=name, detail=text, value=1.0) for name, text in zip(ids, strings, strict=True)],
        changes=[
            facts.ChangePoint(name, None, date(2026, 3, 1), text, "worse", None, 0.01)
            for name, text in zip(ids, strings, strict=True)
        ],
        since=Since(
            "x",
            datetime(2026, 6, 1, tzinfo=UTC),
            (cells[0].cell_id,),
            tuple(Told("g", i, "threat", i, "rating", t, None) for i, t in zip(ids, strings, strict=True)),
            (),
            0,
            (Reason("added", strings),),
        ),
    )


def assert_nothing_runs(page: Page, file: Path) -> None:
    """Opened, unfolded and hovered over: no script, no request, no word from the console, no address but the web's."""
    said: list[str] = []
    asked: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
    page.evaluate(
        "document.querySelectorAll('*').forEach(found => ['mouseover', 'focus', 'load', 'error'].forEach(kind => found.dispatchEvent(new Event(kind))))"
    )
    page.wait_for_timeout(100)
    assert said == []
    assert asked == [file.as_uri()]
    assert page.evaluate("window.ran") is None
    assert page.evaluate("document.scripts.length") == 1
    assert (
        page.locator("iframe, object, embed, base, img, video, form:not(#filter), link, svg script, foreignObject").count() == 0
    )
    assert page.evaluate("[...document.querySelectorAll('*')].every(e => [...e.attributes].every(a => !a.name.startsWith('on')))")
    links = page.eval_on_selector_all("a[href]", "found => found.map(a => [a.getAttribute('href'), a.rel])")
    outward = [(href, rel) for href, rel in links if not href.startswith("#")]
    assert all(re.match(r"https?://", href) and rel == "noopener noreferrer nofollow" for href, rel in outward)


@pytest.mark.parametrize("part", range(5))
def test_two_hundred_hostile_strings_stay_text(browser: Browser, report: facts.Report, tmp_path: Path, part: int) -> None:
    strings = STRINGS[part * 40 : part * 40 + 40]
    file = tmp_path / "report.html"
    file.write_bytes(html.render(poisoned(report, strings)))
    page = browser.new_page()
    assert_nothing_runs(page, file)
    # HTML knows no null and one kind of line break; everything else stands there letter for letter.
    text = page.evaluate("[...document.querySelectorAll('#evidence blockquote p')].map(p => p.textContent)")
    for string in strings:
        assert string.replace("\0", "").replace("\r\n", "\n") in text
    page.close()


@pytest.mark.parametrize("part", range(5))
def test_two_hundred_hostile_strings_stay_text_in_markdown_and_in_a_terminal(report: facts.Report, part: int) -> None:
    poison = poisoned(report, STRINGS[part * 40 : part * 40 + 40])
    page = BeautifulSoup(
        MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown.render(poison).decode()), "lxml"
    )
    assert page.find_all(["script", "img", "iframe", "svg", "object", "embed", "form", "style", "link", "base"]) == []
    assert [a["href"] for a in page.find_all("a") if not a["href"].startswith(("#", "http://", "https://"))] == []
    assert [name for tag in page.find_all(True) for name in tag.attrs if name.startswith("on")] == []
    out = StringIO()
    print_swot(poison, out)
    assert not [c for c in out.getvalue() if c != "\n" and (ord(c) < 32 or 127 <= ord(c) < 160 or 0x202A <= ord(c) <= 0x202E)]


@pytest.mark.parametrize(
    ("months", "own", "banded"),
    [
        ({"leaf": 2, "kettle": 2, "cup": 1}, "leaf", {"leaf", "kettle"}),  # one month is no line
        ({"leaf": 1, "kettle": 2, "cup": 2}, "leaf", {"kettle", "cup"}),
        ({"leaf": 2, "kettle": 2, "cup": 2}, "leaf", {"leaf"}),
        ({"leaf": 2, "kettle": 2, "cup": 2}, None, set()),
    ],
)
def test_bands_that_would_hide_one_another_are_left_out_and_the_caption_says_so(
    report: facts.Report, months: dict[str, int], own: str | None, banded: set[str]
) -> None:
    point = report.overall_trend[0]
    market = replace(
        report,
        brands=[replace(brand, own=brand.brand == own) for brand in report.brands],
        trend=[replace(point, brand=name, month=date(2026, 1 + n, 1)) for name, many in months.items() for n in range(many)],
        changes=[],
    )
    assert chart.bands(market) == banded
    assert chart.trend_svg(market).count(' opacity="0.14"') == len(banded)
    assert ("is drawn for our brand alone" in html.render(market).decode()) == (banded == {"leaf"})


def test_what_customers_wrote_in_a_whole_run_stays_text(tea: Ran, browser: Browser) -> None:
    page = browser.new_page()
    assert_nothing_runs(page, tea.report / "report.html")
    page.close()


def test_a_script_that_is_not_ours_is_refused(tea: Ran, browser: Browser, tmp_path: Path) -> None:
    """The last line of defence, should text ever become markup."""
    body = (tea.report / "report.html").read_text(encoding="utf-8")
    file = tmp_path / "report.html"
    planted = "<script>window.ran=1</script><img src=x onerror='window.ran=1'><style>body{display:none}</style>"
    file.write_text(body.replace("<main>", f"<main>{planted}", 1), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    assert page.locator("main").is_visible()
    assert page.locator("#filter").is_visible(), "our own script still runs"
    page.close()


# --- for everybody ------------------------------------------------------------------------------------------------------


def serious(page: Page) -> list[str]:
    page.evaluate("document.querySelectorAll('details').forEach(found => found.open = true)")
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["impact"] in {"serious", "critical"}]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(tea: Ran, browser: Browser, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto((tea.report / "report.html").as_uri())
    assert serious(page) == []
    page.locator("label.pill").first.click()
    assert serious(page) == [], "with a filter set"
    page.close()


def test_colours_of_the_heat_map_are_told_without_colour(browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page = shown(browser, report, tmp_path)
    coloured = page.locator("#themes td.h").all_inner_texts()
    assert coloured
    assert all(re.match(r"[+−]?\d", text) for text in coloured)
    page.close()


# --- on paper -----------------------------------------------------------------------------------------------------------


def test_on_paper_it_is_a4_with_everything_unfolded(tea: Ran, browser: Browser, report: facts.Report, tmp_path: Path) -> None:
    page, _ = opened(browser, tea.report / "report.html", 1280)
    file = tmp_path / "report.pdf"
    page.pdf(path=file, prefer_css_page_size=True)
    size = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
    assert re.search(r"Page size:\s+84[12][.\d]* x 59[45][.\d]* pts \(A4\)", size)
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout
    for heading in page.locator("h2:not(.quiet)").all_inner_texts():
        assert heading in text
    plain = " ".join(text.split())
    quotes = [q for cell in report.cells_of("leaf", "weakness") for q in report.quotes_of(cell.cell_id)]
    assert any(q.quote[:40] in plain for q in quotes), "evidence is printed though it was folded"
    assert text.count("CX SWOT, Jul 1, 2026") >= text.count("\f"), "each page has its head"
    assert "Brands" not in text.splitlines(), "the filter is not printed"
    page.close()


# --- large --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_ten_brands_by_twenty_five_themes_weigh_under_two_megabytes_and_paint_at_once(
    browser: Browser, big: facts.Report, tmp_path: Path
) -> None:
    page = shown(browser, big, tmp_path)
    size = (tmp_path / "report.html").stat().st_size
    first = "performance.getEntriesByName('first-contentful-paint')[0]"
    page.wait_for_function(first)
    paint = page.evaluate(f"{first}.startTime")
    nodes = page.evaluate("document.querySelectorAll('*').length")
    print(f"{size / 1e6:.2f} MB, {nodes} nodes, first paint after {paint:.0f} ms")
    assert len(big.cells) == 320
    assert size < 2_000_000
    assert paint < 5_000  # a fifth of it where nothing else runs
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.close()
