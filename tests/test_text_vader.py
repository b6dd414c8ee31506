"""VADER's compound, evaluated anew: the package's number for every string, in linear time."""

import gzip
import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import BOOSTER_DICT, NEGATE, SPECIAL_CASES, SentimentIntensityAnalyzer

from pipeline.text.sentiment import vader
from tests.growth import in_proportion

LABELLED = Path(__file__).parents[2] / "shared" / "labelled"

RULE_WORDS = sorted(
    {word for phrase in (*SPECIAL_CASES, *BOOSTER_DICT) for word in phrase.split()}
    | set(NEGATE)
    | {
        "good",
        "great",
        "happy",
        "awful",
        "hate",
        "bad",
        "no",
        "or",
        "nor",
        "so",
        "this",
        "doubt",
        "least",
        "at",
        "kind",
        "of",
        "x",
        "I",
    }
)


@cache
def package() -> SentimentIntensityAnalyzer:
    return SentimentIntensityAnalyzer()


def stock(text: str) -> float:
    return float(package().polarity_scores(text)["compound"])


words = st.one_of(
    st.sampled_from(RULE_WORDS),
    st.sampled_from(RULE_WORDS).map(str.upper),
    st.sampled_from(
        ["but", "BUT", "least", "never", "without", "no", "kind of", "sort of", "the shit", "to die for", "yeah right"]
    ),
    st.sampled_from([":)", ":-(", "👍", "💘", "😀😀", "©", "!", "!!!!!", "??", "????", '"good!"', "(awful)", "", "\n", "\u3000"]),
    st.text(max_size=6),
)
phrases = st.tuples(st.sampled_from([" ", "  ", "", "\t"]), st.lists(words, max_size=24)).map(lambda pair: pair[0].join(pair[1]))


@settings(max_examples=1500, deadline=None)
@given(st.one_of(phrases, st.text(max_size=60)))
@example("good but good but good")
@example("good " * 40 + "but " + "bad good " * 40)
@example("no doubt without doubt this GOOD thing never so good")
@example("İstanbul ſo good \ud800")
def test_the_compound_is_the_packages_for_any_string(text: str) -> None:
    assert vader.compound(text) == stock(text)


@pytest.mark.skipif(not LABELLED.is_dir(), reason="the labelled sets are not on this machine")
@pytest.mark.parametrize("name", ["tweets", "amazonReviewSnippets", "movieReviewSnippets", "nytEditorialSnippets"])
def test_the_compound_is_the_packages_on_its_own_ground_truth(name: str) -> None:
    with gzip.open(LABELLED / f"en_vader_{name}.jsonl.gz") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    assert [text for text in texts if vader.compound(text) != stock(text)] == []


@pytest.mark.parametrize(
    ("piece", "times", "end"),
    [("good but ", 10_000, ""), ("👍💘", 1_000, ""), ("not ", 20_000, "good"), ("a", 100_000, ""), ("!", 100_000, "")],
)
def test_hostile_text_costs_what_its_length_costs(piece: str, times: int, end: str) -> None:
    # The package: 56 s for the first, 10 s for the second.
    assert in_proportion(lambda size: vader.compound(piece * size + end), times)


def test_long_tokens_are_not_remembered() -> None:
    vader.compound("y" * 5_000)
    assert "y" * 5_000 not in vader._analyzer().tokens
