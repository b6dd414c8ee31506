"""Complaints of a brand by month, and when they changed: binary segmentation with one test for each stretch of months.

A series is a brand's share of reviews that complain of a theme (or that are bad on the whole), by month, platform and language.
Each month of a stretch is tried as the first of a new time by the Mantel-Haenszel score test, before against after within
platform and language; the largest stands, and its p is that of the largest, the larger of two: how often the same complaints,
dealt out by lot over the same reviews (multivariate hypergeometric), and how often the same months in another order, give as large
a one anywhere. The second allows for months that vary more than lots would. A stretch that surely changed is cut there, and its
parts are searched again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from pipeline.swot.statistics import Differences, Floats, Strata, adjusted, differences

SIDE_MIN = 30
"""Reviews on either side of a change: with fewer the share before, or after, is hardly known."""
MONTHS_MIN = 3
"""Months with reviews on either side: what lasts less is a burst, and the newest window is compared by itself."""
DRAWS = (199, 1_800, 8_000)
"""Dealt one after the other, as long as the p is still open: 9,999 in all."""
_VALUES = 1_000_000
"""Counts that are dealt at a time: sixty strata over ten years would take 3 GiB at once."""
OPEN = 10
"""Draws as large as the seen one at which a p is known well enough: it will not be small."""
_BEYOND_DOUBT = 1e-5
_DATE_DROP = 7.35
"""How far the likelihood ratio may lie below its peak for a month to stay within the 95 % set (Hansen 2000: (1 - exp(-x/2))² = 0.95)."""
_SEED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A brand's complaints of one theme."""

    brand: str
    theme: str | None
    """None for reviews that are bad on the whole."""
    months: tuple[date, ...]
    """First days of all months from the first to the last of the brand, also those without reviews."""
    reviews: NDArray[np.int64]
    """(platforms and languages, months)."""
    complaints: NDArray[np.int64]
    """(platforms and languages, months)."""


class Change(NamedTuple):
    """One row of metric.change_point."""

    brand: str
    theme: str | None
    starts_on: date
    ends_on: date
    turn: int
    review_count: int
    complaint_count: int
    month: date | None = None
    month_low: date | None = None
    month_high: date | None = None
    n_before: int | None = None
    n_after: int | None = None
    share_before: float | None = None
    share_after: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    dispersion: float | None = None
    p_value: float | None = None
    q_value: float | None = None
    why_not: str | None = None


GRAIN = (
    "One row per brand, theme (null: the review as a whole) and stretch of months that was searched for a change of the share of"
    " complaints: where it is largest, and how sure."
)

COLUMNS = {
    "brand": "core.brand's id",
    "theme": "core.theme's id; null for reviews that are bad on the whole",
    "starts_on": "first month of the stretch, by its first day",
    "ends_on": "last month of the stretch, by its first day",
    "turn": "1 for the whole history; the parts of a stretch that surely changed are searched in the next turn",
    "review_count": "reviews with text in the stretch",
    "complaint_count": "of these, reviews that complain",
    "month": "the first month of the new time, by its first day; null with why_not",
    "month_low": "the earliest month that it may be, 95 %; null with month",
    "month_high": "the latest month that it may be, 95 %; null with month",
    "n_before": "reviews before, of platforms and languages that have some on both sides; null with month",
    "n_after": "reviews from month on, likewise; null with month",
    "share_before": "share of complaints before, each platform and language weighted as in the effect; null with month",
    "share_after": "share of complaints from month on, likewise; null with month",
    "effect": "share_after - share_before; null with month",
    "low": "lower 95 % bound of the effect, the month taken as known; null with month",
    "high": "upper 95 % bound of the effect; null with month",
    "dispersion": "how much more months vary around both shares than lots would, at least 1; null with month",
    "p_value": "two-sided, of the largest change of the stretch, over all its months; null with month",
    "q_value": "Benjamini-Hochberg over all stretches of the turn; null with month",
    "why_not": "why nothing was asked; null where it was",
}


