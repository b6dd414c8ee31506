"""Gather against a real web server on loopback: what lands, what does not, and why; with every way in which a site fails."""

import gzip
import http.server
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest

from pipeline.gather import _exclusive, gather
from pipeline.judge import Circumstances, judge, may_pass
from pipeline.market import Market, load_market
from pipeline.run import Run
from spiders.items import Stated
from spiders.receipt import Receipt, file_sha256

AUTHORS = ("Wilhelmina Quartermaine", "Ødegård Fjellström", "손가락별명")
AS_OF = datetime(2026, 6, 1, tzinfo=UTC)

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Site:
    """A small web: paths to answers. Everything that it was asked is kept."""

    port: int = 0
    robots: Answer = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /private\n")
    asked: list[tuple[str, str]] = field(default_factory=list)
    seconds_a_page: float = 0.0
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, path: str) -> Answer:
        name, _, page = path.partition("?")[0].strip("/").partition("/")
        if name in ("long", "hang"):
            self.closing.wait(self.seconds_a_page if name == "long" else 30)
        if name in LISTS:
            return 200, HTML, reviews_page(name, int(page or 1), *LISTS[name])
        redirects = {
            "to-private": f"http://localhost:{self.port}/one",
            "off-domain": "http://elsewhere.example/",
            "round": f"/round/{int(page or 0) + 1 if name == 'round' else 0}",
        }
        if name in redirects:
            return 302, {"Location": redirects[name]}, b""
        return self.robots if name == "robots.txt" else ODDITIES.get(name, (404, HTML, b"<p>not here</p>"))


