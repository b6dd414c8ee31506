"""Which complaints come together more often than chance: hypotheses of one cause behind both, never proofs.

A furious review complains of everything, so that any two themes come together more often than if each were complained of by lot.
What is expected here therefore keeps, within each brand, how many themes each review complains of and how often each theme is
among them: of two complaints that a review has, the pair is as likely as both themes' weights make it (quasi-independence,
fitted until each theme has as many partners as it was seen with). Reviews with one complaint say nothing about pairs.

The p is the upper tail (mid-p) of the binomial that has the fitted mean, and the variance that the fit and the finite number of
reviews leave to it. In 60 simulated brands of 15 themes whose reviews differ in how much they complain, 800 and 5,000 reviews
each, 3 and 4 % of the idle pairs were below 0.05; a Poisson tail gave 0.1 and 0.5 %, and found no planted pair among 800.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, chdtri

from pipeline.swot.statistics import CONFIDENCE, Floats, adjusted

Ints = NDArray[np.int64]

_MANY = 5
"""Reviews with as many complaints or more are one group: there are few, and their pairs are many."""
_ROUNDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """One entry per review and theme that it complains of."""

    brand: Ints
    """0 .. brands - 1."""
    review: Ints
    """The same number for each complaint of a review."""
    theme: Ints


class Cause(NamedTuple):
    """One row of metric.cause."""

    brand: str | None
    theme: str
    other_theme: str
    theme_count: int
    other_count: int
    both_count: int
    expected: float
    lift: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    q_value: float | None = None


GRAIN = (
    "One row per brand (null: the whole market) and pair of themes that both are complained of in reviews with several complaints:"
    " whether they come together more often than chance."
)

COLUMNS = {
    "brand": "core.brand's id; null for all brands, each expected by its own reviews",
    "theme": "core.theme's id, the one that stands first among the themes",
    "other_theme": "core.theme's id",
    "theme_count": "reviews with two complaints and more that complain of theme",
    "other_count": "of those, reviews that complain of other_theme",
    "both_count": "reviews that complain of both",
    "expected": "how many would by chance, the number of complaints of each review and the frequency of each theme as they are",
    "lift": "both_count / expected; null where either theme has too few reviews, or the rest settles it",
    "low": "lower 95 % bound of lift; null with it",
    "high": "upper 95 % bound of lift; null with it",
    "p_value": "one-sided, that they come together no more often than chance; null with lift",
    "q_value": "Benjamini-Hochberg over all pairs of this table; null with lift",
}


def causes(complaints: Complaints, *, brands: Sequence[str], themes: Sequence[str], min_reviews: int) -> list[Cause]:
    """All pairs: each brand in the order given, then the market. `min_reviews` is what each theme of a pair needs."""
    mine = [complaints.brand == i for i in range(len(brands))]
    found = [_pairs(complaints.review[own], complaints.theme[own], len(themes)) for own in mine]
    found.append(_Pairs(*(np.sum([getattr(each, name) for each in found], axis=0) for name in _Pairs._fields)))
    out = []
    for brand, pairs in zip((*brands, None), found, strict=True):
        held = np.flatnonzero(pairs.counts).tolist()
        out += [_pair(brand, (themes[i], themes[j]), pairs, (i, j), min_reviews) for i, j in combinations(held, 2)]
    return [row._replace(q_value=q) for row, q in zip(out, adjusted(row.p_value for row in out), strict=True)]


class _Pairs(NamedTuple):
    """What is known of one brand. All but counts are symmetric, (themes, themes)."""

    together: NDArray[np.float64]
    """Reviews that complain of both."""
    expected: NDArray[np.float64]
    variance: NDArray[np.float64]
    """Of together - expected."""
    counts: Floats
    """Reviews with several complaints that have the theme among them."""


def _pairs(review: Ints, theme: Ints, k: int) -> _Pairs:
    out = _Pairs(np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k)), np.zeros(k))
    _, row, size = np.unique(review, return_inverse=True, return_counts=True)
    for several in range(2, _MANY + 1):
        chosen = size >= several if several == _MANY else size == several
        if not chosen.any():
            continue
        place = np.cumsum(chosen) - 1
        kept = chosen[row]
        dense = np.zeros((int(chosen.sum()), k), dtype=np.float32)
        dense[place[row[kept]], theme[kept]] = 1.0
        seen = (dense.T @ dense).astype(np.float64)
        counts = np.diag(seen).copy()
        np.fill_diagonal(seen, 0.0)
        expected = _by_chance(seen)
        # What a pair of the log-linear fit keeps of its own variance: one less its leverage; and no review has it twice.
        inverse = np.linalg.pinv(expected + np.diag(expected.sum(axis=1)), hermitian=True)
        own = np.diag(inverse)
        leverage = expected * (own[:, None] + own[None, :] + 2 * inverse)
        scarcer = np.maximum(np.minimum(counts[:, None], counts[None, :]), 1.0)
        left = np.clip(1 - leverage, 0.0, 1.0) * np.clip(1 - expected / scarcer, 0.0, 1.0)
        out = _Pairs(out.together + seen, out.expected + expected, out.variance + expected * left, out.counts + counts)
    return out


def _by_chance(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """The symmetric matrix a[i] * a[j], nothing on the diagonal, whose rows add up to those of `seen`."""
    partners = seen.sum(axis=1)
    weight = partners / np.sqrt(max(float(partners.sum()), 1.0))
    for _ in range(_ROUNDS):
        others = weight.sum() - weight
        # Half of the step on a scale of ratios: the whole one swings to and fro where one theme is in most pairs.
        weight = np.sqrt(weight * np.where(others > 0, partners / np.where(others > 0, others, 1.0), 0.0))
    fitted = np.outer(weight, weight)
    np.fill_diagonal(fitted, 0.0)
    return fitted


def _pair(brand: str | None, themes: tuple[str, str], pairs: _Pairs, at: tuple[int, int], min_reviews: int) -> Cause:
    sizes = int(pairs.counts[at[0]]), int(pairs.counts[at[1]])
    seen, expected, variance = int(pairs.together[at]), float(pairs.expected[at]), float(pairs.variance[at])
    row = Cause(brand, *themes, *sizes, seen, expected)
    # Among three themes how often each comes with others says all about each pair: nothing varies.
    if min(sizes) < min_reviews or variance <= 1e-6 * expected:
        return row
    # The binomial of this mean and variance: its chance, and its size, which need not be whole.
    chance = max(1 - variance / expected, 1e-9)
    size = max(expected / chance, seen + 1.0)
    tail = [float(betainc(n, size - n + 1, chance)) if n else 1.0 for n in (seen, seen + 1)]
    # The interval is the exact one of a count that varies as much as this one.
    left, aside = 1 - chance, (1 - CONFIDENCE) / 2
    low = left * float(chdtri(2 * seen / left, 1 - aside)) / 2 if seen else 0.0
    high = left * float(chdtri(2 * seen / left + 2, aside)) / 2
    return row._replace(lift=seen / expected, low=low / expected, high=high / expected, p_value=sum(tail) / 2)
