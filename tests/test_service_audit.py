"""What FAQ pages, contact pages, posts and rankings tell a strategist: how an entry is read, and the whole way from landing files."""

import string
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_warehouse import MARKET, crawl, day, one, review

from pipeline.market import SwotSettings
from pipeline.swot import swot
from pipeline.text import faq
from pipeline.text.score import score
from pipeline.text.wording.themes import load_taxonomy
from spiders.items import ContactPoint, FaqEntry, Post, SearchResult
from tests.growth import in_proportion
from warehouse import build, load, publish

TAXONOMY = load_taxonomy()
LANGUAGES = ("en", "ko", "ja")


def read(question: str, answer: str, stated: str | None = None) -> faq.Reading:
    return faq.read(question, answer, taxonomy=TAXONOMY, languages=LANGUAGES, stated=stated)


# --- one entry --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "known"),
    [
        ("The cat sat on the mat.", 116),
        ("This sentence, taken as a reading passage unto itself, is being used to prove a point.", 69),
        ("The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.", 37.5),
    ],
)
def test_reading_ease_of_sentences_whose_score_is_published(sentence: str, known: float) -> None:
    assert faq.flesch([sentence]) == pytest.approx(known, abs=0.5)


def test_long_words_and_long_sentences_read_harder() -> None:
    plain = faq.flesch(["You can send it back.", "We pay you at once."])
    wordy = faq.flesch(["Reimbursement applications necessitate documentation.", "Authorisation is compulsory for all."])
    joined = faq.flesch(["You can send it back and we pay you at once."])
    assert plain is not None
    assert wordy is not None
    assert joined is not None
    assert plain > joined > wordy


def test_addresses_and_keys_are_no_words() -> None:
    prose = "Write to our team and we will help you."
    assert faq.flesch([prose]) == faq.flesch([f"{prose} help@alpine.example https://alpine.example/authorisation/documentation"])


def test_each_language_is_measured_by_its_own_means() -> None:
    english = read("How do I get a refund?", "Send it back to us and we pay you within five days.")
    korean = read("환불은 어떻게 받나요?", "상품을 보내 주시면 됩니다. 5일 안에 환불해 드립니다.")
    japanese = read("返金はいつですか？", "商品を返送してください。五日以内に返金します。")
    assert (english.language, korean.language, japanese.language) == ("en", "ko", "ja")
    assert english.flesch is not None
    assert (korean.flesch, japanese.flesch) == (None, None)
    assert (english.kanji_share, korean.kanji_share) == (None, None)
    # 商品 返送 / 五日以内 返金: ten of twenty-one letters.
    assert japanese.kanji_share == pytest.approx(10 / 21, abs=1e-4)
    assert (korean.sentences, japanese.sentences) == (2, 2)
    assert korean.words == 8
    assert japanese.words is None


def test_themes_come_from_question_and_answer_and_the_questions_own_are_told() -> None:
    entry = read("How do I get a refund?", "You get your money back. The courier picks the parcel up; delivery takes two days.")
    assert "returns_refunds" in entry.question_themes
    assert "delivery_punctuality" in entry.themes
    assert "delivery_punctuality" not in entry.question_themes
    assert set(entry.question_themes) <= set(entry.themes)


def test_an_answer_without_letters_has_no_numbers_to_compare() -> None:
    entry = read("Price?", "— … —")
    assert (entry.language, entry.words, entry.characters, entry.characters_per_sentence, entry.flesch) == (
        "und",
        None,
        0,
        None,
        None,
    )


@pytest.mark.parametrize(
    "piece",
    ["a", "a ", "。", "환불 ", "<", "a.b", "返品", "refund me now! ", "e'", "\u202e\x00", "supercalifragilistic-", "1.", "ﾃﾞ"],
)
def test_hostile_text_costs_little(piece: str) -> None:
    assert in_proportion(lambda size: read(piece * size, piece * size), 300_000)


@given(question=st.text(max_size=200), answer=st.text(max_size=400), stated=st.sampled_from([None, "en", "ja", "ko", "xx", ""]))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read_within_bounds_and_twice_the_same(question: str, answer: str, stated: str | None) -> None:
    entry = read(question, answer, stated)
    assert entry == read(question, answer, stated)
    assert entry.characters >= 0
    assert entry.kanji_share is None or 0 <= entry.kanji_share <= 1
    assert entry.flesch is None or entry.flesch < 207


