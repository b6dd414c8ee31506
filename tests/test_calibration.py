"""What is held out of teaching, and the shares that are corrected by it: known worlds in, the truth within the interval."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import duckdb
import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from test_sql import MODELS

from pipeline import words
from pipeline.text import calibration
from pipeline.text.sentiment import model
from warehouse import build

CLASSES = ("good", "middle", "bad")
READINGS = ("good", "neutral", "bad")
STARS = {"good": 1.0, "middle": 0.5, "bad": 0.0}
VALUES = {"good": 1, "neutral": 0, "bad": -1}

REVIEW = {
    "review_id": "varchar",
    "brand": "varchar",
    "platform": "varchar",
    "language": "varchar",
    "rating": "double",
    "value": "integer",
}
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
        words.register(opened)
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


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["good", "bad"])
@pytest.mark.parametrize(
    ("matrix", "mix", "sizes"),
    [
        (SHARP, (0.6, 0.1, 0.3), (400, 150)),
        (SHARP, (0.88, 0.1, 0.02), (400, 400)),
        (BLUNT, (0.5, 0.2, 0.3), (300, 300)),
        (PERFECT, (0.6, 0.1, 0.3), (250, 60)),
    ],
    ids=["sharp", "hardly any bad", "blunt", "perfect"],
)
def test_the_interval_holds_the_true_share_in_95_of_100_worlds(
    con: duckdb.DuckDBPyConnection, matrix: Matrix, mix: Sequence[float], sizes: tuple[int, int], kind: str
) -> None:
    """The calibration holds far more, or far less, of the class than the brand does; the others are mixed alike."""
    worlds = 300
    rng = np.random.default_rng(20260101)
    truth = mix[CLASSES.index(kind)]
    shares = [0.4 if CLASSES[i] == kind else 0.6 * share / (1 - truth) for i, share in enumerate(mix)]
    world = World(matrix=matrix, mix=mix, calibrated_mix=shares, calibrated=sizes[0], reviews=sizes[1])
    rows: list[tuple[object, ...]] = []
    starred: list[tuple[object, ...]] = []
    for number in range(worlds):
        more, held = world.rows(rng, f"w{number:03}")
        rows += more
        starred += held
    fill(con, rows, starred)
    found = prevalence(con, kind, "corrected_low, corrected_high")
    held_true = sum(low <= truth <= high for low, high in found)
    assert binom.ppf(0.001, worlds, 0.95) <= held_true
    assert np.mean([high - low for low, high in found]) < 0.5


def readings(matrix: Sequence[Sequence[int]], brand: str, stars: bool) -> list[tuple[object, ...]]:
    """metric.review: of each class, as many reviews as `matrix` says were read as each of READINGS."""
    return [
        (f"{brand}-{kind}-{read}-{n}", brand, "stars.example", "en", STARS[kind] if stars else None, VALUES[read])
        for kind, row in zip(CLASSES, matrix, strict=True)
        for read, count in zip(READINGS, row, strict=True)
        for n in range(count)
    ]


def held(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [(row[0], row[0], True) for row in rows if row[4] is not None]


count = st.integers(0, 40)
counts = st.lists(st.lists(count, min_size=3, max_size=3), min_size=3, max_size=3)


@given(ours=counts.filter(lambda m: sum(map(sum, m)) > 0), other=counts, seed=st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_a_correction_stays_within_what_is_possible_whatever_the_order(
    ours: list[list[int]], other: list[list[int]], seed: Random
) -> None:
    rows = readings(ours, "ours", stars=False) + readings(other, "other", stars=True)
    starred = held(rows) or [("nothing", "nothing", True)]
    with build.connect(threads=1) as con:
        words.register(con)
        con.execute(TABLES)
        fill(con, rows, starred)
        first = con.execute("from metric.prevalence").fetchall(), con.execute("from mart.reading_quality").fetchall()
        for low, share, high in prevalence(con, "good", "corrected_low, corrected_share, corrected_high"):
            assert share is None or 0 <= low <= share <= high <= 1
        seed.shuffle(rows)
        fill(con, rows, starred)
        assert (con.execute("from metric.prevalence").fetchall(), con.execute("from mart.reading_quality").fetchall()) == first


def test_readings_that_never_err_are_not_corrected(con: duckdb.DuckDBPyConnection) -> None:
    rows = readings(((30, 0, 0), (0, 7, 0), (0, 0, 13)), "ours", stars=False)
    rows += readings(((90, 0, 0), (0, 30, 0), (0, 0, 60)), "other", stars=True)
    fill(con, rows, held(rows))
    found = prevalence(con, "bad", "read_share, corrected_share, is_sound, best")
    assert found == [(0.26, pytest.approx(0.26), True, "corrected")]
    assert prevalence(con, "good", "corrected_share") == [(pytest.approx(0.6),)]


def test_a_calibration_that_does_not_fit_is_not_believed(con: duckdb.DuckDBPyConnection) -> None:
    """Half of the calibration's good reviews are read as bad, but none of the brand's three hundred is."""
    rows = readings(((300, 0, 0), (0, 0, 0), (0, 0, 0)), "ours", stars=False)
    rows += readings(((60, 0, 60), (0, 0, 0), (0, 0, 100)), "other", stars=True)
    fill(con, rows, held(rows))
    (found,) = prevalence(con, "bad", "corrected_share, corrected_high, is_sound, why_not, best")
    assert found[:3] == (0, 0, False)
    assert "outside 0 to 1" in str(found[3])
    assert found[4] == "read"


def test_the_cuts_of_the_classes_are_those_that_teach() -> None:
    for name in ("metric.calibration", "metric.prevalence"):
        sql = MODELS[name].sql
        assert float(re.search(r"([\d.]+) as good_from", sql)[1]) == model.POSITIVE_FROM  # type: ignore[index]  # it is there
        assert float(re.search(r"([\d.]+) as bad_to", sql)[1]) == model.NEGATIVE_TO  # type: ignore[index]  # it is there


def starred(texts: Sequence[tuple[str, str]]) -> dict[str, bool]:
    """review_id → is_held_out."""
    with duckdb.connect() as con:
        con.execute(
            "create schema core; create table core.review (review_id varchar, content varchar, rating double, duplicate_of varchar)"
        )
        con.executemany("insert into core.review values (?, ?, 1.0, null)", [list(each) for each in texts])
        calibration.hold_out(con)
        return dict(con.execute("select review_id, is_held_out from text.starred").fetchall())


def test_about_a_fifth_of_the_wordings_is_held_out_and_none_changes_sides() -> None:
    texts = [(f"r{n:04}", f"{n} 번째 방문, 좋아요") for n in range(2000)]
    first = starred(texts)
    assert binom.ppf(0.0005, 2000, 0.2) <= sum(first.values()) <= binom.ppf(0.9995, 2000, 0.2)
    later = starred([*reversed(texts), *((f"s{n:04}", f"{n} new") for n in range(500))])
    assert {key: later[key] for key in first} == first


def test_near_duplicates_stand_on_one_side() -> None:
    for n in range(40):
        said = f"Visit {n}: the room was clean, thank you"
        same = (said, said.upper() + "!!!", said.replace(" ", "  ") + " \U0001f600", f"*{said}*\n", said.replace(":", ""))
        assert len(set(starred([(f"r{i}", text) for i, text in enumerate(same)]).values())) == 1
    emoji = Counter(starred([(f"e{i}", "\U0001f600" * i) for i in range(1, 60)]).values())
    assert len(emoji) == 2  # words or none, some are held out


def test_what_cannot_be_held_against_stars_is_not_listed() -> None:
    with duckdb.connect() as con:
        con.execute(
            "create schema core; create table core.review as select * from (values ('a', ' ', 1.0, null), ('b', 'x', null, null), "
            "('c', 'x', 1.0, 'd'), ('d', 'x', 1.0, null)) as t(review_id, content, rating, duplicate_of)"
        )
        assert calibration.hold_out(con) == 1
        assert con.execute("select review_id from text.starred").fetchall() == [("d",)]
