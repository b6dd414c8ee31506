"""Each theme finds its own hits and none of its misses; markets change themes; matching stays fast on any text."""

import functools
import re
import tomllib
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.analyse import Text, analyse
from pipeline.text.wording import literals, matcher, themes
from tests.growth import costs_little, in_proportion

DEFAULTS = [
    "product_quality",
    "product_range",
    "price_value",
    "fees_billing",
    "promotions_loyalty",
    "website_app",
    "information_transparency",
    "ordering_booking",
    "payment_security",
    "delivery_punctuality",
    "delivery_condition",
    "onboarding_setup",
    "reliability_cancellations",
    "comfort_cleanliness",
    "staff_attitude",
    "support_wait",
    "support_resolution",
    "support_channels_chatbot",
    "returns_refunds",
    "proactive_communication",
    "personalisation",
    "trust_safety",
    "loyalty_recommendation",
]

LANGUAGES = ("en", "ko", "ja")


@dataclass(frozen=True)
class MarketChanges:
    packs: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    add: dict[str, object] = field(default_factory=dict)


PETS: dict[str, object] = {
    "name": {"en": "Pets", "ko": "반려동물"},
    "stage": "use",
    "patterns": {"en": [r"\b(?:dogs?|cats?|pets?)\b"], "ko": ["강아지|고양이"]},
    "hits": {"en": ["They welcomed our dog."]},
    "misses": {"en": ["It rained."]},
}


LEANING = PETS | {
    "complaints": {"en": ["turned away", "late"]},
    "praises": {"en": ["welcomed", "not turned away at all"]},
    "leanings": {"en": {"complaint": ["They turned away our dog."], "neither": ["Our dog slept."]}},
}


def test_the_default_themes_are_the_documented_ones() -> None:
    taxonomy = themes.load_taxonomy()
    assert sorted(theme.id for theme in taxonomy.themes) == sorted(DEFAULTS)
    assert all(set(theme.names) >= set(LANGUAGES) for theme in taxonomy.themes)
    assert [themes.STAGES.index(theme.stage) for theme in taxonomy.themes] == sorted(
        themes.STAGES.index(theme.stage) for theme in taxonomy.themes
    )


@pytest.mark.parametrize("theme", DEFAULTS)
def test_a_theme_finds_its_hits_and_leaves_its_misses(theme: str) -> None:
    entry = themes.default_entries()[theme]
    assert list(themes.failed(themes.load_taxonomy(), theme, entry)) == []
    for language in LANGUAGES:
        assert len(entry.hits[language]) >= 4
        assert len(entry.misses[language]) >= 2
        assert {"complaint", "praise", "neither"} == set(entry.leanings[language])


@pytest.mark.parametrize("theme", DEFAULTS)
def test_a_pattern_is_cheap_on_hostile_text(theme: str) -> None:
    entry = themes.default_entries()[theme]
    sides = (entry.patterns, entry.guards, entry.complaints, entry.praises)
    for pattern in (p for side in sides for patterns in side.values() for p in patterns):
        assert costs_little(pattern), pattern


def test_a_sentence_may_carry_several_themes_or_none() -> None:
    taxonomy = themes.load_taxonomy()
    found = taxonomy.themes_of("The refund took weeks, the owner was rude, and the price was too high.", "en")
    assert set(found) >= {"returns_refunds", "staff_attitude", "price_value"}
    assert taxonomy.themes_of("It was a Tuesday.", "en") == ()
    assert taxonomy.themes_of("", "en") == ()


@pytest.mark.parametrize("theme", DEFAULTS)
def test_case_width_and_apostrophe_do_not_matter(theme: str) -> None:
    taxonomy = themes.load_taxonomy()
    for sentence in themes.default_entries()[theme].hits["en"]:
        assert theme in taxonomy.themes_of(sentence.upper().replace("'", "’"), "en")


