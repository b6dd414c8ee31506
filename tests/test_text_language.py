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


@pytest.mark.parametrize(
    "text",
    [
        "隔壁 有点 吵",
        "汤 不太 熱",
        "真的 好吃",
        "客服 再也 不理",
        "手机 老是 死",
        "又快 又好",
        "不要再来",
        "最棒 的 地方",
        "最差的",
    ],
)
def test_chinese_without_any_simplified_character_is_known_by_its_particles(text: str) -> None:
    assert language_of(text, languages=("en", "ja", "zh"), locale="ja-JP") == "zh"


@pytest.mark.parametrize(
    "text",
    [
        "目的 達成",
        "非常口 確認",
        "在庫 僅少",
        "吃驚",
        "使用不能 返金希望",
        "説明不要",
        "不要品 回収",
        "不好評",
        "不行届 謝罪",
        "首都圏 都会的",
        "京都不動産",
        "太陽 一直線",
        "丸太小屋",
        "写真的価値",
        "友好的対応",
        "完了 満了 魅了",
        "接客服装 良好",
        "推薦入試 合格",
        "没収 沈没",
        "草鞋 晩餐",
        "最終的結論",
        "哲也",
    ],
)
def test_japanese_in_han_alone_is_not_taken_for_chinese(text: str) -> None:
    assert language_of(text, languages=("en", "zh", "ja"), locale="ja-JP") == "ja"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("kein Problem gehabt", "de"),
        ("Suppe kaum warm", "de"),
        ("Taste klemmt dauernd", "de"),
        ("parking très étroit", "fr"),
        ("charge assez vite", "fr"),
        ("once personas esperando", "es"),
        ("scarpe troppo care", "it"),
        ("lift nooit open", "nl"),
        ("water bleef koud", "nl"),
        ("the soup lukewarm", "en"),
        ("charge refused twice", "en"),
    ],
)
def test_a_word_that_two_languages_share_pulls_to_neither(text: str, wanted: str) -> None:
    for market in (("en", "de", "fr", "nl"), ("en", "de", "es", "it")):
        if wanted in market:
            assert language_of(text, languages=market) == wanted


@pytest.mark.slow
def test_three_words_tell_the_language_among_five() -> None:
    # A market at a time, so that its identifier is loaded once.
    apart = [{words: told_apart(market, words) for words in ("words", "words_fresh", "words_third")} for market in MARKETS]
    for words, least in (("words", 0.985), ("words_fresh", 0.98), ("words_third", 0.97)):
        assert 1 - sum(len(one[words][1]) for one in apart) / sum(one[words][0] for one in apart) >= 0.99
        assert all(1 - len(one[words][1]) / one[words][0] >= least for one in apart)


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
