"""The demo market: what is planned is what the pages print, the planted truth is large enough to be found, and nothing leaves the machine."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from lxml import etree, html
from protego import Protego
from scipy.stats import fisher_exact

from pipeline.demo import chance
from pipeline.demo import plan as planning
from pipeline.demo.pages import answer, app_review_id, feed_url, results
from pipeline.demo.plan import plan, planted, truth
from pipeline.demo.reviews import DemoReview, published, reviews
from pipeline.demo.site import site
from pipeline.demo.subjects import Mention, quota
from pipeline.demo.web import PortTakenError, serve
from pipeline.market import load_market
from pipeline.market_check import check_options
from spiders.contacts import site as contact_page
from spiders.faqs import faq_page, help_centre
from spiders.items import FaqEntry, Review
from spiders.mentions import feed
from spiders.rankings import search_api
from spiders.reviews import app_store, schema_org

BASE = "http://127.0.0.1:8765"
MARKET = Path(__file__).parent.parent / "markets" / "demo.toml"
BRANDS = tuple(plan().brands)


def page(target: str) -> str:
    found = answer(target, BASE)
    assert found.status == 200, target
    return found.body.decode()


def listing(brand: str, below: str = "reviews") -> Iterator[tuple[str, str]]:
    """The pages of a listing with their addresses, along rel=next."""
    target: str | None = f"/{brand}/{below}"
    while target:
        text = page(target)
        yield BASE + target, text
        following = html.fromstring(text.encode()).xpath("//link[@rel='next']/@href")
        target = following[0].removeprefix(BASE) if following else None


def all_targets() -> list[str]:
    fixed = [
        "/",
        "/search?q=espresso+grinder",
        "/kopeline/app",
        *(f"/{b}/{p}" for b in BRANDS for p in ("", "faq", "contact", "account")),
        *(f"/{b}/news.xml" for b in site().news),
        *(f"/northpan/help{p}" for p in ("", "/machines", "/machines/descale", "/orders-and-delivery/late-parcel")),
    ]
    below = ["reviews", *(f"products/{p}" for p in plan().products)]
    return fixed + [url.removeprefix(BASE) for brand in BRANDS for part in below for url, _ in listing(brand, part)]


def mentioning(brand: str, theme: str, polarity: str, window: str | None = None) -> tuple[int, int]:
    """(reviews with such a mention, reviews) of a brand, as written."""
    written = [r for r in reviews() if r.brand == brand and window in (None, r.window)]
    return sum(Mention(theme=theme, polarity=polarity) in r.mentions for r in written), len(written)  # type: ignore[arg-type]


def p_value(one: tuple[int, int], other: tuple[int, int]) -> float:
    return float(fisher_exact([[one[0], one[1] - one[0]], [other[0], other[1] - other[0]]]).pvalue)


def rest(brand: str, theme: str, polarity: str, window: str | None = None) -> tuple[int, int]:
    found = [mentioning(b, theme, polarity, window) for b in BRANDS if b != brand]
    return sum(k for k, _ in found), sum(n for _, n in found)


# --- the reviews ------------------------------------------------------------------------------------------------------


def test_there_are_about_600_reviews_over_18_months_in_three_languages() -> None:
    found = reviews()
    assert 570 <= len(found) <= 650
    assert {r.language for r in found} == {"en", "ko", "ja"}
    assert min(Counter(r.language for r in found).values()) > 100
    days = [r.published_at.date() for r in found]
    assert max(days) == plan().windows[-1].ends_on
    assert min(days) >= plan().windows[0].starts_on
    assert len({r.id for r in found}) == len(found)


def test_the_planned_mentions_are_written_exactly() -> None:
    for brand in BRANDS:
        for window in plan().windows:
            originals = [r for r in reviews() if r.brand == brand and r.window == window.name and r.duplicate_of is None]
            assert Counter(m for r in originals for m in r.mentions) == quota(brand, window)
            assert (
                sum(bool(r.mentions) for r in originals)
                == dict(zip(plan().windows, plan().brands[brand].reviews, strict=True))[window]
            )


def test_no_two_people_write_the_same() -> None:
    texts = Counter(r.text for r in reviews() if r.duplicate_of is None and r.text)
    assert texts.most_common(1)[0][1] == 1


def test_a_duplicate_has_the_words_and_the_author_of_its_original() -> None:
    by_id = {r.id: r for r in reviews()}
    twice = [r for r in reviews() if r.duplicate_of]
    assert len(twice) == sum(b.duplicates for b in plan().brands.values())
    for review in twice:
        original = by_id[review.duplicate_of or ""]
        assert (review.text, review.author, review.stars) == (original.text, original.author, original.stars)
        assert review.published_at > original.published_at


def test_stars_agree_with_what_is_said() -> None:
    for review in reviews():
        said = {m.polarity for m in review.mentions}
        if said == {"positive"}:
            assert review.stars >= 4
        elif said == {"negative"}:
            assert review.stars <= 3


def test_every_language_has_at_least_150_sentences_and_every_theme_both_sides() -> None:
    for language in ("en", "ko", "ja"):
        themes = planning.texts(language).theme
        assert set(themes) == set(plan().rates)
        sentences = [s for sides in themes.values() for s in (*sides.positive, *sides.negative)]
        assert len(sentences) == len(set(sentences)) >= 150


def test_korean_particles_fit_their_word() -> None:
    korean = " ".join(r.text + (r.reply_text or "") for r in reviews() if r.language == "ko")
    assert not re.search(r"전기포트[이은을과] |머신[가는를와] |[{}|]", korean.replace("| a |", ""))


def test_replies_follow_each_brands_rate_and_none_precedes_its_review() -> None:
    for brand in BRANDS:
        shop = published(brand, "shop")
        assert sum(r.reply_at is not None for r in shop) == round(plan().brands[brand].reply_rate * len(shop))
        assert all(r.reply_at > r.published_at for r in shop if r.reply_at)
    assert not any(r.reply_at for r in published("kopeline", "app"))


def test_chance_is_the_same_on_every_machine() -> None:
    assert [chance.draw(1000, "a", 1), chance.draw(1000, "a", 2)] == [86, 121]
    assert sorted(chance.shuffled("abc", "x")) == ["a", "b", "c"]


# --- the planted truth ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [t for t in planted() if t.theme], ids=lambda t: f"{t.brand}-{t.theme}")
def test_a_planted_theme_is_large_enough_to_be_found(one: planning.Planted) -> None:
    assert one.theme
    if one.brand == "market":
        shares = [k / n for k, n in (mentioning(b, one.theme, "negative") for b in BRANDS)]
        assert all(0.13 <= share <= 0.22 for share in shares)
        assert max(shares) - min(shares) < 0.04
        return
    polarity = "positive" if one.quadrant == "strength" else "negative"
    newest = plan().windows[-1]
    assert (
        p_value(mentioning(one.brand, one.theme, polarity, newest.name), rest(one.brand, one.theme, polarity, newest.name)) < 0.01
    )
    if one.since == newest.starts_on:
        before = mentioning(one.brand, one.theme, polarity, plan().windows[-2].name)
        assert p_value(mentioning(one.brand, one.theme, polarity, newest.name), before) < 0.001
    else:
        assert p_value(mentioning(one.brand, one.theme, polarity), rest(one.brand, one.theme, polarity)) < 0.001


def test_nothing_else_differs_between_brands() -> None:
    planned = {(t.brand, t.theme) for t in planted()}
    for brand in BRANDS:
        for theme in plan().rates:
            if (brand, theme) not in planned:
                for polarity in ("positive", "negative"):
                    # What is planted for one brand is missing in the rest, so only unplanted themes can be compared.
                    if not any(t == theme and b != "market" for b, t in planned):
                        assert p_value(mentioning(brand, theme, polarity), rest(brand, theme, polarity)) > 0.1


def test_planted_reply_rates_are_the_plans() -> None:
    for one in planted():
        if one.metric == "reply_rate":
            assert plan().brands[one.brand].reply_rate == one.value


def test_a_complaint_that_no_theme_covers_is_written_as_often_as_planned_and_nowhere_else() -> None:
    for one in truth().complaint:
        holding = [r for r in reviews() if r.topic == one.topic and r.duplicate_of is None]
        assert Counter(r.language for r in holding) == one.reviews
        assert {(r.brand, r.window) for r in holding} == {
            (one.brand, next(w.name for w in plan().windows if w.starts_on == one.since))
        }
        for language, term in one.terms.items():
            assert {r.id for r in reviews() if r.language == language and term in r.text.lower()} == {
                r.id for r in reviews() if r.language == language and r.topic == one.topic
            }
            if language in one.told:
                now = [
                    r for r in reviews() if r.brand == one.brand and r.language == language and r.text and r.window == "current"
                ]
                before = [
                    r for r in reviews() if r.brand == one.brand and r.language == language and r.text and r.window != "current"
                ]
                assert p_value((one.reviews[language], len(now)), (0, len(before))) < 0.001


def test_flagged_reviews_are_the_planned_ones_and_mention_no_theme() -> None:
    flagged = [r for r in reviews() if r.flag]
    assert Counter((r.flag, r.brand) for r in flagged) == {(f.flag, f.brand): f.reviews for f in truth().flag}
    assert not any(r.mentions or r.duplicate_of for r in flagged)
    assert len({(r.flag, r.author) for r in flagged}) == len(flagged)
    # What is planted in the newest quarter is found with them and without.
    assert not any(r.window == "current" for r in flagged)


def test_a_brand_with_one_voice_answers_everybody_alike() -> None:
    templated = {v.brand for v in truth().voice}
    for brand in BRANDS:
        said = {(r.language, r.reply_text) for r in reviews() if r.brand == brand and r.reply_text}
        if brand in templated:
            assert len(said) == 3
            assert any(r.stars <= 2 for r in reviews() if r.brand == brand and r.reply_text)
        elif said:
            assert len(said) > 30


# --- the web ----------------------------------------------------------------------------------------------------------


def test_the_same_address_gives_the_same_bytes() -> None:
    reviews.cache_clear()
    first = {target: answer(target, BASE) for target in all_targets()}
    reviews.cache_clear()
    assert {target: answer(target, BASE) for target in all_targets()} == first


@pytest.mark.parametrize(
    "target",
    ["/nowhere", "/northpan/reviews?page=99", "/northpan/reviews?page=0", "/northpan/products/x", "/kr/rss/x", "//", "/%00"],
)
def test_what_is_not_there_is_a_404(target: str) -> None:
    assert answer(target, BASE).status == 404


def test_it_serves_on_a_free_port_and_names_its_own_address() -> None:
    with serve(0) as base:
        with urlopen(f"{base}/northpan/reviews?page=2") as response:
            text = response.read().decode()
            policy = response.headers["Content-Security-Policy"]
        assert f"{base}/northpan/reviews?page=3" in text
        assert "default-src 'self'" in policy
        assert "script-src 'unsafe-inline'" in policy
        with pytest.raises(HTTPError) as missing:
            urlopen(f"{base}/nothing")
        assert missing.value.code == 404
        with pytest.raises(PortTakenError, match="--port"), serve(int(base.rpartition(":")[2])):
            pass


def test_robots_allow_what_the_market_reads_and_forbid_accounts() -> None:
    robots = Protego.parse(page("/robots.txt"))
    for target in load_market(MARKET).targets:
        assert robots.can_fetch(target.source.url, "rivalscope")
    assert not robots.can_fetch(f"{BASE}/northpan/account", "rivalscope")


def test_pages_load_nothing_from_other_hosts() -> None:
    for target in all_targets():
        tree = html.fromstring(page(target).encode())
        loaded = tree.xpath("//@src | //link[@rel='stylesheet' or @rel='icon' or @rel='preload']/@href | //@action")
        assert all(url.startswith(("/", "data:")) and not url.startswith("//") for url in loaded), target


def test_hostile_texts_stay_text() -> None:
    for brand in BRANDS:
        for _, text in listing(brand):
            tree = html.fromstring(text.encode())
            assert not tree.xpath("//article//script | //article//img | //article//b")
            scripts = tree.xpath("//script[@type='application/ld+json']/text()")
            assert [json.loads(s)["@type"] for s in scripts] == ([] if brand == "tassbrook" else ["OnlineStore"])


def test_every_review_has_an_anchor_and_every_page_states_the_total() -> None:
    for brand in BRANDS:
        ids: list[str] = []
        for _, text in listing(brand):
            tree = html.fromstring(text.encode())
            ids += tree.xpath("//article/@id")
            assert f"{len(published(brand, 'shop'))}" in tree.xpath("string(//p[@class='total'])")
        assert ids == [r.id for r in published(brand, "shop")]


def test_both_forms_of_the_app_feed_hold_the_same_reviews_and_end_with_an_empty_page() -> None:
    atom = "{http://www.w3.org/2005/Atom}"
    expected = [(app_review_id(r), r.text) for r in published("kopeline", "app")]
    in_json, in_atom = [], []
    for number in (1, 2, 3):
        in_json += [
            (e["id"]["label"], e["content"]["label"]) for e in json.loads(page(feed_url(number, "json")))["feed"].get("entry", [])
        ]
        feed = etree.fromstring(page(feed_url(number, "xml")).encode())
        in_atom += [(e.findtext(f"{atom}id"), e.findtext(f"{atom}content")) for e in feed.iter(f"{atom}entry")]
    assert in_json == in_atom == expected


def test_each_search_holds_ten_results_with_the_brands_where_they_are_planned() -> None:
    for search in site().searches:
        found = results(search)
        assert len({r.url for r in found}) == 10
        for brand, rank in search.places.items():
            assert f"{brand}.example" in found[rank - 1].url
    assert {k.text for k in load_market(MARKET).keywords} == {s.keyword for s in site().searches}
    nothing = json.loads(page("/search?q=unheard+of&format=json"))
    assert nothing["results"] == []


# --- what the sources make of it --------------------------------------------------------------------------------------


def comparable(review: Review) -> tuple[object, ...]:
    return (review.native_id, review.rating, review.published_at, review.language, bool(review.reply_text), review.reply_at)


def planned(review: DemoReview) -> tuple[object, ...]:
    return (review.id, review.stars, review.published_at, review.language, bool(review.reply_text), review.reply_at)


@pytest.mark.parametrize("brand", BRANDS)
def test_the_review_source_reads_every_planned_review(brand: str) -> None:
    expected = published(brand, "shop")
    found: list[Review] = []
    for url, text in listing(brand):
        found += schema_org.parse(text, url)
        total = schema_org.stated(text, url)
        assert total.count == len(expected)
    assert [comparable(r) for r in found] == [planned(r) for r in expected]
    words = [(r.text, p.text) for r, p in zip(found, expected, strict=True) if p.mentions]
    assert [" ".join(read.split()) for read, _ in words] == [" ".join(written.split()) for _, written in words]
    pages = {r.id: url for url, text in listing(brand) for r in expected if f'id="{r.id}"' in text}
    assert {r.native_id: (r.url or "").partition("#")[0] for r in found} == pages


@pytest.mark.parametrize("form", ["json", "xml"])
def test_the_app_store_source_reads_every_planned_review(form: str) -> None:
    found = [r for number in (1, 2, 3) for r in app_store.parse(page(feed_url(number, form)), BASE + feed_url(number, form))]
    expected = published("kopeline", "app")
    assert [(r.native_id, r.rating, r.published_at) for r in found] == [
        (app_review_id(r), r.stars, r.published_at) for r in expected
    ]
    assert [r.url for r in found] == [f"{BASE}/kopeline/app#{r.id}" for r in expected]


@pytest.mark.parametrize("brand", BRANDS)
def test_the_faq_source_reads_every_question(brand: str) -> None:
    found = [(e.question, e.answer) for e in faq_page.parse(page(f"/{brand}/faq"), f"{BASE}/{brand}/faq")]
    assert found == [(e.question, e.answer) for e in site().faq[brand].entries]


@pytest.mark.parametrize(
    ("brand", "chat"), [("northpan", "Intercom"), ("tassbrook", None), ("kopeline", "Channel Talk"), ("morrowcup", None)]
)
def test_the_contact_source_finds_the_ways_to_reach_a_shop(brand: str, chat: str | None) -> None:
    found = list(contact_page.parse(page(f"/{brand}/contact"), f"{BASE}/{brand}/contact"))
    assert [c.vendor for c in found if c.kind == "chat"] == ([chat] if chat else [])
    assert [c.value for c in found if c.kind == "email"] == [site().shops[brand].email]
    assert len([c for c in found if c.kind == "phone"]) == 1
    assert len([c for c in found if c.kind in ("messenger", "social")]) == len(site().shops[brand].links)


def test_the_help_centre_source_reads_an_article_with_its_day() -> None:
    article = next(a for a in site().help["northpan"] if a.slug == "descale")
    target = "/northpan/help/machines/descale"
    [entry] = help_centre.parse(page(target), BASE + target)
    assert isinstance(entry, FaqEntry)
    assert (entry.question, entry.answer) == (article.title, "\n".join(article.paragraphs))
    assert (entry.group, entry.updated_at) == ("Machines", article.updated)


@pytest.mark.parametrize("brand", site().news)
def test_the_feed_source_reads_a_shops_news(brand: str) -> None:
    found = list(feed.parse(page(f"/{brand}/news.xml"), f"{BASE}/{brand}/news.xml"))
    assert [(p.native_id, p.title, p.published_at) for p in found] == [(p.slug, p.title, p.published) for p in site().news[brand]]


def test_the_search_sources_read_every_result() -> None:
    search = site().searches[0]
    target = "/search?q=espresso%20grinder&format=json"
    found = list(search_api.parse(page(target), BASE + target))
    assert [(r.rank, r.url) for r in found] == [(rank, r.url) for rank, r in enumerate(results(search), start=1)]


def test_the_market_file_is_whole_and_follows_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    market = load_market(MARKET)
    check_options(market)
    kinds = Counter((t.source.kind, t.source.source) for t in market.targets)
    assert kinds == {
        ("reviews", "schema_org"): 4,
        ("reviews", "app_store"): 1,
        ("faq", "faq_page"): 4,
        ("faq", "help_centre"): 1,
        ("contact", "site"): 4,
        ("mentions", "feed"): 2,
        ("ranking", "search_api"): 1,
    }
    assert [b.id for b in market.brands] == list(BRANDS)
    monkeypatch.setenv("RIVALSCOPE_DEMO_URL", "http://127.0.0.1:4711")
    assert load_market(MARKET).targets[0].source.url == "http://127.0.0.1:4711/northpan/reviews"