def test_an_unstated_language_is_known_by_its_script() -> None:
    taxonomy = themes.load_taxonomy()
    assert "returns_refunds" in taxonomy.themes_of("환불이 안 됩니다", "")
    assert "returns_refunds" in taxonomy.themes_of("返品しました。", "und")
    assert "returns_refunds" in taxonomy.themes_of("No refund.", "")
    assert taxonomy.themes_of("No refund.", "de") == ()


PACKED = [(path.parent.name, path.stem) for path in sorted(themes.PACKS.glob("*/*.toml"))]


def packed(pack: str, theme: str) -> themes.ThemeEntry:
    return themes.ThemeEntry.model_validate(tomllib.loads((themes.PACKS / pack / f"{theme}.toml").read_text("utf-8")))


@functools.cache
def packed_taxonomy(pack: str) -> themes.Taxonomy:
    return themes.load_taxonomy(MarketChanges(packs=(pack,)))


@pytest.mark.parametrize(("pack", "theme"), PACKED)
def test_a_theme_of_a_pack_finds_its_hits_and_leaves_its_misses(pack: str, theme: str) -> None:
    entry = packed(pack, theme)
    assert list(themes.failed(packed_taxonomy(pack), theme, entry)) == []
    assert set(entry.name) == set(LANGUAGES)
    for language in LANGUAGES:
        assert len(entry.hits[language]) >= 4
        assert len(entry.misses[language]) >= 2
        assert {"complaint", "praise", "neither"} == set(entry.leanings[language])


@pytest.mark.parametrize(("pack", "theme"), PACKED)
def test_a_pattern_of_a_pack_is_cheap_on_hostile_text(pack: str, theme: str) -> None:
    entry = packed(pack, theme)
    sides = (entry.patterns, entry.guards, entry.complaints, entry.praises)
    for pattern in (p for side in sides for patterns in side.values() for p in patterns):
        assert costs_little(pattern), pattern


def test_all_packs_load_together() -> None:
    taxonomy = themes.load_taxonomy(MarketChanges(packs=themes.packs_there()))
    ids = {theme.id for theme in taxonomy.themes}
    assert themes.packs_there() == ("airlines", "apps", "banking", "ecommerce", "electronics", "hospitality", "restaurants")
    assert ids == {theme for _, theme in PACKED} | set(DEFAULTS) - {"comfort_cleanliness"}
    assert all(set(theme.names) >= set(LANGUAGES) for theme in taxonomy.themes)


def test_a_pack_extends_a_default_and_replaces_the_one_that_it_splits() -> None:
    plain, airline = themes.load_taxonomy(), themes.load_taxonomy(MarketChanges(packs=("airlines",)))
    assert plain.themes_of("The stewardess walked by.", "en") == ()
    assert airline.themes_of("The stewardess walked by.", "en") == ("staff_attitude",)
    assert "staff_attitude" in airline.themes_of("Rude driver.", "en")
    assert plain.themes_of("Filthy floors.", "en") == ("comfort_cleanliness",)
    assert airline.themes_of("Filthy floors.", "en") == ("cleanliness",)
    # Naming in `off` what a pack leaves out already is no mistake.
    assert themes.load_taxonomy(MarketChanges(packs=("airlines",), off=("comfort_cleanliness",))).version == airline.version


@pytest.mark.parametrize(
    ("sentence", "stretches"),
    [
        (
            "Great food, but the waiter forgot us.",
            {"great food, but ": {"food"}, "the waiter forgot us.": {"staff_attitude"}},
        ),
        ("Great food and service.", {}),
        ("The food was great.", {}),
        ("We had wine and the music was too loud.", {"we had wine ": {"food"}, "and the music was too loud.": {"ambience"}}),
        ("The place is lovely but the pasta was cold.", {"but the pasta was cold.": {"food"}}),
    ],
)
def test_a_thing_reaches_to_the_next_one(sentence: str, stretches: dict[str, set[str]]) -> None:
    taxonomy = themes.load_taxonomy(MarketChanges(packs=("restaurants",)))
    spoken_of = taxonomy.reaches(sentence, "en")
    assert spoken_of.themes == taxonomy.themes_of(sentence, "en")
    wanted = {"food", "staff_attitude", "ambience"}
    found = {sentence.lower()[a:b]: wanted & set(held) for (a, b), held in spoken_of.stretches.items()}
    assert found == stretches


