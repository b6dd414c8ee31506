"""A run keeps its name and its as-of; one process builds at a time."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.market import Market
from pipeline.run import RunError, only_builder, open_run

MARKET = Market.model_validate({"id": "tea", "name": "Tea", "languages": ["en"], "brands": [{"id": "leaf", "name": "Leaf"}]})
MAY = datetime(2026, 5, 31, tzinfo=UTC)


def test_the_as_of_names_the_run_so_that_the_same_call_continues_it(tmp_path: Path) -> None:
    first = open_run(MARKET, tmp_path, run_id=None, as_of=MAY, new=True)
    again = open_run(MARKET, tmp_path, run_id=None, as_of=MAY, new=True)
    assert first == again
    assert first.run_id == "20260531T000000Z"


def test_a_room_without_a_run_id_means_the_newest_run(tmp_path: Path) -> None:
    open_run(MARKET, tmp_path, run_id="z-older", as_of=MAY, new=True)
    newest = open_run(MARKET, tmp_path, run_id="a-newer", as_of=datetime(2026, 6, 1, tzinfo=UTC), new=True)
    assert open_run(MARKET, tmp_path, run_id=None, as_of=None, new=False) == newest


def test_a_run_never_changes_its_as_of(tmp_path: Path) -> None:
    open_run(MARKET, tmp_path, run_id="monday", as_of=MAY, new=True)
    with pytest.raises(RunError, match=r"Run monday was begun as of 2026-05-31.*found --as-of 2026-06-01"):
        open_run(MARKET, tmp_path, run_id="monday", as_of=datetime(2026, 6, 1, tzinfo=UTC), new=True)


@pytest.mark.parametrize("name", ["../up", "a/b", "", "-x", "a b", "x" * 121])
def test_a_run_id_cannot_leave_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(RunError, match="Expected a run id"):
        open_run(MARKET, tmp_path, run_id=name, as_of=MAY, new=True)


def test_a_mistyped_run_is_no_new_run(tmp_path: Path) -> None:
    open_run(MARKET, tmp_path, run_id="monday", as_of=MAY, new=True)
    with pytest.raises(RunError, match=r"the last: monday\), found no run mnoday"):
        open_run(MARKET, tmp_path, run_id="mnoday", as_of=None, new=False)
    assert [path.stem for path in (tmp_path / "runs").iterdir()] == ["monday"]


def test_a_damaged_note_of_a_run_is_named(tmp_path: Path) -> None:
    open_run(MARKET, tmp_path, run_id="monday", as_of=MAY, new=True)
    (tmp_path / "runs" / "monday.json").write_text("{}")
    with pytest.raises(RunError, match=r"monday\.json: expected the as-of of a run"):
        open_run(MARKET, tmp_path, run_id="monday", as_of=None, new=False)


def test_a_second_builder_is_refused_and_told_who_builds(tmp_path: Path) -> None:
    run = open_run(MARKET, tmp_path, run_id="one", as_of=MAY, new=True)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            (
                "import fcntl,os,sys,time; h=open(sys.argv[1],'a+'); fcntl.flock(h,fcntl.LOCK_EX);"
                "h.write(str(os.getpid())); h.flush(); print('held', flush=True); time.sleep(60)"
            ),
            str(tmp_path / ".build.lock"),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(RunError, match=rf"found process {holder.pid}"), only_builder(run):
            pass
    finally:
        holder.kill()
        holder.wait()
    with only_builder(run):
        pass