@given(st.lists(st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=12), min_size=5, max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_order_of_words_never_matters_to_reading_ease(words: Sequence[str]) -> None:
    assert faq.flesch([" ".join(words)]) == pytest.approx(faq.flesch([" ".join(reversed(words))]))


# --- from landing files to the marts ------------------------------------------------------------------------------------------


def target(name: str) -> load.TargetFact:
    brand, kind, source = name.split(".")
    return load.TargetFact(
        target=name, brand=brand, kind=kind, source="any", name=source, basis="public_page", url=f"https://{brand}.example/{kind}"  # type: ignore[arg-type]
    )  # fmt: skip


HELP, BLOG, WEB = "zinnia.faq.help", "zinnia.mentions.blog", "market.ranking.web"
WIDE = replace(
    MARKET,
    targets=(
        *MARKET.targets,
        *(target(name) for name in ("aster.faq.help", "aster.contact.site", BLOG, "aster.mentions.blog")),
    ),
    themes=tuple(load.ThemeFact(theme=t.id, name=t.name, names=dict(t.names), stage=t.stage) for t in TAXONOMY.themes),
)


def told(data: Path, number: int) -> duckdb.DuckDBPyConnection:
    """The build of run r<number> through all rooms, with every check held."""
    file = data / "build" / f"r{number}.duckdb"
    load.load(file, data / "landing", data / "rejected", run_id=f"r{number}", as_of=day(number), market=WIDE)
    score(file, data / "scores", languages=LANGUAGES, brand_locales={}, taxonomy=TAXONOMY, progress=lambda _: None)
    swot(file, settings=SwotSettings(window_days=7))
    con = build.connect(file, read_only=True)
    assert publish.run_checks(con) == []
    assert build.undocumented(con) == []
    return con


def results(draws: Sequence[Sequence[str]], keyword: str = "tent", **other: Any) -> Iterator[SearchResult]:
    """One search whose draws gave these hosts, in order."""
    for draw, hosts in enumerate(draws, 1):
        for rank, host in enumerate(hosts, 1):
            yield SearchResult(
                keyword=keyword, engine="web", locale="en", draw=draw, rank=rank, depth=len(hosts), url=f"https://{host}/{keyword}",
                title=f"{host} on {keyword}", **other,
            )  # fmt: skip


def entry(question: str, answer: str, **other: Any) -> FaqEntry:
    return FaqEntry(question=question, answer=answer, url="https://zinnia.example/help", **other)


@pytest.mark.slow
def test_changes_of_a_faq_are_told_and_noise_and_failed_crawls_are_not(tmp_path: Path) -> None:
    stays = "Free within 14 days. {n} people found this helpful"
    crawl(
        tmp_path,
        1,
        [entry("How do I cancel?", stays.format(n=3)), entry("Fees?", "None."), entry("Phone?", "Call 1.")],
        target=HELP,
    )
    crawl(tmp_path, 2, [entry("How do I cancel?", stays.format(n=4))], target=HELP, outcome="rejected", reason="too few")
    crawl(tmp_path, 3, [], target=HELP, outcome="failed", reason="no answer")
    with told(tmp_path, 3) as con:
        assert con.execute("from mart.faq_change").fetchall() == []
    crawl(
        tmp_path, 4,
        [entry("HOW DO I CANCEL", stays.format(n=1_250)), entry("Fees?", "Two per cent."), entry("Where are you?", "In Busan.")],
        target=HELP,
    )  # fmt: skip
    with told(tmp_path, 4) as con:
        changes = con.execute(
            "select change, question, old_answer, new_answer, first_seen_at, last_seen_before_at, still_so"
            " from mart.faq_change order by all"
        ).fetchall()
        between = (day(4).replace(tzinfo=None), day(1).replace(tzinfo=None), True)
        assert changes == [
            ("answer changed", "Fees?", "None.", "Two per cent.", *between),
            ("question added", "Where are you?", None, "In Busan.", *between),
            ("question removed", "Phone?", "Call 1.", None, *between),
        ]
        # What is no longer there is not read.
        assert con.execute(
            "select e.question from text.faq as f join core.faq_entry as e using (entry_id) order by all"
        ).fetchall() == [("Fees?",), ("HOW DO I CANCEL",), ("Where are you?",)]


def test_the_audit_gives_parts_with_their_status_and_no_score(tmp_path: Path) -> None:
    complaints = [review(str(n), "The refund never came, terrible.", rating=1) for n in range(6)]
    complaints += [review(f"w{n}", "I waited forty minutes on hold, awful.", rating=1) for n in range(3)]
    crawl(tmp_path, 9, complaints)
    crawl(
        tmp_path, 9,
        [
            entry("How do I get a refund?", "Send it back and we pay you.", updated_at=date(2025, 3, 1), clicks=2, language="en"),
            entry("Is it waterproof?", "Yes, all our tents are made for rain.", updated_at=date(2020, 1, 1), clicks=1, language="en"),
        ],
        target=HELP,
    )  # fmt: skip
    reach = [
        ContactPoint(kind="chat", vendor="Parley", value=None, clicks=0),
        ContactPoint(kind="hours", vendor=None, value="Mon-Fri 9-17"),
        ContactPoint(kind="promise", vendor=None, value="within one day", within_hours=24),
        ContactPoint(kind="help", vendor=None, value="https://zinnia.example/help", clicks=0),
        ContactPoint(kind="language", vendor=None, value="en"),
        ContactPoint(kind="language", vendor=None, value="ko"),
    ]
    crawl(tmp_path, 9, reach, target="zinnia.contact.site")
    crawl(tmp_path, 9, [], target="aster.faq.help", outcome="blocked", reason="captcha", alarm="blocked")
    with told(tmp_path, 9) as con:
        audit = {
            part: (value, status)
            for part, value, status in con.execute(
                "select part, round(value, 3), status from mart.service_audit where brand = 'zinnia'"
            ).fetchall()
        }
        refunds, waits = (
            one(
                con,
                f"select negative_count from metric.theme_brand where brand = 'zinnia' and theme = '{t}' and \"window\" = 'all'",
            )[0]
            for t in ("returns_refunds", "support_wait")
        )
        assert refunds >= 6
        assert waits >= 3
        assert 0 < audit["topic_coverage"][0] < 1
        assert audit["faq_entries"] == (2, "measured")
        assert audit["fresh_share"] == (0.5, "measured")
        assert audit["clicks_to_help"] == (1, "measured")
        assert audit["clicks_to_entry"] == (1.5, "measured")
        assert audit["contact_channels"] == (1, "measured")
        assert audit["response_promise_hours"] == (24, "measured")
        assert audit["languages_offered"] == (2, "measured")
        assert audit["search_box"] == (0, "measured")
        # A chat is there. Who answers it nobody said.
        assert audit["chat_widgets"] == (1, "measured")
        assert audit["chat_human_stated"] == audit["chat_bot_stated"] == (None, "not stated")
        assert "score" not in " ".join(audit)
        rival = con.execute(
            "select distinct value, status from mart.service_audit where brand = 'aster' and area = 'answers'"
        ).fetchall()
        assert rival == [(None, "blocked")]
        assert one(con, "select status, alarm from mart.coverage where target = 'aster.faq.help'") == ("blocked", "blocked")
        untreated = one(con, "select detail from mart.service_audit where brand = 'zinnia' and part = 'topic_coverage'")[0]
        assert "(3)" in untreated


def test_a_walk_that_was_cut_removes_no_question_and_measures_no_zero(tmp_path: Path) -> None:
    cut = {
        "measured": {"unread_links": 37},
        "errors": ["site: stopped at 10 pages with 37 links unread. Raise options.max_pages."],
    }
    crawl(tmp_path, 1, [entry("Fees?", "None."), entry("Phone?", "Call 1.")], target=HELP)
    crawl(tmp_path, 2, [entry("Fees?", "None."), entry("Where are you?", "In Busan.")], target=HELP, **cut)
    crawl(tmp_path, 2, [ContactPoint(kind="email", vendor=None, value="a@zinnia.example")], target="zinnia.contact.site", **cut)
    with told(tmp_path, 2) as con:
        assert con.execute("select change, question from mart.faq_change order by all").fetchall() == [
            ("question added", "Where are you?"),
            ("question not reached", "Phone?"),
        ]
        parts = "('contact_channels', 'hours_stated', 'faq_entries')"
        assert con.execute(
            f"select part, value, status from mart.service_audit where brand = 'zinnia' and part in {parts} order by part"
        ).fetchall() == [
            ("contact_channels", 1, "partial"),
            ("faq_entries", 2, "partial"),
            ("hours_stated", None, "stopped early"),
        ]


@pytest.mark.slow
def test_one_draw_gives_the_clicks_of_all_of_a_brands_results_and_stands_until_the_next_that_can_be_trusted(
    tmp_path: Path,
) -> None:
    crawl(tmp_path, 1, list(results([["zinnia.example", "guide.example", "shop.zinnia.example"]])), target=WEB)
    crawl(tmp_path, 2, [], target=WEB, outcome="rejected", reason="too few answers")
    what = "select status, this_run, rank_text from mart.rank_movement where brand = 'zinnia'"
    with told(tmp_path, 1) as con:
        assert one(con, what) == ("answered", "answered", "1")
        assert con.execute("select brand, best_rank, round(click_share, 3) from metric.visibility_keyword").fetchall() == [
            ("aster", None, 0.0),
            ("zinnia", 1.0, 0.395),
        ]
        assert con.execute("select rank_text, verdict from mart.rank_movement order by brand").fetchall() == [
            ("absent within 3", "first check"),
            ("1", "first check"),
        ]
    with told(tmp_path, 2) as con:
        assert one(con, what) == ("answered", "failed", "1")


@pytest.mark.slow
def test_a_rank_is_the_median_of_its_draws_and_moves_only_beyond_their_spread(tmp_path: Path) -> None:
    a, b, c, z = "a.example", "b.example", "c.example", "zinnia.example"
    crawl(tmp_path, 1, list(results([[a, b, z], [a, z, b], [a, b, c, z]])), target=WEB)
    crawl(tmp_path, 2, list(results([[z, a, b], [a, z, b], [a, z, b]])), target=WEB)
    crawl(tmp_path, 3, [SearchResult(keyword="tent", engine="web", locale="en", status="blocked")], target=WEB)
    what = "select rank, spread, earlier_rank, moved_by, verdict, is_movement from mart.rank_movement where brand = 'zinnia'"
    with told(tmp_path, 2) as con:
        assert one(con, what) == (2, 1, 3, 1, "noise", False)
        assert one(con, "select round(click_share, 3) from metric.visibility_keyword where brand = 'zinnia' and age = 0") == (
            0.157,
        )
    with told(tmp_path, 3) as con:
        assert one(con, what) == (None, None, None, None, "not answered", None)
    crawl(tmp_path, 4, list(results([[a, b, c, "d.example", "e.example", z]] * 3)), target=WEB)
    with told(tmp_path, 4) as con:
        assert one(con, what) == (6, 0, 2, -4, "down", True)


def test_who_else_ranks_is_named_by_the_domain_that_was_registered(tmp_path: Path) -> None:
    found = [
        *results([["shop.rival.co.uk", "rival.co.uk", "clips.com", "a.myshopify.com", "b.myshopify.com", "help.zinnia.example"]])
    ]
    found += results([["clips.com", "www.rival.co.uk"]], keyword="camping")
    crawl(tmp_path, 1, found, target=WEB)
    account = ContactPoint(kind="social", vendor="Clips", value="https://www.clips.com/@zinnia")
    crawl(tmp_path, 1, [account], target="zinnia.contact.site")
    with told(tmp_path, 1) as con:
        assert con.execute(
            "select domain, keyword_count, best_rank, known_as from mart.candidate_brand order by position"
        ).fetchall() == [
            ("rival.co.uk", 2, 1.0, None),
            ("clips.com", 2, 1.0, "account"),
            ("a.myshopify.com", 1, 4.0, None),
            ("b.myshopify.com", 1, 5.0, None),
        ]


def test_posts_are_counted_by_what_the_feed_can_show(tmp_path: Path) -> None:
    posts = [Post(native_id=str(n), title=f"Post {n}", published_at=day(n), likes=n if n > 14 else None) for n in range(1, 17)]
    crawl(tmp_path, 15, posts[:15], target=BLOG)
    crawl(tmp_path, 16, posts[8:], target=BLOG)
    with told(tmp_path, 16) as con:
        flow = (
            "select post_count, new_count, current_count, per_week, previous_count, previous_per_week, median_likes, likes_count"
        )
        assert one(con, f"{flow} from mart.post_flow where brand = 'zinnia'") == (16, 1, 7, 7, 7, 7, 15.5, 2)
        assert one(con, f"{flow} from mart.post_flow where brand = 'aster'") == (None,) * 8
        assert one(con, "select status from mart.post_flow where brand = 'aster'") == ("not_asked",)


@pytest.mark.slow
def test_a_feed_that_turned_over_between_two_readings_is_covered_anew(tmp_path: Path) -> None:
    posts = [Post(native_id=str(n), title=f"Post {n}", published_at=day(1 + n // 3)) for n in range(45)]
    crawl(tmp_path, 8, posts[:15], target=BLOG)
    crawl(tmp_path, 15, posts[27:42], target=BLOG)
    flow = "select new_count, new_is_least, current_days, per_week from mart.post_flow where brand = 'zinnia'"
    with told(tmp_path, 15) as con:
        assert one(con, flow) == (15, True, 5, None)
    crawl(tmp_path, 16, posts[30:45], target=BLOG)
    with told(tmp_path, 16) as con:
        assert one(con, flow) == (3, False, 6, None)