@pytest.mark.parametrize(
    ("sentence", "ways"),
    [
        ("Great food, but the waiter forgot us.", {"food": 1, "staff_attitude": -1}),
        ("We ordered a salad and the waitress was horrible.", {"food": 0, "staff_attitude": -1}),
        ("The salad was served by a wonderful waiter.", {"food": 1, "staff_attitude": 1}),
        ("The food was great.", {"food": 1}),
        ("Terrible food and service.", {"food": -1, "staff_attitude": -1}),
    ],
)
def test_a_theme_has_the_sentiment_of_what_is_said_of_it(sentence: str, ways: dict[str, int]) -> None:
    taxonomy = themes.load_taxonomy(MarketChanges(packs=("restaurants",)))
    (analysis,) = analyse([Text(sentence)], languages=("en",), taxonomy=taxonomy, models={})
    (only,) = analysis.sentences
    found = {one.theme: (one.sentiment > 0) - (one.sentiment < 0) for one in only.mentions}
    assert found.items() >= ways.items()


def test_a_sentence_about_one_thing_keeps_its_own_score() -> None:
    taxonomy = themes.load_taxonomy(MarketChanges(packs=("restaurants",)))
    (analysis,) = analyse([Text("The soup was good, with a funny aftertaste.")], languages=("en",), taxonomy=taxonomy, models={})
    (only,) = analysis.sentences
    assert [one.sentiment for one in only.mentions if one.theme == "food"] == [only.sentiment]


def test_a_market_adds_replaces_and_switches_off() -> None:
    plain = themes.load_taxonomy()
    assert themes.load_taxonomy(MarketChanges()).version == plain.version
    added = themes.load_taxonomy(MarketChanges(add={"pets": PETS}))
    assert added.themes_of("Our cats loved it.", "en") == ("pets",)
    assert added.version != plain.version
    replaced = themes.load_taxonomy(MarketChanges(add={"price_value": PETS}))
    assert replaced.themes_of("The price was high.", "en") == ()
    less = themes.load_taxonomy(MarketChanges(off=("price_value",)))
    assert "price_value" not in {theme.id for theme in less.themes}
    named = themes.load_taxonomy(MarketChanges(add={"pets": PETS | {"name": "Pets"}}))
    assert next(theme for theme in named.themes if theme.id == "pets").names == {"en": "Pets"}
    assert less.themes_of("The price was high.", "en") == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            MarketChanges(packs=("hotels",)),
            r"themes\.packs: expected some of airlines, apps, .*restaurants, found 'hotels'",
        ),
        (MarketChanges(off=("prices",)), r"themes\.off: expected ids of themes, found 'prices'"),
        (MarketChanges(add={"Pets!": PETS}), r"'Pets!': expected an id"),
        (
            MarketChanges(add={"pets": PETS | {"patterns": {"en": ["dog", "(cat"]}}}),
            r"'pets', en: the pattern '\(cat' is no regex",
        ),
        (MarketChanges(add={"pets": PETS | {"stage": "later"}}), r"'pets', stage"),
        (MarketChanges(add={"pets": PETS | {"colour": "red"}}), r"'pets', colour"),
        (MarketChanges(add={"pets": PETS | {"patterns": {}}}), r"'pets', patterns"),
        (MarketChanges(add={"pets": PETS | {"hits": {"en": ["A horse."]}}}), r"'pets', en: no pattern finds the hit 'A horse\.'"),
        (MarketChanges(add={"pets": PETS | {"misses": {"en": ["My dog."]}}}), r"'pets', en: a pattern finds the miss"),
        (
            MarketChanges(add={"pets": LEANING | {"praises": {"en": ["slept"]}}}),
            r"expected neither, found praise in 'Our dog slept\.'",
        ),
        (MarketChanges(add={"pets": PETS | {"complaints": {"en": [r"(a+)+b"]}}}), r"hostile sentence"),
        (MarketChanges(add={"pets": PETS | {"patterns": {"en": [r"(a+)+b"]}}}), r"hostile sentence"),
        (
            MarketChanges(add={"pets": PETS | {"patterns": {"en": [r"(?:dog ?)+(?:dog ?)+(?:dog ?)+(?:dog ?)+cat"]}}}),
            r"hostile sentence",
        ),
    ],
)
def test_a_theme_that_cannot_be_used_is_named(changes: MarketChanges, message: str) -> None:
    with pytest.raises(themes.ThemeError, match=message):
        themes.load_taxonomy(changes)


