"""A few of the markets of `make evaluate-swot`, what must not change a cell, and what equal stars and shrinkage promise."""

import math
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.market import SwotSettings
from pipeline.swot.room import run
from pipeline.swot.statistics import Bands, Differences, at_equal_stars, differences
from tests.evaluate_swot import nulls, planted_market, simpson, told
from tests.simulation import Market, lean

PLANTED = Market(
    sizes=(700, 500, 600, 400),
    themes=6,
    mentions=(0.3,) * 6,
    sources=((0.6, 0.4), (0.3, 0.7), (0.5, 0.5), (0.6, 0.4)),
    planted={(1, 2): -0.8, (2, 4): 0.8},
    seed=5,
)
CELLS = 'select brand, quadrant, theme, metric, "window", n, effect, low, high, q_value, effect_equal_stars from mart.swot_cell order by all'


def ran(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    run(con, settings=SwotSettings())
    return con.execute(CELLS).fetchall()


def rounded(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [tuple(round(value, 6) if isinstance(value, float) else value for value in row) for row in rows]


@pytest.fixture(scope="module")
def whole() -> Iterator[duckdb.DuckDBPyConnection]:
    """Every table of the room."""
    con = PLANTED.draw().built()
    run(con, settings=SwotSettings())
    yield con
    con.close()


@pytest.fixture
def only_cells() -> Iterator[None]:
    with lean():
        yield


def test_what_is_planted_is_told_at_equal_stars(whole: duckdb.DuckDBPyConnection) -> None:
    told = whole.execute(
        "select brand, quadrant, theme, holds_at_equal_stars from mart.swot_cell where quadrant in ('strength', 'weakness') order by all"
    ).fetchall()
    assert told == [("b1", "weakness", "t2", True), ("b2", "strength", "t4", True)]


@pytest.mark.usefixtures("only_cells")
def test_the_lean_room_and_a_second_run_tell_the_same(whole: duckdb.DuckDBPyConnection) -> None:
    assert ran(PLANTED.draw().built()) == whole.execute(CELLS).fetchall()


@pytest.mark.usefixtures("only_cells")
def test_two_feeds_of_one_place_are_one_place(whole: duckdb.DuckDBPyConnection) -> None:
    con = PLANTED.draw().built()
    con.execute("update core.source set url = 'https://' || name || '.example/' || brand")
    con.execute("insert into core.source select * replace (name || 'x' as name, url || '?page=2' as url) from core.source")
    con.execute("update core.review set source = source || 'x' where hash(review_id) % 2 = 0")
    assert rounded(ran(con)) == rounded(whole.execute(CELLS).fetchall())


@pytest.mark.usefixtures("only_cells")
def test_a_place_split_in_two_tells_the_same_claims(whole: duckdb.DuckDBPyConnection) -> None:
    con = PLANTED.draw().built()
    con.execute("update core.review set source = source || 'x' where hash(review_id) % 2 = 0")
    strengths = {row[:3] for row in ran(con) if row[1] in ("strength", "weakness")}
    assert strengths == {row[:3] for row in whole.execute(CELLS).fetchall() if row[1] in ("strength", "weakness")}


@pytest.mark.usefixtures("only_cells")
@pytest.mark.parametrize(
    "market",
    [*nulls(2, invites=False), *nulls(2, invites=True, largest=1600, mood=1.5), simpson(1)],
    ids=["null", "null", "invites", "invites", "harsh place"],
)
def test_where_brands_are_alike_nothing_is_told(market: Market) -> None:
    assert told(market).told == frozenset()


@pytest.mark.usefixtures("only_cells")
def test_large_effects_are_found_and_nothing_else_is() -> None:
    found = told(planted_market(0.6, 700, 1))
    assert found.false == frozenset()
    assert len(found.told) >= 7


@pytest.mark.usefixtures("only_cells")
def test_whom_a_brand_asks_for_reviews_is_no_strength() -> None:
    """The brand whose unhappy customers are not asked is praised more for everything, beyond doubt, and for nothing at equal stars."""
    kept = [(1.0,) * 5] * 4
    kept[1] = (0.25, 0.25, 0.6, 1.0, 1.0)
    con = Market(sizes=(1500,) * 4, themes=6, mentions=(0.4,) * 6, kept=kept, mood=2.5, seed=3).draw().built()
    run(con, settings=SwotSettings())
    rows = con.execute(
        "select effect, low, effect_equal_stars, p_value from metric.test where brand = 'b1' and metric = 'net_sentiment' and \"window\" = 'all'"
    ).fetchall()
    assert all(low > 0.05 for _, low, _, _ in rows)
    assert all(abs(equal) < 0.1 and effect > 0.2 for effect, _, equal, _ in rows)
    assert all(p_value > 0.05 for _, _, _, p_value in rows)
    assert (
        con.execute(
            "select theme from mart.swot_cell where quadrant in ('strength', 'weakness') and theme is not null"
        ).fetchall()
        == []
    )


# --- equal stars ------------------------------------------------------------------------------------------------------

Side = tuple[list[tuple[int, int, int]], list[int]]
"""By stars: reviews that praise, do neither, complain; and by stars: reviews that do not mention the theme."""

side = st.tuples(
    st.lists(st.tuples(*[st.integers(0, 40)] * 3), min_size=5, max_size=5), st.lists(st.integers(0, 60), min_size=5, max_size=5)
)


def equal(ours: Side, rest: Side) -> Differences:
    def columns(side: Side, suffix: str) -> dict[str, np.ndarray]:
        counts = np.array(side[0], dtype=np.float64)
        return {
            f"n{suffix}": counts.sum(axis=1),
            f"total{suffix}": counts[:, 0] - counts[:, 2],
            f"squares{suffix}": counts[:, 0] + counts[:, 2],
            f"others{suffix}": np.array(side[1], dtype=np.float64),
        }

    bands = Bands(stratum=np.zeros(5, dtype=np.int64), **columns(ours, ""), **columns(rest, "_rest"))
    return differences(at_equal_stars(bands, np.zeros(1, dtype=np.int64), np.array([-1.0]), np.ones(1)), 1)


def numbers(found: Differences) -> list[float]:
    return [float(x[0]) for x in (found.effect, found.low, found.high, found.p_value)]


@given(side, side)
def test_at_equal_stars_changing_sides_changes_the_sign_only(ours: Side, rest: Side) -> None:
    effect, low, high, p_value = numbers(equal(ours, rest))
    np.testing.assert_allclose(numbers(equal(rest, ours)), [-effect, -high, -low, p_value], atol=1e-9)
    if not math.isnan(effect):
        assert -2 - 1e-9 <= low <= effect <= high <= 2 + 1e-9
        assert 0 <= p_value <= 1


@given(side, side, st.permutations(range(5)))
def test_at_equal_stars_the_order_of_the_stars_does_not_matter(ours: Side, rest: Side, order: list[int]) -> None:
    def turned(side: Side) -> Side:
        return [side[0][i] for i in order], [side[1][i] for i in order]

    np.testing.assert_allclose(numbers(equal(turned(ours), turned(rest))), numbers(equal(ours, rest)), atol=1e-9)


CUSTOMERS: Side = ([(20, 20, 160), (30, 20, 100), (60, 30, 60), (160, 20, 20), (320, 20, 20)], [400, 300, 300, 400, 800])


def test_a_choice_by_stars_leaves_nothing_at_equal_stars() -> None:
    """Half of those with one or two stars were not asked, on this theme and on any other."""
    happy: Side = ([(a // 2, b // 2, c // 2) for a, b, c in CUSTOMERS[0][:2]] + CUSTOMERS[0][2:], [200, 150, *CUSTOMERS[1][2:]])
    effect, low, high, _ = numbers(equal(happy, CUSTOMERS))
    assert abs(effect) < 0.005
    assert low < 0 < high


def test_an_effect_of_the_themes_own_is_kept_though_it_moves_the_stars() -> None:
    """A hundred who would have praised with five stars complain with one; what others say, and give, is as everywhere."""
    spoilt: Side = ([(20, 20, 260), *CUSTOMERS[0][1:4], (220, 20, 20)], CUSTOMERS[1])
    effect, _, high, _ = numbers(equal(spoilt, CUSTOMERS))
    raw = -200 / sum(sum(counts) for counts in CUSTOMERS[0])
    assert effect == pytest.approx(raw, abs=0.005)
    assert high < 0


def test_more_reviews_on_other_themes_make_equal_stars_surer() -> None:
    few: Side = (CUSTOMERS[0], [n // 20 for n in CUSTOMERS[1]])
    sure, unsure = equal(CUSTOMERS, CUSTOMERS), equal(few, few)
    assert unsure.high[0] - unsure.low[0] > sure.high[0] - sure.low[0]


# --- shrinkage --------------------------------------------------------------------------------------------------------


def test_a_brand_is_drawn_towards_the_themes_mean_the_further_the_less_is_known(whole: duckdb.DuckDBPyConnection) -> None:
    rows = whole.execute(
        "select theme, mentioning_count, net_sentiment, net_shrunken, net_shrunken_low, net_shrunken_high, net_low, net_high"
        " from metric.theme_brand where net_sentiment is not null"
    ).fetchall()
    assert len(rows) > 40
    for _, _, net, shrunken, low, high, _, _ in rows:
        assert low <= shrunken <= high
        assert abs(shrunken) <= max(abs(net), 1)
    apart = whole.execute(
        "select theme, min(net_sentiment), max(net_sentiment), min(net_shrunken), max(net_shrunken) from metric.theme_brand"
        " where \"window\" = 'all' group by theme"
    ).fetchall()
    for _, least, most, least_shrunken, most_shrunken in apart:
        assert least - 1e-9 <= least_shrunken <= most_shrunken <= most + 1e-9
        assert most_shrunken - least_shrunken < most - least
    # Where brands truly differ little is taken away; where they do not, nearly everything.
    kept = {theme: (b - a) / (d - c) for theme, c, d, a, b in apart}
    assert kept["t2"] > 0.9
    assert kept["t4"] > 0.9
    assert min(kept.values()) < 0.5


def test_a_brand_that_nobody_mentions_has_the_themes_mean_and_a_wide_interval() -> None:
    market = replace(PLANTED, sizes=(700, 500, 600, 12), mentions=(0.05, *PLANTED.mentions[1:]))
    con = market.draw().built()
    con.execute("delete from text.mention where brand = 'b3' and theme = 't2'")
    run(con, settings=SwotSettings())
    rows = con.execute(
        "select brand, mentioning_count, net_shrunken, net_shrunken_high - net_shrunken_low from metric.theme_brand"
        " where theme = 't2' and \"window\" = 'all' order by brand"
    ).fetchall()
    assert rows[3][1] == 0
    assert min(row[2] for row in rows[:3]) < rows[3][2] < max(row[2] for row in rows[:3])
    assert rows[3][3] > max(row[3] for row in rows[:3])
    con.close()


def test_ranks_go_by_what_is_left_after_shrinking(whole: duckdb.DuckDBPyConnection) -> None:
    rows = whole.execute(
        "select theme, brand from mart.theme_matrix where \"window\" = 'all' and net_rank = 1 and theme = 't4'"
        " union all select theme, brand from mart.theme_matrix where \"window\" = 'all' and net_rank = 4 and theme = 't2'"
    ).fetchall()
    assert rows == [("t4", "b2"), ("t2", "b1")]
