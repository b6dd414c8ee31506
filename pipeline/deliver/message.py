"""What a recipient is told, whatever the channel: a short text in parts, in her language, with her days.

A part is a heading and its lines; a line has a text, the figures behind it, and perhaps a page. All of it may hold words from outside (claims
name terms of reviews, events quote FAQ pages), so each channel escapes what it writes.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from urllib.parse import quote

import orjson
import vl_convert as vlc

from pipeline import cells
from pipeline.deliver.ledger import DeliveryError, Event
from pipeline.deliver.settings import Recipient
from pipeline.page_text import plain
from pipeline.report import chart, file_in
from pipeline.report.facts import QUADRANTS, Report
from pipeline.report.headline import Sentence, headline
from pipeline.report.wording import Wording, is_web
from pipeline.run import Run

_MOST_CHANGES = 8
_MOST_CLAIMS = 3
_MOST_TACTICS = 3


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    figures: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    heading: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class File:
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    key: str
    """32 hex digits, the same whenever this is sent to this recipient."""
    kind: str
    """report or alert."""
    language: str
    subject: str
    lead: Sequence[str]
    """A few sentences: what changed, what to do."""
    parts: Sequence[Part]
    link: str | None
    link_text: str
    foot: str
    report: Callable[[], File] | None
    """The whole report, read when it is sent; None where it is not wanted."""
    picture: Callable[[], bytes] | None
    """The trend as PNG; None where there is none to draw, and in alerts."""
    picture_text: str
    """The same for those who do not see it."""
    data: Mapping[str, Any]
    """The same for programs."""


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since the report before."""

    before: cells.Kept | None
    """None for a first report."""
    changes: tuple[cells.Change, ...]
    """The real ones, ours first."""


def since(after: cells.Kept, before: cells.Kept | None, own: str | None, *, only_own: bool) -> Since:
    if before is None:
        return Since(None, ())
    order = {"appeared": 0, "changed": 1, "vanished": 2}
    found = [change for change in cells.changes(before.cells, after.cells) if change.is_real]
    found.sort(key=lambda c: (c.cell["brand"] != own, order[c.change], c.cell["position"], c.cell["cell_id"]))
    return Since(before, tuple(c for c in found if not only_own or c.cell["brand"] == own))


def of_report(run: Run, recipient: Recipient, report: Report, told: Since, events: Sequence[Event]) -> Message:
    """The message about a run; `report` is in the recipient's language."""
    words = report.words
    own = next((brand for brand in report.brands if brand.own), None)
    # A new weakness of ours is both; it is told where the changes are.
    changed = {change.cell["cell_id"] for change in told.changes[:_MOST_CHANGES]}
    happened = [event for event in events if event.cell_id not in changed]
    parts = [Part(words.say("What happened"), _events(words, happened))] if happened else []
    parts += [Part(words.say("What changed since the last report"), _changes(words, report, told))] if told.changes else []
    if recipient.subset != "changes":
        if own is not None:
            parts.append(Part(words.say("{brand} now", brand=own.name), _row(report, own.brand)))
        if report.roadmap:
            parts.append(Part(words.say("What to do first"), _tactics(report)))
    day = words.day(run.as_of)
    is_quiet = told.before is not None and not told.changes and not events
    if not is_quiet:
        subject = words.say("{market}: the report of {day}", market=report.run.market_name, day=day)
    elif recipient.subset == "own" and own is not None:
        subject = words.say("{market}: nothing new for {brand} ({day})", market=report.run.market_name, brand=own.name, day=day)
    else:
        subject = words.say("{market}: no real change ({day})", market=report.run.market_name, day=day)
    link = _link(run, recipient)
    drawn = chart.trend_svg(report)
    names = words.listed([brand.name for brand in report.brands])
    return Message(
        key=key_of(run, recipient, f"report {run.run_id}"),
        kind="report",
        language=recipient.language,
        subject=_one_line(subject),
        lead=_lead(report, told, recipient.subset),
        parts=parts,
        link=link,
        link_text=words.say("The whole report, with the evidence for each claim"),
        foot=_foot(run, words),
        report=(lambda: _file(run, recipient)) if recipient.report == "attached" else None,
        picture=(lambda: _png(drawn)) if drawn else None,
        picture_text=words.say("Line chart: net sentiment of {brands} by month, with its interval", brands=names),
        data={"changes": [_change_data(change) for change in told.changes], "no_real_change": is_quiet},
    )


