"""`rivalscope diff`: where one thing differs between two runs it is named and nothing else is; where all do, each is."""

import csv
import gzip
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
from conftest import PROJECT, ran_once, rivalscope, write_tea_market

pytestmark = pytest.mark.slow

FIRST, SECOND = "20260701T000000Z", "20260708T000000Z"
KIND = "The staff are friendly and helpful and lovely to talk to."
LATE = "The delivery was terribly late, I am very disappointed."


@dataclass
class Place:
    """A copy of the tea market with its first run, to be changed."""

    folder: Path
    project: Path = PROJECT
    """Whose program runs."""

    @property
    def market(self) -> Path:
        return self.folder / "tea.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def call(self, *arguments: str | Path) -> str:
        if self.project == PROJECT:
            return rivalscope(*arguments, "--data", self.data).stdout
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *map(str, arguments), "--data", str(self.data)],
            cwd=self.project,
            env=os.environ | {"PYTHONPATH": str(self.project)},
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def diff(self, *runs: str) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.call("diff", self.market, *runs, "--json"))
        return found

    def edit_market(self, old: str, new: str) -> None:
        text = self.market.read_text(encoding="utf-8")
        assert old in text
        self.market.write_text(text.replace(old, new, 1), encoding="utf-8")

    def own_program(self) -> Path:
        """The program as a copy that can be changed."""
        if self.project == PROJECT:
            self.project = self.folder / "project"
            for name in ("pipeline", "warehouse", "spiders"):
                shutil.copytree(PROJECT / name, self.project / name, ignore=shutil.ignore_patterns("__pycache__"))
        return self.project


