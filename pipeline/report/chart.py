"""The charts, drawn by Vega-Lite to SVG text: no script remains in the page."""

import math
import re
from collections.abc import Iterator
from datetime import date, timedelta

import vl_convert as vlc

from pipeline.report.facts import Report
from pipeline.report.rows import Place

# Okabe and Ito's palette, without its yellow: told apart by colour-blind readers on light and on dark ground.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8c8c8c"]

_GREY = "#7a838c"
"""Reads on light and on dark ground alike: an SVG does not follow the page's colours."""


_CONFIG = {
    "font": "system-ui, sans-serif",
    "axis": {
        "labelColor": _GREY,
        "titleColor": _GREY,
        "gridColor": f"{_GREY}33",
        "domainColor": f"{_GREY}66",
        "tickColor": f"{_GREY}66",
    },
    "legend": {"labelColor": _GREY, "labelFontSize": 13, "symbolOpacity": 1},
    "view": {"stroke": None},
    "mark": {"invalid": "break-paths-filter-domains"},
}


def trend_svg(report: Report) -> str:
    """Net sentiment by month and brand with its interval, as SVG; empty when no brand has two months to draw a line between."""
    points = report.overall_trend
    lines = {p.brand for p in points if sum(q.brand == p.brand for q in points) > 1}
    if not lines:
        return ""
    by_month = {(p.brand, p.month): p for p in points}
    rows = []
    for brand in sorted(lines):
        for first in _months(min(p.month for p in points), max(p.month for p in points)):
            # A month without enough reviews is a gap: a line drawn across it would be a trend that nobody saw.
            p = by_month.get((brand, first))
            row = {"brand": report.brand_name(brand), "month": first.isoformat()}
            rows.append(row | {"net": p and p.net_sentiment, "low": p and p.net_low, "high": p and p.net_high})
    names = [report.brand_name(b.brand) for b in report.brands if b.brand in lines]
    scale = {"domain": [-1, 1]}
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": rows},
        "width": 900,
        "height": 280,
        "background": "transparent",
        "encoding": {
            "x": {
                "field": "month",
                "type": "temporal",
                "axis": {"title": None, "format": "%b %Y", "labelAngle": 0, "grid": False},
            },
            "color": {
                "field": "brand",
                "type": "nominal",
                "sort": names,
                "scale": {"domain": names, "range": _COLOURS},
                "legend": {"title": None, "orient": "top"},
            },
        },
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.13},
                "encoding": {
                    "y": {"field": "low", "type": "quantitative", "scale": scale, "title": "Net sentiment"},
                    "y2": {"field": "high"},
                },
            },
            {
                "mark": {"type": "line", "point": True, "strokeWidth": 2.2},
                "encoding": {"y": {"field": "net", "type": "quantitative", "scale": scale}},
            },
        ],
        "config": _CONFIG,
    }
    svg: str = vlc.vegalite_to_svg(spec)
    first, last = min(p.month for p in points), max(p.month for p in points)
    title = f"Line chart: net sentiment of {', '.join(names)} by month, {report.words.month(first)} to {report.words.month(last)}. The table below has the figures."
    return _labelled(svg, title)


_CORNERS = 72
"""Of the polygon that stands for an ellipse."""


def position_svg(report: Report) -> str:
    """Where the brands stand on the map of two axes, each with its 95 % ellipse or bars, as SVG; empty where fewer than two are known."""
    known = [p for p in report.places if p.shape is not None]
    if len(known) < 2:
        return ""
    names = [report.brand_name(p.brand) for p in known]
    points = [{"brand": report.brand_name(p.brand), "x": p.x, "y": p.y} for p in known]
    rims = [{"brand": report.brand_name(p.brand), "at": at, "x": x, "y": y} for p in known for at, (x, y) in enumerate(_rim(p))]
    bars = [
        {"brand": report.brand_name(p.brand), "x": x, "x2": x2, "y": y, "y2": y2}
        for p in known
        if p.shape == "bars"
        for x, x2, y, y2 in ((p.x_low, p.x_high, p.y, p.y), (p.x, p.x, p.y_low, p.y_high))
    ]
    across, up = report.themes_named(known[0].x_themes), report.themes_named(known[0].y_themes)

    def axis(field: str, themes: str) -> dict[str, object]:
        scale = {"zero": False, "nice": True}
        return {
            "field": field,
            "type": "quantitative",
            "scale": scale,
            "axis": {"title": f"Net sentiment: {themes}", "format": "+.1f", "titlePadding": 14},
        }

    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": 620,
        "height": 420,
        "background": "transparent",
        "encoding": {
            "x": axis("x", across),
            "y": axis("y", up),
            "color": {"field": "brand", "type": "nominal", "scale": {"domain": names, "range": _COLOURS}, "legend": None},
        },
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
                "mark": {"type": "text", "dy": -11, "fontSize": 13, "fontWeight": 600},
                "encoding": {"text": {"field": "brand"}},
            },
        ],
        "config": _CONFIG,
    }
    svg: str = vlc.vegalite_to_svg(spec)
    return _labelled(svg, f"Map of {', '.join(names)}: net sentiment on {across} against {up}. The table below has the figures.")


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


def _labelled(svg: str, title: str) -> str:
    """With a text alternative, and scaling with the page instead of its own fixed size."""
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    view = f' viewBox="0 0 {size[1]} {size[2]}"' if size and "viewBox" not in svg else ""
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escaped}"{view} ', 1)
