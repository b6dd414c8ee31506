"""The warehouse from landing files to the published file: what is set aside, what is remembered, what a kill leaves behind."""

import gzip
import hashlib
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from spiders.items import PROVENANCE, SCHEMA_VERSION, ContactPoint, FaqEntry, Record, Review, SearchResult, line, line_fields
from warehouse import build, load, publish

KEY = b"k" * 32
SHOP = "zinnia.reviews.shop"
MARKET = load.MarketFacts(
    id="tents",
    name="Tents",
    timezone="Asia/Seoul",
    sha256="ab" * 32,
    brands=(
        load.BrandFact(id="zinnia", name="Zinnia", own=True, domains=("www.Zinnia.example", "천막.example")),
        load.BrandFact(id="aster", name="Aster", own=False),
    ),
    targets=(
        load.TargetFact(target=SHOP, brand="zinnia", kind="reviews", source="table", name="shop", basis="own_data"),
        load.TargetFact(
            target="aster.reviews.shop", brand="aster", kind="reviews", source="schema_org", name="shop", basis="public_page"
        ),
        load.TargetFact(
            target="zinnia.faq.help", brand="zinnia", kind="faq", source="faq_page", name="help", basis="public_page"
        ),
        load.TargetFact(
            target="zinnia.contact.site", brand="zinnia", kind="contact", source="site", name="site", basis="public_page"
        ),
        load.TargetFact(target="market.ranking.web", brand=None, kind="ranking", source="api", name="web", basis="api_terms"),
    ),
    keywords=(load.KeywordFact(keyword="tent", engine="web", locale="en"),),
    themes=(load.ThemeFact(theme="comfort", name="Comfort", names={"en": "Comfort", "ko": "편안함"}, stage="use"),),
)


def day(number: int) -> datetime:
    return datetime(2025, 3, number, 12, tzinfo=UTC)


def review(native_id: str, text: str = "Dry and warm.", **other: Any) -> Review:
    given: dict[str, Any] = {
        "native_id": native_id,
        "rating": 4,
        "rating_max": 5,
        "text": text,
        "author": f"author of {native_id}",
    }
    return Review(**given | {"published_at": date(2025, 2, 1)} | other)


def crawl(
    data: Path, number: int, records: Sequence[Record], *, target: str = SHOP, outcome: str = "landed", **receipt: Any
) -> Path:
    """Lands a crawl of run r<number>, as of that day of March; its receipt's path."""
    brand, kind, name = target.split(".")
    folder = data / ("landing" if outcome in {"landed", "unchanged"} else "rejected") / f"r{number}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{target}.jsonl.gz"
    seen = {"seen_at": day(number), "page_url": "https://zinnia.example/p", "page_sha256": "cd" * 32}
    if outcome == "landed":
        with gzip.GzipFile(file, "wb", mtime=0) as out:
            for record in records:
                out.write(orjson.dumps(line(record, KEY) | seen) + b"\n")
    facts = {
        "schema_version": SCHEMA_VERSION,
        "run_id": f"r{number}",
        "as_of": day(number),
        "market": "tents",
        "target": target,
        "brand": None if brand == "market" else brand,
        "kind": kind,
        "source": "table",
        "name": name,
        "started_at": day(number),
        "finished_at": day(number) + timedelta(minutes=5),
        "finish_reason": "finished",
        "records": len(records),
        "pages": 1,
        "requests": 1,
        "statuses": {"200": 1},
        "stated": None,
        "fields": [*line_fields(kind), *PROVENANCE],  # type: ignore[arg-type]  # a kind, out of the target's name
        "file_sha256": hashlib.sha256(file.read_bytes()).hexdigest() if outcome == "landed" else None,
        "outcome": outcome,
    }
    path = folder / f"{target}.receipt.json"
    path.write_bytes(orjson.dumps(facts | receipt))
    return path


def loaded(data: Path, number: int, market: load.MarketFacts = MARKET) -> duckdb.DuckDBPyConnection:
    """The build of run r<number>, open for reading."""
    file = data / "build" / f"r{number}.duckdb"
    load.load(file, data / "landing", data / "rejected", run_id=f"r{number}", as_of=day(number), market=market)
    return build.connect(file, read_only=True)


def one(con: duckdb.DuckDBPyConnection, sql: str) -> Any:
    rows = con.execute(sql).fetchall()
    assert len(rows) == 1
    return rows[0]


