"""report.pptx: one slide for each brand, ours first, to be put into somebody's own deck: real text and a native chart, no picture.

A slide holds what fits and says how much more there is: the text's height is reckoned here, for no program lays it out before it is shown.
"""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pptx import Presentation
from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.presentation import Presentation as Deck
from pptx.slide import Slide
from pptx.text.text import Font, TextFrame
from pptx.util import Inches, Pt

from pipeline.page_text import plain
from pipeline.report import file_in, html, wording
from pipeline.report.facts import QUADRANTS, Report
from pipeline.report.rows import Brand, Cell

FILE = "report.pptx"

CLAIMS_MAX = 4
"""In one quadrant."""
THEMES_MAX = 7
"""In the chart: those that most reviews of the brand mention."""

_WIDTH, _HEIGHT = 13.333, 7.5  # inches, as the other measures here
_MARGIN = 0.45
_LINE = 1.2
"""Height of a line in heights of its letters."""
_SIZES = (11.0, 10.5, 10.0, 9.5, 9.0)
"""Points, the first that fits."""
_HEADING, _MORE = 13.0, 9.0
"""Points: of a box's heading, and of the line that says what it does not hold."""
_BAR = 0.06
"""Inches from the upper rim of a box to its heading."""

_INK, _SOFT, _ACCENT, _GREY = (
    RGBColor(0x1C, 0x21, 0x26),
    RGBColor(0x59, 0x63, 0x6E),
    RGBColor(0, 0x72, 0xB2),
    RGBColor(0xA8, 0xAE, 0xB5),
)
_COLOURS = {  # the report's own
    "strength": RGBColor(0x0B, 0x6E, 0x4F),
    "weakness": RGBColor(0xA8, 0x34, 0x1B),
    "opportunity": RGBColor(0x0B, 0x5C, 0x8A),
    "threat": RGBColor(0x7A, 0x4A, 0x00),
}
_EAST_ASIAN = {"ja": "Yu Gothic"}
"""The face of what is not Latin; Malgun Gothic elsewhere: it has Hangul and kana, and comes with every Office."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A claim or a piece of advice, and what stands under it."""

    text: str
    small: str = ""
    is_bold: bool = False
    scale: float = 0.82
    """Of what stands under it, in sizes of the text."""


