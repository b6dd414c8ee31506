"""A site that changes under a crawl, from one run to the next, over a real web server: what lands then, what does not, and what is said."""

import http.server
import json
import random
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from conftest import rivalscope

from pipeline.gather import gather
from pipeline.judge import Circumstances
from pipeline.market import load_market
from pipeline.monitor import LASTING
from pipeline.run import Run, RunError, open_run
from pipeline.verdict import accept, good_runs, verdict
from spiders.receipt import Receipt

START = datetime(2026, 3, 2, tzinfo=UTC)
WORDS = (
    "The",
    "pan",
    "is",
    "heavy",
    "and",
    "even",
    "browns",
    "meat",
    "well",
    "but",
    "the",
    "handle",
    "gets",
    "hot",
    "lid",
    "does",
    "not",
    "close",
    "so",
    "I",
    "would",
    "buy",
    "it",
    "again",
)

LIES = dict.fromkeys(("rating_without_ids", "warned", "unwatched"), "rating")
"""Shops that do what another one is named after."""
CAPTCHA = "<html><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt = {};</script></body></html>"
SHELL = "<html><head><title>Pans</title></head><body><div id='root'></div><script src='/app.js'></script></body></html>"


@dataclass
class Shop:
    """Its newest reviews, ten to a page, on three pages; they grow by a few from one run to the next."""

    chance: random.Random
    with_ids: bool = True
    reviews: list[dict[str, object]] = field(default_factory=list)
    fault: str = ""

    def grow(self, day: date, count: int) -> None:
        for _ in range(count):
            number = len(self.reviews)
            review: dict[str, object] = {
                "@type": "Review",
                "author": {"@type": "Person", "name": f"Guest {number}"},
                "datePublished": (day - timedelta(days=self.chance.randrange(3))).isoformat(),
                "reviewBody": f"{number}: " + " ".join(self.chance.choices(WORDS, k=12)),
                "reviewRating": {"@type": "Rating", "ratingValue": self.chance.choice((5, 5, 5, 4, 4, 3, 1)), "bestRating": 5},
            }
            self.reviews.append(review | ({"@id": f"review-{number}-of-the-shop"} if self.with_ids else {}))

    def page(self, name: str, number: int) -> str:
        shown = self.reviews[::-1][number * 10 - 10 : number * 10]
        match self.fault:
            case "captcha":
                return CAPTCHA
            case "layout":
                return SHELL
            case "thin":
                shown = shown[:1] if number == 1 else []
            case "rating":  # the page's own in the place of each review's
                shown = [review | {"reviewRating": {"@type": "Rating", "ratingValue": 4.3, "bestRating": 5}} for review in shown]
        product = {"@context": "https://schema.org", "@type": "Product", "name": "Pan", "review": shown}
        following = f'<link rel="next" href="/{name}/{number + 1}">' if number < 3 and self.fault != "thin" else ""
        cards = "".join(f'<article class="card"><p class="body">{review["reviewBody"]}</p></article>' for review in shown)
        data = json.dumps(product)
        return f'<html><head>{following}<script type="application/ld+json">{data}</script></head><body>{cards}</body></html>'


class Guarded:
    """A site whose guard lets nobody in, in the words that a visitor reads."""

    def page(self, _name: str, _number: int) -> str:
        return (
            '<html lang="en"><head><title>Access to this page has been denied.</title></head><body><div id="px-captcha"></div>'
            '<a href="/help">Help</a> <a href="mailto:unblock@pans.example">unblock@pans.example</a></body></html>'
        )


