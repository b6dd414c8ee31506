"""report.xlsx: SWOT, cells, evidence, themes and coverage as sheets with native types.

Text is always written as text (`write_string`): nothing that a customer wrote can become a formula or a link.
"""

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from pipeline.report.facts import QUADRANTS, Report

FILE = "report.xlsx"

MAX_TEXT = 32_767
"""Characters that a cell of the format can hold."""

Value = str | float | bool | date | datetime | None


def render(report: Report) -> bytes:
    body = io.BytesIO()
    book = xlsxwriter.Workbook(
        body, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "remove_timezone": True}
    )
    # The moment of writing would make two reports of the same run differ.
    book.set_properties({"title": f"{report.run.market_name}: CX SWOT", "created": report.run.as_of.replace(tzinfo=None)})
    head = book.add_format({"bold": True, "bg_color": "#E9F2F8", "bottom": 1, "text_wrap": True, "valign": "top"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    day = book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})

    def sheet(name: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[Value]]) -> None:
        page = book.add_worksheet(name)
        for number, (title, width) in enumerate(columns):
            page.write_string(0, number, title, head)
            page.set_column(number, number, width)
        last = 0
        for last, row in enumerate(rows, start=1):
            for number, value in enumerate(row):
                _write(page, (last, number), value, wrap=wrap, day=day)
        page.freeze_panes(1, 1)
        page.autofilter(0, 0, last, len(columns) - 1)

    sheet(
        "SWOT",
        [("Brand", 18), *((report.words.quadrant_names[q], 52) for q in QUADRANTS)],
        (
            [
                brand.name,
                *(
                    "\n".join(f"• {c.claim} ({c.statistics})" for c in report.cells_of(brand.brand, q))
                    or report.empty_text(brand.brand, q)
                    for q in QUADRANTS
                ),
            ]
            for brand in report.brands
        ),
    )
    sheet(
        "Cells",
        [
            ("Cell", 18),
            ("Brand", 16),
            ("Quadrant", 12),
            ("Theme", 22),
            ("Claim", 70),
            ("Effect", 10),
            ("Low", 10),
            ("High", 10),
            ("n", 8),
            ("n rest", 8),
            ("q", 10),
            ("For us", 10),
            ("Metric", 20),
            ("Rule", 24),
        ],
        (
            [
                c.cell_id,
                report.brand_name(c.brand),
                c.quadrant,
                report.theme_name(c.theme),
                c.claim,
                c.effect,
                c.low,
                c.high,
                c.n,
                c.n_rest,
                c.q_value,
                c.for_us,
                c.metric,
                c.rule,
            ]
            for c in report.cells
        ),
    )
    sheet(
        "Evidence",
        [
            ("Cell", 18),
            ("Brand", 16),
            ("Quote", 80),
            ("Stars", 7),
            ("of", 5),
            ("Published", 12),
            ("Source", 14),
            ("Language", 10),
            ("Against", 8),
            ("Page", 50),
        ],
        (
            [
                q.cell_id,
                report.brand_name(q.brand),
                q.quote,
                q.stars,
                q.stars_max,
                q.published_on,
                q.source,
                q.language,
                q.is_counter,
                q.url,
            ]
            for q in report.quotes
        ),
    )
    sheet(
        "What to do",
        [
            ("Order", 7),
            ("Tactic", 40),
            ("Pain", 50),
            ("Steps", 80),
            ("Impact, stars", 12),
            ("Low", 10),
            ("High", 10),
            ("Feasibility", 11),
            ("Blocked", 9),
            ("Cost", 9),
            ("Weeks", 8),
            ("Shown by", 34),
            ("which", 8),
            ("Cells", 60),
        ],
        (
            [
                t.position,
                t.title,
                t.pain,
                "\n".join(t.steps),
                t.impact,
                t.impact_low,
                t.impact_high,
                t.feasibility,
                t.is_blocked,
                t.cost,
                t.lead_weeks,
                t.shown_by,
                t.shown_as,
                "\n".join(t.because),
            ]
            for t in report.roadmap
        ),
    )
    sheet(
        "What moves the stars",
        [
            ("Theme", 26),
            ("With praise", 11),
            ("Low", 10),
            ("High", 10),
            ("Reviews", 9),
            ("With a complaint", 15),
            ("Low", 10),
            ("High", 10),
            ("Reviews", 9),
            ("Takes from the mean", 18),
            ("Low", 10),
            ("High", 10),
        ],
        (
            [
                report.theme_name(d.theme),
                d.praise_stars,
                d.praise_low,
                d.praise_high,
                d.praise_count,
                d.complaint_stars,
                d.complaint_low,
                d.complaint_high,
                d.complaint_count,
                d.stars_lost,
                d.stars_lost_low,
                d.stars_lost_high,
            ]
            for d in report.drivers
        ),
    )
    sheet(
        "What hurts",
        [
            ("Brand", 16),
            ("Order", 7),
            ("Theme", 26),
            ("Complaints", 11),
            ("Reach", 9),
            ("Low", 9),
            ("High", 9),
            ("Intensity", 9),
            ("Priority", 9),
            ("Low", 9),
            ("High", 9),
            ("Best rank", 9),
            ("Worst rank", 9),
        ],
        (
            [
                report.brand_name(p.brand),
                p.position,
                report.theme_name(p.theme),
                p.reached_count,
                p.reach,
                p.reach_low,
                p.reach_high,
                p.intensity,
                p.priority,
                p.priority_low,
                p.priority_high,
                p.rank_low,
                p.rank_high,
            ]
            for p in report.pains
        ),
    )
    sheet(
        "Themes",
        [
            ("Theme", 26),
            ("Brand", 16),
            ("n", 8),
            ("Net sentiment", 14),
            ("Low", 10),
            ("High", 10),
            ("Share of reviews", 14),
            ("q", 10),
            ("Against the rest", 16),
        ],
        (
            [
                report.theme_name(m.theme),
                report.brand_name(m.brand),
                m.mentioning_count,
                m.net_sentiment,
                m.net_low,
                m.net_high,
                m.share,
                m.q_value,
                m.verdict,
            ]
            for m in report.matrix
        ),
    )
    sheet(
        "Not covered yet",
        [
            ("Term", 24),
            ("Brand", 16),
            ("Language", 10),
            ("Complaints", 11),
            ("of", 8),
            ("Before", 9),
            ("of", 8),
            ("q", 10),
            ("Quotes", 90),
        ],
        (
            [
                t.term,
                report.brand_name(t.brand) or "all brands",
                t.language,
                t.complaint_count,
                t.review_count,
                t.complaint_count_before,
                t.review_count_before,
                t.q_value,
                "\n".join(quote.quote for quote in report.quotes_on(t)),
            ]
            for t in report.emerging
        ),
    )
    sheet(
        "Coverage",
        [("Source", 34), ("Status", 12), ("Records", 10), ("Last good", 12), ("Reason", 90)],
        ([c.target, c.status, c.record_count, c.last_landed_at, c.reason] for c in report.coverage),
    )
    sheet(
        "Readings",
        [
            ("Language", 18),
            ("Reviews", 10),
            ("Read right", 11),
            ("Low", 10),
            ("High", 10),
            ("Held out", 10),
            ("Good ones read", 15),
            ("Bad ones read", 15),
            ("Balanced", 10),
            ("Read by", 40),
            ("Version", 20),
            ("Not calibrated because", 60),
        ],
        (
            [
                report.words.language_name(r.language),
                r.review_count,
                r.accuracy,
                r.accuracy_low,
                r.accuracy_high,
                r.held_out_count,
                r.good_read,
                r.bad_read,
                r.balanced_accuracy,
                report.words.read_by(r),
                r.version,
                r.why_not,
            ]
            for r in report.readings
        ),
    )
    book.close()
    return body.getvalue()


def _write(page: Worksheet, where: tuple[int, int], value: Value, *, wrap: Format, day: Format) -> None:
    match value:
        case None:
            page.write_blank(*where, None, wrap)
        case bool():
            page.write_boolean(*where, value, wrap)
        case str():
            page.write_string(*where, value[:MAX_TEXT], wrap)
        case datetime() | date():
            page.write_datetime(*where, value, day)
        case _:
            page.write_number(*where, value, wrap)
