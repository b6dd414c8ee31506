"""The trend chart, drawn by Vega-Lite to SVG text: no script remains in the page."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import vl_convert as vlc

from pipeline.report.facts import Report
from pipeline.report.wording import month

# Okabe and Ito's palette, without its yellow: told apart by colour-blind readers on light and on dark ground.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8c8c8c"]

_GREY = "#7a838c"
"""Reads on light and on dark ground alike: an SVG does not follow the page's colours."""


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
        "config": {
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
        },
    }
    svg: str = vlc.vegalite_to_svg(spec)
    first, last = min(p.month for p in points), max(p.month for p in points)
    title = f"Line chart: net sentiment of {', '.join(names)} by month, {month(first)} to {month(last)}. The table below has the figures."
    return _labelled(svg, title)


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
