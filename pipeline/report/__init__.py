"""The report of one run, in every format that this folder holds.

A format is a module here with `FILE`, the file's name, and `render(report) -> bytes`; nothing else registers it. All of them
print from the same `facts.Report`. The files appear together: readers of `reports/latest` never see half a set.
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
    """Writes the run's report into `folder` and points `latest` beside it there. Returns the files, HTML first."""
    report = facts.read(build_file)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".report-", dir=folder.parent))
    draft.chmod(0o755)
    for module in formats():
        (draft / module.FILE).write_bytes(module.render(report))
    if folder.exists():
        shutil.rmtree(folder)
    draft.replace(folder)
    _point(folder.parent / "latest", folder.name)
    files = sorted(folder.iterdir(), key=lambda path: (path.suffix != ".html", path.name))
    progress(f"report: {len(report.cells)} cells, {len(report.quotes)} quotes, {', '.join(path.name for path in files)}")
    return files


def _point(link: Path, target: str) -> None:
    """A symbolic link, replaced in one step."""
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)
