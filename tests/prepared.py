"""Commands in processes of their own that begin with everything read: what a test starts a hundred times is read from disk once.

A process that has imported Scrapy, DuckDB and the rooms, and parsed the patterns and the SQL, waits (the fork server of multiprocessing, one a
worker); each command is a copy of it.
"""

import contextlib
import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from pathlib import Path

import __main__

_MODULES = (
    __name__,
    "scrapy.commands.crawl",
    "scrapy.crawler",
    "pipeline.rooms",
    "pipeline.swot",
    "pipeline.text.score",
    "pipeline.gather",
    "tests.read_once",
)

# DuckDB takes a program without a file for a prompt, and draws its progress on stdout there. This module is the first that the server imports.
if getattr(__main__, "main", None) is forkserver.main:
    __main__.__file__ = __file__

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload([*_MODULES])


def run(
    program: str, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 240
) -> subprocess.CompletedProcess[str]:
    """`program` is `module:function`, which is called with `arguments` and returns an exit code or raises SystemExit.

    `env` replaces the environment, as of subprocess.run; a sitecustomize.py on its PYTHONPATH is imported first, as by any Python.
    Raises subprocess.TimeoutExpired.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = [Path(folder) / name for name in ("stdout", "stderr")]
        child = _server.Process(
            target=_begin, args=(program, list(arguments), str(cwd), dict(os.environ if env is None else env), said)
        )
        child.start()
        child.join(timeout)
        if child.exitcode is None:
            child.kill()
            child.join()
            raise subprocess.TimeoutExpired([program, *arguments], timeout)
        stdout, stderr = (path.read_text(encoding="utf-8", errors="replace") for path in said)
    return subprocess.CompletedProcess([program, *arguments], child.exitcode, stdout, stderr)


def _begin(program: str, arguments: list[str], cwd: str, env: dict[str, str], said: list[Path]) -> None:
    for number, path in enumerate(said, 1):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.path[:0] = [part for part in env.get("PYTHONPATH", "").split(os.pathsep) if part]
    sys.modules.pop("sitecustomize", None)
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module("sitecustomize")
    module, function = program.split(":")
    sys.exit(getattr(importlib.import_module(module), function)(arguments))
