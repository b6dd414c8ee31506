"""The `table` source: every row lands once, authors land as hashes, and each fault of a file is one clear sentence."""

import csv
import gzip
import io
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from conftest import rivalscope
from pydantic import ValidationError

from pipeline.gather import gather
from pipeline.market import load_market
from pipeline.run import Run
from spiders.items import author_hash, line_fields
from spiders.receipt import PROVENANCE, author_key
from spiders.reviews.table import Options, TableError, lines
from spiders.tables.table_options import PROFILES

TABLES = Path(__file__).parent / "tables"
CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
KEY = bytes(range(32))
PLAIN = {"columns": {"text": "text", "rating": "stars", "published_at": "date"}}
NAMES = ("Wilhelmina Quartermaine", "Ødegård Fjellström")


def read(path: Path, options: dict[str, object]) -> list[dict[str, object]]:
    return list(lines(path, Options.model_validate(options), key=KEY))


def written(folder: Path, body: str | bytes, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return path


def fault(path: Path, options: dict[str, object]) -> str:
    with pytest.raises(TableError) as error:
        read(path, options)
    return str(error.value)


@pytest.mark.parametrize("case", sorted(TABLES.glob("*.options.json")), ids=lambda path: path.name.split(".")[0])
def test_an_export_lands_as_its_wanted_lines(case: Path) -> None:
    name = case.name.removesuffix(".options.json")
    (export,) = (path for path in TABLES.glob(f"{name}.*") if not path.name.endswith((".options.json", ".wanted.jsonl")))
    found = read(export, json.loads(case.read_text()))
    for line in found:
        assert list(line) == [*line_fields("reviews"), *PROVENANCE]
        del line["page_sha256"], line["page_url"]
    wanted = [json.loads(line) for line in (TABLES / f"{name}.wanted.jsonl").read_text().splitlines()]
    # A wanted line says only what its case is about.
    assert [{key: line[key] for key in want} for line, want in zip(found, wanted, strict=True)] == wanted


@pytest.mark.parametrize(
    "author", ["Wilhelmina", " Ødegård\u3000", "손가락별명", "x" * 5000, "a\u00a0b", "😀", "\x1f tab\t", "\u200b?"]
)
def test_an_author_hashes_in_the_database_as_everywhere_else(tmp_path: Path, author: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("text", "who"), ("fine", author)])
    (line,) = read(written(tmp_path, out.getvalue()), {"columns": {"text": "text", "author": "who"}})
    assert line["author_hash"] == author_hash(author, KEY)


def test_an_author_of_nothing_but_spaces_has_no_hash(tmp_path: Path) -> None:
    path = written(tmp_path, "text,who\nfine,\u3000 \nfine,\n")
    assert [line["author_hash"] for line in read(path, {"columns": {"text": "text", "author": "who"}})] == [None, None]


