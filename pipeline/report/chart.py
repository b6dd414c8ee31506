"""The trend chart, drawn by Vega-Lite to SVG text: no script remains in the page."""

import re

import altair as alt
import vl_convert as vlc

from pipeline.report.facts import Report
from pipeline.report.wording import month

# Okabe and Ito's palette, without its yellow: told apart by colour-blind readers on light and on dark ground.
_COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8c8c8c"]


def trend_svg(report: Report) -> str:
    """Net sentiment by month and brand with its interval, as SVG; empty when no brand has two months to draw a line between."""
    points = report.overall_trend
    lines = {p.brand for p in points if sum(q.brand == p.brand for q in points) > 1}
    if not lines:
        return ""
    rows = [
        {
            "brand": report.brand_name(p.brand),
            "month": p.month.isoformat(),
            "net": round((p.net_sentiment or 0) * 100, 1),
            "low": round((p.net_low or 0) * 100, 1),
            "high": round((p.net_high or 0) * 100, 1),
        }
        for p in points
        if p.brand in lines
    ]
    names = [report.brand_name(b.brand) for b in report.brands if b.brand in lines]
    colour = alt.Color(
        "brand:N", sort=names, scale=alt.Scale(domain=names, range=_COLOURS), legend=alt.Legend(title=None, orient="top")
    )
    chart = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("month:T", axis=alt.Axis(title=None, format="%b %Y", labelAngle=0, grid=False)), color=colour
    )
    scale = alt.Scale(domain=[-100, 100])
    band = chart.mark_area(opacity=0.13).encode(y=alt.Y("low:Q", scale=scale, title="Net sentiment"), y2="high:Q")
    line = chart.mark_line(point=True, strokeWidth=2.2).encode(y=alt.Y("net:Q", scale=scale))
    first, last = min(p.month for p in points), max(p.month for p in points)
    spec = (
        (band + line)
        .properties(width=900, height=280, background="transparent")
        .configure(font="system-ui, sans-serif")
        .configure_axis(
            labelColor="#7a838c", titleColor="#7a838c", gridColor="#7a838c33", domainColor="#7a838c66", tickColor="#7a838c66"
        )
        .configure_legend(labelColor="#7a838c", labelFontSize=13)
        .configure_view(stroke=None)
    )
    svg: str = vlc.vegalite_to_svg(spec.to_dict())
    title = f"Line chart: net sentiment of {', '.join(names)} by month, {month(first)} to {month(last)}. The table below has the figures."
    return _labelled(svg, title)


def _labelled(svg: str, title: str) -> str:
    """With a text alternative, and scaling with the page instead of its own fixed size."""
    escaped = title.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    view = f' viewBox="0 0 {size[1]} {size[2]}"' if size and "viewBox" not in svg else ""
    return svg.replace("<svg ", f'<svg role="img" aria-label="{escaped}"{view} ', 1)