@dataclass(frozen=True, slots=True)
class _Box:
    """Inches from the slide's upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _List:
    heading: str
    colour: RGBColor
    items: Sequence[_Item]
    empty: str
    """What stands there without items."""
    box: _Box


def render(report: Report) -> bytes:
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(_WIDTH), Inches(_HEIGHT)
    for brand in report.brands:
        _slide(deck, report, brand)
    said, moment = deck.core_properties, report.run.as_of.replace(microsecond=0)
    said.title = _title(report)
    said.author = said.last_modified_by = "rivalscope"
    said.created = said.modified = moment
    said.language = report.words.language
    body = io.BytesIO()
    deck.save(body)
    return _without_clock(body.getvalue(), f"{moment.isoformat()}Z")


def _title(report: Report) -> str:
    return plain(report.words.say("{market}: one page for each brand", market=report.run.market_name))


def _slide(deck: Deck, report: Report, brand: Brand) -> None:
    words = report.words
    slide = deck.slides.add_slide(deck.slide_layouts.get_by_name("Title Only") or deck.slide_layouts[5])
    title = slide.shapes.title
    assert title is not None  # noqa: S101 - the layout has one
    title.left, title.top, title.width, title.height = map(Inches, (_MARGIN, 0.28, _WIDTH - 2 * _MARGIN, 0.6))
    name = words.say("{brand} (ours)", brand=brand.name) if brand.own else brand.name
    frame = _frame(title.text_frame, MSO_ANCHOR.BOTTOM)
    _write(report, frame, _clipped(plain(name), _WIDTH - 2 * _MARGIN, 28, 1), 28, _INK, bold=True)
    summary = _text_box(slide, _Box(_MARGIN, 0.9, _WIDTH - 2 * _MARGIN, 0.32))
    _write(report, summary, _clipped(" · ".join(_summary(report, brand)), _WIDTH - 2 * _MARGIN, 12, 1), 12, _SOFT)

    width, height, gap = 4.1, 2.72, 0.12
    boxes = [
        _Box(_MARGIN + across * (width + gap), 1.35 + down * (height + gap), width, height)
        for down in (0, 1)
        for across in (0, 1)
    ]
    lists = [
        _List(
            words.quadrant_names[quadrant],
            _COLOURS[quadrant],
            [_Item(_said(c.claim), _said(c.statistics)) for c in report.cells_of(brand.brand, quadrant)],
            plain(report.empty_text(brand.brand, quadrant)),
            box,
        )
        for quadrant, box in zip(QUADRANTS, boxes, strict=True)
    ]
    right = _Box(boxes[1].x + width + gap + 0.1, 1.35, _WIDTH - _MARGIN - boxes[1].x - width - gap - 0.1, height)
    _chart(slide, report, brand, right)
    below = _Box(right.x, boxes[2].y, right.width, height)
    meaning = words.say("What we do first") if brand.own else words.say("What it means for us")
    lists.append(_List(meaning, _ACCENT, list(_meaning(report, brand)), words.say("Nothing that can be shown."), below))
    # One size for the whole slide: that of the fullest box.
    size = min(_fitting(one, _SIZES)[1] for one in lists)
    for one in lists:
        _fill(slide, report, one, size)

    source = words.say(
        "Source: {market}, {n} reviews as of {day:day}, run {run}; n counts reviews, intervals are 95%. Quotes and pages: {page}.",
        market=report.run.market_name,
        n=report.review_count,
        day=report.run.day,
        run=report.run.run_id,
        page=file_in(words.language, html.FILE, report.languages),
    )
    foot = _text_box(slide, _Box(_MARGIN, _HEIGHT - 0.38, _WIDTH - 2 * _MARGIN, 0.26))
    _write(report, foot, _clipped(plain(source), _WIDTH - 2 * _MARGIN, 9, 1), 9, _SOFT)


def _summary(report: Report, brand: Brand) -> Iterator[str]:
    words = report.words
    yield words.plural("{n} review", "{n} reviews", n=brand.review_count)
    if brand.mean_stars is not None:
        yield words.say("{stars:dec2} stars", stars=brand.mean_stars)
    if brand.net_sentiment is not None:
        yield words.say("net sentiment {net:net}", net=brand.net_sentiment)
    if brand.reply_rate is not None:
        yield words.say("answers {share:pct} of its reviews", share=brand.reply_rate)
    if brand.visibility is not None:
        yield words.say("draws {share:pct} of the clicks on the watched searches", share=brand.visibility)


def _said(text: str) -> str:
    return wording.tight(plain(text))


def _meaning(report: Report, brand: Brand) -> Iterator[_Item]:
    """Of our own slide the tactics in their order; of a rival's what its cells leave to us, one for each topic."""
    if brand.own:
        for tactic in report.roadmap:
            if not tactic.is_blocked:
                yield _Item(plain(tactic.title), _said(report.words.gain(tactic)), is_bold=True)
        return
    told = sorted((c for c in report.cells_of(brand.brand) if c.for_us in _STANCES), key=_urgency)
    topics = {cell.theme or cell.metric: cell for cell in reversed(told)}
    for cell in sorted(topics.values(), key=_urgency):
        yield _Item(report.words.stance(cell.for_us or ""), _said(cell.for_us_reason or ""), is_bold=True, scale=1.0)


_STANCES = ("fix", "defend", "attack")


def _urgency(cell: Cell) -> tuple[int, int, int]:
    return _STANCES.index(cell.for_us or ""), QUADRANTS.index(cell.quadrant), cell.position


def _fill(slide: Slide, report: Report, one: _List, size: float) -> None:
    """A heading and as many of the items as the box holds; the last line says how many it does not."""
    box = one.box
    bar = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, Inches(box.x), Inches(box.y), Inches(box.width), Pt(2.5))
    bar.fill.solid()
    bar.fill.fore_color.rgb = one.colour
    bar.line.fill.background()
    bar.shadow.inherit = False
    frame = _text_box(slide, _Box(box.x, box.y + _BAR, box.width, box.height - _BAR))
    _write(report, frame, one.heading, _HEADING, one.colour, bold=True)
    if not one.items:
        _write(report, frame, _clipped(one.empty, box.width, size, 4), size, _SOFT, before=4)
        return
    shown, size = _fitting(one, (size,))
    for item in shown:
        _write(report, frame, item.text, size, _INK, before=4, bold=item.is_bold)
        if item.small:
            _write(report, frame, item.small, size * item.scale, _SOFT)
    if left := len(one.items) - len(shown):
        _write(report, frame, report.words.say("… and {n} more in the report", n=left), _MORE, _SOFT, before=4)


