"""What the documentation tells people to type works, and says what is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT, Ran, rivalscope

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
    "outcome",
    "targets",
    "accept",
    "replay",
    "retention",
    "show",
    "parse",
    "freeze",
    "label",
    "up",
    "demo",
)


def blocks() -> list[tuple[str, str, str]]:
    return [(page.name, kind, body) for page in PAGES for kind, body in BLOCK.findall(page.read_text(encoding="utf-8"))]


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
