"""The tables of schema metric that say why and since when: read from SQL's, worked out in numpy, written beside them."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import duckdb
import numpy as np

from pipeline.market import SwotSettings
from pipeline.swot import causes, drivers, months, seasons, tables, years

TABLES = ("metric.driver", "metric.cause", "metric.change_point", "metric.season", "metric.year_change")
"""What `make` makes, by the names in schema metric."""


def make(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    settings: SwotSettings,
    note: str = "",
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, int]:
    """Replaces the tables in `schema` (metric or its sibling), out of that schema's reviews; row counts by table.

    `note` is added to what each table says of itself.
    """
    counts = {}

    def write(name: str, kind: type[NamedTuple], rows: Sequence[NamedTuple], grain: str, columns: Mapping[str, str]) -> None:
        held = [row._make(map(_steady, row)) for row in rows]
        grain = f"{grain} {note}".strip()
        counts[f"{schema}.{name}"] = tables.write(con, f"{schema}.{name}", kind, held, grain=grain, columns=columns)
        progress(f"{schema}.{name}: {len(rows):,} rows")

    themes = [theme for (theme,) in con.execute("select theme from core.theme order by position, theme").fetchall()]
    brands = [brand for (brand,) in con.execute("select brand from core.brand order by position, brand").fetchall()]
    driven = drivers.drivers(_ratings(con, schema), brands=brands, themes=themes, min_reviews=settings.min_reviews)
    write("driver", drivers.Driver, driven, drivers.GRAIN, drivers.COLUMNS)
    paired = causes.causes(_complaints(con, schema), brands=brands, themes=themes, min_reviews=settings.min_reviews)
    write("cause", causes.Cause, paired, causes.GRAIN, causes.COLUMNS)

    by_month = con.execute(
        "select brand, platform, language, month, theme, review_count, complaint_count"  # noqa: S608 - as below
        f" from {schema}.month"
    ).fetchall()
    all_series = list(months.series(by_month, themes))
    changed = months.changes(all_series, min_reviews=settings.min_reviews, q_max=settings.q_max)
    write("change_point", months.Change, changed, months.GRAIN, months.COLUMNS)
    write("season", seasons.Season, seasons.seasons(all_series, q_max=settings.q_max), seasons.GRAIN, seasons.COLUMNS)

    contrasts = [years.YearContrast(*row) for row in tables.read(con, f"{schema}.year_contrast", years.YearContrast._fields)]
    yearly = years.year_changes(contrasts, min_reviews=settings.min_reviews)
    write("year_change", years.YearChange, yearly, years.GRAIN, years.COLUMNS)
    return counts


def _steady(value: object) -> object:
    """Nine digits: the last ones of a sum depend on how many threads add it up."""
    return float(f"{value:.9g}") if isinstance(value, float) else value


def _ratings(con: duckdb.DuckDBPyConnection, schema: str) -> drivers.Ratings:
    """Places and codes are given by SQL, so that a million reviews cross as numbers."""
    con.execute(
        "create or replace temp table rated as"  # noqa: S608 - schemas of this package
        " select review_id, row_number() over (order by r.brand, review_id) - 1 as place, b.code as brand,"
        " dense_rank() over (order by r.brand, platform, language) - 1 as stratum, rating"
        f" from {schema}.review r"
        " join (select brand, row_number() over (order by position, brand) - 1 as code from core.brand) b on b.brand = r.brand"
        " where has_text and rating is not null"
    )
    reviews = con.execute("select brand, stratum, rating from rated order by place").fetchnumpy()
    mentions = con.execute(
        "select place, code, value > 0 as praises"  # noqa: S608 - as above
        f" from {schema}.review_theme m"
        " join rated using (review_id)"
        " join (select theme, row_number() over (order by position, theme) - 1 as code from core.theme) t on t.theme = m.theme"
        " where value <> 0"
    ).fetchnumpy()
    con.execute("drop table rated")
    return drivers.Ratings(
        brand=np.asarray(reviews["brand"], dtype=np.int64),
        stratum=np.asarray(reviews["stratum"], dtype=np.int64),
        stars=1 + 4 * np.asarray(reviews["rating"], dtype=np.float64),
        review=np.asarray(mentions["place"], dtype=np.int64),
        theme=np.asarray(mentions["code"], dtype=np.int64),
        praises=np.asarray(mentions["praises"], dtype=np.bool_),
    )


def _complaints(con: duckdb.DuckDBPyConnection, schema: str) -> causes.Complaints:
    found = con.execute(
        "select dense_rank() over (order by review_id) as review, b.code as brand, t.code as theme"  # noqa: S608 - as above
        f" from {schema}.review_theme m"
        " join (select brand, row_number() over (order by position, brand) - 1 as code from core.brand) b on b.brand = m.brand"
        " join (select theme, row_number() over (order by position, theme) - 1 as code from core.theme) t on t.theme = m.theme"
        " where value < 0"
    ).fetchnumpy()
    return causes.Complaints(
        brand=np.asarray(found["brand"], dtype=np.int64),
        review=np.asarray(found["review"], dtype=np.int64),
        theme=np.asarray(found["theme"], dtype=np.int64),
    )
