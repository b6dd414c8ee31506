"""report.md: the table and its evidence, for a terminal, a wiki or a pull request."""

import re
from collections.abc import Iterator, Sequence

from pipeline.report import wording
from pipeline.report.facts import QUADRANTS, Report
from pipeline.report.headline import headline
from pipeline.report.rows import Cell
from pipeline.report.since import Told

FILE = "report.md"

# What Markdown or a renderer's HTML could take as its own: text from outside must stay text.
# A number is a list's only where a space or nothing follows its dot: "0.06" is left alone.
# The colon before `//`, the first of these and the dot after `www` keep an address from becoming a link.
_SPECIAL = re.compile(
    r"([\\`*_{}\[\]<>#|~!&$@]|:(?=//)|/(?=/)|(?<=www)\.)|^(\s*)([-+=])|^(\s*\d+)([.)])(?=\s|$)", re.MULTILINE | re.IGNORECASE
)


def render(report: Report) -> bytes:
    return ("\n".join(_lines(report)) + "\n").encode("utf-8")


def swot_table(report: Report) -> list[str]:
    """The comparison table as Markdown lines: one row for each brand."""
    words = report.words
    lines = [_row([words.say("Brand"), *(words.quadrant_names[q] for q in QUADRANTS)]), _rule(len(QUADRANTS) + 1)]
    for brand in report.brands:
        boxes = []
        for quadrant in QUADRANTS:
            cells = report.cells_of(brand.brand, quadrant)
            claims = [f"{escaped(cell.claim)} ({escaped(cell.statistics)})" for cell in cells]
            boxes.append("<br>".join(claims) or escaped(report.empty_text(brand.brand, quadrant)))
        own = f" ({words.say('ours')})" if brand.own else ""
        lines.append(_row([f"**{escaped(brand.name)}**{own}", *boxes]))
    return lines


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(columns: int) -> str:
    return "|" + " --- |" * columns


def _lines(report: Report) -> Iterator[str]:
    run, words = report.run, report.words
    yield f"# {words.say('{market}: CX SWOT', market=escaped(run.market_name))}"
    yield ""
    yield words.say(
        "As of {day:day}, {reviews} reviews of {brands} brands, run {run}.",
        day=run.day,
        reviews=report.review_count,
        brands=len(report.brands),
        run=run.run_id,
    )
    for title, lines in (
        (words.say("In short"), _headline),
        (words.say("SWOT by brand"), swot_table),
        (words.say("What changed"), _changes),
        (words.say("What to do, in order"), _roadmap),
        (words.say("What moves the stars"), _why),
        (words.say("Not covered by any theme yet"), _emerging),
        (words.say("Coverage"), _coverage),
        (words.say("How well the texts were read"), _readings),
        (words.say("Evidence"), _evidence),
    ):
        yield ""
        yield f"## {title}"
        yield ""
        yield from lines(report)


def _headline(report: Report) -> Iterator[str]:
    for sentence in headline(report):
        yield f"- {escaped(sentence.text)}"


def _changes(report: Report) -> Iterator[str]:
    """What came, went and moved, a line for each; then what differs between the two runs."""
    words, since = report.words, report.since
    if since is None:
        yield words.say(
            "There is no earlier report to compare with. The next one says here what is new, what is gone, and what differs between the two."
        )
        return

    def told(cell: Cell | Told, claim: str) -> str:
        quadrant = words.quadrant(cell.quadrant)
        return escaped(
            words.say("{brand}, {quadrant}: {claim}", brand=report.brand_name(cell.brand), quadrant=quadrant, claim=claim)
        )

    if since.is_quiet:
        yield f"- {words.say('No finding came or went.')}"
    for cell_id in since.appeared:
        if cell := report.cell(cell_id):
            yield f"- **{words.say('New')}** · {told(cell, cell.claim)}"
    for gone in since.gone:
        yield f"- **{words.say('No longer shown')}** · {told(gone, gone.said(words))}"
    for moved in since.moved:
        if cell := report.cell(moved.cell_id):
            before = escaped(words.say("Before: {claim}", claim=moved.said(words)))
            yield f"- **{words.say('Other figures')}** · {told(cell, cell.claim)} · {before}"
    for reason in since.reasons:
        yield f"- {escaped(words.reason(reason))}"


def _coverage(report: Report) -> Iterator[str]:
    words = report.words
    yield _row([words.say("Source"), words.say("Status"), words.say("Records"), words.say("Reason")])
    yield _rule(4)
    for crawl in report.coverage:
        records = "" if crawl.record_count is None else words.count(crawl.record_count)
        yield _row([escaped(crawl.target), words.status(crawl.status), records, escaped(crawl.reason or "")])


