"""The main job on real exports: `rivalscope run`, landing to report, then again with nothing new.

Takes the two exports of markets/rv_rental.toml from $RIVALSCOPE_IMPORTS; without them it says so and measures nothing.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def rows() -> list[dict[str, str]]:
    imports = os.environ.get("RIVALSCOPE_IMPORTS")
    if imports is None:
        return [{"measure": "run on markets/rv_rental.toml", "value": "not measured: RIVALSCOPE_IMPORTS is not set"}]
    with tempfile.TemporaryDirectory() as folder:
        first, peak = _run(Path(folder), "first")
        second, _ = _run(Path(folder), "second")
    return [
        {"measure": "run on rv_rental, gather to publish, 1,600 reviews", "value": f"{first:.1f} s", "wanted": "≤ 20 s"},
        {"measure": "peak memory of its largest process", "value": f"{peak / 2**20:.0f} MB", "wanted": "< 1,000 MB"},
        {
            "measure": "a second run with nothing new",
            "value": f"{second:.1f} s",
            "baseline": f"{first:.1f} s",
            "ratio": f"{second / first:.2f}",
            "wanted": "≤ 0.33",
        },
    ]


def _run(data: Path, name: str) -> tuple[float, int]:
    """Wall seconds of one `rivalscope run`, and the peak bytes of the largest of its processes."""
    began = time.monotonic()
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pipeline.cli",
            "run",
            "markets/rv_rental.toml",
            "--data",
            str(data),
            "--run",
            name,
            "--as-of",
            datetime.now(UTC).isoformat(),
        ],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(child.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return time.monotonic() - began, used.ru_maxrss * 1024
