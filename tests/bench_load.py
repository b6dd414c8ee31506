"""One million review lines from landing to core, held against DuckDB's bare read of the same file into a table."""

import concurrent.futures
import gzip
import hashlib
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import orjson

from spiders.items import PROVENANCE, SCHEMA_VERSION, line_fields
from warehouse import build, load

LINES = 1_000_000
TARGET = "zinnia.reviews.shop"
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


def rows() -> list[dict[str, str]]:
    """Each measurement in a process of its own, so that memory is its own too."""
    with tempfile.TemporaryDirectory(prefix="bench-load-") as name:
        data = Path(name)
        write_landing(data, LINES)
        bare_seconds, _ = alone(bare, data)
        load_seconds, peak = alone(to_core, data)
    return [
        {
            "measure": f"load: {LINES:,} review lines to core",
            "value": f"{load_seconds:.1f} s",
            "baseline": f"{bare_seconds:.1f} s (read_json into a table)",
            "ratio": f"{load_seconds / bare_seconds:.2f}",
            "wanted": "at most 3",
        },
        {"measure": "load: peak memory", "value": f"{peak / 2**30:.2f} GiB", "wanted": "under 3 GB"},
    ]


def alone(work: Callable[[Path], None], data: Path) -> tuple[float, int]:
    """Seconds and peak bytes of `work(data)` in a fresh process."""
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measured, work, data).result()


def measured(work: Callable[[Path], None], data: Path) -> tuple[float, int]:
    began = time.perf_counter()
    work(data)
    return time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def bare(data: Path) -> None:
    model = build.read(build.SQL / "raw" / "review.sql")
    columns = model.sql[model.sql.index("columns = {") : model.sql.index("}") + 1]
    with build.connect(data / "bare.duckdb") as con:
        con.execute(
            f"create table review as select * from read_json('{landing_file(data)}', format = 'newline_delimited', {columns})"
        ).fetchall()


def to_core(data: Path) -> None:
    market = load.MarketFacts(
        id="tents",
        name="Tents",
        timezone="Europe/Paris",
        sha256="",
        brands=(load.BrandFact(id="zinnia", name="Zinnia", own=True),),
        targets=(load.TargetFact(target=TARGET, brand="zinnia", kind="reviews", source="table", name="shop", basis="own_data"),),
    )
    counts = load.load(data / "build" / "r1.duckdb", data / "landing", data / "rejected", run_id="r1", as_of=AS_OF, market=market)
    assert counts["core.review"] == LINES


def landing_file(data: Path) -> Path:
    return data / "landing" / "r1" / f"{TARGET}.jsonl.gz"


def write_landing(data: Path, count: int) -> None:
    """Reviews of some fifty words; four in ten answered; one author in seven writes again, a few of them the same once more."""
    file = landing_file(data)
    file.parent.mkdir(parents=True)
    with gzip.open(file, "wb", compresslevel=1) as out:
        for line in lines(count):
            out.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    with file.open("rb") as handle:
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
    receipt = {
        "schema_version": SCHEMA_VERSION,
        "run_id": "r1",
        "as_of": AS_OF,
        "market": "tents",
        "target": TARGET,
        "brand": "zinnia",
        "kind": "reviews",
        "source": "table",
        "name": "shop",
        "finished_at": AS_OF,
        "records": count,
        "fields": [*line_fields("reviews"), *PROVENANCE],
        "file_sha256": sha256,
        "outcome": "landed",
    }
    file.with_name(f"{TARGET}.receipt.json").write_bytes(orjson.dumps(receipt))


def lines(count: int) -> Iterator[dict[str, object]]:
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 9))) for _ in range(20_000)]
    often = [1 / (place + 10) for place in range(len(words))]
    sentences = [" ".join(chance.choices(words, often, k=chance.randint(6, 18))).capitalize() + "." for _ in range(40_000)]
    authors = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(count)]
    text = ""
    for number in range(count):
        author = chance.randrange(count // 7) if number % 7 == 0 else number
        text = text if number % 500 == 1 else " ".join(chance.choices(sentences, k=chance.randint(2, 6)))
        answered = number % 5 < 2
        yield {
            "native_id": f"r-{number}",
            "rating": float(chance.randint(1, 5)),
            "rating_max": 5.0,
            "rating_min": 1.0,
            "title": text[: chance.randint(10, 40)],
            "text": text,
            "published_at": f"{date(2020 + number % 6, 1 + number % 12, 1 + number % 28)}T{number % 24:02}:{number % 60:02}:00+00:00",
            "author_hash": authors[author],
            "language": "en",
            "product": None,
            "country": "GB",
            "experienced_at": None,
            "verified": True,
            "invited": None,
            "reply_text": sentences[number % len(sentences)] if answered else None,
            "reply_at": "2025-12-30" if answered else None,
            "url": f"https://shop.example/review/{number}",
            "seen_at": "2025-12-31T10:00:00+00:00",
            "page_url": f"https://shop.example/reviews?page={number // 20}",
            "page_sha256": authors[number // 20],
        }
