"""Terms of complaints: things, not the commonest words; nouns in Korean and Japanese."""

import pytest

from pipeline.text.terms import terms


@pytest.mark.parametrize(
    ("language", "text", "wanted", "unwanted"),
    [
        ("en", "The bike racks were broken again.", {"bike", "rack", "bike rack"}, {"the", "were", "again"}),
        (
            "en",
            "Strange smell of the cleaning agent, agent orange",
            {"strange smell", "cleaning agent"},
            {"agent agent", "smell cleaning"},
        ),
        ("de", "Der Fahrradträger war kaputt", {"fahrradträger", "kaputt"}, {"der", "war"}),
        ("ko", "자전거 거치대가 또 부러져 있었음", {"자전거 거치대", "거치대"}, {"부러져"}),
        ("ja", "洗剤の匂いで頭が痛くなった", {"洗剤", "匂い"}, {"痛く"}),
        ("und", "😡😡", set(), set()),
    ],
)
def test_terms_are_what_is_complained_about(language: str, text: str, wanted: set[str], unwanted: set[str]) -> None:
    found = terms(text, language)
    joint = "" if language == "ja" else " "
    assert list(found) == [joint.join(text[a:b] for a, b in places).lower() for places in found.values()]
    assert wanted <= set(found)
    assert not unwanted & set(found)
