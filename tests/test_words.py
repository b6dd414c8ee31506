"""Sentences in three languages: formats of values, messages that SQL builds, escaping."""

import string
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from pipeline.words import FORMATS, LANGUAGES, Words, WordsError, register
from tests import catalogs
from warehouse import build


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", "1,234 | May 31, 2026 | May 2026 | 12% | 3.4% | −0.20 | +12 | = 0.012 | < 0.001 | a, b, and c | a, b, and c"),
        ("ko", "1,234 | 2026. 5. 31. | 2026년 5월 | 12% | 3.4% | −0.20 | +12 | = 0.012 | < 0.001 | a, b 및 c | a · b · c"),
        ("ja", "1,234 | 2026/05/31 | 2026年5月 | 12% | 3.4% | −0.20 | +12 | = 0.012 | < 0.001 | a、b、c | a、b、c"),
    ],
)
def test_values_read_as_the_language_writes_them(language: str, wanted: str) -> None:
    template = (
        "{n} | {on:day} | {on:month} | {a:pct} | {b:pct} | {c:net} | {a:points} | {q:q} | {r:q} | {items:listed} | {items:names}"
    )
    values = {
        "n": 1234,
        "on": "2026-05-31",
        "a": 0.123,
        "b": 0.034,
        "c": -0.2,
        "q": 0.0123,
        "r": 0.0004,
        "items": ["a", "b", "c"],
    }
    assert Words(language).say(template, **values) == wanted


def test_what_rounds_to_nothing_has_no_sign_and_what_is_unknown_is_a_dash() -> None:
    assert Words().say("{a:net} {b:net} {c:pct}", a=-0.001, b=None, c=None) == "0.00 – –"


def test_a_moment_is_the_readers_day() -> None:
    late = datetime(2026, 5, 31, 20, 0, tzinfo=UTC)
    assert Words("en", ZoneInfo("Asia/Seoul")).day(late) == "Jun 1, 2026"
    assert Words("en").day(date(2026, 5, 31)) == "May 31, 2026"
    moments = [Words(language, ZoneInfo("Asia/Seoul")).moment(late) for language in ("en", "ko", "ja")]
    assert moments == ["Jun 1, 2026, 05:00", "2026. 6. 1. 05:00", "2026/06/01 05:00"]


def test_sql_builds_messages_that_hold_names_and_further_messages() -> None:
    with build.connect() as con:
        register(con)
        said = con.execute(
            """select english(json_object(
                'say', '{n} review of {theme:label} {when}', 'many', '{n} reviews of {theme:label} {when}', 'n', n,
                'theme', json_object('en', 'Delivery', 'ko', '배송'), 'when', json_object('say', 'in {month:month}', 'month', date '2026-02-01')
            )) from (values (1), (2)) as t (n) union all select english(null)"""
        ).fetchall()
    assert said == [("1 review of delivery in Feb 2026",), ("2 reviews of delivery in Feb 2026",), (None,)]
    assert Words("ko").message({"say": "{theme:label}", "theme": {"en": "Delivery", "ko": "배송"}}) == "배송"


def test_a_template_that_does_not_fit_its_values_is_told() -> None:
    with pytest.raises(WordsError, match="Expected a value 'n'"):
        Words().say("{n} reviews")
    with pytest.raises(WordsError, match=r"found none in '\{share\}'"):
        Words().say("{share}", share=0.5)
    with pytest.raises(WordsError, match="found 'percent'"):
        Words().say("{share:percent}", share=0.5)


@given(st.text(), st.sampled_from(LANGUAGES))
def test_a_value_is_never_read_as_a_template_or_as_markup(text: str, language: str) -> None:
    words = Words(language)
    assert words.say("»{x}«", x=text) == f"»{text}«"
    assert words.html("<{x}>", x=text) == Markup("&lt;{}&gt;").format(text)


def test_each_format_is_a_method() -> None:
    assert all(callable(getattr(Words(), name)) for name in FORMATS)


def names_in(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("language", sorted({*LANGUAGES} - {"en"}))
def test_every_word_of_the_product_is_translated_and_names_the_same_values(language: str) -> None:
    """What fails here: `make catalogs`, then translate in pipeline/catalogs."""
    wanted = catalogs.templates()
    held = {message.id: message for message in catalogs.held(language) if message.id}
    assert wanted.keys() == held.keys()
    for template, message in held.items():
        said = [message.string] if isinstance(message.string, str) else [*message.string]
        assert all(said), f"not translated: {template}"
        assert not message.fuzzy, f"not sure: {template}"
        values = names_in("".join([template] if isinstance(template, str) else template))
        assert all(names_in(text) == values for text in said), f"{template} and {said} do not name the same values"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_format_that_a_translation_names_is_one(language: str) -> None:
    forms = {
        form
        for message in catalogs.held(language)
        for text in ([message.string] if isinstance(message.string, str) else message.string)
        for _, name, form, _ in string.Formatter().parse(text)
        if name and form
    }
    assert forms <= FORMATS


def test_templates_are_found_wherever_words_stand() -> None:
    places = {place for each in catalogs.templates().values() for place in each}
    assert {"pipeline/report/wording.py", "warehouse/sql/mart/tows.sql", "pipeline/swot/journeys.toml"} <= places
    sql = "select json_object('say', case when a then 'It''s {n}' else 'B' end, 'n', json_object('say', 'C', 'many', 'Cs'))"
    assert list(catalogs.of_sql(sql)) == ["It's {n}", "B", ("C", "Cs")]
    assert list(catalogs.of_python("""f"{w.say('a')}"; self.plural("b", "c", n=1); say("d"); w.say(e)""")) == [
        ("b", "c"),
        "d",
        "a",
    ]


def test_only_the_tables_that_people_read_call_english() -> None:
    """An analyst runs the SQL of metrics and rules anew (`rivalscope sql --explain`), where no such function is."""
    calling = {path.parent.name for path in build.SQL.rglob("*.sql") if "english(" in path.read_text(encoding="utf-8")}
    assert calling == {"mart", "mart_unflagged"}
