"""How a company's answer sounds: floors on labelled answers, the wordings' own examples, hostile text, what is kept."""

import re
import tomllib
from pathlib import Path

import duckdb
import pytest

from pipeline.text import reply, voice
from pipeline.text.wording.themes import load_taxonomy
from tests.evaluate_text import voice_scores
from tests.growth import costs_little, in_proportion
from warehouse import build

LANGUAGES = voice.LANGUAGES
MARKET = ("en", "ko", "ja")
TABLES = """
    create schema core;
    create schema text;
    create table core.review (review_id varchar, brand varchar, content varchar, rating double, reply_text varchar, duplicate_of varchar);
    create table text.sentence (review_id varchar, sentiment double);
    create table text.mention (review_id varchar, theme varchar);
"""

FLOORS = {
    ("voice", "formality"): 0.95,
    ("voice", "apology"): 0.95,
    ("voice", "thanks"): 0.95,
    ("voice", "empathy"): 0.90,
    ("voice", "address"): 0.95,
    ("voice_fresh", "formality"): 0.85,
    ("voice_fresh", "apology"): 0.50,
    ("voice_fresh", "thanks"): 0.95,
    ("voice_fresh", "empathy"): 0.65,
    ("voice_fresh", "address"): 0.80,
}
"""Of the worst language: accuracy of the formality, F1 of the rest."""


@pytest.mark.parametrize(("labelled", "trait"), FLOORS)
def test_labelled_answers_are_heard(labelled: str, trait: str) -> None:
    for language, scores in voice_scores(labelled).items():
        assert scores[trait] >= FLOORS[labelled, trait], (language, scores)


def entry(language: str) -> dict[str, dict[str, list[str]]]:
    return tomllib.loads((voice.WORDINGS / f"{language}.toml").read_text(encoding="utf-8"))


