"""`rivalscope sql`: whatever is asked, nothing is written or reached; and the query behind a cell gives the cell's numbers."""

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot
from conftest import HOSTILE, Ran, rivalscope
from sqlglot import exp

from pipeline import explain
from pipeline.market import SwotSettings
from pipeline.query import QueryError, answer, published
from pipeline.swot.room import run
from tests.worlds import World, built

pytestmark = pytest.mark.slow

NUMBERS = ("n", "n_rest", "value", "value_rest", "effect")


@pytest.fixture(scope="module")
def con(demo: Ran) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = published(demo.data)
    yield opened
    opened.close()


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, object]]:
    cursor = con.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def agree(found: object, wanted: object) -> bool:
    if isinstance(found, int | float) and isinstance(wanted, int | float):
        return math.isclose(found, wanted, rel_tol=0, abs_tol=1e-6)  # sums of ratings are rounded to six digits on the way
    return found is wanted is None


def test_the_printed_query_gives_the_numbers_of_every_cell(con: duckdb.DuckDBPyConnection) -> None:
    cells = rows(con, "select * from mart.swot_cell")
    tested = {metric for (metric,) in con.execute("select distinct metric from metric.test").fetchall()}
    assert sum(cell["metric"] in tested for cell in cells) > 15
    for cell in cells:
        (found,) = rows(con, explain.explained(con, str(cell["cell_id"])))
        assert all(agree(found[name], cell[name]) for name in ("n", "n_rest", "effect")), (cell, found)
        # What is compared is counted again from reviews; facts and what rules test themselves come from their rule.
        assert (found.keys() == set(NUMBERS)) == (cell["metric"] in tested)


def test_the_same_holds_for_comparisons_that_found_nothing(con: duckdb.DuckDBPyConnection) -> None:
    """Of each metric, window and basis the largest, the smallest and one in between."""
    tests = rows(
        con,
        'select * from metric.test where effect is not null qualify row_number() over (partition by metric, "window", basis order by n) in'
        ' (1, count(*) over (partition by metric, "window", basis) // 2, count(*) over (partition by metric, "window", basis))',
    )
    assert {str(test["metric"]) for test in tests} >= {
        "net_sentiment", "complaint_share", "praise_share", "rating", "reply_rate", "visibility", "open_keywords",
        "rivals_complaint_share", "net_sentiment_change", "complaint_share_change", "praise_share_change", "rating_change",
    }  # fmt: skip
    for test in tests:
        query = explain.compared(test)
        assert query is not None
        (found,) = rows(con, query)
        assert all(agree(found[name], test[name]) for name in NUMBERS), (test, found)


