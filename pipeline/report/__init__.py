"""The report of one run, in every format that this folder holds.

A format is a module here with `FILE`, the file's name, and `render(report) -> bytes`; nothing else registers it. All of them
print from the same `facts.Report`. The files appear together.
"""

import importlib
import os
import pkgutil
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from pipeline.report import facts


def formats() -> list[ModuleType]:
    """The format modules, by name."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    return [module for module in modules if hasattr(module, "FILE")]


def write(build_file: Path, folder: Path, progress: Callable[[str], None] = lambda _: None) -> list[Path]:
    """Writes the run's report into `folder`, whole. Returns the files, HTML first.

    Readers of `latest` see it once `point_latest` is called, which is after the checks of publish.
    """
    report = facts.read(build_file)
    folder.parent.mkdir(parents=True, exist_ok=True)
    for leftover in folder.parent.glob(".report-*"):  # of a report that was killed
        shutil.rmtree(leftover)
    draft = Path(tempfile.mkdtemp(prefix=".report-", dir=folder.parent))
    draft.chmod(0o755)
    for module in formats():
        (draft / module.FILE).write_bytes(module.render(report))
    former = draft.with_name(f"{draft.name}.former")
    if folder.exists():
        folder.replace(former)
    draft.replace(folder)
    shutil.rmtree(former, ignore_errors=True)
    files = sorted(folder.iterdir(), key=lambda path: (path.suffix != ".html", path.name))
    progress(f"report: {len(report.cells)} cells, {len(report.quotes)} quotes, {', '.join(path.name for path in files)}")
    return files


def point_latest(folder: Path) -> None:
    """Makes `latest`, a symbolic link beside the folder, mean this report; in one step."""
    draft = folder.with_name(f".latest.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(folder.name)
    draft.replace(folder.with_name("latest"))
