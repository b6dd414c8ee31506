"""Months of the year in which a brand's complaints are high in every year, where two years or more can be held against each other.

The newest whole years of months are taken, counted back from the last. What each month has more than its year's share, by platform
and language and without a steady rise or fall, is summed by month of the year; the p is how often the months of each year, in
another order, give sums as large (random orders within each year). A month is named where all years agree.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.swot.months import DRAWS, OPEN, Series
from pipeline.swot.statistics import Z, adjusted

YEARS_MIN = 2
COMPLAINTS_MIN = 24
"""In a year, two a month: with fewer, which months are high is lots."""
_SEED = 21


class Season(NamedTuple):
    """One row of metric.season."""

    brand: str
    theme: str | None
    month_count: int
    year_count: int
    complaint_count: int
    p_value: float | None = None
    q_value: float | None = None
    high_months: str | None = None
    low_months: str | None = None
    why_not: str | None = None


GRAIN = (
    "One row per brand and theme (null: the review as a whole): whether its complaints are high in the same months of every year."
)

COLUMNS = {
    "brand": "core.brand's id",
    "theme": "core.theme's id; null for reviews that are bad on the whole",
    "month_count": "months from the first to the last of the brand",
    "year_count": "whole years of them, counted back from the last month; these are compared",
    "complaint_count": "complaints in those years",
    "p_value": "that the months of a year are alike, by random orders of the months within each year; null with why_not",
    "q_value": "Benjamini-Hochberg over all series; null with p_value",
    "high_months": "months of the year (1 to 12, parted by commas) that are high in every year; empty for none, null with p_value or where q_value is above [swot] q_max",
    "low_months": "as high_months, low in every year",
    "why_not": "why nothing was asked; null where it was",
}


def seasons(all_series: Sequence[Series], *, q_max: float) -> list[Season]:
    """One row per series, in their order."""
    rows, sums = [], []
    for each in all_series:
        row, excess = _asked(each)
        rows.append(row)
        sums.append(excess)
    rows = [row._replace(q_value=q) for row, q in zip(rows, adjusted(row.p_value for row in rows), strict=True)]
    for i, (row, excess) in enumerate(zip(rows, sums, strict=True)):
        if row.q_value is not None and row.q_value <= q_max and excess is not None:
            first = all_series[i].months[-1].month  # the first of the twelve columns is the month after the last
            rows[i] = row._replace(high_months=_agreed(excess, first), low_months=_agreed(-excess, first))
    return rows


def _agreed(excess: NDArray[np.float64], first: int) -> str:
    high = (excess > 0).all(axis=0) & (excess.sum(axis=0) >= Z * np.sqrt(len(excess)))
    return ",".join(str(month) for month in sorted((first + int(place)) % 12 + 1 for place in np.flatnonzero(high)))


def _asked(each: Series) -> tuple[Season, NDArray[np.float64] | None]:
    """The row without its q, and the excess of each month in standard errors, (years, 12)."""
    years = len(each.months) // 12
    n, x = (of[:, len(each.months) - 12 * years :] for of in (each.reviews, each.complaints))
    row = Season(each.brand, each.theme, len(each.months), years, int(x.sum()))
    if years < YEARS_MIN:
        return row._replace(why_not=f"fewer than {12 * YEARS_MIN} months ({len(each.months)})"), None
    if row.complaint_count < COMPLAINTS_MIN * years:
        return row._replace(why_not=f"fewer than {COMPLAINTS_MIN} complaints a year ({row.complaint_count} in {years})"), None
    excess = _excess(n.astype(np.float64), x.astype(np.float64), years)
    rng = np.random.default_rng(_SEED)
    seen = float((excess.sum(axis=0) ** 2).sum())
    larger = drawn = 0
    for size in DRAWS:
        dealt = rng.permuted(np.broadcast_to(excess, (size, years, 12)), axis=2)
        larger += int(((dealt.sum(axis=1) ** 2).sum(axis=1) >= seen * (1 - 1e-9)).sum())
        drawn += size
        if larger >= OPEN:
            break
    return row._replace(p_value=(larger + 1) / (drawn + 1)), excess


def _excess(n: NDArray[np.float64], x: NDArray[np.float64], years: int) -> NDArray[np.float64]:
    by_year = n.reshape(len(n), years, 12), x.reshape(len(x), years, 12)
    share = by_year[1].sum(axis=2) / np.maximum(by_year[0].sum(axis=2), 1.0)
    expected = (share[:, :, None] * by_year[0]).sum(axis=0)
    variance = ((share * (1 - share))[:, :, None] * by_year[0]).sum(axis=0)
    over, size = by_year[1].sum(axis=0) - expected, by_year[0].sum(axis=0)
    # A steady rise within the years would make every last month high. The median of slopes (Theil and Sen) keeps what a few high
    # months of a season do out of it.
    rate, place = np.where(size > 0, over / np.maximum(size, 1.0), np.nan), np.arange(12.0)
    earlier, later = np.triu_indices(12, 1)
    slopes = (rate[:, later] - rate[:, earlier]) / (later - earlier)
    slope = float(np.nanmedian(slopes)) if np.isfinite(slopes).any() else 0.0
    middle = (size * place).sum(axis=1, keepdims=True) / np.maximum(size.sum(axis=1, keepdims=True), 1.0)
    over -= slope * size * (place - middle)
    return np.where(variance > 0, over / np.sqrt(np.where(variance > 0, variance, 1.0)), 0.0)
