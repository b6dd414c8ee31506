"""The verdict on a crawl: the judgement of itself and, where it would land, that of its monitors; and how a person overrules these.

Each of the three alarms wants something else of whoever reads it. `blocked`: leave the site alone. `layout_gone`: mend the parser.
`implausible`: look at the page, since a parser that reads the wrong number and customers who changed their minds look the same
from here; `accept` lands what a person has found to be right.
"""

from collections.abc import Iterable
from pathlib import Path

from pipeline.judge import Circumstances, judge
from pipeline.market import Source
from pipeline.measure import measure
from pipeline.monitor import HISTORY, LASTING, Unit, rule, watch
from pipeline.run import Run, RunError, only_crawler
from spiders.receipt import Alarm, Monitor, Outcome, Receipt, file_sha256, lines_of, newest_reading, sync_folder
from spiders.web.template import similarity

ACCEPTED = "accepted by a person"
"""How the reason of an accepted crawl begins."""

_BY_WEIGHT: tuple[Alarm, ...] = ("blocked", "layout_gone", "implausible")


def good_runs(run: Run, target: str) -> list[tuple[Receipt, Path]]:
    """The last crawls of the target that landed before this run and as of no later, the oldest first, each with its lines.

    Of a crawl that was read again, the newest reading counts. A receipt that cannot be read counts as none: load tells of it.
    """
    found = []
    for folder in run.landing.glob("*"):
        path = newest_reading(folder, target)
        if path is None or folder.name == run.run_id:
            continue
        try:
            receipt = Receipt.load(path)
        except (OSError, ValueError):
            continue
        if receipt.outcome == "landed" and receipt.as_of <= run.as_of:
            found.append((receipt, lines_of(path)))
    return sorted(found, key=lambda each: (each[0].as_of, each[0].run_id))[-HISTORY:]


def verdict(run: Run, source: Source, receipt: Receipt, found: Circumstances) -> Receipt:
    """The receipt with outcome, reason and alarm, with what was measured and what the monitors say of it."""
    outcome, reason, alarm = judge(receipt, found)
    measured = dict(receipt.measured)
    good = good_runs(run, receipt.target)
    alike = [like for each, _ in good if (like := similarity(receipt.template, each.template)) is not None]
    if alike:
        measured["template_similarity"] = max(alike)
    monitors: tuple[Monitor, ...] = ()
    if outcome == "landed":
        before = next((lines for each, lines in reversed(good) if _whole(each, lines)), None)
        try:
            looked = measure(found.lines, receipt, before=before, canaries=source.canaries)
        except (KeyError, TypeError, ValueError) as error:
            # One source's fault must not end the others' crawls.
            strange = f"expected lines with values as {receipt.kind} have them, found others ({type(error).__name__}: {error})"
            reason = f"{receipt.target} ({found.where}): {strange}. Correct {source.source}, and gather again."
            return receipt.model_copy(update={"outcome": "rejected", "reason": reason})
        measured |= looked.values
        monitors = watch(measured, [each.measured for each, _ in good], receipt.kind)
        if source.monitors == "off":
            monitors = tuple(m for m in monitors if m.name in LASTING)
        # Who reads an archive again does it for another reading than the last one; what is known is to be read all the same.
        if source.monitors == "warn" or receipt.reading > 1:
            monitors = tuple(
                m.model_copy(update={"verdict": "warning"}) if m.verdict == "alarm" and m.name not in LASTING else m
                for m in monitors
            )
        outcome, reason, alarm = _by_monitors(run, source, receipt, found, monitors=monitors, wrong=looked.wrong)
    elif alarm == "layout_gone" and alike:
        reason = f"{reason} {_template(max(alike))}"
    return receipt.model_copy(
        update={
            "outcome": outcome,
            "reason": reason,
            "alarm": alarm,
            "measured": {name: round(value, 6) for name, value in measured.items()},
            "monitors": monitors,
        }
    )


def _whole(receipt: Receipt, lines: Path) -> bool:
    return lines.exists() and file_sha256(lines) == receipt.file_sha256


def _template(alike: float) -> str:
    """A page that is built as before has lost its reviews otherwise than by a redesign."""
    if alike >= 0.8:
        return f"Its template is as before ({alike:.0%} in common): its list may be empty, or be drawn by scripts now."
    return f"Its template has {alike:.0%} in common with those of the last good runs."


def _by_monitors(
    run: Run, source: Source, receipt: Receipt, found: Circumstances, *, monitors: Iterable[Monitor], wrong: tuple[str, ...]
) -> tuple[Outcome, str | None, Alarm | None]:
    alarms = [monitor for monitor in monitors if monitor.verdict == "alarm"]
    if not alarms:
        return "landed", None, None
    meant = {rule(monitor.name)[2] for monitor in alarms}
    alarm = next(each for each in _BY_WEIGHT if each in meant)
    faults = " ".join(f"{_fault(monitor)}." for monitor in alarms[:3])
    examples = f" For example, {'; '.join(wrong[:3])}." if wrong else ""
    accept = f"`rivalscope accept {run.market.path} {receipt.target} --run {run.run_id}`"
    replay = f"`rivalscope replay {run.market.path} --target {receipt.target} --run {run.run_id}`"
    # A crawl is accepted, not one of its later readings: of these, only what the market file names is an alarm.
    right = f"run {accept}" if receipt.reading == 1 else "correct the source's canaries in the market file and read them again"
    again = f"read its pages again with {replay}" if receipt.archived else "gather again"
    steps: dict[Alarm, str] = {
        "blocked": "It is left alone. Use the site's API or a licensed export, or ask its owner.",
        "layout_gone": f"The layout has probably changed: run `rivalscope freeze {source.source} {found.where}` and compare. "
        f"If the site really shows no more than this, run {accept}.",
        "implausible": "Another number may be read now, or another page: compare some records with the page. "
        f"If they are right, {right}; if not, correct {source.source} and {again}.",
    }
    outcome: Outcome = "blocked" if alarm == "blocked" else "rejected"
    return outcome, f"{receipt.target} ({found.where}): {faults}{examples} {steps[alarm]}", alarm


