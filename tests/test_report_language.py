"""The report in Korean and Japanese: of what it says of its own, nothing is left in English, in any of its files."""

import io
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import openpyxl
import pytest
from bs4 import BeautifulSoup
from conftest import Ran
from pptx import Presentation

from pipeline.report import facts, html, markdown, slides, xlsx
from pipeline.report.terminal import CLAIMS_SHOWN, print_swot
from pipeline.report.wording import Wording

TRANSLATED = ("ko", "ja")

# Names of things and terms that both languages write so.
KEPT = re.compile(
    r"CX|SWOT|FAQ|SNS|UTC|VADER|Benjamini|Hochberg|rivalscope|sha256|warehouse\.duckdb|report(?:\.(?:ko|ja))?\.html"
    r"|(?:Asia|Europe)/[A-Z][a-z]+|\b[a-z]{2}(?:-[A-Z]{2})?\b|\bsha\b|\b[0-9a-f]{16}\b|\b\d{8}T\d{6}Z\b|(?<![A-Za-z])ID(?![A-Za-z])"
)


@pytest.fixture(scope="module", params=TRANSLATED)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def outside(report: facts.Report) -> set[str]:
    """What is not ours to translate: names of the market file and of pages, and words of customers."""
    said = {report.run.market_name, *(brand.name for brand in report.brands), *(crawl.target for crawl in report.coverage)}
    said |= {cell.metric.split(" ", 2)[-1] for cell in report.cells if cell.metric.startswith("new_complaint ")}
    said |= (
        {term.term for term in report.emerging}
        | {quote.quote for quote in report.quotes}
        | {quote.source for quote in report.quotes}
    )
    said |= {vendor for brand in report.brands for way in brand.channels or () for vendor in re.findall(r"[(（](.*)[)）]", way)}
    return said | {value for rank in report.rankings for value in (rank.keyword, rank.engine) if value}


def left(texts: Iterable[str], report: facts.Report) -> list[str]:
    """Texts with a word in Latin letters that is neither kept as it is nor from outside."""
    longest_first = sorted(filter(None, outside(report)), key=len, reverse=True)
    names = re.compile(f"(?<![A-Za-z])(?:{'|'.join(map(re.escape, longest_first))})(?![A-Za-z])")
    return [text for text in texts if re.search(r"[A-Za-z]{2,}", KEPT.sub("", names.sub("", text)))]


def page_texts(page: str) -> Iterator[str]:
    """What a reader sees or hears of a page, without quotes, commands and names from outside (set apart for their direction)."""
    soup = BeautifulSoup(page, "lxml")
    for tag in soup.select("blockquote, code, bdi, script, style, pre, [hreflang]"):
        tag.decompose()
    yield from soup.stripped_strings
    for tag in soup.select("[title], [aria-label], [alt], [placeholder]"):
        yield from (str(tag[name]) for name in ("title", "aria-label", "alt", "placeholder") if tag.get(name))


def sheet_texts(body: bytes) -> Iterator[str]:
    """Names and heads of the sheets; what stands below is text from outside, codes, or said as in the page."""
    book = openpyxl.load_workbook(io.BytesIO(body))
    yield from book.sheetnames
    for sheet in book:
        yield from (str(cell.value) for cell in sheet[1] if cell.value)


def slide_texts(body: bytes) -> Iterator[str]:
    for slide in Presentation(io.BytesIO(body)).slides:
        yield from (shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)


def markdown_texts(body: str) -> Iterator[str]:
    yield from (
        re.sub(r"`[^`]*`|<https?:[^>]*>|\\", "", line) for line in body.splitlines() if not line.startswith((">", "  - “"))
    )


def written(data: Path, language: str) -> tuple[facts.Report, dict[str, list[str]]]:
    """The report with what each of its files says, by the files' kind."""
    report = facts.read(data / "warehouse.duckdb", Wording(language), languages=("en", *TRANSLATED))
    return report, {
        "page": [*page_texts(html.render(report).decode())],
        "sheets": [*sheet_texts(xlsx.render(report))],
        "slides": [*slide_texts(slides.render(report))],
        "markdown": [*markdown_texts(markdown.render(report).decode())],
    }


def test_nothing_of_ours_is_left_in_english(tea: Ran, language: str) -> None:
    report, files = written(tea.data, language)
    assert {kind: left(texts, report) for kind, texts in files.items()} == {kind: [] for kind in files}
    assert all(len(texts) > 10 for texts in files.values())


@pytest.mark.slow
def test_nothing_of_ours_is_left_in_english_where_every_part_has_something_to_say(demo: Ran, language: str) -> None:
    report, files = written(demo.data, language)
    assert {kind: left(texts, report) for kind, texts in files.items()} == {kind: [] for kind in files}


def test_the_foot_of_a_slide_names_the_page_of_its_own_language(tea: Ran, language: str) -> None:
    report = facts.read(tea.data / "warehouse.duckdb", Wording(language), languages=("en", *TRANSLATED))
    feet = [text for text in slide_texts(slides.render(report)) if "report." in text]
    assert len(feet) == len(report.brands)
    assert all(f"report.{language}.html" in text for text in feet)


def test_the_terminal_folds_words_of_a_language_without_spaces_and_cuts_none(tea: Ran, language: str) -> None:
    report = facts.read(tea.data / "warehouse.duckdb", Wording(language))
    out = io.StringIO()
    print_swot(report, out)
    assert (
        max(len(report.cells_of(brand.brand, quadrant)) for brand in report.brands for quadrant in facts.QUADRANTS)
        <= CLAIMS_SHOWN
    )
    assert "…" not in out.getvalue()
    assert report.words.quadrant_names["threat"] in out.getvalue()


def test_what_is_left_is_found(tea: Ran) -> None:
    report = facts.read(tea.data / "warehouse.duckdb", Wording("en"))
    assert len(left(page_texts(html.render(report).decode()), report)) > 100


@pytest.mark.slow
def test_the_demo_writes_its_report_in_three_languages(demo: Ran) -> None:
    folder = demo.data / "reports" / "latest"
    assert {path.name for path in folder.glob("*.html")} == {"report.html", "report.ko.html", "report.ja.html"}
    heads = {path.name: BeautifulSoup(path.read_text(encoding="utf-8"), "lxml").html for path in folder.glob("*.html")}
    assert [heads[name]["lang"] for name in ("report.html", "report.ko.html", "report.ja.html")] == ["en", "ko", "ja"]
