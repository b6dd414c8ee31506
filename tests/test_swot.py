"""The SWOT room: what is planted is found, what is not there is not claimed, and every quote stands in its review."""

import datetime as dt
import functools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from pipeline.market import SwotSettings
from pipeline.swot import SwotError, comparisons, swot
from pipeline.swot.room import run
from pipeline.words import Words
from tests.worlds import Habit, World, built, cells, swotted
from warehouse import build, publish

PLANTED = World(
    reviews=400,
    habits={
        ("brook", "support_wait"): Habit(good=0.1),
        ("cedar", "price_value"): Habit(mention=0.5, good=0.95),
    },
    recent={("delta", "comfort"): Habit(mention=0.6, good=0.05)},
    replies={"alpine": 0.9},
)


@pytest.fixture(scope="module", autouse=True)
def parsed_once() -> Iterator[None]:
    """The SQL files do not change between the worlds of this file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "read", functools.cache(build.read))
        yield


@pytest.fixture(scope="module")
def planted() -> Iterator[duckdb.DuckDBPyConnection]:
    con = swotted(PLANTED)
    yield con
    con.close()


def test_what_is_planted_is_found(planted: duckdb.DuckDBPyConnection) -> None:
    assert cells(planted) >= {
        ("brook", "weakness", "support_wait"),
        ("cedar", "strength", "price_value"),
        ("delta", "threat", "comfort"),
        ("alpine", "opportunity", "comfort"),
        ("alpine", "strength", None),
    }


def test_one_outlier_makes_nobody_else_strong_or_weak(planted: duckdb.DuckDBPyConnection) -> None:
    themed = {cell for cell in cells(planted) if cell[1] in ("strength", "weakness") and cell[2]}
    assert themed == {
        ("brook", "weakness", "support_wait"),
        ("cedar", "strength", "price_value"),
        ("delta", "weakness", "comfort"),
    }


def test_a_claim_says_what_happened_with_its_numbers(planted: duckdb.DuckDBPyConnection) -> None:
    claim, statistics = planted.execute(
        "select claim, statistics from mart.swot_cell where brand = 'delta' and quadrant = 'threat' and theme = 'comfort'"
    ).fetchall()[0]
    value, before = planted.execute(
        "select max(complaint_share) filter (\"window\" = 'current'), max(complaint_share) filter (\"window\" = 'previous')"
        " from metric.theme_brand where brand = 'delta' and theme = 'comfort'"
    ).fetchall()[0]
    assert claim.startswith(
        f"Complaints about comfort rose from {Words().pct(before)} to {Words().pct(value)} of reviews (90 days to Jun "
    )
    assert statistics.startswith("n = ")
    assert "95% interval" in statistics
    assert "q < 0.001" in statistics


def test_each_cell_has_three_quotes_that_stand_in_different_reviews(planted: duckdb.DuckDBPyConnection) -> None:
    quotes = planted.execute(
        "select e.cell_id, e.is_counter, e.quoted_from, e.quote, e.url, e.review_id, r.content, r.reply_text, r.author_hash"
        " from mart.evidence e join core.review r using (review_id)"
    ).fetchall()
    assert quotes
    for _, _, quoted_from, quote, url, review_id, content, reply, _ in quotes:
        assert quote in (reply if quoted_from == "reply" else content)
        assert url == f"https://stars.example/{review_id}"
    for (cell_id,) in planted.execute("select cell_id from mart.swot_cell").fetchall():
        agreeing = [q for q in quotes if q[0] == cell_id and not q[1]]
        assert len({q[5] for q in agreeing}) == len({q[8] for q in agreeing}) == len(agreeing) >= 3
        assert len([q for q in quotes if q[0] == cell_id and q[1]]) <= 1


def test_a_complaint_is_shown_by_complaints_of_its_own_window(planted: duckdb.DuckDBPyConnection) -> None:
    rows = planted.execute(
        "select e.quote, e.sentiment, e.published_on, w.starts_on, w.ends_on from mart.evidence e join mart.swot_cell c"
        " on c.cell_id = e.cell_id and c.rule = 'own_decline' and c.theme is not null"
        ' join metric."window" w on w.name = c."window" where not e.is_counter'
    ).fetchall()
    assert rows
    for quote, sentiment, published_on, starts_on, ends_on in rows:
        assert "terrible about comfort" in quote
        assert sentiment < 0
        assert starts_on <= published_on <= ends_on


def test_the_table_has_a_row_per_brand_the_own_one_first_and_says_where_nothing_is_proven(
    planted: duckdb.DuckDBPyConnection,
) -> None:
    rows = planted.execute("select brand, own, strengths, threats from mart.swot_table").fetchall()
    assert [row[:2] for row in rows] == [("alpine", True), ("brook", False), ("cedar", False), ("delta", False)]
    assert rows[1][2] == ["Nothing proven among 400 reviews"]
    assert all(row[2] and row[3] for row in rows)


def test_the_comparisons_that_are_told_of_are_those_that_were_corrected(planted: duckdb.DuckDBPyConnection) -> None:
    comparison_count, level_count, skipped_count = planted.execute(
        "select comparison_count, level_count, skipped_count from mart.method"
    ).fetchall()[0]
    corrected, listed = planted.execute("select count(q_value), count(*) from metric.test").fetchall()[0]
    assert comparison_count + level_count == corrected
    assert skipped_count == listed - corrected
    assert level_count > 0


def test_every_theme_of_a_brand_is_compared_among_the_same_reviews() -> None:
    """Comfort is spoken of in English only; the German reviews count among those that do not complain of it."""
    rows = World(reviews=60, brands=("alpine", "brook")).rows()
    english = {row[1] for row in rows["text.mention"] if row[3] == "comfort"}
    rows["text.sentence"] = [row if row[1] in english else (*row[:6], "de", *row[7:]) for row in rows["text.sentence"]]
    con = built(rows)
    run(con, settings=SwotSettings())
    counts = con.execute(
        "select distinct brand, n, n_rest from metric.test"
        " where metric in ('complaint_share', 'praise_share') and \"window\" = 'all' order by 1"
    ).fetchall()
    assert counts == [("alpine", 60, 60), ("brook", 60, 60)]
    con.close()


def test_every_table_and_column_says_what_it_holds(planted: duckdb.DuckDBPyConnection) -> None:
    assert [name for name in build.undocumented(planted) if name.split(".")[0] in ("metric", "rule", "mart")] == []


def test_too_few_reviews_are_printed_as_such_and_never_claimed() -> None:
    con = swotted(replace(PLANTED, reviews=9))
    assert cells(con) == set()
    verdicts = {row[0] for row in con.execute("select verdict from mart.theme_matrix").fetchall()}
    assert all(verdict.startswith("not enough evidence (n = ") for verdict in verdicts)
    con.close()


def test_a_minimum_above_every_count_silences_everything() -> None:
    con = swotted(PLANTED, min_reviews=1000)
    assert cells(con) == set()
    con.close()


def test_an_empty_market_gives_a_row_per_brand_and_no_cell() -> None:
    con = swotted(replace(PLANTED, reviews=0))
    assert cells(con) == set()
    assert con.execute("select strengths from mart.swot_table where brand = 'alpine'").fetchall() == [
        (["Not enough evidence (n = 0 reviews)"],)
    ]
    con.close()


def everything(con: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[object, ...]]]:
    names = [name for name in build.tables(con) if name.split(".")[0] in ("metric", "rule", "mart")]
    return {name: sorted(con.execute(f"select * from {name}").fetchall(), key=repr) for name in names}


def test_the_order_of_the_rows_changes_nothing(planted: duckdb.DuckDBPyConnection) -> None:
    rows = PLANTED.rows()
    rng = np.random.default_rng(5)
    shuffled = {name: [listed[i] for i in rng.permutation(len(listed))] for name, listed in rows.items()}
    con = built(shuffled)
    run(con, settings=SwotSettings())
    assert everything(con) == everything(planted)
    con.close()


def test_renaming_the_brands_renames_the_cells(planted: duckdb.DuckDBPyConnection) -> None:
    renamed = {"alpine": "zebra", "brook": "yak", "cedar": "xerus", "delta": "wolf"}
    rows = PLANTED.rows()
    again = {
        name: [tuple(renamed.get(value, value) if isinstance(value, str) else value for value in row) for row in listed]
        for name, listed in rows.items()
    }
    con = built(again)
    run(con, settings=SwotSettings())
    assert cells(con) == {(renamed[brand], quadrant, theme) for brand, quadrant, theme in cells(planted)}
    con.close()


def test_a_review_seen_twice_counts_once(planted: duckdb.DuckDBPyConnection) -> None:
    rows = PLANTED.rows()
    for row in list(rows["core.review"])[:200]:
        rows["core.review"].append(("copy-" + str(row[0]), *row[1:-1], row[0]))
    con = built(rows)
    run(con, settings=SwotSettings())
    assert everything(con)["metric.test"] == everything(planted)["metric.test"]
    assert con.execute("select sum(duplicate_count), sum(review_count) from mart.coverage").fetchall() == [(200, 1600)]
    con.close()


def test_undated_reviews_count_in_window_all_only() -> None:
    rows = World(reviews=40).rows()
    rows["core.review"] = [(*row[:8], None, None, *row[10:]) if i % 2 else row for i, row in enumerate(rows["core.review"])]
    con = built(rows)
    run(con, settings=SwotSettings())
    counts = dict(
        con.execute('select "window", sum(review_count) from metric.reply group by all').fetchall()  # every review, all brands
    )
    assert counts["all"] == 160
    dated = con.execute("select count(*) from metric.review where period in ('current', 'previous')").fetchall()[0][0]
    assert counts["current"] + counts["previous"] == dated < 80
    con.close()


def test_platforms_are_compared_with_themselves() -> None:
    """Everybody complains on one platform and nobody on the other; the brands only differ in where their customers write."""
    rows = World(reviews=300, brands=("alpine", "brook")).rows()
    harsh = Habit(mention=0.9, good=0.05)
    angry = replace(World(reviews=300, brands=("alpine", "brook"), seed=2), habits={
        (brand, theme): harsh for brand in ("alpine", "brook") for theme in World().themes
    }).rows()  # fmt: skip
    shares = {"alpine": 0.8, "brook": 0.2}
    for name in ("core.review", "text.sentence", "text.mention"):
        position = 1 if name != "core.review" else 0

        def chosen(row: tuple[object, ...], position: int = position) -> bool:
            brand = str(row[2] if position else row[1])
            return int(str(row[position])[-5:]) < 300 * shares[brand]

        calm = [row for row in rows[name] if not chosen(row)]
        cross = [row for row in angry[name] if chosen(row)]
        if name == "core.review":
            cross = [(*row[:2], "appstore", *row[3:]) for row in cross]
        rows[name] = calm + cross
    con = built(rows)
    run(con, settings=SwotSettings())
    assert {basis for (basis,) in con.execute("select distinct basis from metric.contrast").fetchall()} == {"platform"}
    assert {cell for cell in cells(con) if cell[1] in ("strength", "weakness") and cell[2]} == set()
    con.close()


def test_where_no_platform_is_shared_the_claim_says_so() -> None:
    rows = replace(PLANTED, brands=("alpine", "brook"), recent={}, habits={("brook", "comfort"): Habit(good=0.1)}).rows()
    rows["core.review"] = [(*row[:2], f"shop of {row[1]}", *row[3:]) for row in rows["core.review"]]
    con = built(rows)
    run(con, settings=SwotSettings())
    claims = con.execute("select claim from mart.swot_cell where quadrant = 'weakness' and brand = 'brook'").fetchall()
    assert claims
    assert all("platforms differ" in claim for (claim,) in claims)
    con.close()


def test_a_source_that_shows_no_answers_says_nothing_about_answering() -> None:
    con = swotted(replace(PLANTED, replies={"brook": 0.0}))
    assert con.execute(
        "select review_count, reply_rate from metric.reply where brand = 'brook' and \"window\" = 'all'"
    ).fetchall() == [(0, None)]
    assert ("brook", "weakness", None) not in {
        (brand, quadrant, theme)
        for brand, quadrant, theme, rule in con.execute("select brand, quadrant, theme, rule from mart.swot_cell").fetchall()
        if rule == "reply_rate"
    }
    con.close()


@pytest.mark.slow
def test_the_room_replaces_its_tables_whole_and_gives_the_same_again(tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    built(replace(PLANTED, reviews=60).rows(), path).close()
    first = swot(path, settings=SwotSettings())
    with duckdb.connect(str(path)) as con:
        before = everything(con)
        con.execute("create table mart.left_behind as select 1 as a")
    assert swot(path, settings=SwotSettings()) == first
    with duckdb.connect(str(path)) as con:
        assert everything(con) == before


def test_a_run_that_fails_leaves_the_former_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.duckdb"
    built(replace(PLANTED, reviews=60).rows(), path).close()
    swot(path, settings=SwotSettings())
    with duckdb.connect(str(path)) as con:
        before = everything(con)

    def fails(*_: object, **__: object) -> list[comparisons.Comparison]:
        raise KeyboardInterrupt

    monkeypatch.setattr(comparisons, "compare", fails)
    with pytest.raises(KeyboardInterrupt):
        swot(path, settings=SwotSettings(q_max=0.01))
    with duckdb.connect(str(path)) as con:
        assert everything(con) == before


def test_a_build_file_that_is_missing_or_not_scored_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SwotError, match=r"expected the build file .*missing\.duckdb, found none\. Run `rivalscope load`"):
        swot(tmp_path / "missing.duckdb", settings=SwotSettings())
    path = tmp_path / "bare.duckdb"
    build.connect(path).close()
    with pytest.raises(SwotError, match=r"expected core\.brand, .*text\.mention, .* in .*bare\.duckdb, found no such table"):
        swot(path, settings=SwotSettings())


def test_rankings_and_silence_are_shown_by_results_and_unanswered_reviews() -> None:
    rows = World(brands=("alpine", "brook"), replies={"alpine": 0.6, "brook": 0.05}).rows()
    for i in range(14):
        keyword = f"camper hire {i}"
        rows["core.keyword"].append((keyword, "find", "en"))
        for rank, brand in ((1, "alpine"), (2, None), (3, None), (9, "brook")):
            host = brand or f"guide{i}"
            found_at = (
                f"https://{host}.example/{i}-{rank}",
                f"{host}.example",
                f"{host.title()}: {keyword}, place {rank}",
                brand,
            )
            asked = (keyword, "find", "en", None, "web", "market.ranking.find", 1)
            check = (*asked, "r1", dt.datetime(2026, 6, 30, 6), "observed", rank, 10)
            rows["core.search_result"].append((*check, *found_at))
    con = built(rows)
    run(con, settings=SwotSettings())
    found = {(brand, quadrant, rule): cell_id for brand, quadrant, rule, cell_id in con.execute(
        "select brand, quadrant, rule, cell_id from mart.swot_cell where theme is null"
    ).fetchall()}  # fmt: skip
    assert found.keys() >= {
        ("alpine", "strength", "visibility"),
        ("brook", "weakness", "visibility"),
        ("alpine", "strength", "reply_rate"),
        ("brook", "weakness", "reply_rate"),
    }

    def quotes(*key: str) -> list[tuple[str, str | None, str]]:
        return con.execute(
            "select quoted_from, brand, quote from mart.evidence where cell_id = ? and not is_counter", [found[key]]
        ).fetchall()

    assert {row[:2] for row in quotes("alpine", "strength", "visibility")} == {("search result", "alpine")}
    assert ("search result", "alpine") in {row[:2] for row in quotes("brook", "weakness", "visibility")}
    assert all(row[0] == "reply" and row[2].startswith("Thank you") for row in quotes("alpine", "strength", "reply_rate"))
    assert all(row[0] == "review" and "terrible" in row[2] for row in quotes("brook", "weakness", "reply_rate"))
    con.close()


def test_a_flag_that_leaves_out_no_review_of_the_market_changes_no_number(planted: duckdb.DuckDBPyConnection) -> None:
    """With a flag the tables without flagged reviews are made by SQL, with none at all they are copied; both say what the tables with them say."""
    rows = PLANTED.rows()
    rows["text.suspicion"] = [("nobodys00001", "brook", "near_duplicate")]
    made = built(rows)
    run(made, settings=SwotSettings())
    tables = [name.split(".") for name in build.tables(made)]
    doubled = [(s.removesuffix(build.SIBLING), t) for s, t in tables if s.endswith(build.SIBLING) and t != "cell_survival"]
    doubled.remove(("metric", "left_out"))
    assert {table for schema, table in doubled if schema == "rule"} == {table for schema, table in tables if schema == "rule"}
    assert {("metric", "theme_brand"), ("metric", "test"), ("mart", "swot_cell"), ("mart", "evidence"), ("mart", "summary")} <= {
        *doubled
    }
    for schema, table in doubled:
        one, *others = (
            con.execute(f'from {name}."{table}" order by all').fetchall()
            for con in (planted, made)
            for name in (schema, f"{schema}{build.SIBLING}")
        )
        assert others == [one] * 3, (schema, table)
    said = (
        "select schema_name, table_name, column_name, comment from duckdb_columns() union all select schema_name, table_name, null, comment"
        f" from duckdb_tables() where schema_name like '%{build.SIBLING}' order by all"
    )
    for con in (planted, made):
        assert set(con.execute("select survives from mart_unflagged.cell_survival").fetchall()) == {(True,)}
        assert build.undocumented(con) == [name for name in build.undocumented(con) if name.startswith(("core.", "text."))]
        assert con.execute(said).fetchall() == planted.execute(said).fetchall()
    made.close()


def test_numbers_can_be_had_without_flagged_reviews() -> None:
    """Brook's complaints of waiting come from reviews that are flagged: the weakness stands with them, and falls without them."""
    rows = replace(PLANTED, recent={}, replies={}, habits={("brook", "support_wait"): Habit(good=0.1)}).rows()
    worse = [m[1] for m in rows["text.mention"] if m[2] == "brook" and m[3] == "support_wait" and m[5] == "negative"]
    rows["text.suspicion"] = [(review, "brook", "near_duplicate") for review in worse] + [
        ("alpine00001", "alpine", "one_review_author")
    ]
    rows["text.suspicion"].append((str(worse[0]), "brook", "burst"))
    con = built(rows)
    run(con, settings=SwotSettings())
    assert con.execute("select count(*), count(*) filter (where len(flags) = 2) from metric_unflagged.left_out").fetchall() == [
        (len(worse), 1)
    ]
    counts = "select review_count, negative_count from {}.theme_brand where brand = 'brook' and theme = 'support_wait' and \"window\" = 'all'"
    (with_them,) = con.execute(counts.format("metric")).fetchall()
    assert con.execute(counts.format("metric_unflagged")).fetchall() == [(with_them[0] - len(worse), 0)]
    weak = ("brook", "weakness", "support_wait")
    assert weak in cells(con)
    assert weak not in set(con.execute("select brand, quadrant, theme from mart_unflagged.swot_cell").fetchall())
    assert con.execute(
        "select survives, left_out_count from mart_unflagged.cell_survival where brand = 'brook' and quadrant = 'weakness' and theme = 'support_wait'"
    ).fetchall() in ([(False, len(worse))], [(None, len(worse))])
    again = [check for check in publish._checks(set(build.tables(con))) if check.schema == "check_unflagged"]
    assert {"swot_cell_grain", "evidence_quote"} <= {check.table for check in again}
    assert [check.name for check in again if con.execute(check.sql).fetchall()] == []
    con.close()


def test_the_market_says_which_flags_leave_out() -> None:
    rows = replace(PLANTED, reviews=40).rows()
    rows["text.suspicion"] = [("brook00001", "brook", "near_duplicate"), ("brook00002", "brook", "invited")]
    con = built(rows)
    run(con, settings=SwotSettings(leave_out_flags=("invited",)))
    assert con.execute("select review_id from metric_unflagged.left_out").fetchall() == [("brook00002",)]
    run(con, settings=SwotSettings(leave_out_flags=()))
    assert con.execute("select review_id from metric_unflagged.left_out").fetchall() == []
    con.close()
    with pytest.raises(ValueError, match=r"a flag of text\.suspicion: burst"):
        SwotSettings.model_validate({"leave_out_flags": ["robots"]})