HTML = {"Content-Type": "text/html; charset=utf-8"}
LISTS = {"good": (3, 6), "long": (6, 12), "short": (2, 50), "one": (1, None), "private": (1, None)}
"""Pages that the list has, and reviews that it says it has."""
ODDITIES: dict[str, Answer] = {
    "picture": (200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n" + bytes(range(256))),
    "forbidden": (403, HTML, b"<p>no</p>"),
    "broken": (500, HTML, b"<p>no</p>"),
    "bomb": (200, HTML | {"Content-Encoding": "gzip"}, gzip.compress(bytes(40_000_000))),
    "us": (200, HTML, b"<html><body><h1>Please come back later</h1></body></html>"),  # where an app store was
}


def reviews_page(name: str, page: int, pages: int, stated: int | None) -> bytes:
    found = [
        {
            "@type": "Review",
            "@id": f"{name}-{page}-{i}",
            "author": {"@type": "Person", "name": AUTHORS[(page + i) % 3]},
            "datePublished": f"2026-05-{page:02}",
            "reviewBody": f"Parcel {i} of page {page} came on time.",
            "reviewRating": {"@type": "Rating", "ratingValue": 4, "bestRating": 5},
        }
        for i in range(2)
    ]
    product: dict[str, object] = {"@context": "https://schema.org", "@type": "Product", "name": "Pan", "review": found}
    if stated is not None:
        product["aggregateRating"] = {"@type": "AggregateRating", "ratingValue": 4, "reviewCount": stated}
    following = f'<link rel="next" href="/{name}/{page + 1}">' if page < pages else ""
    shown = json.dumps(product, ensure_ascii=False)
    return f'<html><head>{following}<script type="application/ld+json">{shown}</script></head></html>'.encode()


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append((self.path, self.headers["User-Agent"]))
            status, headers, body = site.answer(self.path)
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the crawl has gone

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield site
        finally:
            site.closing.set()
            server.shutdown()
            thread.join()


def market_of(folder: Path, sources: dict[str, str], crawl: str = "") -> Market:
    """A market with one brand for each source; `{site}` was filled in by the caller."""
    text = f"""
id = "pans"
name = "Pans"
languages = ["en"]
[crawl]
contact = "owner@pans.example"
delay_seconds = 0
allow_hosts = ["127.0.0.1"]
request_timeout_seconds = 5
timeout_seconds = 60
{crawl}
"""
    for brand, source in sources.items():
        text += f'[[brands]]\nid = "{brand}"\nname = "{brand}"\ndomains = ["localhost"]\n'
        text += f'[[brands.sources]]\nkind = "reviews"\nbasis = "public_page"\n{source}\n'
    path = folder / "pans.toml"
    path.write_text(text)
    return load_market(path)


def run_of(market: Market, data: Path, run_id: str = "r1", as_of: datetime = AS_OF) -> Run:
    return Run(market, data, run_id, as_of)


def silent(_line: str) -> None:
    pass


def landed(run: Run, target: str) -> list[dict[str, object]]:
    with gzip.open(run.landing / run.run_id / f"{target}.jsonl.gz") as lines:
        return [json.loads(line) for line in lines]


def without_clock(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{key: value for key, value in line.items() if key != "seen_at"} for line in lines]


@dataclass
class Crawled:
    run: Run
    receipts: dict[str, Receipt]
    site: Site
    told: list[str]

    def reason(self, brand: str) -> str:
        return self.receipts[f"{brand}.reviews.schema_org"].reason or ""

    def outcome(self, brand: str) -> str | None:
        return self.receipts[f"{brand}.reviews.schema_org"].outcome


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """One run over every kind of site, two crawls at a time."""
    folder = tmp_path_factory.mktemp("gather")
    lawless = Site(robots=(503, {}, b""))
    with serving(Site()) as site, serving(lawless):
        base = f"http://127.0.0.1:{site.port}"
        paths = (
            "good",
            "short",
            "one",
            "away",
            "picture",
            "to-private",
            "off-domain",
            "round",
            "forbidden",
            "broken",
            "bomb",
            "gone",
        )
        sources = {p.replace("-", "_"): f'source = "schema_org"\nurl = "{base}/{p}"' for p in paths}
        sources["one"] += "\nmin_records = 20"
        sources["private"] = f'source = "schema_org"\nurl = "{base}/private/reviews"'
        sources["lawless"] = f'source = "schema_org"\nurl = "http://127.0.0.1:{lawless.port}/one"'
        sources["refused"] = 'source = "schema_org"\nurl = "http://127.0.0.1:1/one"'
        sources["store"] = f'source = "app_store"\nurl = "{base}/us/rss/customerreviews/id=123/xml"'
        run = run_of(market_of(folder, sources), folder / "data")
        told: list[str] = []
        receipts = gather(run, run.market.targets, progress=told.append)
        assert [r.target for r in receipts] == [t.id for t in run.market.targets]
        yield Crawled(run, {r.target: r for r in receipts}, site, told)


def test_a_good_crawl_lands_its_lines_and_a_receipt_that_vouches_for_them(crawled: Crawled) -> None:
    receipt = crawled.receipts["good.reviews.schema_org"]
    assert (receipt.outcome, receipt.reason, receipt.records, receipt.pages) == ("landed", None, 6, 3)
    assert receipt.stated == Stated(rating=4, rating_max=5, count=6)
    lines = landed(crawled.run, receipt.target)
    assert len(lines) == 6
    assert list(lines[0]) == list(receipt.fields)
    assert lines[0]["page_url"] == f"http://127.0.0.1:{crawled.site.port}/good"
    place = crawled.run.landing / "r1"
    assert receipt.file_sha256 == file_sha256(place / f"{receipt.target}.jsonl.gz")
    assert Receipt.load(place / f"{receipt.target}.receipt.json") == receipt


def test_the_user_agent_says_whom_to_write_to(crawled: Crawled) -> None:
    assert {agent for _, agent in crawled.site.asked} == {"rivalscope/0.1.0 (+owner@pans.example)"}


@pytest.mark.parametrize(
    ("brand", "outcome", "words"),
    [
        ("short", "rejected", ("expected about 50 records", "found 4 on 2 pages")),
        ("one", "rejected", ("expected at least 20 records, found 2 on 1 pages", "rivalscope freeze schema_org")),
        ("picture", "rejected", ("found 1 that it could not read", "bytes that are no text")),
        ("gone", "failed", ("1x 404", "/gone answered 404")),
        ("broken", "failed", ("1x 500", "/broken answered 500")),
        ("forbidden", "blocked", ("1x 403", "It is left alone")),
        ("private", "blocked", ("robots.txt of 127.0.0.1", "forbids", "/private/reviews")),
        ("lawless", "failed", ("robots.txt could not be read (answered 503)",)),
        (
            "refused",
            "failed",
            ("expected an answer, found none", "http://127.0.0.1:1/robots.txt could not be read (Connection refused)"),
        ),
        ("to_private", "failed", ("redirected from", "127.0.0.1, a private, loopback or reserved address", "crawl.allow_hosts")),
        ("off_domain", "failed", ("refused http://elsewhere.example/", "expected an address on")),
        ("round", "failed", ("max redirections reached",)),
        ("bomb", "failed", ("exceeded DOWNLOAD_MAXSIZE",)),
    ],
)
def test_what_cannot_be_trusted_is_kept_apart_and_says_why(
    crawled: Crawled, brand: str, outcome: str, words: tuple[str, ...]
) -> None:
    assert crawled.outcome(brand) == outcome, crawled.reason(brand)
    alarm = {"blocked": "blocked", "rejected": "layout_gone", "failed": None}[outcome]
    assert crawled.receipts[f"{brand}.reviews.schema_org"].alarm == alarm
    for word in words:
        assert word in crawled.reason(brand)
    target = f"{brand}.reviews.schema_org"
    assert (crawled.run.rejected / "r1" / f"{target}.receipt.json").exists()
    assert not list((crawled.run.landing / "r1").glob(f"{target}.*"))
    said = f", alarm {alarm.replace('_', ' ')}" if alarm and alarm != outcome else ""
    assert any(line.startswith(f"{target}: {outcome}{said} (") for line in crawled.told)


@pytest.mark.parametrize(
    ("brands", "passes"),
    [
        (("broken", "lawless", "refused"), True),  # a server's error, of its robots.txt too, and nobody there
        (("forbidden", "private", "gone"), False),  # the site's answer, robots.txt, 404
        (("short", "one", "picture", "store"), False),  # read, and not what was expected
        (("to_private", "off_domain"), False),  # not asked for, as the market file has it
    ],
)
def test_only_what_may_pass_by_itself_is_worth_another_try(crawled: Crawled, brands: tuple[str, ...], passes: bool) -> None:
    for brand in brands:
        target = f"{brand}.reviews.{'app_store' if brand == 'store' else 'schema_org'}"
        assert may_pass(crawled.receipts[target]) is passes, crawled.receipts[target]


def test_a_web_page_where_a_feed_was_expected_is_rejected(crawled: Crawled) -> None:
    receipt = crawled.receipts["store.reviews.app_store"]
    assert receipt.outcome == "rejected"
    assert "expected a customer-reviews feed" in (receipt.reason or "")


def test_nothing_that_was_refused_was_asked_for(crawled: Crawled) -> None:
    asked = {path for path, _ in crawled.site.asked}
    assert "/private/reviews" not in asked
    assert {"/good", "/good/2", "/good/3"} <= asked
    assert len([path for path, _ in crawled.site.asked if path.startswith("/round")]) == 6  # the first and five redirects
    assert len([path for path, _ in crawled.site.asked if path == "/broken"]) == 3  # the first and two retries


def test_no_author_is_named_on_disk(crawled: Crawled) -> None:
    # But for the pages themselves, which nobody but the data's owner may read (tests/test_archive.py).
    files = [path for path in crawled.run.data.rglob("*") if path.is_file() and crawled.run.archive not in path.parents]
    assert len(files) > 15
    for path in files:
        body = path.read_bytes()
        body += gzip.decompress(body) if path.suffix == ".gz" else b""
        for author in AUTHORS:
            assert author.encode() not in body
            assert json.dumps(author).encode()[1:-1] not in body
    hashes = {line["author_hash"] for line in landed(crawled.run, "good.reviews.schema_org")}
    assert len(hashes) == 3
    assert all(len(str(each)) == 64 for each in hashes)


def test_only_the_owner_reads_the_key(crawled: Crawled) -> None:
    assert crawled.run.key_file.stat().st_mode & 0o777 == 0o600


def test_what_landed_is_not_crawled_again_and_nothing_private_is_left(crawled: Crawled) -> None:
    good = [target for target in crawled.run.market.targets if target.brand == "good"]
    asked, before = len(crawled.site.asked), (crawled.run.landing / "r1" / "good.reviews.schema_org.jsonl.gz").stat()
    (again,) = gather(crawled.run, good, progress=silent)
    assert again == crawled.receipts["good.reviews.schema_org"]
    assert len(crawled.site.asked) == asked
    assert (crawled.run.landing / "r1" / "good.reviews.schema_org.jsonl.gz").stat().st_mtime_ns == before.st_mtime_ns
    assert not [path for path in (crawled.run.work / "gather").iterdir() if path.is_dir()]


def test_a_crawl_that_hangs_is_ended_and_says_after_how_long(tmp_path: Path) -> None:
    with serving(Site()) as site:
        source = f'source = "schema_org"\nurl = "http://127.0.0.1:{site.port}/hang"'
        market = market_of(tmp_path, {"hang": source}, "")
        text = market.path.read_text().replace("timeout_seconds = 60", "timeout_seconds = 3").replace("= 5\n", "= 2\n")
        market.path.write_text(text)
        run = run_of(load_market(market.path), tmp_path / "data")
        (receipt,) = gather(run, run.market.targets, progress=silent, grace_seconds=4)
    assert receipt.outcome == "failed"
    assert "expected to end within 3 s" in (receipt.reason or "")
    assert may_pass(receipt)


_CHILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from pipeline.gather import gather
from pipeline.market import load_market
from pipeline.run import Run
market = load_market(Path(sys.argv[1]))
run = Run(market, Path(sys.argv[2]), "r1", datetime(2026, 6, 1, tzinfo=UTC))
gather(run, market.targets, progress=lambda line: print(line, file=sys.stderr))
"""


def until(holds: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def children_of(folder: Path) -> list[int]:
    """Processes whose command line names a file below the folder."""
    mark = str(folder).encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if mark in words and b"scrapy" in words:
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_gather_that_is_ended_leaves_nothing_and_the_next_one_lands_the_same(tmp_path: Path, number: signal.Signals) -> None:
    with serving(Site()) as site:
        site.seconds_a_page = 0.4
        market = market_of(tmp_path, {"long": f'source = "schema_org"\nurl = "http://127.0.0.1:{site.port}/long"'})
        run = run_of(market, tmp_path / "data")
        child = subprocess.Popen([sys.executable, "-c", _CHILD, str(market.path), str(run.data)], stderr=subprocess.DEVNULL)
        until(lambda: any(path == "/long/2" for path, _ in site.asked))
        (crawl,) = children_of(run.data)
        held = [fd.readlink().name for fd in Path(f"/proc/{crawl}/fd").iterdir()]
        assert "long.reviews.schema_org.lock" in held  # so the next gather waits until this child has ended
        child.send_signal(number)
        assert child.wait(timeout=30) == -number
        until(lambda: not children_of(run.data))
        assert not list(run.landing.rglob("*.*"))
        if number == signal.SIGTERM:
            stopped = Receipt.load(run.rejected / "r1" / "long.reviews.schema_org.receipt.json")
            assert stopped.outcome == "failed"
            assert "stopped (shutdown)" in (stopped.reason or "")
        site.seconds_a_page = 0
        (receipt,) = gather(run, market.targets, progress=silent)
        undisturbed = run_of(market, tmp_path / "other")
        undisturbed.key_file.parent.mkdir(parents=True)
        undisturbed.key_file.write_bytes(run.key_file.read_bytes())
        gather(undisturbed, market.targets, progress=silent)
    assert (receipt.outcome, receipt.records) == ("landed", 12)
    assert without_clock(landed(run, receipt.target)) == without_clock(landed(undisturbed, receipt.target))
    assert not list((run.rejected / "r1").glob("*")) if run.rejected.exists() else True
    assert not [path for path in (run.work / "gather").iterdir() if path.is_dir()]


def test_one_public_host_is_never_asked_by_two_crawls_at_once(tmp_path: Path) -> None:
    market = market_of(
        tmp_path,
        {
            "a": 'source = "schema_org"\nurl = "https://shop.example/a"',
            "b": 'source = "schema_org"\nurl = "https://SHOP.example/b"',
            "c": 'source = "schema_org"\nurl = "http://127.0.0.1:8080/c"',
        },
    )
    a, b, c = (set(_exclusive(target, market.crawl.allow_hosts)) for target in market.targets)
    assert a & b == {"host-shop.example"}
    assert len(c) == 1
    assert len(_exclusive(market.targets[0], ["Shop.example:443"])) == 1
    assert len(_exclusive(market.targets[0], ["shop.example:80"])) == 2


def table(path: str, options: str = 'columns = { text = "text" }') -> str:
    return f'source = "table"\npath = "{path}"\noptions = {{ {options} }}'


def test_a_source_that_cannot_be_read_does_not_keep_the_others_from_landing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "good.csv").write_text("text\nfine\n")
    sources = {
        "folder": table("folder"),
        "endless": table("x" * 300 + ".csv"),
        "strange": table("good.csv", 'columns = { text = "text" }, colour = "red"'),
        "good": table("good.csv"),
    }
    run = run_of(market_of(tmp_path, sources), tmp_path / "data")
    told: list[str] = []
    receipts = gather(run, run.market.targets, progress=told.append)
    assert [receipt.outcome for receipt in receipts] == ["failed", "failed", "failed", "landed"]
    for receipt, words in zip(receipts, ("Is a directory", "File name too long", "options.colour"), strict=False):
        assert words in (receipt.reason or "")
        assert "gather again" in (receipt.reason or "")
        assert Receipt.load(run.rejected / "r1" / f"{receipt.target}.receipt.json") == receipt
        assert f"{receipt.target}: failed {(receipt.reason or '').removeprefix(f'{receipt.target} ')}" in told
    assert not [path for path in (run.work / "gather").iterdir() if path.is_dir()]
    (tmp_path / "folder").rmdir()
    (tmp_path / "folder").write_text("text\nfine\n")
    (again,) = gather(run, run.market.targets[:1], progress=told.append)
    assert again.outcome == "failed"  # a name that says no format, told by the source itself


@pytest.mark.parametrize("damaged", ["r0", "r1"])
def test_a_damaged_receipt_counts_as_absent_and_is_told(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "good.csv").write_text("text\nfine\n")
    run = run_of(market_of(tmp_path, {"good": table("good.csv")}), tmp_path / "data")
    place = run.landing / damaged / "good.reviews.table.receipt.json"
    place.parent.mkdir(parents=True)
    place.write_text('{"run_id": "r')
    told: list[str] = []
    (receipt,) = gather(run, run.market.targets, progress=told.append)
    assert (receipt.outcome, receipt.records) == ("landed", 1)
    assert Receipt.load(run.landing / "r1" / place.name) == receipt
    assert any(str(place) in line for line in told)


@pytest.mark.parametrize("run_id", ["r1", "r2"])
def test_a_damaged_receipt_of_a_later_reading_leaves_the_reading_before(tmp_path: Path, run_id: str) -> None:
    (tmp_path / "good.csv").write_text("text\nfine\n")
    market = market_of(tmp_path, {"good": table("good.csv")})
    (first,) = gather(run_of(market, tmp_path / "data"), market.targets, progress=silent)
    later = tmp_path / "data" / "landing" / "r1" / "good.reviews.table~2.receipt.json"
    later.write_text('{"run_id": "r')
    told: list[str] = []
    for _ in range(2):
        (receipt,) = gather(run_of(market, tmp_path / "data", run_id), market.targets, progress=told.append)
        assert (receipt.outcome, receipt.unchanged_since) == (("landed", None) if run_id == "r1" else ("unchanged", "r1"))
    assert Receipt.load(later.with_name("good.reviews.table.receipt.json")) == first
    assert not any("begins" in line for line in told)
    assert (
        f"{later}: expected a receipt, found a file that cannot be read as one. It counts as absent; delete or restore it."
        in told
    )


@pytest.mark.slow
def test_a_large_process_may_start_a_crawl(tmp_path: Path) -> None:
    """Its own memory is not held against the crawl."""
    with serving(Site()) as site:
        market = market_of(tmp_path, {"good": f'source = "schema_org"\nurl = "http://127.0.0.1:{site.port}/good/1"'})
        code = f"held = b'x' * (2200 * 1024 * 1024)\n{_CHILD}"
        command = [sys.executable, "-c", code, market.path, tmp_path / "data"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    receipt = tmp_path / "data" / "landing" / "r1" / "good.reviews.schema_org.receipt.json"
    assert receipt.exists(), done.stderr


SECRET = "k3y/with+odd=signs & ümlaut"


@pytest.mark.slow
def test_a_secret_of_the_market_file_is_told_and_kept_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SHOP_KEY", SECRET)
    caplog.set_level(logging.INFO, logger="rivalscope.gather")
    told: list[str] = []
    modes: list[int] = []
    with serving(Site()) as site:
        base = f"http://127.0.0.1:{site.port}"
        paths = ("good", "gone", "picture", "private/list", "to-private", "forbidden")
        sources = {
            path.replace("/", "_").replace("-", "_"): f'source = "schema_org"\nurl = "{base}/{path}?key=${{SHOP_KEY}}"'
            for path in paths
        }
        run = run_of(market_of(tmp_path, sources), tmp_path / "data")

        def progress(line: str) -> None:
            told.append(line)
            modes.extend(job.stat().st_mode & 0o777 for job in (run.work / "gather").glob("*@*/job.json"))

        receipts = gather(run, run.market.targets, progress=progress)
    assert any(path.startswith("/good?key=k3y") for path, _ in site.asked)
    assert [receipt.outcome for receipt in receipts] == ["landed", "failed", "rejected", "blocked", "failed", "blocked"]
    assert set(modes) == {0o600}
    first = landed(run, "good.reviews.schema_org")[0]
    assert first["page_url"] == first["url"] == f"{base}/good?key=${{SHOP_KEY}}"
    assert f"{base}/gone?key=${{SHOP_KEY}} answered 404." in receipts[1].errors
    files = [path.read_bytes() for path in run.data.rglob("*") if path.is_file()]
    bodies = [gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body for body in files]
    everything = [*(body.decode("utf-8", "replace") for body in bodies), *told, caplog.text]
    for text in everything:
        assert "k3y" not in unquote(text)


def test_a_stated_total_binds_only_a_crawl_that_walked_to_the_end(crawled: Crawled) -> None:
    good = crawled.receipts["good.reviews.schema_org"]
    facts = Circumstances(
        lines=crawled.run.landing / "r1" / "good.reviews.schema_org.jsonl.gz",
        where="https://shop.example/",
        exit_code=0,
        overdue=False,
        timeout_seconds=60,
        min_records=1,
        max_pages=200,
    )
    many = good.model_copy(update={"stated": Stated(count=600)})
    assert judge(many, facts)[0] == "rejected"
    assert judge(many.model_copy(update={"finish_reason": "closespider_pagecount"}), facts)[0] == "landed"
    assert judge(many.model_copy(update={"pages": 1}), facts)[0] == "landed"
    assert judge(good.model_copy(update={"stated": Stated(count=None)}), facts)[0] == "landed"


def test_lines_with_other_keys_than_their_kind_has_are_rejected(crawled: Crawled, tmp_path: Path) -> None:
    good = crawled.receipts["good.reviews.schema_org"]
    line = landed(crawled.run, good.target)[0] | {"mood": "sunny"}
    path = tmp_path / "lines.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(line, ensure_ascii=False).encode() + b"\n"))
    facts = Circumstances(lines=path, where="x", exit_code=0, overdue=False, timeout_seconds=60, min_records=1, max_pages=200)
    outcome, reason, alarm = judge(good.model_copy(update={"file_sha256": file_sha256(path)}), facts)
    assert outcome == "rejected"
    assert "mood" in (reason or "")
    assert alarm is None
    assert judge(good, facts)[0] == "rejected"  # not the file that the receipt vouches for