def series(rows: Sequence[tuple[str, str, str, date, str | None, int, int]], themes: Sequence[str]) -> Iterator[Series]:
    """From rows of metric.month (brand, platform, language, month, theme, reviews, complaints): each brand's series, the whole
    review first, then each theme in the order given, also one that nobody complains of."""
    for brand in sorted({row[0] for row in rows}):
        mine = [row for row in rows if row[0] == brand]
        strata = {place: i for i, place in enumerate(sorted({(row[1], row[2]) for row in mine}))}
        first, last = min(row[3] for row in mine), max(row[3] for row in mine)
        months = tuple(_month(first, i) for i in range(_distance(first, last) + 1))
        reviews = np.zeros((len(strata), len(months)), dtype=np.int64)
        complaints = {theme: np.zeros_like(reviews) for theme in (None, *themes)}
        for _, platform, language, month, theme, n, x in mine:
            at = strata[platform, language], _distance(first, month)
            reviews[at] = n
            if theme in complaints:
                complaints[theme][at] = x
        for theme, counted in complaints.items():
            yield Series(brand=brand, theme=theme, months=months, reviews=reviews, complaints=counted)


def _month(first: date, after: int) -> date:
    return date(first.year + (first.month - 1 + after) // 12, (first.month - 1 + after) % 12 + 1, 1)


def _distance(first: date, month: date) -> int:
    return 12 * (month.year - first.year) + month.month - first.month


def changes(all_series: Sequence[Series], *, min_reviews: int, q_max: float) -> list[Change]:
    """All stretches that were searched. `min_reviews` is the least number of complaints in one."""
    out: list[Change] = []
    todo = [(each, 0, len(each.months)) for each in all_series]
    turn = 1
    while todo:
        rows = [_searched(each, first, last, turn, min_reviews) for each, first, last in todo]
        rows = [row._replace(q_value=q) for row, q in zip(rows, adjusted(row.p_value for row in rows), strict=True)]
        out += rows
        parts = []
        for (each, first, last), row in zip(todo, rows, strict=True):
            if row.q_value is not None and row.q_value <= q_max and row.month is not None:
                cut = each.months.index(row.month)
                parts += [(each, first, cut), (each, cut, last)]
        todo, turn = parts, turn + 1
    return sorted(out, key=lambda row: (row.brand, row.theme is not None, row.theme or "", row.turn, row.starts_on))


def _searched(each: Series, first: int, last: int, turn: int, min_reviews: int) -> Change:
    n, x = each.reviews[:, first:last], each.complaints[:, first:last]
    row = Change(each.brand, each.theme, each.months[first], each.months[last - 1], turn, int(n.sum()), int(x.sum()))
    if row.complaint_count < min_reviews:
        return row._replace(why_not=f"fewer than {min_reviews} reviews complain ({row.complaint_count})")
    if row.review_count - row.complaint_count < min_reviews:
        return row._replace(why_not=f"fewer than {min_reviews} reviews do not complain")
    before, told = n.sum(axis=0).cumsum()[:-1], (n.sum(axis=0) > 0).cumsum()
    enough = (before >= SIDE_MIN) & (row.review_count - before >= SIDE_MIN)
    open_ = np.flatnonzero(enough & (told[:-1] >= MONTHS_MIN) & (told[-1] - told[:-1] >= MONTHS_MIN))
    if len(open_) == 0:
        return row._replace(why_not=f"no month with {SIDE_MIN} reviews in {MONTHS_MIN} months before, and as many from it on")
    squares = _squares(n[None], x[None], open_)[0]
    best = int(open_[np.argmax(squares)])
    dispersion = _dispersion(n, x, best + 1)
    peak = float(squares.max()) / dispersion
    within = open_[squares / dispersion >= peak - _DATE_DROP]
    found = _effect(n, x, best + 1)
    if np.isnan(found.effect[0]):
        return row._replace(why_not="no platform and language with reviews before and after")
    both = (n[:, : best + 1].sum(axis=1) > 0) & (n[:, best + 1 :].sum(axis=1) > 0)
    return row._replace(
        month=each.months[first + best + 1],
        month_low=each.months[first + int(within.min()) + 1],
        month_high=each.months[first + int(within.max()) + 1],
        n_before=int(n[both, : best + 1].sum()),
        n_after=int(n[both, best + 1 :].sum()),
        share_before=float(found.value_rest[0]),
        share_after=float(found.value[0]),
        effect=float(found.effect[0]),
        low=float(found.low[0]),
        high=float(found.high[0]),
        dispersion=dispersion,
        p_value=_p_value(n, x, open_, float(squares.max()), dispersion),
    )


def _squares(n: NDArray[np.int64], x: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Squared score statistics of a cut after each place: (draws, places), of reviews and complaints (draws, strata, months)."""
    size, total = n.sum(axis=2).astype(np.float64), x.sum(axis=2).astype(np.float64)
    before = n.cumsum(axis=2)[:, :, places].astype(np.float64)
    seen = x.cumsum(axis=2)[:, :, places]
    safe = np.maximum(size, 2.0)
    excess = (seen - before * (total / np.maximum(size, 1.0))[:, :, None]).sum(axis=1)
    mixed = total * (size - total) / (safe**2 * (safe - 1))
    variance = (before * (size[:, :, None] - before) * mixed[:, :, None]).sum(axis=1)
    squares: NDArray[np.float64] = np.where(variance > 0, excess**2 / np.where(variance > 0, variance, 1.0), 0.0)
    return squares


def _dispersion(n: NDArray[np.int64], x: NDArray[np.int64], cut: int) -> float:
    """Pearson's chi-square per degree of freedom of the months around the shares before and after, at least 1."""
    expected, variance = np.zeros(n.shape[1]), np.zeros(n.shape[1])
    for part in (slice(0, cut), slice(cut, n.shape[1])):
        share = x[:, part].sum(axis=1) / np.maximum(n[:, part].sum(axis=1), 1)
        expected[part] = share @ n[:, part]
        variance[part] = (share * (1 - share)) @ n[:, part]
    told = variance > 0
    if told.sum() <= 2:
        return 1.0
    square = (x.sum(axis=0)[told] - expected[told]) ** 2 / variance[told]
    return max(float(square.sum()) / (int(told.sum()) - 2), 1.0)


def _p_value(n: NDArray[np.int64], x: NDArray[np.int64], places: NDArray[np.int64], peak: float, dispersion: float) -> float:
    freedom = max(int((n.sum(axis=0) > 0).sum()) - 2, 1)
    bound = min(2 * float(stdtr(freedom, -np.sqrt(peak / dispersion))) * len(places), 1.0)  # Bonferroni's, over the months
    if bound > 0.5 or bound < _BEYOND_DOUBT:
        return bound
    rng = np.random.default_rng(_SEED)
    by_lot = by_order = drawn = 0
    # The tolerance keeps a deal that equals the seen one from being lost to rounding.
    as_large = peak * (1 - 1e-9)
    slice_size = max(_VALUES // n.size, 1)
    for draws in DRAWS:
        for first in range(0, draws, slice_size):
            size = min(slice_size, draws - first)
            dealt = np.stack(
                [rng.multivariate_hypergeometric(of, int(k), size=size) for of, k in zip(n, x.sum(axis=1), strict=True)], axis=1
            )
            by_lot += int((_squares(np.broadcast_to(n, dealt.shape), dealt, places).max(axis=1) >= as_large).sum())
            order = rng.permuted(np.tile(np.arange(n.shape[1]), (size, 1)), axis=1)
            turned, with_them = n[:, order].swapaxes(0, 1), x[:, order].swapaxes(0, 1)
            by_order += int((_squares(turned, with_them, places).max(axis=1) >= as_large).sum())
        drawn += draws
        if max(by_lot, by_order) >= OPEN:
            break
    return (max(by_lot, by_order) + 1) / (drawn + 1)


def _effect(n: NDArray[np.int64], x: NDArray[np.int64], cut: int) -> Differences:
    def side(counts: NDArray[np.int64], part: slice) -> Floats:
        return np.asarray(counts[:, part].sum(axis=1), dtype=np.float64)

    after, before, strata = slice(cut, n.shape[1]), slice(0, cut), len(n)
    return differences(
        Strata(
            comparison=np.zeros(strata, dtype=np.int64),
            n=side(n, after),
            total=side(x, after),
            squares=side(x, after),
            n_rest=side(n, before),
            total_rest=side(x, before),
            squares_rest=side(x, before),
            worst=np.zeros(strata),
            best=np.ones(strata),
        ),
        1,
    )