def test_equal_rows_are_numbered_and_keep_their_names_in_a_later_export(tmp_path: Path) -> None:
    rows = ["fine,5,2026-05-01", ",5,2026-05-01", ",5,2026-05-01", ",5,2026-05-02", ",5,2026-05-01"]
    first = read(written(tmp_path, "text,stars,date\n" + "\n".join(rows)), PLAIN)
    later = read(written(tmp_path, "text,stars,date\nnew,1,2026-06-01\n" + "\n".join(reversed(rows))), PLAIN)
    ids = {str(line["native_id"]) for line in first}
    assert len(ids) == 5
    assert ids < {str(line["native_id"]) for line in later}
    assert sorted(each.partition("-")[2] for each in ids) == ["", "", "", "2", "3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949", "euc-kr"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_give_the_same_lines(tmp_path: Path, encoding: str, packed: bool) -> None:
    body = 'text,stars,date\n"빨라요, 정말\n좋아요",5,2026-05-01\n별로,1,2026-05-02\n'.encode(encoding)
    path = written(tmp_path, gzip.compress(body) if packed else body, "export.csv.gz" if packed else "export.csv")
    said = {} if encoding.startswith("utf") else {"encoding": encoding}
    assert [line["text"] for line in read(path, PLAIN | said)] == ["빨라요, 정말\n좋아요", "별로"]


def test_csv_json_and_parquet_of_the_same_rows_give_the_same_reviews(tmp_path: Path) -> None:
    path = written(tmp_path, "text,stars,date\nfine,5,2026-05-01\nbad,1,2026-05-02T10:00:00+09:00\n")
    with duckdb.connect() as con:
        for suffix in ("parquet", "jsonl", "json"):
            form = {"parquet": "parquet", "jsonl": "json", "json": "json, array true"}[suffix]
            con.execute(f"copy (from read_csv('{path}', all_varchar=true)) to '{tmp_path}/export.{suffix}' (format {form})")
    ways = [
        [{k: v for k, v in line.items() if k not in PROVENANCE} for line in read(tmp_path / f"export.{suffix}", PLAIN)]
        for suffix in ("csv", "parquet", "jsonl", "json")
    ]
    assert all(way == ways[0] for way in ways)
    assert [line["published_at"] for line in ways[0]] == ["2026-05-01", "2026-05-02T01:00:00Z"]


@pytest.mark.parametrize(
    ("body", "options", "words"),
    [
        ("", {}, ("expected rows, found an empty file",)),
        ("text,stars,date\n", {}, ("expected rows below the column names, found none",)),
        (
            "body,score\nfine,5\n",
            {},
            ("expected one column 'stars' and one 'text' and one 'date', found none", "The file has: 'body', 'score'"),
        ),
        ("text,text,stars,date\na,b,5,2026-05-01\n", {}, ("expected one column 'text', found more than one 'text'",)),
        (
            "text,stars,date\na,5,2026-05-01\nb,5,31.05.2026\n",
            {},
            (
                "expected a date (ISO 8601), found '31.05.2026' in column 'date' of row 2",
                "So in 1 of 2 rows",
                "options.date_format",
            ),
        ),
        ("text,stars,date\na,5,2026-02-30\n", {}, ("found '2026-02-30'",)),
        ("text,stars,date\na,9,2026-05-01\n", {}, ("expected a rating within 1..5, found '9' in column 'stars' of row 1",)),
        ("text,stars,date\na,0,2026-05-01\n", {}, ("expected a rating within 1..5, found '0'",)),
        ("text,stars,date\na,nan,2026-05-01\n", {}, ("expected a rating within 1..5, found a text of 3 characters",)),
        ("text,stars,date\na,5\n", {}, ("in line 2", "Expected Number of Columns: 3 Found: 2")),
        ('text,stars,date\n"a,5,2026-05-01\n', {}, ("unterminated quote",)),
        ("<!doctype html><html><body>Sign in</body></html>", {}, ("expected CSV, found an HTML or XML page",)),
        ('[{"text": "a"}]', {}, ("expected CSV, found JSON",)),
        (b"PK\x03\x04rest", {}, ("found an Excel workbook",)),
        ("text,stars,date\n빨라요,5,2026-05-01\n".encode("cp949"), {}, ("expected utf-8 text", "cp949", "options.encoding")),
        (b"text,stars,date\n\xff\xfe,5,2026-05-01\n", {"encoding": "cp949"}, ("expected cp949 text",)),
        ("text,stars,date\n,,2026-05-01\n", {}, ("found 1 rows without rating, title and text",)),
        ("text,stars,date\na,5,2026-05-01\n", {"where": {"stars": "4"}}, ("expected rows in which stars is '4', found none",)),
        ("text,stars,date\na,5,2026-05-01\n", {"where": {"shop": "x"}}, ("expected one column 'shop', found none",)),
        ("text,stars,date\na,5,2026-05-01\n", {"format": "parquet"}, ("expected a Parquet file",)),
        ("text,stars,date\na,5,2026-05-01\n", {"format": "json"}, ("expected well-formed JSON",)),
    ],
)
def test_a_fault_of_the_file_is_one_clear_sentence(
    tmp_path: Path, body: str | bytes, options: dict[str, object], words: tuple[str, ...]
) -> None:
    message = fault(written(tmp_path, body), PLAIN | options)
    assert "export.csv" in message
    for word in words:
        assert word in message


def test_a_file_that_is_not_there_is_named_with_its_whole_path(tmp_path: Path) -> None:
    assert f"{tmp_path}/nowhere.csv: expected the file to import, found none" in fault(tmp_path / "nowhere.csv", PLAIN)
    assert "expected a name that ends in .csv" in fault(written(tmp_path, "x", "export.doc"), PLAIN)


def test_a_json_key_that_no_object_has_is_named_and_a_rare_one_is_found(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"text": f"t{i}", "who": {"id": i}}) + "\n" for i in range(3000))
    path = written(tmp_path, rows + '{"text": "last", "answer": "sorry"}\n', "export.jsonl")
    found = read(path, {"columns": {"text": "text", "reply_text": "answer", "author": "$.who.id"}})
    assert (len(found), found[-1]["reply_text"]) == (3001, "sorry")
    assert found[7]["author_hash"] == author_hash("7", KEY)
    assert "expected one column 'reply', found none. The file has: 'text', 'who'" in fault(
        path, {"columns": {"text": "text", "reply_text": "reply"}}
    )


