"""Markets drawn from known probabilities, as arrays, and put into a build by SQL: a thousand of them in minutes.

A customer has a mood (normal, mean 0), writes in one place and one language on one day, and mentions each theme or not. Whether a mention
praises depends on the theme, the place, the language and the mood; so the mentions of one review agree more than chance would have
them. Stars come from the mood, from what was mentioned, and from the place: what is planted in a theme moves the stars of those who
mention it. A brand that invites its happy customers keeps reviews by their stars.
"""

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import duckdb
import numpy as np
from numpy.typing import NDArray

from pipeline.swot import room, why
from tests.worlds import SCHEMA
from warehouse import build

Array = NDArray[np.float64]
Columns = dict[str, NDArray[np.generic]]

_CUTS = (-1.4, -0.8, -0.3, 0.4)
"""Where one more star begins: about 20, 9, 10, 20 and 41 % of reviews have one to five."""


@dataclass(frozen=True, kw_only=True)
class Market:
    """Brands b0, b1, …, alike but for what is said here."""

    sizes: Sequence[int]
    """Reviews of each brand."""
    themes: int = 12
    mentions: Sequence[float] = ()
    """Share of reviews that mention each theme; drawn from 0.08 to 0.45 where empty."""
    sources: Sequence[Sequence[float]] = ((1.0,),)
    """Shares of the places for each brand, or one line for all of them."""
    harsh: Sequence[float] = (0.0, -1.2, 0.8)
    """What each place adds to the log-odds of praise."""
    languages: Sequence[Sequence[float]] = ((1.0,),)
    strict: Sequence[float] = (0.0, -0.8)
    """What each language adds."""
    kept: Sequence[Sequence[float]] = ((1.0, 1.0, 1.0, 1.0, 1.0),)
    """For each brand, or once for all: the chance that a review of one, two, … five stars is written at all."""
    planted: Mapping[tuple[int, int], float] = field(default_factory=dict)
    """(brand, theme) → what is added to its net sentiment."""
    mood: float = 1.0
    """How much of everything a customer says hangs on the mood: at 1 praise of a theme and stars correlate at 0.4, at 2.5 at 0.7, as in
    captured exports."""
    at_heart: float = 0.0
    """Share of those whom a planted effect turned who give their stars for that theme alone."""
    answered: float = 0.4
    seed: int = 0

    def draw(self) -> "Drawn":
        rng = np.random.default_rng(self.seed)
        bias = rng.uniform(-0.4, 1.2, self.themes)  # a theme that nobody complains of has no room for a plant
        mention = np.array(self.mentions) if len(self.mentions) else rng.uniform(0.08, 0.45, self.themes)
        reviews: list[Columns] = []
        mentions: list[Columns] = []
        first = 0
        for brand, size in enumerate(self.sizes):
            kept = _of(self.kept, brand)
            drawn = int(size / max(0.2, kept.min())) + 40 if kept.min() < 1 else size
            source = rng.choice(len(_of(self.sources, brand)), drawn, p=_of(self.sources, brand))
            language = rng.choice(len(_of(self.languages, brand)), drawn, p=_of(self.languages, brand))
            place = np.array(self.harsh)[source] + np.array(self.strict)[language]
            mood = rng.normal(size=drawn)
            says = rng.random((drawn, self.themes)) < mention
            odds = bias + (place + self.mood * mood)[:, None]
            value = np.where(rng.random(odds.shape) < 1 / (1 + np.exp(-odds)), 1, -1)
            value[rng.random(odds.shape) < 0.1] = 0
            given = np.zeros(drawn)
            for (which, theme), effect in self.planted.items():
                if which == brand:
                    turned = _shift(value[:, theme], effect, rng) & says[:, theme] & (rng.random(drawn) < self.at_heart)
                    given[turned] = np.sign(effect)
            said = says.sum(axis=1)
            overall = np.where(said > 0, (value * says).sum(axis=1) / np.maximum(said, 1), 0.0)
            score = 0.8 * mood + 0.9 * overall + 0.5 * place + rng.normal(0, 0.6, drawn)
            score = np.where(given == 0, score, 2 * given)
            stars = 1 + np.searchsorted(_CUTS, score)
            here = np.flatnonzero(rng.random(drawn) < kept[stars - 1])[:size]
            numbers = first + np.arange(len(here))
            first += len(here)
            reviews.append(
                {
                    "number": numbers,
                    "brand": np.full(len(here), brand),
                    "source": source[here],
                    "language": language[here],
                    "stars": stars[here],
                    "age": rng.integers(0, 360, len(here)),
                    "is_answered": rng.random(len(here)) < self.answered,
                }
            )
            row, theme = np.nonzero(says[here])
            mentions.append({"number": numbers[row], "theme": theme, "value": value[here][row, theme]})
        return Drawn(len(self.sizes), self.themes, _joined(reviews), _joined(mentions))


def _of(shares: Sequence[Sequence[float]], brand: int) -> Array:
    return np.array(shares[brand if len(shares) > 1 else 0], dtype=np.float64)


