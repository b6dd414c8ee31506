"""How many stars go with a praise or a complaint of each theme: a ridge regression for every brand, and for the market.

Each review is one row: its stars, and for each theme whether it praises and whether it complains. Stars and indicators are held
against the mean of the brand's reviews of the same platform and language, so that a harsh platform is no driver. All themes
stand in one model, since reviews that complain of one complain of others.

What the model needs is the sum of products of each pair of columns. It is made for up to BLOCKS random blocks of reviews, and
the bootstrap draws blocks: up to BLOCKS reviews that is the resampling of reviews itself, beyond it the same at a bounded price
(500 blocks tell a standard error to 3 %, as 500 reviews do).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from pipeline.swot.statistics import CONFIDENCE, Floats, adjusted

Ints = NDArray[np.int64]

BLOCKS = 500
RESAMPLES = 400
REVIEWS_MIN = 50
"""Rated reviews with words that a brand's model needs: there are some forty columns, and with fewer rows the penalty decides."""
_PENALTIES = np.logspace(-1, 1, 17)
"""In reviews that say nothing. Above 10, one strong driver among many idle themes would be shrunk out of its own interval."""
_ROWS_AT_ONCE = 50_000
_SEED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratings:
    """Rated reviews with words, in an order that only the reviews themselves decide, and the themes of each."""

    brand: Ints
    """0 .. brands - 1, one entry per review."""
    stratum: Ints
    """0 .. strata - 1: platform and language within the brand."""
    stars: Floats
    """On a scale of five."""
    review: Ints
    """Position among the reviews, one entry per review and theme that it praises or complains of."""
    theme: Ints
    praises: NDArray[np.bool_]
    """Whether it praises; else it complains."""


class Driver(NamedTuple):
    """One row of metric.driver."""

    brand: str | None
    theme: str
    measure: str
    review_count: int
    tone_count: int
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    q_value: float | None = None
    pull: float | None = None
    pull_low: float | None = None
    pull_high: float | None = None
    penalty: float | None = None
    why_not: str | None = None


GRAIN = "One row per brand (null: the whole market), theme and measure: how many stars go with it, all themes in one model."

COLUMNS = {
    "brand": "core.brand's id; null for all brands together, each held against its own mean",
    "theme": "core.theme's id",
    "measure": "praise or complaint (against reviews that do not), or swing (from complaint to praise: the difference of both)",
    "review_count": "rated reviews with words: the rows of the model",
    "tone_count": "of these, reviews that praise, or complain; of swing, the smaller of both",
    "effect": "stars of five, shrunk by the penalty; goes with the theme, which need not be its cause; null with why_not",
    "low": "lower 95 % bound: bootstrap over reviews, and what the penalty may hold back; null with effect",
    "high": "upper 95 % bound, as low",
    "p_value": "two-sided, that there is no effect; null with effect",
    "q_value": "Benjamini-Hochberg over all effects of this table; null with effect",
    "pull": "stars by which it moves the brand's mean: effect x tone_count / review_count; null with effect, and of swing",
    "pull_low": "lower 95 % bound of pull, with the chance in the share; null with pull",
    "pull_high": "upper 95 % bound of pull; null with pull",
    "penalty": "of the ridge, by generalised cross-validation, in reviews that say nothing; null without a model",
    "why_not": "why there is no effect; null where there is one",
}


def drivers(ratings: Ratings, *, brands: Sequence[str], themes: Sequence[str], min_reviews: int) -> list[Driver]:
    """All drivers: each brand in the order given, then the market. `min_reviews` is the least count of a measure."""
    columns = 2 * len(themes) + 1
    blocks = np.zeros((BLOCKS, columns, columns))
    market = _Products(blocks, np.zeros(2 * len(themes), dtype=np.int64), 0, 0)
    out: list[Driver] = []
    for index, brand in enumerate(brands):
        own = _products(ratings, np.flatnonzero(ratings.brand == index), len(themes))
        blocks[: len(own.blocks)] += own.blocks
        market = _Products(blocks, market.counts + own.counts, market.size + own.size, market.strata + own.strata)
        out += _modelled(brand, themes, own, min_reviews)
    out += _modelled(None, themes, market._replace(blocks=blocks[: min(market.size, BLOCKS)]), min_reviews)
    return [row._replace(q_value=q) for row, q in zip(out, adjusted(row.p_value for row in out), strict=True)]