def test_a_few_values_that_do_not_parse_land_as_missing_and_more_do_not_land(tmp_path: Path) -> None:
    rows = ["a,5,2026-05-01"] * 99
    path = written(tmp_path, "\n".join(["text,stars,date", *rows, "b,5,2026-05-01~"]))
    assert [line["published_at"] for line in read(path, PLAIN)][-2:] == ["2026-05-01", None]
    assert "row 100" in fault(path, PLAIN | {"bad_values": "fail"})
    path = written(tmp_path, "\n".join(["text,stars,date", *rows, *["b,5,soon"] * 6]))
    assert "So in 6 of 105 rows" in fault(path, PLAIN)


@pytest.mark.parametrize("who", [NAMES[0], "quartermaine87", "W2", "5 of Quartermaine"])
def test_no_message_repeats_a_row(tmp_path: Path, who: str) -> None:
    for body, options in (
        (f"text,stars,date\nfine,5,{who}\n", {}),
        (f"text,stars,date\nfine,{who},2026-05-01\n", {}),
        (f"text,stars,date\n{who}\n", {}),
        (f'text,stars,date\n"{who},5\n', {}),
        (f"text,stars,date\n{who},5,\xe9\n".encode("latin-1"), {}),
        (f'{{"text": "{who}", broken\n', {"format": "json"}),
    ):
        assert who not in fault(written(tmp_path, body), PLAIN | options)


@pytest.mark.parametrize(
    "options",
    [
        {"columns": {"author": "who"}},
        {"columns": {"text": "t", "stars": "s"}},
        {"columns": {"text": "t"}, "date_format": "%Q"},
        {"columns": {"text": "t"}, "timezone": "Mars/Olympus"},
        {"columns": {"text": "t"}, "encoding": "utf-99"},
        {"columns": {"text": "t"}, "rating_min": 5, "rating_max": 5},
        {"columns": {"text": "t"}, "ratings": {"good": 6}},
        {"columns": {"text": "t"}, "delimiter": ", "},
    ],
)
def test_options_that_cannot_work_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Options.model_validate(options)


