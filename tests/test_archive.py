"""The pages that crawls used are kept so that any WARC tool reads them, a landing line leads to its page, and they parse again offline."""

import gzip
import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import Ran, rivalscope
from fastwarc.warc import ArchiveIterator, WarcRecordType
from test_gather import Answer, Site, children_of, market_of, run_of, serving, silent, until

from pipeline import page_text
from pipeline.archive import expire, replay
from pipeline.crawl import archive_days
from pipeline.gather import gather
from pipeline.market import load_market
from pipeline.run import Run, only_crawler
from pipeline.show import Quote, ShowError, Source, _with_page, _write, show
from spiders.items import Record, Review, SearchResult, line, only
from spiders.receipt import Job, Receipt, newest_reading
from spiders.reviews import schema_org
from spiders.web import saved
from spiders.web.archive import Answers, Archive, ArchiveError, ArchiveWriter, Entry, index_of, keep, place

SEEN = datetime(2026, 5, 1, 12, tzinfo=UTC)
AUTHOR = "Wilhelmina Quartermaine"
HTML = {"Content-Type": "text/html; charset=utf-8"}


def job_in(folder: Path, **other: Any) -> Job:
    facts: dict[str, Any] = {
        "run_id": "r1", "as_of": SEEN, "market": "pans", "target": "a.reviews.schema_org", "brand": "a", "kind": "reviews",
        "source": "schema_org", "name": "schema_org", "output": folder / "lines.jsonl.gz", "receipt": folder / "receipt.json",
        "key_file": folder / "author.key", "archive": folder / "archive.warc.gz",
    }  # fmt: skip
    return Job.model_validate(facts | other)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def respond(writer: ArchiveWriter, url: str, body: bytes, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    writer.response(url, status, headers, body, seen_at=SEEN, page_sha256=sha256(body), request_url=url)


def indexed(archive: Path) -> list[dict[str, Any]]:
    with gzip.open(index_of(archive)) as lines:
        return [json.loads(each) for each in lines]


# --- the file ---------------------------------------------------------------------------------------------------------


def test_another_tool_reads_the_archive_and_finds_every_digest_right(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    assert job.archive is not None
    writer = ArchiveWriter(job, job.archive)
    bodies = ["<p>하나</p>".encode(), b"", bytes(range(256)) * 500]
    for number, body in enumerate(bodies):
        respond(writer, f"https://a.example/{number}", body, (b"Content-Type", b"text/html"), (b"Set-Cookie", b"id=1"))
    respond(writer, "https://a.example/again", bodies[0], (b"Content-Type", b"text/html"), status=404)
    writer.resource("saved page.html", b"<p>kept</p>", url=None, seen_at=SEEN, page_sha256=sha256(b"<p>kept</p>"))
    whole = writer.close()
    assert sha256(job.archive.read_bytes()) == whole
    with job.archive.open("rb") as file:
        records = [
            (
                record.record_type,
                dict(record.headers),
                record.verify_block_digest(),
                record.verify_payload_digest(),
                record.reader.read(),
            )
            for record in ArchiveIterator(file, parse_http=False)
        ]
    assert [kind for kind, *_ in records] == [
        WarcRecordType.warcinfo, *3 * [WarcRecordType.response], WarcRecordType.revisit, WarcRecordType.resource,
    ]  # fmt: skip
    assert all(block for _, _, block, _, _ in records)
    with job.archive.open("rb") as file:
        parsed = [
            (
                record.headers["WARC-Payload-Digest"],
                record.verify_payload_digest(),
                record.http_headers.status_code,
                record.reader.read(),
            )
            for record in ArchiveIterator(file, record_types=WarcRecordType.response)
        ]
    assert parsed == [(f"sha256:{sha256(body)}", True, 200, body) for body in bodies]
    again = records[4][1]
    assert again["WARC-Refers-To"] == records[1][1]["WARC-Record-ID"]
    assert again["WARC-Refers-To-Target-URI"] == "https://a.example/0"
    assert {facts["WARC-Date"] for _, facts, *_ in records[1:]} == {"2026-05-01T12:00:00Z"}
    assert records[5][1]["WARC-Target-URI"] == "file:saved%20page.html"
    assert b"Set-Cookie" not in gzip.decompress(job.archive.read_bytes())


def test_a_page_is_one_seek_away_from_its_landing_line(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    assert job.archive is not None
    writer = ArchiveWriter(job, job.archive)
    bodies = [f"<p>{number}</p>".encode() * 1000 for number in (1, 2, 1)]
    for number, body in enumerate(bodies):
        respond(writer, f"https://a.example/{number}", body, (b"Content-Type", b"text/html"), (b"Content-Length", b"7"))
    writer.close()
    with Archive(job.archive) as archive:
        assert [archive.page(entry)[1] for entry in archive.entries] == bodies
        headers, _ = archive.page(archive.entries[1])
    assert headers == [("Content-Type", "text/html"), ("Content-Length", str(len(bodies[1])))]
    assert archive.entries[2].body_offset == archive.entries[0].offset
    one = archive.entries[1]
    assert one.offset is not None and one.length is not None  # noqa: PT018 - one fact
    member = job.archive.read_bytes()[one.offset : one.offset + one.length]
    assert gzip.decompress(member).startswith(b"WARC/1.1\r\n")
    assert bodies[1] in gzip.decompress(member)


def test_what_a_server_sends_as_headers_cannot_break_the_file(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    assert job.archive is not None
    writer = ArchiveWriter(job, job.archive)
    headers = [
        (b"X-Name", "별 ünï".encode()), (b"X-Latin", b"caf\xe9"), (b"Bad Name", b"x"), (b"X:Y", b"x"), (b"", b"x"),
        (b"X-Split", b"a\r\nWARC-Type: warcinfo\r\n\r\nbody"), (b"X-Long", b"y" * 100_000), (b"Content-Disposition", 'attachment; filename="별"'.encode()),
    ]  # fmt: skip
    respond(writer, "https://a.example/", b"one", *headers, status=799)
    respond(writer, "https://a.example/2", b"two")
    writer.close()
    with job.archive.open("rb") as file:
        found = [record.reader.read() for record in ArchiveIterator(file, record_types=WarcRecordType.response)]
    assert found == [b"one", b"two"]
    with Archive(job.archive) as archive:
        kept = dict(archive.page(archive.entries[0])[0])
    assert kept["X-Split"] == "a WARC-Type: warcinfo body"
    assert kept["X-Latin"] == "caf%E9"
    assert not {"Bad Name", "X:Y", ""} & kept.keys()


def test_a_secret_stands_nowhere_in_the_archive_and_the_page_keeps_its_sha256(tmp_path: Path) -> None:
    key = "k3y of/ünï"
    job = job_in(tmp_path, hidden={"SHOP_KEY": key})
    assert job.archive is not None
    writer = ArchiveWriter(job, job.archive)
    body = f'{{"next": "https://a.example/?key=k3y%20of%2F%C3%BCn%C3%AF", "key": "{key}"}}'.encode()
    respond(writer, "https://a.example/?key=k3y%20of%2F%C3%BCn%C3%AF", body, (b"Location", f"/?key={key}".encode()))
    writer.no_answer(
        "https://a.example/?key=k3y+of/ünï", f"no {key}", refused=False, seen_at=SEEN, method="GET", request_body=b""
    )
    writer.close()
    for file in (job.archive, index_of(job.archive)):
        text = gzip.decompress(file.read_bytes()).decode("utf-8")
        assert "k3y" not in text
        assert "${SHOP_KEY}" in text
    with Archive(job.archive) as archive:
        assert archive.entries[0].page_sha256 == sha256(body)
        assert archive.entries[0].is_masked
        assert archive.page(archive.entries[0])[1].count(b"${SHOP_KEY}") == 2


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone", "index"])
def test_a_damaged_archive_is_one_clear_sentence(tmp_path: Path, damage: str) -> None:
    job = job_in(tmp_path)
    assert job.archive is not None
    writer = ArchiveWriter(job, job.archive)
    respond(writer, "https://a.example/", os.urandom(5000))
    writer.close()
    whole = bytearray(job.archive.read_bytes())
    match damage:
        case "cut":
            job.archive.write_bytes(whole[:-3000])
        case "flipped":
            whole[-2000] ^= 0xFF
            job.archive.write_bytes(whole)
        case "gone":
            job.archive.unlink()
        case "index":
            index_of(job.archive).write_bytes(index_of(job.archive).read_bytes()[:-10])

    def read() -> None:
        with Archive(job.archive or Path()) as archive:
            archive.page(archive.entries[0])

    with pytest.raises(ArchiveError, match=r"archive\..*: expected .* found.* Restore the file from a backup\."):
        read()


def test_a_request_gets_its_answers_once_and_in_their_order() -> None:
    entries = [
        Entry(request_url="https://a.example/1", url="https://a.example/1", seen_at=SEEN, status=status) for status in (200, 503)
    ]
    moved = Entry(
        request_url="https://a.example/new", redirected_from=("https://a.example/old",), url="https://a.example/new", seen_at=SEEN
    )
    answers = Answers([*entries, moved])
    assert [answers.next("GET", "https://a.example/1#top", None) for _ in range(3)] == [*entries, None]
    assert answers.next("POST", "https://a.example/new", None) is None
    assert (answers.redirect("https://a.example/old"), answers.redirect("https://a.example/old")) == (moved, None)


# --- what may be kept -------------------------------------------------------------------------------------------------


def test_a_record_is_left_with_what_may_be_kept_of_it() -> None:
    review = Review(
        native_id="r1", rating=4, rating_max=5, text="Fine.", author="Jo", published_at=date(2026, 5, 1), verified=True
    )

    def left(*keeps: str) -> list[Record]:
        return list(only([review], frozenset(keeps)))

    assert left() == [] == left("published_at", "verified")  # a review without rating and words is none
    assert left("rating") == [Review(native_id="r1", rating=4, rating_max=5)]
    assert left("rating_max", "text") == [Review(native_id="r1", rating=None, rating_max=None, text="Fine.")]
    assert line(left("text")[0], b"k")["author_hash"] is None
    result = SearchResult(keyword="pan", engine="demo", rank=1, url="https://a.example/", title="A")
    assert list(only([result], frozenset({"keyword", "rank", "url"}))) == [
        SearchResult(keyword="pan", engine="demo", rank=1, url="https://a.example/")
    ]
    with pytest.raises(ValueError, match="fields of Review, found colour"):
        left("colour")


def test_saved_pages_of_a_source_whose_terms_forbid_it_are_neither_landed_whole_nor_archived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.html").write_bytes(page(1, 1))
    monkeypatch.setattr(schema_org, "KEEPS", frozenset({"rating"}), raising=False)
    receipt = saved.land(job_in(tmp_path, path=tmp_path / "page.html", archive=None))
    assert (receipt.kept, receipt.archived, receipt.archive_sha256) == (("rating",), 0, None)
    first = json.loads(gzip.decompress((tmp_path / "lines.jsonl.gz").read_bytes()).splitlines()[0])
    assert (first["native_id"], first["rating"], first["rating_max"], first["text"], first["author_hash"]) == (
        "1-0",
        4,
        5,
        "",
        None,
    )


# --- retention --------------------------------------------------------------------------------------------------------


def test_archives_go_when_their_days_are_over_and_the_lines_stay(tmp_path: Path) -> None:
    sources = {
        "short": 'source = "schema_org"\nurl = "https://a.example/"\nretention_days = 10',
        "long": 'source = "schema_org"\nurl = "https://b.example/"',
        "never": 'source = "schema_org"\nurl = "https://c.example/"\nretention_days = 0',
    }
    run = run_of(market_of(tmp_path, sources), tmp_path / "data")
    for brand in (*sources, "left"):
        job = job_in(tmp_path, target=f"{brand}.reviews.schema_org")
        assert job.archive is not None
        writer = ArchiveWriter(job, job.archive)
        respond(writer, "https://a.example/", b"page")
        there = place(run.archive / "r1", job.target)
        there.parent.mkdir(parents=True, exist_ok=True)
        (run.landing / "r1").mkdir(parents=True, exist_ok=True)
        Receipt.of(job, started_at=SEEN, finish_reason="finished", archive_sha256=writer.close()).model_copy(
            update={"finished_at": SEEN}
        ).write(run.landing / "r1" / f"{job.target}.receipt.json")
        job.archive.rename(there)
        index_of(job.archive).rename(index_of(there))
    told: list[str] = []

    def left(after: timedelta, targets: set[str] | None = None) -> set[str]:
        expire(run, targets, moment=SEEN + after, progress=told.append)
        return {path.name.partition(".")[0] for path in run.archive.glob("r1/*.warc.gz")}

    assert left(timedelta(days=10), {"short.reviews.schema_org"}) == {"short", "long", "never", "left"}
    assert left(timedelta(days=10)) == {"short", "long", "left"}
    assert left(timedelta(days=10, seconds=1)) == {"long", "left"}
    assert "short.reviews.schema_org of run r1" in told[-1]
    assert "kept for 10" in told[-1]
    assert left(timedelta(days=401)) == set()
    assert not list(run.archive.glob("*"))
    assert len(list(run.landing.rglob("*.receipt.json"))) == 4


@pytest.mark.parametrize(
    ("wanted", "kept"), [("", 90), ("retention_days = 400", 90), ("retention_days = 30", 30), ("retention_days = 0", 0)]
)
def test_a_source_whose_terms_say_for_how_long_keeps_no_page_longer(tmp_path: Path, wanted: str, kept: int) -> None:
    options = 'options = { application_id = "invented-id", item_code = "a:1" }'
    market = market_of(tmp_path, {"item": f'source = "rakuten"\nurl = "https://a.example/"\n{options}\n{wanted}'})
    (target,) = market.targets
    assert archive_days(market, target.source) == kept


def test_what_a_killed_removal_left_goes_with_the_next(tmp_path: Path) -> None:
    run = run_of(market_of(tmp_path, {"a": 'source = "schema_org"\nurl = "https://a.example/"'}), tmp_path / "data")
    for target in ("a.reviews.schema_org", "left.reviews.schema_org"):
        index = index_of(place(run.archive / "r1", target))
        index.parent.mkdir(parents=True, exist_ok=True)
        index.touch()
        os.utime(index, times=(SEEN.timestamp(),) * 2)
    assert expire(run, None, moment=SEEN + timedelta(days=400), progress=silent) == 0
    assert expire(run, {"a.reviews.schema_org"}, moment=SEEN + timedelta(days=401), progress=silent) == 1
    assert expire(run, None, moment=SEEN + timedelta(days=401), progress=silent) == 1
    assert not list(run.archive.iterdir())


def test_a_run_lets_pages_go_even_of_targets_that_left_and_when_it_ends_badly(tmp_path: Path) -> None:
    market = market_of(tmp_path, {"a": f'source = "schema_org"\npath = "{tmp_path / "none.html"}"'})
    archive = place(tmp_path / "data" / "archive" / "r0", "left.reviews.schema_org")
    archive.parent.mkdir(parents=True)
    archive.touch()
    os.utime(archive, times=(SEEN.timestamp() - 3 * 365 * 86_400,) * 2)
    (tmp_path / "data" / "warehouse.duckdb").mkdir()  # publish cannot swap this
    rivalscope("run", market.path, "--data", tmp_path / "data", code=1)
    assert not archive.exists()


def test_one_bad_crawl_does_not_cost_the_others_their_readings(tmp_path: Path) -> None:
    market = market_of(tmp_path, {"a": 'source = "schema_org"\nurl = "https://a.example/"'})
    run = run_of(market, tmp_path / "data", "r9")
    target = "a.reviews.schema_org"
    for number in (1, 2, 3, 4):
        folder = run.landing / f"r{number}"
        folder.mkdir(parents=True)
        job = job_in(tmp_path, run_id=folder.name, as_of=SEEN + timedelta(days=number))
        claimed = sha256(b"another") if number == 2 else None
        Receipt.of(job, started_at=SEEN, finish_reason="finished", archive_sha256=claimed).write(
            folder / f"{target}.receipt.json"
        )
    (run.landing / "r1" / f"{target}.receipt.json").write_text("{}")
    archive = place(run.archive / "r2", target)
    archive.parent.mkdir(parents=True)
    archive.write_bytes(b"damaged")
    (run.landing / "r4" / f"{target}~2.receipt.json").write_text("damaged")
    told: list[str] = []
    readings = replay(run, market.targets, all_runs=True, progress=told.append)
    came = {reading.run_id: (reading.outcome, reading.reason) for reading in readings}
    assert {run_id: outcome for run_id, (outcome, _) in came.items()} == {
        "r1": "failed", "r2": "failed", "r3": "not_archived", "r4": "not_archived",
    }  # fmt: skip
    assert "expected a receipt, found a file that cannot be read as one. Restore it" in came["r1"][1]
    assert f"expected sha256 {sha256(b'another')}" in came["r2"][1]
    assert "r2: it could not be read again." in told[[*came].index("r2")]
    with only_crawler(run, target):
        (locked,) = replay(run_of(market, run.data, "r3"), market.targets, all_runs=False, progress=silent)
    assert (locked.outcome, locked.reason) == (
        "failed",
        f"{target}: expected no crawl of it, found one at work. Wait for it, and call again.",
    )
    (run.data / "runs").mkdir()
    (run.data / "runs" / "r9.json").write_text('{"as_of": "2026-06-01T00:00:00+00:00"}')
    said = rivalscope("replay", market.path, "--data", run.data, "--run", "r9", "--all-runs", code=1).stderr
    assert f"2 could not be read again, see above: {target} of run r2, {target} of run r1" in said


def test_readings_count_by_their_number(tmp_path: Path) -> None:
    for name in ("a.faq.b", "a.faq.b~2", "a.faq.b~10", "a.faq.b~x", "a.faq.b2"):
        (tmp_path / f"{name}.receipt.json").touch()
    assert newest_reading(tmp_path, "a.faq.b") == tmp_path / "a.faq.b~10.receipt.json"
    assert newest_reading(tmp_path, "a.faq.b2") == tmp_path / "a.faq.b2.receipt.json"
    assert newest_reading(tmp_path, "a.faq") is None


# --- crawls -----------------------------------------------------------------------------------------------------------


def page(number: int, pages: int) -> bytes:
    """Two reviews, whose dates a reader cannot tell without knowing who writes them; the second text stands in no JSON string whole."""
    found = [
        {
            "@type": "Review", "@id": f"{number}-{i}", "author": AUTHOR, "datePublished": f"03/{number:02}/2026",
            "reviewBody": f'Parcel {i} of page {number} came "late" & <b>wet</b>.',
            "reviewRating": {"@type": "Rating", "ratingValue": 4, "bestRating": 5},
        }
        for i in range(2)
    ]  # fmt: skip
    product = {"@context": "https://schema.org", "@type": "Product", "name": "Pan", "review": found}
    following = f'<link rel="next" href="/shop/{number + 1}">' if number < pages else ""
    visible = f'<p onclick="x()">Parcel 0 of page {number} came <i>"late"</i> &amp; wet.</p><script>alert(1)</script><img src="http://t.example/">'
    shown = json.dumps(product, ensure_ascii=True)
    return (
        f'<html><head>{following}<script type="application/ld+json">{shown}</script></head><body>{visible}</body></html>'.encode()
    )


@dataclass
class Shop(Site):
    """A list of two pages, behind a redirect, packed; and an API whose answers may not be kept."""

    def answer(self, path: str) -> Answer:
        name, _, number = path.partition("?")[0].strip("/").partition("/")
        match name:
            case "shop":
                return 200, HTML | {"Content-Encoding": "gzip", "Set-Cookie": "id=1"}, gzip.compress(page(int(number or 1), 2))
            case "moved":
                return 302, {"Location": "/shop"}, b""
            case "gone":
                return 410, HTML, b"<p>gone</p>"
            case "v1":
                review = {"name": "places/x/reviews/y", "rating": 2, "text": {"text": "Cold soup.", "languageCode": "en"},
                          "authorAttribution": {"displayName": AUTHOR}, "publishTime": "2026-05-01T10:00:00Z"}  # fmt: skip
                answer = {"id": "ChIJ_invented", "rating": 2.0, "userRatingCount": 1, "reviews": [review]}
                return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()
        return super().answer(path)


WATCH_SOCKETS = """
import os, sys
def note(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}:
        with open(os.environ["SOCKETS_SEEN"], "a") as file:
            file.write(f"{event} {arguments}\\n")
sys.addaudithook(note)
"""

SOURCES = """
[[brands]]
id = "{brand}"
name = "{brand}"

[[brands.sources]]
kind = "reviews"
basis = "public_page"
{source}
"""


@dataclass(frozen=True)
class Shops:
    market: Path
    data: Path
    sockets: Path

    def write(self, site: int, options: str = "", min_records: int = 1) -> None:
        base = f"http://127.0.0.1:{site}"
        sources = {
            "shop": f'source = "schema_org"\nurl = "{base}/moved"\noptions = {{ {options} }}',
            "few": f'source = "schema_org"\nurl = "{base}/shop/2"\nmin_records = {min_records}',
            "gone": f'source = "schema_org"\nurl = "{base}/gone"',
            "place": f'source = "google_places"\nurl = "{base}/v1/places/ChIJ_invented"\noptions = {{ api_key = "${{PLACES_KEY}}" }}',
            "brief": f'source = "schema_org"\nurl = "{base}/shop/2"\nretention_days = 0',
        }
        crawl = 'id = "pans"\nname = "Pans"\nlanguages = ["en"]\n[crawl]\ncontact = "o@pans.example"\ndelay_seconds = 0\nallow_hosts = ["127.0.0.1"]\n'
        self.market.write_text(crawl + "".join(SOURCES.format(brand=brand, source=source) for brand, source in sources.items()))

    def call(self, command: str, *arguments: str, code: int | None = 0) -> str:
        return rivalscope(command, self.market, "--data", self.data, "--run", "r1", *arguments, code=code).stderr

    def lines(self, name: str) -> list[dict[str, Any]]:
        with gzip.open(self.data / "landing" / "r1" / f"{name}.jsonl.gz") as lines:
            return [json.loads(each) for each in lines]

    def table(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.data / "build" / "r1.duckdb"), read_only=True) as con:
            return con.execute(query).fetchall()

    @property
    def run(self) -> Run:
        return Run(load_market(self.market), self.data, "r1", datetime(2026, 6, 1, tzinfo=UTC))


@pytest.fixture
def shops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shops:
    """Five shops, crawled once; their server is gone. Sockets that any process opens from then on are noted."""
    monkeypatch.setenv("PLACES_KEY", "places-key-0123456789")
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(WATCH_SOCKETS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hook"))
    monkeypatch.setenv("SOCKETS_SEEN", str(tmp_path / "sockets"))
    made = Shops(tmp_path / "pans.toml", tmp_path / "data", tmp_path / "sockets")
    with serving(Shop()) as site:
        made.write(site.port, min_records=99)
        rivalscope("gather", made.market, "--data", made.data, "--run", "r1", "--as-of", "2026-06-01", code=3)
    assert "socket.connect" in made.sockets.read_text()  # it sees what a crawl does
    made.sockets.unlink()
    made.write(site.port, min_records=99)
    return made


@pytest.mark.slow
def test_pages_are_parsed_again_without_a_request_and_load_takes_the_new_reading(shops: Shops) -> None:
    folder = shops.data / "archive" / "r1"
    # What is kept, and of whom.
    assert {path.name.partition(".")[0] for path in folder.glob("*.warc.gz")} == {"shop", "few", "gone"}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent)} == {0o700}
    receipt = Receipt.load(shops.data / "landing" / "r1" / "shop.reviews.schema_org.receipt.json")
    archive = place(folder, receipt.target)
    assert (receipt.archived, receipt.archive_sha256) == (2, sha256(archive.read_bytes()))
    with archive.open("rb") as file:
        kept = {
            record.headers["WARC-Target-URI"]: (
                record.headers["WARC-Payload-Digest"],
                record.verify_payload_digest(),
                dict(record.http_headers),
            )
            for record in ArchiveIterator(file, record_types=WarcRecordType.response)
        }
    before = shops.lines("shop.reviews.schema_org")
    assert [each["published_at"] for each in before] == 4 * [None]
    for each in before:
        digest, holds, headers = kept[each["page_url"]]
        assert (digest, holds) == (f"sha256:{each['page_sha256']}", True)
        assert headers["X-Archive-Orig-Content-Encoding"] == "gzip"
    assert "Set-Cookie" not in headers
    places = Receipt.load(shops.data / "landing" / "r1" / "place.reviews.google_places.receipt.json")
    assert (places.kept, places.archived, places.stated) == ((), 0, None)
    assert shops.lines("place.reviews.google_places") == []
    shops.call("load")
    assert shops.table("select count(*) from core.review where brand = 'shop' and published_on is not null") == [(0,)]
    seen = shops.table("select native_id, first_seen_at, last_seen_at from core.review where brand = 'shop' order by all")

    # Nothing has changed, so nothing is written; what had not landed still does not.
    told = shops.call("replay")
    assert "shop.reviews.schema_org of run r1: the same 4 records as before" in told
    assert "few.reviews.schema_org of run r1: it still does not land" in told
    assert "gone.reviews.schema_org of run r1: it still does not land" in told
    assert "place.reviews.google_places of run r1: not read again: the terms of google_places" in told
    assert "brief.reviews.schema_org of run r1: not read again: its pages are not kept" in told
    assert not list(shops.data.rglob("*~2*"))

    # The market file learns how the shop writes dates, and is content with few reviews.
    port = int(tomllib.loads(shops.market.read_text())["brands"][0]["sources"][0]["url"].rpartition(":")[2].partition("/")[0])
    shops.write(port, options="dayfirst = true", min_records=1)
    told = shops.call("replay")
    assert "shop.reviews.schema_org of run r1: reading 2, 4 → 4 records, 0 added, 0 removed, 4 changed" in told
    assert "few.reviews.schema_org of run r1: reading 2, 0 → 2 records, 2 added, 0 removed, 0 changed" in told
    after = shops.lines("shop.reviews.schema_org~2")
    assert [each | {"published_at": None} for each in after] == before
    assert [each["published_at"] for each in after] == 2 * ["2026-01-03"] + 2 * ["2026-02-03"]
    assert shops.lines("shop.reviews.schema_org") == before
    again = Receipt.load(shops.data / "landing" / "r1" / "shop.reviews.schema_org~2.receipt.json")
    assert again.reading == 2
    for name in ("run_id", "as_of", "started_at", "finished_at", "requests", "statuses", "archive_sha256"):
        assert getattr(again, name) == getattr(receipt, name)
    assert "0 new readings" in shops.call("replay")
    shops.call("load")
    assert shops.table("select distinct published_on from core.review where brand = 'shop' order by 1") == [
        (date(2026, 1, 3),),
        (date(2026, 2, 3),),
    ]
    assert shops.table("select native_id, first_seen_at, last_seen_at from core.review where brand = 'shop' order by all") == seen
    assert shops.table("select status, outcome, record_count from core.coverage where brand = 'few'") == [
        ("observed", "landed", 2)
    ]
    assert shops.table("select max(version_count) from core.review") == [(1,)]

    # A reading whose file is damaged is set aside by load, and made anew by a replay.
    (shops.data / "landing" / "r1" / "few.reviews.schema_org~2.jsonl.gz").write_bytes(b"no gzip")
    shops.call("load")
    assert shops.table("select outcome, reading from raw.crawl where target like 'few.%'") == [("failed", 2)]
    assert "few.reviews.schema_org of run r1: reading 3, 0 → 2 records" in shops.call("replay")
    shops.call("load")
    assert shops.table("select outcome, reading from raw.crawl where target like 'few.%'") == [("landed", 3)]

    # What the crawl did not ask for is an error that names it, and costs nothing that had landed.
    shops.write(port, options="dayfirst = true, max_pages = 50", min_records=1)
    place(folder, receipt.target).unlink()
    for file in (place(folder, "few.reviews.schema_org"), index_of(place(folder, "few.reviews.schema_org"))):
        file.rename(folder / file.name.replace("few.", "shop."))
    sha = sha256(archive.read_bytes())
    path = shops.data / "landing" / "r1" / "shop.reviews.schema_org.receipt.json"
    path.write_text(path.read_text().replace(receipt.archive_sha256 or "", sha))
    told = shops.call("replay", "--target", "shop.reviews.schema_org", code=1)
    assert f"http://127.0.0.1:{port}/moved is not in the archive: the crawl did not ask for it" in told
    assert "the new reading does not land, the one before stays" in told
    assert not list(shops.data.rglob("shop*~3*"))
    # No process has asked for anything since the server went.
    assert not shops.sockets.exists()
    # A gather of the same run knows that this has landed, though its server is gone.
    told = shops.call("gather", "--target", "few.reviews.schema_org")
    assert "few.reviews.schema_org: landed already in this run, 2 records" in told


@pytest.mark.slow
def test_a_review_leads_to_its_sentence_on_the_archived_page(shops: Shops, capsys: pytest.CaptureFixture[str]) -> None:
    shops.call("load")
    (shops.data / "build" / "r1.duckdb").rename(shops.data / "warehouse.duckdb")
    with duckdb.connect(str(shops.data / "warehouse.duckdb")) as con:
        con.execute("create schema mart; create table mart.swot_cell (cell_id varchar, brand varchar, quadrant varchar, claim varchar, "
                    "statistics varchar, position integer)")  # fmt: skip
        ids = dict(con.execute("select brand || native_id, review_id from core.review").fetchall())
    document = shops.data / "shown.html"
    assert show(shops.data, ids["shop1-0"], html=document, progress=silent) == 0
    told = capsys.readouterr().out
    archive = place(shops.data / "archive" / "r1", "shop.reviews.schema_org")
    entry = indexed(archive)[0]
    assert f"archive/r1/shop.reviews.schema_org.warc.gz, offset {entry['offset']:,}" in told
    assert f"{entry['page_sha256']}, verified" in told
    assert "landing/r1/shop.reviews.schema_org.jsonl.gz, line 1" in told
    assert '**Parcel 0 of page 1 came "late" & wet.**' in told
    text = document.read_text()
    assert "<mark>Parcel 0 of page 1 came </mark><i><mark>&quot;late&quot;</mark></i><mark> &amp; wet.</mark>" in text
    for forbidden in ("<script", "onclick", "<img", "src="):
        assert forbidden not in text
    assert document.stat().st_mode & 0o777 == 0o600
    # This one is not in the visible text, only in what scripts draw from.
    assert show(shops.data, ids["shop1-1"], html=None, progress=silent) == 0
    assert "page data: … " in capsys.readouterr().out
    # Not archived: by the market file, or any more.
    review = next(value for key, value in ids.items() if key.startswith("brief"))
    assert show(shops.data, review, html=None, progress=silent) == 0
    assert "its pages were not archived" in capsys.readouterr().out
    body = bytearray(archive.read_bytes())
    body[entry["offset"] + 300] ^= 0xFF
    archive.write_bytes(body)
    assert show(shops.data, ids["shop1-0"], html=None, progress=silent) == 1
    assert "Restore the file from a backup" in capsys.readouterr().out
    archive.unlink()
    assert show(shops.data, ids["shop1-0"], html=None, progress=silent) == 0
    assert "archived no longer" in capsys.readouterr().out
    with pytest.raises(ShowError, match="id of a cell or a review"):
        show(shops.data, "0" * 16, html=None, progress=silent)


@pytest.mark.slow
def test_every_quote_of_every_cell_stands_on_its_archived_page(demo: Ran) -> None:
    with duckdb.connect(str(demo.data / "warehouse.duckdb"), read_only=True) as con:
        cells = [cell for (cell,) in con.execute("select cell_id from mart.swot_cell").fetchall()]
    assert cells
    for cell in cells:
        with redirect_stdout(io.StringIO()) as told:
            assert show(demo.data, cell, html=None, progress=silent) == 0
        assert told.getvalue().count(", verified") == told.getvalue().count("quote:") > 0


@pytest.mark.slow
def test_a_crawl_whose_pages_cannot_be_archived_does_not_land(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hook").mkdir()
    # A full disk, for the archive only, from the second page on.
    (tmp_path / "hook" / "sitecustomize.py").write_text(
        "from warcio.warcwriter import BaseWARCWriter as W\nwrite = W._write_warc_record\n"
        "def full(self, out, record):\n    if (record.rec_headers.get_header('WARC-Target-URI') or '').endswith('/2'):\n"
        "        raise OSError(28, 'No space left on device')\n    write(self, out, record)\nW._write_warc_record = full\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hook"))
    with serving(Shop()) as site:
        market = market_of(tmp_path, {"shop": f'source = "schema_org"\nurl = "http://127.0.0.1:{site.port}/shop"'})
        run = run_of(market, tmp_path / "data")
        (receipt,) = gather(run, market.targets, progress=silent)
    assert (receipt.outcome, receipt.archive_sha256, receipt.archived) == ("rejected", None, 0)
    assert "a page could not be archived: [Errno 28] No space left on device" in (receipt.reason or "")
    assert not list(run.archive.rglob("*.*"))


@pytest.mark.slow
def test_a_receipt_never_vouches_for_the_pages_of_a_later_attempt_that_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kept_and_killed(*arguments: Any) -> None:
        keep(*arguments)
        raise Killed

    with serving(Shop()) as site:
        source = f'source = "schema_org"\nurl = "http://127.0.0.1:{site.port}/shop"'
        market = market_of(tmp_path, {"shop": f"{source}\nmin_records = 99"})
        run = run_of(market, tmp_path / "data")
        (first,) = gather(run, market.targets, progress=silent)
        archive, rejected = place(run.archive / "r1", first.target), run.rejected / "r1" / f"{first.target}.receipt.json"
        assert (first.outcome, first.archive_sha256) == ("rejected", sha256(archive.read_bytes()))
        monkeypatch.setattr("spiders.web.archive.keep", kept_and_killed)
        with pytest.raises(Killed):
            gather(run, market.targets, progress=silent)
        monkeypatch.undo()
        assert sha256(archive.read_bytes()) != first.archive_sha256
        assert not rejected.exists()
        (again,) = gather(run, market.targets, progress=silent)
    assert Receipt.load(rejected).archive_sha256 == again.archive_sha256 == sha256(archive.read_bytes())


@pytest.mark.slow
def test_a_crawl_that_is_killed_publishes_no_archive(tmp_path: Path) -> None:
    with serving(Site()) as site:
        site.seconds_a_page = 0.4
        market = market_of(tmp_path, {"long": f'source = "schema_org"\nurl = "http://127.0.0.1:{site.port}/long"'})
        run = run_of(market, tmp_path / "data")
        child = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "pipeline.cli",
                "gather",
                str(market.path),
                "--data",
                str(run.data),
                "--run",
                "r1",
                "--as-of",
                "2026-06-01",
            ],
            stderr=subprocess.DEVNULL,
        )
        until(lambda: any(path == "/long/3" for path, _ in site.asked))
        assert list((run.work / "gather").glob("*@*/archive.warc.gz"))
        (crawl,) = children_of(run.data)
        os.kill(crawl, signal.SIGKILL)
        assert child.wait(timeout=30) == 1
        failed = Receipt.load(run.rejected / "r1" / "long.reviews.schema_org.receipt.json")
        assert (failed.outcome, failed.archive_sha256) == ("failed", None)
        assert not list(run.archive.rglob("*.*"))
        (reading,) = replay(run, market.targets, all_runs=False, progress=silent)
        assert (reading.outcome, reading.reason) == ("not_archived", "the crawl left no archive")
        site.seconds_a_page = 0
        (receipt,) = gather(run, market.targets, progress=silent)
    assert receipt.archived == receipt.pages == 6
    assert sha256(place(run.archive / "r1", receipt.target).read_bytes()) == receipt.archive_sha256


