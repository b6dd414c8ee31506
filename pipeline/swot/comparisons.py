"""From counts to `metric.test`: one comparison per row, each with its effect, interval, p and q."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.swot.statistics import (
    Bands,
    Differences,
    Floats,
    Strata,
    above,
    at_equal_stars,
    benjamini_hochberg,
    differences,
    paired,
)

_SHARES = ("complaint_share", "praise_share")


class Contrast(NamedTuple):
    """One row of metric.contrast; see its header."""

    metric: str
    brand: str
    theme: str | None
    without: str | None
    window: str
    basis: str
    stratum: str
    n: int
    total: float
    squares: float
    n_rest: int
    total_rest: float
    squares_rest: float
    mentioning: int
    mentioning_rest: int


class StarContrast(NamedTuple):
    """One row of metric.star_contrast; see its header."""

    metric: str
    brand: str
    theme: str | None
    window: str
    stratum: str
    stars: int
    n: int
    total: float
    squares: float
    n_rest: int
    total_rest: float
    squares_rest: float
    others: int | None
    others_rest: int | None


class Level(NamedTuple):
    """One row of metric.level; see its header."""

    metric: str
    brand: str
    theme: str | None
    window: str
    n: int
    total: int
    threshold: float


class Pair(NamedTuple):
    """One row of metric.pair; see its header."""

    metric: str
    brand: str
    keyword: str
    value: float
    value_rest: float


class Comparison(NamedTuple):
    """One row of metric.test."""

    metric: str
    brand: str
    theme: str | None
    window: str
    basis: str
    n: int
    n_rest: int | None
    mentioning: int
    mentioning_rest: int
    value: float | None = None
    value_rest: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    """None where there were too few reviews to ask."""
    q_value: float | None = None
    effect_equal_stars: float | None = None
    low_equal_stars: float | None = None
    high_equal_stars: float | None = None


GRAIN = (
    "One row per comparison of the run: a brand against the others, its newest window against the one before, or a fixed level."
)

COLUMNS = {
    "metric": "what is compared, as in metric.contrast, metric.level and metric.pair",
    "brand": "the named brand",
    "theme": "core.theme's id, null where the metric has none",
    "window": "all or current",
    "basis": "platform, language (see metric.contrast), keyword (paired by keyword) or level (against a fixed level)",
    "n": "reviews (or keywords) of the named brand that could be compared; of a level, those that are counted",
    "n_rest": "reviews on the other side; null against a level",
    "mentioning": "of n, reviews that mention the theme; where the metric has no theme, n",
    "mentioning_rest": "of n_rest, reviews that mention the theme; where the metric has no theme, n_rest",
    "value": "mean of the named side, each stratum weighted as in the effect",
    "value_rest": "mean of the other side, or the level",
    "effect": "value - value_rest",
    "low": "lower 95 % bound of the effect, not adjusted for the number of comparisons",
    "high": "upper 95 % bound of the effect, not adjusted for the number of comparisons",
    "p_value": "two-sided (one-sided against a level), raised where the difference is not also there at equal stars and without any one rival; null with too few reviews",
    "q_value": "Benjamini-Hochberg over all cells of the run: brand and theme or metric, against others or against before (over all levels for a level); null with p_value",
    "effect_equal_stars": "value - value_rest were the star mix of both sides the market's (see pipeline/swot/statistics.py); null for changes, ratings, levels and keywords",
    "low_equal_stars": "its lower 95 % bound",
    "high_equal_stars": "its upper 95 % bound",
}


def compare(
    contrasts: Iterable[Contrast],
    levels: Iterable[Level],
    pairs: Iterable[Pair],
    by_stars: Iterable[StarContrast] = (),
    *,
    min_reviews: int,
) -> list[Comparison]:
    """All comparisons, ordered. Those with too few reviews are listed without p and q.

    The q-values of comparisons and of levels are made apart: that a market complains of something in more than a tenth of its
    reviews is often beyond doubt, and must not lend its certainty to a comparison.
    """
    compared = [*_contrasted(contrasts, by_stars, min_reviews), *_paired(pairs)]
    levelled = _levelled(levels, min_reviews)
    return sorted([*_adjusted(compared), *_adjusted(levelled)], key=lambda t: (t.metric, t.brand, t.theme or "", t.window))


_HALF_AS_FAR = 0.5
"""A rival that alone makes the difference lies at least as far from its own rest as the named brand from the rest that holds it; half of that is
chance. To ask without every rival would lose one in fifteen true differences of 0.3 at 300 mentions."""


def _contrasted(contrasts: Iterable[Contrast], by_stars: Iterable[StarContrast], min_reviews: int) -> list[Comparison]:
    """One test per comparison, which others must confirm: without each rival that stands apart to the other side, and at equal stars.

    So a brand is not called weak because one rival shines, nor strong because one rival fails everybody or because it invites only its
    happy customers. The first test gives the direction. Without a rival the difference must be there at the same price, two-sided; at equal stars
    one-sided, in that direction.
    """
    rows = sorted(contrasts, key=lambda c: (*_asked(c), c.without or "", c.stratum))
    groups = [list(g) for _, g in groupby(rows, key=lambda c: (*_asked(c), c.without or ""))]
    found = differences(strata_of(groups), len(groups))
    places = {(*_asked(g[0]), g[0].without): place for place, g in enumerate(groups)}
    equal = _at_equal_stars(by_stars)

    def stands_apart(asked: _Key, rival: str | None) -> bool:
        metric, brand, theme, window = asked
        of_brand = found.effect[places[metric, brand, theme, window, None]]
        place = places.get((metric, rival or "", theme, window, None))
        return place is None or bool(
            found.effect[place] * of_brand < 0 and abs(found.effect[place]) >= _HALF_AS_FAR * abs(of_brand)
        )

    out: list[Comparison] = []
    for asked, indices in groupby(range(len(groups)), key=lambda i: _asked(groups[i][0])):
        whole, *partial = indices
        test = _counted(groups[whole])
        test = _found(test, found, whole, enough=suffices(test, min_reviews))
        p_value = test.p_value
        if p_value is not None and test.effect is not None:
            confirming = [
                _two_sided(found, i, test.effect)
                for i in partial
                # Nearly all of the rest is this one rival: without it there is nobody left to ask.
                if sum(row.n_rest for row in groups[i]) >= min_reviews and stands_apart(asked, groups[i][0].without)
            ]
            if asked in equal:
                at, i = equal[asked]
                confirming.append(_one_sided(at, i, test.effect))
                test = test._replace(
                    effect_equal_stars=float(at.effect[i]), low_equal_stars=float(at.low[i]), high_equal_stars=float(at.high[i])
                )
            test = test._replace(p_value=max([p_value, *confirming]))
        out.append(test)
    return out


def _two_sided(found: Differences, i: int, direction: float) -> float:
    """Where a rival makes the first difference, it does so for every other brand, and this test is all that keeps them out of the table."""
    return float(found.p_value[i]) if found.effect[i] * direction > 0 else 1.0


def _one_sided(found: Differences, i: int, direction: float) -> float:
    return float(found.p_value[i]) / 2 if found.effect[i] * direction > 0 else 1.0


_Key = tuple[str, str, str, str]

_FEW_OTHERS = 0.25
"""Less than this share of reviews that say nothing on the theme cannot tell whom the stars were chosen by."""


def _at_equal_stars(by_stars: Iterable[StarContrast]) -> dict[_Key, tuple[Differences, int]]:
    """Where the stars of a comparison's differences are: found all at once, by what is asked. Only those with reviews on both sides.

    Stars of what the theme is not mentioned in are what equal stars are judged by. Where nearly everybody mentions it, and where it is
    asked whether reviews are answered, stars are strata like any other.
    """
    rows = sorted(by_stars, key=lambda r: (*_asked(r), r.stratum, r.stars))
    weighed: list[list[StarContrast]] = []
    plain: list[list[StarContrast]] = []
    asked: tuple[list[_Key], list[_Key]] = ([], [])
    for key, group in groupby(rows, key=_asked):
        bands = list(group)
        if _tells_by_others(bands):
            for _, stratum in groupby(bands, key=lambda r: r.stratum):
                weighed.append(list(stratum))
                asked[0].append(key)
        else:
            for band in bands:
                plain.append([band])
                asked[1].append(key)
    out: dict[_Key, tuple[Differences, int]] = {}
    for strata, keys, make in ((weighed, asked[0], _weighed), (plain, asked[1], _plain)):
        if not strata:
            continue
        places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        found = differences(make(strata, np.array([places[key] for key in keys], dtype=np.int64)), len(places))
        out |= {key: (found, place) for key, place in places.items() if not np.isnan(found.effect[place])}
    return out


def _tells_by_others(bands: Sequence[StarContrast]) -> bool:
    if bands[0].others is None:
        return False
    # Of a share, n are all reviews with text; of net sentiment, those that mention the theme.
    apart = 0 if bands[0].metric in _SHARES else 1
    sides = (
        (sum(r.others or 0 for r in bands), sum(r.n for r in bands)),
        (sum(r.others_rest or 0 for r in bands), sum(r.n_rest for r in bands)),
    )
    return all(others >= _FEW_OTHERS * (n + apart * others) for others, n in sides)


def _columns(rows: Sequence[StarContrast], *names: str) -> dict[str, Floats]:
    return {name: np.array([getattr(r, name) for r in rows], dtype=np.float64) for name in names}


_COUNTS = ("n", "total", "squares", "n_rest", "total_rest", "squares_rest")


def _weighed(strata: Sequence[Sequence[StarContrast]], comparison: NDArray[np.int64]) -> Strata:
    rows = [row for stratum in strata for row in stratum]
    bands = Bands(
        stratum=np.repeat(np.arange(len(strata)), [len(stratum) for stratum in strata]),
        **_columns(rows, *_COUNTS, "others", "others_rest"),
    )
    worst = np.array([_worst(stratum[0].metric) for stratum in strata])
    return at_equal_stars(bands, comparison, worst, np.ones(len(strata)))


def _plain(strata: Sequence[Sequence[StarContrast]], comparison: NDArray[np.int64]) -> Strata:
    rows = [row for stratum in strata for row in stratum]
    return Strata(
        comparison=comparison,
        worst=np.array([_worst(row.metric) for row in rows]),
        best=np.ones(len(rows)),
        **_columns(rows, *_COUNTS),
    )


def _worst(metric: str) -> float:
    return -1.0 if metric.startswith("net_sentiment") else 0.0


def _asked(row: Contrast | StarContrast) -> _Key:
    return row.metric, row.brand, row.theme or "", row.window


def _counted(strata: Sequence[Contrast]) -> Comparison:
    first = strata[0]
    return Comparison(
        metric=first.metric,
        brand=first.brand,
        theme=first.theme,
        window=first.window,
        basis=first.basis,
        n=sum(row.n for row in strata),
        n_rest=sum(row.n_rest for row in strata),
        mentioning=sum(row.mentioning for row in strata),
        mentioning_rest=sum(row.mentioning_rest for row in strata),
    )


class Sized(Protocol):
    """How many reviews stand on either side of a comparison, as in `COLUMNS`."""

    @property
    def metric(self) -> str: ...
    @property
    def n(self) -> int: ...
    @property
    def n_rest(self) -> int | None: ...
    @property
    def mentioning(self) -> int: ...
    @property
    def mentioning_rest(self) -> int: ...


class Counted(Protocol):
    """What metric.contrast and its like have of a stratum."""

    @property
    def metric(self) -> str: ...
    @property
    def n(self) -> int: ...
    @property
    def total(self) -> float: ...
    @property
    def squares(self) -> float: ...
    @property
    def n_rest(self) -> int: ...
    @property
    def total_rest(self) -> float: ...
    @property
    def squares_rest(self) -> float: ...


def suffices(test: Sized, min_reviews: int) -> bool:
    """Enough reviews on both sides; for a share, which is low where nobody mentions the theme, enough mentions of both together."""
    is_share = test.metric.removesuffix("_change") in _SHARES
    enough = min(test.n, test.n_rest or 0) >= min_reviews
    return enough and (not is_share or test.mentioning + test.mentioning_rest >= min_reviews)


def strata_of(groups: Sequence[Sequence[Counted]]) -> Strata:
    """A comparison for each group."""
    rows = [row for strata in groups for row in strata]

    def column(values: Iterable[float]) -> Floats:
        return np.fromiter(values, dtype=np.float64, count=len(rows))

    return Strata(
        comparison=np.repeat(np.arange(len(groups)), [len(strata) for strata in groups]),
        n=column(r.n for r in rows),
        total=column(r.total for r in rows),
        squares=column(r.squares for r in rows),
        n_rest=column(r.n_rest for r in rows),
        total_rest=column(r.total_rest for r in rows),
        squares_rest=column(r.squares_rest for r in rows),
        worst=column(_worst(r.metric) for r in rows),
        best=np.ones(len(rows)),
    )


def _levelled(levels: Iterable[Level], min_reviews: int) -> list[Comparison]:
    rows = sorted(levels, key=lambda r: (r.metric, r.brand, r.theme or "", r.window))
    found = above(
        np.array([r.total for r in rows], dtype=np.float64),
        np.array([r.n for r in rows], dtype=np.float64),
        np.array([r.threshold for r in rows], dtype=np.float64),
    )
    return [
        _found(
            Comparison(
                metric=r.metric,
                brand=r.brand,
                theme=r.theme,
                window=r.window,
                basis="level",
                n=r.n,
                n_rest=None,
                mentioning=r.n,
                mentioning_rest=0,
            ),
            found,
            i,
            # An exact binomial test needs no minimum of its own; for reviews it is the market's.
            enough=r.theme is None or r.n >= min_reviews,
        )
        for i, r in enumerate(rows)
    ]


def _paired(pairs: Iterable[Pair]) -> list[Comparison]:
    rows = sorted(pairs)
    out = []
    for (metric, brand), grouped in groupby(rows, key=lambda r: (r.metric, r.brand)):
        values = np.array([[r.value, r.value_rest] for r in grouped], dtype=np.float64)
        n = len(values)
        effect, low, high, p_value = paired(values[:, 0] - values[:, 1])
        out.append(
            Comparison(
                metric=metric,
                brand=brand,
                theme=None,
                window="all" if metric == "visibility" else "current",
                basis="keyword",
                n=n,
                n_rest=n,
                mentioning=n,
                mentioning_rest=n,
                value=float(values[:, 0].mean()),
                value_rest=float(values[:, 1].mean()),
                effect=effect if n > 1 else None,
                low=low if n > 1 else None,
                high=high if n > 1 else None,
                p_value=p_value if n > 1 else None,
            )
        )
    return out


def _found(row: Comparison, found: Differences, i: int, *, enough: bool) -> Comparison:
    return row._replace(
        value=float(found.value[i]),
        value_rest=float(found.value_rest[i]),
        effect=float(found.effect[i]),
        low=float(found.low[i]),
        high=float(found.high[i]),
        p_value=float(found.p_value[i]) if enough else None,
    )


_SAY = {
    ("net_sentiment", "all"): 6.0,
    ("complaint_share", "all"): 1.5,
    ("praise_share", "all"): 1.5,
    ("complaint_share_change", "current"): 3.0,
}
"""How much of a cell's chance of error each of its comparisons gets, 1 where nothing is said: those get most in which most differences
can be seen. Of changes that is a rise of complaints, for a theme is seldom mentioned ten times in each of two windows otherwise."""

_CHANGES = 0.5
"""What a cell of changes gets of the run's chance of error beside one against others. There are as many of them, with half the reviews."""