def test_hostile_column_names_and_values_stay_data(tmp_path: Path) -> None:
    evil = "x' || (select 'gone') || '\"; drop table fact; --"
    out = io.StringIO()
    csv.writer(out).writerows([(evil, "stars"), ('it\'s "fine"; --', "5"), ("$opad", "4")])
    found = read(written(tmp_path, out.getvalue()), {"columns": {"text": evil, "rating": "stars"}, "where": {evil: ["$opad"]}})
    assert [line["text"] for line in found] == ["$opad"]
    rows = [{evil: "a"}, {evil: "b"}]
    path = written(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "export.jsonl")
    with duckdb.connect() as con:
        con.execute(f"copy (select 'a' as \"{evil.replace(chr(34), chr(34) * 2)}\") to '{tmp_path}/export.parquet'")
    assert [line["text"] for line in read(tmp_path / "export.parquet", {"columns": {"text": evil}})] == ["a"]
    assert "expected one column" in fault(path, {"columns": {"text": evil[:-1]}})


def market_of(folder: Path, options: str, path: str = "export.csv") -> Run:
    (folder / "shop.toml").write_text(
        f'id = "shop"\nname = "Shop"\nlanguages = ["en"]\n[[brands]]\nid = "a"\nname = "A"\n[[brands.sources]]\nkind = "reviews"\n'
        f'source = "table"\npath = "{path}"\nbasis = "licensed_export"\n[brands.sources.options]\n{options}\n'
    )
    return Run(load_market(folder / "shop.toml"), folder / "data", "r1", datetime(2026, 6, 1, tzinfo=UTC))


def test_an_export_lands_through_gather_and_lands_once_while_it_stays_the_same(tmp_path: Path) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("text", "stars", "who"), *((f"text {i}", i % 5 + 1, NAMES[i % 2]) for i in range(50))])
    path = written(tmp_path, out.getvalue())
    os.utime(path, (1_780_000_000, 1_780_000_000))
    run = market_of(tmp_path, 'columns = { text = "text", rating = "stars", author = "who" }')
    (first,) = gather(run, run.market.targets, progress=print)
    assert (first.outcome, first.records, first.reason) == ("landed", 50, None)
    with gzip.open(run.landing / "r1" / "a.reviews.table.jsonl.gz") as landed:
        found = [json.loads(line) for line in landed]
    assert found[0]["author_hash"] == author_hash(NAMES[0], author_key(run.key_file))
    assert found[0]["seen_at"] == "2026-05-28T20:26:40Z"
    assert found[0]["page_url"] == "export.csv"

    def of(run_id: str, day: int) -> Run:
        return Run(run.market, run.data, run_id, datetime(2026, 6, day, tzinfo=UTC))

    (second,) = gather(of("r2", 8), run.market.targets, progress=print)
    (third,) = gather(of("r3", 15), run.market.targets, progress=print)
    assert [(r.outcome, r.unchanged_since, r.records) for r in (second, third)] == [("unchanged", "r1", 50)] * 2
    assert not (run.landing / "r3" / "a.reviews.table.jsonl.gz").exists()
    (earlier,) = gather(
        of("r0", 1).__class__(run.market, run.data, "r0", datetime(2026, 5, 1, tzinfo=UTC)), run.market.targets, progress=print
    )
    assert earlier.outcome == "landed"  # what was learnt later is not known then
    path.write_text(path.read_text() + "one more,5,\n")
    (fourth,) = gather(of("r4", 22), run.market.targets, progress=print)
    assert (fourth.outcome, fourth.records) == ("landed", 51)
    for file in run.data.rglob("*"):
        if file.is_file():
            body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
            assert not [name for name in NAMES if name.encode() in body]


def test_a_bad_export_fails_with_its_message_and_lands_once_mended(tmp_path: Path) -> None:
    path = written(tmp_path, "text,stars\nfine,five\n")
    run = market_of(tmp_path, 'columns = { text = "text", rating = "stars" }')
    told: list[str] = []
    (receipt,) = gather(run, run.market.targets, progress=told.append)
    assert receipt.outcome == "failed"
    assert "expected a rating within 1..5" in (receipt.reason or "")
    assert told[-1].startswith("a.reviews.table: failed (")
    path.write_text("text,stars\nfine,5\n")
    (receipt,) = gather(run, run.market.targets, progress=told.append)
    assert receipt.outcome == "landed"
    assert not list((run.rejected / "r1").iterdir())


