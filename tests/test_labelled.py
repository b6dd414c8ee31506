"""docs/accuracy.md tells what labelled texts give now."""

import re

import pytest
from evaluate_text import LABELLED, PAGE, evaluations

TOLD = {
    name: float(value)
    for name, value in re.findall(r"^\| ([^|]+) \| ([01]\.\d{3}) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
}
PARTS = dict(evaluations())


@pytest.mark.slow
@pytest.mark.skipif(
    not LABELLED.exists(), reason=f"no labelled texts at {LABELLED}: set RIVALSCOPE_LABELLED to measure with some"
)
@pytest.mark.parametrize("part", PARTS)
def test_the_page_tells_what_is_reached(part: str) -> None:
    for one in PARTS[part]():
        assert TOLD.get(one.name) == pytest.approx(one.value, abs=0.005), f"{one.name}: run `make evaluate-text`"