def _readings(report: Report) -> Iterator[str]:
    words = report.words
    heads = [
        words.say("Language"),
        words.say("Reviews"),
        words.say("Read right"),
        words.say("Held out"),
        words.say("Good ones"),
        words.say("Bad ones"),
        words.say("Read by"),
        words.say("Version"),
        words.say("Not calibrated because"),
    ]
    yield _row(heads)
    yield _rule(len(heads))
    for r in report.readings:
        yield _row(
            [
                words.language_name(r.language),
                words.count(r.review_count),
                escaped(words.accuracy(r)),
                words.count(r.held_out_count),
                words.say("{share:pct} of {n}", share=r.good_read, n=r.good_count),
                words.say("{share:pct} of {n}", share=r.bad_read, n=r.bad_count),
                escaped(words.read_by(r)),
                escaped(r.version or ""),
                escaped(r.why_not or ""),
            ]
        )
    yield ""
    yield words.not_corrected()


def _evidence(report: Report) -> Iterator[str]:
    words = report.words
    for number, cell in enumerate(report.cells):
        if number:
            yield ""
        heading = words.say(
            "{brand}, {quadrant}: {claim}",
            brand=report.brand_name(cell.brand),
            quadrant=words.quadrant(cell.quadrant),
            claim=cell.claim,
        )
        yield f"### {escaped(heading)}"
        yield ""
        yield f"{escaped(words.figures(cell))} · `{cell.cell_id}`"
        if survival := report.survival(cell.cell_id):
            yield ""
            yield escaped(survival.told or "")
        for quote in report.quotes_of(cell.cell_id):
            yield ""
            yield f"> {escaped(quote.quote)}"
            where = f"<{quote.url}>" if quote.url and wording.is_web(quote.url) and not re.search(r"[\s<>]", quote.url) else ""
            stars = f"{words.quoted_from(quote)} {words.stars(quote)}".strip()
            source = f"{words.day(quote.published_on)} {escaped(quote.source)}".strip()
            against = words.say("A voice against it") if quote.is_counter else ""
            yield f"> — {' · '.join(part for part in (against, stars, source, where) if part)}"


def _roadmap(report: Report) -> Iterator[str]:
    words = report.words
    if not report.roadmap:
        yield words.say("No finding calls for a tactic, or no brand of the market file is marked as ours.")
    for t in report.roadmap:
        weeks = words.plural("{n} week until customers notice", "{n} weeks until customers notice", n=t.lead_weeks)
        worth = words.say("ruled out by the market file") if t.is_blocked else " · ".join([words.gain(t), words.cost(t), weeks])
        yield f"{t.position}. **{escaped(t.title)}** · {escaped(f'{worth}. {t.pain} {words.shown_by(t)}')}"
        for step in t.steps:
            yield f"   - {escaped(step)}"


def _why(report: Report) -> Iterator[str]:
    words = report.words
    if not report.drivers:
        yield words.say("Too few rated reviews to tell what moves the stars.")
    else:
        yield _row(
            [words.say("Theme"), words.say("With praise"), words.say("With a complaint"), words.say("Takes from the mean")]
        )
        yield _rule(4)
    for d in report.drivers:
        lost = words.say(
            "{value:net} ({low:net} to {high:net})", value=d.stars_lost, low=d.stars_lost_low, high=d.stars_lost_high
        )
        yield _row([escaped(report.theme_name(d.theme)), words.net(d.praise_stars), words.net(d.complaint_stars), escaped(lost)])
    yield ""
    for brand in report.brands:
        pains = [
            words.say("{theme} ({reach:pct} of reviews)", theme=report.theme_name(p.theme), reach=p.reach)
            for p in report.pains_of(brand.brand)[:3]
        ]
        told = words.names(pains) or words.say("not enough evidence")
        yield f"- {escaped(words.say('What hurts most at {brand}: {pains}', brand=brand.name, pains=told))}"
    for cause in report.causes:
        yield f"- {escaped(cause.hypothesis)}"


def _emerging(report: Report) -> Iterator[str]:
    words = report.words
    if not report.emerging:
        yield words.say("No new complaint beyond noise.")
    for term in report.emerging:
        whose = report.brand_name(term.brand) or words.say("all brands")
        yield f"- **{escaped(term.term)}** ({escaped(whose)}): {escaped(words.emergence(term))}"
        for quote in report.quotes_on(term):
            yield f"  - “{escaped(quote.quote)}” {escaped(report.brand_name(quote.said_of))}, {words.day(quote.published_on)}"


def escaped(text: str) -> str:
    """Text from outside on one line, with nothing left that Markdown would read."""
    return _SPECIAL.sub(lambda m: f"{m[2] or m[4] or ''}\\{m[1] or m[3] or m[5]}", " ".join(text.split()))