def coverage(con: duckdb.DuckDBPyConnection, target: str = SHOP) -> tuple[str, str]:
    return one(con, f"select status, coalesce(reason, '') from core.coverage where target = '{target}'")


def content(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, in an order of its own."""
    with build.connect(file, read_only=True) as con:
        return {name: sorted(con.execute(f"from {name}").fetchall(), key=repr) for name in build.tables(con)}


# --- load -------------------------------------------------------------------------------------------------------------------


def test_every_kind_of_record_reaches_its_table(tmp_path: Path) -> None:
    crawl(tmp_path, 1, [review("a"), review("b", title="Dry", reply_text="Thanks", reply_at=day(1))])
    crawl(tmp_path, 1, [FaqEntry(question="How?", answer="So.", group="Tents")], target="zinnia.faq.help")
    crawl(tmp_path, 1, [ContactPoint(kind="chat", vendor="Chatter", value=None)], target="zinnia.contact.site")
    result = SearchResult(
        keyword="tent", engine="web", locale="en", rank=1, depth=1, url="https://shop.xn--vf4b17i.example/", title="T"
    )
    crawl(tmp_path, 1, [result], target="market.ranking.web")
    with loaded(tmp_path, 1) as con:
        assert one(con, "select count(*), count(reply_text), min(rating) from core.review") == (2, 1, 0.75)
        assert one(con, "select question, faq_group, current from core.faq_entry") == ("How?", "Tents", True)
        assert one(con, "select vendor, value from core.contact_point") == ("Chatter", None)
        assert one(con, "select brand, rank from core.search_result") == (None, 1)
        statuses = con.execute("select target, status from core.coverage order by target").fetchall()
        assert dict(statuses)["aster.reviews.shop"] == "not_asked"
        assert {status for _, status in statuses} == {"observed", "not_asked"}
        assert build.undocumented(con) == []


def test_an_international_domain_counts_in_either_spelling(tmp_path: Path) -> None:
    ascii_form = "천막.example".encode("idna").decode()
    urls = (f"https://www.{ascii_form}/", "https://천막.example/a", "https://zinnia.example/")
    found = [SearchResult(keyword="tent", engine="web", rank=n, depth=9, url=url) for n, url in enumerate(urls, 1)]
    crawl(tmp_path, 1, found, target="market.ranking.web")
    with loaded(tmp_path, 1) as con:
        assert one(con, "select count(brand), count(*) from core.search_result") == (3, 3)


def test_an_empty_landing_folder_gives_empty_tables_and_says_not_asked(tmp_path: Path) -> None:
    with loaded(tmp_path, 1) as con:
        assert one(con, "select count(*) from core.review") == (0,)
        assert one(con, "select count(*), min(status), max(status) from core.coverage") == (5, "not_asked", "not_asked")


def test_the_raw_tables_have_a_column_for_each_field_of_a_record(tmp_path: Path) -> None:
    with loaded(tmp_path, 1) as con:
        for kind, table in load.RAW_TABLES.items():
            held = {row[0] for row in con.execute(f"select column_name from (describe raw.{table})").fetchall()}
            assert {*line_fields(kind), *PROVENANCE} <= held


def test_a_review_seen_in_two_runs_is_one_and_an_edit_is_remembered(tmp_path: Path) -> None:
    crawl(tmp_path, 1, [review("a", "Dry."), review("b")])
    crawl(tmp_path, 2, [review("a", "Wet after all."), review("b")])
    with loaded(tmp_path, 2) as con:
        assert one(con, "select content, version_count, run_id from core.review where native_id = 'a'") == (
            "Wet after all.",
            2,
            "r2",
        )
        assert one(con, "select version_count from core.review where native_id = 'b'") == (1,)
        versions = con.execute("select version, content, run_id from core.review_version order by version").fetchall()
        assert versions == [(1, "Dry.", "r1"), (2, "Wet after all.", "r2")]


def test_an_unchanged_file_lengthens_what_was_seen(tmp_path: Path) -> None:
    crawl(tmp_path, 1, [review("a")])
    crawl(tmp_path, 2, [], outcome="unchanged", unchanged_since="r1")
    with loaded(tmp_path, 2) as con:
        first, last, run = one(con, "select first_seen_at, last_seen_at, run_id from core.review")
        assert (first.day, last.day, run) == (1, 2, "r2")
        assert coverage(con) == ("observed", "")


def test_as_of_earlier_knows_less(tmp_path: Path) -> None:
    crawl(tmp_path, 1, [review("a", "Dry."), review("tomorrow", published_at=day(2))])
    crawl(tmp_path, 3, [review("a", "Wet."), review("late", published_at=day(3)), review("undated", published_at=None)])
    with loaded(tmp_path, 1) as con:
        assert one(con, "select content from core.review") == ("Dry.",)
    with loaded(tmp_path, 3) as con:
        ids = con.execute("select native_id from core.review order by 1").fetchall()
        assert [row[0] for row in ids] == ["a", "late", "tomorrow", "undated"]


def test_the_same_landing_and_moment_give_the_same_tables(tmp_path: Path) -> None:
    records = [review(str(n), f"Text number {n % 40}, long enough to be told apart.", author=f"a{n % 7}") for n in range(300)]
    crawl(tmp_path, 1, records)
    loaded(tmp_path, 1).close()
    first = content(tmp_path / "build" / "r1.duckdb")
    loaded(tmp_path, 1).close()
    assert content(tmp_path / "build" / "r1.duckdb") == first
    assert len(first["core.review"]) == 300


def test_the_order_of_lines_never_matters(tmp_path: Path) -> None:
    records = [review(str(n % 90), f"Text number {n}, long enough to be told apart.", author=f"a{n % 3}") for n in range(120)]
    for name in ("a", "b"):
        crawl(tmp_path / name, 1, records)
        random.Random(5).shuffle(records)
        loaded(tmp_path / name, 1).close()
    a, b = (content(tmp_path / name / "build" / "r1.duckdb") for name in ("a", "b"))
    for table in ("core.review", "core.review_version", "core.coverage"):
        assert a[table] == b[table]


def test_a_source_that_the_market_dropped_is_not_told_of(tmp_path: Path) -> None:
    crawl(tmp_path, 1, [review("a")])
    crawl(tmp_path, 1, [review("x")], target="aster.reviews.shop")
    with loaded(tmp_path, 1, replace(MARKET, targets=MARKET.targets[1:])) as con:
        assert one(con, "select brand from core.review") == ("aster",)


def broken_file(data: Path, how: str) -> None:
    """A crawl of r2 that is wrong in one way, beside a good one of another target."""
    crawl(data, 2, [review("x")], target="aster.reviews.shop")
    receipt = crawl(data, 2, [review("b"), review("c")])
    file = receipt.with_name(f"{SHOP}.jsonl.gz")
    facts = orjson.loads(receipt.read_bytes())
    match how:
        case "truncated":
            file.write_bytes(file.read_bytes()[:-20])
        case "missing":
            file.unlink()
        case "count":
            facts["records"] = 3
        case "fields":
            facts["fields"].append("mood")
        case "version":
            facts["schema_version"] = SCHEMA_VERSION + 1
        case "keys" | "html" | "type" | "not gzip":
            rows = {
                "keys": b'{"native_id": "b", "mood": 1}\n{"native_id": "c"}\n',
                "html": b"<html>\n",
                "not gzip": b"",
                "type": b"".join(
                    orjson.dumps(
                        line(review(i), KEY) | {"rating": "five", "seen_at": None, "page_url": None, "page_sha256": None}
                    )
                    + b"\n"
                    for i in "bc"
                ),
            }[how]
            file.write_bytes(b"no gzip at all" if how == "not gzip" else gzip.compress(rows))
            facts["file_sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    receipt.write_bytes(b"{" if how == "receipt" else orjson.dumps(facts))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("truncated", "expected sha256"),
        ("missing", "expected the landing file of this receipt, found none"),
        ("count", "expected 3 lines as its receipt says, found 2"),
        ("fields", "unknown: mood"),
        ("keys", "unknown: mood"),
        ("version", f"expected landing lines of version {SCHEMA_VERSION} or older, found version {SCHEMA_VERSION + 1}"),
        ("html", "expected gzip with one JSON object a line"),
        ("not gzip", "expected gzip with one JSON object a line"),
        ("type", "five"),
        ("receipt", "expected a receipt"),
    ],
)
def test_a_broken_landing_file_is_set_aside_and_the_others_go_on(tmp_path: Path, how: str, said: str) -> None:
    crawl(tmp_path, 1, [review("a")])
    broken_file(tmp_path, how)
    with loaded(tmp_path, 2) as con:
        status, reason = coverage(con)
        assert status == "failed"
        assert said in reason
        assert str(tmp_path) in reason
        assert "gather again" in reason
        # What landed before still counts, and tells its age.
        assert con.execute("select native_id from core.review order by 1").fetchall() == [("a",), ("x",)]
        assert one(con, f"select last_landed_at from core.coverage where target = '{SHOP}'")[0].day == 1
        assert coverage(con, "aster.reviews.shop") == ("observed", "")


def test_a_damaged_receipt_of_a_later_reading_leaves_the_reading_before(tmp_path: Path) -> None:
    receipt = crawl(tmp_path, 1, [review("a")])
    receipt.with_name(f"{SHOP}~2.receipt.json").write_bytes(b"{")
    with loaded(tmp_path, 1) as con:
        assert coverage(con) == ("observed", "")
        assert con.execute("select native_id from core.review").fetchall() == [("a",)]


def test_rejected_and_blocked_crawls_add_a_line_of_coverage_and_no_rows(tmp_path: Path) -> None:
    crawl(tmp_path, 1, [], outcome="rejected", reason="expected at least 20 records, found 3")
    crawl(tmp_path, 1, [], target="aster.reviews.shop", outcome="blocked", reason="robots.txt forbids /reviews")
    with loaded(tmp_path, 1) as con:
        assert coverage(con) == ("failed", "expected at least 20 records, found 3")
        assert coverage(con, "aster.reviews.shop") == ("blocked", "robots.txt forbids /reviews")
        assert one(con, "select count(*) from core.review") == (0,)


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    texts = ["'; drop table core.review; --", "{{ 7*7 }}", '"\\u0000\\', "a\r\nb\u2028c", "😀" * 50, "\ufeffx"]
    crawl(tmp_path, 1, [review(str(n), text) for n, text in enumerate(texts)])
    with loaded(tmp_path, 1) as con:
        assert [row[0] for row in con.execute("select content from core.review order by native_id").fetchall()] == texts


def test_a_log_left_by_a_killed_writer_is_not_replayed_into_the_next_build(tmp_path: Path) -> None:
    crawl(tmp_path, 1, [review("a")])
    loaded(tmp_path, 1).close()
    file = tmp_path / "build" / "r1.duckdb"
    kill_while_writing(file, "delete from core.review")
    assert file.with_name("r1.duckdb.wal").exists()
    with loaded(tmp_path, 1) as con:
        assert one(con, "select count(*) from core.review") == (1,)


def kill_while_writing(file: Path, sql: str) -> None:
    code = f"""
        import duckdb, os, signal
        con = duckdb.connect({str(file)!r})
        con.execute("set checkpoint_threshold = '1GB'")
        con.execute({sql!r})
        os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, timeout=60)


