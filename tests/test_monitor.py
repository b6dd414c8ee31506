"""Knowing when a source lies: what a crawl measures, what its history makes expect, and what becomes of a crawl that is not believed."""

import gzip
import json
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.judge import Circumstances, judge
from pipeline.market import Canary, load_market
from pipeline.measure import _step, measure
from pipeline.monitor import HISTORY, LEAST_HISTORY, RULES, rule, watch
from pipeline.run import Run
from pipeline.verdict import told, verdict
from spiders.items import ContactPoint, Kind, SearchResult, Stated, line_fields
from spiders.receipt import PROVENANCE, Job, Monitor, Receipt, file_sha256
from spiders.web.saved import land
from spiders.web.template import fingerprint, similarity, together
from spiders.web.witness import Witness, wall

Row = dict[str, object]
START = date(2026, 1, 5)


def receipt(records: int, *, day: date = START, kind: str = "reviews", stated: Stated | None = None) -> Receipt:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Receipt(
        run_id="r1",
        as_of=at,
        market="pans",
        target="a.reviews.shop",
        brand="a",
        kind=kind,
        source="shop",
        name="shop",
        started_at=at,
        finished_at=at,
        finish_reason="finished",
        records=records,
        pages=3,
        stated=stated,
        fields=(*line_fields(kind), *PROVENANCE),
        outcome="landed",
    )


def review(number: int, **fields: object) -> Row:
    empty: Row = dict.fromkeys(line_fields("reviews"))
    text = f"Review {number} says that the pan is heavy and good."
    told = {
        "native_id": f"r{number}",
        "rating": 4.0,
        "rating_max": 5.0,
        "rating_min": 1.0,
        "text": text,
        "published_at": "2026-01-02",
    }
    return empty | told | fields


def written(path: Path, rows: Iterable[Row]) -> Path:
    lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    path.write_bytes(gzip.compress("".join(f"{line}\n" for line in lines).encode()))
    return path


def verdicts(monitors: Iterable[Monitor]) -> dict[str, str]:
    return {monitor.name: monitor.verdict for monitor in monitors if monitor.verdict in {"warning", "alarm"}}


# --- measuring --------------------------------------------------------------------------------------------------------


def test_what_is_measured_of_reviews(tmp_path: Path) -> None:
    rows = [
        review(1, rating=5.0, language="en", author_hash="a"),
        review(2, rating=1.0, language="en", author_hash="b", published_at="2026-01-01T23:00:00Z"),
        review(3, rating=None, rating_max=None, language="ko", text="", published_at=None),
        review(3, rating=3.0, language="en", text="프라이팬이 무거워요", published_at="2026-04-01"),
    ]
    found = measure(written(tmp_path / "a.gz", rows), receipt(4, stated=Stated(rating=4.2, rating_max=5, count=8))).values
    assert found["record_count"] == found["sample_count"] == 4
    assert found["rated_count"] == 3
    assert found["rating_mean"] == pytest.approx(0.5)
    assert {star: found[f"rating_share_{star}"] for star in range(1, 6)} == pytest.approx(
        {1: 1 / 3, 2: 0, 3: 1 / 3, 4: 0, 5: 1 / 3}
    )
    assert found["stated_gap"] == pytest.approx(0.5 - 0.8)
    assert (found["stated_count"], found["collected_share"]) == (8, 0.5)
    assert (found["fill_rating"], found["fill_text"], found["fill_author_hash"], found["fill_title"]) == (0.75, 0.75, 0.5, 0)
    assert not any(name.removeprefix("fill_") in PROVENANCE for name in found)
    assert found["newest_age_days"] == 3  # from 2 to 5 January; what lies ahead is not the newest
    assert found["future_share"] == found["duplicate_share"] == 0.25
    assert (found["language_share_en"], found["language_share_ko"]) == (0.75, 0.25)
    assert (found["script_share_latin"], found["script_share_hangul"]) == pytest.approx((2 / 3, 1 / 3))


def test_a_large_file_is_measured_by_a_sample_that_keeps_all_lines_of_an_id(tmp_path: Path) -> None:
    chance = random.Random(3)
    rows = [review(n % 150_000, rating=float(chance.choice((1, 5, 5)))) for n in range(200_000)]
    text = "".join(f'{{"native_id":"{r["native_id"]}",{json.dumps(r, separators=(",", ":")).partition(",")[2]}\n' for r in rows)
    path = tmp_path / "large.gz"
    path.write_bytes(gzip.compress(text.encode(), 1))
    found = measure(path, receipt(200_000), canaries=[Canary(native_id="r77", text_start="Review 77 says")]).values
    assert found["record_count"] == 200_000
    assert 40_000 < found["sample_count"] < 60_000
    assert found["duplicate_share"] == pytest.approx(0.25, abs=0.01)
    assert found["rating_share_5"] == pytest.approx(2 / 3, abs=0.01)
    assert found["canary_missed_count"] == 0  # whatever the sample


