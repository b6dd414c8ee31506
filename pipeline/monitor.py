"""The monitors: what a crawl measured, held against the same of the target's last good runs.

A site that changes seldom says so: the page still answers, the parser still finds something, and it is another number. What a crawl
measures is expected around the median of the good runs, within the noise that they show among themselves (1.4826 times their median
absolute deviation, which is the standard deviation of normal noise), and never closer than a floor, for few runs agree by chance. What
lies between good runs is always fine.

Spidermon, whose idea this is, runs inside the Scrapy process on the stats of that one crawl: it sees neither imported files nor replays
nor earlier runs, and earlier runs are all that these are about. Hence they stand here and not in an extension.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median
from typing import Literal

from spiders.items import Kind
from spiders.receipt import Alarm, Monitor

LEAST_HISTORY = 3
"""Good runs; two cannot tell which of them is the odd one."""
HISTORY = 10
"""Good runs looked back on: what a site was like before says little about today."""

WARN = 4.0
"""Deviations from the median from which on a value is told."""
ALARM = 8.0
"""Deviations from which on a crawl is not believed. Rejecting a healthy crawl costs a run's news, telling of one costs a glance."""

ENOUGH_MET = 10
"""Reviews met again that vouch for the reading: where they read as before, a shift of the ratings is the customers' own."""
EDITED = 0.05
"""Share of the reviews met again that may read differently: people edit."""
AHEAD = 0.05
"""Share of dates in the future: one is a typing mistake of the site, these are days read as months."""
UNANSWERED = 0.1
"""Share of searches without an answer that is worth a look."""
KIN = 0.5
"""Least similarity of two crawls' templates. Pages of one site, whatever they say, have 0.8 to 1 in common; a redesign leaves 0 to 0.3."""
WHOLE = 0.9
"""Share of the stated total from which on a crawl has seen all there is."""

