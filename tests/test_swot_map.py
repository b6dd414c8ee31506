"""The map of brands: its ellipses hold the brands' true places as often as they say. Each brand is one draw of the same market."""

import numpy as np
import pytest
from numpy.typing import NDArray

from warehouse import build

DRAWS = 600
PRICE, QUALITY = 0, 1
PRAISE = np.array([0.7, 0.4])
"""True share of praise by axis."""


@pytest.mark.parametrize(
    ("reviews", "speak_of_both", "agreement"), [(40, 0.5, 0.8), (40, 1.0, 0.95), (200, 0.3, 0.5), (200, 1.0, 0.0)]
)
def test_an_ellipse_holds_the_true_place_nineteen_times_of_twenty(reviews: int, speak_of_both: float, agreement: float) -> None:
    rng = np.random.default_rng(5)
    size = DRAWS * reviews
    first, second = rng.random(size), rng.random(size)
    # Who agrees draws both axes with the same number, so the shares stay what they are.
    price = first < PRAISE[PRICE]
    quality = np.where(rng.random(size) < agreement, first, second) < PRAISE[QUALITY]
    both = np.flatnonzero(rng.random(size) < speak_of_both)
    review = np.concatenate([np.arange(size), both])
    found = drawn(
        review=review,
        theme=np.repeat([PRICE, QUALITY], [size, len(both)]),
        brand=review // reviews,
        value=np.where(np.concatenate([price, quality[both]]), 1, -1),
    )
    assert len(found) == DRAWS
    centre, (major, minor, angle) = found[:, :2], found[:, 2:].T
    turned = np.deg2rad(angle)
    away = 2 * PRAISE - 1 - centre
    along = away[:, 0] * np.cos(turned) + away[:, 1] * np.sin(turned)
    across = away[:, 1] * np.cos(turned) - away[:, 0] * np.sin(turned)
    held = ((along / major) ** 2 + (across / minor) ** 2 <= 1).mean()
    # Four standard errors of 600 draws below; above, the two reviews that are added make it wider.
    assert 0.914 <= held <= 0.99


def drawn(
    *, review: NDArray[np.int64], theme: NDArray[np.int64], brand: NDArray[np.int64], value: NDArray[np.int64]
) -> NDArray[np.float64]:
    """centre_x, centre_y, semi_major, semi_minor, angle of each brand, out of the given rows of metric.review_theme."""
    model = build.read(build.SQL / "mart" / "position.sql")
    with build.connect(threads=1) as con:
        con.execute("create schema core")
        con.execute("create schema metric")
        con.execute("create table metric.setting as select 'min_reviews' as name, 10.0 as value")
        con.execute(f"create table metric.axis as from (values ('x', {PRICE}), ('y', {QUALITY})) as a (axis, theme)")
        con.register("drawn", {"review_id": review, "theme": theme, "brand": brand, "value": value})
        con.execute("create table metric.review_theme as select * from drawn")
        con.execute("create table core.brand as select distinct brand, brand as name, false as own, 1 as position from drawn")
        return np.array(
            con.execute(
                f"select centre_x, centre_y, semi_major, semi_minor, angle from ({model.sql}) where shape = 'ellipse'"
            ).fetchall()
        )
