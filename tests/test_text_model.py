"""The star-taught model: learns what stars say, the same from the same stars, and survives damage to its file."""

import functools
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.sentiment import model, scores
from pipeline.text.sentiment.ngrams import ngrams
from pipeline.text.sentiment.teachers import by_seed
from tests.growth import in_proportion

GOOD = ["정말 좋아요", "배송이 빨라서 만족합니다", "품질이 훌륭해요", "또 살게요", "아주 만족스럽네요"]
BAD = ["정말 별로예요", "배송이 느려서 짜증나요", "품질이 엉망이에요", "다시는 안 사요", "너무 실망했어요"]


def rated(count: int, seed: int = 1) -> tuple[list[str], list[int]]:
    dice = random.Random(seed)
    labels = [i % 2 for i in range(count)]
    return [
        f"{dice.choice(GOOD if label else BAD)} {dice.choice(GOOD if label else BAD)} {i % 17}번째"
        for i, label in enumerate(labels)
    ], labels


@pytest.fixture(scope="module")
def taught() -> model.Model:
    found = model.teach("ko", *rated(240))
    assert found
    return found


def test_it_learns_what_the_stars_say(taught: model.Model) -> None:
    assert taught.logits(["만족해요 품질이 훌륭하네요"])[0] > 0 > taught.logits(["실망이에요 품질이 엉망"])[0]


def test_the_same_teachers_give_the_same_bytes(taught: model.Model) -> None:
    again = model.teach("ko", *rated(240))
    assert again
    assert np.array_equal(taught.weights, again.weights)
    assert taught.provenance == again.provenance


def test_texts_are_scored_alone_as_together(taught: model.Model) -> None:
    texts = ["좋아요", "", "엉망", "x" * 5_000, "👍\ud800", "좋아요"]
    together = taught.logits(texts)
    assert together.tolist() == [taught.logits([text])[0] for text in texts]
    assert taught.logits([]).tolist() == []


@given(st.lists(st.text(max_size=40), max_size=5), st.sampled_from(["en", "ko", "ja", "de"]))
def test_ngrams_are_distinct_and_ordered_by_text(texts: list[str], language: str) -> None:
    document, feature = ngrams(texts, language)
    pairs = list(zip(document.tolist(), feature.tolist(), strict=True))
    assert pairs == sorted(set(pairs))


def test_too_few_of_a_class_teach_nothing() -> None:
    texts, _ = rated(200)
    assert model.teach("ko", texts, [1] * (200 - model.MIN_PER_CLASS + 1) + [0] * (model.MIN_PER_CLASS - 1)) is None


