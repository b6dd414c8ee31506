"""The score room: sentences with their places, nothing scored twice, the same tables whatever happened before."""

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from test_sql import MODELS

from pipeline.text import calibration, score, store
from pipeline.text.sentiment import model
from pipeline.text.sentiment import teachers as sentiment_teachers
from pipeline.text.sentiment.teachers import teachers
from pipeline.text.terms import terms
from pipeline.text.wording.themes import load_taxonomy
from warehouse.build import make

REVIEW = (
    "create schema core; create table core.review (review_id varchar, brand varchar, content varchar, language varchar, "
    "rating double, first_seen_at timestamp, duplicate_of varchar, source varchar, author_hash varchar, published_on date, "
    "invited boolean, reply_text varchar); "
    "create table core.source (brand varchar, kind varchar, name varchar, url varchar); "
    "create table core.faq_entry (entry_id varchar, brand varchar, source varchar, question varchar, answer varchar, "
    'language varchar, "current" boolean)'
)

ENGLISH = "“Lovely” van.\nThe delivery was late, but the staff weren’t rude \U0001f600. ok"


def build(path: Path, rows: Sequence[tuple[str, str, float | None]], duplicates: tuple[str, ...] = ()) -> Path:
    """`rows`: review_id, content, rating."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute(REVIEW)
        for number, (review, content, rating) in enumerate(rows):
            con.execute(
                "insert into core.review by name select ? as review_id, 'haru' as brand, ? as content, ? as rating,"
                " timestamp '2026-01-01' + to_minutes(?) as first_seen_at, ? as duplicate_of",
                [review, content, rating, number, "other" if review in duplicates else None],
            )
    return path


def run(path: Path, folder: Path, **options: object) -> tuple[list[str], dict[str, int]]:
    said: list[str] = []
    given = {"languages": ("en", "ko", "ja"), "brand_locales": {"haru": "en"}, "taxonomy": load_taxonomy(), **options}
    return said, {**score.score(path, folder, progress=said.append, **given)}  # type: ignore[arg-type]  # options of score


def read(path: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


ALL = "select * from text.sentence order by all; "
MENTIONS = "select * from text.mention order by all"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    return build(
        tmp_path / "b.duckdb",
        [
            ("a1", ENGLISH, 0.5),
            ("a2", "배송이 빨라요 포장은 엉망이에요", None),
            ("a3", "  ", 1.0),
            ("a4", ENGLISH, 0.5),
            ("a5", "very good", 1.0),
        ],
        duplicates=("a5",),
    )


def test_each_sentence_stands_where_it_says(built: Path, tmp_path: Path) -> None:
    _, counts = run(built, tmp_path / "scores")
    rows = read(built, "select s.*, r.content from text.sentence s join core.review r using (review_id) order by sentence_id")
    assert counts["text.sentence"] == len(rows) == 8
    for identity, review, _, position, start, stop, _, text, sentiment, label, content in rows:
        assert identity == f"{review}.{position}"
        assert content[start:stop] == text
        assert -1 <= sentiment <= 1
        assert label in ("positive", "neutral", "negative")
    assert [row[7] for row in rows][:3] == [
        "“Lovely” van.",
        "The delivery was late, but the staff weren’t rude \U0001f600.",
        "ok",
    ]
    assert {row[1] for row in rows} == {"a1", "a2", "a4"}


def test_mentions_belong_to_sentences_and_are_unique(built: Path, tmp_path: Path) -> None:
    run(built, tmp_path / "scores")
    assert read(built, "select count(*) from text.mention anti join text.sentence using (sentence_id)") == [(0,)]
    assert read(built, "select count(*) - count(distinct (sentence_id, theme)) from text.mention") == [(0,)]
    themes = {row[0] for row in read(built, "select theme from text.mention where review_id = 'a1'")}
    assert {"delivery_punctuality", "staff_attitude"} <= themes


UNHEARD = [
    ("b1", "Lovely! The bike racks were horrible.", None),
    ("b2", "자전거 거치대가 정말 별로예요", None),
    ("b3", "Lovely! The bike racks were horrible.", None),
]


def test_terms_are_those_of_negative_sentences_without_a_theme(tmp_path: Path) -> None:
    path = build(tmp_path / "b.duckdb", [*UNHEARD, ("b4", "The delivery was horribly late.", None)])
    run(path, tmp_path / "scores")
    kept = read(path, "select sentence_id, review_id, brand, language, term from text.term order by all")
    complained = read(
        path,
        "select sentence_id, review_id, brand, language, text from text.sentence "
        "where label = 'negative' and sentence_id not in (select sentence_id from text.mention)",
    )
    assert kept == sorted((*about, term) for *about, text in complained for term in terms(str(text), str(about[-1])))
    assert {("b1.2", "bike rack"), ("b3.2", "bike rack"), ("b2.1", "자전거 거치대")} <= {(row[0], row[4]) for row in kept}
    assert not any(row[1] == "b4" for row in kept)


def test_terms_of_known_texts_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build(tmp_path / "b.duckdb", UNHEARD)
    run(path, tmp_path / "scores")
    before = read(path, "select * from text.term order by all")
    monkeypatch.setattr(score, "terms", lambda *_: pytest.fail("read again"))
    run(path, tmp_path / "scores")
    assert before == read(path, "select * from text.term order by all") != []


def test_a_store_of_an_earlier_release_is_read_again(tmp_path: Path) -> None:
    path, folder = build(tmp_path / "b.duckdb", UNHEARD), tmp_path / "scores" / "sentences"
    run(path, tmp_path / "scores")
    before = read(path, "select * from text.term order by all")
    (kept,) = folder.glob("*.parquet")
    earlier = tmp_path / "earlier.parquet"
    with duckdb.connect() as con:
        con.execute(
            f"copy (select * exclude (terms) replace ('earlier' as version) from read_parquet('{kept}')) to '{earlier}' (format parquet)"
        )
    kept.unlink()
    earlier.rename(folder / f"{hashlib.sha256(earlier.read_bytes()).hexdigest()[:32]}.parquet")
    said, _ = run(path, tmp_path / "scores")
    assert "2 to read" in said[0]
    assert read(path, "select * from text.term order by all") == before


def test_every_column_is_described(built: Path, tmp_path: Path) -> None:
    run(built, tmp_path / "scores")
    silent = "select table_name, column_name from duckdb_columns() where schema_name = 'text' and comment is null"
    assert read(built, silent) == []


def test_known_texts_are_not_read_again(built: Path, tmp_path: Path) -> None:
    first, _ = run(built, tmp_path / "scores")
    before = read(built, ALL), read(built, MENTIONS)
    second, _ = run(built, tmp_path / "scores")
    assert "2 to read" in first[0]
    assert "2 known, 0 to read" in second[0]
    assert (read(built, ALL), read(built, MENTIONS)) == before


def test_another_set_of_languages_or_themes_reads_again(built: Path, tmp_path: Path) -> None:
    run(built, tmp_path / "scores")
    said, _ = run(built, tmp_path / "scores", languages=("en", "ko"))
    assert "2 to read" in said[0]


def test_a_damaged_store_is_left_out_with_a_warning_and_scored_again(
    built: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run(built, tmp_path / "scores")
    before = read(built, ALL)
    (kept,) = (tmp_path / "scores" / "sentences").glob("*.parquet")
    kept.write_bytes(kept.read_bytes()[:-20])
    with caplog.at_level(logging.WARNING):
        said, _ = run(built, tmp_path / "scores")
    assert "2 to read" in said[0]
    assert "its texts are scored again" in caplog.text
    assert read(built, ALL) == before


def test_worker_processes_give_the_same_tables(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(built, tmp_path / "one")
    before = read(built, ALL), read(built, MENTIONS)
    monkeypatch.setattr(score, "_WORTH_WORKERS", 0)
    monkeypatch.setattr(score, "_CHUNK", 1)
    monkeypatch.setattr(score, "_PER_FILE", 1)
    run(built, tmp_path / "two")
    assert len(list((tmp_path / "two" / "sentences").glob("*.parquet"))) == 2
    assert (read(built, ALL), read(built, MENTIONS)) == before


def test_many_files_become_one_without_loss(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_MANY_FILES", 2)
    monkeypatch.setattr(score, "_CHUNK", 1)
    monkeypatch.setattr(score, "_PER_FILE", 1)
    run(built, tmp_path / "scores")
    assert len(list((tmp_path / "scores" / "sentences").iterdir())) == 1
    said, _ = run(built, tmp_path / "scores")
    assert "0 to read" in said[0]


def test_a_build_without_reviews_has_empty_tables(tmp_path: Path) -> None:
    _, counts = run(build(tmp_path / "b.duckdb", []), tmp_path / "scores")
    assert counts == {
        "text.sentence": 0,
        "text.mention": 0,
        "text.signal": 0,
        "text.term": 0,
        "text.faq": 0,
        "text.reply": 0,
        "text.suspicion": 0,
        "text.starred": 0,
        "text.scorer": 4,
    }


def taught_market(teachers: int) -> list[tuple[str, str, float | None]]:
    """Starred Korean reviews, in the order of landing, until so many are there that may teach."""
    words = ("가람 나루 마루", "다솜 라온 바다")
    rows: list[tuple[str, str, float | None]] = [
        (f"r{i:04}", f"{words[i % 2]} {i}호", float(1 - i % 2)) for i in range(2 * teachers)
    ]
    with duckdb.connect() as con:
        con.execute(REVIEW)
        con.executemany("insert into core.review (review_id, content, rating) values (?, ?, ?)", [list(row) for row in rows])
        calibration.hold_out(con)
        free = con.execute("select review_id from text.starred where not is_held_out order by review_id").fetchall()
    return [row for row in rows if row[0] <= free[teachers - 1][0]]


@pytest.mark.slow
def test_stars_teach_once_a_step_and_only_their_own_language(tmp_path: Path) -> None:
    path, folder = tmp_path / "b.duckdb", tmp_path / "scores"
    first, more, next_step = taught_market(model.FIRST_STEP), taught_market(240), taught_market(250)
    said, _ = run(build(path, first), folder)
    assert [line for line in said if "teaching" in line] == ["score: teaching ko with 200 starred reviews"]
    assert read(path, "select distinct right(review_id, 1)::int % 2, label from text.sentence order by 1") == [
        (0, "positive"),
        (1, "negative"),
    ]
    scorer = "select scorer, teacher_count, last_landed_on::varchar from text.scorer where language = 'ko'"
    assert read(path, scorer) == [("taught model, seed lexicon", 200, "2026-01-01")]
    (kept,) = (folder / "taught").iterdir()
    said, _ = run(build(path, more), folder)  # below the next step: the model and the scores hold
    assert not [line for line in said if "teaching" in line]
    assert f"{len(first)} known, {len(more) - len(first)} to read" in said[0]
    assert list((folder / "taught").iterdir()) == [kept]
    said, _ = run(build(path, next_step), folder)
    assert f"{len(next_step)} to read" in said[0]


def test_what_is_held_out_never_teaches_and_takes_no_teacher_away(tmp_path: Path) -> None:
    rows = taught_market(model.FIRST_STEP)
    with duckdb.connect(str(build(tmp_path / "b.duckdb", rows))) as con:
        calibration.hold_out(con)
        before = teachers(con, ["ko"], {})["ko"]
        held_out = {
            row[0]
            for row in con.execute(
                "select content from core.review join text.starred using (review_id) where is_held_out"
            ).fetchall()
        }
        assert held_out.isdisjoint(before.texts)
        assert len(held_out) + len(before.texts) == len(rows)
        # All of them land again, by other people and in other letters.
        con.execute(
            "insert into core.review by name select 'z' || review_id as review_id, brand, content || ' !!' as content, language, "
            "1 - rating as rating, first_seen_at + interval 1 day as first_seen_at from core.review"
        )
        calibration.hold_out(con)
        after = teachers(con, ["ko"], {})["ko"]
        assert list(after.texts[: len(before.texts)]) == list(before.texts)
        assert held_out.isdisjoint(text.removesuffix(" !!") for text in after.texts)


@pytest.mark.slow
def test_teachers_are_read_again_only_where_something_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, folder = taught_market(model.FIRST_STEP), tmp_path / "scores"
    path = build(tmp_path / "b.duckdb", rows)
    run(path, folder, languages=("ko",))
    before, scorers = read(path, ALL), read(path, "select * from text.scorer order by all")
    looked_at: list[object] = []

    def watched(*given: object) -> object:
        looked_at.append(given)
        return teachers(*given)  # type: ignore[arg-type]  # what was given

    monkeypatch.setattr(sentiment_teachers, "teachers", watched)
    monkeypatch.setattr(score, "teachers", watched)
    # Nothing new, and rows in another order, and the models gone: nobody asks for them.
    for model_file in (folder / "taught").iterdir():
        model_file.unlink()
    run(build(path, rows), folder, languages=("ko",))
    assert not looked_at
    assert (read(path, ALL), read(path, "select * from text.scorer order by all")) == (before, scorers)
    # A new text: its teachers are read once, for the file that is gone as well.
    run(build(path, [*rows, ("z", "새로 왔습니다", None)]), folder, languages=("ko",))
    assert len(looked_at) == 1
    # Another star changes what is taught; damage to what is remembered only costs reading.
    changed = [
        (review, content, 1 - rating) if rating is not None else (review, content, rating) for review, content, rating in rows
    ]
    run(build(path, changed), folder, languages=("ko",))
    assert len(looked_at) == 2
    assert read(path, ALL) != before
    (folder / "teachers.json").write_text('{"a": 1}')
    run(build(path, rows), folder, languages=("ko",))
    assert len(looked_at) == 3
    assert read(path, ALL) == before


def test_a_damaged_model_is_taught_again(tmp_path: Path) -> None:
    path, folder = tmp_path / "b.duckdb", tmp_path / "scores"
    run(build(path, taught_market(200)), folder)
    before = read(path, ALL)
    (kept,) = (folder / "taught").iterdir()
    kept.write_bytes(b"damaged")
    for stored in (folder / "sentences").iterdir():
        stored.unlink()
    said, _ = run(path, folder)
    assert [line for line in said if "teaching" in line]
    assert read(path, ALL) == before


def test_a_market_without_stars_is_taught_by_the_seed_lexicon_and_all_its_stars_judge_the_reading(tmp_path: Path) -> None:
    path, folder = tmp_path / "b.duckdb", tmp_path / "scores"
    said = ("정말 좋아요 가람 나루", "너무 별로예요 다솜 라온", "어제 받았습니다")
    rows: list[tuple[str, str, float | None]] = [(f"r{i:04}", f"{said[i % 3]} {i}호", None) for i in range(model.FIRST_STEP)]
    # Words that no lexicon knows, beside which praise and blame stood; with too few stars to teach.
    rows += [(f"s{i:04}", f"{('가람 나루', '다솜 라온')[i % 2]} {i}번", float(1 - i % 2)) for i in range(20)]
    lines, _ = run(build(path, rows), folder, languages=("ko",))
    assert [line for line in lines if "teaching" in line] == [
        "score: teaching ko with 134 reviews that the seed lexicon is sure of"
    ]
    (kept,) = (folder / "taught").iterdir()
    found = model.load(kept).provenance
    assert (found.taught_by, found.teachers, found.positive) == (model.SEED, 134, 67)
    scorer = "select scorer, teacher_count from text.scorer where language = 'ko'"
    assert read(path, scorer) == [("seed lexicon, and a model that it taught", 0)]  # no star taught it
    starred = "select count(*), count(*) filter (is_held_out) < 20 from text.starred"
    assert read(path, starred) == [(20, True)]
    with duckdb.connect(str(path)) as con:
        con.execute(
            "create schema metric; create table metric.review as select review_id, 'ko' as language, rating, true as has_text, "
            "case label when 'positive' then 1 when 'negative' then -1 else 0 end as value "
            "from core.review join text.sentence using (review_id)"
        )
        make(con, MODELS["metric.calibration"])
    counted = read(path, "select actual, predicted, review_count from metric.calibration where review_count > 0 order by 1")
    assert counted == [("bad", "bad", 10), ("good", "good", 10)]


def test_stars_take_over_from_the_seed_lexicon(tmp_path: Path) -> None:
    rows = taught_market(model.FIRST_STEP)
    unrated: list[tuple[str, str, float | None]] = [
        (f"a{i:04}", f"{('정말 좋아요 다솜', '너무 별로예요 가람')[i % 2]} {i}호", None) for i in range(model.FIRST_STEP)
    ]
    with duckdb.connect(str(build(tmp_path / "b.duckdb", [*unrated, *rows]))) as con:
        calibration.hold_out(con)
        found = teachers(con, ["ko"], {})["ko"]
    assert (found.record.taught_by, len(found.texts)) == (model.STARS, model.FIRST_STEP)
    assert not any("좋아요" in text or "별로" in text for text in found.texts)


def test_a_long_reading_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "_SAY_EVERY", 0.0)
    monkeypatch.setattr(score, "_CHUNK", 2)
    path = build(tmp_path / "b.duckdb", [(f"r{number}", f"good {number}", None) for number in range(5)])
    said, _ = run(path, tmp_path / "scores")
    read_so_far = [line for line in said if "texts read" in line]
    assert [line.split(" texts")[0] for line in read_so_far] == [f"score: {done} of 5" for done in (2, 4, 5, 5)]
    assert [line.endswith(" s left") for line in read_so_far] == [True, True, False, False]
