"""What rooms leave of their work, and what `ops` and `rivalscope outcome` make of it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT, Ran, rivalscope

from pipeline import log, record
from pipeline.market import Market
from pipeline.run import Run
from warehouse import build, ops

RUN = "20260701T000000Z"
ROOMS = ["gather", "load", "score", "swot", "report", "publish"]
MARKET = Market.model_validate({"id": "tea", "name": "Tea", "languages": ["en"], "brands": [{"id": "leaf", "name": "Leaf"}]})


def rows(database: Path, sql: str) -> list[dict[str, Any]]:
    with build.connect(database, read_only=True) as con:
        cursor = con.execute(sql)
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def glance(market: Path, data: Path, *, code: int, run: str = RUN) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rivalscope("outcome", market, "--data", data, "--run", run, "--json", code=code).stdout)
    found["room"] = {room["room"]: room for room in found["rooms"]}
    found["source"] = {source["target"]: source for source in found["sources"]}
    return found


@pytest.fixture
def place(tea: Ran, tmp_path: Path) -> tuple[Path, Path]:
    """Market file and data of a tea market of one's own."""
    shutil.copytree(tea.market.parent, tmp_path / "tea", symlinks=True)
    return tmp_path / "tea" / "tea.toml", tmp_path / "tea" / "data"


@pytest.fixture
def a_run(tmp_path: Path) -> Run:
    return Run(MARKET, tmp_path, "r1", datetime(2026, 7, 1, tzinfo=UTC))


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """What a command knew is not told of the next."""
    log.begin("test")
    yield
    log.begin("test")


# --- the tables ----------------------------------------------------------------------------------------------------------


def test_the_published_file_tells_of_the_run_each_room_and_each_source(tea: Ran) -> None:
    database = tea.data / "warehouse.duckdb"
    (run,) = rows(database, "from ops.run")
    assert (run["run_id"], run["as_of"], run["outcome"]) == (RUN, datetime(2026, 7, 1), "published")
    assert (run["source_count"], run["landed_count"], run["rejected_count"], run["edition"]) == (3, 3, 0, RUN)
    assert run["cell_count"] == rows(database, "select count(*) as n from mart.swot_cell")[0]["n"]
    assert (run["room"], run["message"]) == (None, None)
    rooms = rows(database, "from ops.room order by began_at")
    assert [(room["room"], room["outcome"], room["attempts"]) for room in rooms] == [(name, "done", 1) for name in ROOMS]
    assert all(room["seconds"] > 0 and room["processor_seconds"] >= 0 for room in rooms)
    assert all(room["began_at"] <= room["ended_at"] for room in rooms)
    assert 20e6 < run["peak_bytes"] < 8e9
    assert {"core.review": 270}.items() <= rooms[1]["rows"].items()
    assert rooms[3]["row_count"] == sum(rooms[3]["rows"].values())
    sources = rows(database, "select target, outcome, record_count, page_count, reason from ops.source order by target")
    assert [tuple(source.values()) for source in sources] == [
        (f"{brand}.reviews.table", "landed", 90, 1, None) for brand in ("cup", "kettle", "leaf")
    ]


def test_no_clock_reaches_what_is_reproducible(place: tuple[Path, Path]) -> None:
    market, data = place
    (file,) = (data / "build").glob("*.duckdb")
    assert "ops" not in {row["schema_name"] for row in rows(file, "select schema_name from duckdb_tables()")}
    assert not (data / "parquet" / "ops").exists()

    def kept() -> dict[Path, bytes]:
        found = [path for name in ("parquet", "cells", f"reports/{RUN}") for path in (data / name).rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in found}

    before = kept()
    assert len(before) > 100
    rivalscope("publish", market, "--data", data, "--run", RUN)
    assert rows(data / "warehouse.duckdb", "select attempts from ops.room where room = 'publish'") == [{"attempts": 2}]
    assert kept() == before


def test_sources_that_airflow_gathers_by_themselves_make_one_row(tmp_path: Path) -> None:
    def part(target: str, begins: int, ends: int, attempts: int = 1) -> record.Record:
        moments = (datetime(2026, 7, 1, 6, minute, tzinfo=UTC) for minute in (begins, ends))
        began, ended = moments
        return record.Record(
            run_id="r1", as_of=began, room="gather", targets=(target,), began_at=began, ended_at=ended, processor_seconds=2, outcome="done",
            attempts=attempts,
        )  # fmt: skip

    def gathered(*parts: record.Record) -> dict[str, Any]:
        lines, as_of = record.as_lines(parts), datetime(2026, 7, 1, 6, tzinfo=UTC)
        (found,) = ops.of_run(tmp_path, tmp_path, lines, run_id="r1", as_of=as_of, tell=log.info)["room"]
        return found

    beside = gathered(part("a", 0, 10), part("b", 1, 11))
    assert (beside["seconds"], beside["processor_seconds"], beside["targets"]) == (11 * 60, 4, ["a", "b"])
    later = gathered(part("a", 0, 10), part("b", 50, 51, attempts=3))
    assert (later["seconds"], later["attempts"], later["outcome"]) == (11 * 60, 3, "done")
    whole = part("a", 20, 30).model_copy(update={"targets": ("a", "b"), "is_whole": True})
    killed = part("b", 0, 1).model_copy(update={"ended_at": None, "outcome": "killed"})
    assert gathered(killed, whole)["outcome"] == "done"
    assert gathered(whole, killed.model_copy(update={"began_at": whole.ended_at}))["outcome"] == "killed"


# --- at a glance ---------------------------------------------------------------------------------------------------------