@pytest.mark.parametrize(
    ("sentence", "leaning"),
    [
        ("They turned away our dog.", -1),
        ("Our dog was welcomed.", 1),
        ("Our dog was never turned away.", 1),
        ("Our dog was not turned away at all.", 1),
        ("Our dog wasn't really welcomed.", -1),
        ("They not only turned away our dog.", -1),
        ("I was worried they turned away dogs.", None),
        ("Our dog was welcomed, our cat turned away.", None),
        ("Our dog slept.", None),
    ],
)
def test_a_market_theme_says_which_way_a_sentence_leans(sentence: str, leaning: int | None) -> None:
    taxonomy = themes.load_taxonomy(MarketChanges(add={"pets": LEANING}))
    assert taxonomy.leanings(sentence, "en", ("pets",)).get("pets") == leaning
    assert taxonomy.leanings(sentence, "en", ("price_value",)).get("pets") is None
    assert taxonomy.version != themes.load_taxonomy(MarketChanges(add={"pets": PETS})).version


@pytest.mark.parametrize(
    ("sentence", "language", "theme", "leaning"),
    [
        ("배송이 늦지 않았어요.", "ko", "delivery_punctuality", 1),
        ("추가 요금 없이 잘 썼어요.", "ko", "fees_billing", 1),
        ("배송이 늦을까 봐 걱정했어요.", "ko", "delivery_punctuality", None),
        ("그동안 연락이 전혀 없었어요, 전혀 답변이 없어요.", "ko", "support_wait", -1),
        ("좋을 줄 알았는데 배송이 너무 늦어요.", "ko", "delivery_punctuality", -1),
        ("遅れることなく届きました。", "ja", "delivery_punctuality", 1),
        ("電話がつながらない。", "ja", "support_wait", -1),
        ("There were no hidden fees.", "en", "fees_billing", 1),
        ("We never had to wait on hold.", "en", "support_wait", 1),
        ("The delivery was never once late.", "en", "delivery_punctuality", 1),
    ],
)
def test_a_denied_complaint_is_a_praise(sentence: str, language: str, theme: str, leaning: int | None) -> None:
    assert themes.load_taxonomy().leanings(sentence, language, (theme,)).get(theme) == leaning


def test_a_market_pattern_in_capitals_is_found() -> None:
    taxonomy = themes.load_taxonomy(
        MarketChanges(add={"wifi": PETS | {"patterns": {"en": ["Wi-Fi"]}, "hits": {"en": ["Bad wi-fi."]}}})
    )
    assert "wifi" in taxonomy.themes_of("No WI-FI there.", "en")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="abdegiloprstuwy '.가격환불배送返品料金値", max_size=60), st.sampled_from(LANGUAGES))
def test_the_literals_in_front_of_the_patterns_lose_nothing(text: str, language: str) -> None:
    taxonomy = themes.load_taxonomy()
    read, _ = matcher.read(text, language)
    places = [place for place in range(len(read) + 1) if matcher.begins(read, place, language)]

    def stands(pattern: str) -> bool:
        return any(matcher.compiled(pattern).match(read, place) for place in places)

    for theme in taxonomy.themes_of(text, language):
        assert any(stands(pattern) for pattern in themes.default_entries()[theme].patterns[language])
    for theme, entry in themes.default_entries().items():
        if not entry.guards.get(language) and any(stands(pattern) for pattern in entry.patterns[language]):
            assert theme in taxonomy.themes_of(text, language)


