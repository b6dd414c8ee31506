"""The newest window against the same days of last year: the tests of metric.test on rows of their own."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from pipeline.swot.statistics import Floats, Strata, benjamini_hochberg, differences


class YearContrast(NamedTuple):
    """One row of metric.year_contrast; see its header."""

    brand: str
    theme: str | None
    metric: str
    stratum: str
    n: int
    total: float
    squares: float
    n_rest: int
    total_rest: float
    squares_rest: float
    mentioning: int
    mentioning_rest: int


class YearChange(NamedTuple):
    """One row of metric.year_change."""

    brand: str
    theme: str | None
    metric: str
    n: int
    n_rest: int
    mentioning: int
    mentioning_rest: int
    value: float
    value_rest: float
    effect: float
    low: float
    high: float
    p_value: float | None = None
    q_value: float | None = None


GRAIN = (
    "One row per brand, theme and metric with reviews in the newest window and in the same days of last year, on one platform and"
    " in one language."
)

COLUMNS = {
    "brand": "core.brand's id",
    "theme": "core.theme's id; null for the rating",
    "metric": "net_sentiment, complaint_share, praise_share or rating",
    "n": "reviews of the newest window that could be compared",
    "n_rest": "reviews of the same days of last year",
    "mentioning": "of n, reviews that mention the theme; of rating, n",
    "mentioning_rest": "of n_rest, likewise",
    "value": "mean of the newest window, each platform and language weighted as in the effect",
    "value_rest": "mean of the same days of last year, likewise",
    "effect": "value - value_rest",
    "low": "lower 95 % bound of the effect",
    "high": "upper 95 % bound of the effect",
    "p_value": "two-sided; null with too few reviews",
    "q_value": "Benjamini-Hochberg over all rows of this table; null with p_value",
}


def year_changes(contrasts: Sequence[YearContrast], *, min_reviews: int) -> list[YearChange]:
    """All comparisons, ordered; those with too few reviews without p and q, by the rule of metric.test."""
    rows = sorted(contrasts, key=lambda row: (*_asked(row), row.stratum))
    groups = [list(group) for _, group in groupby(rows, key=_asked)]

    def column(name: str) -> Floats:
        return np.array([getattr(row, name) for row in rows], dtype=np.float64)

    found = differences(
        Strata(
            comparison=np.repeat(np.arange(len(groups)), [len(group) for group in groups]),
            n=column("n"),
            total=column("total"),
            squares=column("squares"),
            n_rest=column("n_rest"),
            total_rest=column("total_rest"),
            squares_rest=column("squares_rest"),
            worst=np.array([-1.0 if row.metric == "net_sentiment" else 0.0 for row in rows]),
            best=np.ones(len(rows)),
        ),
        len(groups),
    )
    out = []
    for i, group in enumerate(groups):
        sizes = [sum(getattr(row, name) for row in group) for name in ("n", "n_rest", "mentioning", "mentioning_rest")]
        enough = min(sizes[:2]) >= min_reviews and sum(sizes[2:]) >= min_reviews
        numbers = (found.value, found.value_rest, found.effect, found.low, found.high)
        change = YearChange(*group[0][:3], *sizes, *(float(each[i]) for each in numbers))
        out.append(change._replace(p_value=float(found.p_value[i])) if enough else change)
    asked = [i for i, row in enumerate(out) if row.p_value is not None]
    for i, q in zip(asked, benjamini_hochberg(np.array([out[i].p_value for i in asked], dtype=np.float64)), strict=True):
        out[i] = out[i]._replace(q_value=float(q))
    return out


def _asked(row: YearContrast) -> tuple[str, str, str]:
    return row.brand, row.theme or "", row.metric