def test_a_model_comes_back_from_its_file(taught: model.Model, tmp_path: Path) -> None:
    path = tmp_path / "ko.npz"
    model.save(taught, path)
    back = model.load(path)
    assert back.provenance == taught.provenance
    assert back.logits(["좋아요"]) == taught.logits(["좋아요"])
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage", "flipped"])
def test_a_damaged_file_is_known_as_such(taught: model.Model, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "ko.npz"
    model.save(taught, path)
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(
        {
            "truncated": whole[:middle],
            "empty": b"",
            "garbage": b"not a model",
            "flipped": whole[:middle] + bytes(b ^ 255 for b in whole[middle : middle + 64]) + whole[middle + 64 :],
        }[damage]
    )
    with pytest.raises(model.ModelError, match=r"ko\.npz: expected a taught model"):
        model.load(path)


def test_steps_grow_by_a_quarter() -> None:
    assert [model.step_of(n) for n in (0, 199, 200, 249, 250, 312, 313)] == [0, 0, 200, 200, 250, 250, 312]
    assert model.step_of(10**9) <= model.MAX_TEACHERS
    assert len({model.step_of(n) for n in range(200, 2_000)}) == 11


@pytest.mark.parametrize(("rating", "label"), [(1.0, 1), (0.75, 1), (0.5, None), (0.333, 0), (0.25, 0), (0.0, 0)])
def test_the_middle_of_the_scale_teaches_nothing(rating: float, label: int | None) -> None:
    assert model.label_of(rating) == label


def test_the_lexicon_leads_where_the_model_knows_nothing_and_yields_where_it_knows_much(taught: model.Model) -> None:
    logits, doubts = taught.judged(["", "품질", "정말 좋아요 배송이 빨라서 만족합니다 품질이 훌륭해요 또 살게요"])
    assert logits[0] == pytest.approx(0, abs=0.01)
    assert doubts[0] == pytest.approx(1, abs=0.05)
    assert doubts.tolist() == sorted(doubts.tolist(), reverse=True)


@pytest.mark.parametrize("praise", ["좋아요", "만족합니다", "추천해요"])
def test_negating_korean_praise_never_raises_its_score(taught: model.Model, praise: str) -> None:
    for models in ({}, {"ko": taught}):
        plain, negated = scores.scores([praise, f"안 {praise}"], "ko", models)
        assert negated <= plain


@pytest.mark.parametrize("praise", ["great", "helpful", "clean", "friendly", "perfect"])
@pytest.mark.parametrize("pattern", ["The van was not {}.", "It isn’t {}", "never {}", "The staff weren't {} at all"])
def test_negating_english_praise_never_raises_its_score(praise: str, pattern: str) -> None:
    plain = scores.scores([f"The van was {praise}."], "en", {})[0]
    assert scores.scores([pattern.format(praise)], "en", {})[0] <= plain


def test_a_language_without_a_scorer_is_neutral() -> None:
    assert scores.scores(["sehr gut", "furchtbar"], "de", {}) == [0.0, 0.0]
    assert scores.label_of(0.0, "de") == "neutral"


TOYS = ["great", "helpful", "lovely", "clean", "friendly", "perfect"]
FLAWS = ["awful", "broken", "rude", "dirty", "slow", "useless"]


def english(count: int = 240, seed: int = 1) -> tuple[list[str], list[int]]:
    """Toy reviews in which praise is denied as often as blame is said."""
    dice = random.Random(seed)
    labels = [i % 2 for i in range(count)]
    texts = []
    for i, label in enumerate(labels):
        plain = i % 4 < 2
        word = dice.choice(TOYS if plain == bool(label) else FLAWS)
        texts.append(f"The {dice.choice(['van', 'desk', 'tea'])} was {'' if plain else 'not '}{word}. Visit {i % 17}")
    return texts, labels


@pytest.fixture(scope="module")
def by_language(taught: model.Model) -> dict[str, model.Model]:
    found = model.teach("en", *english())
    assert found
    return {"ko": taught, "en": found}


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["ko", "en"]))
def test_the_order_of_teachers_changes_no_score(by_language: dict[str, model.Model], dice: random.Random, language: str) -> None:
    texts, labels = rated(240) if language == "ko" else english()
    order = list(range(len(texts)))
    dice.shuffle(order)
    again = model.teach(language, [texts[i] for i in order], [labels[i] for i in order])
    assert again
    asked = [*texts[:40], "", "좋아요", "not great", "배송이 엉망 but lovely"]
    first = scores.scores(asked, language, {language: by_language[language]})
    second = scores.scores(asked, language, {language: again})
    assert np.abs(np.subtract(first, second)).max() <= 1e-4 + 1e-9


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=4), st.sampled_from(["en", "ko"]))
def test_a_blend_stays_within_bounds_and_reads_each_text_alone(
    by_language: dict[str, model.Model], texts: list[str], language: str
) -> None:
    found = scores.scores(texts, language, by_language)
    assert all(-1 <= score <= 1 for score in found)
    assert found == [scores.scores([text], language, by_language)[0] for text in texts]


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(TOYS),
    st.sampled_from(["The van was not {}.", "The van was never {}.", "The van wasn't {}", "It was not {} at all, the desk"]),
)
def test_negated_praise_never_scores_above_the_praise_where_english_is_taught(
    by_language: dict[str, model.Model], praise: str, pattern: str
) -> None:
    plain, denied = scores.scores([f"The van was {praise}.", pattern.format(praise)], "en", by_language)
    assert denied <= plain
    assert by_language["en"].logits([pattern.format(praise)])[0] <= by_language["en"].logits([f"The van was {praise}."])[0]


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "not ",
        "n't",
        "'",
        "it's'",
        "!",
        "?!.,",
        "\ud800",
        "👍",
        "e\u0301",
        "\u200b",
        "좋아요 ",
        "<b>not</b> ",
        "\0",
        "\n",
        "x" * 999 + " ",
    ],
)
def test_words_of_hostile_text_are_found_in_linear_time(unit: str) -> None:
    def find(texts: int) -> None:
        document, _ = ngrams([(unit * 2_000)[:2_000]] * texts, "en")
        assert len(document) <= 2 * 2_000 * texts

    assert in_proportion(find, 400)
    assert in_proportion(lambda size: ngrams([unit * size], "en"), 100_000)


@pytest.mark.parametrize(
    ("language", "good", "bad"),
    [("ko", "정말 좋아요 가람 나루", "너무 별로예요 다솜 라온"), ("ja", "とても良い ラナ キオ", "本当にひどい ムソ テヌ")],
)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_text_in_the_letters_of_the_market_is_decided_by_sign_once_the_seed_has_taught(
    language: str, good: str, bad: str, data: st.DataObject
) -> None:
    found = self_taught(language, good, bad)
    known = "".join((good + bad).split())
    text = data.draw(st.text(known + " .", min_size=1, max_size=30).filter(lambda text: any(c in known for c in text)))
    assert scores.scores([text], language, {language: found})[0] != 0


@functools.cache
def self_taught(language: str, good: str, bad: str) -> model.Model:
    texts, labels = by_seed(language, [f"{said} {i % 7}" for i in range(40) for said in (good, good, bad)] + ["…"])
    assert labels == [1, 1, 0] * 40
    found = model.teach(language, texts, labels, taught_by=model.SEED)
    assert found
    return found
