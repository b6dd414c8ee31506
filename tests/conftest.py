"""What several test files stand on: one small market, run whole once, with hostile text in it."""

import csv
import fcntl
import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from xdist.scheduler import LoadFileScheduling

from pipeline.demo import web
from tests import prepared

PROJECT = Path(__file__).parents[1]

HOSTILE = (
    "<script>document.title='ran'</script> delivery was late",
    "<img src=x onerror=\"document.title='ran'\"> the delivery was late",
    "\"><svg/onload=document.title='ran'> late delivery again",
    '=HYPERLINK("http://evil.example","late delivery")',
    "+1+cmd|' /C calc'!A0 the parcel arrived late",
    "@SUM(A1:A9) delivery was terribly late",
    "-2+3 the delivery came late, awful",
    "[late delivery](javascript:document.title='ran') | **bold** | `code`",
    "{{ 7*7 }} {% raw %} ${jndi:ldap://x} the delivery was late",
    "'; drop table core.review; -- late delivery",
    "\u202egnihtyreve late delivery\u202c \u0000 \U0001f621",
    "late delivery " + "A" * 5000,
)

_GOOD = (
    "The tea tastes wonderful and the quality is excellent.",
    "Friendly staff, I love this shop.",
    "Delivery was fast and the parcel arrived on time, great!",
    "Good price, great value for money.",
)
_BAD = (
    "The delivery was terribly late, I am very disappointed.",
    "My parcel arrived <b>two weeks</b> late, awful delivery.",
    "Late delivery again and nobody apologised, terrible.",
)


@dataclass(frozen=True)
class Ran:
    """A finished `rivalscope run`."""

    market: Path
    data: Path
    stdout: str
    stderr: str
    code: int

    @property
    def report(self) -> Path:
        return self.data / "reports" / "latest"


def rivalscope(*arguments: str | Path, cwd: Path = PROJECT, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Runs the command line as a user would; `code` None takes any exit code."""
    done = prepared.run("pipeline.cli:main", [*map(str, arguments)], cwd=cwd)
    assert code is None or done.returncode == code, done.stderr
    return done


def write_tea_market(folder: Path) -> Path:
    """Three tea shops, 90 reviews each; Leaf (ours) delivers late, the hostile texts are among its reviews. Returns the market file."""
    chance = random.Random(7)
    brands = {"leaf": 0.5, "kettle": 0.05, "cup": 0.05}
    text = 'id = "tea"\nname = "Tea <b>shops</b>"\nlanguages = ["en"]\n'
    for brand, late in brands.items():
        with (folder / f"{brand}.csv").open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "stars", "words", "day", "who", "answer"])
            for number in range(90):
                bad = number < round(90 * late)
                words = chance.choice(_BAD if bad else _GOOD) + f" Visit {number}."
                if bad and brand == "leaf" and number < len(HOSTILE):
                    words = HOSTILE[number].replace("\0", "")
                day = date(2026, 6, 30) - timedelta(days=chance.randrange(300))
                answer = "Thank you, we are sorry." if number % 3 == 0 else ""
                rows.writerow(
                    [f"{brand}-{number}", 1 if bad else 5, words, day.isoformat(), f"Jo Smith-{brand}-{number}", answer]
                )
        text += f"""
[[brands]]
id = "{brand}"
name = "{brand.title()} & <i>Co</i>"
own = {str(brand == "leaf").lower()}
language = "en"

[[brands.sources]]
kind = "reviews"
source = "table"
path = "{brand}.csv"
basis = "own_data"

[brands.sources.options]
rating_max = 5
date_format = "%Y-%m-%d"
columns = {{ native_id = "id", rating = "stars", text = "words", published_at = "day", author = "who", reply_text = "answer" }}
"""
    market = folder / "tea.toml"
    market.write_text(text, encoding="utf-8")
    return market


CHROMIUM = next((p for p in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(p).exists()), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM, "The browser tests need Chromium: install the package chromium."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
        )
        yield browser
        browser.close()


def opened(browser: Browser, file: Path, width: int) -> tuple[Page, list[str]]:
    """The file in a window of that width, and what it asks for over any network or disk, as it asks."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    return page, asked


_ADDRESS = pytest.StashKey[str]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Of pytest-xdist, where the workers are started: the demo web outlives each of them, so that what one has built of it serves all."""
    if _ADDRESS not in node.config.stash:
        serving = ExitStack()
        node.config.stash[_ADDRESS] = serving.enter_context(web.serve(0))
        node.config.add_cleanup(serving.close)
    node.workerinput["demo"] = node.config.stash[_ADDRESS]


LONG = (
    "test_diff", "test_as_of", "test_service_audit", "test_lying_source", "test_polite", "test_demo_job", "test_swot", "test_main_job",
    "test_approval", "test_dags", "test_gather", "test_docs", "test_query", "test_faq_contact_ranking_pages",
)  # fmt: skip
"""Begun first, so that in the end no worker is left alone with one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.stem, len(LONG)))


APART = ("test_diff",)
"""Its tests take long and share only what `ran_once` made."""


class _Files(LoadFileScheduling):
    """A file stays with one worker, as its fixtures do, unless its tests stand apart."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return nodeid if Path(file).stem in APART else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Files:
    """Of pytest-xdist."""
    return _Files(config, log)


def ran_once(
    name: str, factory: pytest.TempPathFactory, run: Callable[[Path], subprocess.CompletedProcess[str]]
) -> tuple[Path, tuple[str, str, int]]:
    """What `run` leaves in the folder that it is given, and its stdout, stderr and exit code, which must be 0.

    It runs once in a session, for whoever asks first; each worker gets a copy of the folder.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place, said = shared / name, shared / f"{name}.json"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            shutil.rmtree(place, ignore_errors=True)  # of one who was interrupted
            place.mkdir()
            done = run(place)
            said.write_text(json.dumps([done.stdout, done.stderr, done.returncode]), encoding="utf-8")
    own = factory.mktemp(name)
    shutil.copytree(place, own, symlinks=True, dirs_exist_ok=True)
    stdout, stderr, code = json.loads(said.read_text(encoding="utf-8").replace(str(place), str(own)))
    assert code == 0, stderr
    return own, (stdout, stderr, code)


@pytest.fixture(scope="session")
def tea(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The tea market, run once as of 2026-07-01."""

    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        return rivalscope("run", write_tea_market(folder), "--data", folder / "data", "--as-of", "2026-07-01", code=None)

    folder, done = ran_once("tea", tmp_path_factory, run)
    return Ran(folder / "tea.toml", folder / "data", *done)


@pytest.fixture(scope="session")
def demo_web(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the demo web while the tests run; the demo's market file is told it."""
    given = getattr(request.config, "workerinput", {}).get("demo")
    with ExitStack() as serving, pytest.MonkeyPatch.context() as patch:
        address = given or serving.enter_context(web.serve(0))
        patch.setenv("RIVALSCOPE_DEMO_URL", address)
        yield address


@pytest.fixture(scope="session")
def demo(demo_web: str, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The demo market, run once without Airflow in a project folder of its own; its web is there while the tests run."""

    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        (folder / "markets").symlink_to(PROJECT / "markets")
        return rivalscope("run", "markets/demo.toml", cwd=folder, code=None)

    assert demo_web
    folder, done = ran_once("demo", tmp_path_factory, run)
    return Ran(folder / "markets" / "demo.toml", folder / "data" / "demo", *done)