def _adjusted(rows: list[Comparison]) -> list[Comparison]:
    """With q-values: Benjamini-Hochberg over cells, not over comparisons: brand and theme (or metric), against others or against before.

    A true difference shows in up to six comparisons of its cell, noise in one: counted by comparisons, five false in a hundred would be
    ten in a hundred cells. A cell's p is the smallest of its comparisons' p by their say (Bonferroni's, weighted), so it holds however
    they hang together; each comparison's q is that of a cell whose p were its own.
    """
    asked = [r for r in rows if r.p_value is not None]
    cell = [(r.brand, r.theme or r.metric, r.metric.endswith("_change")) for r in asked]
    say = [_SAY.get((r.metric, r.window), 1.0) for r in asked]
    said: dict[tuple[str, str, bool], float] = {}
    for key, weight in zip(cell, say, strict=True):
        said[key] = said.get(key, 0.0) + weight
    parts = {key: _CHANGES if key[2] else 1.0 for key in said}
    mean = sum(parts.values()) / max(len(parts), 1)
    p_values = [
        min(1.0, (r.p_value or 0.0) * said[key] / weight * mean / parts[key])
        for r, key, weight in zip(asked, cell, say, strict=True)
    ]
    least: dict[tuple[str, str, bool], float] = {}
    for key, p_value in zip(cell, p_values, strict=True):
        least[key] = min(least.get(key, 1.0), p_value)
    q_values = benjamini_hochberg(np.array(p_values, dtype=np.float64), np.array(list(least.values()), dtype=np.float64))
    return [r for r in rows if r.p_value is None] + [r._replace(q_value=float(q)) for r, q in zip(asked, q_values, strict=True)]