def holds(text: str, language: str, kind: str) -> bool:
    held = voice.wordings(language)
    assert held is not None
    return bool(held.names(text, kind)) if kind in ("named", "signed") else kind in held.found(text, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_wordings_hold_to_their_examples(language: str) -> None:
    written = entry(language)
    assert [(kind, text) for kind, texts in written["hits"].items() for text in texts if not holds(text, language, kind)] == []
    assert [(kind, text) for kind, texts in written["misses"].items() for text in texts if holds(text, language, kind)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_wording_is_slow_on_text_made_to_hurt_it(language: str) -> None:
    written = entry(language)
    patterns = [p for table in ("marks", "guards", "cased") for listed in written[table].values() for p in listed]
    assert [pattern for pattern in patterns if not costs_little(pattern)] == []


@pytest.mark.parametrize(
    "piece", ["a", "Dear Ann", "고객님", "お客様", "😀", "\ud800", "<b>", "\u200b", "x. ", "Sorry, Kim! ", "\n- Al\n"]
)
def test_hostile_answers_cost_linear_time(piece: str) -> None:
    assert in_proportion(lambda size: voice.hear(piece * (size // len(piece)), languages=MARKET), 100_000)


def test_levels_of_different_kinds_of_korean_are_told_apart() -> None:
    assert voice.formality(["감사합니다."], "ko").level == "hapsyo"
    assert voice.formality(["감사해요."], "ko").level == "haeyo"
    assert voice.formality(["고마워."], "ko").level == "plain"
    # A request in -세요 takes the level of what stands around it.
    assert voice.formality(["죄송합니다.", "연락 주세요.", "다시 와 주세요."], "ko").level == "hapsyo"
    assert voice.formality(["연락 주세요."], "ko").level == "haeyo"
    assert voice.formality(["고객님"], "ko").level is None
    assert voice.formality(["오셨군요.", "감사합니다."], "ko").honorific_share == 0.5


def test_a_language_without_wordings_is_not_guessed_at() -> None:
    heard = voice.hear("Merci beaucoup pour votre avis, nous sommes désolés.", languages=("fr",))
    assert (heard.apology, heard.thanks, heard.address, heard.formality.level) == (None, None, None, None)
    assert voice.fit(heard, "unhappy") is None


@pytest.mark.parametrize(
    ("said", "mood", "fit"),
    [
        ("We are so sorry about this.", "unhappy", "fits"),
        ("I understand how frustrating this must be.", "unhappy", "fits"),
        ("Thank you for your kind words!", "unhappy", "mismatched"),
        ("Thank you for your kind words, and sorry for the noise!", "unhappy", "fits"),
        ("The fee is stated in the contract.", "unhappy", "neither"),
        ("Thank you for the review.", "unhappy", "neither"),
        ("Thanks, so glad you loved it.", "happy", "fits"),
        ("We apologise.", "happy", "mismatched"),
        ("We are open on Sundays.", "happy", "neither"),
        ("Thank you!", None, None),
    ],
)
def test_the_fit_to_the_reviewers_mood(said: str, mood: voice.Mood | None, fit: str | None) -> None:
    assert voice.fit(voice.hear(said, languages=MARKET), mood) == fit


def test_stars_tell_the_mood_before_words_do() -> None:
    assert [voice.mood(rating, 0.9) for rating in (0.0, 0.25, 0.5, 0.75, 1.0)] == [
        "unhappy",
        "unhappy",
        "happy",
        "happy",
        "happy",
    ]
    assert [voice.mood(None, said) for said in (-0.4, -0.1, None, 0.4)] == ["unhappy", None, None, "happy"]


# --- the table --------------------------------------------------------------------------------------------------------


def replied(tmp_path: Path, answers: list[tuple[str, str, str, float | None, str]]) -> duckdb.DuckDBPyConnection:
    """`answers`: review_id, brand, content, rating, reply."""
    con = build.connect(tmp_path / "b.duckdb", threads=1)
    con.execute(TABLES)
    if answers:
        con.executemany("insert into core.review values (?, ?, ?, ?, ?, null)", [list(answer) for answer in answers])
    reply.write(con, taxonomy=load_taxonomy(), languages=MARKET, brand_locales={})
    return con


TEMPLATE = (
    "Dear {name}, thank you for taking the time to write. We are sorry that your visit number {number} was not what you had hoped for, and "
    "we have passed your words on to the team. Please call us so that we can make it right."
)


def test_templates_are_found_whatever_the_name_and_number(tmp_path: Path) -> None:
    names = ("Ms Harlow", "Tom", "Dr Weiss-Okafor")
    rows = [(f"r{n}", "alpine", "Bad.", 0.0, TEMPLATE.format(name=name, number=n * 37)) for n, name in enumerate(names)]
    rows += [
        (
            "r8",
            "alpine",
            "Bad.",
            0.0,
            "The lift was mended on Friday, and the pool opens again in May. We look forward to your next swim.",
        )
    ]
    rows += [("r9", "brook", "Bad.", 0.0, TEMPLATE.format(name="Ann", number=5))]
    con = replied(tmp_path, rows)
    found = con.execute("select review_id, template_id, template_count from text.reply order by 1").fetchall()
    assert found == [("r0", "r0", 3), ("r1", "r0", 3), ("r2", "r0", 3), ("r8", None, None), ("r9", None, None)]


def test_no_name_is_kept(tmp_path: Path) -> None:
    con = replied(tmp_path, [("r1", "alpine", "Bad.", 0.0, "Dear Quillon, we are sorry. Kind regards, Zebedee Foss")])
    (row,) = con.execute("select * from text.reply").fetchall()
    assert not re.search("quillon|zebedee|foss", repr(row).lower())
    assert con.execute("select personal_address, signed, fit from text.reply").fetchall() == [("named", True, "fits")]


def test_an_answer_is_specific_where_it_speaks_of_what_the_review_speaks_of(tmp_path: Path) -> None:
    rows = [(f"r{n:02}", "alpine", "Nice tent.", 1.0, "Thank you for your review of our products.") for n in range(20)]
    rows.append(
        ("s1", "alpine", "The zipper of my tent broke on the glacier.", 0.0, "A new zipper is on its way, and enjoy the glacier!")
    )
    rows.append(("s2", "alpine", "A good review of products.", 1.0, "Thank you for your review of our products."))
    con = replied(tmp_path, rows)
    assert con.execute("select review_id from text.reply where specific").fetchall() == [("s1",)]


def test_reviews_without_an_answer_or_with_an_empty_one_are_no_rows(tmp_path: Path) -> None:
    con = replied(tmp_path, [("r1", "alpine", "Bad.", 0.0, "  "), ("r2", "alpine", "Bad.", 0.0, "Sorry!")])
    assert con.execute("select review_id from text.reply").fetchall() == [("r2",)]
    assert build.undocumented(con)[-1:] != ["text.reply"]
    assert not [name for name in build.undocumented(con) if name.startswith("text.reply")]
    con.close()


def test_batches_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(f"r{n}", f"b{n % 2}", "Bad.", 0.0, TEMPLATE.format(name="Ann", number=n)) for n in range(7)]
    one = replied(tmp_path, rows)
    wanted = one.execute("from text.reply order by all").fetchall()
    one.close()
    monkeypatch.setattr(reply, "_BATCH", 2)
    (tmp_path / "other").mkdir()
    assert replied(tmp_path / "other", rows).execute("from text.reply order by all").fetchall() == wanted
