"""`rivalscope swot MARKET --as-of T`: the same landing files give the same bytes, whenever, wherever and after whatever else."""

import csv
import gzip
import hashlib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
import sqlglot
from conftest import PROJECT, Ran, rivalscope
from sqlglot import exp

from pipeline.market import load_market
from pipeline.report import formats
from pipeline.rooms import _guide
from pipeline.swot import room
from pipeline.text.wording.themes import load_taxonomy
from warehouse import build

pytestmark = pytest.mark.slow

OTHER_DAY = """
import datetime, os, time
shift = 400 * 86400 + 12345
clock, real = time.time, datetime.datetime
time.time = lambda: clock() + shift
class Meta(type):
    def __instancecheck__(cls, each): return isinstance(each, real)
    def __subclasscheck__(cls, each): return issubclass(each, real)
class Later(real, metaclass=Meta):
    __new__ = lambda cls, *given, **named: real(*given, **named)
    now = classmethod(lambda cls, tz=None: real.now(tz) + datetime.timedelta(seconds=shift))
    today = utcnow = now
    fromisoformat, fromtimestamp, combine = real.fromisoformat, real.fromtimestamp, real.combine
datetime.datetime = Later
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
"""
"""Another day, and one processor: DuckDB then works with one thread."""


def as_of(data: Path, market: Path, moment: str, **env: str) -> bytes:
    """What the command prints for that moment."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "swot", market, "--data", data, "--as-of", moment],
        cwd=PROJECT,
        env=os.environ | env,
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".build.lock"
    }


def test_it_says_what_the_run_has_kept_and_touches_nothing_that_is_published(tea: Ran) -> None:
    before = digests(tea.data)
    said = as_of(tea.data, tea.market, "2026-07-01")
    assert said == (tea.data / "cells" / "20260701T000000Z.json").read_bytes()
    assert orjson.loads(said)["cells"]
    assert digests(tea.data) == before


def test_another_day_place_hash_seed_and_thread_count_and_an_empty_score_store_change_no_byte(tea: Ran, tmp_path: Path) -> None:
    kept = (tea.data / "cells" / "20260701T000000Z.json").read_bytes()
    # Nothing but the landing files, written in another order and with other times.
    for number, path in enumerate(sorted(tea.data.glob("landing/*/*"), reverse=True)):
        copy = tmp_path / "elsewhere" / path.relative_to(tea.data)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        os.utime(copy, (number, number))
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "sitecustomize.py").write_text(OTHER_DAY, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path / "later"), str(PROJECT)])
    asked = "import datetime, time; print(datetime.datetime.now().timestamp() - time.clock_gettime(time.CLOCK_REALTIME) > 1e7)"
    shown = subprocess.run([sys.executable, "-c", asked], env=os.environ | {"PYTHONPATH": path}, capture_output=True, check=True)
    assert shown.stdout.strip() == b"True"
    said = as_of(tmp_path / "elsewhere", tea.market, "2026-07-01", PYTHONPATH=path, PYTHONHASHSEED="77", TZ="Asia/Seoul")
    assert said == kept


def test_the_order_of_the_landing_lines_changes_no_cell(tea: Ran, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(tea.data / "landing", data / "landing")
    for file in sorted(data.glob("landing/*/*.jsonl.gz")):
        lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
        random.Random(5).shuffle(lines)
        file.chmod(0o644)
        file.write_bytes(gzip.compress(b"".join(lines)))
        receipt = file.with_name(file.name.replace(".jsonl.gz", ".receipt.json"))
        facts = orjson.loads(receipt.read_bytes()) | {"file_sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        receipt.chmod(0o644)
        receipt.write_bytes(orjson.dumps(facts))
    before = orjson.loads((tea.data / "cells" / "20260701T000000Z.json").read_bytes())
    after = orjson.loads(as_of(data, tea.market, "2026-07-01"))
    assert before.pop("landing") != after.pop("landing")
    assert after == before


def test_what_landed_later_changes_no_byte_and_is_known_later(tea: Ran, tmp_path: Path) -> None:
    folder = tmp_path / "market"
    shutil.copytree(tea.market.parent, folder, symlinks=True)
    with (folder / "cup.csv").open("a", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        for number in range(40):
            words = f"The delivery was terribly late, I am very disappointed. Visit {number}."
            rows.writerow([f"late-{number}", 1, words, "2026-06-29", f"Jo Smith-late-{number}", ""])
    market, data = folder / "tea.toml", folder / "data"
    rivalscope("run", market, "--data", data, "--as-of", "2026-07-08")
    kept = (data / "cells" / "20260701T000000Z.json").read_bytes()
    newer = (data / "cells" / "20260708T000000Z.json").read_bytes()
    assert as_of(data, market, "2026-07-01") == kept
    assert as_of(data, market, "2026-07-08") == newer
    assert orjson.loads(newer)["cells"] != orjson.loads(kept)["cells"]
    # Between two runs the older one is what was known.
    between = orjson.loads(as_of(data, market, "2026-07-07T23:59:59Z"))
    assert between["run_id"] == "20260701T000000Z"
    assert between["cells"] == orjson.loads(kept)["cells"]
    # A run that is published again and says the same keeps what it kept.
    rivalscope("publish", market, "--data", data, "--run", "20260708T000000Z")
    assert sorted(path.name for path in (data / "cells").glob("*.json")) == ["20260701T000000Z.json", "20260708T000000Z.json"]


def test_a_folder_gets_cells_report_and_tables_the_same_each_time(tea: Ran, tmp_path: Path) -> None:
    for name in ("one", "two"):
        rivalscope("swot", tea.market, "--data", tea.data, "--as-of", "2026-07-03", "--out", tmp_path / name)
    found = digests(tmp_path / "one")
    assert found.keys() == {"warehouse.duckdb", "cells.json", *(module.FILE for module in formats())}
    del found["warehouse.duckdb"]  # pages of a database file have no order
    assert found.items() <= digests(tmp_path / "two").items()
    with build.connect(tmp_path / "one" / "warehouse.duckdb", read_only=True) as con:
        held = con.execute("select cell_id from mart.swot_cell").fetchall()
    cells = orjson.loads((tmp_path / "one" / "cells.json").read_bytes())["cells"]
    assert {cell_id for (cell_id,) in held} == {cell["cell_id"] for cell in cells}
    assert not (tea.data / "runs" / "20260703T000000Z.json").exists()


def test_a_mistake_is_told(tea: Ran, tmp_path: Path) -> None:
    done = rivalscope("swot", tea.market, "--data", tea.data, "--as-of", "2020-01-01", code=1)
    assert "Expected a crawl as of 2020-01-01T00:00:00+00:00 or before" in done.stderr
    done = rivalscope("swot", tea.market, "--data", tea.data, "--out", tmp_path, code=1)
    assert "Expected --out with --as-of and without --run" in done.stderr


def test_what_is_kept_of_a_run_holds_no_word_of_a_review_and_no_author(tea: Ran) -> None:
    kept = (tea.data / "cells" / "20260701T000000Z.json").read_text(encoding="utf-8")
    with build.connect(tea.data / "warehouse.duckdb", read_only=True) as con:
        rows = con.execute("select author_hash, content, native_id from core.review").fetchall()
        shown = {row[0] for row in con.execute("select review_id from mart.evidence").fetchall()}
    assert len(rows) == 270
    for author, content, native_id in rows:
        assert author not in kept
        assert content[:25] not in kept
        assert f'"{native_id}"' not in kept
    assert shown
    assert all(review_id in kept for review_id in shown)


@pytest.mark.slow
def test_a_market_with_pages_rankings_and_three_languages_says_what_its_run_has_kept(demo: Ran) -> None:
    (kept,) = (demo.data / "cells").glob("*.json")
    moment = orjson.loads(kept.read_bytes())["as_of"]
    assert as_of(demo.data, demo.market, moment, PYTHONHASHSEED="1") == kept.read_bytes()


@pytest.mark.slow
def test_the_order_of_rows_and_the_number_of_threads_change_no_table(demo: Ran, tmp_path: Path) -> None:
    """Not only the cells: ties that nothing decides, and sums that depend on who adds first, show up here in one of a few tries."""
    market = load_market(demo.market)
    guide = _guide(market, load_taxonomy(market.themes))
    (file,) = (demo.data / "build").glob("*.duckdb")
    said: list[dict[str, list[str]]] = []
    for threads in (2, 1, 4):
        copy = tmp_path / f"{len(said)}.duckdb"
        shutil.copyfile(file, copy)
        con = build.connect(copy, threads=threads)
        for name in build.tables(con):
            schema, table = name.split(".")
            if said and schema in {"core", "text"}:
                con.execute(f"create or replace table {name} as from {name} order by hash({len(said)}, {table})")
        room.run(con, settings=market.swot, guide=guide)
        made = [name for name in build.tables(con) if name.split(".")[0] not in {"core", "text", "raw", "flag"}]
        said.append({name: sorted(map(repr, con.execute(f"from {name}").fetchall())) for name in made})
        con.close()
        copy.unlink()
    assert len(said[0]) > 100
    assert [name for name in said[0] if any(other[name] != said[0][name] for other in said)] == []


CLOCKS = (
    exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.CurrentDatetime, exp.Localtimestamp, exp.Localtime, exp.Rand, exp.Uuid,
)  # fmt: skip
NAMES = {"now", "get_current_timestamp", "get_current_time", "transaction_timestamp", "uuidv4", "uuidv7", "setseed"}
"""As DuckDB knows more of them than the parser does."""


@pytest.mark.parametrize("file", sorted(build.SQL.glob("*/*.sql")), ids=lambda file: f"{file.parent.name}.{file.stem}")
def test_no_table_asks_the_clock_or_chance(file: Path) -> None:
    query = sqlglot.parse_one(file.read_text(encoding="utf-8"), read="duckdb")
    asked = [node.sql() for node in query.find_all(*CLOCKS)]
    asked += [node.sql() for node in query.find_all(exp.Anonymous) if node.name.lower() in NAMES]
    assert asked == []
