"""report.md: the table and its evidence, for a terminal, a wiki or a pull request."""

import re
from collections.abc import Iterator

from pipeline.report import wording
from pipeline.report.facts import QUADRANTS, Report

FILE = "report.md"

# What Markdown or a renderer's HTML could take as its own: text from outside must stay text.
# The colon before `//` and the dot after `www` keep an address from becoming a link.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~!&$@]|:(?=//)|(?<=www)\.)|^(\s*)([-+=]|\d+[.)])", re.MULTILINE)


def render(report: Report) -> bytes:
    return ("\n".join(_lines(report)) + "\n").encode("utf-8")


def swot_table(report: Report) -> list[str]:
    """The comparison table as Markdown lines: one row for each brand."""
    lines = [
        "| Brand | " + " | ".join(report.words.quadrant_names[q] for q in QUADRANTS) + " |",
        "|" + " --- |" * (len(QUADRANTS) + 1),
    ]
    for brand in report.brands:
        boxes = []
        for quadrant in QUADRANTS:
            cells = report.cells_of(brand.brand, quadrant)
            claims = [f"{escaped(cell.claim)} ({cell.statistics})" for cell in cells]
            boxes.append("<br>".join(claims) or escaped(report.empty_text(brand.brand, quadrant)))
        own = " (ours)" if brand.own else ""
        lines.append(f"| **{escaped(brand.name)}**{own} | " + " | ".join(boxes) + " |")
    return lines


def _lines(report: Report) -> Iterator[str]:
    run = report.run
    yield f"# {escaped(run.market_name)}: CX SWOT"
    yield ""
    yield f"As of {report.words.day(run.day)}, {report.words.count(report.review_count)} reviews of {len(report.brands)} brands, run {run.run_id}."
    if report.missing:
        yield ""
        yield f"**Not everything answered:** {len(report.missing)} of {len(report.coverage)} sources did not answer; what is said of them is as last seen, see Coverage."
    yield ""
    yield from swot_table(report)
    yield ""
    yield "## What to do, in order"
    yield ""
    yield from _roadmap(report)
    yield ""
    yield "## Why"
    yield ""
    yield from _why(report)
    yield ""
    yield "## Not covered by any theme yet"
    yield ""
    yield from _emerging(report)
    yield ""
    yield "## Coverage"
    yield ""
    yield "| Source | Status | Records | Reason |"
    yield "| --- | --- | --- | --- |"
    for crawl in report.coverage:
        records = "" if crawl.record_count is None else report.words.count(crawl.record_count)
        yield f"| {crawl.target} | {crawl.status} | {records} | {escaped(crawl.reason or '')} |"
    yield ""
    yield "## How well the texts were read"
    yield ""
    yield "| Language | Reviews | Read right | Held out | Good ones | Bad ones | Read by | Version | Not calibrated because |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for r in report.readings:
        yield (
            f"| {report.words.language_name(r.language)} | {report.words.count(r.review_count)} | {report.words.accuracy(r)} | {report.words.count(r.held_out_count)} "
            f"| {report.words.pct(r.good_read)} of {report.words.count(r.good_count)} | {report.words.pct(r.bad_read)} of {report.words.count(r.bad_count)} "
            f"| {report.words.read_by(r)} | {r.version or ''} | {r.why_not or ''} |"
        )
    yield ""
    yield report.words.not_corrected()
    yield ""
    yield "## Evidence"
    yield from _evidence(report)


def _evidence(report: Report) -> Iterator[str]:
    for cell in report.cells:
        yield ""
        yield f"### {escaped(report.brand_name(cell.brand))}, {cell.quadrant}: {escaped(cell.claim)}"
        yield ""
        yield f"{report.words.figures(cell)} · `{cell.cell_id}`"
        if survival := report.survival(cell.cell_id):
            yield ""
            yield survival.told or ""
        for quote in report.quotes_of(cell.cell_id):
            yield ""
            yield f"> {escaped(quote.quote)}"
            where = f" · <{quote.url}>" if quote.url and wording.is_web(quote.url) and not re.search(r"[\s<>]", quote.url) else ""
            stars = f"{report.words.quoted_from(quote)} {report.words.stars(quote)}".strip()
            said = " · ".join(
                part for part in (stars, f"{report.words.day(quote.published_on)} {escaped(quote.source)}".strip()) if part
            )
            against = "a voice against it · " if quote.is_counter else ""
            yield f"> — {against}{said}{where}"


def _roadmap(report: Report) -> Iterator[str]:
    if not report.roadmap:
        yield "No cell calls for a tactic, or no brand of the market file is marked as ours."
    for t in report.roadmap:
        worth = "blocked by the market file" if t.is_blocked else f"{report.words.gain(t)}, {t.cost} cost, {t.lead_weeks} weeks"
        yield f"{t.position}. **{escaped(t.title)}**: {worth}. {escaped(t.pain)} Shown by `{t.shown_by}`, which {t.shown_as}."
        for step in t.steps:
            yield f"   - {escaped(step)}"


def _why(report: Report) -> Iterator[str]:
    if not report.drivers:
        yield "Too few rated reviews to tell what moves the stars."
    else:
        yield "| Theme | Stars with praise | Stars with a complaint | Takes from the mean |"
        yield "| --- | --- | --- | --- |"
    for d in report.drivers:
        lost = f"{report.words.net(d.stars_lost)} ({report.words.net(d.stars_lost_low)} to {report.words.net(d.stars_lost_high)})"
        yield f"| {escaped(report.theme_name(d.theme))} | {report.words.net(d.praise_stars)} | {report.words.net(d.complaint_stars)} | {lost} |"
    yield ""
    for brand in report.brands:
        pains = [
            f"{report.theme_name(p.theme)} ({report.words.pct(p.reach)} of reviews)" for p in report.pains_of(brand.brand)[:3]
        ]
        yield f"- What hurts most at {escaped(brand.name)}: {escaped(', '.join(pains)) or 'not enough evidence'}"
    for cause in report.causes:
        yield f"- {escaped(cause.hypothesis)}"


def _emerging(report: Report) -> Iterator[str]:
    if not report.emerging:
        yield "No new complaint beyond noise."
    for term in report.emerging:
        yield f"- **{escaped(term.term)}** ({escaped(report.brand_name(term.brand) or 'all brands')}): {report.words.emergence(term)}"
        for quote in report.quotes_on(term):
            yield f"  - “{escaped(quote.quote)}” {escaped(report.brand_name(quote.said_of))}, {report.words.day(quote.published_on)}"


def escaped(text: str) -> str:
    """Text from outside on one line, with nothing left that Markdown would read."""
    return _SPECIAL.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", " ".join(text.split()))