@contextmanager
def serving(shops: Mapping[str, Shop | Guarded]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, name, *number = self.path.split("/")
            found = shops.get(name)
            body = found.page(name, int((number or ["1"])[0])).encode() if found else b"User-agent: *\nDisallow:\n"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8" if found else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def market_of(folder: Path, base: str, sources: dict[str, str]) -> Path:
    """One brand for each shop; what a source has beside its url is given."""
    text = 'id = "pans"\nname = "Pans"\nlanguages = ["en"]\n[crawl]\ncontact = "owner@pans.example"\ndelay_seconds = 0\n'
    text += 'allow_hosts = ["127.0.0.1"]\ntimeout_seconds = 60\n'
    for name, more in sources.items():
        text += f'[[brands]]\nid = "{name}"\nname = "{name}"\n[[brands.sources]]\nkind = "reviews"\nsource = "schema_org"\n'
        text += f'url = "{base}/{name}"\nbasis = "public_page"\n{more}\n'
    path = folder / "pans.toml"
    path.write_text(text)
    return path


def test_a_captcha_with_status_200_is_a_refusal_and_a_wrong_canary_no_review(tmp_path: Path) -> None:
    shops = {"wall": Shop(random.Random(1), fault="captcha"), "canary": Shop(random.Random(1))}
    shops["canary"].grow(START.date(), 12)
    known = '[[brands.sources.canaries]]\nnative_id = "{}"\ntext_start = "{}"'
    canaries = known.format("review-3-of-the-shop", "3: something else") + "\n" + known.format("gone", "whatever")
    with serving(shops) as base:
        market = load_market(market_of(tmp_path, base, {"wall": "", "canary": canaries}))
        run = Run(market, tmp_path / "data", "r1", START)
        wall, canary = gather(run, market.targets, progress=lambda _line: None)
    assert (wall.outcome, wall.alarm, wall.records) == ("blocked", "blocked", 0)
    assert "found a captcha, a refusal or a consent form in the place of 1 of 1" in (wall.reason or "")
    assert "Cloudflare's browser check" in (wall.reason or "")
    assert "It is left alone" in (wall.reason or "")
    assert (canary.outcome, canary.alarm) == ("rejected", "implausible")
    assert "a text that begins '3: something else', found '3: " in (canary.reason or "")
    assert {m.name: m.verdict for m in canary.monitors if m.name.startswith("canar")} == {
        "canary_wrong_count": "alarm",
        "canary_missed_count": "warning",
    }


WRONG = '[[brands.sources.canaries]]\nnative_id = "review-3-of-the-shop"\ntext_start = "3: something else"'


@pytest.mark.parametrize("monitors", ["warn", "off"])
def test_what_a_person_knows_holds_whatever_becomes_of_the_history_and_in_each_reading(tmp_path: Path, monitors: str) -> None:
    ahead = Shop(random.Random(1))
    ahead.grow(START.date() + timedelta(days=9000), 12)
    shop = Shop(random.Random(1))
    shop.grow(START.date(), 12)
    sources = {"canary": f'monitors = "{monitors}"\n{WRONG}', "ahead": f'monitors = "{monitors}"'}
    with serving({"canary": shop, "ahead": ahead}) as base:
        market = load_market(market_of(tmp_path, base, sources))
        run = Run(market, tmp_path / "data", "r1", START)
        receipts = gather(run, market.targets, progress=lambda _line: None)
    for receipt, monitor in zip(receipts, ("canary_wrong_count", "future_share"), strict=True):
        assert (receipt.outcome, receipt.alarm) == ("rejected", "implausible"), receipt.reason
        assert [each.name for each in receipt.monitors if each.verdict == "alarm"] == [monitor]
        assert monitors == "warn" or {each.name for each in receipt.monitors} <= LASTING
        (source,) = (target.source for target in market.targets if target.id == receipt.target)
        facts = Circumstances(
            lines=run.rejected / "r1" / f"{receipt.target}.jsonl.gz",
            where="x",
            exit_code=0,
            overdue=False,
            timeout_seconds=60,
            min_records=1,
            max_pages=9,
        )
        again = verdict(run, source, receipt.model_copy(update={"reading": 2}), facts)
        assert (again.outcome, again.alarm) == ("rejected", "implausible")
        assert "rivalscope accept" not in (again.reason or "")


def test_the_address_on_a_captcha_is_no_way_to_reach_the_company(tmp_path: Path) -> None:
    with serving({"wall": Guarded()}) as base:
        file = market_of(tmp_path, base, {"wall": ""})
        file.write_text(file.read_text().replace('"reviews"', '"contact"').replace('"schema_org"', '"site"'))
        market = load_market(file)
        run = Run(market, tmp_path / "data", "r1", START)
        (receipt,) = gather(run, market.targets, progress=lambda _line: None)
    assert (receipt.outcome, receipt.alarm, receipt.records) == ("blocked", "blocked", 0)
    assert "PerimeterX's captcha" in (receipt.reason or "")


@dataclass
class Story:
    """Four healthy runs of a week each, and a fifth in which the shops do what they are named after."""

    market: Path
    data: Path
    runs: list[Run]
    receipts: dict[str, list[Receipt]]
    told: list[str]

    def last(self, name: str) -> Receipt:
        return self.receipts[name][-1]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("story")
    names = ("captcha", "layout", "thin", "rating", "rating_without_ids", "healthy", "warned", "unwatched")
    shops = {name: Shop(random.Random(number), with_ids="without" not in name) for number, name in enumerate(names)}
    sources = dict.fromkeys(names, "") | {"warned": 'monitors = "warn"', "unwatched": 'monitors = "off"'}
    receipts: dict[str, list[Receipt]] = {name: [] for name in names}
    runs = []
    told: list[str] = []
    with serving(shops) as base:
        file = market_of(folder, base, sources)
        market = load_market(file)
        for number in range(5):
            as_of = START + timedelta(days=7 * number)
            for name, shop in shops.items():
                shop.grow(as_of.date(), 4 if number else 35)
                shop.fault = LIES.get(name, name) if number == 4 else ""
            run = open_run(market, folder / "data", run_id=f"r{number + 1}", as_of=as_of, new=True)
            told.clear()
            for name, receipt in zip(names, gather(run, market.targets, progress=told.append), strict=True):
                receipts[name].append(receipt)
            runs.append(run)
        yield Story(file, folder / "data", runs, receipts, told)


@pytest.mark.slow
def test_healthy_runs_land_without_a_warning(story: Story) -> None:
    for receipts in story.receipts.values():
        for receipt in receipts[:4]:
            assert (receipt.outcome, receipt.alarm, receipt.records) == ("landed", None, 30)
            assert not [monitor for monitor in receipt.monitors if monitor.verdict in {"warning", "alarm"}]
            assert len(receipt.template) > 10
    drifted = story.last("healthy")
    assert (drifted.outcome, drifted.reason) == ("landed", None)
    assert {monitor.runs for monitor in drifted.monitors if monitor.name == "rating_mean"} == {4}
    assert "healthy.reviews.schema_org: landed, 30 records from 3 pages" in story.told
    assert drifted.measured["template_similarity"] > 0.9
    assert drifted.measured["met_count"] == 26


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "outcome", "alarm", "words"),
    [
        ("captcha", "blocked", "blocked", ("Cloudflare's browser check", "It is left alone")),
        (
            "layout",
            "rejected",
            "layout_gone",
            ("at least 1 records, found 0", "rivalscope freeze", "in common with those of the last"),
        ),
        (
            "thin",
            "rejected",
            "layout_gone",
            ("records as in the last 4 good runs, found 1.", "rivalscope freeze", "rivalscope accept"),
        ),
        (
            "rating",
            "rejected",
            "implausible",
            ("reviews changed among those met again", "before and reads 4.3", "compare some records"),
        ),
        ("rating_without_ids", "rejected", "implausible", ("reviews changed among those met again", "before and reads 4.3")),
    ],
)
def test_each_fault_has_its_alarm_and_its_next_step(
    story: Story, name: str, outcome: str, alarm: str, words: tuple[str, ...]
) -> None:
    receipt = story.last(name)
    assert (receipt.outcome, receipt.alarm) == (outcome, alarm), receipt.reason
    for each in words:
        assert each in (receipt.reason or "")
    said = "" if alarm == outcome else f", alarm {alarm.replace('_', ' ')}"
    reason = (receipt.reason or "").removeprefix(f"{receipt.target} ")
    assert f"{receipt.target}: {outcome}{said} {reason}" in story.told


