"""Intervals and tests, in numpy over whole arrays. Every number of metric.test that is not a count comes from here;
the rules churn_to_rival, new_complaint and rising_demand test what they count in SQL.

The unit is the review: each gives one value (-1, 0, 1 for a theme; 0 or 1 for "complains"; 0..1 for a rating), so the
sentences of one review, which agree with each other, never count as independent witnesses.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, erfc, stdtr, stdtrit

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
Z = 1.959963984540054  # the normal quantile of CONFIDENCE, two-sided
_EXACT_PAIRS = 12  # 4,096 sign patterns; beyond it the normal limit of the same statistic is close enough


class Interval(NamedTuple):
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Strata:
    """One entry per comparison and stratum: how many reviews, the sum of their values, the sum of the squares."""

    comparison: NDArray[np.int64]
    """Which comparison the stratum belongs to: 0 .. comparisons - 1."""
    n: Floats
    total: Floats
    squares: Floats
    n_rest: Floats
    total_rest: Floats
    squares_rest: Floats
    worst: Floats
    """Smallest value that a review can have in this comparison: -1 or 0."""
    best: Floats
    weighing: Floats | float = 0.0
    """Variance of the stratum's difference beyond that of its own reviews: of the weights that `at_equal_stars` gave them."""


@dataclass(frozen=True, slots=True)
class Bands:
    """One entry per stratum and stars: reviews as in `Strata`, and those that say nothing on what is compared."""

    stratum: NDArray[np.int64]
    """Which stratum it belongs to: 0 .. strata - 1."""
    n: Floats
    total: Floats
    squares: Floats
    others: Floats
    n_rest: Floats
    total_rest: Floats
    squares_rest: Floats
    others_rest: Floats


@dataclass(frozen=True, slots=True)
class Differences:
    """One entry per comparison. All NaN, with p_value 1, where no stratum holds reviews on both sides."""

    value: Floats
    """Mean of the brand, each stratum weighted as in the effect; so `value - value_rest` is the effect."""
    value_rest: Floats
    effect: Floats
    low: Floats
    high: Floats
    p_value: Floats


def wilson(count: Floats, n: Floats) -> Interval:
    """Wilson's 95 % interval of a share; 0..1 for n = 0, since nothing is known then."""
    size = np.where(n > 0, n, 1.0)
    share = count / size
    centre = share + Z**2 / (2 * size)
    half = Z * np.sqrt(share * (1 - share) / size + Z**2 / (4 * size**2))
    scale = 1 + Z**2 / size
    # The share itself lies inside by construction; the outer min and max only undo rounding at 0 and 1.
    low = np.clip(np.minimum((centre - half) / scale, share), 0, 1)
    high = np.clip(np.maximum((centre + half) / scale, share), 0, 1)
    return Interval(np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0))