# --- build ------------------------------------------------------------------------------------------------------------------


def sql_files(root: Path, **files: str) -> Path:
    for name, sql in files.items():
        schema, table = name.split("__")
        (root / schema).mkdir(exist_ok=True)
        (root / schema / f"{table}.sql").write_text(sql, encoding="utf-8")
    return root


def test_tables_are_made_in_the_order_of_what_they_read(tmp_path: Path) -> None:
    root = sql_files(
        tmp_path,
        m__a="-- One row.\n-- x: a number\n--   that goes on\nwith b as (select x from m.b) select x from b",
        m__b="-- One row.\n-- x, y: numbers\nselect x, x as y from n.c",
        n__c="-- One row, it's said.\n-- x: a number\nselect 1 as x",
    )
    with build.connect() as con:
        assert build.run_folder(con, "m", "n", root=root) == {"n.c": 1, "m.b": 1, "m.a": 1}
        assert build.undocumented(con) == []
        comments = con.execute("select comment from duckdb_columns() where schema_name = 'm' and table_name = 'a'").fetchall()
        assert comments == [("a number that goes on",)]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"m__a": "-- One row.\n-- x: n\nselect x from m.b", "m__b": "-- One row.\n-- x: n\nselect x from m.a"},
            "found a circle",
        ),
        ({"m__a": "-- One row.\n-- x: n\nselect x from m.misspelt"}, "reads m.misspelt, which no SQL file makes"),
        ({"m__a": "-- One row.\n-- x: n\nselect x from loose"}, "expected tables named schema.table, found 'loose'"),
        ({"m__a": "-- One row.\nselect 1 as x"}, "column x has no line"),
        ({"m__a": "-- One row.\n-- x: n\n-- y: n\nselect 1 as x"}, "the header describes y, which is no column of m.a (x)"),
        ({"m__a": "select 1 as x"}, "expected a first line `-- One row per ...`"),
        ({"m__a": "-- One row.\n-- x: n\nselect 1 as"}, "a.sql: expected "),
        ({"m__a": "-- One row.\n-- x: n\ndrop table m.b"}, "expected one select, found drop"),
        ({"m__a": "-- One row.\n-- x: n\nselect 1 as x; select 2 as x"}, "expected one select, found select, select"),
        ({"m__a": "-- One row.\n-- x: n\nselect nothing_such(1) as x"}, "expected SQL that runs"),
    ],
)
def test_a_wrong_sql_file_is_named(tmp_path: Path, files: dict[str, str], said: str) -> None:
    root = sql_files(tmp_path, **files)
    with build.connect() as con, pytest.raises(build.ModelError) as error:
        build.run_folder(con, "m", root=root)
    assert said in str(error.value)
    assert str(root / "m" / "a.sql") in str(error.value) or "m/b.sql" in str(error.value)


