"""The main job on real exports: `rivalscope run`, landing to report, then again with nothing new.

Takes the two exports of markets/rv_rental.toml from $RIVALSCOPE_IMPORTS; without them it says so and measures nothing.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
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
        {"measure": "its peak memory", "value": f"{peak / 2**20:.0f} MB", "wanted": "< 1,000 MB"},
        {
            "measure": "a second run with nothing new",
            "value": f"{second:.1f} s",
            "baseline": f"{first:.1f} s",
            "ratio": f"{second / first:.2f}",
            "wanted": "≤ 0.33",
        },
    ]


def _run(data: Path, name: str) -> tuple[float, int]:
    """Wall seconds and peak bytes of one `rivalscope run` from landing to report."""
    began = time.monotonic()
    subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "run", "markets/rv_rental.toml", "--data", str(data), "--run", name],
        cwd=PROJECT,
        check=True,
        stderr=subprocess.DEVNULL,
    )
    return time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