def rewrite(file: Path, change: Callable[[list[list[str]]], list[list[str]]]) -> None:
    with file.open(newline="", encoding="utf-8") as opened:
        header, *rows = csv.reader(opened)
    with file.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([header, *change(rows)])


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tea market without stars, so that no review teaches, after its first run."""
    return ran_once("begun", tmp_path_factory, first_run)[0]


def first_run(folder: Path) -> subprocess.CompletedProcess[str]:
    market = write_tea_market(folder)
    for brand in ("leaf", "kettle", "cup"):
        rewrite(folder / f"{brand}.csv", lambda rows: [[row[0], "", *row[2:]] for row in rows])
    # Good and bad by the sentiment of the sentence alone; of late deliveries the theme's own wordings tell.
    for brand, word in (("kettle", "wonderful"), ("cup", "terrible")):

        def staff(rows: list[list[str]], word: str = word) -> list[list[str]]:
            said = [[n, stars, f"The staff were {word} on my visit {n}.", *rest] for n, stars, _, *rest in rows[10:50]]
            return [*rows[:10], *said, *rows[50:]]

        rewrite(folder / f"{brand}.csv", staff)
    # A source's reviews all edited at once would be held to be read wrongly, and not land.
    calm = market.read_text(encoding="utf-8").replace('basis = "own_data"', 'basis = "own_data"\nmonitors = "off"')
    market.write_text(calm, encoding="utf-8")
    return rivalscope("run", market, "--data", folder / "data", "--as-of", "2026-07-01")


@pytest.fixture
def place(begun: Path, tmp_path: Path) -> Place:
    folder = tmp_path / "market"
    shutil.copytree(begun, folder, symlinks=True)
    return Place(folder)


def new_reviews(place: Place, day: str = "2026-06-29") -> None:
    more = [[f"late-{n}", "", f"{LATE} Visit {n} again.", day, f"Jo Smith-late-{n}", ""] for n in range(40)]
    rewrite(place.folder / "cup.csv", lambda rows: [*rows, *more])


def edited_reviews(place: Place) -> None:
    """All are answered by now."""
    rewrite(place.folder / "leaf.csv", lambda rows: [[*row[:5], "Thank you, we are sorry."] for row in rows])


def rules(place: Place) -> None:
    file = place.own_program() / "warehouse" / "sql" / "rule" / "complaint_share.sql"
    file.write_text(file.read_text(encoding="utf-8").replace("complaints about", "grumbles about"), encoding="utf-8")


def model(place: Place) -> None:
    spec = importlib.util.spec_from_file_location("tiny", PROJECT / "tests" / "test_text_transformer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.made(place.folder / "tiny")
    with place.market.open("a", encoding="utf-8") as file:
        file.write('\n[text]\nmodels = { en = "tiny" }\n')


def lexicon(place: Place) -> None:
    """The program that scores."""
    file = place.own_program() / "pipeline" / "text" / "sentiment" / "scores.py"
    with file.open("a", encoding="utf-8") as more:
        more.write(
            "\n\n_scored = scores\n\n\ndef scores(texts, language, models):\n    return [-abs(s) for s in _scored(texts, language, models)]\n"
        )


def themes(place: Place) -> None:
    place.edit_market("languages =", 'themes = { off = ["delivery_punctuality"] }\nlanguages =')


def settings(place: Place) -> None:
    place.edit_market("languages =", "swot = { min_share_effect = 0.7, min_effect = 1.5 }\nlanguages =")


def coverage(place: Place) -> None:
    """A source more of each brand; at one of them its customers praise the staff."""
    text = place.market.read_text(encoding="utf-8")
    head, *brands = text.split("[[brands]]")
    for at, brand in enumerate(("leaf", "kettle", "cup")):
        shutil.copyfile(place.folder / f"{brand}.csv", place.folder / f"more_{brand}.csv")

        def others(rows: list[list[str]], brand: str = brand) -> list[list[str]]:
            said = [f"{KIND} Order {n}." if brand == "kettle" else f"{row[2]} Order {n}." for n, row in enumerate(rows)]
            return [[f"more-{row[0]}", "", words, row[3], f"{row[4]} more", ""] for row, words in zip(rows, said, strict=True)]

        rewrite(place.folder / f"more_{brand}.csv", others)
        assert f'path = "{brand}.csv"' in brands[at]
        source = brands[at][brands[at].index("[[brands.sources]]") :].split("\n[text]")[0]
        brands[at] += source.replace(f'"{brand}.csv"', f'"more_{brand}.csv"').replace(
            'source = "table"', 'source = "table"\nname = "more"'
        )
    place.market.write_text("[[brands]]".join([head, *brands]), encoding="utf-8")


def vanished_reviews(place: Place) -> None:
    """Lines of a landing file that the first run has read are taken out, as an erasure does."""
    file = place.data / "landing" / FIRST / "leaf.reviews.table.jsonl.gz"
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    kept = [line for line in lines if "late" not in orjson.loads(line)["text"]]
    assert 0 < len(kept) < len(lines)
    receipt = file.with_name("leaf.reviews.table.receipt.json")
    for path in (file, receipt):
        path.chmod(0o644)
    file.write_bytes(gzip.compress(b"".join(kept)))
    facts = {"records": len(kept), "file_sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    receipt.write_bytes(orjson.dumps(orjson.loads(receipt.read_bytes()) | facts))


ONE_THING: dict[str, tuple[Callable[[Place], None], str]] = {
    each.__name__: (each, factor)
    for each, factor in (
        (new_reviews, "new reviews"),
        (edited_reviews, "edited reviews"),
        (rules, "rules"),
        (model, "model"),
        (lexicon, "model"),
        (themes, "themes"),
        (settings, "settings"),
        (coverage, "coverage"),
        (vanished_reviews, "vanished reviews"),
    )
}


def causes(found: dict[str, Any]) -> set[str]:
    return {factor for change in found["changes"] for cause in change["causes"] for factor in cause["factors"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE_THING)
def test_where_one_thing_differs_it_is_named_and_nothing_else_is(place: Place, name: str) -> None:
    change, factor = ONE_THING[name]
    change(place)
    place.call("run", place.market, "--as-of", "2026-07-08")
    found = place.diff(FIRST, SECOND)
    assert found["changes"], "the change is large enough to be seen"
    assert causes(found) == {factor}
    assert all(len(change["causes"]) == 1 for change in found["changes"])
    assert set(found["differs"]) == {factor}
    for each in found["changes"]:
        # One step, so what it changed is what changed.
        assert each["causes"][0]["before"] == each["before"]
        assert each["causes"][0]["after"] == each["after"]


@pytest.mark.slow
def test_where_everything_differs_each_thing_is_named_where_it_changed_a_cell(place: Place) -> None:
    new_reviews(place, day="2026-01-15")
    for change in (edited_reviews, rules, themes, coverage, model):
        change(place)
    place.edit_market('themes = { off = ["delivery_punctuality"] }', 'themes = { off = ["price_value"] }')
    place.edit_market("languages =", "swot = { min_reviews = 8 }\nlanguages =")
    place.call("run", place.market, "--as-of", "2026-07-08")
    found = place.diff()
    wanted = {"new reviews", "edited reviews", "rules", "themes", "settings", "coverage", "model"}
    assert set(found["differs"]) == wanted
    assert causes(found) == wanted
    assert found["order"] == ["rules", "themes", "settings", "edited reviews", "new reviews", "coverage", "model"]
    for each in found["changes"]:
        before, after = each["before"], each["after"]
        # The steps lead from the first run's cell to the second's, column by column.
        for cause in each["causes"]:
            for column in {*cause["before"], *cause["after"]}:
                if column in before or column in cause["before"]:
                    assert cause["before"].get(column) == before.get(column, cause["before"].get(column))
            before = {k: v for k, v in before.items() if k not in cause["before"]} | cause["after"]
        assert {k: v for k, v in before.items() if k in after} == after


def test_a_run_that_found_nothing_new_differs_in_nothing(place: Place) -> None:
    place.call("run", place.market, "--as-of", "2026-07-08")
    files = {p: p.read_bytes() for p in (place.data / "warehouse.duckdb", *sorted((place.data / "cells").glob("*.json")))}
    found = place.diff(SECOND, FIRST)
    assert (found["first"]["run"], found["second"]["run"]) == (FIRST, SECOND)
    assert (found["changes"], found["differs"], found["unchanged"]) == ([], {}, 8)
    shown = place.call("diff", place.market)
    assert "nothing that the cells depend on differs" in shown
    assert "0 appeared, 0 vanished, 0 changed, 8 the same" in shown
    assert {p: p.read_bytes() for p in files} == files
    assert not list((place.data / "work").glob("again-*"))


def test_the_same_run_published_again_under_other_settings_is_told_apart(place: Place) -> None:
    settings(place)
    for room in ("load", "score", "swot", "publish"):
        place.call(room, place.market, "--run", FIRST)
    assert sorted(p.name for p in (place.data / "cells").glob("*.json")) == [f"{FIRST}.json", f"{FIRST}~2.json"]
    found = place.diff(f"{FIRST}~1", f"{FIRST}~2")
    assert causes(found) == {"settings"}
    assert found["differs"] == {"settings": ["swot.min_effect", "swot.min_share_effect"]}
    shown = place.call("diff", f"{FIRST}~1", FIRST, place.market)
    assert "settings: vanished" in shown
    assert "leaf · weakness · delivery_punctuality" in shown


def test_an_unknown_run_is_told_with_those_that_are_known(begun: Path) -> None:
    market, data = begun / "tea.toml", begun / "data"
    done = rivalscope("diff", market, FIRST, "nope", "--data", data, code=1)
    assert "found 'nope'" in done.stderr
    assert FIRST in done.stderr
    assert "Traceback" not in done.stderr
    done = rivalscope("diff", market, "../../x", FIRST, "--data", data, code=1)
    assert "found '../../x'" in done.stderr
    done = rivalscope("diff", market, "--data", data, code=1)
    assert "Expected the cells of 2 runs" in done.stderr
    done = rivalscope("diff", market, FIRST, "--data", data, code=1)
    assert "Expected the market file and two runs" in done.stderr


def test_a_terminal_gets_no_control_character(place: Place) -> None:
    file = place.data / "cells" / f"{FIRST}.json"
    said = orjson.loads(file.read_bytes())
    for cell in said["cells"]:
        cell["claim"] = "\u001b[2J\u202eclaim"
    (place.data / "cells" / f"{FIRST}~2.json").write_bytes(orjson.dumps(said))
    shown = place.call("diff", place.market, f"{FIRST}~1", f"{FIRST}~2")
    assert "claim" in shown
    assert not [c for c in shown if c != "\n" and (ord(c) < 32 or 0x202A <= ord(c) <= 0x202E)]
    assert "unexplained" in shown
