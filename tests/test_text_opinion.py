"""Opinions: labelled mentions teach good, bad and neither, once there are enough of them; without them nothing changes."""

import io
import json
import random
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from test_market import GOOD
from test_market import written as market_file
from test_text_score import MENTIONS, build, read, run

from pipeline import inputs
from pipeline.market import MarketError, load_market
from pipeline.rooms import _check
from pipeline.text.label import LabelError, label
from pipeline.text.labels import lines_of
from pipeline.text.sentiment import opinion
from pipeline.text.sentiment.model import ModelError
from pipeline.text.sentiment.opinion import WAYS, Asked
from pipeline.text.sentiment.scores import label_of

WORDS = {"positive": "brumble", "neutral": "plinth", "negative": "quorse"}  # which no lexicon knows
FILLERS = ["today", "again", "on Monday", "by the door", "upstairs", "in the end"]


def lines(count: int, seed: int = 1) -> list[dict[str, object]]:
    """Labelled sentences about the price, the ways in turn."""
    dice = random.Random(seed)
    return [
        {
            "text": f"The price was {WORDS[way]} {dice.choice(FILLERS)}.",
            "language": "en",
            "label": way,
            "themes": [{"theme": "price_value", "label": way}, {"theme": "parking"}],
        }
        for way in (WAYS[i % 3] for i in range(count))
    ]


