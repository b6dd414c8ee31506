"""The newest window against the same days of last year: the tests of metric.test on rows of their own."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from pipeline.swot.comparisons import strata_of, suffices
from pipeline.swot.statistics import adjusted, differences


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

    found = differences(strata_of(groups), len(groups))
    out = []
    for i, group in enumerate(groups):
        sizes = [sum(getattr(row, name) for row in group) for name in ("n", "n_rest", "mentioning", "mentioning_rest")]
        numbers = (found.value, found.value_rest, found.effect, found.low, found.high)
        change = YearChange(*group[0][:3], *sizes, *(float(each[i]) for each in numbers))
        out.append(change._replace(p_value=float(found.p_value[i])) if suffices(change, min_reviews) else change)
    return [row._replace(q_value=q) for row, q in zip(out, adjusted(row.p_value for row in out), strict=True)]


def _asked(row: YearContrast) -> tuple[str, str, str]:
    return row.brand, row.theme or "", row.metric
