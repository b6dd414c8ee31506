"""The numbers behind the SWOT table: intervals that hold, tests that are not eager, and markets where nothing is going on."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.swot.comparisons import Comparison, Contrast, Level, Pair, compare
from pipeline.swot.statistics import Differences, Strata, above, benjamini_hochberg, differences, paired, wilson

Side = tuple[int, int, int]
"""Reviews that praise, that do neither, that complain."""

side = st.tuples(*[st.integers(0, 60)] * 3)
market = st.lists(st.tuples(side, side), min_size=1, max_size=4)


def difference(strata: list[tuple[Side, Side]]) -> Differences:
    def column(which: int, kind: str) -> np.ndarray:
        sides = [pair[which] for pair in strata]
        values = {
            "n": [sum(s) for s in sides],
            "total": [s[0] - s[2] for s in sides],
            "squares": [s[0] + s[2] for s in sides],
        }[kind]
        return np.array(values, dtype=np.float64)

    return differences(
        Strata(
            comparison=np.zeros(len(strata), dtype=np.int64),
            n=column(0, "n"),
            total=column(0, "total"),
            squares=column(0, "squares"),
            n_rest=column(1, "n"),
            total_rest=column(1, "total"),
            squares_rest=column(1, "squares"),
            worst=np.full(len(strata), -1.0),
            best=np.ones(len(strata)),
        ),
        1,
    )


def numbers(found: Differences) -> list[float]:
    return [float(x[0]) for x in (found.value, found.value_rest, found.effect, found.low, found.high, found.p_value)]


@given(market)
def test_the_interval_holds_the_effect_and_stays_within_what_is_possible(strata: list[tuple[Side, Side]]) -> None:
    _, _, effect, low, high, p_value = numbers(difference(strata))
    if np.isnan(effect):
        assert all(sum(a) == 0 or sum(b) == 0 for a, b in strata)
        assert p_value == 1
    else:
        assert -2 - 1e-9 <= low <= effect <= high <= 2 + 1e-9
        assert 0 <= p_value <= 1


@given(market)
def test_changing_sides_changes_the_sign_only(strata: list[tuple[Side, Side]]) -> None:
    value, value_rest, effect, low, high, p_value = numbers(difference(strata))
    other = numbers(difference([(b, a) for a, b in strata]))
    np.testing.assert_allclose(other, [value_rest, value, -effect, -high, -low, p_value], atol=1e-12)


@given(market)
def test_turning_praise_into_complaint_changes_the_sign_only(strata: list[tuple[Side, Side]]) -> None:
    value, value_rest, effect, low, high, p_value = numbers(difference(strata))
    other = numbers(difference([(a[::-1], b[::-1]) for a, b in strata]))
    np.testing.assert_allclose(other, [-value, -value_rest, -effect, -high, -low, p_value], atol=1e-12)


@given(market, st.randoms())
def test_the_order_of_the_strata_does_not_matter(strata: list[tuple[Side, Side]], random: object) -> None:
    shuffled = list(strata)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands over a random.Random
    np.testing.assert_allclose(numbers(difference(shuffled)), numbers(difference(strata)), atol=1e-12)


@given(market)
def test_a_stratum_without_a_counterpart_changes_nothing(strata: list[tuple[Side, Side]]) -> None:
    np.testing.assert_allclose(numbers(difference([*strata, ((50, 0, 0), (0, 0, 0))])), numbers(difference(strata)))


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_one_more_complaint_never_makes_the_brand_look_better(good: int, neutral: int, bad: int) -> None:
    rest = (20, 5, 20)
    if good + neutral + bad:
        before = difference([((good + 1, neutral, bad), rest)])
        after = difference([((good, neutral, bad + 1), rest)])
        assert after.effect[0] < before.effect[0]


@given(side, side, st.integers(2, 20))
def test_more_of_the_same_is_never_less_certain(a: Side, b: Side, times: int) -> None:
    if sum(a) < 5 or sum(b) < 5:
        return
    few = numbers(difference([(a, b)]))
    many = numbers(difference([(tuple(times * x for x in a), tuple(times * x for x in b))]))  # type: ignore[list-item]  # still three
    assert many[2] == pytest.approx(few[2])
    assert many[4] - many[3] <= few[4] - few[3] + 1e-9


@given(st.integers(0, 500), st.integers(0, 500))
def test_wilson_holds_the_share_and_narrows(count: int, rest: int) -> None:
    n = np.array([count + rest, 10 * (count + rest)], dtype=np.float64)
    low, high = wilson(np.array([count, 10 * count], dtype=np.float64), n)
    if n[0] == 0:
        assert (low[0], high[0]) == (0, 1)
        return
    share = count / n[0]
    assert 0 <= low[0] <= share <= high[0] <= 1
    assert high[1] - low[1] < high[0] - low[0]


def test_wilson_gives_the_known_interval() -> None:
    low, high = wilson(np.array([3.0]), np.array([10.0]))
    assert (round(float(low[0]), 2), round(float(high[0]), 2)) == (0.11, 0.60)


@given(st.lists(st.floats(0, 1), max_size=60), st.randoms())
def test_benjamini_hochberg_never_lowers_a_p_keeps_their_order_and_does_not_mind_shuffling(
    p: list[float], random: object
) -> None:
    p_values = np.array(p, dtype=np.float64)
    q_values = benjamini_hochberg(p_values)
    assert (q_values >= p_values).all()
    assert (q_values <= 1).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(q_values[order]) >= 0).all()
    shuffled = list(range(len(p)))
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands over a random.Random
    np.testing.assert_array_equal(benjamini_hochberg(p_values[shuffled]), q_values[shuffled])


def test_benjamini_hochberg_gives_the_known_values() -> None:
    np.testing.assert_allclose(benjamini_hochberg(np.array([0.01, 0.04, 0.03, 0.5])), [0.04, 0.16 / 3, 0.16 / 3, 0.5])


@given(st.lists(st.floats(-1, 1).filter(lambda x: x == 0 or abs(x) > 1e-6), max_size=20))
def test_paired_differences_never_promise_more_than_their_number_allows(deltas: list[float]) -> None:
    effect, low, high, p_value = paired(np.array(deltas, dtype=np.float64))
    if len(deltas) < 2:
        assert p_value == 1
        return
    assert low <= effect <= high
    assert p_value >= (2 ** (1 - len(deltas)) if len(deltas) <= 12 else 0)
    assert paired(-np.array(deltas, dtype=np.float64)).p_value == pytest.approx(p_value)


def test_a_level_is_exceeded_only_by_what_lies_above_it() -> None:
    found = above(np.array([0.0, 5.0, 30.0]), np.array([100.0, 100.0, 100.0]), np.full(3, 0.1))
    assert found.p_value[0] == 1
    assert found.p_value[1] > 0.9
    assert found.p_value[2] < 1e-6
    np.testing.assert_allclose(found.effect, [-0.1, -0.05, 0.2])


@pytest.mark.parametrize(
    ("n", "n_rest", "good", "bad"),
    [(12, 120, 0.6, 0.3), (40, 40, 0.8, 0.15), (60, 600, 0.5, 0.5), (300, 1200, 0.02, 0.03)],
)
def test_where_nothing_differs_the_test_is_as_rarely_wrong_as_it_says(n: int, n_rest: int, good: float, bad: float) -> None:
    rng = np.random.default_rng(20)
    repeats = 20_000
    chances = [good, bad, 1 - good - bad]
    ours, rest = (rng.multinomial(size, chances, size=repeats).astype(np.float64) for size in (n, n_rest))
    found = differences(
        Strata(
            comparison=np.arange(repeats),
            n=np.full(repeats, float(n)),
            total=ours[:, 0] - ours[:, 1],
            squares=ours[:, 0] + ours[:, 1],
            n_rest=np.full(repeats, float(n_rest)),
            total_rest=rest[:, 0] - rest[:, 1],
            squares_rest=rest[:, 0] + rest[:, 1],
            worst=np.full(repeats, -1.0),
            best=np.ones(repeats),
        ),
        repeats,
    )
    for level in (0.05, 0.005):
        wrong = float((found.p_value <= level).sum())
        assert float(wilson(np.array([wrong]), np.array([float(repeats)])).low[0]) <= level
    covered = float(((found.low <= 0) & (found.high >= 0)).mean())
    assert covered >= 0.945


def null_market(rng: np.random.Generator, brands: int, themes: int, n: int) -> list[Contrast]:
    """Brands whose customers all speak alike, theme by theme; each brand against the rest, and the rest without one."""
    out = []
    names = [f"b{i}" for i in range(brands)]
    for theme in range(themes):
        mention, good = rng.uniform(0.05, 0.5), rng.uniform(0.1, 0.9)
        counts = {b: rng.multinomial(n, [mention * good, mention * (1 - good), 1 - mention]) for b in names}
        for brand, without in product(names, [None, *names] if brands > 2 else [None]):
            if brand == without:
                continue
            pos, neg, _ = counts[brand]
            others = [b for b in names if b not in (brand, without)]
            pos_rest, neg_rest = sum(counts[b][0] for b in others), sum(counts[b][1] for b in others)
            k, k_rest, n_rest = pos + neg, pos_rest + neg_rest, n * len(others)
            for metric, row in {
                "net_sentiment": (k, pos - neg, k, k_rest, pos_rest - neg_rest, k_rest),
                "complaint_share": (n, neg, neg, n_rest, neg_rest, neg_rest),
                "praise_share": (n, pos, pos, n_rest, pos_rest, pos_rest),
            }.items():
                if row[0] and row[3]:
                    values = [int(x) for x in row]
                    out.append(
                        Contrast(metric, brand, f"t{theme}", without, "all", "platform", "s", *values, int(k), int(k_rest))
                    )
    return out


@pytest.mark.parametrize(("brands", "n"), [(2, 200), (4, 60)])
def test_a_market_where_nothing_is_going_on_hardly_ever_raises_an_alarm(brands: int, n: int) -> None:
    """At q <= .05 at most one such market in twenty may show anything at all; judged by the interval of the rate itself."""
    rng = np.random.default_rng(7)
    markets = 150
    alarms = 0
    for _ in range(markets):
        found = compare(null_market(rng, brands, 12, n), [], [], min_reviews=10)
        alarms += any(t.q_value is not None and t.q_value <= 0.05 for t in found)
    assert float(wilson(np.array([float(alarms)]), np.array([float(markets)])).low[0]) <= 0.05


def only(found: list[Comparison]) -> Comparison:
    assert len(found) == 1
    return found[0]


def share(n: int, bad: int, n_rest: int, bad_rest: int, *, without: str | None = None) -> Contrast:
    return Contrast("complaint_share", "a", "t", without, "all", "platform", "s", n, bad, bad, n_rest, bad_rest, bad_rest, 40, 40)


def test_a_difference_that_hangs_on_one_rival_is_not_sure() -> None:
    whole = share(200, 20, 400, 120)
    assert (only(compare([whole], [], [], min_reviews=10)).p_value or 1) < 0.001
    without_the_outlier = share(200, 20, 200, 20, without="b")
    test = only(compare([whole, without_the_outlier, share(200, 20, 200, 100, without="c")], [], [], min_reviews=10))
    assert test.p_value == 1
    assert test.effect == pytest.approx(0.1 - 0.3)


def test_without_a_rival_a_difference_must_be_as_sure_as_with_all() -> None:
    whole, without_b, without_c = (
        share(200, 20, 400, 120),
        share(200, 20, 200, 38, without="b"),
        share(200, 20, 200, 82, without="c"),
    )
    left = only(compare([share(200, 20, 200, 38)], [], [], min_reviews=10))
    assert 0.005 < (left.p_value or 0) < 0.05
    assert only(compare([whole, without_b, without_c], [], [], min_reviews=10)).p_value == left.p_value


def test_a_rest_that_is_nearly_one_rival_is_not_asked_without_it() -> None:
    whole, nobody_left = share(200, 20, 400, 120), share(200, 20, 5, 0, without="b")
    assert only(compare([whole, nobody_left], [], [], min_reviews=10)) == only(compare([whole], [], [], min_reviews=10))


def test_too_few_reviews_give_a_value_but_no_p() -> None:
    test = only(compare([share(9, 3, 400, 40)], [], [], min_reviews=10))
    assert (test.p_value, test.q_value) == (None, None)
    assert test.value == pytest.approx(1 / 3)


@settings(max_examples=20)
@given(st.permutations(range(12)))
def test_the_order_of_the_rows_never_matters(order: list[int]) -> None:
    rng = np.random.default_rng(3)
    rows = null_market(rng, 2, 2, 50)
    levels = [Level("rivals_complaint_share", b, "t", "all", 100, 20, 0.1) for b in ("a", "b")]
    pairs = [Pair("visibility", b, f"k{i}", 0.1 * i, 0.05) for b in ("a", "b") for i in range(3)]
    assert len(rows) == 12
    shuffled = [rows[i] for i in order]
    assert compare(shuffled, levels[::-1], pairs[::-1], min_reviews=10) == compare(rows, levels, pairs, min_reviews=10)


def test_levels_lend_no_certainty_to_comparisons() -> None:
    comparison = share(100, 22, 100, 9)
    alone = only(compare([comparison], [], [], min_reviews=10))
    pains = [Level("rivals_complaint_share", f"b{i}", "t", "all", 1000, 500, 0.1) for i in range(50)]
    beside = next(t for t in compare([comparison], pains, [], min_reviews=10) if t.metric == "complaint_share")
    assert beside.q_value == alone.q_value