def _fitting(one: _List, sizes: Sequence[float]) -> tuple[list[_Item], float]:
    """The most of the items that fit, and the first of the sizes in which they do; one at least, cut where it must be."""
    width, room = one.box.width, (one.box.height - _BAR) * 72 - (_HEADING + 4) * _LINE
    for count in range(min(len(one.items), CLAIMS_MAX), 0, -1):
        for size in sizes:
            more = _MORE * _LINE + 4 if count < len(one.items) else 0
            if sum(_tall(item, width, size) for item in one.items[:count]) + more <= room:
                return list(one.items[:count]), size
    size = sizes[-1]
    if not one.items:
        return [], sizes[0]
    first = one.items[0]
    lines = int((room - _MORE * _LINE - 8 - 2 * size * first.scale * _LINE) / (size * _LINE))
    text, small = _clipped(first.text, width, size, lines), _clipped(first.small, width, size * first.scale, 2)
    return [replace(first, text=text, small=small)], size


def _tall(item: _Item, width: float, size: float) -> float:
    small = _lines(item.small, width, size * item.scale) * size * item.scale if item.small else 0
    return 4 + (_lines(item.text, width, size) * size + small) * _LINE


# --- how much room text takes ------------------------------------------------------------------------------------------


def _lines(text: str, width: float, size: float) -> int:
    """Lines that the text breaks into: between words, and anywhere within Korean and Japanese; rather too many than too few."""
    room, lines, filled = width * 72 / size, 1, 0.0
    for part in re.findall(r"[^\s\u1100-\u11ff\u2e80-\uffef]+\s*|.", text, re.DOTALL):
        needed = sum(map(_em, part.rstrip()))
        if filled and filled + needed > room:
            lines, filled = lines + 1, 0.0
        while needed > room:  # an address, say, that no line holds
            lines, needed = lines + 1, needed - room
        filled += needed + (_em(" ") if part != part.rstrip() else 0)
    return lines