@given(st.integers(0, 10_000_000))
def test_a_sample_is_bounded_and_lies_within_that_of_a_smaller_file(records: int) -> None:
    step = _step(records)
    assert records / step <= 50_000
    assert step & (step - 1) == 0
    assert step == 1 or records / (step // 2) > 50_000


def test_a_review_is_met_again_by_its_id_or_by_its_author_and_text(tmp_path: Path) -> None:
    before = written(tmp_path / "before.gz", [review(n, author_hash=f"h{n}") for n in range(20)])
    now = [review(n, author_hash=f"h{n}") for n in range(10)]
    now += [
        review(n, native_id=f"other-{n}", rating=1.0, author_hash=f"h{n}") for n in range(10, 14)
    ]  # an id made of the content
    now += [review(n, text="short", native_id=f"new-{n}") for n in range(50, 60)]
    found = measure(written(tmp_path / "now.gz", now), receipt(24), before=before)
    assert (found.values["met_count"], found.values["changed_count"]) == (14, 4)
    assert "read 4 of 2026-01-02 before and reads 1 of 2026-01-02" in found.wrong[0]


@pytest.mark.parametrize(
    ("canary", "wrong", "words"),
    [
        ({"rating": 4}, 0, ""),
        ({"rating": 3}, 1, "a rating of 3, found 4"),
        ({"published_on": "2026-01-02", "text_start": "Review  3 says\nthat"}, 0, ""),
        ({"published_on": "2026-02-01"}, 1, "the day 2026-02-01, found 2026-01-02"),
        ({"text_start": "The kettle"}, 1, "begins 'The kettle', found 'Review 3 s'"),
    ],
)
def test_a_canary_reads_its_known_values(tmp_path: Path, canary: Row, wrong: int, words: str) -> None:
    known = Canary.model_validate({"native_id": "r3"} | canary)
    found = measure(written(tmp_path / "a.gz", map(review, range(5))), receipt(5), canaries=[known])
    assert (found.values["canary_wrong_count"], found.values["canary_missed_count"]) == (wrong, 0)
    assert words in "".join(found.wrong)


def test_of_faq_entries_contacts_searches_and_posts_a_sensible_part_is_measured(tmp_path: Path) -> None:
    faq = [{"question": "When?", "answer": "On Monday."}, {"question": "언제?", "answer": "월요일"}]
    found = measure(written(tmp_path / "f.gz", faq), receipt(2, kind="faq")).values
    assert {name: value for name, value in found.items() if not name.startswith("fill_")} == {
        "record_count": 2,
        "sample_count": 2,
        "duplicate_share": 0,
        "text_length_mean": 6.5,
        "script_share_latin": 0.5,
        "script_share_hangul": 0.5,
    }
    contacts = [{"kind": "chat"}, {"kind": "email"}, {"kind": "email"}]
    found = measure(written(tmp_path / "c.gz", contacts), receipt(3, kind="contact")).values
    assert found == {"record_count": 3, "contact_count_chat": 1, "contact_count_email": 2}
    searches = [{"keyword": "pan", "engine": "e", "status": "observed", "rank": n} for n in (1, 2)]
    searches += [{"keyword": word, "engine": "e", "status": status} for word, status in (("pot", "blocked"), ("lid", "absent"))]
    found = measure(written(tmp_path / "s.gz", searches), receipt(4, kind="ranking")).values
    assert found == pytest.approx(
        {"record_count": 4, "search_count": 3, "absent_share": 1 / 3, "failed_share": 0, "blocked_share": 1 / 3}
    )


def test_of_faq_entries_it_is_measured_what_is_filled_and_what_is_read_twice(tmp_path: Path) -> None:
    faq: list[Row] = [{"question": "When?", "answer": "On Monday.", "group": "Delivery", "language": None}] * 2
    faq += [{"question": "Where?", "answer": "Here.", "group": None, "language": "en"}, {"question": "When?", "answer": "Never."}]
    found = measure(written(tmp_path / "f.gz", faq), receipt(4, kind="faq")).values
    assert (found["duplicate_share"], found["fill_question"], found["fill_group"], found["fill_language"]) == (0.25, 1, 0.5, 0.25)
    assert not any(name.removeprefix("fill_") in PROVENANCE for name in found)


def post(number: int, **fields: object) -> Row:
    empty: Row = dict.fromkeys(line_fields("mentions"))
    told = {"native_id": f"p{number}", "title": f"Post {number}", "text": "About pans.", "published_at": "2026-01-02T09:00:00Z"}
    return empty | told | fields


def test_of_posts_it_is_measured_what_is_filled_new_read_twice_and_known(tmp_path: Path) -> None:
    before = written(tmp_path / "before.gz", map(post, range(3)))
    posts = [post(1), post(2, text="", published_at="2026-03-01"), post(7, published_at="2026-01-04"), post(7)]
    found = measure(written(tmp_path / "now.gz", posts), receipt(4, kind="mentions"), before=before).values
    assert (found["record_count"], found["sample_count"], found["duplicate_share"], found["met_share"]) == (4, 4, 0.25, 0.5)
    assert (found["fill_text"], found["fill_published_at"], found["fill_likes"]) == (0.75, 1, 0)
    assert found["newest_age_days"] == 1
    assert measure(written(tmp_path / "no.gz", []), receipt(0, kind="mentions")).values == {"record_count": 0, "sample_count": 0}


def test_lines_of_a_source_that_breaks_its_contract_are_rejected_and_end_nothing(tmp_path: Path) -> None:
    market = tmp_path / "pans.toml"
    market.write_text(
        'id = "pans"\nname = "Pans"\nlanguages = ["en"]\n[crawl]\ncontact = "owner@pans.example"\n[[brands]]\nid = "a"\nname = "A"\n'
        '[[brands.sources]]\nkind = "reviews"\nsource = "schema_org"\nurl = "https://shop.example/"\nbasis = "public_page"\n'
    )
    run = Run(load_market(market), tmp_path / "data", "r1", datetime(2026, 1, 5, tzinfo=UTC))
    lines = written(tmp_path / "a.gz", [review(1, text=None) | dict.fromkeys(PROVENANCE)])
    facts = Circumstances(lines=lines, where="x", exit_code=0, overdue=False, timeout_seconds=60, min_records=1, max_pages=9)
    crawled = receipt(1).model_copy(update={"file_sha256": file_sha256(lines)})
    found = verdict(run, run.market.targets[0].source, crawled, facts)
    assert (found.outcome, found.alarm) == ("rejected", None)
    assert "expected lines with values as reviews have them" in (found.reason or "")


# --- judging: properties ----------------------------------------------------------------------------------------------

shares = st.floats(0, 1)
values = st.fixed_dictionaries(
    {
        "record_count": st.integers(1, 10**6).map(float),
        "sample_count": st.integers(1, 50_000).map(float),
        "rated_count": st.integers(1, 50_000).map(float),
        "rating_mean": shares,
        "rating_deviation": st.floats(0, 0.5),
        "duplicate_share": shares,
        "future_share": shares,
        "text_length_mean": st.floats(0, 10_000),
        "fill_rating": shares,
        "fill_title": shares,
    },
    optional={
        "newest_age_days": st.floats(0, 10_000),
        "stated_gap": st.floats(-1, 1),
        "stated_count": st.integers(1, 10**6).map(float),
        "collected_share": shares,
        "rating_share_1": shares,
        "rating_share_5": shares,
        "script_share_latin": shares,
        "language_share_en": shares,
        "template_similarity": shares,
        "canary_missed_count": st.integers(0, 3).map(float),
        "blocked_share": shares,
        "absent_share": shares,
    },
)


@given(values, st.lists(values, max_size=12))
@settings(max_examples=200)
def test_every_value_with_a_rule_gets_one_verdict_and_words(measured: dict[str, float], history: list[dict[str, float]]) -> None:
    monitors = watch(measured, history)
    assert len({monitor.name for monitor in monitors}) == len(monitors)
    for monitor in monitors:
        assert all(bound is None or math.isfinite(bound) for bound in (monitor.low, monitor.high))
        assert monitor.runs <= HISTORY
        if monitor.verdict == "too_little_history":
            assert monitor.runs < LEAST_HISTORY
            continue
        outside = (monitor.low is not None and monitor.found < monitor.low) or (
            monitor.high is not None and monitor.found > monitor.high
        )
        assert (monitor.verdict != "fine") is outside
        assert "{}" in rule(monitor.name)[0]
    landed = receipt(5).model_copy(update={"monitors": monitors})
    assert told(landed)


@given(values, st.lists(values, min_size=3, max_size=10), st.randoms(use_true_random=False))
def test_the_order_of_the_good_runs_does_not_matter(
    measured: dict[str, float], history: list[dict[str, float]], chance: random.Random
) -> None:
    other = chance.sample(history, len(history))
    for one, two in zip(watch(measured, history), watch(measured, other), strict=True):
        assert one.verdict == two.verdict
        assert one.model_dump() == pytest.approx(two.model_dump())


@given(st.lists(values, min_size=4, max_size=10), st.integers(0, 9))
def test_a_crawl_like_one_of_the_good_runs_is_fine(history: list[dict[str, float]], which: int) -> None:
    measured = history[which % len(history)]
    by_history = {name for name in RULES if not name.endswith("_distance")} | {"fill_rating", "fill_title"}
    assert not by_history & verdicts(watch(measured, history)).keys()


@given(values, st.lists(values, min_size=3, max_size=10), st.floats(0, 1))
def test_further_from_the_median_is_never_better(
    measured: dict[str, float], history: list[dict[str, float]], share: float
) -> None:
    order = ["fine", "warning", "alarm"]
    middle = sorted(each["rating_mean"] for each in history)[len(history) // 2]
    nearer = measured | {"rating_mean": middle + share * (measured["rating_mean"] - middle)}
    if len(history) % 2 == 0:
        return  # the median lies between two
    (far,) = (m.verdict for m in watch(measured, history) if m.name == "rating_mean")
    (near,) = (m.verdict for m in watch(nearer, history) if m.name == "rating_mean")
    assert order.index(near) <= order.index(far)


def test_below_three_good_runs_nothing_is_said() -> None:
    measured = {"record_count": 2.0, "sample_count": 30.0, "text_length_mean": 5.0, "fill_rating": 0.0}
    good = {"record_count": 60.0, "sample_count": 60.0, "text_length_mean": 200.0, "fill_rating": 1.0}
    assert {monitor.verdict for monitor in watch(measured, [good, good])} == {"too_little_history"}
    assert verdicts(watch(measured, [good, good, good])) == {
        "record_count": "alarm",
        "text_length_mean": "alarm",
        "fill_rating": "alarm",
    }


def test_reviews_that_read_as_before_vouch_for_a_shift_of_the_ratings() -> None:
    shape = {"record_count": 60.0, "sample_count": 60.0, "rated_count": 60.0, "rating_deviation": 0.3}
    history = [shape | {"rating_mean": mean, "rating_share_1": 0.1, "rating_share_5": 0.9} for mean in (0.9, 0.88, 0.91, 0.9)]
    fallen = shape | {"rating_mean": 0.2, "rating_share_1": 0.8, "rating_share_5": 0.2}
    assert verdicts(watch(fallen, history)) == {"rating_mean": "alarm", "rating_distance": "alarm"}
    news = fallen | {"met_count": 30.0, "changed_count": 1.0}
    assert verdicts(watch(news, history)) == {"rating_mean": "warning", "rating_distance": "warning"}
    lie = fallen | {"met_count": 30.0, "changed_count": 20.0}
    assert verdicts(watch(lie, history)) == {"rating_mean": "alarm", "rating_distance": "alarm", "changed_count": "alarm"}


@pytest.mark.parametrize(
    ("met", "changed", "alarm"), [(5, 2, False), (10, 2, False), (10, 3, True), (60, 6, False), (60, 9, True)]
)
def test_a_few_reviews_may_be_edited(met: int, changed: int, alarm: bool) -> None:
    monitors = watch({"met_count": float(met), "changed_count": float(changed)}, [])
    assert ("changed_count" in verdicts(monitors)) is alarm


def test_a_canary_that_is_not_met_is_told_and_an_alarm_only_where_everything_was_read() -> None:
    missed = {"canary_wrong_count": 0.0, "canary_missed_count": 1.0}
    assert verdicts(watch(missed, [])) == {"canary_missed_count": "warning"}
    assert verdicts(watch(missed | {"collected_share": 0.95}, [])) == {"canary_missed_count": "alarm"}
    assert verdicts(watch({"canary_wrong_count": 1.0, "canary_missed_count": 0.0}, [])) == {"canary_wrong_count": "alarm"}


def test_searches_without_an_answer_land_and_are_told_of() -> None:
    searches = {"record_count": 9.0, "search_count": 9.0, "absent_share": 0.0, "failed_share": 0.0, "blocked_share": 0.0}
    assert verdicts(watch(searches, [])) == {}
    assert verdicts(watch(searches | {"blocked_share": 1.0}, [searches] * 5)) == {"blocked_share": "warning"}
    assert verdicts(watch(searches | {"absent_share": 1.0}, [searches] * 5)) == {"absent_share": "alarm"}
    assert rule("absent_share")[2] == "layout_gone"


def test_posts_that_all_stay_away_are_an_alarm_and_a_slow_week_is_none() -> None:
    usual = [{"record_count": float(n), "sample_count": float(n)} for n in (40, 31, 55, 38)]
    for count, said in ((0.0, {"record_count": "alarm"}), (3.0, {}), (200.0, {})):
        assert verdicts(watch({"record_count": count, "sample_count": count}, usual, "mentions")) == said
    rare = [{"record_count": float(n), "sample_count": float(n)} for n in (3, 5, 4, 2)]
    assert verdicts(watch({"record_count": 0.0, "sample_count": 0.0}, rare, "mentions")) == {}
    assert rule("record_count")[2] == "layout_gone"


def test_a_channel_that_stood_in_all_good_runs_and_is_gone_is_told() -> None:
    both = {"record_count": 4.0, "contact_count_chat": 1.0, "contact_count_email": 2.0, "contact_count_language": 1.0}
    only_mail = {"record_count": 3.0, "contact_count_email": 2.0, "contact_count_language": 1.0}
    monitors = watch({"record_count": 3.0, "contact_count_email": 1.0}, [both] * 4, "contact")
    assert verdicts(monitors) == {"contact_count_chat": "warning"}
    line = told(receipt(3, kind="contact").model_copy(update={"monitors": monitors}))
    assert "0 contact points of the kind chat, expected at least 1" in line
    assert verdicts(watch(only_mail, [both, only_mail, both], "contact")) == {}
    assert verdicts(watch(both, [only_mail] * 3, "contact")) == {}
    assert verdicts(watch(only_mail, [both] * 2, "contact")) == {}


def crawl_of(pages: int, **fields: object) -> Receipt:
    return receipt(0).model_copy(update={"pages": pages, **fields})


@pytest.mark.parametrize(
    ("crawled", "outcome", "alarm"),
    [
        (crawl_of(40, statuses={"200": 39, "403": 1}, ignored=1), "rejected", "layout_gone"),
        (crawl_of(40, statuses={"200": 40}, robots_refused=1), "rejected", "layout_gone"),
        (crawl_of(40, statuses={"200": 40}, measured={"wall_count": 1.0}), "rejected", "layout_gone"),
        (crawl_of(40, statuses={"200": 39, "404": 1}, ignored=1), "rejected", "layout_gone"),
        (crawl_of(40, statuses={"200": 30, "403": 10}, ignored=10), "blocked", "blocked"),
        (crawl_of(10, statuses={"200": 10}, measured={"wall_count": 2.0}), "blocked", "blocked"),
        (crawl_of(1, statuses={"403": 1}, ignored=1), "blocked", "blocked"),
        (crawl_of(0, robots_refused=1), "blocked", "blocked"),
        (crawl_of(40, statuses={"200": 30, "500": 10}, ignored=10), "failed", None),
        (crawl_of(0, download_errors=3), "failed", None),
    ],
)
def test_one_refusal_among_many_pages_does_not_hide_that_nothing_was_found(
    tmp_path: Path, crawled: Receipt, outcome: str, alarm: str | None
) -> None:
    facts = Circumstances(lines=tmp_path, where="x", exit_code=0, overdue=False, timeout_seconds=60, min_records=1, max_pages=99)
    found = judge(crawled, facts)
    assert (found.outcome, found.alarm) == (outcome, alarm), found.reason


def test_a_redirect_to_a_consent_form_elsewhere_is_a_refusal(tmp_path: Path) -> None:
    said = "shop: refused https://consent.shop-group.example/v2 (redirected from https://shop.example/): expected an address on shop.example."
    led_away = receipt(0).model_copy(update={"pages": 0, "download_errors": 1, "errors": (said,)})
    facts = Circumstances(lines=tmp_path, where="x", exit_code=0, overdue=False, timeout_seconds=60, min_records=1, max_pages=9)
    found = judge(led_away, facts)
    assert (found.outcome, found.alarm) == ("blocked", "blocked")
    elsewhere = led_away.model_copy(update={"errors": (said.replace("consent", "www"),)})
    assert (judge(elsewhere, facts).outcome, judge(elsewhere, facts).alarm) == ("failed", None)


def test_the_line_of_a_landed_crawl_tells_its_warnings() -> None:
    shape = {"record_count": 60.0, "sample_count": 60.0}
    history = [shape | {"newest_age_days": float(age)} for age in (3, 4, 2, 5)]
    monitors = watch(shape | {"newest_age_days": 41.0}, history)
    line = told(receipt(60).model_copy(update={"monitors": monitors}))
    assert line == (
        "a.reviews.shop: landed, 60 records from 3 pages; 1 warning: a newest review 41 days old, expected at most 18 days"
    )


# --- judging: a simulated web -----------------------------------------------------------------------------------------


@dataclass
class Shop:
    """A source whose reviews come, are edited and vanish week by week, now and then in bursts with another mood."""

    chance: random.Random
    day: date = START
    written: int = 0
    rows: list[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        chance = self.chance
        self.rate = math.exp(chance.uniform(0, math.log(80)))
        self.window = chance.choice((20, 40, 60, 100, 200, 10**6))
        self.mood = [chance.uniform(0.3, 2) * weight for weight in (chance.uniform(0.5, 4), 1, 1, 1, chance.uniform(0.5, 6))]
        self.fill = {name: chance.choice(found) for name, found in FILLED.items()}
        self.languages = chance.choice(({"en": 1.0}, {"en": 0.9, "ko": 0.1}, {"ko": 0.6, "ja": 0.2, "en": 0.2}))
        self.states = chance.random() < 0.5
        self.length = chance.uniform(3.5, 5.5)
        self.edited = chance.choice((0, 0.005, 0.01, 0.02))
        first = int(min(400, self.rate * chance.uniform(10, 60))) + 5
        self.rows = [self.new(self.day - timedelta(days=int((first - n) / self.rate * 7))) for n in range(first)]

    def new(self, day: date, anger: float = 0) -> Row:
        chance = self.chance
        self.written += 1
        mood = [self.mood[0] + anger * sum(self.mood), *self.mood[1:]]
        language = chance.choices(list(self.languages), list(self.languages.values()))[0]
        word = {"en": "word ", "ko": "단어 ", "ja": "ことば "}[language]
        row: Row = {
            "rating": float(chance.choices((1, 2, 3, 4, 5), mood)[0]),
            "title": "title",
            "text": word * max(1, int(chance.lognormvariate(self.length, 0.9) / len(word))) + str(self.written),
            "published_at": day.isoformat(),
            "author_hash": f"h{self.written}",
            "verified": True,
            "reply_text": "Thanks",
        }
        row |= {name: "" if name == "text" else None for name, share in self.fill.items() if chance.random() > share}
        return review(self.written, **row, language=language if self.states else None)

    def week(self) -> None:
        chance = self.chance
        self.day += timedelta(days=7)
        self.mood = [max(0.02, weight * math.exp(chance.gauss(0, 0.04))) for weight in self.mood]
        burst, anger = (chance.uniform(1.5, 4), chance.uniform(0, 1.5)) if chance.random() < 0.03 else (1, 0)
        expected = self.rate * burst * math.exp(chance.gauss(0, 0.3))
        count = max(0, round(chance.gauss(expected, math.sqrt(expected))))
        kept = [row for row in self.rows if chance.random() > 0.003]
        edits = [row | {"rating": float(chance.randint(1, 5))} if chance.random() < self.edited else row for row in kept]
        days = sorted(chance.randrange(7) for _ in range(count))
        self.rows = edits + [self.new(self.day - timedelta(days=6 - day), anger) for day in days]

    def crawl(self) -> tuple[list[Row], Stated]:
        rows = self.rows[-self.window :][::-1]
        if self.chance.random() < 0.1 and len(rows) > 20:  # paging while the list moves
            rows = rows[: -self.chance.randrange(1, len(rows) // 5)]
        ratings = [row["rating"] for row in self.rows if isinstance(row["rating"], float)]
        return rows, Stated(rating=round(sum(ratings) / max(1, len(ratings)), 1) or None, rating_max=5, count=len(self.rows))


FILLED = {
    "rating": (1, 1, 0.95),
    "title": (1, 0.6, 0),
    "text": (1, 0.9, 0.6),
    "published_at": (1, 1, 0.9),
    "author_hash": (1, 1, 0.97),
    "verified": (0, 1, 0.5),
    "reply_text": (0, 0.3, 0.8),
}

Fault = Callable[[Sequence[Row], Stated], list[Row]]


def each(change: Callable[[Row], Row]) -> Fault:
    return lambda rows, _stated: [row | change(row) for row in rows]


def moved(row: Row) -> Row:
    """A day read as a month."""
    day = row["published_at"]
    shift = timedelta(days=30 * (-1 - int(str(row["native_id"])[1:]) % 3))
    return {"published_at": (date.fromisoformat(str(day)) + shift).isoformat() if day else None}


FAULTS: dict[str, tuple[Fault, float]] = {
    "the page's own rating in the place of each review's": (lambda rows, s: [row | {"rating": s.rating} for row in rows], 0.9),
    "the same, and ids made of the content": (
        lambda rows, s: [row | {"rating": s.rating, "native_id": f"x{row['native_id']}"} for row in rows],
        0.9,
    ),
    "five stars for all": (each(lambda _: {"rating": 5.0, "rating_max": 5.0}), 0.85),
    "no rating": (each(lambda _: {"rating": None, "rating_max": None}), 0.98),
    "no date": (each(lambda _: {"published_at": None}), 0.95),
    "no text": (each(lambda _: {"text": ""}), 0.95),
    "a link in the place of the text": (each(lambda _: {"text": "Read more"}), 0.8),
    "a day read as a month": (each(moved), 0.95),
    "a twentieth of the list": (lambda rows, _: list(rows[: max(1, len(rows) // 20)]), 0.95),
    "one page again and again": (lambda rows, _: (list(rows[: max(3, len(rows) // 20)]) * 20)[: len(rows)], 0.9),
    "another language": (
        each(lambda row: {"text": "ことば" * len(str(row["text"])), "language": row["language"] and "ja"}),
        0.85,
    ),
}
"""What a source may do to a careless reader, and the share of shops at which an alarm has to find it."""


def simulated(folder: Path, shops: int, seed: int) -> tuple[int, Counter[str], Counter[str], Counter[str]]:
    """Crawls with enough history, what of them was rejected and warned of by monitor, and the shops at which each fault was found."""
    chance = random.Random(seed)
    crawls = 0
    rejected: Counter[str] = Counter()
    warned: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for _ in range(shops):
        shop = Shop(chance)
        history: list[dict[str, float]] = []
        before: Path | None = None
        for run in range(9):
            for _week in range(chance.choice((2, 3, 5)) if chance.random() < 0.05 else 1):
                shop.week()
            rows, stated = shop.crawl()
            now = written(folder / f"{run}.gz", rows)
            values = measure(now, receipt(len(rows), day=shop.day, stated=stated), before=before).values
            said = verdicts(watch(values, history))
            if len(history) >= LEAST_HISTORY:
                crawls += 1
                rejected.update(["any"] if "alarm" in said.values() else [])
                warned.update(said.keys())
            if "alarm" not in said.values():
                history.append(values)
                before = now
        for name, (fault, _share) in FAULTS.items():
            rows, stated = shop.crawl()
            wrong = fault(rows, stated)
            lines = written(folder / "wrong.gz", wrong)
            values = measure(lines, receipt(len(wrong), day=shop.day, stated=stated), before=before).values
            found.update([name] if "alarm" in verdicts(watch(values, history)).values() else [])
    return crawls, rejected, warned, found


@pytest.mark.parametrize(("shops", "seed"), [(12, 5), pytest.param(150, 6, marks=pytest.mark.slow)])
def test_of_healthy_crawls_hardly_one_is_rejected_and_of_planted_faults_most_are(tmp_path: Path, shops: int, seed: int) -> None:
    crawls, rejected, warned, found = simulated(tmp_path, shops, seed)
    print(
        f"{rejected['any']} of {crawls} healthy crawls rejected, warnings {dict(warned)}, faults found at {shops} shops: {dict(found)}"
    )
    assert rejected["any"] <= 0.01 * crawls
    assert warned.total() <= 0.05 * crawls + 3
    for name, (_fault, share) in FAULTS.items():
        assert found[name] >= share * shops - 2, name


def feed(chance: random.Random) -> Callable[[int], list[Row]]:
    """Posts of a source by week: it shows the last few, or a search gives those of one week; quiet weeks and storms come by chance."""
    rate = math.exp(chance.uniform(math.log(0.3), math.log(150)))
    shown = chance.choice((None, None, 10, 20, 50))
    fill = {
        name: chance.choice((0, 0.3, 0.7, 0.95, 1)) for name in ("title", "text", "author_hash", "likes", "replies", "language")
    }
    swing = chance.choice((0.2, 0.5, 0.8))
    all_posts: list[Row] = []

    def week(number: int) -> list[Row]:
        expected = rate * math.exp(chance.gauss(0, swing)) * (chance.uniform(2, 8) if chance.random() < 0.04 else 1)
        count = max(0, round(chance.gauss(expected, math.sqrt(expected))))
        new = []
        for _ in range(count):
            filled = {name: "x" for name, share in fill.items() if chance.random() < share}
            day = START + timedelta(days=7 * number - chance.randrange(7))
            new.append(
                post(0, title=None, text="") | filled | {"native_id": f"p{len(all_posts)}", "published_at": day.isoformat()}
            )
            all_posts.append(new[-1])
        return new if shown is None else all_posts[-shown:]

    for number in range(-10, 0):
        week(number)
    return week


def help_pages(chance: random.Random) -> Callable[[int], list[Row]]:
    """A help centre, of which a few entries are written anew, added or dropped by the week; some stand on two pages."""
    names = ("group", "url", "language", "updated_at")
    fill = {name: chance.choice((0, 0.5, 1)) for name in names}

    def entry(number: int) -> Row:
        answer = "word " * max(1, round(chance.lognormvariate(3.5, 0.8)))
        filled = {name: "x" for name in names if chance.random() < fill[name]}
        return dict.fromkeys(line_fields("faq")) | {"question": f"Q{number}?", "answer": answer} | filled

    entries = [entry(number) for number in range(round(math.exp(chance.uniform(math.log(3), math.log(300)))))]
    twice = chance.choice((0, 0, 0.1, 0.4))

    def week(number: int) -> list[Row]:
        for place in range(len(entries)):
            if chance.random() < 0.02:
                entries[place] = entry(1000 * (number + 20) + place)
        for _ in range(chance.choice((0, 0, 0, 1, 2))):
            entries.append(entry(10**6 + len(entries)))
        return [each for each in entries for _ in range(1 + (chance.random() < twice))]

    return week


@pytest.mark.parametrize(("kind", "source"), [("mentions", feed), ("faq", help_pages)])
def test_of_healthy_feeds_and_help_pages_hardly_one_crawl_is_rejected(
    tmp_path: Path, kind: Kind, source: Callable[[random.Random], Callable[[int], list[Row]]]
) -> None:
    chance = random.Random(7)
    crawls = rejected = gone = 0
    warned: Counter[str] = Counter()
    for _ in range(150):
        weekly = source(chance)
        history: list[dict[str, float]] = []
        before: Path | None = None
        for run in range(10):
            rows = weekly(run)
            now = written(tmp_path / f"{run}.gz", rows)
            values = measure(now, receipt(len(rows), day=START + timedelta(days=7 * run), kind=kind), before=before).values
            said = verdicts(watch(values, history, kind))
            if len(history) >= LEAST_HISTORY:
                crawls += 1
                rejected += "alarm" in said.values()
                warned.update(said.keys())
            if "alarm" not in said.values():
                history.append(values)
                before = now
        none = measure(written(tmp_path / "none.gz", []), receipt(0, kind=kind)).values
        if min(each["record_count"] for each in history) >= 12:
            gone += "alarm" not in verdicts(watch(none, history, kind)).values()
    print(f"{kind}: {rejected} of {crawls} healthy crawls rejected, warnings {dict(warned)}")
    assert rejected <= 0.01 * crawls
    assert warned.total() <= 0.05 * crawls + 3
    assert not gone


# --- templates and walls ----------------------------------------------------------------------------------------------


def page(design: str, texts: Sequence[str], build: str = "a1B2c") -> str:
    items = "".join(
        f'<article class="{design}-card {design}_body__{build}" data-{design}="1"><h3 class="{design}-title">{text}</h3>'
        f'<p class="{design}-text">{text * 20}</p><time class="{design}-when" datetime="2026-01-01">{text}</time></article>'
        for text in texts
    )
    state = json.dumps({f"{design}{key}": text for key in ("Id", "Stars", "Body") for text in texts})
    return f'<html><body class="{design}"><main id="{design}">{items}</main><script>{state}</script></body></html>'


def test_texts_and_builds_do_not_move_a_template_and_a_redesign_does() -> None:
    old = fingerprint(page("shop", ["Good pan", "Bad pan", "No \"pan\": 'none'"]))
    assert similarity(old, fingerprint(page("shop", [f"Pan {n}" for n in range(200)], build="Zz9Yx"))) > 0.9
    assert similarity(old, fingerprint(page("neo", ["Good pan", "Bad pan"]))) < 0.5
    assert similarity(old, ()) is None
    assert similarity(old, old) == 1
    assert together([old, old]) == old
    assert len(together([old, fingerprint(page("neo", ["x"]))])) <= 64


@given(st.text(max_size=2000))
def test_any_text_has_a_fingerprint_of_bounded_size(text: str) -> None:
    found = fingerprint(text)
    assert len(found) <= 64
    assert list(found) == sorted(set(found))
    assert all(0 <= number < 2**32 for number in found)


@pytest.mark.parametrize(
    "piece",
    [
        "<a",
        'class="a',
        '="',
        '<a class="b c-1',
        '"a":',
        "<title>" + "x" * 150,
        " a=",
        "<h1>Access denied</h1>",
        '<b id="px-captcha">',
        "<script>",
        "<form ",
    ],
)
def test_hostile_pages_take_no_time(piece: str) -> None:
    text = piece * (2_000_000 // len(piece))
    began = datetime.now(UTC)
    fingerprint(text)
    wall(text)
    assert datetime.now(UTC) - began < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<title>Just a moment...</title><script>window._cf_chl_opt={}</script>", "Cloudflare's browser check"),
        ("<title>shop.example</title><script src='https://ct.captcha-delivery.com/c.js'></script>", "DataDome's captcha"),
        ('<title>Access to this page has been denied.</title><div id="px-captcha"></div>', "PerimeterX's captcha"),
        ("<html><head><title>Robot Check</title>", "a page titled 'Robot Check'"),
        ("<title>Before you continue to Example</title>", "a page titled"),
        ("<title>자동입력 방지 문자</title>", "a page titled"),
        ("<title>Just a moment with our chef: an interview about pans and pots</title>", None),
        ("<title>Pans</title><script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>", None),
        ("<title>Pans</title><script src='https://js.datadome.co/tags.js'></script><div class='g-recaptcha'></div>", None),
        ("<title>How captchas work</title>", None),
        ("", None),
    ],
)
def test_a_wall_is_known_by_what_ordinary_pages_do_not_bear(text: str, words: str | None) -> None:
    found = wall(text)
    assert found is None if words is None else found is not None and found.whose.startswith(words)


WALLS = {
    "cloudflare": '<html lang="en-US"><head><title>Just a moment...</title></head><body><script>window._cf_chl_opt = {cvId: "3"};</script></body></html>',
    "datadome": "<html lang=\"en\"><head><title>pans.example</title></head><body><script>var dd={'rt':'c','host':'geo.captcha-delivery.com'}</script></body></html>",
    "perimeterx": '<html lang="en"><head><title>Access to this page has been denied.</title></head><body><h1>Press &amp; Hold</h1><div id="px-captcha"></div>'
    '<a href="/help">Help</a> <a href="mailto:unblock@pans.example">unblock@pans.example</a><h2>Why am I blocked?</h2><p>Scripts are off.</p></body></html>',
    "akamai": "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1><P>https&#58;&#47;&#47;errors&#46;edgesuite&#46;net&#47;18</BODY></HTML>",
    "aws": '<html lang="en"><head><title></title><script>window.gokuProps = {"key":"x"};</script></head><body><h1>Let\'s confirm you are human</h1></body></html>',
    "google": '<html><head><title>https://s.example/search?q=pan</title></head><body><form id="captcha-form" action="index" method="post"></form></body></html>',
    "consent": '<html lang="de"><head><title>Bevor Sie fortfahren</title></head><body><form action="https://consent.google.de/save"><input name="gl"></form>'
    '<a href="https://s.example/help">Hilfe</a> <a href="mailto:datenschutz@s.example">datenschutz@s.example</a></body></html>',
}
"""What guards send, cut down to what they are known by and to what a careless reader takes for content."""
SOURCES = {"reviews": "cards", "faq": "faq_page", "contact": "site", "mentions": "feed", "ranking": "search_page"}


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("name", WALLS)
def test_a_wall_lands_nothing_and_is_a_refusal_whatever_can_be_read_off_it(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "page.html").write_text(WALLS[name], "utf-8")
    job = Job(
        run_id="r1", as_of=datetime(2026, 1, 5, tzinfo=UTC), market="pans", target="a.x.y", brand="a", kind=kind, source=SOURCES[kind],
        name="own", url="https://pans.example/", path=tmp_path / "page.html", output=tmp_path / "out.gz",
        receipt=tmp_path / "r.json", key_file=tmp_path / "author.key",
    )  # fmt: skip
    crawled = land(job)
    facts = Circumstances(lines=job.output, where="x", exit_code=0, overdue=False, timeout_seconds=60, min_records=0, max_pages=9)
    assert (judge(crawled, facts).outcome, judge(crawled, facts).alarm) == ("blocked", "blocked")
    lines = [json.loads(each) for each in gzip.decompress(job.output.read_bytes()).splitlines()]
    assert [each["status"] for each in lines] == ["blocked"] if kind == "ranking" else lines == []


ORDINARY = "<title>Pans</title>" + "<p>We sell pans that last, and answer each letter.</p>" * 3


@pytest.mark.parametrize(
    "page",
    [
        '<script src="https://www.google.com/recaptcha/api.js"></script><form id="captcha-form" action="/contact"><div class="g-recaptcha"></div></form>',
        '<meta http-equiv="Content-Security-Policy" content="frame-src https://geo.captcha-delivery.com"><script src="https://js.datadome.co/tags.js"></script>',
        '<link rel="dns-prefetch" href="//ct.captcha-delivery.com">',
        '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script><script>window.__CF$cv$params={r:"1"}</script>',
        '<script src="https://client.px-cloud.net/PXabc/main.min.js"></script>',
        '<script src="/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e6fffd425f7e032f3"></script>',
        '<script>AwsWafIntegration.fetch("/x"); AwsWafCaptcha.renderCaptcha(box, {});</script>',
        "<p>All I ever see is Reference #18 at https://errors.edgesuite.net/18.2d351ab8 and a px-captcha, one star.</p>",
        "<p>The guard sets _cf_chl_opt and asks captcha-delivery.com.</p>",
    ],
)
def test_pages_that_load_a_guards_script_or_speak_of_it_are_no_walls(page: str) -> None:
    assert wall(f"<html><head>{page}</head><body>{ORDINARY}</body></html>") is None


def test_where_there_is_much_to_read_around_a_mark_the_records_decide() -> None:
    quoted = f"<p>Its source reads <script>window._cf_chl_opt = {{}}</script></p>{'<p>And so on, at length.</p>' * 200}"
    over = '<title>pan - Search</title><input name="q" value="pan"><form action="https://consent.google.de/save"></form>'
    for text in (quoted, over):
        found = wall(text)
        assert found is not None
        assert not found.sure


def test_a_title_alone_is_cleared_by_records_of_substance_and_a_mark_by_none() -> None:
    def point(kind: str) -> ContactPoint:
        return ContactPoint(kind=kind, vendor=None, value="x")  # type: ignore[arg-type]  # the kinds of this test are right

    witness = Witness()
    assert not witness.saw("https://shop.example/1", "<title>Access denied</title>")
    assert not witness.saw("https://shop.example/2", "<title>Access denied</title>")
    assert witness.saw("https://shop.example/3", WALLS["cloudflare"])
    witness.gave("https://shop.example/1", [point("language"), point("email")])
    witness.gave(
        "https://shop.example/2", [point("language"), point("help"), SearchResult(keyword="x", engine="e", status="failed")]
    )
    witness.gave("https://shop.example/3", [point("email")])
    assert list(witness.walls()) == [
        "https://shop.example/3 answered with Cloudflare's browser check in the place of its content.",
        "https://shop.example/2 answered with a page titled 'Access denied' in the place of its content.",
    ]
    assert witness.measured == {"wall_count": 2}


def test_walls_at_one_address_are_counted_each() -> None:
    witness = Witness()
    for _ in range(3):  # searches that are posted
        witness.saw("https://s.example/search", WALLS["cloudflare"])
    assert witness.measured == {"wall_count": 3}
    assert len(list(witness.walls())) == 1
