"""Pages of real sites, captured by others, are read as well as is wanted of their kind."""

from pathlib import Path

import pytest
from evaluate_sources import CORPUS, evaluate


@pytest.mark.skipif(
    not (CORPUS / "MANIFEST.json").exists(), reason=f"no corpus at {CORPUS}: set RIVALSCOPE_CORPUS to measure against one"
)
def test_captured_pages_are_read_as_well_as_is_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reached = evaluate(CORPUS, tmp_path / "author.key")
    assert reached, capsys.readouterr().out
