"""The seed lexicons hold what their own sentences promise, and scoring keeps its properties on any text."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.sentiment import seed
from tests.growth import in_proportion

FILES = sorted(seed.LEXICON.glob("*.toml"))

SENTENCES = [
    pytest.param(path.stem, sign, sentence, id=f"{path.stem} {sign} {sentence}")
    for path in FILES
    for sign, sentences in seed.read_file(path).hits.items()
    for sentence in sentences
]


@pytest.mark.parametrize(("language", "sign", "sentence"), SENTENCES)
def test_a_labelled_sentence_gets_its_sign(language: str, sign: str, sentence: str) -> None:
    found = seed.score(sentence, language)
    assert found > 0.05 if sign == "positive" else found < -0.05, found


@pytest.mark.parametrize(
    ("language", "sentence"), [(path.stem, sentence) for path in FILES for sentence in seed.read_file(path).misses]
)
def test_a_sentence_without_opinion_stays_near_zero(language: str, sentence: str) -> None:
    assert abs(seed.score(sentence, language)) <= 0.3


@pytest.mark.parametrize("language", ["ko", "ja"])
def test_a_language_carries_many_entries_and_labelled_sentences(language: str) -> None:
    file = seed.read_file(seed.LEXICON / f"{language}.toml")
    assert sum(len(group.words.split()) for group in file.words) >= 600
    assert all(len(file.hits[sign]) >= 20 for sign in ("positive", "negative"))
    assert len(file.misses) >= 5


@pytest.mark.parametrize(
    ("language", "praise", "denied"),
    [
        ("ko", "친절해요", "친절하지 않아요"),
        ("ko", "맛있다", "안 맛있다"),
        ("ko", "추천합니다", "추천 못 합니다"),
        ("ko", "만족스럽습니다", "만족스럽지 못합니다"),
        ("ja", "美味しい", "美味しくない"),
        ("ja", "便利です", "便利ではありません"),
        ("ja", "満足しています", "満足していません"),
        ("ja", "好き", "好きじゃない"),
        ("ja", "良い", "良いとは思えない"),
    ],
)
def test_denied_praise_is_blame(language: str, praise: str, denied: str) -> None:
    assert seed.score(praise, language) > 0 > seed.score(denied, language)


@pytest.mark.parametrize(
    ("language", "weak", "strong"),
    [
        ("ko", "좋아요", "정말 좋아요"),
        ("ja", "良い", "とても良い"),
        ("ko", "조금 불편해요", "불편해요"),
        ("ja", "少し残念", "残念"),
    ],
)
def test_boosts_strengthen_and_softeners_soften(language: str, weak: str, strong: str) -> None:
    assert abs(seed.score(weak, language)) < abs(seed.score(strong, language))


@pytest.mark.parametrize(
    ("language", "ends_well", "ends_badly"),
    [("ko", "비싸지만 맛있어요", "맛있지만 비싸요"), ("ja", "高すぎるが、美味しい", "美味しいが、高すぎる")],
)
def test_what_follows_a_contrast_weighs_more(language: str, ends_well: str, ends_badly: str) -> None:
    assert seed.score(ends_well, language) > seed.score(ends_badly, language)


def test_an_unstated_language_is_known_by_its_script() -> None:
    assert seed.score("정말 좋아요", "") == seed.score("정말 좋아요", "ko") > 0
    assert seed.score("とても良い", "und") == seed.score("とても良い", "ja") > 0
    assert seed.score("👍", "fr") > 0
    assert seed.score("", "ko") == seed.score("123", "xx") == 0


def test_a_composed_and_a_decomposed_text_score_the_same() -> None:
    assert seed.score("나쁜 냄새", "ko") == seed.score("나쁜 냄새", "ko") < 0
    assert seed.score("ﾔﾊﾞｲ 最高", "ja") == seed.score("ヤバイ 最高", "ja")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300), st.sampled_from(["ko", "ja", "en", "und", ""]))
def test_any_text_scores_within_bounds(text: str, language: str) -> None:
    assert -1 <= seed.score(text, language) <= 1


@pytest.mark.parametrize(
    ("language", "piece"),
    [("ko", "좋지만 안 "), ("ja", "良いが、ない"), ("ko", "👍"), ("ja", "めちゃ"), ("ko", "ㅠ"), ("ja", "?")],
)
def test_hostile_text_is_scored_in_linear_time(language: str, piece: str) -> None:
    assert in_proportion(lambda size: seed.score(piece * size, language), 200_000)


def test_a_file_that_is_no_lexicon_is_named(tmp_path: Path) -> None:
    path = tmp_path / "xx.toml"
    path.write_text('name = "X"\nwords = 3\n', encoding="utf-8")
    with pytest.raises(seed.LexiconError, match=r"xx\.toml"):
        seed.read_file(path)
    path_with_toml_error = tmp_path / "yy.toml"
    path_with_toml_error.write_text("name = ", encoding="utf-8")
    with pytest.raises(seed.LexiconError, match=r"yy\.toml"):
        seed.read_file(path_with_toml_error)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_entry_stands_with_two_signs(path: Path) -> None:
    written: dict[str, float] = {}
    for group in tomllib.loads(path.read_text("utf-8"))["words"]:
        for entry in group["words"].split():
            assert written.setdefault(entry, group["weight"]) * group["weight"] > 0, entry