def of_events(run: Run, recipient: Recipient, words: Wording, market: str, events: Sequence[Event]) -> Message:
    """An alert: one event or several."""
    lines = _events(words, events)
    subject = (
        words.say("{market}: {event}", market=market, event=lines[0].text)
        if len(events) == 1
        else words.plural("{market}: {n} event", "{market}: {n} events", market=market, n=len(events))
    )
    return Message(
        # The same event may come back after it has gone: then it is another message, of another run.
        key=key_of(run, recipient, "alert " + " ".join(sorted(f"{event.run_id}:{event.event_id}" for event in events))),
        kind="alert",
        language=recipient.language,
        subject=_one_line(subject),
        lead=(),
        parts=[Part(words.say("What happened"), lines)],
        link=_link(run, recipient),
        link_text=words.say("The whole report, with the evidence for each claim"),
        foot=_foot(run, words),
        report=None,
        picture=None,
        picture_text="",
        data={},
    )


def key_of(run: Run, recipient: Recipient, what: str) -> str:
    said = [run.market.id, recipient.name, recipient.channel, what]
    return hashlib.sha256(orjson.dumps(said)).hexdigest()[:32]


def as_text(message: Message) -> str:
    """For mail and for `--dry-run`."""
    lines = [*message.lead]
    for part in message.parts:
        lines += ["", part.heading, ""]
        for line in part.lines:
            lines.append(f"- {plain(line.text)}")
            lines += [f"  {plain(line.figures)}"] if line.figures else []
            lines += [f"  {plain(line.url)}"] if line.url and is_web(line.url) else []
    if message.link:
        lines += ["", f"{message.link_text}:", message.link]
    return "\n".join([*lines, "", message.foot]).strip() + "\n"


def as_data(message: Message, run: Run, recipient: Recipient, events: Sequence[Event], words: Wording) -> dict[str, Any]:
    """The body of a webhook; docs/ops.md describes it."""
    return {
        "type": message.kind,
        "id": message.key,
        "market": run.market.id,
        "run": {"id": run.run_id, "as_of": run.as_of.isoformat()},
        "recipient": recipient.name,
        "language": message.language,
        "subset": recipient.subset,
        "subject": message.subject,
        "lead": list(message.lead),
        "parts": [
            {
                "heading": part.heading,
                "lines": [{"text": line.text, "figures": line.figures, "url": line.url} for line in part.lines],
            }
            for part in message.parts
        ],
        "events": [{"id": e.event_id, "rule": e.rule, "own": e.own, "text": words.message(e.said), "url": e.url} for e in events],
        "link": message.link,
        **message.data,
    }


def _lead(report: Report, told: Since, subset: str) -> list[str]:
    """The report's own headline; what changed is counted anew where the message tells more of it, or less."""
    words = report.words
    first, *others = headline(report)
    said = [first.text]
    own = next((brand for brand in report.brands if brand.own), None)
    day = _former_day(report, told.before)
    if told.before is not None and not told.changes and subset == "own" and own is not None:
        # Of others there may be something.
        said = [words.say("Nothing new for {brand} since the report of {day}.", brand=own.name, day=day)]
    elif told.before is not None and not told.changes:
        said = [words.say("No real change since the report of {day}.", day=day)]
    elif told.before is not None:
        count = {kind: sum(change.change == kind for change in told.changes) for kind in ("appeared", "changed", "vanished")}
        said = [
            words.say(
                "Since the report of {day}: new in the SWOT table: {appeared}; moved beyond chance: {changed}; no longer so: {vanished}.",
                day=day,
                **count,
            )
        ]
    said += [sentence.text for sentence in others if _is_for(sentence, subset, report)]
    return [plain(sentence) for sentence in said]


def _former_day(report: Report, before: cells.Kept | None) -> str:
    """In the recipient's zone, with the time where both reports are of one day of hers."""
    if before is None:
        return ""
    day = report.words.day(before.as_of)
    return day if day != report.words.day(report.run.as_of.replace(tzinfo=UTC)) else report.words.moment(before.as_of)


def _is_for(sentence: Sentence, subset: str, report: Report) -> bool:
    """Whether a recipient of that subset hears it; that sources are missing everybody does."""
    match subset:
        case "changes":
            return sentence.kind in {"new", "missing"}
        case "own":
            return sentence.kind in {"first", "missing"} or sentence.brand in report.own
    return True


def _changes(words: Wording, report: Report, told: Since) -> list[Line]:
    lines = []
    for change in told.changes[:_MOST_CHANGES]:
        cell = change.cell
        said = {"brand": report.brand_name(cell["brand"]), "claim": _said(words, cell, "claim")}
        figures = _said(words, cell, "statistics")
        match change.change:
            case "appeared":
                lines.append(Line(_placed(words, "new", cell["quadrant"], said), figures))
            case "vanished":
                lines.append(Line(_placed(words, "gone", cell["quadrant"], said), figures))
            case _:
                assert told.before is not None  # noqa: S101 - without a report before, nothing has changed
                before = _said(words, told.before.cells[cell["cell_id"]], "statistics")
                lines.append(
                    Line(
                        _placed(words, "moved", cell["quadrant"], said),
                        words.say("{figures}; before: {before}", figures=figures, before=before),
                    )
                )
    if more := len(told.changes) - _MOST_CHANGES:
        lines += (
            [Line(words.plural("{n} more change in the report", "{n} more changes in the report", n=more))] if more > 0 else []
        )
    return lines


