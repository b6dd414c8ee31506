"""`label`: one line out per line in, in order, bounded memory, errors that name the line."""

import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.label import LabelError, label
from pipeline.text.sentiment import model
from tests.growth import in_proportion

PRAISE, BLAME = "가람 나루 마루", "다솜 라온 바다"  # words that no lexicon knows


def labelled(rows: list[object], **options: object) -> list[dict[str, object]]:
    out = io.BytesIO()
    count = label([json.dumps(row).encode() for row in rows], out, **options)  # type: ignore[arg-type]  # options of label
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert count == len(lines) == len(rows)
    return lines


def test_each_line_gets_language_sentiment_label_and_themes() -> None:
    lines = labelled(
        [
            {"text": "The staff were wonderful.", "id": 7},
            {"text": "배송이 너무 느리고 최악이에요"},
            {"text": "品質が良くて満足です", "language": "ja"},
            {"text": ""},
            {"text": "👎"},
        ]
    )
    assert [(line["language"], line["label"]) for line in lines] == [
        ("en", "positive"),
        ("ko", "negative"),
        ("ja", "positive"),
        ("und", "neutral"),
        ("und", "negative"),
    ]
    assert lines[0]["id"] == 7
    assert "staff_attitude" in [mention["theme"] for mention in lines[0]["themes"]]


def test_a_theme_takes_the_sentiment_of_its_clause() -> None:
    line = labelled([{"text": "The room was spotless and lovely, but the delivery was terribly late."}])[0]
    said = {mention["theme"]: mention["sentiment"] for mention in line["themes"]}
    assert said["comfort_cleanliness"] > 0 > said["delivery_punctuality"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=80), max_size=12))
def test_any_text_is_labelled_in_its_place(texts: list[str]) -> None:
    lines = labelled([{"text": text} for text in texts])
    assert [line["text"] for line in lines] == texts
    assert all(-1 <= line["sentiment"] <= 1 for line in lines)


@pytest.mark.parametrize(
    ("piece", "times", "end"),
    [
        ("a", 100_000, ""),
        ("👍💘", 5_000, ""),
        ("\u202e\u200f", 5_000, "good"),
        ("좋아요good良い", 5_000, ""),
        ("good but ", 20_000, ""),
        ("ㅋ", 100_000, ""),
    ],
)
def test_hostile_text_never_fails_and_never_takes_long(piece: str, times: int, end: str) -> None:
    assert in_proportion(lambda size: labelled([{"text": piece * size + end}]), times)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "line 3: expected a JSON object"),
        (b'{"txt": 1}', 'line 3: expected a JSON object with a string "text"'),
        (b'["text"]', 'line 3: expected a JSON object with a string "text"'),
        (b'{"text": "x", "language": 5}', 'line 3: expected "language"'),
        (b'{"text": "\xff"}', "line 3: expected a JSON object"),
        (b"", "line 3: expected a JSON object"),
    ],
)
def test_a_bad_line_is_named_and_what_was_before_it_stands(line: bytes, message: str) -> None:
    out = io.BytesIO()
    with pytest.raises(LabelError, match=message):
        label([b'{"text": "fine"}', b'{"text": "good"}', line, b'{"text": "later"}'], out)
    assert [json.loads(written)["text"] for written in out.getvalue().splitlines()] == ["fine", "good"]


def test_lines_are_read_as_they_are_needed() -> None:
    out = io.BytesIO()

    def endless() -> object:
        for number in range(2_000):
            assert number < len(out.getvalue().splitlines()) + 600
            yield b'{"text": "ok"}'

    assert label(endless(), out) == 2_000  # type: ignore[arg-type]  # an iterable of lines


@pytest.mark.parametrize("packed", [True, False])
def test_rated_texts_teach_what_no_lexicon_knows(tmp_path: Path, packed: bool) -> None:
    rows = [{"text": PRAISE, "rating": 5, "rating_max": 5, "language": "ko"}, {"text": BLAME, "label": 0}] * model.MIN_PER_CLASS
    path = tmp_path / "rated.jsonl.gz"
    written = "\n".join(map(json.dumps, [*rows, {"text": PRAISE, "rating": 3, "rating_max": 5}])).encode()
    path.write_bytes(gzip.compress(written) if packed else written)
    texts = [{"text": PRAISE}, {"text": BLAME}]
    assert [line["label"] for line in labelled(texts)] == ["neutral", "neutral"]
    assert [line["label"] for line in labelled(texts, teach=path)] == ["positive", "negative"]


def written(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


SEEN, LOATHED = f"정말 좋아요 {PRAISE}", f"너무 별로예요 {BLAME}"  # what the lexicon is sure of, beside what it does not know


def test_a_file_is_rated_row_by_row_not_by_its_first_line(tmp_path: Path) -> None:
    unrated: list[dict[str, object]] = [{"text": SEEN}, {"text": LOATHED}] * model.MIN_PER_CLASS
    # The stars say the opposite of the lexicon: whoever taught can be told from the answer.
    rated: list[dict[str, object]] = [{"text": PRAISE, "label": 0}, {"text": BLAME, "rating": 5, "rating_max": 5}]
    texts: list[object] = [{"text": PRAISE}, {"text": BLAME}]
    said: list[str] = []

    def taught_by(rows: list[dict[str, object]]) -> list[object]:
        said.clear()
        path = written(tmp_path / "some.jsonl", rows)
        return [line["label"] for line in labelled(texts, teach=path, progress=said.append)]

    assert taught_by([*unrated, *rated * model.MIN_PER_CLASS]) == ["negative", "positive"]
    assert said == ["label: ko taught by 60 texts"]
    few = rated * (model.MIN_PER_CLASS - 1)
    assert taught_by([*few, *unrated]) == taught_by([*unrated, *few]) == ["positive", "negative"]
    assert said == ["label: ko taught by 60 texts that the seed lexicon is sure of"]
    assert taught_by([*few, {"text": "", "rating": None}]) == ["neutral", "neutral"]
    assert said == ["label: ko: too few texts"]


def test_each_language_of_a_file_is_taught_by_what_it_has(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"text": SEEN}, {"text": LOATHED}]
    rows += [{"text": "ラナ キオ", "label": 1, "language": "ja"}, {"text": "ムソ テヌ", "label": 0, "language": "ja"}]
    said: list[str] = []
    labelled([{"text": ""}], teach=written(tmp_path / "two.jsonl", rows * model.MIN_PER_CLASS), progress=said.append)
    assert said == ["label: ja taught by 60 texts", "label: ko taught by 60 texts that the seed lexicon is sure of"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": 2},
        {"label": "good"},
        {"label": 7, "rating": 5, "rating_max": 5},
        {"rating": 5},
        {"rating": 6, "rating_max": 5},
        {"rating": -1, "rating_max": 5},
        {"rating": "5", "rating_max": 5},
        {"rating": 1, "rating_max": 1},
    ],
)
def test_a_bad_teaching_line_is_named(tmp_path: Path, wrong: dict[str, object]) -> None:
    path = written(tmp_path / "rated.jsonl", [{"text": "x"}, {"text": "x", "label": 1}, {"text": "y", **wrong}])
    with pytest.raises(LabelError, match=r'rated\.jsonl: line 3: expected "label" 1 or 0, or "rating" up to "rating_max"'):
        labelled([{"text": "x"}], teach=path)
