"""Changes, seasons and last year: a planted change is found with its date, and noise, bursts and another mix of sources are none."""

from datetime import date

import numpy as np
import pytest

from pipeline.swot.months import Change, Series, changes, series
from pipeline.swot.seasons import Season, seasons
from pipeline.swot.years import YearContrast, year_changes

FIRST = date(2023, 5, 1)


def month(i: int) -> date:
    return date(FIRST.year + (FIRST.month - 1 + i) // 12, (FIRST.month - 1 + i) % 12 + 1, 1)


def complaining(shares: np.ndarray, *, volume: float, seed: int, theme: str = "wait", uneven: float = 0.0) -> Series:
    """Two platforms; the second is half as large again in complaints. `uneven` is how much single months differ, on the logarithm."""
    rng = np.random.default_rng(seed)
    reviews = rng.poisson(volume / 2, (2, len(shares)))
    chance = np.outer([1.0, 1.5], shares * np.exp(rng.normal(0, uneven, len(shares))))
    months = tuple(month(i) for i in range(len(shares)))
    complaints = rng.binomial(reviews, np.minimum(chance, 1.0))
    return Series(brand="alpine", theme=theme, months=months, reviews=reviews, complaints=complaints)


def stepped(months: int, cut: int, before: float, after: float) -> np.ndarray:
    return np.where(np.arange(months) < cut, before, after)


def searched(*each: Series) -> list[Change]:
    return changes(each, min_reviews=10, q_max=0.05)


def test_a_planted_change_is_found_with_its_month_and_its_size() -> None:
    found = held = inside = 0
    for seed in range(40):
        (row, *_) = searched(complaining(stepped(30, 18, 0.06, 0.12), volume=80, seed=seed))
        if row.q_value is not None and row.q_value <= 0.05:
            found += 1
            held += row.month_low <= month(18) <= row.month_high
            inside += row.low <= 0.075 <= row.high  # six points, half as many again on the second platform
    assert found >= 38
    assert held >= 0.9 * found
    assert inside >= 0.85 * found


@pytest.mark.parametrize("uneven", [0.0, 0.3])
def test_noise_is_no_change_even_where_months_differ_more_than_by_lots(uneven: float) -> None:
    p_values, alarms = [], 0
    for seed in range(25):
        rows = searched(
            *(complaining(np.full(30, 0.08), volume=60, seed=100 * seed + i, theme=str(i), uneven=uneven) for i in range(12))
        )
        p_values += [row.p_value for row in rows if row.turn == 1 and row.p_value is not None]
        alarms += any(row.turn > 1 for row in rows)
    assert len(p_values) == 300
    assert np.mean(np.array(p_values) <= 0.05) <= 0.075  # 0.05 is promised; of 300 more than 0.075 is seen once in fifty times
    assert alarms <= 4  # 1.25 of 25 are promised


def test_a_burst_of_one_month_is_no_change() -> None:
    shares = np.full(24, 0.05)
    shares[-1] = 0.6
    assert {row.turn for row in searched(complaining(shares, volume=60, seed=1))} == {1}


def test_another_mix_of_platforms_is_no_change() -> None:
    """Each platform stays as it is: 5 and 25 % complain. Only where the reviews come from changes."""
    rng = np.random.default_rng(2)
    volume = np.stack([stepped(30, 15, 90, 10), stepped(30, 15, 10, 90)])
    reviews = rng.poisson(volume)
    complaints = rng.binomial(reviews, np.array([[0.05], [0.25]]))
    months = tuple(month(i) for i in range(30))
    (row,) = searched(Series(brand="alpine", theme="wait", months=months, reviews=reviews, complaints=complaints))
    assert row.q_value > 0.05
    mixed = Series(
        brand="alpine", theme="wait", months=months, reviews=reviews.sum(axis=0)[None], complaints=complaints.sum(axis=0)[None]
    )
    assert searched(mixed)[0].q_value < 0.001  # what would have been claimed without


def test_what_rose_and_fell_again_is_cut_twice() -> None:
    shares = np.full(45, 0.05)
    shares[15:30] = 0.2
    rows = searched(complaining(shares, volume=120, seed=3))
    sure = sorted(row.month for row in rows if row.q_value is not None and row.q_value <= 0.05)
    assert sure == [month(15), month(30)]
    assert [row.turn for row in rows].count(1) == 1


def test_too_little_to_search_says_so() -> None:
    (rare,) = searched(complaining(np.full(30, 0.001), volume=60, seed=4))
    assert rare.why_not == f"fewer than 10 reviews complain ({rare.complaint_count})"
    (short,) = searched(complaining(np.full(5, 0.2), volume=60, seed=4))
    assert short.why_not == "no month with 30 reviews in 3 months before, and as many from it on"


def test_months_without_reviews_are_there_and_the_order_of_rows_is_nothing() -> None:
    rows = [
        ("alpine", "stars", "en", date(2025, 12, 1), None, 10, 4),
        ("alpine", "stars", "en", date(2025, 12, 1), "wait", 10, 2),
        ("alpine", "stars", "de", date(2026, 2, 1), None, 5, 0),
    ]
    whole, wait, food = series(rows, ["wait", "food"])
    assert whole.months == (date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1))
    assert whole.reviews.tolist() == wait.reviews.tolist() == [[0, 0, 5], [10, 0, 0]]
    assert (whole.complaints.sum(), wait.complaints.sum(), food.complaints.sum()) == (4, 2, 0)
    again = list(series(rows[::-1], ["wait", "food"]))
    assert [each.complaints.tolist() for each in again] == [each.complaints.tolist() for each in (whole, wait, food)]