def _placed(words: Wording, what: str, quadrant: str, said: Mapping[str, str]) -> str:
    """A claim with its brand, its quadrant and what became of it, as one sentence."""
    return {
        ("new", "strength"): words.say("New strength of {brand}: {claim}", **said),
        ("new", "weakness"): words.say("New weakness of {brand}: {claim}", **said),
        ("new", "opportunity"): words.say("New opportunity for {brand}: {claim}", **said),
        ("new", "threat"): words.say("New threat to {brand}: {claim}", **said),
        ("gone", "strength"): words.say("No longer a strength of {brand}: {claim}", **said),
        ("gone", "weakness"): words.say("No longer a weakness of {brand}: {claim}", **said),
        ("gone", "opportunity"): words.say("No longer an opportunity for {brand}: {claim}", **said),
        ("gone", "threat"): words.say("No longer a threat to {brand}: {claim}", **said),
        ("moved", "strength"): words.say("Strength of {brand} that has moved: {claim}", **said),
        ("moved", "weakness"): words.say("Weakness of {brand} that has moved: {claim}", **said),
        ("moved", "opportunity"): words.say("Opportunity for {brand} that has moved: {claim}", **said),
        ("moved", "threat"): words.say("Threat to {brand} that has moved: {claim}", **said),
    }[what, quadrant]


def _said(words: Wording, cell: cells.Cell, column: str) -> str:
    """A cell's claim or statistics in the reader's language; in English where the run that kept it knew no other."""
    message = cell.get(f"{column}_message")
    return words.message(message) if message else str(cell.get(column) or "")


def _row(report: Report, brand: str) -> list[Line]:
    lines = []
    for quadrant in QUADRANTS:
        found = report.cells_of(brand, quadrant)
        heading = report.words.quadrant_names[quadrant]
        if not found:
            lines.append(Line(report.words.say("{quadrant}: {text}", quadrant=heading, text=report.empty_text(brand, quadrant))))
        lines += [
            Line(report.words.say("{quadrant}: {text}", quadrant=heading, text=cell.claim), cell.statistics)
            for cell in found[:_MOST_CLAIMS]
        ]
    return lines


def _tactics(report: Report) -> list[Line]:
    return [
        Line(
            tactic.title,
            report.words.say(
                "{gain}; weeks until customers notice: {weeks}", gain=report.words.gain(tactic), weeks=tactic.lead_weeks
            ),
        )
        for tactic in report.roadmap[:_MOST_TACTICS]
    ]


def _events(words: Wording, events: Sequence[Event]) -> list[Line]:
    return [
        Line(words.message(event.said), words.message(event.statistics), event.url if is_web(event.url) else None)
        for event in events
    ]


def _change_data(change: cells.Change) -> dict[str, Any]:
    told = ("cell_id", "brand", "quadrant", "theme", "metric", "claim", "statistics", "for_us")
    return {"change": change.change} | {name: change.cell.get(name) for name in told}


def _foot(run: Run, words: Wording) -> str:
    return words.say("Run {run}, as of {moment}.", run=run.run_id, moment=words.moment(run.as_of.astimezone(UTC)))


def _link(run: Run, recipient: Recipient) -> str | None:
    base = run.market.report_url
    if base is None or recipient.report == "none":
        return None
    return f"{base.rstrip('/')}/{quote(run.run_id)}/{_report_name(run, recipient)}"


def _report_name(run: Run, recipient: Recipient) -> str:
    return file_in(recipient.language, "report.html", run.market.languages_read)


def _file(run: Run, recipient: Recipient) -> File:
    path = run.report_folder / _report_name(run, recipient)
    if not path.exists():
        raise DeliveryError(
            f"Expected the report in {recipient.name}'s language at {path}, found none: it was written before this recipient was named. "
            'The next run writes it; `report = "none"` does without.'
        )
    content = path.read_bytes()
    return File(f"{run.market.id}-{run.as_of:%Y-%m-%d}-{recipient.language}.html", content)


def _png(svg: str) -> bytes:
    # On white, also where the reader's mail is dark: the drawing program turns what is half transparent grey on no ground.
    svg = re.sub(r"^<svg [^>]*>", r'\g<0><rect width="100%" height="100%" fill="#fff"/>', svg)
    try:
        drawn: bytes = vlc.svg_to_png(svg, scale=1.5)
    except RuntimeError as error:  # a page of the drawing program's own stack follows its first line
        raise DeliveryError(
            f"Expected the trend as a picture, found that it cannot be drawn: {str(error).splitlines()[0]:.100}"
        ) from error
    return drawn


def _one_line(text: str) -> str:
    """As a subject may be: no line break and no control character, which a header would end at."""
    return plain(text)[:200]