# --- publish ----------------------------------------------------------------------------------------------------------------


def checks(
    monkeypatch: pytest.MonkeyPatch,
    root: Path,
    sql: str = "-- Reviews have a key.\nselect * from core.review where review_id is null",
) -> None:
    """Publishing holds the build against this one check: later rooms have not run in these tests."""
    monkeypatch.setattr(publish, "CHECKS_ROOT", sql_files(root, check__one=sql) / "check")


def test_the_checks_of_the_model_hold_on_a_loaded_build(tmp_path: Path) -> None:
    crawl(tmp_path, 1, [review("a", "Dry."), review("b", published_at=day(1)), review("c", "")])
    crawl(tmp_path, 2, [review("a", "Wet.")])
    with loaded(tmp_path, 2) as con:
        assert publish.run_checks(con, partial=True) == []
        with pytest.raises(build.ModelError, match="which this build does not hold"):
            publish.run_checks(con)


def test_a_failed_check_keeps_the_old_file_and_shows_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl(tmp_path, 1, [review(str(n)) for n in range(30)])
    loaded(tmp_path, 1).close()
    checks(monkeypatch, tmp_path)
    published = publish.publish(tmp_path / "build" / "r1.duckdb", tmp_path)
    before = published.read_bytes()
    checks(monkeypatch, tmp_path, "-- Nobody is content.\nselect native_id from core.review")
    crawl(tmp_path, 2, [review("z")])
    loaded(tmp_path, 2).close()
    with pytest.raises(publish.CheckFailed) as error:
        publish.publish(tmp_path / "build" / "r2.duckdb", tmp_path)
    assert "check.one: Nobody is content." in str(error.value)
    assert "found 31" in str(error.value)
    assert str(error.value).count("native_id=") == 10
    assert published.read_bytes() == before


