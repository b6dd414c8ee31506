"""What a reader who reads nothing else takes away: at most five sentences, each from a row of the report."""

from dataclasses import dataclass
from typing import Literal

from pipeline.report.facts import Report
from pipeline.report.rows import Cell, Movement

SENTENCES_MAX = 5

_URGENT = ("weakness", "threat", "opportunity", "strength")


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    """In the report's language."""
    kind: Literal["change", "new", "standing", "movement", "first", "missing"]
    """What it is about: the report as a whole; a new finding; one that stands; a movement; what to do first; sources that are missing."""
    cell_id: str | None = None
    """The cell that proves it; None where none does."""
    brand: str | None = None
    """Whom it is about; None for all, and for what to do."""


def headline(report: Report) -> list[Sentence]:
    """What changed since the last report, and what to do first; that nothing changed where nothing did."""
    words = report.words
    found = [Sentence(_change(report), "change")]
    said = _new(report) or _standing(report)
    if said:
        found.append(said[1])
    movement = next((m for m in _movements(report) if not said or (m.brand, m.theme) != (said[0].brand, said[0].theme)), None)
    if movement:
        found.append(
            Sentence(
                words.say(
                    "{brand}: {what} went from {before} to {now} in the newest quarter.",
                    brand=report.brand_name(movement.brand),
                    what=words.moved(movement, words.label(report.theme_name(movement.theme))),
                    before=words.figure(movement, movement.value_before),
                    now=words.figure(movement, movement.value),
                ),
                "movement",
                brand=movement.brand,
            )
        )
    first = next((tactic for tactic in report.roadmap if not tactic.is_blocked), None)
    if first:
        worth = first.impact is not None and first.impact >= words.LEAST_STARS
        text = (
            words.say("To do first: {title}, worth {gain}.", title=first.title, gain=words.gain(first))
            if worth
            else words.say("To do first: {title}.", title=first.title)
        )
        found.append(Sentence(text, "first", next(iter(first.because), None)))
    if report.missing:
        text = words.say(
            "{missing} of {all} sources did not answer: what is said of them is as last seen.",
            missing=len(report.missing),
            all=len(report.coverage),
        )
        # Where most are silent, that is the news, and no "no real change".
        is_first = 2 * len(report.missing) > len(report.coverage)
        found.insert(0 if is_first else len(found), Sentence(text, "missing"))
    return found[:SENTENCES_MAX]


def _change(report: Report) -> str:
    words, since = report.words, report.since
    if since is None:
        if not report.review_count:
            return words.plural(
                "The first report of this market: {n} finding about {brands} brands, without any review.",
                "The first report of this market: {n} findings about {brands} brands, without any review.",
                n=len(report.cells),
                brands=len(report.brands),
            )
        return words.plural(
            "The first report of this market: {n} finding in {reviews} reviews of {brands} brands.",
            "The first report of this market: {n} findings in {reviews} reviews of {brands} brands.",
            n=len(report.cells),
            reviews=report.review_count,
            brands=len(report.brands),
        )
    day = report.former_day
    if since.is_quiet:
        return words.say("No real change since the report of {day}: all findings stand ({n}).", day=day, n=len(report.cells))
    if not since.appeared and not since.gone:
        return words.say(
            "Since the report of {day}: all findings stand ({n}), with other figures: {moved}.",
            day=day,
            n=len(report.cells),
            moved=len(since.moved),
        )
    return words.say(
        "Since the report of {day}: new findings: {new}; no longer shown: {gone}; still standing: {kept}.",
        day=day,
        new=len(since.appeared),
        gone=len(since.gone),
        kept=len(report.cells) - len(since.appeared),
    )


def _urgency(report: Report, cell: Cell) -> tuple[int, int, int]:
    """What is ours first; what a rival's row says of a third brand last, for that brand's own row says it too."""
    whose = 0 if cell.brand in report.own else 1 if cell.about == cell.brand else 2
    return whose, _URGENT.index(cell.quadrant), cell.position


def _new(report: Report) -> tuple[Cell, Sentence] | None:
    """The new cell that matters most to us."""
    ids = report.since.appeared if report.since else ()
    cells = sorted((cell for i in ids if (cell := report.cell(i))), key=lambda cell: _urgency(report, cell))
    if not cells:
        return None
    cell = cells[0]
    if cell.brand in report.own:
        return cell, Sentence(report.words.say("New for us: {claim}.", claim=cell.claim), "new", cell.cell_id, cell.brand)
    brand = report.brand_name(cell.brand)
    return cell, Sentence(
        report.words.say("New about {brand}: {claim}.", brand=brand, claim=cell.claim), "new", cell.cell_id, cell.brand
    )


def _standing(report: Report) -> tuple[Cell, Sentence] | None:
    """What weighs most among the cells that are not new."""
    ours = sorted((cell for cell in report.cells if cell.brand in report.own), key=lambda cell: _urgency(report, cell))
    if not ours:
        return None
    cell = ours[0]
    text = {
        "weakness": report.words.say("Our clearest weakness: {claim}.", claim=cell.claim),
        "threat": report.words.say("Our clearest threat: {claim}.", claim=cell.claim),
        "opportunity": report.words.say("Our clearest opening: {claim}.", claim=cell.claim),
        "strength": report.words.say("Our clearest strength: {claim}.", claim=cell.claim),
    }[cell.quadrant]
    return cell, Sentence(text, "standing", cell.cell_id, cell.brand)


def _movements(report: Report) -> list[Movement]:
    """Against the quarter before, where the test says so: ours first, then the surest."""
    sure = [m for m in report.movements if m.arrow in {"up", "down"} and m.against == "previous" and m.value_before is not None]
    return sorted(sure, key=lambda m: (m.brand not in report.own, m.q_value if m.q_value is not None else 1.0))
