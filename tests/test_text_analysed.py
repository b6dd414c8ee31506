"""Invented texts in three languages read as they were read before: each line of tests/text/analysed.txt, against analysed.json.

With the default themes and with all packs, without a model and with one of a few dozen teachers a language. What has changed on purpose is
read in the difference: delete the file, run, look at `git diff`.
"""

import functools
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.text.analyse import Text, analyse
from pipeline.text.sentiment import model
from pipeline.text.wording.themes import load_taxonomy, packs_there

TEXT = Path(__file__).parent / "text"
GOLDEN = TEXT / "analysed.json"
LINES = (TEXT / "analysed.txt").read_text("utf-8").splitlines()
LANGUAGES = ("en", "ko", "ja")

_TEACHERS = {
    "en": (["fast and friendly", "works great, love it", "clean room"], ["rude and slow", "broke at once", "dirty room"]),
    "ko": (["빠르고 친절해요", "맛있고 좋아요", "깨끗해서 만족"], ["불친절하고 느려요", "고장났어요 실망", "더럽고 별로"]),
    "ja": (["早くて親切", "美味しくて満足です", "部屋が清潔"], ["態度が悪い", "すぐ壊れた 残念", "部屋が汚い"]),
}


@functools.cache
def taught() -> dict[str, model.Model]:
    models = {}
    for language, (good, bad) in _TEACHERS.items():
        texts = [f"{text} {number % 3}" for number in range(12) for text in (*good, *bad)]
        found = model.teach(language, texts, [1, 1, 1, 0, 0, 0] * 12)
        assert found is not None
        models[language] = found
    return models


def found(case: str) -> list[str]:
    """A line for each text, and one for each of its sentences: place, language, score, label; the same of each theme."""
    themes, reader = case.split(", ")
    taxonomy = load_taxonomy(SimpleNamespace(packs=packs_there(), off=(), add={}) if themes == "packs" else None)
    models = taught() if reader == "taught" else {}
    read = analyse([Text(line) for line in LINES], languages=LANGUAGES, taxonomy=taxonomy, models=models, whole=True)
    return [
        printed
        for text, one in zip(LINES, read, strict=True)
        for printed in (f"{one.language} {one.sentiment} {text}", *(_printed(**asdict(sentence)) for sentence in one.sentences))
    ]


def _printed(*, mentions: Sequence[dict[str, object]], signals: Sequence[dict[str, object]], **about: object) -> str:
    heard = [{"": "also", **{key: value for key, value in said.items() if value is not None}} for said in signals]
    return " | ".join(" ".join(map(str, said.values())) for said in (about, *mentions, *heard))


_SCORE = re.compile(r"(?<= )-?[01]\.\d+(?= )")


def scores(lines: Sequence[str]) -> list[float]:
    return [float(score) for line in lines for score in _SCORE.findall(line)]


@pytest.mark.parametrize("case", ["defaults, rules", "defaults, taught", "packs, rules", "packs, taught"])
def test_texts_are_read_as_before(case: str) -> None:
    golden = json.loads(GOLDEN.read_text("utf-8")) if GOLDEN.exists() else {}
    lines = found(case)
    if case not in golden:
        GOLDEN.write_text(json.dumps({**golden, case: lines}, ensure_ascii=False, indent=1) + "\n", "utf-8")
        pytest.fail(f"{GOLDEN}: {case!r} was missing and has been written: read it, then run again.")
    assert [_SCORE.sub("", line) for line in lines] == [_SCORE.sub("", line) for line in golden[case]]
    # Another processor may sum in another order.
    assert scores(lines) == pytest.approx(scores(golden[case]), abs=0.001)
