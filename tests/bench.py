"""`make bench`: every bench_*.py beside this file, one table, and the same as docs/benchmarks.md with the machine named.

Each has `rows() -> list[Row]`. A figure is a ratio against a baseline that was measured in the same run wherever there is one, so
a slow machine makes both slow; nothing here is asserted in a test.
"""

import importlib
import os
import platform
import sys
import time
from pathlib import Path

import duckdb

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent / "docs" / "benchmarks.md"
HEAD = "| measure | value | baseline | ratio | wanted |\n| --- | --- | --- | --- | --- |\n"


def machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next(
        (x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if x.startswith("model name")), "?"
    )
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"CPython {platform.python_version()}, DuckDB {duckdb.__version__}"
    )


def main() -> None:
    wanted = sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("bench_*.py"))
    sys.path.insert(0, str(FOLDER))
    lines = []
    for name in wanted:
        began = time.monotonic()
        for row in importlib.import_module(name).rows():
            line = f"| {row['measure']} | {row['value']} | {row.get('baseline', '')} | {row.get('ratio', '')} | {row.get('wanted', '')} |"
            print(line, flush=True)
            lines.append(line)
        print(f"({name}: {time.monotonic() - began:.0f} s)", file=sys.stderr)
    if len(sys.argv) == 1:
        PAGE.write_text(
            f"# Benchmarks\n\nWritten by `make bench` on {machine()}.\n"
            "A ratio compares with the baseline beside it, measured in the same run.\n\n" + HEAD + "\n".join(lines) + "\n",
            encoding="utf-8",
        )


if __name__ == "__main__":
    main()