def _em(letter: str) -> float:
    """Width of a letter in sizes of the face, by Arial's measures rounded up."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.0
    if letter in " .,:;'|!()[]ijltfrI-/":
        return 0.33
    return 0.86 if letter in "mwMW@%" else 0.72 if letter.isupper() else 0.56


def _clipped(text: str, width: float, size: float, lines: int) -> str:
    if _lines(text, width, size) <= lines:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _lines(f"{text[:middle].rstrip()}…", width, size) <= lines else (low, middle - 1)
    return f"{text[:low].rstrip()}…"


# --- shapes ------------------------------------------------------------------------------------------------------------


def _text_box(slide: Slide, box: _Box) -> TextFrame:
    shape = slide.shapes.add_textbox(Inches(box.x), Inches(box.y), Inches(box.width), Inches(box.height))
    return _frame(shape.text_frame, MSO_ANCHOR.TOP)


def _frame(frame: TextFrame, anchor: MSO_ANCHOR) -> TextFrame:
    frame.word_wrap, frame.auto_size, frame.vertical_anchor = True, MSO_AUTO_SIZE.NONE, anchor
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    return frame


def _write(
    report: Report, frame: TextFrame, text: str, size: float, colour: RGBColor, *, bold: bool = False, before: float = 0
) -> None:
    """One more paragraph."""
    first = frame.paragraphs[0]
    paragraph = frame.add_paragraph() if first.runs else first
    paragraph.alignment = PP_ALIGN.LEFT  # a title would be centred
    paragraph.space_before, paragraph.space_after, paragraph.line_spacing = Pt(before), Pt(0), _LINE / 1.17
    run = paragraph.add_run()
    run.text = text
    run.font.color.rgb = colour
    _face(report, run.font, size, bold=bold)


def _face(report: Report, font: Font, size: float, *, bold: bool = False) -> None:
    font.size, font.bold, font.name = Pt(size), bold, "Arial"
    letters = font._rPr  # noqa: SLF001 - the library has no name for the East Asian face
    east_asian = letters.find(qn("a:ea"))
    if east_asian is None:
        east_asian = letters.makeelement(qn("a:ea"), {})
        letters.find(qn("a:latin")).addnext(east_asian)
    east_asian.set("typeface", _EAST_ASIAN.get(report.words.language, "Malgun Gothic"))


def _chart(slide: Slide, report: Report, brand: Brand, box: _Box) -> None:
    """Net sentiment of the brand's most mentioned themes, beside all other brands' together."""
    words = report.words
    enough = [
        s
        for s in report.matrix
        if s.brand == brand.brand and s.mentioning_count >= report.method.min_reviews and s.net_sentiment is not None
    ]
    squares = sorted(enough, key=lambda s: (-s.mentioning_count, s.theme))[:THEMES_MAX]
    heading = words.say("Net sentiment by theme")
    frame = _text_box(slide, _Box(box.x, box.y + 0.05, box.width, 0.3))
    _write(report, frame, _clipped(heading, box.width, 11, 1), 11, _INK, bold=True)
    if not squares:
        _write(report, frame, words.say("No theme is mentioned often enough."), 11, _SOFT)
        return
    data = CategoryChartData(number_format="+0.00;-0.00;0.00")
    squares.reverse()  # a bar chart begins below
    data.categories = [plain(report.theme_name(s.theme)) for s in squares]
    data.add_series(words.say("The other brands"), [_rest(report, s.theme, brand.brand) for s in squares])
    data.add_series(plain(brand.name), [s.net_sentiment for s in squares])
    place = [Inches(value) for value in (box.x, box.y + 0.3, box.width, box.height - 0.3)]
    shape = slide.shapes.add_chart(XL_CHART_TYPE.BAR_CLUSTERED, *place, data)
    said = words.names(
        [words.say("{theme} {net:net}", theme=report.theme_name(s.theme), net=s.net_sentiment) for s in reversed(squares)]
    )
    shape._element.nvGraphicFramePr.cNvPr.set("descr", plain(f"{heading}: {said}"))  # noqa: SLF001 - no name for the text alternative
    _draw(report, shape.chart)


def _draw(report: Report, chart: Chart) -> None:
    _face(report, chart.font, 9)
    chart.font.color.rgb = _SOFT
    chart.has_title = False
    chart.has_legend = True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    values = chart.value_axis
    values.minimum_scale, values.maximum_scale, values.major_unit = -1, 1, 0.5
    values.tick_labels.number_format, values.tick_labels.number_format_is_linked = "+0.0;-0.0;0", False
    values.major_gridlines.format.line.color.rgb = RGBColor(0xE3, 0xE6, 0xE8)
    values.format.line.fill.background()
    chart.category_axis.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    chart.category_axis.format.line.color.rgb = _GREY
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 45, 0
    for series, colour in zip(plot.series, (_GREY, _ACCENT), strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = colour
        series.invert_if_negative = False


def _rest(report: Report, theme: str, brand: str) -> float | None:
    """Net sentiment of all other brands' reviews that mention the theme, each review counting once; None where too few do."""
    others = [s for s in report.matrix if s.theme == theme and s.brand != brand and s.net_sentiment is not None]
    count = sum(s.mentioning_count for s in others)
    if count < report.method.min_reviews:
        return None
    return sum(s.mentioning_count * (s.net_sentiment or 0) for s in others) / count


def _without_clock(package: bytes, moment: str) -> bytes:
    """The same package, and those within it, with the moment of the run in the place of the moment of writing."""
    body = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as found, zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as written:
        for name in found.namelist():
            part = found.read(name)
            if name.endswith(".xlsx"):
                part = _without_clock(part, moment)
            elif name == "docProps/core.xml":
                part = re.sub(rb"(<dcterms:(?:created|modified)\b[^>]*>)[^<]*", rb"\g<1>" + moment.encode(), part)
            written.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return body.getvalue()