def file_of(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def told(texts: list[str], **options: object) -> list[dict[str, object]]:
    out = io.BytesIO()
    label([json.dumps({"text": text, "language": "en"}).encode() for text in texts], out, **options)  # type: ignore[arg-type]  # options of label
    return [json.loads(line) for line in out.getvalue().splitlines()]


TESTS = [f"The price was {word} indeed." for word in WORDS.values()]


def ways(answers: list[dict[str, object]], *, of_theme: bool) -> list[str]:
    said = [one["themes"][0]["sentiment"] if of_theme else one["sentiment"] for one in answers]  # type: ignore[index]
    return ["positive" if score >= 0.05 else "negative" if score <= -0.05 else "neutral" for score in said]


def test_labels_teach_three_ways_of_mentions_and_of_texts(tmp_path: Path) -> None:
    said: list[str] = []
    path = file_of(tmp_path / "labels.jsonl", lines(opinion.MIN_LABELS))
    answers = told(TESTS, teach=path, progress=said.append)
    assert ways(answers, of_theme=True) == ways(answers, of_theme=False) == list(WORDS)
    assert said == ["opinions: en taught by 500 labelled mentions of themes and 500 labelled texts"]
    assert ways(told(TESTS), of_theme=True) == ["neutral"] * 3


def test_what_was_not_taught_enough_stays_as_it_was(tmp_path: Path) -> None:
    rows = lines(opinion.MIN_LABELS)
    mentions = file_of(tmp_path / "mentions.jsonl", [{k: v for k, v in row.items() if k != "label"} for row in rows])
    answers = told(TESTS, teach=mentions)
    assert ways(answers, of_theme=True) == list(WORDS)
    assert [one["sentiment"] for one in answers] == [one["sentiment"] for one in told(TESTS)]
    said: list[str] = []
    few = file_of(tmp_path / "few.jsonl", lines(opinion.MIN_LABELS // 2 - 1))
    assert told(TESTS, teach=few, progress=said.append) == told(TESTS)
    assert said == ["opinions: en: 498 labels teach nothing yet; 500 do, with 20 of each kind"]


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_a_score_says_its_likeliest_way_by_the_cut_of_its_language(language: str) -> None:
    words = {"positive": "가람 나루", "neutral": "마루 다솜", "negative": "라온 바다"}
    asked = [Asked(words[WAYS[i % 3]], words[WAYS[i % 3]], "food", 0.0, 0.0) for i in range(opinion.MIN_LABELS)]
    found = opinion.teach(language, asked, [WAYS[i % 3] for i in range(len(asked))])
    assert found
    for one, shares, score in zip(asked[:3], found.shares(asked[:3]), found.scores(asked[:3]), strict=True):
        assert shares.sum() == pytest.approx(1)
        assert label_of(score, language) == WAYS[int(shares.argmax())] == next(w for w in words if words[w] == one.sentence)
    # Alone as together, and whatever the text.
    hostile = [Asked(text, text[:9], "food", 0.3, -0.2) for text in ("", "x" * 100_000, "👍\ud800" * 5_000, "좋아요 good")]
    assert [found.scores([one])[0] for one in hostile] == found.scores(hostile)
    assert all(-1 <= score <= 1 for score in found.scores(hostile))
    assert found.scores([]) == []


def test_too_few_of_a_way_teach_nothing() -> None:
    asked = [Asked(f"word{i % 9}", "", "food", 0.0, 0.0) for i in range(opinion.MIN_LABELS)]
    labels = ["positive" if i % 2 else "negative" for i in range(len(asked) - opinion.MIN_PER_WAY + 1)]
    assert opinion.teach("en", asked, [*labels, *["neutral"] * (opinion.MIN_PER_WAY - 1)]) is None  # type: ignore[list-item]  # of WAYS


def test_opinions_come_back_from_their_file_and_damage_is_known(tmp_path: Path) -> None:
    asked = [Asked(f"{WAYS[i % 3]} {i % 7}", WAYS[i % 3], "food", 0.1, 0.2, ("food",)) for i in range(opinion.MIN_LABELS)]
    labels = [WAYS[i % 3] for i in range(len(asked))]
    found, again = opinion.teach("en", asked, labels), opinion.teach("en", asked, labels)
    assert found
    assert again
    assert np.array_equal(found.weights, again.weights)
    opinion.save(found, tmp_path / "en.npz")
    back = opinion.load(tmp_path / "en.npz")
    assert back.provenance == found.provenance
    assert back.scores(asked[:9]) == found.scores(asked[:9])
    whole = (tmp_path / "en.npz").read_bytes()
    for damaged in (b"", whole[: len(whole) // 2]):
        (tmp_path / "en.npz").write_bytes(damaged)
        with pytest.raises(ModelError, match=r"en\.npz: expected a taught model"):
            opinion.load(tmp_path / "en.npz")


@pytest.mark.parametrize(
    "wrong",
    [
        {"theme": "price_value", "label": "good"},
        {"theme": "price_value", "label": 1},
        {"theme": "no_such_theme", "label": "positive"},
        {"theme": ["price_value"], "label": "positive"},
        "price_value",
    ],
)
def test_a_bad_label_is_named(tmp_path: Path, wrong: object) -> None:
    path = file_of(tmp_path / "labels.jsonl", [*lines(1), {"text": "x", "themes": [wrong]}])
    with pytest.raises(LabelError, match=r'labels\.jsonl: line 2: expected "themes" like'):
        told(["x"], teach=path)
    market = load_market(market_file(tmp_path, GOOD + '\n[text]\nlabels = "labels.jsonl"\n'))
    with pytest.raises(MarketError, match=r'text\.labels: .*labels\.jsonl: line 2: expected "themes" like'):
        _check(market)


def test_a_markets_labels_score_its_mentions_anew_and_are_kept_as_arrays(tmp_path: Path) -> None:
    built = build(tmp_path / "b.duckdb", [(f"r{i}", text, None) for i, text in enumerate(TESTS)])
    folder = tmp_path / "scores"
    run(built, folder)
    plain = read(built, MENTIONS)
    assert [one[-1] for one in plain] == ["neutral"] * 3
    path = file_of(tmp_path / "labels.jsonl", lines(opinion.MIN_LABELS))
    said, _ = run(built, folder, labels=path)
    assert "score: 3 texts, 0 known, 3 to read" in said
    assert [one[-1] for one in read(built, MENTIONS)] == list(WORDS)
    (kept,) = (folder / "taught").glob("en-opinions-*.npz")
    assert opinion.load(kept).provenance.mentions == opinion.MIN_LABELS
    assert "score: 3 texts, 3 known, 0 to read" in run(built, folder, labels=path)[0]
    # Without the file it is as before, from the store.
    assert "score: 3 texts, 3 known, 0 to read" in run(built, folder)[0]
    assert read(built, MENTIONS) == plain


def test_a_run_is_built_again_with_the_labels_that_it_had(tmp_path: Path) -> None:
    path = file_of(tmp_path / "labels.jsonl", lines(9))
    had = path.read_bytes()
    given = inputs.inputs_of(load_market(market_file(tmp_path, GOOD + '\n[text]\nlabels = "labels.jsonl"\n')))
    kept = {
        "versions": inputs.versions(given),
        "settings": json.loads(json.dumps(inputs.settings(given))),
        "targets": [asdict(target) for target in given.facts.targets],
        "market_sha256": given.facts.sha256,
        "transformers": {},
        "labels": inputs.labels_version(given),
    }
    sources = tmp_path / "sources"
    sources.mkdir()
    inputs.keep(given, sources, Path.write_bytes)
    file_of(path, lines(12))
    again = inputs.taken_up(kept, sources, tmp_path / "rules", {})
    assert again.labels
    assert b"".join(lines_of(again.labels)) == had
    assert inputs.labels_version(again) == kept["labels"] != inputs.labels_version(given)
    again.labels.unlink()
    with pytest.raises(inputs.InputsError, match="expected the labelled texts of a run, found none"):
        inputs.taken_up(kept, sources, tmp_path / "more_rules", {})
