"""FAQ pages, contact points and search results: what holds for every page of theirs, and hostile input."""

import contextlib
import importlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spiders.contacts import site
from spiders.faqs import faq_page
from spiders.items import FaqEntry, Record, SearchResult, UnexpectedPage, line
from spiders.reading import wording
from spiders.reading.flow import Flow, soup_of

PAGES = Path(__file__).parent / "pages"
MODULES = {"faq_page": "faqs", "help_centre": "faqs", "site": "contacts", "search_api": "rankings", "search_page": "rankings"}
URL = "https://www.shop.example/page"
BUSY_SECONDS = 100
"""CPU time that the worst page may take; the slowest here takes 8 on a busy machine."""

Parser = Callable[[str, str], Iterator[Record]]


def parser(source: str) -> Parser:
    parse: Parser = importlib.import_module(f"spiders.{MODULES[source]}.{source}").parse
    return parse


def frozen() -> list[Path]:
    found = (path for source in MODULES for path in sorted((PAGES / source).iterdir()))
    return [
        path for path in found if path.suffix == ".html" or (path.parent.name == "search_api" and ".records." not in path.name)
    ]


# --- what holds for every page --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", MODULES)
@pytest.mark.parametrize("text", ["", " ", "not a page", "[1, 2]", '"x"', "\0\0"])
def test_what_is_no_page_of_the_source_is_refused_with_a_message(source: str, text: str) -> None:
    with pytest.raises(UnexpectedPage, match=rf"{source}: expected .*{URL}"):
        list(parser(source)(text, URL))


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, str]:
    """A frozen page with pieces cut out, doubled, or replaced."""
    page = draw(st.sampled_from(frozen()))
    text = page.read_text("utf-8")
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(0, len(text) - 1)))
        stop = min(len(text), start + draw(st.integers(0, 200)))
        put = draw(
            st.sampled_from(["", "<", ">", '"', "</div>", "<h2>", "<dl><dt>", "&#0;", "\ud800", "http://[", "null", "{", "?"])
        )
        text = draw(st.sampled_from([text[:start] + put + text[stop:], text[:stop] + text[start:], text[start:]]))
    return page.parent.name, text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_a_damaged_page_gives_records_or_is_refused(case: tuple[str, str]) -> None:
    source, text = case
    try:
        records = list(parser(source)(text, URL))
    except UnexpectedPage:
        return
    for record in records:
        orjson.dumps(line(record, b"key"))
        if isinstance(record, FaqEntry):
            assert record.question.strip()
            assert record.answer.strip()
        if isinstance(record, SearchResult):
            assert (record.rank is None) == (record.status != "observed")


HOSTILE = {
    "links that never close": '<a href="https://a.example/">',
    "elements within elements": "<div>",
    "nothing but questions": "<h3>Why?</h3><p>x</p>",
    "buttons": "<button aria-expanded=false>Why?</button>",
    "toggles of one panel": '<a data-target="#x">Why?</a>',
    "a list without end": "<dt>Why?<dd>x",
    "lists within lists": "<dl><dt>Why?<dd>",
    "white space": "\t \n ",
    "italics": "<i>Why?</i><br>x<br>",
    "lines of one class": "<p class=a>Why?</p><p class=b>x</p><div class=c>Who?<div class=d>x</div></div>",
    "at signs": "a@",
    "a host of dots": "b.",
    "comments in code": " /*",
    "brackets": "<",
    "result titles": '<a href="https://a.example/"><h3>x</h3></a>',
    "headings without links": "<h3>x</h3>",
    "objects within objects": '{"a":',
}
OPENINGS = {
    "faq_page": "<title>FAQ</title><h1>FAQ</h1><dl>",
    "help_centre": "<title>Help</title><body><nav class=breadcrumb><a href=/a>A</a></nav><main><article><h1>Help</h1>",
    "site": "<body><script>x</script><p>a@",
    "search_page": "<title>x - Google Search</title>",
    "search_api": "",
}


@pytest.mark.slow
@pytest.mark.parametrize("source", MODULES)
@pytest.mark.parametrize("name", HOSTILE)
def test_two_megabytes_of_one_thing_take_bounded_time(source: str, name: str) -> None:
    text = OPENINGS[source] + HOSTILE[name] * (2_000_000 // len(HOSTILE[name]))
    begun = time.process_time()
    with contextlib.suppress(UnexpectedPage):
        assert len(list(parser(source)(text, URL))) <= 2_000
    assert time.process_time() - begun < BUSY_SECONDS


def test_thousands_of_heads_in_deep_elements_take_bounded_time() -> None:
    inner = "<h3>Why?</h3><p>x</p><button>Why?</button><b>Why?</b>" * 8_000
    begun = time.process_time()
    list(faq_page.parse(f"<h1>FAQ</h1>{'<div>' * 1_500}{inner}", URL))
    assert time.process_time() - begun < BUSY_SECONDS


def test_plain_lines_that_ask_in_deep_elements_take_bounded_time() -> None:
    nested = "".join(f"<span class=a>Why {n}?</span><div class=b>" for n in range(1_500)) + " " * 1_000_000 + "</div>" * 1_500
    flat = "".join(f"<p class=c>Why {n}?</p><p class=d>x</p>" for n in range(10_000))
    begun = time.process_time()
    assert len(list(faq_page.parse(f"<h1>FAQ</h1>{nested}{flat}", URL))) <= 2_000
    assert time.process_time() - begun < BUSY_SECONDS


# --- questions --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Can I pay later?",
        "배송은 언제 되나요",
        "반품할 수 있을까요",
        "返品できますか",
        "会員とは",
        "Puis-je payer ?",
        "退货吗",
        "Why (E-403)? It fails",
    ],
)
def test_questions_ask_with_or_without_a_mark(text: str) -> None:
    assert wording.asks(text)