def test_what_is_published_is_whole_read_only_and_the_same_as_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl(tmp_path, 1, [review(str(n)) for n in range(50)])
    loaded(tmp_path, 1).close()
    checks(monkeypatch, tmp_path)
    build_file = tmp_path / "build" / "r1.duckdb"
    published = publish.publish(build_file, tmp_path)
    assert published.stat().st_mode & 0o777 == 0o444
    assert content(published) == content(build_file)
    parquet = tmp_path / "parquet" / "core" / "review.parquet"
    first = parquet.read_bytes()
    with build.connect() as con:
        assert one(con, f"select count(*), count(distinct review_id) from '{parquet}'") == (50, 50)
    # Again, from a new load: the same bytes of Parquet, nothing left over.
    loaded(tmp_path, 1).close()
    publish.publish(build_file, tmp_path)
    assert parquet.read_bytes() == first
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(("warehouse", "parquet"))) == [
        "parquet",
        "warehouse.duckdb",
    ]


def test_the_order_of_a_long_table_is_found_in_its_leading_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl(tmp_path, 1, [review(str(n)) for n in range(50)])
    loaded(tmp_path, 1).close()
    checks(monkeypatch, tmp_path)
    monkeypatch.setattr(publish, "LONG_TABLE", 1)
    publish.publish(tmp_path / "build" / "r1.duckdb", tmp_path)
    with build.connect() as con:
        ids = [row[0] for row in con.execute(f"select review_id from '{tmp_path}/parquet/core/review.parquet'").fetchall()]
    assert ids == sorted(ids)


