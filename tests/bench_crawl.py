"""Crawls and parsing by kind of source: beside bare Scrapy on the same pages over loopback, and beside extruct on the same text.

Bare Scrapy runs with its own defaults, asks for one page after another and keeps nothing. Ours does the same walk with robots.txt, guard,
cache, landing file and receipt, as gather starts it, and parses each page; only the pauses between requests are set to nothing, since
they are there to make a crawl slow. extruct reads what a page declares (JSON-LD, microdata, RDFa), whatever the page is about.
"""

import asyncio
import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PAGES = 600
REVIEWS = 20
HOST = "127.0.0.1"
FROZEN = Path(__file__).parent / "pages"

BARE = """
import scrapy
class Bare(scrapy.Spider):
    name = "bare"
    custom_settings = {"LOG_LEVEL": "WARNING", "REMOTE_CONTROL_ENABLED": False, "TELNETCONSOLE_ENABLED": False}
    async def start(self):
        yield scrapy.Request(self.url + "?page=1")
    def parse(self, response):
        number = int(response.url.partition("page=")[2])
        if number < int(self.pages):
            yield scrapy.Request(f"{self.url}?page={number + 1}")
"""
OURS = """
import importlib
import scrapy
from spiders.items import FOLDERS, Page
from spiders.receipt import Job
class Walker(scrapy.Spider):
    name = "walker"
    def __init__(self, job):
        super().__init__()
        self.job = Job.load(job)
        self.read = importlib.import_module(self.job.options["module"]).parse
    async def start(self):
        yield scrapy.Request(self.job.url + "?page=1")
    def parse(self, response):
        yield Page(url=response.url, records=tuple(self.read(response.text, self.job.options["address"])))
        number = int(response.url.partition("page=")[2])
        if number < self.job.politeness.max_pages:
            yield scrapy.Request(f"{self.job.url}?page={number + 1}")
"""


@dataclass(frozen=True)
class Kind:
    """One kind of page: what it is, who reads it, where it is said to have been seen, and how many records it holds at least."""

    said: str
    kind: str
    module: str
    body: Callable[[], str]
    records: int
    address: str = "https://www.kettle.example/page"


WORDS = "The kettle boils quickly and pours well, though the handle gets warm after a while. " * 9


def _html(body: str, head: str = "") -> str:
    return f'<!doctype html><html lang="en"><head><title>Kettles</title>{head}</head><body>{body}</body></html>'


def json_ld() -> str:
    reviews = [
        {
            "@type": "Review",
            "@id": f"#r{n}",
            "author": {"@type": "Person", "name": f"Customer {n}"},
            "datePublished": f"2026-05-{n + 1:02d}",
            "reviewRating": {"@type": "Rating", "ratingValue": n % 5 + 1, "bestRating": 5},
            "reviewBody": f"{WORDS} ({n})",
        }
        for n in range(REVIEWS)
    ]
    data = {"@context": "https://schema.org", "@type": "Product", "name": "Kettle", "review": reviews}
    cards = "".join(f'<article class="card"><h3>Review {r["@id"]}</h3><p>{r["reviewBody"]}</p></article>' for r in reviews)
    return _html(cards, f'<script type="application/ld+json">{json.dumps(data)}</script>')


def microdata() -> str:
    return _html(
        '<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">Kettle</h1>'
        + "".join(
            f'<div itemprop="review" itemscope itemtype="https://schema.org/Review"><meta itemprop="datePublished" content="2026-05-{n + 1:02d}">'
            f'<span itemprop="author">Customer {n}</span><div itemprop="reviewRating" itemscope itemtype="https://schema.org/Rating">'
            f'<span itemprop="ratingValue">{n % 5 + 1}</span>/<span itemprop="bestRating">5</span></div><p itemprop="reviewBody">{WORDS} ({n})</p></div>'
            for n in range(REVIEWS)
        )
        + "</div>"
    )


def cards() -> str:
    return _html(
        '<h1>Kettle</h1><section id="reviews">'
        + "".join(
            f'<article class="review" id="review-{n}"><span class="review-author">Customer {n}</span>'
            f'<span class="rating" aria-label="{n % 5 + 1} out of 5 stars"></span><time datetime="2026-05-{n + 1:02d}">{n + 1} May 2026</time>'
            f'<h3 class="review-title">Kettle {n}</h3><p class="review-body">{WORDS} ({n})</p></article>'
            for n in range(REVIEWS)
        )
        + "</section>"
    )


def feed() -> str:
    page = json.loads((FROZEN / "app_store" / "list.json").read_text("utf-8"))
    entries = [entry for entry in page["feed"]["entry"] if "im:rating" in entry][:1]
    page["feed"]["entry"] = [
        {**entries[n % len(entries)], "id": {"label": str(10_000 + n)}, "content": {"label": f"{WORDS} ({n})"}} for n in range(50)
    ]
    return json.dumps(page)


def faq() -> str:
    return _html(
        "<h1>Frequently asked questions</h1>"
        + "".join(f"<details><summary>How do I descale kettle {n}?</summary><p>{WORDS} ({n})</p></details>" for n in range(40))
    )


def contact() -> str:
    """A frozen page with as much beside its channels as pages have."""
    page = (FROZEN / "site" / "contact_ko.html").read_text("utf-8")
    return page.replace(
        "</body>", "".join(f"<section><h2>Kettle {n}</h2><p>{WORDS}</p></section>" for n in range(40)) + "</body>"
    )


