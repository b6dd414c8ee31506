"""The charts, drawn by Vega-Lite to SVG text: no script remains in the page."""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import cycle
from typing import Literal

import vl_convert as vlc
from markupsafe import escape

from pipeline.report.facts import Report
from pipeline.report.rows import Course, Place

# Okabe and Ito's palette, without its yellow: told apart by colour-blind readers on light and on dark ground.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8c8c8c"]

_SHAPES = ["circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left"]
"""Beside the colour, so that no line is known by that alone; one more than there are colours, so ten brands have ten pairs."""

_GREY = "#7a838c"
"""Stands for the page's own soft text colour: its style sheet repaints it for light and for dark ground."""

_TIME_LOCALES: Mapping[str, Literal["ko-KR", "ja-JP"]] = {"ko": "ko-KR", "ja": "ja-JP"}
_MONTHS = {"en": "%b %Y", "ko": "%Y. %-m.", "ja": "%Y/%-m"}


_CONFIG = {
    "font": "system-ui, sans-serif",
    # No limits: Vega would cut a name within a character of two code units, and then fail.
    "axis": {
        "labelLimit": 0,
        "titleLimit": 0,
        "labelColor": _GREY,
        "titleColor": _GREY,
        "gridColor": f"{_GREY}33",
        "domainColor": f"{_GREY}66",
        "tickColor": f"{_GREY}66",
    },
    "legend": {"labelColor": _GREY, "labelFontSize": 13, "symbolOpacity": 1, "labelLimit": 0},
    "view": {"stroke": None},
    "mark": {"invalid": "break-paths-filter-domains"},
}


BANDS_MAX = 2
"""With more lines than that the bands of all of them mix to one grey: only ours is drawn."""


def lines(report: Report) -> set[str]:
    """Brands with two months to draw a line between."""
    counted = Counter(point.brand for point in report.overall_trend)
    return {brand for brand, count in counted.items() if count > 1}


def bands(report: Report) -> set[str]:
    """Those of the lines whose interval is drawn."""
    drawn = lines(report)
    return drawn if len(drawn) <= BANDS_MAX else drawn & set(report.own)


def trend_svg(report: Report) -> str:
    """Net sentiment by month and brand, with the intervals of `bands`, as SVG; empty when there is no line to draw.

    A dashed line stands where a brand's share of bad reviews surely changed.
    """
    points, drawn, banded = report.overall_trend, lines(report), bands(report)
    if not drawn:
        return ""
    by_month = {(p.brand, p.month): p for p in points}
    first, last = min(p.month for p in points), max(p.month for p in points)
    rows = []
    for brand in sorted(drawn):
        for month in _months(first, last):
            # A month without enough reviews is a gap: a line drawn across it would be a trend that nobody saw.
            p = by_month.get((brand, month))
            row = {
                "brand": _label(report.brand_name(brand)),
                "own": brand in report.own,
                "banded": brand in banded,
                "month": month.isoformat(),
            }
            rows.append(row | {"net": p and p.net_sentiment, "low": p and p.net_low, "high": p and p.net_high})
    names = [_label(report.brand_name(b.brand)) for b in report.brands if b.brand in drawn]
    breaks = [
        {"brand": _label(report.brand_name(c.brand)), "month": c.month.isoformat()}
        for c in report.changes
        if c.theme is None and c.brand in drawn and first <= c.month <= last
    ]
    scale = {"domain": [-1, 1]}
    legend = {"title": None, "orient": "top", "columns": 5}
    spec = {
        "data": {"values": rows},
        "width": 900,
        "height": 280,
        "encoding": {"x": _by_month(report), "color": _by_brand(names, legend)},
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.14},
                "transform": [{"filter": {"field": "banded", "equal": True}}],
                "encoding": {
                    "y": {
                        "field": "low",
                        "type": "quantitative",
                        "scale": scale,
                        "title": report.words.say("Net sentiment"),
                    },
                    "y2": {"field": "high"},
                },
            },
            {
                "mark": {"type": "line"},
                "encoding": {
                    "y": {"field": "net", "type": "quantitative", "scale": scale},
                    "strokeWidth": {"condition": {"test": "datum.own", "value": 3.4}, "value": 1.6},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 46, "opacity": 1},
                "encoding": {
                    "y": {"field": "net", "type": "quantitative", "scale": scale},
                    "shape": {
                        "field": "brand",
                        "type": "nominal",
                        "scale": {"domain": names, "range": _cycled(_SHAPES, names)},
                        "legend": legend,
                    },
                },
            },
            {"data": {"values": breaks}, "mark": {"type": "rule", "strokeDash": [5, 4], "strokeWidth": 1.6}},
        ],
    }
    title = report.words.say(
        "Line chart: net sentiment of {brands} by month, {first:month} to {last:month}. The table below has the figures.",
        brands=report.words.listed(names),
        first=first,
        last=last,
    )
    return _labelled(_svg(report, spec), title)