def test_a_stale_log_beside_the_published_file_is_not_replayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl(tmp_path, 1, [review("a")])
    loaded(tmp_path, 1).close()
    checks(monkeypatch, tmp_path)
    published = publish.publish(tmp_path / "build" / "r1.duckdb", tmp_path)
    published.chmod(0o644)
    kill_while_writing(published, "delete from core.review")
    publish.publish(tmp_path / "build" / "r1.duckdb", tmp_path)
    with build.connect(published, read_only=True) as con:
        assert one(con, "select count(*) from core.review") == (1,)


def test_the_last_two_builds_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crawl(tmp_path, 1, [review("a")])
    checks(monkeypatch, tmp_path)
    for number in (1, 2, 3):
        loaded(tmp_path, number).close()
        os.utime(tmp_path / "build" / f"r{number}.duckdb", (number, number))
        publish.publish(tmp_path / "build" / f"r{number}.duckdb", tmp_path)
    assert sorted(p.name for p in (tmp_path / "build").iterdir()) == ["r2.duckdb", "r3.duckdb"]


BUILDER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_warehouse as t
data, number = Path(sys.argv[2]), int(sys.argv[3])
t.publish.CHECKS_ROOT = data / "checks"
t.loaded(data, number).close()
t.publish.publish(data / "build" / f"r{number}.duckdb", data)
"""


def read_in_a_loop(published: Path, until: float, said: "multiprocessing.Queue[tuple[int, list[str]]]") -> None:
    """Opens, reads and closes; the number of readings, and what was wrong."""
    count, wrong = 0, []
    while time.time() < until:
        try:
            with duckdb.connect(str(published), read_only=True) as con:
                run, reviews, told = con.execute(
                    "select (select run_id from core.run), (select count(*) from core.review),"
                    " (select record_count from core.coverage where status = 'observed')"
                ).fetchall()[0]
            # Each run lands ten times its number: a mixture of two builds would not agree with itself.
            if reviews != told or reviews != 10 * int(run[1:]):
                wrong.append(f"run {run}: {reviews} reviews, coverage says {told}")
        except duckdb.Error as err:
            wrong.append(str(err))
        count += 1
    said.put((count, wrong))


@pytest.mark.slow
def test_readers_never_meet_an_error_or_half_a_build_while_builders_are_killed(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        crawl(tmp_path, number, [review(str(n)) for n in range(10 * number)])
    sql_files(tmp_path, checks__one="-- Reviews have a key.\nselect * from core.review where review_id is null")
    command = [sys.executable, "-c", BUILDER, str(Path(__file__).parent), str(tmp_path)]
    began = time.monotonic()
    subprocess.run([*command, "1"], check=True, timeout=120)
    whole = time.monotonic() - began
    published = tmp_path / "warehouse.duckdb"
    said: multiprocessing.Queue[tuple[int, list[str]]] = multiprocessing.get_context("spawn").Queue()
    until = time.time() + max(15, 6 * whole)
    readers = [
        multiprocessing.get_context("spawn").Process(target=read_in_a_loop, args=(published, until, said)) for _ in range(3)
    ]
    for reader in readers:
        reader.start()
    chance, killed, finished = random.Random(11), 0, 0
    while time.time() < until:
        builder = subprocess.Popen([*command, str(1 + (killed + finished) % 3)])
        try:
            builder.wait(timeout=chance.uniform(0.3, 1.3) * whole)
            assert builder.returncode == 0
            finished += 1
        except subprocess.TimeoutExpired:
            builder.send_signal(signal.SIGKILL)
            builder.wait()
            killed += 1
    results = [said.get(timeout=60) for _ in readers]
    for reader in readers:
        reader.join()
    assert [wrong for _, wrong in results] == [[], [], []]
    assert all(count > 10 for count, _ in results)
    assert killed
    # After all the killing, one call gives what an undisturbed folder gives.
    subprocess.run([*command, "3"], check=True, timeout=120)
    crawl(tmp_path / "calm", 1, [])
    for number in (1, 2, 3):
        crawl(tmp_path / "calm", number, [review(str(n)) for n in range(10 * number)])
    loaded(tmp_path / "calm", 3).close()
    assert content(published) == content(tmp_path / "calm" / "build" / "r3.duckdb")
