"""Signals: each file's own examples, patterns that cannot run away, denials, intensity, durations, hostile text, floors on labelled sentences."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.wording.durations import minutes_said
from pipeline.text.wording.signals import SignalEntry, entries, signals_of
from tests.evaluate_text import signal_scores
from tests.growth import costs_little, in_proportion

LANGUAGES = ("en", "ko", "ja")
HAPPY = 0.8

FLOORS = {
    "emotion": (0.95, 0.95, 0.95),
    "journey": (0.93, 0.95, 0.91),
    "intent": (0.95, 0.95, 0.95),
    "experience": (0.90, 0.92, 0.94),
}
"""F1 over the kind's signals on the sentences that the patterns were written beside, in English, Korean and Japanese."""


def ids(sentence: str, language: str, sentiment: float = 0.0) -> set[str]:
    return {signal.id for signal in signals_of(sentence, language, sentiment)}


def intensity(signal: str, sentence: str, language: str = "en") -> float:
    (found,) = [one.intensity for one in signals_of(sentence, language, 0.0) if one.id == signal]
    assert found is not None
    return found


@pytest.mark.parametrize("signal", entries())
def test_a_file_holds_to_its_examples(signal: str) -> None:
    entry: SignalEntry = entries()[signal]
    for language in LANGUAGES:
        assert len(entry.hits[language]) >= 3, (signal, language)
        assert len(entry.misses[language]) >= 3, (signal, language)
        for sentence in entry.hits[language]:
            assert signal in ids(sentence, language), sentence
        for sentence in entry.misses[language]:
            assert signal not in ids(sentence, language), sentence


@pytest.mark.parametrize("signal", entries())
def test_patterns_are_in_lower_case_and_cost_little_on_hostile_sentences(signal: str) -> None:
    entry = entries()[signal]
    for patterns in (entry.patterns, entry.strong, entry.guards):
        for written in patterns.values():
            for pattern in written:
                plain = re.sub(r"\\.", "", pattern)
                assert plain == plain.lower(), pattern
                assert costs_little(pattern), pattern


def test_a_denied_signal_is_another_signal_or_none() -> None:
    for signal, entry in entries().items():
        assert entry.denied is None or entry.denied in entries(), signal
    assert "recommends" in ids("I would recommend it", "en")
    assert ids("I would not recommend it", "en") & {"recommends", "warns_off"} == {"warns_off"}


@pytest.mark.parametrize(
    ("language", "said", "denied", "signal"),
    [
        ("en", "we were disappointed", "we were not disappointed", "disappointment"),
        ("en", "I was furious", "I was never furious", "anger"),
        ("en", "we had to wait for an hour", "we did not have to wait for an hour", "waiting"),
        ("ko", "실망했어요", "실망하지 않았어요", "disappointment"),
        ("ko", "걱정됩니다", "걱정되지 않아요", "worry"),
        ("ja", "がっかりした", "がっかりしなかった", "disappointment"),
        ("ja", "安心できました", "安心できませんでした", "trust"),
    ],
)
def test_what_is_denied_is_not_carried(language: str, said: str, denied: str, signal: str) -> None:
    assert signal in ids(said, language)
    assert signal not in ids(denied, language)


@pytest.mark.parametrize(
    ("language", "sentence", "signal"),
    [
        ("en", "I will never use them again", "churn"),
        ("ko", "정말 어이가 없네요", "anger"),
        ("ja", "二度と行かない", "churn"),
    ],
)
def test_a_negation_that_is_part_of_the_wording_denies_nothing(language: str, sentence: str, signal: str) -> None:
    assert signal in ids(sentence, language)


def test_surprise_in_a_very_good_sentence_is_delight() -> None:
    assert "delight" in ids("I was surprised", "en", HAPPY)
    assert "delight" not in ids("I was surprised", "en", -HAPPY)


def test_force_of_the_wording_is_intensity() -> None:
    plain = intensity("anger", "I am angry")
    assert intensity("anger", "I am a bit angry") < plain < intensity("anger", "I am really angry")
    assert plain < intensity("anger", "I am furious")
    assert plain < intensity("anger", "I AM ANGRY")
    assert plain < intensity("anger", "I am angry!")
    assert intensity("disappointment", "조금 실망했어요", "ko") < intensity("disappointment", "너무 실망했어요", "ko")
    assert intensity("disappointment", "少しがっかりした", "ja") < intensity("disappointment", "本当にがっかりした", "ja")


def test_stages_and_touchpoints_are_so_or_not_and_only_waiting_has_minutes() -> None:
    found = signals_of("I waited forty minutes on the phone for the driver and I am angry", "en", -0.5)
    for signal in found:
        assert (signal.intensity is None) == (signal.kind in ("stage", "touchpoint"))
        assert signal.minutes == (40 if signal.id == "waiting" else None)
    assert {"waiting", "phone", "anger"} <= {signal.id for signal in found}


@pytest.mark.parametrize(
    ("language", "sentence", "minutes"),
    [
        ("en", "on hold for 40 minutes", 40),
        ("en", "it took an hour and twenty minutes", 80),
        ("en", "half an hour late", 30),
        ("en", "an hour and a half", 90),
        ("en", "two and a bit: 3 hrs", 180),
        ("en", "three weeks later", 3 * 7 * 1440),
        ("en", "the ministry of silly walks", None),
        ("ko", "1시간 20분 기다렸어요", 80),
        ("ko", "두 시간 반", 150),
        ("ko", "사흘째", 3 * 1440),
        ("ko", "일주일 만에", 7 * 1440),
        ("ko", "십오 분", 15),
        ("ko", "기분이 좋아요", None),
        ("ko", "세 분이서 갔어요", None),
        ("ko", "이 분이 도와주셨어요", None),
        ("ja", "三十分待った", 30),
        ("ja", "1時間半", 90),
        ("ja", "二週間", 14 * 1440),
        ("ja", "百二十分", 120),
        ("ja", "自分で直した", None),
        ("fr", "40 minutes", None),
    ],
)
def test_durations_in_minutes(language: str, sentence: str, minutes: int | None) -> None:
    assert minutes_said(sentence, language) == minutes


@pytest.mark.parametrize("language", [*LANGUAGES, ""])
@pytest.mark.parametrize(
    ("piece", "times"),
    [
        ("x", 100_000),
        ("wait", 25_000),
        ("기다렸", 30_000),
        ("待った", 30_000),
        ("\U0001f621", 10_000),
        ("\ud800 angry ", 10_000),
        ("a\u200b", 50_000),
        ("9 ", 50_000),
    ],
)
def test_hostile_text_is_read_in_linear_time(piece: str, times: int, language: str) -> None:
    assert in_proportion(lambda size: signals_of(piece * size, language, 0.0), times)


@given(st.text(max_size=300), st.sampled_from([*LANGUAGES, "und", "de"]), st.floats(-1, 1))
def test_any_text_is_read_and_intensities_are_in_range(sentence: str, language: str, sentiment: float) -> None:
    found = signals_of(sentence, language, sentiment)
    assert len({one.id for one in found}) == len(found)
    assert all(one.intensity is None or 0 < one.intensity <= 1 for one in found)
    assert all(one.minutes is None or one.minutes > 0 for one in found)


@pytest.mark.parametrize("kind", FLOORS)
def test_labelled_sentences_are_heard(kind: str) -> None:
    scores = signal_scores("signals")
    for language, least in zip(LANGUAGES, FLOORS[kind], strict=True):
        assert scores[language, kind].f1 >= least, (language, kind, scores[language, kind])