def course_svg(report: Report, months: Sequence[Course], changed: Sequence[date], title: str) -> str:
    """A share of reviews by month with its 95 % interval, and a dashed line at each month of `changed`, as SVG."""
    rows = [
        {"month": m.month.isoformat(), "share": m.complaint_count / m.review_count, "low": low, "high": high}
        for m in months
        if m.review_count
        for low, high in [_wilson(m.complaint_count, m.review_count)]
    ]
    y = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": {"format": "%", "title": None, "tickCount": 4}}
    spec = {
        "data": {"values": rows},
        "width": 400,
        "height": 150,
        "encoding": {"x": _by_month(report, ticks=5)},
        "layer": [
            {
                "mark": {"type": "rule", "color": COLOURS[0], "opacity": 0.35, "strokeWidth": 3},
                "encoding": {"y": y | {"field": "low"}, "y2": {"field": "high"}},
            },
            {
                "mark": {"type": "line", "point": True, "color": COLOURS[0], "strokeWidth": 1.8},
                "encoding": {"y": y | {"field": "share"}},
            },
            {
                "data": {"values": [{"month": month.isoformat()} for month in changed]},
                "mark": {"type": "rule", "strokeDash": [5, 4], "color": COLOURS[1], "strokeWidth": 1.8},
            },
        ],
    }
    return _labelled(_svg(report, spec), title)


_LABEL_MAX = 40

_CORNERS = 72
"""Of the polygon that stands for an ellipse."""


def position_svg(report: Report) -> str:
    """Where the brands stand on the map of two axes, each with its 95 % ellipse or bars, as SVG; empty where fewer than two are known."""
    known = [p for p in report.places if p.shape is not None]
    if len(known) < 2:
        return ""
    names = [_label(report.brand_name(p.brand)) for p in known]
    points = [{"brand": _label(report.brand_name(p.brand)), "x": p.x, "y": p.y} for p in known]
    rims = [
        {"brand": n, "at": at, "x": x, "y": y} for n, p in zip(names, known, strict=True) for at, (x, y) in enumerate(_rim(p))
    ]
    bars = [
        {"brand": _label(report.brand_name(p.brand)), "x": x, "x2": x2, "y": y, "y2": y2}
        for p in known
        if p.shape == "bars"
        for x, x2, y, y2 in ((p.x_low, p.x_high, p.y, p.y), (p.x, p.x, p.y_low, p.y_high))
    ]
    across, up = (_label(report.themes_named(themes)) for themes in (known[0].x_themes, known[0].y_themes))

    def axis(field: str, themes: str) -> dict[str, object]:
        title = report.words.say("Net sentiment: {themes}", themes=themes)
        return {
            "field": field,
            "type": "quantitative",
            "scale": {"zero": False, "nice": True},
            "axis": {"title": title, "format": "+.1f", "titlePadding": 14},
        }

    spec = {
        "width": 620,
        "height": 420,
        "encoding": {"x": axis("x", across), "y": axis("y", up), "color": _by_brand(names, None)},
        "layer": [
            {
                "data": {"values": rims},
                "mark": {"type": "line", "strokeWidth": 1.5, "opacity": 0.8},
                "encoding": {"order": {"field": "at", "type": "quantitative"}},
            },
            {
                "data": {"values": bars},
                "mark": {"type": "rule", "strokeWidth": 1.5},
                "encoding": {"x2": {"field": "x2"}, "y2": {"field": "y2"}},
            },
            {"data": {"values": points}, "mark": {"type": "point", "filled": True, "size": 70}},
            {
                "data": {"values": points},
                "mark": {"type": "text", "dy": -11, "fontSize": 14, "fontWeight": 600},
                "encoding": {"text": {"field": "brand"}, "color": {"value": _GREY}},
            },
        ],
    }
    title = report.words.say(
        "Map of {brands}: net sentiment on {across} against {up}. The table below has the figures.",
        brands=report.words.listed(names),
        across=across,
        up=up,
    )
    return _labelled(_svg(report, spec), title)


