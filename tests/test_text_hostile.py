"""Hostile text through the whole of `analyse` and `rivalscope label`: in linear time, without an error, and to nobody's cost but its own."""

import io
import json

import pytest

from pipeline.text.analyse import Text, analyse
from pipeline.text.label import label
from pipeline.text.wording.themes import load_taxonomy
from tests.growth import in_proportion

LANGUAGES = ("en", "ko", "ja")

HOSTILE = {
    "no space": "abcdefghij",
    "no space, Korean": "배송이빨라요",
    "no space, Japanese": "部屋が狭いでも清潔です",
    "one syllable": "가",
    "emoji": "👍💘",
    "lone surrogates": "good \ud800 \udfff",
    "right to left": "good \u202e\u200f\u202c bad ",
    "scripts": "good 좋아요 良い хорошо طيب ",
    "html": "<b class='x'>good</b> <br/>&amp;",
    "open tags": "<a href=",
    "zero width": "g\u200bo\u200bo\u200bd ",
    "good but": "good but ",
    "korean connectives": "좋지만 늦었는데 ",
    "korean endings": "늦었다 엉망임 안 감 ",
    "japanese endings": "良かった 悪いです(笑)w",
    "laughter": "ㅋㅋ ",
    "NUL": "not\0good ",
    "marks": "e\u0301\u0301\u0301\u0301",
    "stops": "!?... ",
    "lines": "\n\r\n- ",
    "quotes": "\"'”’)",
    "numbers": "1,000.5 ",
}

PLAIN = ["The van was clean, but nobody answered the phone.", "배송이 빨라요 포장은 엉망", "部屋が狭い でも清潔でした"]


def read(texts: list[str]) -> list[object]:
    return list(analyse([Text(text) for text in texts], languages=LANGUAGES, taxonomy=load_taxonomy(), models={}, whole=True))


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_reading_takes_time_in_proportion_to_the_length(unit: str) -> None:
    # Below the bound that normalise sets, so that the length still tells.
    assert in_proportion(lambda size: read([(unit * (size // len(unit) + 1))[:size]]), 18_000)


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_text_leaves_the_others_as_they_are(unit: str) -> None:
    hostile = (unit * (100_000 // len(unit) + 1))[:100_000]
    found = read([PLAIN[0], hostile, *PLAIN[1:]])
    assert [found[0], *found[2:]] == read(PLAIN)


def test_label_answers_each_hostile_line_in_order() -> None:
    texts = [PLAIN[0], *(unit * 200 for unit in HOSTILE.values()), PLAIN[1], "", "\0"]
    lines = [json.dumps({"text": text, "n": n}).encode("utf-8", "surrogatepass") for n, text in enumerate(texts)]
    out = io.BytesIO()
    assert label(lines, out, languages=LANGUAGES) == len(texts)
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [answer["n"] for answer in answers] == list(range(len(texts)))
    alone = io.BytesIO()
    label([lines[0]], alone, languages=LANGUAGES)
    assert answers[0] == json.loads(alone.getvalue())