# --- words ------------------------------------------------------------------------------------------------------------


def told(receipt: Receipt) -> str:
    """What became of the crawl, in one line for whoever watches."""
    if receipt.outcome != "landed":
        alarm = "" if receipt.alarm in {None, receipt.outcome} else f", alarm {str(receipt.alarm).replace('_', ' ')}"
        return f"{receipt.target}: {receipt.outcome}{alarm} {(receipt.reason or '').removeprefix(f'{receipt.target} ')}"
    line = f"{receipt.target}: landed, {receipt.records:,} records from {receipt.pages:,} pages"
    warnings = [monitor for monitor in receipt.monitors if monitor.verdict == "warning"]
    if not warnings:
        return line
    shown = "; ".join(_warning(monitor) for monitor in warnings[:3])
    more = f"; and {len(warnings) - 3} more" if len(warnings) > 3 else ""
    return f"{line}; {len(warnings)} warning{'s' if len(warnings) > 1 else ''}: {shown}{more}"


def _fault(monitor: Monitor) -> str:
    words, unit, _ = rule(monitor.name)
    since = f" as in the last {monitor.runs} good runs" if monitor.runs else ""
    return f"expected {words.format(_range(monitor, unit))}{since}, found {_shown(monitor.found, unit)}"


def _warning(monitor: Monitor) -> str:
    words, unit, _ = rule(monitor.name)
    return f"{words.format(_shown(monitor.found, unit))}, expected {_range(monitor, unit)}"


def _range(monitor: Monitor, unit: Unit) -> str:
    match monitor.low, monitor.high:
        case None, float(high):
            return f"at most {_shown(high, unit)}"
        case float(low), None:
            return f"at least {_shown(low, unit)}"
        case float(low), float(high):
            return f"{_shown(low, unit)} to {_shown(high, unit)}"
    raise ValueError(f"{monitor.name}: a monitor without a range")


def _shown(value: float, unit: Unit) -> str:
    match unit:
        case "share":
            return f"{value:.0%}"
        case "stars":
            return f"{min(5, max(1, 1 + 4 * value)):.1f} of 5"
        case "steps":
            return f"{4 * value:+.1f} stars"
        case "days":
            return f"{value:.0f} days"
        case "characters":
            return f"{max(0, value):.0f} characters"
        case "count":
            return f"{max(0, value):,.0f}"


# --- a person knows better --------------------------------------------------------------------------------------------


def accept(run: Run, target: str) -> Receipt:
    """Lands a crawl of this run that its monitors rejected; from then on it is one of the good runs. Returns its receipt.

    Called again, or after it was killed, it ends the same. Raises RunError for a crawl that was not rejected by its monitors alone, for
    a file that is not the one its receipt vouches for, and while the target is crawled.
    """
    rejected = run.rejected / run.run_id / f"{target}.receipt.json"
    landing = run.landing / run.run_id
    with only_crawler(run, target):
        there = newest_reading(landing, target)
        if there is not None:
            receipt = Receipt.load(there)
            if not (receipt.reason or "").startswith(ACCEPTED):
                raise RunError(f"{target}: run {run.run_id} has landed by itself; there is nothing to accept.")
            rejected.unlink(missing_ok=True)  # of a call that was killed
            return receipt
        if not rejected.exists():
            raise RunError(
                f"{target}: expected a rejected crawl in run {run.run_id}, found none at {rejected}. Name the run with --run."
            )
        receipt = Receipt.load(rejected)
        alarms = [monitor for monitor in receipt.monitors if monitor.verdict == "alarm"]
        if receipt.outcome != "rejected" or not alarms:
            raise RunError(
                f"{target}: expected a crawl that its monitors rejected, found one that {receipt.outcome} otherwise: {receipt.reason} "
                "Correct the cause, and gather again."
            )
        place, lines = landing / f"{target}.jsonl.gz", lines_of(rejected)
        held = lines if lines.exists() else place  # moved by a call that was killed
        if not _whole(receipt, held):
            raise RunError(f"{target}: expected the lines that {rejected} vouches for, found none or others. Gather again.")
        landing.mkdir(parents=True, exist_ok=True)
        held.replace(place)
        sync_folder(landing)
        reason = f"{ACCEPTED}, although it was rejected: {'; '.join(map(_fault, alarms))}."
        receipt = receipt.model_copy(update={"outcome": "landed", "reason": reason})
        receipt.write(landing / rejected.name)
        sync_folder(landing.parent)
        rejected.unlink()
        return receipt
