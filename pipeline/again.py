"""A market as it was known at a moment, built again from the landing files, apart from what is published."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.inputs import Inputs
from pipeline.run import Run, RunError
from pipeline.swot import swot
from pipeline.text.score import score
from warehouse import crawls, load

Progress = Callable[[str], None]


@contextmanager
def workshop(run: Run) -> Iterator[Path]:
    """A folder for builds that nobody reads afterwards. The caller holds the build lock, so what a killed call left is removed."""
    for leftover in run.work.glob("again-*"):
        shutil.rmtree(leftover)
    folder = run.work / f"again-{os.getpid()}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def known_at(run: Run, tell: Progress) -> str:
    """The newest run that had crawled by the run's moment: the one that reported then. Raises RunError when there was none."""
    found = crawls.receipts(run.landing, run.rejected, run_id="", as_of=run.as_of, tell=tell)
    if not found:
        raise RunError(f"Expected a crawl as of {run.as_of.isoformat()} or before in {run.landing}, found none.")
    # Of runs with one moment, the one that is named by it.
    return max((crawl.as_of, crawl.run_id == run.run_id, crawl.run_id) for crawl in found)[2]


def as_known(run: Run, given: Inputs, build_file: Path, progress: Progress) -> None:
    """Makes `build_file`: load, score and swot as of the run's moment, by landing files of runs up to it. Raises RunError."""
    run_id = known_at(run, progress)
    progress(f"as of {run.as_of.isoformat()}: run {run_id} was the newest")
    load.load(build_file, run.landing, run.rejected, run_id=run_id, as_of=run.as_of, market=given.facts, progress=progress)
    scored(run, given, build_file, progress)
    counted(given, build_file)


def scored(run: Run, given: Inputs, build_file: Path, progress: Progress, *, taught_by: Path | None = None) -> None:
    """`taught_by`: a scored build whose reviews teach, where it is not this one."""
    score(
        build_file,
        run.scores,
        languages=given.languages,
        brand_locales=given.brand_locales,
        taxonomy=given.taxonomy,
        transformers=given.transformers,
        labels=given.labels,
        taught_by=taught_by,
        progress=progress,
    )


def counted(given: Inputs, build_file: Path) -> None:
    swot(build_file, settings=given.settings, guide=given.guide, rules=given.rules)
