"""The report's other shapes: what opens in a spreadsheet, a slide program, a feed reader and a browser, and nothing in them runs."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HOSTILE, Ran
from pptx import Presentation
from pptx.util import Emu

from pipeline.report import facts, slides
from pipeline.report.wording import Wording

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
    "a\x00b\x07c",
    "x" * 40_000,
    *HOSTILE,
)
"""What a customer could write to a spreadsheet, a feed reader or a browser."""


@pytest.fixture(scope="module")
def report(tea: Ran) -> facts.Report:
    return facts.read(tea.data / "warehouse.duckdb")


def hostile_report(report: facts.Report) -> facts.Report:
    """Every text that comes from outside replaced by what tries to run."""
    texts = [HOSTILE_CELLS[number % len(HOSTILE_CELLS)] for number in range(400)]
    return replace(
        report,
        cells=[replace(cell, claim=text) for cell, text in zip(report.cells, texts, strict=False)],
        quotes=[replace(quote, quote=text, url=text, source=text) for quote, text in zip(report.quotes, texts, strict=False)],
        brands=[replace(brand, name=text) for brand, text in zip(report.brands, texts, strict=False)],
        coverage=[replace(crawl, reason=text) for crawl, text in zip(report.coverage, texts, strict=False)],
        run=replace(report.run, market_name=HOSTILE_CELLS[0]),
    )


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