class _Products(NamedTuple):
    """What is known of one brand's reviews. The columns are praise of each theme, complaint of each theme, stars."""

    blocks: NDArray[np.float64]
    """(blocks, columns, columns): sums of products of columns, each without its stratum's mean."""
    counts: Ints
    """Reviews that praise, and that complain of, each theme."""
    size: int
    strata: int


def _products(ratings: Ratings, rows: Ints, themes: int) -> _Products:
    n, width = len(rows), 2 * themes + 1
    if n == 0:
        return _Products(np.zeros((0, width, width)), np.zeros(2 * themes, dtype=np.int64), 0, 0)
    place = np.full(len(ratings.brand), -1, dtype=np.int64)
    place[np.random.default_rng(_SEED).permutation(rows)] = np.arange(n)
    mine = place[ratings.review] >= 0
    row = place[ratings.review[mine]]
    column = ratings.theme[mine] + np.where(ratings.praises[mine], 0, themes)
    _, stratum = np.unique(ratings.stratum[rows], return_inverse=True)
    strata = int(stratum.max()) + 1
    of_row = np.empty(n, dtype=np.int64)
    of_row[place[rows]] = stratum
    stars = np.empty(n)
    stars[place[rows]] = ratings.stars[rows]

    size = np.bincount(of_row, minlength=strata)
    means = np.bincount(of_row[row] * width + column, minlength=strata * width).reshape(strata, width).astype(np.float64)
    means[:, -1] = np.bincount(of_row, weights=stars, minlength=strata)
    means /= size[:, None]

    length = -(-n // BLOCKS)
    blocks = -(-n // length)
    grams = np.empty((blocks, width, width))
    order = np.argsort(row, kind="stable")
    row, column = row[order], column[order]
    step = max(_ROWS_AT_ONCE // length, 1)
    for first in range(0, blocks, step):
        last = min(first + step, blocks)
        begin, end = first * length, min(last * length, n)
        dense = np.zeros(((last - first) * length, width))
        lowest, highest = np.searchsorted(row, (begin, end))
        dense[row[lowest:highest] - begin, column[lowest:highest]] = 1.0
        dense[: end - begin, -1] = stars[begin:end]
        dense[: end - begin] -= means[of_row[begin:end]]
        shaped = dense.reshape(last - first, length, width)
        grams[first:last] = shaped.transpose(0, 2, 1) @ shaped
    return _Products(grams, np.bincount(column, minlength=2 * themes), n, strata)


def _modelled(brand: str | None, themes: Sequence[str], products: _Products, min_reviews: int) -> list[Driver]:
    k, counts, n = len(themes), products.counts, products.size
    counted = {"praise": counts[:k], "complaint": counts[k:], "swing": np.minimum(counts[:k], counts[k:])}
    fit = _fit(products) if n - products.strata >= REVIEWS_MIN else None
    out = []
    for j, theme in enumerate(themes):
        for measure, of_measure in counted.items():
            count = int(of_measure[j])
            scarce = "complain of" if measure == "complaint" or (measure == "swing" and counts[k + j] == count) else "praise"
            row = Driver(brand, theme, measure, n, count)
            if fit is None:
                row = row._replace(why_not=_without(n, products.strata))
            elif count < min_reviews:
                row = row._replace(penalty=fit.penalty, why_not=f"fewer than {min_reviews} reviews {scarce} it ({count})")
            else:
                contrast = np.zeros(2 * k)
                if measure != "complaint":
                    contrast[j] = 1.0
                if measure != "praise":
                    contrast[k + j] = 1.0 if measure == "complaint" else -1.0
                row = _told(row, fit, contrast)
            out.append(row)
    return out


def _without(n: int, strata: int) -> str:
    if n - strata < REVIEWS_MIN:
        return f"fewer than {REVIEWS_MIN} rated reviews with words, beyond one of each platform and language ({n - strata})"
    return f"the stars of all {n} reviews of a platform and language are alike"


class _Fit(NamedTuple):
    effect: Floats
    spread: NDArray[np.float64]
    """Covariance of the effects: of the bootstrap, and of what the penalty holds back."""
    freedom: float
    penalty: float


def _fit(known: _Products) -> _Fit | None:
    """None where the stars do not differ within any stratum."""
    grams, n, strata = known.blocks, known.size, known.strata
    whole = grams.sum(axis=0)
    products, moments, power = whole[:-1, :-1], whole[:-1, -1], float(whole[-1, -1])
    if power <= 1e-9 * n:
        return None
    values, vectors = np.linalg.eigh(products)
    values = np.maximum(values, 0.0)
    turned = vectors.T @ moments
    shrunk = turned[:, None] / (values[:, None] + _PENALTIES)
    residual = power - 2 * turned @ shrunk + (values[:, None] * shrunk**2).sum(axis=0)
    used = (values[:, None] / (values[:, None] + _PENALTIES)).sum(axis=0)
    free = np.maximum(n - strata - used, 1.0)
    best = int(np.argmin(residual / free**2))
    penalty, freedom = float(_PENALTIES[best]), float(free[best])
    effect = vectors @ _twice(values, penalty, turned)

    blocks, width = len(grams), whole.shape[0]
    weights = np.random.default_rng(_SEED).multinomial(blocks, np.full(blocks, 1 / blocks), size=RESAMPLES)
    upper = np.triu_indices(width)  # the products are symmetric: half of them is all
    drawn = np.empty((RESAMPLES, width, width))
    drawn[:, upper[0], upper[1]] = weights.astype(np.float64) @ grams[:, upper[0], upper[1]]
    drawn[:, upper[1], upper[0]] = drawn[:, upper[0], upper[1]]
    moments_drawn = drawn[:, :-1, -1:].copy()
    drawn = drawn[:, :-1, :-1]
    inverse = np.linalg.inv(drawn + penalty * np.eye(width - 1))
    again = inverse @ moments_drawn
    again = (again + inverse @ (moments_drawn - drawn @ again))[..., 0]
    sampled = np.cov(again, rowvar=False) * n / freedom
    # Were the effects normal with the variance that the penalty stands for, this is the mean square of what it holds back.
    held = (vectors * penalty**3 / (values + penalty) ** 4) @ vectors.T * float(residual[best]) / freedom
    return _Fit(effect, sampled + held, freedom, penalty)


def _twice(values: Floats, penalty: float, turned: Floats) -> Floats:
    """Ridge, and ridge again on what the first left over (Tukey's twicing), along the axes: it holds back the square of the share
    that one ridge holds back, which leaves a theme of 40 complaints a twentieth too small in place of a fifth."""
    once = turned / (values + penalty)
    return once + (turned - values * once) / (values + penalty)


def _told(row: Driver, fit: _Fit, contrast: Floats) -> Driver:
    effect = float(contrast @ fit.effect)
    error = float(np.sqrt(contrast @ fit.spread @ contrast))
    freedom = min(float(row.tone_count), fit.freedom)
    quantile = float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
    told = row._replace(
        effect=effect,
        low=effect - quantile * error,
        high=effect + quantile * error,
        p_value=float(2 * stdtr(freedom, -abs(effect) / error)),
        penalty=fit.penalty,
    )
    if row.measure == "swing":
        return told
    share = row.tone_count / row.review_count
    spread = quantile * np.sqrt((share * error) ** 2 + effect**2 * share * (1 - share) / row.review_count)
    return told._replace(pull=share * effect, pull_low=float(share * effect - spread), pull_high=float(share * effect + spread))
