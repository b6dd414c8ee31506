"""What changed between the cells of two runs, and which of it a reader should hear of."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import cells

NUMBER = st.none() | st.floats(-1, 1)
CELL = st.fixed_dictionaries(
    {
        "for_us": st.sampled_from(["attack", "defend", "fix", "watch", None]),
        "effect": NUMBER,
        "low": NUMBER,
        "high": NUMBER,
        "n": st.integers(0, 99),
    }
)
CELLS = st.dictionaries(st.sampled_from("abcdef"), CELL, max_size=6).map(
    lambda found: {cell_id: cell | {"cell_id": cell_id} for cell_id, cell in found.items()}
)


@given(CELLS, CELLS)
def test_what_changed_leads_from_the_one_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert cells.changes(before, before) == ()
    rebuilt = {cell_id: dict(cell) for cell_id, cell in before.items()}
    for change in cells.changes(before, after):
        cell_id = change.cell["cell_id"]
        if change.change == "vanished":
            del rebuilt[cell_id]
        elif change.change == "appeared":
            rebuilt[cell_id] = dict(change.cell)
        else:
            rebuilt[cell_id] |= change.after
    assert rebuilt == after
    back = {change.cell["cell_id"]: change for change in cells.changes(after, before)}
    for change in cells.changes(before, after):
        assert back[change.cell["cell_id"]].is_real == change.is_real


@pytest.mark.parametrize(
    ("other", "is_real"),
    [
        ({"n": 90}, False),
        ({"effect": 0.21}, False),
        ({"effect": 0.45}, False),  # outside the old interval, which the new one still holds
        ({"effect": 0.45, "low": 0.35, "high": 0.55}, True),
        ({"for_us": "attack"}, True),
        ({"effect": None, "low": None, "high": None}, False),
    ],
)
def test_a_change_is_real_beyond_both_intervals_or_in_what_it_means_for_us(other: dict[str, Any], *, is_real: bool) -> None:
    cell = {"cell_id": "a", "for_us": "watch", "effect": 0.2, "low": 0.1, "high": 0.3, "n": 80}
    (change,) = cells.changes({"a": cell}, {"a": cell | other})
    assert (change.change, change.is_real) == ("changed", is_real)


def test_what_follows_from_other_cells_is_no_change() -> None:
    cell = {"cell_id": "a", "position": 1, "also": [], "evidence": [], "effect": 0.2}
    assert cells.changes({"a": cell}, {"a": cell | {"position": 2, "also": ["x"], "evidence": ["y"]}}) == ()


def test_the_run_before_is_the_last_by_its_moment_in_its_last_edition(tmp_path: Path) -> None:
    first = datetime(2026, 6, 1, tzinfo=UTC)
    for days, name in enumerate(["zulu", "alpha", "alpha~2", "mike"]):
        as_of = first + timedelta(days={"alpha~2": 1}.get(name, days))
        said = {"format": cells.FORMAT, "as_of": as_of.replace(tzinfo=None).isoformat(), "cells": []}
        (tmp_path / f"{name}.json").write_bytes(orjson.dumps(said))
    found = cells.last_before(tmp_path, "mike", first + timedelta(days=3))
    assert found is not None
    assert found.name == "alpha~2"
    assert cells.last_before(tmp_path, "zulu", first) is None


def test_runs_that_are_not_the_one_before_are_not_read_to_their_end(tmp_path: Path) -> None:
    head = '{\n  "as_of": "2026-0%d-01T00:00:00",\n'
    for month, rest in ((4, '"never": read'), (5, '"cells": [], "format": 1}'), (7, '"never": read')):
        (tmp_path / f"m{month}.json").write_text(head % month + rest, encoding="utf-8")
    found = cells.last_before(tmp_path, "m6", datetime(2026, 6, 1, tzinfo=UTC))
    assert found is not None
    assert (found.name, found.as_of) == ("m5", datetime(2026, 5, 1, tzinfo=UTC))
    with pytest.raises(cells.CellsError, match=r"m4.json: expected the cells of a run"):
        cells.last_before(tmp_path, "m5", datetime(2026, 5, 1, tzinfo=UTC))
