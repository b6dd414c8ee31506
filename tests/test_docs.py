"""What the documentation tells people to type works, and says what is there."""

import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, Ran, rivalscope

from spiders.items import FOLDERS

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

TESTED_ELSEWHERE = ("make ", "rivalscope up")
"""By test_up.py, test_demo_job.py and .ci/run itself."""

COMMANDS = (
    "run",
    "gather",
    "load",
    "score",
    "swot",
    "report",
    "publish",
    "deliver",
    "outcome",
    "health",
    "targets",
    "accept",
    "replay",
    "retention",
    "show",
    "sql",
    "diff",
    "parse",
    "freeze",
    "label",
    "up",
    "demo",
)


def blocks() -> list[tuple[str, str, str]]:
    return [(page.name, kind, body) for page in PAGES for kind, body in BLOCK.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "kind", "body"), blocks(), ids=lambda value: str(value)[:40].strip().replace("\n", " "))
def test_a_command_in_the_docs_runs(demo: Ran, page: str, kind: str, body: str) -> None:
    lines = [line for line in body.splitlines() if kind == "python" or not line.startswith(TESTED_ELSEWHERE)]
    command = [sys.executable, "-"] if kind == "python" else ["sh", "-e"]
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command,
        input="\n".join(lines) + "\n",
        cwd=demo.data.parents[1],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, f"{page}: {body}\n{done.stdout}\n{done.stderr}"


def test_the_docs_have_commands_to_run() -> None:
    assert {page for page, _, _ in blocks()} >= {"README.md", "strategist.md", "analyst.md", "ops.md"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_in_the_docs_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    shown = rivalscope(command, "--help").stdout
    assert len(shown.split()) > 20


def test_every_command_is_known_here() -> None:
    shown = rivalscope("--help").stdout
    assert set(re.findall(r"^    (\w+)(?: |$)", shown, re.MULTILINE)) == set(COMMANDS)


SOURCES = [
    (kind, each.name, f"spiders.{folder}.{each.name}")
    for kind, folder in FOLDERS.items()
    for each in pkgutil.iter_modules(importlib.import_module(f"spiders.{folder}").__path__)
]


@pytest.mark.parametrize(("kind", "source", "module"), SOURCES, ids=[source for _, source, _ in SOURCES])
def test_every_source_is_documented_with_its_options(kind: str, source: str, module: str) -> None:
    page = (PROJECT / "docs" / "sources.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {kind}\n")[1].split("\n## ")[0]
    assert f"| `{source}` |" in section
    own = section if source == "table" else next(line for line in section.splitlines() if line.startswith(f"| `{source}` |"))
    options = importlib.import_module(module).Options.model_fields
    assert not [name for name in options if f"`{name}`" not in own]
