"""One crawl of the schema.org source against bare Scrapy on the same JSON-LD pages, both following rel=next over loopback.

Bare Scrapy runs with its own defaults, follows the link and keeps nothing. Ours runs as gather starts it, with robots.txt, guard,
landing file and receipt; only the pauses between requests are set to nothing, since they are there to make a crawl slow.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAGES = 600
REVIEWS = 20
HOST = "127.0.0.1"

BARE = """
import scrapy
class Bare(scrapy.Spider):
    name = "bare"
    custom_settings = {"LOG_LEVEL": "WARNING", "REMOTE_CONTROL_ENABLED": False, "TELNETCONSOLE_ENABLED": False}
    async def start(self):
        yield scrapy.Request(self.url)
    def parse(self, response):
        yield from response.follow_all(css="a[rel=next]")
"""


def page(number: int) -> bytes:
    words = "The kettle boils quickly and pours well, though the handle gets warm after a while. " * 9
    reviews = [
        {
            "@type": "Review",
            "@id": f"#r{number}-{n}",
            "author": {"@type": "Person", "name": f"Customer {number}-{n}"},
            "datePublished": f"2026-05-{n + 1:02d}",
            "reviewRating": {"@type": "Rating", "ratingValue": n % 5 + 1, "bestRating": 5},
            "reviewBody": f"{words} ({number}-{n})",
        }
        for n in range(REVIEWS)
    ]
    data = {"@context": "https://schema.org", "@type": "Product", "name": "Kettle", "review": reviews}
    cards = "".join(f'<article class="card"><h3>Review {r["@id"]}</h3><p>{r["reviewBody"]}</p></article>' for r in reviews)
    more = f'<a rel="next" href="/reviews?page={number + 1}">more</a>' if number < PAGES else ""
    html = f'<html><head><script type="application/ld+json">{json.dumps(data)}</script></head><body>{cards}{more}</body></html>'
    return html.encode()


async def _serve() -> None:
    bodies = {number: page(number) for number in range(1, PAGES + 1)}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split(b" ", 2)[1].decode()
            number = int(path.partition("page=")[2] or 1)
            body = b"User-agent: *\nAllow: /\n" if path == "/robots.txt" else bodies[number]
            kind = b"text/plain" if path == "/robots.txt" else b"text/html; charset=utf-8"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (kind, len(body)) + body)
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
            yield f"http://{HOST}:{int(server.stdout.readline())}/reviews"
        finally:
            server.kill()


def bare(url: str, folder: Path) -> float:
    script = folder / "bare.py"
    script.write_text(BARE)
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "scrapy", "runspider", str(script), "-a", f"url={url}"], check=True, cwd=folder)
    return time.monotonic() - began


def ours(url: str, folder: Path) -> float:
    job = {
        "run_id": "bench", "as_of": "2026-06-01T00:00:00Z", "market": "bench", "target": "b.reviews.schema_org", "brand": "b",
        "kind": "reviews", "source": "schema_org", "name": "schema_org", "url": url, "output": str(folder / "lines.jsonl.gz"),
        "receipt": str(folder / "receipt.json"), "key_file": str(folder / "author.key"), "options": {"max_pages": PAGES},
        "politeness": {"contact": "bench@kettle.example", "max_pages": PAGES, "allow_hosts": [HOST], "delay_seconds": 0},
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(job))
    from spiders.receipt import Politeness  # noqa: PLC0415 - only where it is measured
    from spiders.settings import polite_settings  # noqa: PLC0415 - as above

    settings = polite_settings(Politeness.model_validate(job["politeness"])) | {
        "AUTOTHROTTLE_ENABLED": "False",
        "LOG_LEVEL": "WARNING",
    }
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    command = [sys.executable, "-m", "scrapy", "crawl", "schema_org", "-a", f"job={folder / 'job.json'}", *options]
    began = time.monotonic()
    subprocess.run(command, check=True, cwd=folder, env=os.environ | {"SCRAPY_SETTINGS_MODULE": "spiders.settings"})
    seconds = time.monotonic() - began
    receipt = json.loads((folder / "receipt.json").read_text())
    assert receipt["records"] == PAGES * REVIEWS, receipt
    return seconds


def rows() -> list[dict[str, str]]:
    with tempfile.TemporaryDirectory() as name, serving() as url:
        plain, full = bare(url, Path(name)), ours(url, Path(name))
    return [
        {
            "measure": f"one crawl, {PAGES} JSON-LD pages of {len(page(1)) / 1000:.0f} kB with {REVIEWS} reviews, landed",
            "value": f"{PAGES / full:.0f} pages/s",
            "baseline": f"bare Scrapy {PAGES / plain:.0f} pages/s",
            "ratio": f"{plain / full:.2f}",
            "wanted": "≥ 0.5",
        }
    ]


if __name__ == "__main__" and sys.argv[1:] == ["serve"]:
    asyncio.run(_serve())