def differences(strata: Strata, comparisons: int) -> Differences:
    """Brand minus rest within strata, summed with Mantel-Haenszel weights n·m/(n+m); a 95 % interval and a two-sided p.

    The interval is Welch's after one review of the worst and one of the best value were added to each side (Agresti and
    Caffo 2000, here spread over the strata): it stays honest with 10 reviews, and where all reviews agree. The p-value is the
    larger of that test's and of the score test's, which pools the variance: each alone is too eager in one tail when events
    are rare, the larger in neither.
    """
    n, m = strata.n, strata.n_rest
    both = (n > 0) & (m > 0)
    size, size_rest = np.where(both, n, 1.0), np.where(both, m, 1.0)
    weight = np.where(both, size * size_rest / (size + size_rest), 0.0)

    def summed(values: Floats) -> Floats:
        return np.bincount(strata.comparison, weights=values, minlength=comparisons).astype(np.float64)

    weights = summed(weight)
    known = weights > 0
    divisor = np.where(known, weights, 1.0)
    value = summed(weight * strata.total / size) / divisor
    value_rest = summed(weight * strata.total_rest / size_rest) / divisor
    effect = value - value_rest

    added = weight / divisor[strata.comparison]
    mean, variance = _padded(size, strata.total, strata.squares, added, strata)
    mean_rest, variance_rest = _padded(size_rest, strata.total_rest, strata.squares_rest, added, strata)
    centre = summed(weight * (mean - mean_rest)) / divisor
    part, part_rest = weight**2 * variance, weight**2 * variance_rest
    weighing = summed(weight**2 * strata.weighing)
    spread = summed(part + part_rest) + weighing
    freedom_below = summed(
        part**2 / np.maximum(size + 2 * added - 1, 1) + part_rest**2 / np.maximum(size_rest + 2 * added - 1, 1)
    )
    freedom = np.maximum(spread**2 / np.where(freedom_below > 0, freedom_below, 1.0), 1.0)
    error = np.sqrt(spread) / divisor
    p_welch = 2 * stdtr(freedom, -np.abs(centre) / np.where(error > 0, error, 1.0))

    pooled_n = size + size_rest
    pooled_mean = (strata.total + strata.total_rest) / pooled_n
    pooled = np.maximum((strata.squares + strata.squares_rest) / pooled_n - pooled_mean**2, 0.0) * pooled_n / (pooled_n - 1)
    score_spread = summed(weight * pooled) + weighing
    score = summed(weight * (strata.total / size - strata.total_rest / size_rest)) / np.sqrt(
        np.where(score_spread > 0, score_spread, 1.0)
    )
    p_score = np.where(score_spread > 0, erfc(np.abs(score) / np.sqrt(2)), 1.0)

    widest = np.zeros(comparisons)
    np.maximum.at(widest, strata.comparison, strata.best - strata.worst)
    half = stdtrit(freedom, (1 + CONFIDENCE) / 2) * error
    unknown = np.full(comparisons, np.nan)
    return Differences(
        value=np.where(known, value, unknown),
        value_rest=np.where(known, value_rest, unknown),
        effect=np.where(known, effect, unknown),
        low=np.where(known, np.minimum(np.maximum(centre - half, -widest), effect), unknown),
        high=np.where(known, np.maximum(np.minimum(centre + half, widest), effect), unknown),
        p_value=np.where(known, np.clip(np.maximum(p_welch, p_score), 0, 1), 1.0),
    )


_UNMOVED = 1.0
"""Reviews that each side is taken to have met besides in every band, as many as the market's mix would have it: where a band has next to none of
those that tell, its reviews keep their weight."""