@pytest.mark.slow
def test_where_a_market_only_wants_to_be_warned_the_crawl_lands_and_it_is_told(story: Story) -> None:
    receipt = story.last("warned")
    assert (receipt.outcome, receipt.alarm) == ("landed", None)
    assert {"changed_count"} <= {monitor.name for monitor in receipt.monitors if monitor.verdict == "warning"}
    assert any(re.match(r"warned\..*landed, 30 records from 3 pages; \d warnings: ", line) for line in story.told)


@pytest.mark.slow
def test_an_archive_that_is_read_again_may_read_otherwise(story: Story) -> None:
    run, receipt = story.runs[4], story.last("rating")
    facts = Circumstances(
        lines=run.rejected / "r5" / f"{receipt.target}.jsonl.gz",
        where="x",
        exit_code=0,
        overdue=False,
        timeout_seconds=60,
        min_records=1,
        max_pages=9,
    )
    (source,) = (target.source for target in run.market.targets if target.id == receipt.target)
    assert verdict(run, source, receipt, facts).outcome == "rejected"
    again = verdict(run, source, receipt.model_copy(update={"reading": 2}), facts)
    assert (again.outcome, again.alarm) == ("landed", None)
    assert "changed_count" in {monitor.name for monitor in again.monitors if monitor.verdict == "warning"}