def corpus_truth() -> list[dict[str, object]]:
    if not CORPUS.exists():
        return []
    manifest = json.loads((CORPUS / "MANIFEST.json").read_text())
    entries = manifest if isinstance(manifest, list) else manifest["files"]
    return [entry for entry in entries if entry["kind"] == "review_export"]


COLUMNS = {
    "reviewDescription": {
        "native_id": "reviewId",
        "rating": "reviewRatingScore",
        "text": "reviewDescription",
        "published_at": "reviewDate",
        "language": "reviewLanguage",
        "reply_text": "reviewCompanyResponse",
        "author": "reviewer",
    },
    "review": {"text": "review", "rating": "rating", "published_at": "date"},
    "comment": {"text": "comment", "rating": "rating", "published_at": "date"},
    "content": {"text": "content", "rating": "score", "published_at": "date"},
    "Overall Rating": {"rating": "Overall Rating", "published_at": "Review Date"},
}


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not on this machine")
@pytest.mark.parametrize("entry", corpus_truth(), ids=lambda entry: Path(str(entry["file"])).stem)
def test_real_exports_land_row_for_row(entry: dict[str, object]) -> None:
    truth = entry["truth"]
    assert isinstance(truth, dict)
    columns = next(COLUMNS[name] for name in COLUMNS if name in truth["columns"])
    high = 10 if str(truth.get("rating_scale", "")).startswith("2-10") or "Overall Rating" in truth["columns"] else 5
    formats = ["%Y.%m.%d", "%Y.%m.%d~", "%m/%d/%Y"]
    found = read(CORPUS / str(entry["file"]), {"columns": columns, "rating_max": high, "date_format": formats})
    total = truth.get("rows") or sum(brand["rows"] for brand in truth["brands"].values())
    assert len(found) == total
    assert len({line["native_id"] for line in found}) == total
    if "rating_distribution" in truth:
        shown = [f"{line['rating']:g}" for line in found if line["rating"] is not None]
        assert {value: shown.count(value) for value in truth["rating_distribution"]} == truth["rating_distribution"]
    if "date_min" in truth:
        days = sorted(str(line["published_at"])[:10] for line in found)
        assert days[0] == "-".join(part.zfill(2) for part in str(truth["date_min"]).replace(".", "-").split("-"))
    if "with_company_reply" in truth:
        assert sum(line["reply_text"] is not None for line in found) == truth["with_company_reply"]
    assert sum(line["text"] == "" for line in found) == truth.get("empty_texts", sum(line["text"] == "" for line in found))


@pytest.mark.slow
def test_a_million_rows_take_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    with duckdb.connect() as con:
        text = "'parcel arrived late and the box was crushed, but support answered within a day and sent another one ' || i // 2"
        day = "date '2025-01-01' + (i % 365)::int"
        rows = f"select {text} as text, i % 5 + 1 as stars, {day} as date, 'person ' || i % 90000 as who from range(1000000) t(i)"
        con.execute(f"copy ({rows}) to '{path}'")
    job = {
        "run_id": "r1", "as_of": "2026-06-01T00:00:00Z", "market": "m", "target": "a.reviews.table", "brand": "a",
        "kind": "reviews", "source": "table", "name": "table", "path": str(path), "output": str(tmp_path / "o.jsonl.gz"),
        "receipt": str(tmp_path / "o.receipt.json"), "key_file": str(tmp_path / "key"),
        "options": {"columns": {"text": "text", "rating": "stars", "published_at": "date", "author": "who"}},
    }  # fmt: skip
    (tmp_path / "job.json").write_text(json.dumps(job))
    began = time.monotonic()
    code = "import sys; from spiders.reviews.table import main; from spiders.web.memory import peak; print(main(sys.argv[1:]), peak())"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "job.json")], capture_output=True, text=True, check=True)
    returned, peak = map(int, done.stdout.split())
    print(f"{time.monotonic() - began:.1f} s, {peak / 2**20:.0f} MB, {path.stat().st_size / 1e6:.0f} MB read")
    assert returned == 0
    assert json.loads((tmp_path / "o.receipt.json").read_text())["records"] == 1_000_000
    assert peak < 1_500 * 2**20