def at_equal_stars(bands: Bands, comparison: NDArray[np.int64], worst: Floats, best: Floats) -> Strata:
    """The strata that `differences` takes, as if nobody's reviews were chosen by their stars; `comparison`, `worst`, `best` by stratum.

    A brand that invites its happy customers gets better stars, and praise with them; a brand with bad staff gets fewer stars because of
    it. Strata of stars cannot tell the two apart: they take away most of an effect that the stars are given for. But who invites by stars
    has more of them in *every* review, while bad staff moves the stars of those who speak of staff. So each side's reviews are weighed by
    how far the stars of those who do *not* mention the theme lie from those of both sides together, which is exact for a choice by stars.
    Drawn markets hold it to that (docs/swot-accuracy.md): two brands that invite, and effects for which stars are given.

    `n` is the effective number of weighed reviews (Kish); what the weights themselves are uncertain by is in `weighing`.
    """
    count = len(comparison)

    def summed(values: Floats) -> Floats:
        return np.bincount(bands.stratum, weights=values, minlength=count).astype(np.float64)

    silent = bands.others + bands.others_rest
    market = silent / np.maximum(summed(silent), 1.0)[bands.stratum]

    def weighed(n: Floats, total: Floats, squares: Floats, others: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        wanted = market * summed(others)[bands.stratum]
        seen = others + _UNMOVED
        weight = (wanted + _UNMOVED) / seen
        size = summed(weight * n)
        divisor = np.where(size > 0, size, 1.0)
        mean = summed(weight * total) / divisor
        effective = size**2 / np.where(size > 0, summed(weight**2 * n), 1.0)
        apart = np.where(n > 0, total / np.where(n > 0, n, 1.0) - mean[bands.stratum], 0.0)
        # Of a band in which next to nothing could have been seen, nothing is known and nothing is taken off; one that lacks what it should hold is unsure.
        unsure = (others + np.minimum(wanted, _UNMOVED)) / seen**2
        uncertain = summed((weight * n / divisor[bands.stratum] * apart) ** 2 * unsure)
        return effective, effective * mean, effective * summed(weight * squares) / divisor, uncertain

    n, total, squares, uncertain = weighed(bands.n, bands.total, bands.squares, bands.others)
    n_rest, total_rest, squares_rest, uncertain_rest = weighed(
        bands.n_rest, bands.total_rest, bands.squares_rest, bands.others_rest
    )
    return Strata(
        comparison=comparison,
        n=n,
        total=total,
        squares=squares,
        n_rest=n_rest,
        total_rest=total_rest,
        squares_rest=squares_rest,
        worst=worst,
        best=best,
        weighing=uncertain + uncertain_rest,
    )


def _padded(n: Floats, total: Floats, squares: Floats, added: Floats, strata: Strata) -> tuple[Floats, Floats]:
    """Mean, and variance of that mean, with `added` reviews of the worst and of the best value."""
    size = n + 2 * added
    mean = (total + added * (strata.worst + strata.best)) / size
    variance = (squares + added * (strata.worst**2 + strata.best**2)) / size - mean**2
    return mean, np.maximum(variance, 0.0) / size


def above(count: Floats, n: Floats, threshold: Floats) -> Differences:
    """Is a share above a fixed threshold? Exact binomial, one-sided: a share below it is no finding, however sure.

    `value_rest` is the threshold, `low` and `high` are Wilson's bounds minus it.
    """
    known = n > 0
    size = np.where(known, n, 1.0)
    share = count / size
    bounds = wilson(count, n)
    tail = np.where(count > 0, betainc(np.maximum(count, 1), size - count + 1, threshold), 1.0)
    unknown = np.full(len(n), np.nan)
    return Differences(
        value=np.where(known, share, unknown),
        value_rest=threshold.astype(np.float64),
        effect=np.where(known, share - threshold, unknown),
        low=np.where(known, bounds.low - threshold, unknown),
        high=np.where(known, bounds.high - threshold, unknown),
        p_value=np.where(known, tail, 1.0),
    )


class Paired(NamedTuple):
    effect: float
    low: float
    high: float
    p_value: float


def paired(deltas: Floats) -> Paired:
    """Mean of paired differences (one per keyword), Student's 95 % interval, and the sign-flip test's two-sided p.

    The p assumes only that a difference could as well have had the other sign: exact up to 12 pairs, so that no six keywords
    can ever give less than 1/32. NaN with p 1 for fewer than two pairs.
    """
    n = len(deltas)
    if n < 2:
        return Paired(float("nan"), float("nan"), float("nan"), 1.0)
    mean = float(deltas.mean())
    half = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2) * deltas.std(ddof=1) / np.sqrt(n))
    length = float(np.sqrt((deltas**2).sum()))
    if length == 0:
        p_value = 1.0
    elif n <= _EXACT_PAIRS:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        # The tolerance keeps a pattern that equals the seen one from being lost to rounding.
        p_value = float((np.abs(signs @ deltas) >= abs(deltas.sum()) - 1e-9 * length).mean())
    else:
        p_value = float(erfc(abs(deltas.sum()) / length / np.sqrt(2)))
    return Paired(mean, mean - half, mean + half, p_value)


def benjamini_hochberg(p_values: Floats, family: Floats | None = None) -> Floats:
    """For each p-value the smallest false-discovery rate at which a member of the family with that p would be reported.

    The family is the p-values themselves unless given. Never below the p; order kept.
    """
    family = p_values if family is None else family
    if len(family) == 0:
        return np.minimum(p_values, 1.0)
    steps = np.sort(family)
    # From the largest down: a rate at which more are reported is also one at which fewer are.
    raised = np.minimum.accumulate((steps * len(steps) / np.arange(1, len(steps) + 1))[::-1])[::-1]
    place = np.searchsorted(steps, p_values, side="left")
    at = np.where(place < len(steps), raised[np.minimum(place, len(steps) - 1)], 1.0)
    below = np.searchsorted(steps, p_values, side="right")
    own = p_values * len(steps) / np.maximum(below, 1)
    return np.minimum(np.maximum(np.minimum(at, np.where(below > 0, own, 1.0)), p_values), 1.0)


def adjusted(p_values: Iterable[float | None]) -> list[float | None]:
    """Their q-values, by Benjamini-Hochberg over those that are there; None where there is none, which could not be asked."""
    held = list(p_values)
    q_values = iter(benjamini_hochberg(np.array([p for p in held if p is not None], dtype=np.float64)).tolist())
    return [None if p is None else next(q_values) for p in held]