def _shift(values: NDArray[np.int64], effect: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Adds `effect` to the mean, in place: each praise becomes a complaint (or a complaint praise) with the chance that takes. Which were."""
    turned = values == (1 if effect < 0 else -1)
    turned &= rng.random(len(values)) < min(1.0, abs(effect) / 2 / max(turned.mean(), 1e-9))
    values[turned] = 1 if effect > 0 else -1
    return turned


def _joined(parts: Sequence[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@dataclass(frozen=True)
class Drawn:
    """Reviews and mentions as columns; `number` ties them together."""

    brands: int
    themes: int
    reviews: Columns
    mentions: Columns

    def built(self) -> duckdb.DuckDBPyConnection:
        """The tables that the SWOT room reads, in memory. Every mention is a sentence of its own, so that cells find their quotes."""
        con = build.connect(threads=1)
        for name, columns in SCHEMA.items():
            con.execute(f"create schema if not exists {name.split('.')[0]}")
            con.execute(f"create table {name} ({columns})")
        reviews, mentions = self.reviews, self.mentions  # noqa: F841  DuckDB reads them by name
        con.execute("create temp table review as select * from reviews")
        con.execute("create temp table mention as select * from mentions")
        con.execute(f"create temp table brand as select range as brand from range({self.brands})")
        con.execute(f"create temp table theme as select range as theme from range({self.themes})")
        con.execute(_TABLES)
        return con


_TABLES = """
    insert into core.brand select 'b' || brand, 'Brand ' || brand, brand = 0, brand, [] from brand;
    insert into core.theme select 't' || theme, 'Theme ' || theme, json_object('en', 'Theme ' || theme), 'use', theme from theme;
    insert into core.source
    select distinct 'b' || brand, 'reviews', 'table', 's' || source, 'b' || brand || '.reviews.s' || source, 'licensed_export', null
    from review;
    insert into text.sentence
    select
        number || '.' || row_number() over (partition by number order by theme) as sentence_id, cast(number as varchar), 'b' || brand,
        row_number() over (partition by number order by theme) as place, 64 * (place - 1), 64 * (place - 1) + 62,
        'l' || language,
        rpad(case value when 1 then 'They were wonderful' when -1 then 'They were terrible' else 'Nothing special' end
            || ' about theme ' || theme || ' on visit number ' || number, 61, ' ') || '.',
        0.6 * value, case value when 1 then 'positive' when -1 then 'negative' else 'neutral' end
    from mention join review using (number);
    insert into text.sentence
    select number || '.1', cast(number as varchar), 'b' || brand, 1, 0, 62, 'l' || language,
        rpad('We came on a Tuesday and left on a Friday, visit ' || number, 61, ' ') || '.', 0.0, 'neutral'
    from review where number not in (select number from mention);
    insert into text.mention
    select number || '.' || row_number() over (partition by number order by theme), cast(number as varchar), 'b' || brand, 't' || theme,
        0.6 * value, case value when 1 then 'positive' when -1 then 'negative' else 'neutral' end
    from mention join review using (number);
    insert into core.review by name
    select
        cast(r.number as varchar) as review_id, 'b' || r.brand as brand, 's' || r.source as source, (r.stars - 1) / 4 as rating, r.stars,
        5 as stars_max, s.content, 'l' || r.language as language,
        timestamp '2026-06-30 09:30:00' - to_days(cast(r.age as integer)) as published_at, cast(published_at as date) as published_on,
        'author ' || r.number as author_hash, case when r.is_answered then 'Thank you for telling us.' end as reply_text,
        case when r.is_answered then published_at + to_hours(5) end as reply_at, 'https://stars.example/' || r.number as url
    from review r
    join (select review_id, string_agg(text, '  ' order by position) as content from text.sentence group by review_id) s
        on s.review_id = cast(r.number as varchar);
    insert into core.coverage by name
    select target, brand, kind, source, 'observed' as status, 100 as record_count from core.source
"""


@contextmanager
def lean() -> Iterator[None]:
    """Within it the room makes mart.swot_cell and what that reads, and nothing else, without comments and without the second pass that leaves
    flagged reviews out: a third of the time, and the same cells (tests/test_swot_worlds.py holds the two against each other)."""
    read = functools.cache(build.read)
    models = {
        m.name: m for folder in ("metric", "rule", "mart") for m in (read(p) for p in sorted((build.SQL / folder).glob("*.sql")))
    }
    # What Python reads of them, and what the table in the end needs.
    wanted = {"mart.swot_cell", "metric.contrast", "metric.star_contrast", "metric.level", "metric.pair", "metric.host"}
    wanted |= {name for name in models if name.startswith("rule.")}
    while more := {read for name in wanted & models.keys() for read in models[name].reads} - wanted:
        wanted |= more

    def chosen(*schemas: str, root: Path = build.SQL) -> list[build.Model]:
        assert root == build.SQL
        return [model for name, model in models.items() if model.schema in schemas and name in wanted]

    with ExitStack() as held:
        for where, name, instead in (
            (build, "models", chosen),
            (build, "describe", _nothing),
            (room, "_siblings", _nothing),
            *(() if wanted.intersection(why.TABLES) else ((why, "make", _no_tables),)),
        ):
            held.enter_context(patch.object(where, name, instead))
        yield


def _no_tables(*_: object, **__: object) -> dict[str, int]:
    return {}


def _nothing(*_: object, **__: object) -> None:
    """In the place of what changes no cell."""
