"""What is held out of teaching, and the shares that are corrected by it: known worlds in, the truth within the interval."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from test_sql import MODELS

from pipeline.text import calibration
from pipeline.text.sentiment import model
from warehouse import build

CLASSES = ("good", "middle", "bad")
READINGS = ("good", "neutral", "bad")
STARS = {"good": 1.0, "middle": 0.5, "bad": 0.0}
VALUES = {"good": 1, "neutral": 0, "bad": -1}

REVIEW = {"review_id": "varchar", "brand": "varchar", "platform": "varchar", "language": "varchar", "rating": "double", "value": "integer"}
STARRED = {"review_id": "varchar", "wording": "varchar", "is_held_out": "boolean"}

Matrix = Sequence[Sequence[float]]
"""By class, how likely each of READINGS is."""

PERFECT: Matrix = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


TABLES = """
create schema core; create schema text; create schema metric; create schema mart;
create table metric."window" (name varchar, starts_on date, ends_on date);
create table metric.review (
    review_id varchar, brand varchar, platform varchar, language varchar, period varchar, rating double, has_text boolean, value integer
);
create table text.starred (review_id varchar, wording varchar, is_held_out boolean);
create table text.scorer (
    language varchar, scorer varchar, teacher_count bigint, positive_count bigint, first_landed_on date, last_landed_on date, version varchar
);
"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with build.connect(threads=1) as opened:
        opened.execute(TABLES)
        yield opened


@dataclass(frozen=True, kw_only=True)
class World:
    """A language of a market: how its reviews are read, and how many of each class the calibration and one brand have."""

    matrix: Matrix
    mix: Sequence[float]
    """Share of each class among the brand's reviews; the calibration has `calibrated_mix`."""
    calibrated_mix: Sequence[float]
    calibrated: int
    reviews: int

    def rows(self, rng: np.random.Generator, language: str) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
        """(metric.review, text.starred): the brand's reviews carry no stars, the calibration's are another brand's."""
        reviews: list[tuple[object, ...]] = []
        starred: list[tuple[object, ...]] = []
        for brand, mix, count in (("ours", self.mix, self.reviews), ("other", self.calibrated_mix, self.calibrated)):
            actual = rng.choice(3, size=count, p=mix)
            drawn = rng.random(count)
            for number, kind in enumerate(actual):
                read = READINGS[int(np.searchsorted(np.cumsum(self.matrix[kind])[:2], drawn[number], side="right"))]
                key = f"{language}-{brand}-{number:05}"
                stars = STARS[CLASSES[kind]] if brand == "other" else None
                reviews.append((key, brand, "stars.example", language, stars, VALUES[read]))
                if stars is not None:
                    starred.append((key, key, True))
        return reviews, starred


def fill(con: duckdb.DuckDBPyConnection, reviews: list[tuple[object, ...]], starred: list[tuple[object, ...]]) -> None:
    """Replaces what the calibration is made of, and makes it."""
    con.execute('delete from metric.review; delete from metric."window"; delete from text.starred')
    con.execute("""insert into metric."window" values ('all', null, null)""")
    for table, columns, rows in (
        ("metric.review", REVIEW, reviews),
        ("text.starred", STARRED, starred),
    ):
        con.execute(
            f"insert into {table} by name select unnest(from_json(?, ?), recursive := true)",
            [
                orjson.dumps([dict(zip(columns, row, strict=True)) for row in rows]).decode(),
                orjson.dumps([columns]).decode(),
            ],
        )
    con.execute("update metric.review set has_text = true, period = 'current'")
    for name in ("metric.calibration", "metric.prevalence", "mart.reading_quality"):
        build.make(con, MODELS[name])


def prevalence(con: duckdb.DuckDBPyConnection, kind: str, what: str) -> list[tuple[object, ...]]:
    return con.execute(
        f"select {what} from metric.prevalence where brand = 'ours' and class = ? order by language", [kind]
    ).fetchall()


SHARP: Matrix = ((0.93, 0.04, 0.03), (0.5, 0.2, 0.3), (0.06, 0.09, 0.85))
BLUNT: Matrix = ((0.75, 0.1, 0.15), (0.4, 0.2, 0.4), (0.2, 0.2, 0.6))


@pytest.mark.parametrize("kind", ["good", "bad"])
@pytest.mark.parametrize(
    ("matrix", "mix", "calibrated", "reviews"),
    [
        (SHARP, (0.6, 0.1, 0.3), 400, 150),
        (SHARP, (0.88, 0.1, 0.02), 400, 400),
        (BLUNT, (0.5, 0.2, 0.3), 300, 300),
        (PERFECT, (0.6, 0.1, 0.3), 250, 60),
    ],
    ids=["sharp", "hardly any bad", "blunt", "perfect"],
)
def test_the_interval_holds_the_true_share_in_95_of_100_worlds(
    con: duckdb.DuckDBPyConnection, matrix: Matrix, mix: Sequence[float], calibrated: int, reviews: int, kind: str
) -> None:
    """The calibration holds far more, or far less, of the class than the brand does; the others are mixed alike."""
    worlds = 300
    rng = np.random.default_rng(20260101)
    truth = mix[CLASSES.index(kind)]
    shares = [0.4 if CLASSES[i] == kind else 0.6 * share / (1 - truth) for i, share in enumerate(mix)]
    world = World(matrix=matrix, mix=mix, calibrated_mix=shares, calibrated=calibrated, reviews=reviews)
    rows: list[tuple[object, ...]] = []
    starred: list[tuple[object, ...]] = []
    for number in range(worlds):
        more, held = world.rows(rng, f"w{number:03}")
        rows += more
        starred += held
    fill(con, rows, starred)
    found = prevalence(con, kind, "corrected_low, corrected_share, corrected_high")
    held_true = sum(low <= truth <= high for low, _, high in found)
    print(kind, held_true, np.mean([h-l for l,_,h in found]))
    assert binom.ppf(0.001, worlds, 0.95) <= held_true