def test_a_metric_without_a_file_is_explained_by_its_rule(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = rows(con, "select * from mart.swot_cell")
    monkeypatch.setattr(explain, "compared", lambda _: None)
    for rule in {str(cell["rule"]) for cell in cells}:
        cell = next(cell for cell in cells if cell["rule"] == rule)
        (found,) = rows(con, explain.explained(con, str(cell["cell_id"])))
        assert all(agree(found[name], cell[name]) for name in ("n", "n_rest", "effect", "low", "high", "q_value"))


_MOVES_AND_MOULD = """
    create temp table leaving as
    select sentence_id, review_id, brand from text.sentence where brand = 'alpine' and position = 0 order by sentence_id limit 12;
    update text.sentence set text = 'I am leaving and went with Brook.' where sentence_id in (select sentence_id from leaving);
    insert into text.signal select sentence_id, review_id, brand, 'intent', 'churn', 0.5, null from leaving;
    insert into text.term
    select any_value(s.sentence_id), s.review_id, s.brand, 'en', 'mould'
    from text.sentence s join core.review r using (review_id)
    where s.brand = 'brook' and r.published_on > date '2026-04-15'
    group by s.review_id, s.brand order by s.review_id limit 12;
"""


def test_what_a_rule_tests_itself_is_counted_from_texts_too() -> None:
    con = built(World().rows())
    con.execute(_MOVES_AND_MOULD)
    run(con, settings=SwotSettings())
    cells = rows(con, "select * from mart.swot_cell where rule in ('churn_to_rival', 'new_complaint')")
    assert {cell["rule"] for cell in cells} == {"churn_to_rival", "new_complaint"}
    for cell in cells:
        query = explain.explained(con, str(cell["cell_id"]))
        assert {f"{table.db}" for table in sqlglot.parse_one(query, read="duckdb").find_all(exp.Table) if table.db} <= {
            "core",
            "text",
            "metric",
        }
        (found,) = rows(con, query)
        assert all(agree(found[name], cell[name]) for name in ("n", "n_rest", "effect", "q_value"))


def test_the_query_is_printed_and_can_be_piped_back(tea: Ran) -> None:
    listed = rivalscope("sql", tea.market, "--data", tea.data, "select cell_id, n, effect from mart.swot_cell", "--json").stdout
    cell = json.loads(listed.splitlines()[0])
    query = rivalscope("sql", tea.market, "--data", tea.data, "--explain", cell["cell_id"]).stdout
    again = json.loads(rivalscope("sql", tea.market, "--data", tea.data, query, "--json").stdout)
    assert again["n"] == cell["n"]
    assert math.isclose(again["effect"], cell["effect"], abs_tol=1e-9)
    done = rivalscope("sql", tea.market, "--data", tea.data, "--explain", "nothing", code=1)
    assert "Expected the id of a cell of the published run, found 'nothing'" in done.stderr
    assert cell["cell_id"] in done.stderr


@pytest.mark.parametrize(
    "sql",
    [
        "delete from mart.swot_cell",
        "select 1; drop table mart.swot_cell",
        "create table x as select 1",
        "select * from read_csv('/etc/hostname')",
        "select * from '/etc/hostname'",
        "select * from read_text('/etc/hostname')",
        "copy (select 1) to '{out}'",
        "export database '{out}'",
        "attach '{out}' as other",
        "install httpfs",
        "load '{out}'",
        "select * from read_parquet('http://127.0.0.1:1/x')",
        "set enable_external_access = true",
        "set memory_limit = '1TB'",
        "reset lock_configuration",
        "pragma profiling_output = '{out}'",
        "select",
        "select * from nowhere",
    ],
)
def test_what_writes_or_reaches_out_is_refused(tea: Ran, tmp_path: Path, sql: str) -> None:
    out = tmp_path / "out"
    with pytest.raises(QueryError):
        answer(tea.data, sql.format(out=out), explain=None, form="csv", out=io.StringIO())
    assert not list(tmp_path.iterdir())


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("form", ["table", "csv", "csv for spreadsheets", "json"])
def test_a_terminal_gets_no_control_character(tea: Ran, form: str) -> None:
    out = Terminal()
    sql = "select content as \"a\u001b[2J\", chr(27) || '[31m' || chr(7) || chr(155) || chr(8238) as y from core.review"
    answer(tea.data, sql, explain=None, form=form, out=out)  # type: ignore[arg-type]  # one of the three
    shown = out.getvalue()
    body = shown.replace("\n", "") if form != "table" else "".join(c for c in shown.replace("\n", "") if c != "\x1b")
    assert not [c for c in body if ord(c) < 32 or 127 <= ord(c) < 160 or 0x202A <= ord(c) <= 0x202E]
    assert "\x1b[31m" not in shown
    assert "\x1b[2J" not in shown


def test_csv_for_spreadsheets_marks_what_would_run_and_alters_nothing_else(tea: Ran) -> None:
    texts = ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", " =1", "＝1", "a=1", "1-1", "'=1", ""]
    # VALUES keeps its order.
    sql = f"select text, -1.5::double as number, date '2026-01-01' as day, null as nothing from (values {', '.join('(?)' for _ in texts)}) as t (text)"
    for text in texts:
        sql = sql.replace("?", "'" + text.replace("'", "''") + "'", 1)
    plain, safe = io.StringIO(newline=""), io.StringIO(newline="")
    answer(tea.data, sql, explain=None, form="csv", out=plain)
    answer(tea.data, sql, explain=None, form="csv for spreadsheets", out=safe)
    rows, marked = (list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1:] for out in (plain, safe))
    assert [row[0] for row in rows] == texts
    assert [row[0] for row in marked] == [*(f"'{text}" for text in texts[:8]), *texts[8:]]
    assert [row[1:] for row in marked] == [row[1:] for row in rows] == [["-1.5", "2026-01-01", ""]] * len(texts)


def test_rows_come_whole_as_csv_and_json(tea: Ran) -> None:
    sql = "select native_id, content, rating, published_on, reply_text from core.review order by native_id"
    as_csv, as_json = io.StringIO(), io.StringIO()
    answer(tea.data, sql, explain=None, form="csv", out=as_csv)
    answer(tea.data, sql, explain=None, form="json", out=as_json)
    with published(tea.data) as con:
        wanted = con.execute(sql).fetchall()
    header, *found = csv.reader(io.StringIO(as_csv.getvalue(), newline=""))
    assert header == ["native_id", "content", "rating", "published_on", "reply_text"]
    assert found == [["" if value is None else str(value) for value in row] for row in wanted]
    lines = [json.loads(line) for line in as_json.getvalue().split("\n") if line]
    assert [(row["content"], row["rating"], row["published_on"]) for row in lines] == [(b, c, str(d)) for _, b, c, d, _ in wanted]
    assert any(HOSTILE[0] in row[1] for row in found)


def test_numbers_of_any_kind_have_a_json_form(tea: Ran) -> None:
    out = io.StringIO()
    sql = (
        "select 170141183460469231731687303715884105727::hugeint a, 1.50::decimal(4, 2) b, 'nan'::double c, [1, null] d, {'x': 1.5} e,"
        " map {1: 'y'} f, interval 3 days g, null h, true i, timestamp '2026-01-02 03:04:05' j"
    )
    answer(tea.data, sql, explain=None, form="json", out=out)
    assert json.loads(out.getvalue()) == {
        "a": 170141183460469231731687303715884105727, "b": 1.5, "c": None, "d": [1, None], "e": {"x": 1.5}, "f": {"1": "y"},
        "g": "3 days, 0:00:00", "h": None, "i": True, "j": "2026-01-02T03:04:05",
    }  # fmt: skip


def test_without_a_query_the_tables_are_listed_with_their_grain(tea: Ran) -> None:
    shown = rivalscope("sql", tea.market, "--data", tea.data, "--csv").stdout
    listed = {row["table"]: row["grain"] for row in csv.DictReader(io.StringIO(shown))}
    assert listed["mart.swot_cell"].startswith("One row per cell")
    assert all(grain.startswith("One row") for grain in listed.values())
    done = rivalscope("sql", tea.market, "--data", tea.data / "nowhere", code=1)
    assert "Expected a published warehouse at" in done.stderr