# --- profiles ---------------------------------------------------------------------------------------------------------

TRUSTPILOT = PROFILES["trustpilot_export"].header


def trustpilot(
    folder: Path, labels: tuple[str, ...], ratings: tuple[int, ...] = (5, 1, 4), header: tuple[str, ...] = TRUSTPILOT
) -> Path:
    """An export as the profile knows it: one row for each label."""
    rows = io.StringIO()
    out = csv.writer(rows)
    out.writerow(header)
    for n, label in enumerate(labels):
        row = {
            "reviewId": f"id{n}",
            "companyName": "Pans",
            "reviewUrl": f"https://t.example/{n}",
            "reviewDate": "2026-05-24T22:03:04.000Z",
            "reviewDateOfExperience": "2026-05-23T00:00:00.000Z",
            "reviewLabel": label,
            "isReviewVerified": "true" if label == "verified" else "false",
            "reviewerId": "u1",
            "reviewTitle": "Title",
            "reviewDescription": "It came on time.",
            "reviewRatingScore": ratings[n % len(ratings)],
            "reviewersCountry": "GB",
            "reviewLanguage": "en",
            "reviewCompanyResponse": "Thank you." if n == 0 else "",
            "scrapedDateTime": "2026-05-28T07:23:40.469Z",
        }
        out.writerow([row.get(name, "") for name in header])
    return written(folder, rows.getvalue())


def test_a_profile_reads_an_export_that_is_often_met(tmp_path: Path) -> None:
    found = read(trustpilot(tmp_path, ("verified", "not-verified", "invited", "redirected")), {"profile": "trustpilot_export"})
    assert [(line["verified"], line["invited"]) for line in found] == [(True, None), (False, None), (False, True), (False, None)]
    wanted = {
        "native_id": "id0",
        "rating": 5,
        "rating_max": 5,
        "title": "Title",
        "published_at": "2026-05-24T22:03:04Z",
        "experienced_at": "2026-05-23",
        "country": "GB",
        "language": "en",
        "product": "Pans",
        "reply_text": "Thank you.",
        "url": "https://t.example/0",
        "seen_at": "2026-05-28T07:23:40Z",
    }
    assert {name: found[0][name] for name in wanted} == wanted


def test_the_market_files_own_options_outrank_a_profile(tmp_path: Path) -> None:
    path = trustpilot(tmp_path, ("verified", "invited"))
    (first, _) = read(path, {"profile": "trustpilot_export", "rating_max": 10, "columns": {"title": "companyName"}})
    assert (first["rating_max"], first["title"], first["text"]) == (10, "Pans", "It came on time.")
    with pytest.raises(ValidationError, match="expected a profile"):
        Options.model_validate({"profile": "no_such"})


def test_a_file_is_recognised_by_exactly_its_columns_or_not_at_all(tmp_path: Path) -> None:
    assert read(trustpilot(tmp_path, ("verified",), header=TRUSTPILOT[::-1]), {})[0]["native_id"] == "id0"
    assert "no profile for" in fault(trustpilot(tmp_path, ("verified",), header=TRUSTPILOT[1:]), {})
    assert "Say options.profile, or options.columns" in fault(written(tmp_path, "a,b\n1,2\n"), {})