def _rim(place: Place) -> Iterator[tuple[float, float]]:
    """Points around the ellipse, the first one twice; none where it has no ellipse."""
    if (
        place.centre_x is None
        or place.centre_y is None
        or place.semi_major is None
        or place.semi_minor is None
        or place.angle is None
    ):
        return
    turn = math.radians(place.angle)
    for corner in range(_CORNERS + 1):
        at = 2 * math.pi * corner / _CORNERS
        along, aside = place.semi_major * math.cos(at), place.semi_minor * math.sin(at)
        yield (
            place.centre_x + along * math.cos(turn) - aside * math.sin(turn),
            place.centre_y + along * math.sin(turn) + aside * math.cos(turn),
        )


def _months(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first = (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def _label(name: str) -> str:
    """As it stands in a chart: what cannot be printed, and what is too long for a chart, ends the drawing program and all that runs in it."""
    plain = "".join(character for character in name[: 9 * _LABEL_MAX] if character.isprintable())
    return plain if len(plain) <= _LABEL_MAX else f"{plain[: _LABEL_MAX - 1]}…"


def _wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share."""
    z = 1.959964
    share, squared = k / n, z * z
    middle = share + squared / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + squared / (4 * n * n))
    return max(0.0, (middle - reach) / (1 + squared / n)), min(1.0, (middle + reach) / (1 + squared / n))


def _by_month(report: Report, ticks: int = 10) -> dict[str, object]:
    axis = {
        "title": None,
        "format": _MONTHS[report.words.language],
        "labelAngle": 0,
        "labelSeparation": 8,
        "grid": False,
        "tickCount": ticks,
    }
    return {"field": "month", "type": "temporal", "axis": axis}


# Names stand in data and domains alone: what is sorted by a list of values becomes an expression of Vega's, and those do not take every text.
def _by_brand(names: Sequence[str], legend: Mapping[str, object] | None) -> dict[str, object]:
    scale = {"domain": names, "range": _cycled(COLOURS, names)}
    return {"field": "brand", "type": "nominal", "scale": scale, "legend": legend}


def _cycled(values: Sequence[str], names: Sequence[str]) -> list[str]:
    return [value for value, _ in zip(cycle(values), names, strict=False)]


def _svg(report: Report, spec: Mapping[str, object]) -> str:
    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v6.json", "background": "transparent", "config": _CONFIG} | dict(
        spec
    )
    svg: str = vlc.vegalite_to_svg(whole, time_format_locale=_TIME_LOCALES.get(report.words.language))
    return svg


def _labelled(svg: str, title: str) -> str:
    """With a text alternative, and scaling with the page instead of its own fixed size."""
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    view = f' viewBox="0 0 {size[1]} {size[2]}"' if size and "viewBox" not in svg else ""
    # Within one picture the roles of its parts say nothing, and some readers read them out.
    bare = re.sub(r' (?:role|aria-roledescription|aria-label|aria-hidden)="[^"]*"', "", svg)
    return bare.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}"{view} ', 1)
