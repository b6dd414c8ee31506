"""`rivalscope run`, whole: what comes out, what a fault costs, and that it can be killed at any moment."""

import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, Ran, rivalscope, write_tea_market

from pipeline.cells import SWOT_LAST_TABLE

# The wall clock of a crawl is true, so it differs between two runs; nothing else may.
CLOCK = {"started_at", "finished_at", "crawled_at", "last_landed_at", "last_seen_at"}


def tables(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table's rows, sorted, without the columns of the wall clock, and without `ops`, which tells of attempts and clocks alone."""
    con = duckdb.connect(str(database), read_only=True)
    try:
        columns: dict[str, list[str]] = {}
        for schema, table, column in con.execute(
            "select schema_name, table_name, column_name from duckdb_columns()"
            " where not internal and schema_name <> 'ops' order by all"
        ).fetchall():
            columns.setdefault(f'{schema}."{table}"', []).extend([column] if column not in CLOCK else [])
        quoted = {table: ", ".join(f'"{name}"' for name in names) for table, names in columns.items()}
        return {
            table: sorted(con.execute(f"select {names} from {table}").fetchall(), key=repr) for table, names in quoted.items()
        }
    finally:
        con.close()


def test_a_run_ends_with_the_table_and_says_where_everything_is(tea: Ran) -> None:
    assert "Weaknesses" in tea.stdout
    assert f"database: {tea.data / 'warehouse.duckdb'}" in tea.stdout
    assert "3 of 3 sources" in tea.stderr
    assert (tea.data / "warehouse.duckdb").stat().st_mode & 0o777 == 0o444
    assert (tea.data / "parquet" / "mart" / "swot_cell.parquet").exists()


def test_no_author_name_is_anywhere_on_disk(tea: Ran) -> None:
    for path in tea.data.rglob("*"):
        if path.is_file():
            body = path.read_bytes()
            if path.suffix == ".gz":
                body = subprocess.run(["gzip", "-dc", path], capture_output=True, check=True).stdout
            assert b"Jo Smith" not in body, path
    found = duckdb.connect(str(tea.data / "warehouse.duckdb"), read_only=True).execute("select * from core.review").fetchall()
    assert "Jo Smith" not in repr(found)


def test_every_table_and_column_of_the_published_file_is_explained(tea: Ran) -> None:
    con = duckdb.connect(str(tea.data / "warehouse.duckdb"), read_only=True)
    bare = con.execute("select schema_name, table_name from duckdb_tables() where comment is null").fetchall()
    bare += con.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where comment is null and not internal"
    ).fetchall()
    assert bare == []