def test_a_recognised_file_on_another_scale_is_an_error_and_no_guess(tmp_path: Path) -> None:
    assert "none above 4" in fault(trustpilot(tmp_path, ("verified",) * 3, ratings=(4, 3)), {})
    assert "1 beyond" in fault(trustpilot(tmp_path, ("verified",) * 30, ratings=(5,) * 29 + (9,)), {})
    # Told by a person, the same file is read.
    assert len(read(trustpilot(tmp_path, ("verified",) * 3, ratings=(4, 3)), {"profile": "trustpilot_export"})) == 3
    out_of_ten = ",rating,comment,date\n" + "".join(f"{n},{n % 5 + 1},Fine {n},2026-01-02\n" for n in range(20))
    assert "columns are those of the profile 'ssg_export'" in fault(written(tmp_path, out_of_ten), {})


def test_a_value_that_no_meaning_covers_is_a_fault(tmp_path: Path) -> None:
    assert "in column 'reviewLabel' of row 2" in fault(trustpilot(tmp_path, ("verified", "sponsored")), {})


def test_several_brands_in_one_export_are_told_apart_by_a_filter(tmp_path: Path) -> None:
    rows = "".join(
        f"Fine {n},{5 - n % 2},6/7/2026,{'Elm' if n % 3 else 'Oak'} Bank,Google Play Store,5.1,0,6/7/2026\n" for n in range(9)
    )
    path = written(tmp_path, "review,rating,date,bank,source,app_version,thumbs_up,scrape_date\n" + rows)
    found = read(path, {"profile": "google_play_export", "where": {"bank": "Oak Bank"}})
    assert [(line["product"], line["published_at"], line["seen_at"]) for line in found] == [("Oak Bank", None, "2026-06-07")] * 3


def test_the_parse_command_prints_an_exports_records_in_its_order(tmp_path: Path) -> None:
    path = trustpilot(tmp_path, ("verified", "invited", "not-verified"))
    for arguments in ([], ["--source", "table"], ["--profile", "trustpilot_export"]):
        done = rivalscope("parse", "reviews", path, "--url", "https://t.example/", "--key-file", tmp_path / "key", *arguments)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert [line["native_id"] for line in found] == ["id0", "id1", "id2"]
        assert list(found[0]) == list(line_fields("reviews"))
    same = "review,rating,date\n" + "Fine,5,2026.01.02\n" * 3 + "Bad,1,2026.01.03\n" + "Fine,5,2026.01.02\n"
    done = rivalscope("parse", "reviews", written(tmp_path, same), "--url", "https://t.example/", "--key-file", tmp_path / "key")
    assert [json.loads(line)["rating"] for line in done.stdout.splitlines()] == [5, 5, 5, 1, 5]
    wrong = rivalscope(
        "parse", "reviews", path, "--url", "https://t.example/", "--key-file", tmp_path / "key", "--profile", "no_such", code=1
    )
    assert "expected a profile" in wrong.stderr


@pytest.mark.parametrize(
    ("name", "rows", "first"),
    [
        ("trustpilot_outdoorsy", 800, {"rating": 1, "published_at": "2026-05-24T22:03:04Z"}),
        ("trustpilot_rvshare", 800, {"rating": 1, "published_at": "2026-05-25T01:38:10Z"}),
        ("ko_grocery_shin-ramyun_coupang", 1000, {"rating": 5, "published_at": "2025-01-20"}),
        ("ko_grocery_shin-ramyun_ssg", 23440, {"rating": 10, "published_at": "2022-02-15"}),
        ("ko_grocery_shin-ramyun_homeplus", 1500, {"rating": 5, "published_at": "2025-01-23"}),
        ("et_banks_googleplay", 6670, {"rating": 4, "published_at": None, "product": "Commercial Bank of Ethiopia"}),
        ("airlines_ratings_skytrax", 8100, {"rating": 9, "published_at": "2024-03-01", "experienced_at": "2023-12-01"}),
    ],
)
@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus is not here")
def test_the_corpus_exports_are_recognised_by_their_columns(name: str, rows: int, first: dict[str, object]) -> None:
    found = read(CORPUS / "review_export" / f"{name}.csv", {})
    assert len(found) == rows
    assert {field: found[0][field] for field in first} == first
