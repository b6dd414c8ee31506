"""What commands say while they work: lines for people, or one JSON object a line."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import rivalscope, write_tea_market

from pipeline import log


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """What a command knew is not told of the next."""
    yield
    log.begin("test")


def said(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n") if line]


def test_every_line_of_a_command_is_one_json_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    market, data = write_tea_market(tmp_path), tmp_path / "data"
    monkeypatch.setenv("RIVALSCOPE_LOG", "json")
    market.with_name("cup.csv").unlink()
    lines = said(rivalscope("gather", market, "--data", data, "--as-of", "2026-07-08", code=None).stderr)
    assert len(lines) > 3
    assert all(datetime.fromisoformat(line["time"]).tzinfo is not None and line["message"] for line in lines)
    assert {(line["command"], line["market"], line["run"]) for line in lines} == {("gather", "tea", "20260708T000000Z")}
    told = [(line["level"], line["target"], line["brand"], line["room"]) for line in lines if line.get("brand") == "cup"]
    assert told[-1] == ("warning", "cup.reviews.table", "cup", "gather")
    assert {line["level"] for line in lines if line.get("brand") == "leaf"} == {"info"}
    (line,) = said(rivalscope("score", market, "--data", data, "--run", "nope", code=1).stderr)
    assert (line["level"], line["command"]) == ("error", "score")
    assert "found no run nope" in line["message"]
    (line,) = said(rivalscope("score", code=2).stderr)
    assert line["level"] == "error"
    assert "required: market" in line["message"]
    (line,) = said(rivalscope("score", market, "--data", data, "--run", "nope", "--traceback", code=1).stderr)
    assert "Traceback" in line["message"]


FORGED = 'leaf.reviews.table: failed\r\n   12.0 s  outcome: 3 of 3\x85\u2028{"level": "info"}\x1b[2J\u202e \ud800'


@pytest.mark.parametrize("form", ["json", "plain"])
def test_nothing_from_outside_can_pass_for_a_line(
    form: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RIVALSCOPE_LOG", form)
    log.begin("gather")
    log.targets({"leaf.reviews.table": "leaf"}, {"KEY": "s3cret-token"})
    log.info(f"{FORGED} s3cret-token")
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert err.isprintable() or err[:-1].isprintable()
    assert "s3cret" not in err
    if form == "json":
        (line,) = said(err)
        assert (line["level"], line["target"], line["brand"]) == ("warning", "leaf.reviews.table", "leaf")