def test_of_two_requests_that_got_the_same_page_the_one_of_the_line_is_shown(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    assert job.archive is not None
    writer = ArchiveWriter(job, job.archive)
    for name in ("first", "second"):
        respond(writer, f"https://a.example/{name}", b"<p>Cold tea.</p>")
    receipt = Receipt.of(job, started_at=SEEN, finish_reason="finished", archive_sha256=writer.close())
    quote = Quote(text="Cold tea.", about="", url=None, target=job.target, run_id="r1", record={})

    def asked(page_url: str) -> str | None:
        source = Source(quote=quote, page_url=page_url, page_sha256=sha256(b"<p>Cold tea.</p>"))
        entry = _with_page(source, job.archive or Path(), receipt).entry
        return entry and entry.request_url

    assert asked("https://a.example/second") == "https://a.example/second"
    assert asked("https://a.example/named-otherwise") == "https://a.example/first"


def test_a_document_that_names_people_is_for_its_owner_alone_even_where_a_file_was(tmp_path: Path) -> None:
    file = tmp_path / "shown.html"
    file.touch(mode=0o644)
    _write(file, "heading", [], tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600


# --- the sentence on the page -----------------------------------------------------------------------------------------


def document_of(shown: str, sentence: str, within: str = "") -> str:
    one = page_text.Shown(sentence=sentence, within=within, facts=[("<b>", "<img src=x>")], page=shown)
    return page_text.document("<script>h</script>", [one])


@pytest.mark.parametrize(
    ("shown", "sentence", "place_found"),
    [
        ("<p>The <b>tea</b>\n  is <i>cold</i>.</p>", "The tea is cold.", "text"),
        ("<div>Tea&nbsp;is<br>cold.</div>", "Tea is\ncold.", "text"),
        ('<script>x = {"t": "Tea is \\"cold\\".\\nReally \\ud83d\\ude00"}</script>', 'Tea is "cold". Really 😀', "data"),
        ('{"a": "[\\"Tea \\\\u0026 cake\\"]"}', "Tea & cake", "data"),
        ('<script type="application/ld+json">{"t": "&lt;p&gt;Tea&lt;/p&gt; &amp;amp; cake"}</script>', "Tea & cake", "data"),
        ("<feed><entry><content>&lt;p&gt;Tea is &lt;b&gt;cold&lt;/b&gt;&lt;/p&gt;</content></entry></feed>", "Tea is cold", "data"),
    ],
)  # fmt: skip
def test_a_sentence_is_found_as_a_reader_would_read_it(shown: str, sentence: str, place_found: str) -> None:
    found = page_text.find(shown, sentence)
    assert found is not None
    assert found.place == place_found
    assert "".join(found.sentence.split()) == "".join(sentence.split())
    assert page_text.find(shown, "Coffee is cold.") is None
    assert "<mark>" in document_of(shown, sentence)


def test_of_the_same_words_those_of_the_quoted_review_are_marked() -> None:
    shown = "<p>Fast. Never again.</p><p>Cold tea.<br> Never again.</p>"
    marked = document_of(shown, "Never again.", within="Cold tea. Never again.")
    assert "Fast. Never again." in marked
    assert " <mark>Never again.</mark>" in marked
    assert "Fast. <mark>Never again.</mark>" in document_of(shown, "Never again.", within="words that are nowhere")


def test_a_page_is_harmless_once_it_is_a_document() -> None:
    hostile = (
        '<base href="//evil.example"><meta http-equiv="refresh" content="0;url=//evil.example"><link rel=stylesheet href=//evil.example>'
        "<style>@import '//evil.example'</style><svg onload=alert(1)><a href='javascript:alert(1)'>tea</a><iframe src=//evil.example></iframe>"
        "<p style='background:url(//evil.example)' onmouseover=alert(1)>is &lt;script&gt;alert(2)&lt;/script&gt; \x1b[31mcold\u202e</p>"
        "<plaintext></div></body></html><script>alert(3)</script>"
    )
    made = document_of(hostile, "is <script>")
    assert "default-src 'none'" in made
    body = made.partition("</head>")[2]
    for forbidden in (
        "<script",
        "<a ",
        "<svg",
        "<iframe",
        "<link",
        "<meta",
        "<base",
        "<style",
        "<img",
        "onm",
        "href=",
        "\x1b",
        "\u202e",
    ):
        assert forbidden not in body
    assert "<mark>is &lt;script&gt;</mark>" in body


@pytest.mark.parametrize(
    "hostile", ["<b>" * 3000 + "tea", "<i " * 200_000, "\\" * 400_000, "\\u" * 200_000, "&amp;" * 200_000, "{" * 300_000]
)
def test_a_hostile_page_takes_no_time(hostile: str) -> None:
    began = time.process_time()
    assert page_text.find(hostile, "coffee is cold") is None
    document_of(hostile, "coffee is cold")
    assert time.process_time() - began < 60  # less than a second; what grows with the square takes minutes
