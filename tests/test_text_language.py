"""Language: the script first, then what was stated, then the identifier among the market's languages."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.reading.language import language_of, language_of_part, primary
from tests.reading_sets import MARKETS, told_apart

ASIA = ("en", "ko", "ja")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("배송이 빨라요", "ko"),
        ("Sony WH-1000XM4 정말 좋아요", "ko"),
        ("とても良い", "ja"),
        ("サイコー", "ja"),
        ("The Seoul shop (서울) was lovely and the staff were kind", "en"),
        ("ok", "en"),
        ("", "und"),
        ("5/5 👍", "und"),
        ("Привет мир", "und"),
    ],
)
def test_the_script_decides(text: str, wanted: str) -> None:
    assert language_of(text, languages=ASIA) == wanted


def test_han_alone_is_the_brands_or_the_markets_language() -> None:
    assert language_of("最高", languages=ASIA) == "ja"
    assert language_of("最高", languages=("zh", "ja")) == "zh"
    assert language_of("最高", languages=("zh", "ja"), locale="ja-JP") == "ja"
    assert language_of("最高", languages=("zh", "ja"), stated="ja", locale="zh-TW") == "ja"


def test_simplified_characters_are_chinese_whatever_the_brands_language() -> None:
    assert language_of("质量很好", languages=("en", "ja", "zh"), locale="ja-JP") == "zh"
    assert language_of("対応最悪 返金希望 温泉 退会済", languages=("en", "zh", "ja"), locale="ja-JP") == "ja"


def test_three_words_tell_the_language_among_five() -> None:
    apart = [told_apart(market) for market in MARKETS]
    assert 1 - sum(len(wrong) for _, wrong in apart) / sum(count for count, _ in apart) >= 0.99
    assert all(1 - len(wrong) / count >= 0.985 for count, wrong in apart)


def test_what_is_stated_is_believed_where_the_script_allows_it() -> None:
    assert language_of("Sehr gut", languages=("en", "de"), stated="de-AT") == "de"
    assert language_of("좋아요", languages=ASIA, stated="en") == "ko"
    assert language_of("fine", languages=ASIA, stated="ko") == "en"


def test_latin_text_is_told_apart_among_the_markets_languages() -> None:
    market = ("en", "de", "fr")
    assert language_of("Die Lieferung war leider viel zu spät und niemand hat geantwortet.", languages=market) == "de"
    assert language_of("La livraison était en retard et personne ne répond au téléphone.", languages=market) == "fr"
    assert language_of("The delivery was late and nobody answered the phone.", languages=market) == "en"
    assert language_of("ok", languages=market, locale="fr-FR") == "fr"


def test_a_sentence_has_another_language_only_where_its_script_says_so() -> None:
    assert language_of_part("I would buy this again", "ko") == "en"
    assert language_of_part("good", "ko") == "ko"
    assert language_of_part("정말 좋아요", "en") == "ko"
    assert language_of_part("Sehr gut", "de") == "de"


@given(st.text(max_size=80), st.one_of(st.none(), st.text(max_size=8)))
def test_any_text_has_a_language(text: str, stated: str | None) -> None:
    assert language_of(text, languages=ASIA, stated=stated, locale=stated) == primary(
        language_of(text, languages=ASIA, stated=stated, locale=stated)
    )


def test_the_identifier_is_not_loaded_for_one_language_a_script() -> None:
    code = (
        "import sys; from pipeline.text.reading.language import language_of; language_of('some words', languages=('en','ko'));"
        "sys.exit('py3langid' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
