"""The report of one run, in every format that this folder holds.

A format is a module here with `FILE`, the file's name, and `render(report) -> bytes`; nothing else registers it. All of them
print from the same `facts.Report`, in its language. The files appear together: `report.html` in the first of the wanted languages,
`report.ko.html` in another; a format with `TRANSLATED = False` is written once.
"""

import importlib
import os
import pkgutil
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from pipeline.report import facts
from pipeline.report.since import Since
from pipeline.report.wording import Wording


def formats() -> list[ModuleType]:
    """The format modules, by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    return [module for module in modules if hasattr(module, "FILE")]


def file_in(language: str, file: str, languages: Sequence[str]) -> str:
    """What a format's file is called in one of the wanted languages."""
    stem, suffix = file.rsplit(".", 1)
    return file if language == languages[0] else f"{stem}.{language}.{suffix}"


def write(
    build_file: Path,
    folder: Path,
    languages: Sequence[str] = ("en",),
    progress: Callable[[str], None] = lambda _: None,
    since: Since | None = None,
    *,
    market_file: Path | None = None,
) -> list[Path]:
    """Writes the run's report into `folder`, whole, in each of `languages`. Returns the files, HTML first.

    `since`: how its cells differ from those of the run before; None where there was none. `market_file`: for the commands
    that the report prints; without it they name the market alone.

    Readers of `latest` see it once `point_latest` is called, which is after the checks of publish.
    """
    reports = [
        facts.read(build_file, Wording(language), since=since, languages=languages, market_file=market_file)
        for language in languages
    ]
    folder.parent.mkdir(parents=True, exist_ok=True)
    for leftover in folder.parent.glob(".report-*"):  # of a report that was killed
        shutil.rmtree(leftover)
    draft = Path(tempfile.mkdtemp(prefix=".report-", dir=folder.parent))
    draft.chmod(0o755)
    for module in formats():
        for report in reports if getattr(module, "TRANSLATED", True) else reports[:1]:
            (draft / file_in(report.words.language, module.FILE, languages)).write_bytes(module.render(report))
    former = draft.with_name(f"{draft.name}.former")
    if folder.exists():
        folder.replace(former)
    draft.replace(folder)
    shutil.rmtree(former, ignore_errors=True)
    files = sorted(folder.iterdir(), key=lambda path: (path.suffix != ".html", path.name))
    progress(f"report: {len(reports[0].cells)} cells, {len(reports[0].quotes)} quotes, {', '.join(path.name for path in files)}")
    return files


def point_latest(folder: Path) -> None:
    """Makes `latest`, a symbolic link beside the folder, mean this report; in one step."""
    draft = folder.with_name(f".latest.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(folder.name)
    draft.replace(folder.with_name("latest"))