def test_a_run_at_a_glance_is_narrow_and_whole(tea: Ran) -> None:
    done = rivalscope("outcome", tea.market, "--data", tea.data)
    lines = done.stdout.splitlines()
    assert lines[0] == f"tea, run {RUN} as of 2026-07-01 00:00 UTC"
    assert lines[1].startswith("published; SWOT cells: ")
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if " done " in line] == [*ROOMS, "retention"]
    assert [line.split()[:3] for line in lines if " landed " in line] == [
        [f"{brand}.reviews.table", "landed", "90"] for brand in ("cup", "kettle", "leaf")
    ]
    assert "outcome: 3 of 3 sources, " in done.stderr


def test_a_rejected_source_is_told_with_its_reason_until_it_has_been_gathered(place: tuple[Path, Path]) -> None:
    market, data = place
    cup, new = market.with_name("cup.csv"), "20260708T000000Z"
    kept = cup.read_bytes()
    cup.write_text("id,stars\n1,5\n", encoding="utf-8")
    rivalscope("gather", market, "--data", data, "--as-of", "2026-07-08", code=None)
    seen = glance(market, data, code=1, run=new)
    assert (seen["run"]["outcome"], seen["run"]["source_count"], seen["run"]["landed_count"]) == ("unfinished", 3, 2)
    assert seen["run"]["rejected_count"] == 1
    assert seen["room"]["gather"]["outcome"] == "incomplete"
    source = seen["source"]["cup.reviews.table"]
    assert source["outcome"] in {"rejected", "failed"}
    assert source["reason"]
    done = rivalscope("outcome", market, "--data", data, "--run", new, code=1)
    assert f"missing ({source['outcome']}): {' '.join(source['reason'].split())}" in done.stderr
    assert "this one was not published" in done.stderr
    assert "not published yet" in done.stdout
    cup.write_bytes(kept)
    rivalscope("gather", market, "--data", data, "--as-of", "2026-07-08", "--target", "cup.reviews.table")
    seen = glance(market, data, code=1, run=new)
    assert (seen["run"]["landed_count"], seen["room"]["gather"]["outcome"]) == (3, "done")
    assert len(list((data / "ops" / new).glob("gather*.json"))) == 2


def test_a_killed_room_is_told_from_one_that_works_and_the_next_attempt_replaces_it(place: tuple[Path, Path]) -> None:
    market, data = place
    command = [sys.executable, "-m", "pipeline.cli", "load", str(market), "--data", str(data), "--run", RUN]
    child = subprocess.Popen(command, cwd=PROJECT, env=os.environ | {"PYTHONPATH": str(PROJECT)}, stderr=subprocess.DEVNULL)
    file = data / "ops" / RUN / "load.json"
    try:
        while json.loads(file.read_bytes())["attempts"] == 1:
            assert child.poll() is None
            time.sleep(0.002)
        child.send_signal(signal.SIGSTOP)
        (load,) = (each for each in record.records(data / "ops", RUN) if each.room == "load")
        assert (load.outcome, load.attempts, load.ended_at) == ("running", 2, None)
    finally:
        child.kill()
        child.wait()
    seen = glance(market, data, code=0)  # the file that is published is still this run's
    assert (seen["run"]["outcome"], seen["run"]["room"]) == ("killed", "load")
    assert (seen["room"]["load"]["outcome"], seen["room"]["load"]["ended_at"]) == ("killed", None)
    done = rivalscope("outcome", market, "--data", data, "--run", RUN)
    assert "load: killed in attempt 2" in done.stderr
    assert "killed in load" in done.stdout
    rivalscope("load", market, "--data", data, "--run", RUN)
    seen = glance(market, data, code=0)
    assert (seen["room"]["load"]["outcome"], seen["room"]["load"]["attempts"]) == ("done", 3)
    assert seen["run"]["outcome"] == "unfinished"


def test_a_run_of_a_version_without_records_is_shown_by_its_crawls(place: tuple[Path, Path]) -> None:
    market, data = place
    shutil.rmtree(data / "ops")
    seen = glance(market, data, code=0)
    assert (seen["run"]["outcome"], seen["run"]["landed_count"], seen["rooms"]) == (None, 3, [])
    assert "its rooms have left no record" in rivalscope("outcome", market, "--data", data).stdout


# --- records -------------------------------------------------------------------------------------------------------------


def test_a_room_that_fails_leaves_the_first_line_of_its_error_and_no_word_of_a_review(a_run: Run) -> None:
    log.targets({}, {"SHOP_TOKEN": "s3cret-token"})
    with pytest.raises(ValueError, match="check"), record.kept(a_run, "publish"):
        raise ValueError("check.one of https://shop.example/?key=s3cret-token\x1b[2J\n  text='what somebody wrote'")
    (found,) = record.records(a_run.records)
    assert (found.outcome, found.message) == ("failed", "check.one of https://shop.example/?key=${SHOP_TOKEN}[2J")
    assert found.ended_at is not None


def test_what_somebody_stops_is_no_failure(a_run: Run) -> None:
    with pytest.raises(KeyboardInterrupt), record.kept(a_run, "score"):
        raise KeyboardInterrupt
    assert [each.outcome for each in record.records(a_run.records)] == ["stopped"]


def test_a_damaged_record_is_told_and_costs_nothing(a_run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    with record.kept(a_run, "load"):
        pass
    (a_run.records / "r1" / "score.json").write_text("{", encoding="utf-8")
    assert [each.room for each in record.records(a_run.records)] == ["load"]
    assert "score.json: expected the record of a room" in capsys.readouterr().err
    with record.kept(a_run, "score"):
        pass
    assert [(each.room, each.attempts) for each in record.records(a_run.records)] == [("load", 1), ("score", 1)]