def ranking() -> str:
    """A frozen page with as many scripts before its results as an engine's pages have."""
    page = (FROZEN / "search_page" / "google_desktop_en.html").read_text("utf-8")
    return page.replace("</head>", f"<script>{'var kettle = [1, 2, 3];' * 3000}</script></head>")


KINDS = (
    Kind("reviews, JSON-LD", "reviews", "spiders.reviews.schema_org", json_ld, REVIEWS),
    Kind("reviews, microdata", "reviews", "spiders.reviews.schema_org", microdata, REVIEWS),
    Kind("reviews, unmarked cards", "reviews", "spiders.reviews.cards", cards, REVIEWS),
    Kind("app feed, JSON", "reviews", "spiders.reviews.app_store", feed, 50),
    Kind("FAQ", "faq", "spiders.faqs.faq_page", faq, 40),
    Kind("contact points", "contact", "spiders.contacts.site", contact, 1),
    Kind("ranking", "ranking", "spiders.rankings.search_page", ranking, 1),
)


async def _serve() -> None:
    bodies = [kind.body().encode() for kind in KINDS]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ", 2)[1].decode()
            robots = path == "/robots.txt"
            body = b"User-agent: *\nAllow: /\n" if robots else bodies[int(path.strip("/").partition("?")[0])]
            shown = b"text/plain" if robots else b"application/json" if body.startswith(b"{") else b"text/html; charset=utf-8"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (shown, len(body)) + body)
            await writer.drain()

    async def quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(quietly, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.sleep(600)


@contextmanager
def serving() -> Iterator[str]:
    with subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://{HOST}:{int(server.stdout.readline())}"
        finally:
            server.kill()


def bare(url: str, folder: Path) -> float:
    script = folder / "bare.py"
    script.write_text(BARE)
    arguments = ["-a", f"url={url}", "-a", f"pages={PAGES}"]
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "scrapy", "runspider", str(script), *arguments], check=True, cwd=folder)
    return time.monotonic() - began


def ours(url: str, folder: Path, kind: Kind) -> float:
    job = {
        "run_id": "bench", "as_of": "2026-06-01T00:00:00Z", "market": "bench", "target": f"b.{kind.kind}.walker", "brand": "b",
        "kind": kind.kind, "source": "walker", "name": "walker", "url": url, "output": str(folder / "lines.jsonl.gz"),
        "receipt": str(folder / "receipt.json"), "key_file": str(folder / "author.key"), "cache": str(folder / "cache"),
        "options": {"module": kind.module, "address": kind.address},
        "politeness": {"contact": "bench@kettle.example", "max_pages": PAGES, "allow_hosts": [HOST], "delay_seconds": 0},
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job))
    (folder / "walker.py").write_text(OURS)
    from spiders.receipt import Politeness  # noqa: PLC0415 - only where it is measured
    from spiders.settings import polite_settings  # noqa: PLC0415 - as above

    settings = polite_settings(Politeness.model_validate(job["politeness"])) | {
        "AUTOTHROTTLE_ENABLED": "False",
        "LOG_LEVEL": "WARNING",
        "SPIDER_MODULES": "walker",
    }
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    command = [sys.executable, "-m", "scrapy", "crawl", "walker", "-a", f"job={folder / 'job.json'}", *options]
    places = os.pathsep.join([str(folder), str(Path(__file__).parents[1])])
    began = time.monotonic()
    subprocess.run(
        command, check=True, cwd=folder, env=os.environ | {"SCRAPY_SETTINGS_MODULE": "spiders.settings", "PYTHONPATH": places}
    )
    seconds = time.monotonic() - began
    receipt = json.loads((folder / "receipt.json").read_text())
    assert receipt["pages"] == PAGES, receipt
    assert receipt["records"] >= PAGES * kind.records, receipt
    return seconds


def milliseconds(read: Callable[[], object]) -> float:
    """Of one call; the fastest of five rounds, so that what else the machine does counts least."""
    read()
    rounds = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(10):
            read()
        rounds.append((time.perf_counter() - began) * 100)
    return min(rounds)


def rows() -> Iterator[dict[str, str]]:
    import extruct  # type: ignore[import-untyped]  # noqa: PLC0415 - ships no types; only where it is measured

    with tempfile.TemporaryDirectory() as name, serving() as url:
        for number, kind in enumerate(KINDS):
            plain, full = bare(f"{url}/{number}", Path(name)), ours(f"{url}/{number}", Path(name), kind)
            yield {
                "measure": f"crawl of {PAGES} pages ({kind.said}), parsed and landed",
                "value": f"{PAGES / full:.0f} pages/s",
                "baseline": f"bare Scrapy {PAGES / plain:.0f} pages/s",
                "ratio": f"{plain / full:.2f}",
                "wanted": "≥ 0.5" if kind.body is json_ld else "",
            }
    for kind in KINDS:
        text = kind.body()
        parse = importlib.import_module(kind.module).parse
        found = milliseconds(lambda parse=parse, text=text, kind=kind: list(parse(text, kind.address)))
        row = {"measure": f"parsing alone ({kind.said}, {len(text) / 1000:.0f} kB)", "value": f"{found:.2f} ms/page"}
        if not text.startswith("{"):  # it reads HTML
            declared = milliseconds(
                lambda text=text: extruct.extract(text, syntaxes=["json-ld", "microdata", "rdfa"], errors="ignore")
            )
            row |= {"baseline": f"extruct {declared:.2f} ms/page", "ratio": f"{declared / found:.1f}"}
        yield row


if __name__ == "__main__" and sys.argv[1:] == ["serve"]:
    asyncio.run(_serve())
