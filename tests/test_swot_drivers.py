"""Which themes move the stars: what is planted is found, what is not there is not claimed, and the order of reviews is nothing."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.swot.drivers import Driver, Ratings, drivers

THEMES = ("wait", "price", "comfort", "food", "staff", "app")


def ratings(
    n: int, *, effects: dict[str, tuple[float, float]], seed: int, brands: int = 1, mention: float = 0.2, harsh: float = 1.0
) -> Ratings:
    """Reviews of 3 strata a brand, the second a star harsher and more given to complaints of `price`; effects are of praise and complaint."""
    rng = np.random.default_rng(seed)
    brand = np.sort(rng.integers(0, brands, n))
    place = rng.integers(0, 3, n)
    stars = 3.5 - harsh * (place == 1) + rng.normal(0, 0.8, n)
    review, theme, praises = [], [], []
    for j, name in enumerate(THEMES):
        share = np.where((place == 1) & (name == "price"), 3 * mention, mention)
        mentioning = np.flatnonzero(rng.random(n) < share)
        good = rng.random(len(mentioning)) < 0.5
        won, lost = effects.get(name, (0.0, 0.0))
        stars[mentioning] += np.where(good, won, lost)
        review.append(mentioning)
        theme.append(np.full(len(mentioning), j))
        praises.append(good)
    return Ratings(
        brand=brand,
        stratum=brand * 3 + place,
        stars=np.clip(np.round(stars), 1, 5),
        review=np.concatenate(review),
        theme=np.concatenate(theme),
        praises=np.concatenate(praises),
    )


def found(of: Ratings, *, brands: int = 1) -> dict[tuple[str | None, str, str], Driver]:
    rows = drivers(of, brands=[f"brand{i}" for i in range(brands)], themes=THEMES, min_reviews=10)
    return {(row.brand, row.theme, row.measure): row for row in rows}


def test_planted_drivers_are_found_and_told_in_stars() -> None:
    rows = found(ratings(1_500, effects={"wait": (0.2, -1.0), "food": (0.6, -0.1)}, seed=1))
    wait, food = rows["brand0", "wait", "complaint"], rows["brand0", "food", "praise"]
    assert wait.low <= -0.95 <= wait.high < 0  # whole stars from 1 to 5 take a little of the 1.0
    assert 0 < food.low <= 0.55 <= food.high
    assert max(wait.q_value, food.q_value) < 0.001
    swing = rows["brand0", "wait", "swing"]
    assert swing.effect == pytest.approx(rows["brand0", "wait", "praise"].effect - wait.effect)
    assert wait.pull == pytest.approx(wait.effect * wait.tone_count / 1_500)
    assert min(rows["brand0", theme, "complaint"].effect for theme in THEMES) == wait.effect


def test_the_interval_of_a_theme_without_effect_covers_nothing_in_at_least_95_of_100() -> None:
    covered = asked = 0
    for seed in range(40):
        for row in found(ratings(300, effects={"wait": (0.3, -1.0)}, seed=seed)).values():
            if row.brand and row.theme != "wait" and row.effect is not None:
                covered += row.low <= 0 <= row.high
                asked += 1
    assert asked > 500
    assert covered / asked >= 0.95


def test_the_interval_of_a_driver_holds_its_effect() -> None:
    """Without the bounds of a scale the truth is what was planted."""
    held = 0
    for seed in range(60):
        of = ratings(400, effects={}, seed=seed)
        stars = np.random.default_rng(1_000 + seed).normal(3, 0.8, 400)
        cross = (of.theme == 0) & ~of.praises
        stars[of.review[cross]] -= 0.7
        row = found(replace(of, stars=stars))["brand0", "wait", "complaint"]
        held += row.low <= -0.7 <= row.high
    assert held >= 54  # 57 are wanted of 60; fewer than 54 are seen once in a hundred times


def test_a_harsh_platform_is_no_driver() -> None:
    row = found(ratings(4_000, effects={}, seed=3, harsh=2.0))["brand0", "price", "complaint"]
    assert row.low <= 0 <= row.high
    assert abs(row.effect) < 0.1


def test_the_order_of_the_mentions_changes_nothing_and_a_second_run_gives_the_same() -> None:
    of = ratings(700, effects={"wait": (0.2, -1.0)}, seed=4, brands=2)
    turned = np.random.default_rng(0).permutation(len(of.review))
    again = replace(of, review=of.review[turned], theme=of.theme[turned], praises=of.praises[turned])
    assert found(of, brands=2) == found(of, brands=2) == found(again, brands=2)


def test_the_market_is_all_brands_each_against_its_own_mean() -> None:
    of = ratings(900, effects={"wait": (0.0, -1.0)}, seed=5, brands=3)
    shifted = replace(of, stars=of.stars + 0.5 * of.brand)
    one, other = (found(each, brands=3)[None, "wait", "complaint"] for each in (of, shifted))
    assert one.review_count == 900
    assert one.effect == pytest.approx(other.effect)
    assert one.high < 0


def test_too_few_reviews_say_so() -> None:
    few = found(ratings(40, effects={"wait": (0.0, -1.0)}, seed=6))
    assert {row.effect for row in few.values()} == {None}
    assert few["brand0", "wait", "praise"].why_not.startswith("fewer than 50 rated reviews")
    rare = found(ratings(200, effects={}, seed=7, mention=0.02))["brand0", "food", "complaint"]
    assert (rare.effect, rare.why_not) == (None, f"fewer than 10 reviews complain of it ({rare.tone_count})")
    alike = ratings(200, effects={}, seed=8)
    same = found(replace(alike, stars=np.full(200, 5.0)))["brand0", "wait", "praise"]
    assert same.why_not == "the stars of all 200 reviews of a platform and language are alike"


def test_blocks_of_reviews_tell_the_same_interval_as_reviews(monkeypatch: pytest.MonkeyPatch) -> None:
    of = ratings(3_000, effects={"wait": (0.2, -1.0)}, seed=9)
    blocks = found(of)["brand0", "wait", "complaint"]
    monkeypatch.setattr("pipeline.swot.drivers.BLOCKS", 3_000)
    reviews = found(of)["brand0", "wait", "complaint"]
    assert blocks.effect == pytest.approx(reviews.effect)
    assert blocks.high - blocks.low == pytest.approx(reviews.high - reviews.low, rel=0.15)
