"""Normalisation: one spelling for one thing, and every character's way back."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.reading.normalise import MAX_TEXT, for_vader, normalise
from pipeline.text.sentiment import vader
from tests.growth import in_proportion

hostile = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cf", "Cc", "Mn"]),
        st.sampled_from("<>&;#/br amp ’“”ＡｶﾞがÀe\u0301\u200b\u202e\ufeff👍🏽\u1112\u1161\u11ab"),
    ),
    max_size=60,
)


@given(hostile)
def test_every_character_leads_back_to_its_place(text: str) -> None:
    read = normalise(text)
    spans = [read.span(i, i + 1) for i in range(len(read.text))]
    assert all(0 <= start < stop <= len(text) for start, stop in spans)
    assert all(a[0] <= b[0] and a[1] <= b[1] for a, b in pairwise(spans))
    assert all(
        char == text[start:stop] or not char.isascii() or not char.isalnum() or stop - start > 1 or not text[start].isascii()
        for char, (start, stop) in zip(read.text, spans, strict=True)
    )


@given(hostile)
def test_what_is_left_is_printable_text(text: str) -> None:
    read = normalise(text).text
    read.encode("utf-8")
    assert not [char for char in read if char != "\n" and unicodedata.category(char) in ("Cc", "Cs")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I don’t like it", "I don't like it"),
        ("“good”", '"good"'),
        ("ＧＯＯＤ！", "GOOD!"),
        ("ｻｲｺｰ｡", "サイコー。"),
        ("ﾊﾞｯｸﾞ", "バッグ"),
        ("go\u200bod", "good"),
        ("clean &amp; cheap<br>fine", "clean & cheap\nfine"),
        ("it&#39;s", "it's"),
        ("\u202eoops\ud800", "oops"),
        (unicodedata.normalize("NFD", "좋아요"), "좋아요"),
        ("if a<b and c>d", "if a<b and c>d"),
        ("a\r\nb", "a\n\nb"),
    ],
)
def test_one_spelling_for_one_thing(text: str, wanted: str) -> None:
    assert normalise(text).text == wanted


def test_a_place_survives_what_was_removed_before_it() -> None:
    text = "\u200b<br>good&nbsp;food"
    read = normalise(text)
    at = read.text.index("food")
    start, stop = read.span(at, at + 4)
    assert text[start:stop] == "food"


@pytest.mark.parametrize("unit", ["<", "<a ", "&#", "&amp", "e\u0301", "\u200b", "👍", "\ud800", "ｶﾞ", "\u1112\u1161", "x", " "])
def test_hostile_text_is_read_in_linear_time_and_to_a_bound(unit: str) -> None:
    assert len(normalise(unit * 200_000).text) <= MAX_TEXT
    assert in_proportion(lambda size: normalise(unit * size), 200_000)


def test_thumbs_are_words_of_their_own() -> None:
    assert vader.compound(for_vader("👍")) > 0.05 > -0.05 > vader.compound(for_vader("👎🏽"))
    assert vader.compound(for_vader("can't complain 👍")) > vader.compound("can't complain")
    assert for_vader("no thumbs") == "no thumbs"
