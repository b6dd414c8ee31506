"""What several test files stand on: one small market, run whole once, with hostile text in it."""

import csv
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pipeline.demo import web

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
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
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


@pytest.fixture(scope="session")
def tea(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The tea market, run once as of 2026-07-01."""
    folder = tmp_path_factory.mktemp("tea")
    market = write_tea_market(folder)
    done = rivalscope("run", market, "--data", folder / "data", "--as-of", "2026-07-01")
    return Ran(market, folder / "data", done.stdout, done.stderr, done.returncode)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """The demo market, served on a free port while the tests run, and run once without Airflow in a project folder of its own."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "markets").symlink_to(PROJECT / "markets")
    data = folder / "data" / "demo"
    with web.serve(0) as address:
        os.environ["RIVALSCOPE_DEMO_URL"] = address
        done = rivalscope("run", "markets/demo.toml", cwd=folder)
        yield Ran(folder / "markets" / "demo.toml", data, done.stdout, done.stderr, done.returncode)
        del os.environ["RIVALSCOPE_DEMO_URL"]
