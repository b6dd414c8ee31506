"""Morphemes and nouns: offsets in code points, whatever stands before them; never an error, linear in the length."""

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.reading.morphology import last_tag, nouns, starts, tags
from tests.growth import in_proportion

HOSTILE = ["가", "가나다라마", "ㅋ", "w", "良い", "👍", "\0", "\ud800", "가\u200b", "a1", "배송이빨라요", " ", "\n"]


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("ko", "👍𠮷 배송이 빨라요", {"배송", "이", "빨", "라요"}),
        ("ko", "직원들이 친절했어요", {"직원", "들", "이", "친절", "했", "어요"}),
        ("ja", "😀料金が高い", {"料金", "が", "高い"}),
        ("ja", "𠮷 接客が良かった", {"接客", "が", "良かっ", "た"}),
    ],
)
def test_a_morpheme_begins_where_its_characters_stand(language: str, text: str, wanted: set[str]) -> None:
    begins = [*sorted(starts(text, language)), len(text)]
    assert {text[a:b].strip() for a, b in pairwise(begins)} >= wanted


def test_a_pattern_can_tell_a_stem_from_the_middle_of_a_word() -> None:
    assert "사과가 상했어요".index("과") not in starts("사과가 상했어요", "ko")
    assert "東京都民".index("京") not in starts("東京都民", "ja")


@pytest.mark.parametrize(
    ("language", "text", "wanted", "unwanted"),
    [
        ("ko", "자전거 거치대가 부러져 있었음", {"자전거", "거치대", "자전거 거치대"}, {"부러져"}),
        ("ko", "자전거거치대가 없어요", {"자전거", "거치대", "자전거 거치대"}, {"없어요"}),
        ("ko", "직원들이 늦게 왔어요", {"직원"}, {"직원들", "직원들이"}),
        ("ja", "清掃料金が高いことに驚いた", {"清掃", "料金", "清掃料金"}, {"こと", "高い"}),
        ("en", "the bike rack", set(), {"bike rack"}),
    ],
)
def test_nouns_and_their_compounds_are_terms(language: str, text: str, wanted: set[str], unwanted: set[str]) -> None:
    found = nouns(text, language)
    assert wanted <= {term for term, _ in found}
    assert not unwanted & {term for term, _ in found}
    assert all((" " if language == "ko" else "").join(text[a:b] for a, b in places) == term for term, places in found)


def test_tags_say_what_a_word_ends_with() -> None:
    assert tags("동네 카페가 늦었다", "ko") == {2: "NNG", 5: "NNG", 6: "JKS", 8: "VA", 9: "EP", 10: "EF"}
    assert (last_tag("더러움"), last_tag("생각보다"), last_tag("")) == ("EF", "JKB", "")
    assert tags("部屋が狭い", "ja") == {2: "名詞/一般/*", 3: "助詞/格助詞/*", 5: "形容詞/自立/基本形"}


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=6)), max_size=20).map("".join),
    st.sampled_from(["ko", "ja", "de"]),
)
def test_any_text_is_read(text: str, language: str) -> None:
    assert all(0 <= start < len(text) for start in starts(text, language))
    assert all(0 <= start < stop <= len(text) for _, places in nouns(text, language) for start, stop in places)
    assert all(0 < end <= len(text) for end in tags(text, language))


@pytest.mark.parametrize("unit", HOSTILE)
@pytest.mark.parametrize("language", ["ko", "ja"])
def test_hostile_text_is_read_in_linear_time(unit: str, language: str) -> None:
    def find(size: int) -> None:
        text = unit * (size // len(unit))
        nouns(text, language)
        starts(text, language)

    assert in_proportion(find, 16_000)


def test_an_analyser_is_loaded_when_it_is_first_asked() -> None:
    code = (
        "import sys; from pipeline.text.reading import morphology; morphology.starts('fine', 'en'); morphology.starts('良い', 'ja');"
        "sys.exit('kiwipiepy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