@pytest.mark.parametrize("text", ["Payments", "결제", "お支払い", "https://a.example/?q=1", "Overview", "배송 안내"])
def test_headings_that_state_do_not_ask(text: str) -> None:
    assert not wording.asks(text)


@pytest.mark.parametrize(
    "text",
    [
        "Was this article helpful?",
        "Still have questions?",
        "도움이 되었나요?",
        "この記事は役に立ちましたか？",
        "Can't find what you're looking for?",
    ],
)
def test_what_asks_the_reader_is_no_question_of_the_page(text: str) -> None:
    assert wording.is_feedback(text)


@pytest.mark.parametrize(
    ("printed", "bare"),
    [
        ("3.1.2. Which one?", "Which one?"),
        ("Q2: Which?", "Which?"),
        ("Q. 언제?", "언제?"),
        ("2 nights or 3?", "2 nights or 3?"),
        ("Why? ¶", "Why?"),
    ],
)
def test_numbers_and_marks_around_a_question_go(printed: str, bare: str) -> None:
    assert wording.bare_question(printed) == bare


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What does it mean?", "1 answer(s)\nIt means copper."),
        ("Is it heavy?", "Not for me.\nAnswered by marrow77, 3 May 2031"),
        ("Does it whistle?", "by Anonymous November 26, 2031\nMine does."),
        ("New here?", "1463 Topics\n7570 Posts\nLast post by marrow"),
        ("Any news?", "Replies: 12\nmarrow"),
        ("Is the lid loose? 2 answers", "No."),
        ("써 보신 분 있나요?", "답변 3개\n저요"),
        ("使った方いますか？", "はい。\n回答数：4件"),
    ],
)
def test_what_visitors_ask_and_answer_is_no_faq(question: str, answer: str) -> None:
    assert wording.is_talk(question, answer)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many posts may I write a day?", "5 posts"),
        ("How long does it take?", "3 days"),
        ("How do I pay?", "By phone until March 3, 2031\nBy card."),
        ("Who wrote this?", "By the support team, 3 May 2031"),
        ("Why are there 2 answers?", "One is old."),
        ("답변은 어디서 보나요?", "작성자 관리자 2031.05.01\n내 문의에서 봅니다."),
    ],
)
def test_what_a_company_answers_is_no_talk(question: str, answer: str) -> None:
    assert not wording.is_talk(question, answer)


@pytest.mark.parametrize(
    "text", ["Read the answer", "Learn more →", "자세히 보기", "답변 확인하기 >", "回答を見る", "詳しくはこちら"]
)
def test_a_way_to_the_answer_is_no_answer(text: str) -> None:
    assert wording.answers_elsewhere(text)


@pytest.mark.parametrize(
    "text", ["See the lid.", "Read more than one manual.", "답변 메일을 확인해 주세요.", "desk@kettle.example"]
)
def test_a_short_answer_is_one(text: str) -> None:
    assert not wording.answers_elsewhere(text)


def test_a_faq_may_speak_as_one_person() -> None:
    asked = ("Do you ship abroad?", "Do you take cards?", "Can you engrave it?")
    said = "".join(f"<h2>{question}</h2><p>I do, on Mondays.</p>" for question in asked)
    assert len(list(faq_page.parse(f"<title>FAQ</title><h1>FAQ</h1>{said}", URL))) == 3
    assert not list(faq_page.parse(f"<title>Q&amp;A with a smith</title><h1>A smith</h1>{said}", URL))


def test_the_order_of_groups_and_a_repeated_table_of_contents_change_nothing() -> None:
    groups = [f"<h2>Group {g}</h2>" + "".join(f"<h3>Is it {g}{n}?</h3><p>Yes {g}{n}.</p>" for n in "abc") for g in "xyz"]
    contents = "<ul>" + "".join(f'<li><a href="#{g}">Is it {g}a?</a></li>' for g in "xyz") + "</ul>"

    def found(html: str) -> set[tuple[str, str, str | None]]:
        return {(e.question, e.answer, e.group) for e in faq_page.parse(f"<h1>FAQ</h1>{html}", URL)}

    assert len(found("".join(groups))) == 9
    assert found("".join(groups)) == found(contents + "".join(reversed(groups)))


def test_text_of_a_page_is_what_a_reader_sees() -> None:
    flow = Flow(soup_of("<p>one <b>two</b><br>three<!-- four --><script>five</script></p><p>six&nbsp;</p>"))
    assert flow.text(0, len(flow.pieces)) == "one two\nthree\nsix"


# --- contacts ---------------------------------------------------------------------------------------------------------------


def test_contact_pages_of_the_same_host_are_followed_and_no_others() -> None:
    html = """<a href="/about">About</a><a href="/help/1">Help</a><a href="/kontakt">x</a><a href="/contact#form">Contact</a><a href="/contact">Contact</a>
    <a href="https://help.other.example/contact">Contact</a><a href="/c/7">고객센터</a><a href="/d">お問い合わせ</a><a href="mailto:support@shop.example">support</a>"""
    assert list(site.contact_links(html, URL)) == [
        f"https://www.shop.example{path}" for path in ("/kontakt", "/contact", "/c/7", "/d", "/help/1")
    ]


@pytest.mark.parametrize("text", ["kettle@2x.png", "a@b", "user@host..example", "@handle", "me@localhost"])
def test_what_only_looks_like_an_address_is_none(text: str) -> None:
    assert [p for p in site.parse(f"<p>{text}</p>", URL) if p.kind == "email"] == []