@pytest.mark.parametrize(
    ("sentence", "language", "theme", "carried"),
    [
        ("직원 태도가 나빠요", "ko", "staff_attitude", True),
        ("상품상태도 좋아요", "ko", "staff_attitude", False),
        ("이상한 음악이 나와요", "ko", "product_quality", False),
        ("불친절해요", "ko", "staff_attitude", True),
        ("味が薄い", "ja", "product_quality", True),
        ("意味が薄い", "ja", "product_quality", False),
        ("丈夫な鞄", "ja", "product_quality", True),
        ("明日なら大丈夫です", "ja", "product_quality", False),
        ("リモコンアプリが便利", "ja", "website_app", True),
    ],
)
def test_a_wording_begins_where_a_morpheme_begins(sentence: str, language: str, theme: str, carried: bool) -> None:
    assert (theme in themes.load_taxonomy().themes_of(sentence, language)) == carried


def test_a_longer_word_that_ends_like_a_praise_is_none() -> None:
    assert themes.load_taxonomy().leanings("양에 비해 너무 비싸요", "ko", ("price_value",)) == {"price_value": -1}


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        (r"\b(?:late|slow)\b", ["too late", "SLOW", "slowly"]),
        (r"a[|)]b|c\|d|(?:e|f)g", ["a|b", "a)b", "c|d", "eg", "fg", "e"]),
        (r"[]|]x|y", ["]x", "|x", "y", "x"]),
        (r"\b(?:a)|(?:b)\b", ["a", "b", "cb", "bc"]),
        (r"don'?t (?:use|rent)", ["don't use", "dont rent", "do not use"]),
        (r"(?i)Refund|x", ["refund", "x"]),
        (r"가격(?:이|은)|배송", ["가격이", "배송", "가격"]),
        (r"\w+", ["word", "-"]),
        (r"\bapps?\b", ["the app", "apps", "map", "an apple"]),
        (r"\ba?b|\bc", ["ab", "b", "c", "bc"]),
        (r"\b(?:will|we'll) (?:soon )?be back\b", ["we will be back", "we'll soon be back", "we will come back", "be back"]),
        (r"\bn(?:ot|ever) (?:a (?:good|bad)|the) one", ["not a bad one", "never the one", "knot the one"]),
    ],
)
def test_alternatives_and_literals_stand_for_their_pattern(pattern: str, texts: list[str]) -> None:
    for text in texts:
        tokens = "".join(f"<{token}>" for token in literals.TOKEN.findall(text.lower()))
        parts = literals.alternatives(pattern)
        assert any(re.search(part, text) for part in parts) == bool(re.search(pattern, text)), (parts, text)
        for part in parts:
            if re.search(part, text):
                assert all(any(one in tokens for one in clause) for clause in literals.required(part).literals), (part, text)
                assert literals.required(part).phrase in text.lower(), (part, text)
            found = [match.span() for match in matcher.compiled(part).finditer(text)]
            assert found == [match.span() for match in re.finditer(part, text, matcher.compiled(part).flags)], (part, text)


@pytest.mark.parametrize("piece", ["refund ", "a", "the owner was ", "환불", "返品", "don't ", "?!", "배송이 "])
def test_hostile_text_is_matched_in_linear_time(piece: str) -> None:
    taxonomy = themes.load_taxonomy()

    def match(size: int) -> None:
        for language in LANGUAGES:
            taxonomy.themes_of(piece * size, language)
            taxonomy.leanings(piece * size, language, DEFAULTS)
            taxonomy.reaches(piece * size, language)

    assert in_proportion(match, 200_000)