@pytest.fixture(scope="module")
def again(tea: Ran, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of the tea market after a second run, a week later."""
    data = tmp_path_factory.mktemp("again") / "data"
    shutil.copytree(tea.data, data, symlinks=True)
    rivalscope("run", tea.market, "--data", data, "--as-of", "2026-07-08")
    return data


def test_a_second_run_with_nothing_new_lands_receipts_only_and_says_the_same(tea: Ran, again: Path) -> None:
    landed = sorted((again / "landing" / "20260708T000000Z").iterdir())
    assert [path.name for path in landed] == [f"{b}.reviews.table.receipt.json" for b in ("cup", "kettle", "leaf")]
    before, after = tables(tea.data / "warehouse.duckdb"), tables(again / "warehouse.duckdb")
    for table in ('mart."swot_cell"', 'mart."evidence"', 'text."sentence"', 'metric."test"'):
        assert before[table] == after[table], table


@pytest.mark.slow
def test_one_broken_source_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    market = write_tea_market(tmp_path)
    (tmp_path / "cup.csv").unlink()
    done = rivalscope("run", market, "--data", tmp_path / "data", "--as-of", "2026-07-01", code=1)
    assert re.search(r"missing \(failed\): cup\.reviews\.table.*cup\.csv", done.stderr)
    con = duckdb.connect(str(tmp_path / "data" / "warehouse.duckdb"), read_only=True)
    assert con.execute("select status, record_count from mart.coverage where target = 'cup.reviews.table'").fetchall() == [
        ("failed", None)
    ]
    assert con.execute("select count(*) from core.review where brand = 'leaf'").fetchall() == [(90,)]
    told = con.execute("select outcome, source_count, landed_count, rejected_count from ops.run").fetchall()
    assert told == [("incomplete", 3, 2, 1)]
    con.close()  # while it is open, this process gets no other
    # Who asked for something else misses nothing.
    outcome = ("outcome", market, "--data", tmp_path / "data", "--only")
    rivalscope(*outcome, "leaf,kettle.reviews.table")
    rivalscope(*outcome, "leaf,cup.reviews.table", code=1)
    assert "found mug." in rivalscope(*outcome, "mug", code=1).stderr
    # The file comes back: the same call goes on where it was, without reading the other two again.
    write_tea_market(tmp_path)
    again = rivalscope("run", market, "--data", tmp_path / "data", "--as-of", "2026-07-01")
    assert "3 of 3 sources" in again.stderr
    con = duckdb.connect(str(tmp_path / "data" / "warehouse.duckdb"), read_only=True)
    assert con.execute("select outcome, landed_count, edition from ops.run").fetchall() == [
        ("published", 3, "20260701T000000Z~2")
    ]


def test_a_market_of_which_nothing_ever_answered_publishes_no_empty_table(tmp_path: Path) -> None:
    market = write_tea_market(tmp_path)
    for file in tmp_path.glob("*.csv"):
        file.unlink()
    done = rivalscope("run", market, "--data", tmp_path / "data", code=1)
    assert "no source of Tea <b>shops</b> has answered yet" in done.stderr
    assert not (tmp_path / "data" / "warehouse.duckdb").exists()


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["run", "nowhere.toml"], "nowhere.toml: expected a market file, found none"),
        (["load", "{market}", "--data", "{empty}"], "Expected a run under"),
        (["gather", "{market}", "--data", "{empty}", "--target", "x.reviews.y"], "expected a target of this market"),
        (["score", "{market}", "--data", "{empty}", "--run", "r1"], "found no run r1"),
        (["run", "{market}", "--data", "{empty}", "--run", "r1"], "found no run r1"),
        (["score", "{market}", "--data", "{empty}", "--run", "r1", "--as-of", "2026-07-01"], "Run `rivalscope load` first"),
        (["freeze", "../../evil", "{market}"], "found '../../evil'"),
        (["parse", "reviews", "nowhere.html", "--url", "https://x.example"], "nowhere.html"),
        (["parse", "faq", "{market}", "--url", "https://x.example", "--source", "nope"], "found 'nope'"),
    ],
)
def test_a_mistake_is_one_clear_sentence_and_exit_code_1(tmp_path: Path, arguments: list[str], wanted: str) -> None:
    market = write_tea_market(tmp_path)
    filled = [part.format(market=market, empty=tmp_path / "empty") for part in arguments]
    done = rivalscope(*filled, code=1)
    assert wanted in done.stderr
    assert "Traceback" not in done.stderr


def test_a_theme_that_is_none_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    market = write_tea_market(tmp_path)
    market.write_text('themes = { off = ["nope"] }\n' + market.read_text(encoding="utf-8"), encoding="utf-8")
    done = rivalscope("gather", market, "--data", tmp_path / "data", code=1)
    assert "tea.toml: themes: " in done.stderr
    assert "nope" in done.stderr
    assert not (tmp_path / "data" / "landing").exists()


def test_a_report_before_its_tables_are_there_says_what_to_run(tmp_path: Path) -> None:
    market, arguments = write_tea_market(tmp_path), ("--data", tmp_path / "data", "--as-of", "2026-07-01")
    rivalscope("gather", market, *arguments)
    rivalscope("load", market, *arguments)
    done = rivalscope("report", market, *arguments, code=1)
    assert "Expected the tables of `rivalscope swot`" in done.stderr
    assert not (tmp_path / "data" / "reports").exists()


def test_a_swot_that_was_killed_is_neither_reported_nor_published(tea: Ran, again: Path, tmp_path: Path) -> None:
    # Large tables are committed as they are made: a build can hold all but the last ones.
    shutil.copytree(tea.data, tmp_path / "data", symlinks=True)
    for folder in ("landing", "scores", "build", "runs"):
        shutil.copytree(again / folder, tmp_path / "data" / folder, symlinks=True, dirs_exist_ok=True)
    with duckdb.connect(str(tmp_path / "data" / "build" / "20260708T000000Z.duckdb")) as build:
        build.execute(f"drop table {SWOT_LAST_TABLE}")
    for room in ("report", "publish"):
        done = rivalscope(room, tea.market, "--data", tmp_path / "data", "--run", "20260708T000000Z", code=1)
        assert "found them missing or not made to their end" in done.stderr
    with duckdb.connect(str(tmp_path / "data" / "warehouse.duckdb"), read_only=True) as held:
        assert held.execute("select run_id from core.run").fetchall() == [("20260701T000000Z",)]


def test_a_report_whose_build_fails_its_checks_is_not_the_one_that_people_open(tea: Ran, again: Path, tmp_path: Path) -> None:
    # The second run as it stood before it was reported and published.
    shutil.copytree(tea.data, tmp_path / "data", symlinks=True)
    for folder in ("landing", "scores", "build", "runs"):
        shutil.copytree(again / folder, tmp_path / "data" / folder, symlinks=True, dirs_exist_ok=True)
    arguments = ("--data", tmp_path / "data", "--run", "20260708T000000Z")
    build = duckdb.connect(str(tmp_path / "data" / "build" / "20260708T000000Z.duckdb"))
    build.execute("update mart.evidence set quote = 'nobody wrote this' where position = 1")
    build.close()
    rivalscope("report", tea.market, *arguments)
    done = rivalscope("publish", tea.market, *arguments, code=1)
    assert "evidence_quote" in done.stderr
    assert (tmp_path / "data" / "reports" / "latest").readlink().name == "20260701T000000Z"
    held = duckdb.connect(str(tmp_path / "data" / "warehouse.duckdb"), read_only=True)
    assert held.execute("select run_id from core.run").fetchall() == [("20260701T000000Z",)]


def read_all_the_time(database: Path, stop: Event, found: "multiprocessing.Queue[object]") -> None:
    reads = 0
    try:
        while not stop.is_set():
            con = duckdb.connect(str(database), read_only=True)
            held = con.execute(
                "select (select count(*) from core.review), (select count(*) from mart.swot_cell) > 0, (select count(*) from core.run)"
            ).fetchall()
            con.close()
            assert held == [(270, True, 1)], held
            reads += 1
            time.sleep(0.05)  # else three of them leave the runs no core
        found.put(reads)
    except (duckdb.Error, AssertionError) as error:
        found.put(repr(error))


@pytest.mark.slow
def test_killed_at_any_moment_and_run_again_it_gives_the_same_tables_and_readers_never_notice(tea: Ran, tmp_path: Path) -> None:
    folder = tea.market.parent
    data = tmp_path / "data"
    shutil.copytree(tea.data, data, symlinks=True)
    command = [sys.executable, "-m", "pipeline.cli", "run", str(tea.market), "--data", str(data), "--as-of", "2026-07-02"]
    stop, found = multiprocessing.Event(), multiprocessing.Queue()
    readers = [
        multiprocessing.Process(target=read_all_the_time, args=(data / "warehouse.duckdb", stop, found), daemon=True)
        for _ in range(3)
    ]
    for reader in readers:
        reader.start()
    chance = random.Random(3)
    try:
        for _ in range(8):
            child = subprocess.Popen(
                command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
            )
            time.sleep(chance.uniform(0.3, 9))
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, timeout=120)
    finally:
        stop.set()
        heard = [found.get(timeout=30) for _ in readers]
        for reader in readers:
            reader.join()
    assert all(isinstance(reads, int) and reads > 5 for reads in heard), heard
    undisturbed = tmp_path / "undisturbed"
    shutil.copytree(tea.data, undisturbed, symlinks=True)
    rivalscope("run", tea.market, "--data", undisturbed, "--as-of", "2026-07-02", cwd=folder)
    assert tables(data / "warehouse.duckdb") == tables(undisturbed / "warehouse.duckdb")