@pytest.mark.slow
def test_a_source_that_nobody_wants_watched_is_measured_all_the_same(story: Story) -> None:
    receipt = story.last("unwatched")
    assert (receipt.outcome, receipt.alarm) == ("landed", None)
    assert {(each.name, each.verdict) for each in receipt.monitors} == {("future_share", "fine")}
    assert receipt.measured["changed_count"] == 26


def core(story: Story, run: str, data: Path, sql: str) -> list[tuple[object, ...]]:
    rivalscope("load", story.market, "--data", data, "--run", run)
    with duckdb.connect(str(data / "build" / f"{run}.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


REVIEWS = "select brand, native_id, rating, published_at, text from core.review where brand = 'rating' order by native_id"
COVERAGE = "select outcome, alarm, reason, last_landed_at from core.coverage where brand = 'rating'"


@pytest.mark.slow
def test_a_rejected_crawl_changes_no_table_until_a_person_accepts_it(story: Story, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(story.data, data)
    target = "rating.reviews.schema_org"
    before = core(story, "r4", data, REVIEWS)
    assert core(story, "r5", data, REVIEWS) == before
    ((outcome, alarm, reason, _landed_at),) = core(story, "r5", data, COVERAGE)
    assert (outcome, alarm, reason) == ("rejected", "implausible", story.last("rating").reason)

    run = Run(story.runs[4].market, data, "r5", story.runs[4].as_of)
    done = rivalscope("accept", story.market, target, "--data", data, "--run", "r5")
    assert "accepted by a person, although it was rejected: expected at most 5 reviews changed" in done.stderr
    receipt = Receipt.load(run.landing / "r5" / f"{target}.receipt.json")
    assert (receipt.outcome, receipt.alarm, receipt.file_sha256) == ("landed", "implausible", story.last("rating").file_sha256)
    assert not list((run.rejected / "r5").glob(f"{target}.*"))
    assert accept(run, target) == receipt  # once more
    assert len(core(story, "r5", data, REVIEWS)) == len(before) + 4
    assert gather(run, [t for t in run.market.targets if t.id == target], progress=lambda _line: None) == [receipt]
    following = Run(run.market, data, "r6", run.as_of + timedelta(days=7))
    assert [each.run_id for each, _ in good_runs(following, target)] == ["r1", "r2", "r3", "r4", "r5"]


@pytest.mark.slow
def test_what_was_rejected_otherwise_or_is_damaged_is_not_accepted(story: Story, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(story.data, data)
    run = Run(story.runs[4].market, data, "r5", story.runs[4].as_of)
    for name, words in (("captcha", "blocked otherwise"), ("layout", "rejected otherwise"), ("healthy", "landed by itself")):
        with pytest.raises(RunError, match=words):
            accept(run, f"{name}.reviews.schema_org")
    lines = run.rejected / "r5" / "rating.reviews.schema_org.jsonl.gz"
    lines.write_bytes(lines.read_bytes()[:-9])
    with pytest.raises(RunError, match=r"expected the lines that .* vouches for"):
        accept(run, "rating.reviews.schema_org")
    assert lines.exists()


@pytest.mark.slow
def test_an_accept_that_was_killed_between_its_steps_ends_the_same(story: Story, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(story.data, data)
    run = Run(story.runs[4].market, data, "r5", story.runs[4].as_of)
    target = "rating.reviews.schema_org"
    rejected, landing = run.rejected / "r5", run.landing / "r5"
    note = (rejected / f"{target}.receipt.json").read_bytes()
    (rejected / f"{target}.jsonl.gz").replace(landing / f"{target}.jsonl.gz")  # killed after the lines were moved
    receipt = accept(run, target)
    assert receipt.outcome == "landed"
    (rejected / f"{target}.receipt.json").write_bytes(note)  # killed before the rejected receipt was removed
    assert accept(run, target) == receipt
    assert not list(rejected.glob(f"{target}.*"))
