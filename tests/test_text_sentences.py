"""Sentences: in order, without overlap, nothing lost, in linear time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.reading import unstopped
from pipeline.text.reading.normalise import normalise
from pipeline.text.reading.sentences import MAX_SENTENCE, clauses, sentences
from tests.growth import in_proportion
from tests.reading_sets import boundaries, lines_of

LANGUAGES = ["en", "ko", "ja", "de", "und"]

pieces = st.lists(
    st.one_of(
        st.sampled_from(
            [". ", "! ", "?!", "...", "… ", "\n", "\n\n- ", "• ", "1. ", "。", "！", "」", ")", '"', " ", "  ", "요 ", "습니다 "]
        ),
        st.sampled_from(
            ["Dr", "e.g", "U.S", "3.5", "good", "The", "I", "배송이 빨라요", "좋았음", "です ", "美味しい", "👍", "♪", ":)"]
        ),
        st.text(max_size=8),
    ),
    max_size=30,
).map("".join)


@given(pieces, st.sampled_from(LANGUAGES))
def test_spans_are_ordered_and_hold_every_letter(text: str, language: str) -> None:
    text = normalise(text).text
    spans = sentences(text, language)
    assert all(0 <= start < stop <= len(text) for start, stop in spans)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert all(stop - start <= MAX_SENTENCE for start, stop in spans)
    covered = {i for start, stop in spans for i in range(start, stop)}
    assert [char for i, char in enumerate(text) if i not in covered and char.isalpha()] == []


@given(pieces, st.sampled_from(LANGUAGES))
def test_clauses_are_a_partition_of_what_they_hold(text: str, language: str) -> None:
    found = clauses(text, language)
    assert all(a[1] <= b[0] for a, b in pairwise(found))
    assert all(0 <= start <= stop <= len(text) for start, stop in found)


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("en", "Dr. Lee came at 5 p.m. sharp. He was kind.", ["Dr. Lee came at 5 p.m. sharp.", "He was kind."]),
        ("en", "It was... fine. The U.S. team (e.g. Bob) helped!", ["It was... fine.", "The U.S. team (e.g. Bob) helped!"]),
        ("en", "So great.The owner was late", ["So great.", "The owner was late"]),
        ("en", "I paid 3.5 dollars at shop.com and left", ["I paid 3.5 dollars at shop.com and left"]),
        ("en", "Pros:\n- clean\n- cheap\n1. roomy\n2) quiet", ["Pros:", "clean", "cheap", "roomy", "quiet"]),
        ("en", 'They said "never again." We agreed', ['They said "never again."', "We agreed"]),
        ("en", "wow!!! really?! yes", ["wow!!!", "really?!", "yes"]),
        ("ko", "배송이 빨라요 포장도 좋아요", ["배송이 빨라요", "포장도 좋아요"]),
        ("ko", "추천합니다.그런데 비싸요ㅠㅠ 아쉽네요", ["추천합니다.", "그런데 비싸요ㅠㅠ", "아쉽네요"]),
        ("ko", "중요 부분은 마음 에 듭니다", ["중요 부분은 마음 에 듭니다"]),
        ("ja", "味は良い。でも高い！また買う", ["味は良い。", "でも高い!", "また買う"]),
        ("ja", "満足です また買います", ["満足です", "また買います"]),
        ("ja", "「すごい。」と言った", ["「すごい。」と言った"]),
        ("en", " \n -- \n ", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(language: str, text: str, wanted: list[str]) -> None:
    text = normalise(text).text
    assert [text[start:stop] for start, stop in sentences(text, language)] == wanted


@pytest.mark.parametrize(
    ("language", "text", "wanted"),
    [
        ("en", "The van was clean, but the owner was rude.", ["The van was clean, ", "but the owner was rude."]),
        ("en", "nothing but praise", ["nothing but praise"]),
        ("ko", "배송은 빠르지만 포장이 엉망", ["배송은 빠르", "포장이 엉망"]),
        ("ko", "방은 좁은데 침대가 편해요", ["방은 좁은", "침대가 편해요"]),
        ("ko", "가격은 싼 반면 맛이 없어요", ["가격은 싼 반면 ", "맛이 없어요"]),
        ("ko", "방은 깨끗하고 직원은 친절해요", ["방은 깨끗하고 ", "직원은 친절해요"]),
        ("ko", "방이 깨끗하고 조용해요", ["방이 깨끗하고 조용해요"]),
        ("ko", "그런데 가운데 자리는 싸지 않았어요", ["그런데 가운데 자리는 싸지 않았어요"]),
        ("ko", "하지만 좋은 데를 찾았어요", ["하지만 좋은 데를 찾았어요"]),
        ("ja", "味は良いが、高い", ["味は良い", "高い"]),
        ("ja", "味は良いけど高い", ["味は良い", "高い"]),
        ("ja", "部屋は広く、スタッフも親切", ["部屋は広く、", "スタッフも親切"]),
        ("ja", "駅から近い反面、うるさい", ["駅から近い反面、", "うるさい"]),
        ("ja", "店員が親切", ["店員が親切"]),
        ("de", "gut, but schlecht", ["gut, but schlecht"]),
    ],
)
def test_clauses_part_at_a_contrast(language: str, text: str, wanted: list[str]) -> None:
    assert [text[start:stop] for start, stop in clauses(text, language)] == wanted


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        ".",
        ". ",
        "a.",
        " ",
        "\n ",
        "! ",
        "요 ",
        "ㅋ",
        "ㅋ ",
        "good but ",
        '"',
        "-",
        "the staff were nice ",
        "I so ",
        "when the ",
        "we had plus all ",
        "です ",
        "。",
        "👍",
    ],
)
@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_hostile_text_is_parted_in_linear_time(unit: str, language: str) -> None:
    def part(size: int) -> None:
        text = unit * (size // len(unit))
        sentences(text, language)
        clauses(text, language)

    assert in_proportion(part, 20_000)


@pytest.mark.parametrize(("language", "least"), [("en", 0.94), ("ko", 0.94), ("ja", 0.95)])
def test_texts_without_stops_are_parted_where_their_reader_parts_them(language: str, least: float) -> None:
    assert boundaries(language).f1 >= least


@pytest.mark.parametrize(("name", "least"), [("unstopped", 0.9), ("third", 0.7)])
def test_english_without_punctuation_is_parted_where_a_subject_and_its_verb_begin(name: str, least: float) -> None:
    assert boundaries("en", lines_of(f"sentences_{name}_en")).f1 >= least


@pytest.mark.parametrize(
    "text",
    [
        "I would recommend this place to anyone who wants a quiet week with the people they love most",
        "they told us at the desk that the room would be ready by noon because the cleaners were late",
        "we were so tired after the long flight with two small children that the noise did not keep us up",
        "when we finally arrived at the hotel late in the evening the receptionist was already asleep behind the desk",
        "this is without any doubt the best little restaurant I have ever been to in my whole life",
        "the woman I spoke to on the phone last week said she would send me a new card in the post",
        "I wish they had told me before I booked that the pool and the bar would both be closed",
        "we paid a lot of money for a table with a view of the sea we had booked weeks before",
    ],
)
def test_one_english_sentence_without_punctuation_stays_one(text: str) -> None:
    assert sentences(text, "en") == [(0, len(text))]


@pytest.mark.parametrize("mark", [".", ".So", "!", "?", "…", ", then", "; then", ": then", " (then)"])
def test_english_with_any_punctuation_is_left_as_it_is(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "the room was tiny and dark the bed was hard as a board we left early"
    assert len(sentences(text, "en")) == 3

    def asked(text: str, start: int, stop: int) -> list[int]:
        raise AssertionError(text[start:stop])

    monkeypatch.setattr(unstopped, "beginnings", asked)
    assert sentences(f"Nice{mark} {text}", "en")
    assert sentences(f"{text}{mark} again", "en")
    for line in lines_of("analysed") + lines_of("sentences_en"):
        if unstopped.PUNCTUATED.search(normalise(line).text):
            sentences(normalise(line).text, "en")


def test_a_number_with_a_point_is_no_punctuation() -> None:
    text = "we paid 3.50 for a towel of paper the staff were rude to us all"
    assert [text[start:stop] for start, stop in sentences(text, "en")] == [
        "we paid 3.50 for a towel of paper",
        "the staff were rude to us all",
    ]