Values = Mapping[str, float]
Width = Callable[[float, Values], float]
"""Least distance from the median (first argument) that is more than chance, given this crawl's values."""
Unit = Literal["count", "share", "stars", "steps", "days", "characters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one value is judged against its history."""

    words: str
    """What it is, for people: `{}` has the number."""
    unit: Unit
    side: Literal["low", "high", "both"]
    warn: Width
    alarm: Width | None = None
    """None where this alone never rejects a crawl."""
    means: Alarm = "implausible"
    lows_to: float | None = None
    """Share of the median below which there is almost nothing left: an alarm, however much the good runs differ."""
    least: float = 0
    """A median below which `lows_to` says nothing: of few there are none by chance."""
    vouched: bool = False
    """Reviews that are met again and read as before speak for the reading."""


def _flat(width: float) -> Width:
    return lambda _middle, _values: width


def _relative(share: float, root: float = 0.0) -> Width:
    """A share of the median, and of its square root: counts vary by that."""
    return lambda middle, _values: max(share * middle, root * sqrt(middle))


def _of_ratings(base: float, deviations: float) -> Width:
    """`base` beside the sampling noise of a mean rating."""

    def width(_middle: float, values: Values) -> float:
        return base + deviations * (values["rating_deviation"] + 0.05) / sqrt(values["rated_count"])

    return width


def _of_shares(base: float, deviations: float) -> Width:
    """`base` beside the sampling noise of a share; that of one miss more where the good runs had none."""

    def width(middle: float, values: Values) -> float:
        count = values["sample_count"]
        share = min(max(middle, 1 / (count + 2)), 1 - 1 / (count + 2))
        return base + deviations * sqrt(share * (1 - share) / count)

    return width


def _of_distances(base: float, times: float) -> Width:
    """`base` beside the total variation that samples of one distribution have by chance: 0.6 to 0.9 / sqrt(n) for five stars."""
    return lambda _middle, values: base + times / sqrt(values["sample_count"])


RULES: Mapping[str, Rule] = {
    # A third fewer is the last page of three. Two thirds fewer is no quiet week: most lists do not shrink at all.
    "record_count": Rule(
        words="{} records",
        unit="count",
        side="both",
        warn=_relative(0.34, 4),
        alarm=_relative(0.67, 8),
        means="layout_gone",
        lows_to=0.1,
    ),
    # Half a star of five, beside the noise: more than customers change their mind from one run to the next.
    "rating_mean": Rule(
        words="a mean rating of {}",
        unit="stars",
        side="both",
        warn=_of_ratings(0.05, 4),
        alarm=_of_ratings(0.1, 5),
        vouched=True,
    ),
    "rating_distance": Rule(
        words="{} of the ratings moved to other stars",
        unit="share",
        side="high",
        warn=_of_distances(0.1, 1.2),
        alarm=_of_distances(0.15, 1.6),
        vouched=True,
    ),
    # Sites weight the mean that they state and round it, each in its own way, but the same way in each run.
    "stated_gap": Rule(
        words="a mean rating {} above the one that the page states",
        unit="steps",
        side="both",
        warn=_of_ratings(0.05, 4),
        alarm=_of_ratings(0.1, 5),
        vouched=True,
    ),
    "duplicate_share": Rule(words="{} read twice", unit="share", side="high", warn=_of_shares(0.1, 4), alarm=_of_shares(0.4, 6)),
    # A list that moves on by a page shows other reviews; one of another product shows none that is known.
    "met_share": Rule(words="{} of them known from the last run", unit="share", side="low", warn=_flat(0.4)),
    # As stated, where most reviews state it. A site that sends another country's page, or translations, moves nearly all.
    "language_distance": Rule(
        words="{} moved to other languages", unit="share", side="high", warn=_of_distances(0.15, 1.2), alarm=_of_distances(0.4, 2)
    ),
    "script_distance": Rule(
        words="{} moved to other scripts", unit="share", side="high", warn=_of_distances(0.15, 1.2), alarm=_of_distances(0.4, 2)
    ),
    # Reviews come in bursts; a week, or four times the usual wait, is nothing yet.
    "newest_age_days": Rule(
        words="a newest review {} old", unit="days", side="high", warn=lambda middle, _values: max(7, 4 * middle)
    ),
    "text_length_mean": Rule(
        words="texts of {} on average",
        unit="characters",
        side="both",
        # Lengths deviate by about their mean. A fifth of it is "Read more".
        warn=lambda middle, values: (0.3 + 4 / sqrt(values["sample_count"])) * middle,
        alarm=lambda middle, values: (10 + 6 / sqrt(values["sample_count"])) * middle,
        lows_to=0.2,
    ),
    "stated_count": Rule(words="a stated total of {}", unit="count", side="both", warn=_relative(0.5, 4)),
    "collected_share": Rule(words="{} of the stated total", unit="share", side="low", warn=_flat(0.25)),
    "absent_share": Rule(
        words="{} of the searches without a result",
        unit="share",
        side="high",
        warn=_flat(0.25),
        alarm=_flat(0.6),
        means="layout_gone",
    ),
}

_OF_KIND: Mapping[Kind, Mapping[str, Rule]] = {
    "mentions": {
        # A slow week is no news of the source, nor is a storm; that nothing at all is found where there was always a lot is.
        "record_count": Rule(
            words="{} records",
            unit="count",
            side="low",
            warn=_relative(1, 8),
            alarm=_relative(1, 8),
            means="layout_gone",
            lows_to=0.02,
            least=12,
        ),
    },
}
"""What is expected otherwise of one kind."""

_NEEDED = frozenset({"rating", "text", "published_at"})
"""Fields without which a review or a post is worth little; the others may come and go with a warning."""

_CHANNEL = "contact_count_"
_CHANNELS = frozenset({"chat", "email", "phone", "messenger", "social", "form"})
"""Kinds of contact points by which a company is reached."""


def _fill_rule(field: str) -> Rule:
    return Rule(
        words=f"{{}} with a value of {field}",
        unit="share",
        side="low",  # a field that is filled for the first time is good news
        warn=_of_shares(0.15, 4),
        alarm=_of_shares(0.35, 6) if field in _NEEDED else None,
        means="layout_gone",
    )


LASTING = frozenset({"canary_wrong_count", "canary_missed_count", "future_share"})
"""Monitors that ask no history: somebody has named what is to be read, and no calendar makes a review from the future right."""

_KNOWN: Mapping[str, tuple[str, Unit, Alarm]] = {
    "changed_count": ("{} reviews changed among those met again", "count", "implausible"),
    "canary_wrong_count": ("{} canaries that read otherwise", "count", "implausible"),
    "canary_missed_count": ("{} canaries that were not met", "count", "implausible"),
    "future_share": ("{} dated in the future", "share", "implausible"),
    # Observations in their own right: they land, and are told.
    "blocked_share": ("{} of the searches blocked", "share", "blocked"),
    "failed_share": ("{} of the searches failed", "share", "layout_gone"),
    "template_similarity": ("{} of the pages' template as in the last good runs", "share", "layout_gone"),
}
"""What needs no history of its own."""


def rule(name: str) -> tuple[str, Unit, Alarm]:
    """Words, unit, and what an alarm of this monitor means."""
    if name in _KNOWN:
        return _KNOWN[name]
    if name.startswith(_CHANNEL):
        return f"{{}} contact points of the kind {name.removeprefix(_CHANNEL)}", "count", "layout_gone"
    found = _fill_rule(name.removeprefix("fill_")) if name.startswith("fill_") else RULES[name]
    return found.words, found.unit, found.means


def watch(measured: Values, history: Sequence[Values], kind: Kind = "reviews") -> tuple[Monitor, ...]:
    """A verdict on each measured value that has a rule, the most telling first. `history`: of good runs, the newest last."""
    past = history[-HISTORY:]
    values, before = _with_distances(measured, past)
    fills = {name: _fill_rule(name.removeprefix("fill_")) for name in values if name.startswith("fill_")}
    vouched = measured.get("met_count", 0) >= ENOUGH_MET and measured["changed_count"] <= _edits(measured["met_count"])
    judged = (
        _judged(name, each, values, [other[name] for other in before if name in other], vouched=vouched and each.vouched)
        for name, each in {**RULES, **_OF_KIND.get(kind, {}), **fills}.items()
        if name in values
    )
    channels = _channels(measured, past) if kind == "contact" else ()
    return (*_known(measured), *channels, *judged)


def _channels(measured: Values, past: Sequence[Values]) -> Iterator[Monitor]:
    """Each way to reach the company that stood in all good runs: that one is gone is news, or a widget that is no longer known."""
    before = [each for each in past if "record_count" in each]  # an older release measured nothing
    for name in sorted(f"{_CHANNEL}{kind}" for kind in _CHANNELS):
        found = measured.get(name, 0)
        if not found and not any(name in each for each in before):
            continue
        low = float(all(each.get(name, 0) for each in before))
        if len(before) < LEAST_HISTORY:
            yield Monitor(name=name, found=found, runs=len(before), verdict="too_little_history")
        else:
            yield Monitor(name=name, found=found, low=low, runs=len(before), verdict="warning" if found < low else "fine")


def _judged(name: str, rule: Rule, values: Values, before: Sequence[float], *, vouched: bool) -> Monitor:
    found = values[name]
    if len(before) < LEAST_HISTORY:
        return Monitor(name=name, found=found, runs=len(before), verdict="too_little_history")
    middle = median(before)
    # Of three runs, two may agree by chance: the fewer they are, the less their deviation is worth.
    noise = 1.4826 * median(abs(value - middle) for value in before) * (1 + 3 / len(before))

    def reach(floor: Width, deviations: float) -> tuple[float, float]:
        width = max(floor(middle, values), deviations * noise)
        low = middle - width
        if rule.lows_to is not None and middle >= rule.least:
            low = max(low, rule.lows_to * middle)
        return min(low, *before), max(middle + width, *before)

    def beyond(reach: tuple[float, float]) -> bool:
        return (rule.side != "high" and found < reach[0]) or (rule.side != "low" and found > reach[1])

    low, high = reach(rule.warn, WARN)
    verdict: Literal["fine", "warning", "alarm"] = "warning" if beyond((low, high)) else "fine"
    if rule.alarm is not None and not vouched and beyond(reach(rule.alarm, ALARM)):
        verdict = "alarm"
    return Monitor(
        name=name,
        found=found,
        low=None if rule.side == "high" else low,
        high=None if rule.side == "low" else high,
        runs=len(before),
        verdict=verdict,
    )


def _edits(met: float) -> float:
    """Changes that edits explain: EDITED and three deviations of it, and two in any case."""
    return max(2.0, EDITED * met + 3 * sqrt(EDITED * (1 - EDITED) * met))


def _known(values: Values) -> Iterator[Monitor]:
    limits: dict[str, tuple[float | None, float | None, Literal["warning", "alarm"]]] = {
        "changed_count": (None, _edits(values.get("met_count", 0)), "alarm"),
        "canary_wrong_count": (None, 0, "alarm"),
        # It may have scrolled out of what the source shows.
        "canary_missed_count": (None, 0, "alarm" if values.get("collected_share", 0) >= WHOLE else "warning"),
        "future_share": (None, AHEAD, "alarm"),
        "blocked_share": (None, UNANSWERED, "warning"),
        "failed_share": (None, UNANSWERED, "warning"),
        # A site may be redesigned and still be read rightly.
        "template_similarity": (KIN, None, "warning"),
    }
    for name, (low, high, verdict) in limits.items():
        if (found := values.get(name)) is not None:
            beyond = (low is not None and found < low) or (high is not None and found > high)
            yield Monitor(name=name, found=found, low=low, high=high, verdict=verdict if beyond else "fine")


_DISTANCES = {"rating_distance": "rating_share_", "language_distance": "language_share_", "script_distance": "script_share_"}


def _with_distances(measured: Values, past: Sequence[Values]) -> tuple[dict[str, float], list[dict[str, float]]]:
    """With the total variation between each run's distributions and the mean of the other good runs'."""
    values, before = dict(measured), [dict(each) for each in past]
    for name, prefix in _DISTANCES.items():
        with_it = [each for each in before if any(key.startswith(prefix) for key in each)]
        if len(with_it) < LEAST_HISTORY or not any(key.startswith(prefix) for key in measured):
            continue
        for each in with_it:
            each[name] = _distance(each, [other for other in with_it if other is not each], prefix)
        values[name] = _distance(measured, with_it, prefix)
    return values, before


def _distance(one: Values, others: Sequence[Values], prefix: str) -> float:
    keys = {key for each in (one, *others) for key in each if key.startswith(prefix)}
    return sum(abs(one.get(key, 0) - fmean(other.get(key, 0) for other in others)) for key in keys) / 2
