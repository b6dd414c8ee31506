"""report.html: one self-contained page, no script, nothing loaded from anywhere."""

from functools import partial
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipeline.report import chart, wording
from pipeline.report.facts import Report
from pipeline.report.rows import Cell
from pipeline.words import FORMATS

FILE = "report.html"

CLAIMS_SHOWN = 4
"""In one box of the table; the others fold away behind a count."""

_FOLDER = Path(__file__).parent


def render(report: Report) -> bytes:
    # Everything is escaped; only our own style sheet and the drawn chart are markup.
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    words = report.words
    environment.filters |= {
        name: getattr(words, name)
        for name in (
            *FORMATS,
            "figures",
            "stars",
            "quoted_from",
            "language_name",
            "accuracy",
            "read_by",
            "emergence",
            "gain",
            "moved",
            "figure",
            "change",
        )
    }
    environment.filters |= {"heat": _heat, "mark": _mark, "is_web": wording.is_web, "tight": wording.tight}
    environment.globals |= {"_": words.html}
    page = environment.get_template("report.html.j2").render(
        r=report,
        css=Markup((_FOLDER / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        chart=Markup(chart.trend_svg(report)),  # noqa: S704 - drawn by Vega from escaped values
        map=Markup(chart.position_svg(report)),  # noqa: S704 - as above
        claim=partial(_claim, report),
        q_names=words.quadrant_names,
        shown=CLAIMS_SHOWN,
        not_corrected=words.not_corrected(),
    )
    return page.encode("utf-8")


def _claim(report: Report, cell: Cell) -> Markup:
    for_us = f" · for us: {cell.for_us}" if cell.for_us else ""
    survival = report.survival(cell.cell_id)
    if survival and not survival.survives:
        for_us += f" · {survival.told}"
    return Markup('<li><a href="#{}">{}</a><span class="n">{}</span></li>').format(
        cell.cell_id, wording.tight(cell.claim), wording.tight(cell.statistics) + for_us
    )


def _heat(net_sentiment: float) -> str:
    """Blue for praise, orange for complaints (told apart by colour-blind readers), stronger further from zero."""
    hue = "21,101,152" if net_sentiment >= 0 else "196,94,20"
    return f"background:rgba({hue},{min(1.0, abs(net_sentiment)) * 0.55:.2f})"


def _mark(verdict: str) -> Markup:
    marks = {"strength": ("▲", "above the rest of the market"), "weakness": ("▼", "below the rest of the market")}
    if verdict not in marks:
        return Markup()
    sign, words = marks[verdict]
    return Markup(' <span class="sig" role="img" aria-label="{}">{}</span>').format(words, sign)
