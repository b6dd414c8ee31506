"""Saved pages are a source like the web: parsed by the same modules, landed with a receipt, unchanged when nothing changed."""

import gzip
import json
from pathlib import Path

from conftest import rivalscope

from spiders.receipt import Receipt

MARKET = """
id = "saved"
name = "Saved"
languages = ["en"]

[[brands]]
id = "leaf"
name = "Leaf"
domains = ["leaf.example"]

[[brands.sources]]
kind = "faq"
source = "faq_page"
path = "help"
basis = "own_data"

[[engines]]
source = "search_page"
path = "searches"
basis = "own_data"

[[keywords]]
text = "Green Tea"
engine = "search_page"
locale = "en-GB"
"""

FAQ = "<html><body><h1>Help</h1><details><summary>{}?</summary><p>Yes, and within a day.</p></details>"
FAQ += "<details><summary>{}, too?</summary><p>That as well.</p></details></body></html>"

RESULTS = """<html><head><title>green tea - Google Search</title></head><body><form><input name="q" value="green tea"></form><div id="search">
<div><a href="https://other.example/a"><h3>Other teas</h3></a></div><div><a href="https://www.leaf.example/green"><h3>Leaf green tea</h3></a></div>
<div><a href="https://third.example/b"><h3>Third</h3></a></div></div></body></html>"""


def landed(data: Path, run: str, target: str) -> list[dict[str, object]]:
    with gzip.open(data / "landing" / run / f"{target}.jsonl.gz") as lines:
        return [json.loads(line) for line in lines]


def written(folder: Path) -> Path:
    (folder / "help").mkdir()
    (folder / "searches").mkdir()
    (folder / "help" / "a.html").write_text(FAQ.format(*2 * ["Do you deliver on Sundays"]), encoding="utf-8")
    (folder / "help" / "b.html").write_text(FAQ.format(*2 * ["Can I return opened tea"]), encoding="utf-8")
    (folder / "searches" / "one.html").write_text(RESULTS, encoding="utf-8")
    market = folder / "saved.toml"
    market.write_text(MARKET, encoding="utf-8")
    return market


def test_saved_pages_land_like_fetched_ones_and_an_unchanged_folder_lands_a_receipt_only(tmp_path: Path) -> None:
    market, data = written(tmp_path), tmp_path / "data"
    rivalscope("gather", market, "--data", data, "--run", "one")
    questions = [entry["question"] for entry in landed(data, "one", "leaf.faq.faq_page")]
    assert questions == [
        "Do you deliver on Sundays?",
        "Do you deliver on Sundays, too?",
        "Can I return opened tea?",
        "Can I return opened tea, too?",
    ]
    found = landed(data, "one", "market.ranking.search_page")
    assert [(r["rank"], r["keyword"], r["locale"], r["engine"], r["depth"]) for r in found] == [
        (n, "Green Tea", "en-GB", "search_page", 3) for n in (1, 2, 3)
    ]
    assert found[1]["url"] == "https://www.leaf.example/green"
    again = rivalscope("gather", market, "--data", data, "--run", "two")
    assert again.stderr.count("unchanged since run one") == 2
    first, second = (Receipt.load(data / "landing" / run / "leaf.faq.faq_page.receipt.json") for run in ("one", "two"))
    # A run that read nothing has no verdict of its own, and shows none of another's.
    assert first.measured
    assert (second.measured, second.monitors, second.alarm, second.reason) == ({}, (), None, None)
    (tmp_path / "help" / "c.html").write_text(FAQ.format(*2 * ["Is the tea organic"]), encoding="utf-8")
    rivalscope("gather", market, "--data", data, "--run", "three")
    assert len(landed(data, "three", "leaf.faq.faq_page")) == 6


def test_an_empty_folder_is_one_clear_sentence(tmp_path: Path) -> None:
    market, data = written(tmp_path), tmp_path / "data"
    for page in (tmp_path / "help").iterdir():
        page.unlink()
    done = rivalscope("gather", market, "--data", data, "--target", "leaf.faq.faq_page", code=3)
    assert "expected saved pages in" in done.stderr


def test_saved_pages_are_read_again_from_the_archive_when_their_folder_is_gone(tmp_path: Path) -> None:
    market, data = written(tmp_path), tmp_path / "data"
    target = "market.ranking.search_page"
    for run in ("one", "two"):
        rivalscope("gather", market, "--data", data, "--run", run, "--target", target)
    before = landed(data, "one", target)
    (tmp_path / "searches" / "one.html").unlink()
    market.write_text(MARKET.replace('locale = "en-GB"', 'locale = "en-US"'), encoding="utf-8")
    done = rivalscope("replay", market, "--data", data, "--run", "two", "--target", target)
    # The second run found the same pages: they are in the archive of the first.
    assert f"{target} of run one: reading 2, 3 → 3 records, 3 added, 3 removed, 0 changed" in done.stderr
    assert landed(data, "one", f"{target}~2") == [line | {"locale": "en-US"} for line in before]
    assert not (data / "archive" / "two").exists()
    again = rivalscope("replay", market, "--data", data, "--all-runs", "--target", target)
    assert f"{target} of run one: the same 3 records as before" in again.stderr
    unchanged = Receipt.load(data / "landing" / "two" / f"{target}.receipt.json")
    assert (unchanged.outcome, unchanged.archived, unchanged.archive_sha256) == ("unchanged", 0, None)
