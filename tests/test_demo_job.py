"""The demo from end to end: what was planted is in the table, nothing else is, and `rivalscope demo` shows it through Airflow."""

import os
import re
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import duckdb
import pytest
from conftest import PROJECT, Ran

PLANTED = tomllib.loads((PROJECT / "pipeline" / "demo" / "planted.toml").read_text(encoding="utf-8"))["planted"]
BRANDS = ("northpan", "tassbrook", "kopeline", "morrowcup")


def wanted() -> set[tuple[str, str, str]]:
    """(brand, quadrant, theme or metric) of each planted truth; what everybody shares is planted for every brand."""
    return {
        (brand, truth["quadrant"], truth.get("theme") or truth["metric"])
        for truth in PLANTED
        for brand in (BRANDS if truth["brand"] == "market" else (truth["brand"],))
    }


@pytest.fixture(scope="module")
def cells(demo: Ran) -> set[tuple[str, str, str]]:
    con = duckdb.connect(str(demo.data / "warehouse.duckdb"), read_only=True)
    return set(con.execute("select brand, quadrant, coalesce(theme, metric) from mart.swot_cell").fetchall())


def test_every_source_of_the_demo_answers(demo: Ran) -> None:
    assert demo.code == 0, demo.stderr
    assert "17 of 17 sources" in demo.stderr


@pytest.mark.parametrize("truth", sorted(wanted()), ids=" ".join)
def test_what_is_planted_is_found(cells: set[tuple[str, str, str]], truth: tuple[str, str, str]) -> None:
    assert truth in cells


def test_the_decline_of_a_rival_is_told_as_its_threat_and_our_opportunity(demo: Ran) -> None:
    con = duckdb.connect(str(demo.data / "warehouse.duckdb"), read_only=True)
    found = con.execute("select claim from mart.swot_cell where brand = 'morrowcup' and quadrant = 'threat'").fetchall()
    assert any(re.match(r"Complaints about waiting for support rose from \d+ % to \d+ % of reviews", claim) for (claim,) in found)
    ours = con.execute("select claim from mart.swot_cell where brand = 'northpan' and theme = 'support_wait'").fetchall()
    assert any(claim.startswith("Morrowcup") for (claim,) in ours)


def test_no_strength_or_weakness_is_told_that_nobody_planted(cells: set[tuple[str, str, str]]) -> None:
    told = {cell for cell in cells if cell[1] in {"strength", "weakness"}}
    assert told <= wanted()


def test_every_quote_stands_in_its_review_word_for_word(demo: Ran) -> None:
    con = duckdb.connect(str(demo.data / "warehouse.duckdb"), read_only=True)
    rows = con.execute(
        "select e.quote, r.content || ' ' || coalesce(r.reply_text, ''), e.url from mart.evidence e join core.review r using (review_id)"
    ).fetchall()
    assert len(rows) > 30
    for quote, review, url in rows:
        assert quote in review
        assert url.startswith("http://127.0.0.1:")


@pytest.mark.slow
def test_the_demo_command_runs_the_dag_and_ends_with_the_table(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = os.environ | {
        "RIVALSCOPE_DATA": str(tmp_path / "data"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'airflow.db'}?timeout=60",
    }
    env.pop("RIVALSCOPE_DEMO_URL", None)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "demo", "--port", str(port)],
        cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "market.ranking.demo: landed, 120 records" in done.stderr
    assert "Northpan (ours)" in done.stdout
    assert (tmp_path / "data" / "demo" / "reports" / "latest" / "report.html").exists()
    assert str(tmp_path / "data" / "demo" / "warehouse.duckdb") in done.stdout