def season(shares: np.ndarray, *, volume: float = 150, seed: int = 1) -> Season:
    return seasons([complaining(shares, volume=volume, seed=seed)], q_max=0.05)[0]


def test_a_planted_season_is_named_by_its_months() -> None:
    calendar = np.array([month(i).month for i in range(38)])
    row = season(np.where(np.isin(calendar, [7, 8]), 0.25, 0.06))
    assert (row.year_count, row.high_months) == (3, "7,8")
    assert row.q_value < 0.01


def test_noise_a_steady_rise_and_a_single_step_are_no_season() -> None:
    shapes = {"noise": np.full(36, 0.1), "rise": np.linspace(0.03, 0.25, 36), "step": stepped(36, 17, 0.05, 0.15)}
    for name, shape in shapes.items():
        low = sum(season(shape, seed=seed).p_value <= 0.05 for seed in range(60))
        assert low <= 8, name  # 3 of 60 are promised; more than 8 are seen once in two hundred times


def test_without_two_years_there_is_no_season_to_see() -> None:
    assert season(np.full(23, 0.1)).why_not == "fewer than 24 months (23)"
    rare = season(np.full(24, 0.002))
    assert rare.why_not == f"fewer than 24 complaints a year ({rare.complaint_count} in 2)"


def test_last_year_is_compared_within_platform_and_language() -> None:
    def contrast(theme: str, platform: str, now: tuple[int, int], before: tuple[int, int]) -> YearContrast:
        """Reviews, and those that complain."""
        (n, x), (m, y) = now, before
        return YearContrast("alpine", theme, "complaint_share", f"{platform} / en", n, x, x, m, y, y, x, y)

    rows = year_changes(
        [
            contrast("wait", "a", (200, 60), (200, 20)),
            contrast("wait", "b", (100, 30), (300, 30)),
            contrast("food", "a", (200, 10), (200, 10)),
            contrast("food", "b", (50, 10), (400, 80)),
            contrast("rare", "a", (200, 2), (200, 1)),
        ],
        min_reviews=10,
    )
    found = {row.theme: row for row in rows}
    assert found["wait"].effect == pytest.approx(0.2)
    assert found["wait"].q_value < 0.001
    assert (found["wait"].n, found["wait"].n_rest) == (300, 500)
    assert found["food"].effect == pytest.approx(0.0)
    assert found["rare"].p_value is None
