"""Review pages and feeds become records; what is no such page is named; hostile pages cost seconds at most."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.http import HtmlResponse, Response
from scrapy.http import Request as ScrapyRequest

from spiders.items import Review, Stated, UnexpectedPage, line
from spiders.reading.select import attr, content_id, document, one, parse_date, parse_rating, review_id, text_of
from spiders.reading.structured import decoded, json_ld, json_ld_in, microdata
from spiders.reviews import app_store, schema_org
from spiders.reviews.app_store import AppStoreSpider
from spiders.reviews.schema_org import SchemaOrgSpider

FOLDER = Path(__file__).parent / "pages"
KEY = bytes(range(32))
URL = "https://shop.example/thing?page=1"
REVIEW = '<div itemscope itemtype="http://schema.org/Review">'
LD = '<script type="application/ld+json">'
PARSERS: dict[str, Callable[[str, str], Iterator[Review]]] = {"schema_org": schema_org.parse, "app_store": app_store.parse}


def frozen(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


# --- schema.org -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        ("graph", Stated(rating=4.2, rating_max=5, count=1308)),
        ("scales", Stated(rating=8.4, rating_max=10, count=77)),
        ("microdata", Stated(rating=4, rating_max=5, count=35)),
        ("no_reviews", None),  # two products, and no telling which total is the page's
        ("rdfa", None),
    ],
)
def test_the_total_that_a_page_states_is_that_of_the_reviewed_thing(page: str, wanted: Stated | None) -> None:
    assert schema_org.stated(frozen(f"schema_org/{page}.html"), URL) == wanted


def ld(value: object) -> str:
    return f'<html><script type="application/ld+json">{json.dumps(value)}</script></html>'


def only(text: str, **options: object) -> Review:
    (record,) = schema_org.parse(text, URL, **options)  # type: ignore[arg-type]
    return record


def test_a_json_ld_document_is_read_like_a_page() -> None:
    assert only('{"@type": "Review", "reviewBody": "Fine."}').text == "Fine."


def test_the_markets_options_decide_what_the_page_leaves_open() -> None:
    slash = ld({"@type": "Review", "reviewBody": "x", "datePublished": "03/04/2024"})
    assert [only(slash, dayfirst=d).published_at for d in (None, True, False)] == [None, date(2024, 4, 3), date(2024, 3, 4)]
    local = ld({"@type": "Review", "reviewBody": "x", "datePublished": "2024-05-01T08:00:00"})
    assert only(local).published_at == date(2024, 5, 1)
    assert only(local, zone=ZoneInfo("Asia/Seoul")).published_at == datetime(2024, 4, 30, 23, tzinfo=UTC)
    with pytest.raises(ValueError, match="Asia/Seoul"):
        schema_org.Options(timezone="Mars/Olympus")


def test_a_reply_is_only_taken_from_the_company() -> None:
    def reply(*comments: dict[str, object]) -> str | None:
        review = {"@type": "Review", "reviewBody": "x", "comment": list(comments)}
        return only(ld({"@type": "Product", "name": "Van", "brand": {"name": "Harbour"}, "review": review})).reply_text

    assert reply({"text": "thanks", "author": {"@type": "Person", "name": "harbour"}}) == "thanks"
    assert reply({"text": "thanks", "author": "Guest"}) is None
    assert reply({"text": "thanks"}) == "thanks"
    assert reply({"text": "me too"}, {"text": "and me"}) is None


def test_items_that_refer_to_each_other_in_circles_end() -> None:
    page = ld(
        [
            {"@type": "Review", "@id": "a", "x": 1, "reviewBody": {"@id": "a"}, "name": {"@id": "b"}},
            {"@id": "b", "name": {"@id": "a"}},
        ]
    )
    assert list(schema_org.parse(page, URL)) == []


@pytest.mark.parametrize(
    ("links", "wanted"),
    [
        ('<a rel="nofollow next" href="?page=2">', "https://shop.example/thing?page=2"),
        ('<link rel="next" href="/p/2#reviews">', "https://shop.example/p/2"),
        ('<a rel="next" href="https://other.example/2">', None),
        ('<a rel="next" href="javascript:go()">', None),
        ('<a rel="next" href="#more"><a rel="nextish" href="/x">', None),
        ('<a title="more > here" href="/next/2" rel="next">', "https://shop.example/next/2"),
        ('<a rel="next" href="http://[bad"><a rel=next href=/ok>', "https://shop.example/ok"),
    ],
)
def test_the_next_page_is_on_the_same_host(links: str, wanted: str | None) -> None:
    assert schema_org.read(f"<html>{links}</html>", URL).next_url == wanted
    assert schema_org.read(ld({"@type": "Review", "reviewBody": "x"}) + links, URL).next_url == wanted


@pytest.mark.parametrize("text", ["", " \n", "\0\0", "plain words", "[[[[", "%PDF-1.7 …", "<!-- only a comment -->"])
def test_what_is_no_page_is_named(text: str) -> None:
    with pytest.raises(
        UnexpectedPage, match=r"schema_org: expected an HTML page, found .*\(https://shop\.example/.*\n.*freeze schema_org"
    ):
        list(schema_org.parse(text, URL))


# --- the App Store ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<!DOCTYPE html><html><body>Sorry</body></html>", "an HTML page"),
        ("<html>", "an HTML page"),
        ("", "''"),
        ("502 Bad Gateway", "'502 Bad Gateway'"),
        ('{"feed": ', "JSON that does not parse"),
        ('{"errors": []}', "JSON without a feed"),
        ('{"feed": {"entry": [7]}}', "an entry that is int"),
        ('{"feed": {"entry": {"im:rating": {"label": "5"}}}}', "a review without an id"),
        ("<rss><channel/></rss>", "XML that begins with <rss>"),
        (
            '<?xml version="1.0"?><!DOCTYPE f [<!ENTITY a "aa">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>',
            "a document type",
        ),
        ('<feed xmlns="http://www.w3.org/2005/Atom"><entry>', "XML that does not parse"),
    ],
)
def test_what_is_no_feed_is_named(text: str, found: str) -> None:
    with pytest.raises(UnexpectedPage, match=r"app_store: expected a customer-reviews feed.*found " + found.replace("[", r"\[")):
        list(app_store.parse(text, URL))


@pytest.mark.parametrize(
    ("url", "options", "wanted"),
    [
        (
            "https://apps.apple.com/kr/app/x/id900100200?l=en",
            {},
            "https://itunes.apple.com/kr/rss/customerreviews/page=3/id=900100200/sortby=mostrecent/xml",
        ),
        (
            "https://apps.apple.com/app/id900100200",
            {"country": "jp"},
            "https://itunes.apple.com/jp/rss/customerreviews/page=3/id=900100200/sortby=mostrecent/xml",
        ),
        (
            "http://127.0.0.1:8000/us/rss/customerreviews/page=1/id=42/sortby=mostrecent/json",
            {"format": "json"},
            "http://127.0.0.1:8000/us/rss/customerreviews/page=3/id=42/sortby=mostrecent/json",
        ),
    ],
)
def test_the_feed_of_an_app_is_found_from_its_page(url: str, options: dict[str, str], wanted: str) -> None:
    assert app_store.feed_url(url, app_store.Options.model_validate(options), 3) == wanted


def test_an_address_without_an_app_is_refused() -> None:
    with pytest.raises(UnexpectedPage, match="its id"):
        app_store.feed_url("https://apps.apple.com/us/charts", app_store.Options(), 1)


# --- the spiders ------------------------------------------------------------------------------------------------------


def job_file(folder: Path, source: str, url: str, options: dict[str, object]) -> str:
    job = {
        "run_id": "r1",
        "as_of": "2025-01-01T00:00:00Z",
        "market": "m",
        "target": f"harbour.reviews.{source}",
        "brand": "harbour",
        "kind": "reviews",
        "source": source,
        "name": source,
        "url": url,
        "options": options,
        "output": str(folder / "out.jsonl.gz"),
        "receipt": str(folder / "receipt.json"),
        "key_file": str(folder / "key"),
    }
    path = folder / "job.json"
    path.write_text(json.dumps(job), encoding="utf-8")
    return str(path)


def test_the_schema_org_spider_stops_at_its_limit_of_pages(tmp_path: Path) -> None:
    spider = SchemaOrgSpider(job_file(tmp_path, "schema_org", URL, {"max_pages": 2}))
    body = frozen("schema_org/microdata.html")
    first, request = spider.parse(HtmlResponse(URL, body=body, encoding="utf-8"))
    assert len(first.records) == 3
    assert first.stated is not None
    assert request.url == "https://shop.example/generator?page=2"
    assert len(list(spider.parse(HtmlResponse(request.url, body=body, encoding="utf-8")))) == 1


def test_the_app_store_spider_walks_until_a_page_is_empty(tmp_path: Path) -> None:
    spider = AppStoreSpider(job_file(tmp_path, "app_store", "https://apps.apple.com/jp/app/id42", {}))
    full, empty = (
        HtmlResponse(URL, body=frozen(f"app_store/{name}"), encoding="utf-8") for name in ("atom.xml", "no_entry.json")
    )
    page, request = spider.parse(full, page=1)
    assert len(page.records) == 2
    assert isinstance(request, ScrapyRequest)
    assert request.url.startswith("https://itunes.apple.com/jp/rss/customerreviews/page=2/id=42/")
    assert [item.records for item in spider.parse(empty, page=2)] == [()]
    assert len(list(spider.parse(full, page=10))) == 1


@pytest.mark.parametrize("spider", [SchemaOrgSpider, AppStoreSpider])
def test_a_picture_where_a_page_was_expected_is_named(spider: type, tmp_path: Path) -> None:
    made = spider(job_file(tmp_path, spider.name, "https://apps.apple.com/jp/app/id42", {}))
    with pytest.raises(UnexpectedPage, match="bytes that are no text"):
        list(made.parse(Response(URL, body=b"\x89PNG"), **({"page": 1} if spider is AppStoreSpider else {})))


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "wanted"),
    [
        ("2023-05-04", date(2023, 5, 4)),
        ("2021-09-30T11:16:21Z", datetime(2021, 9, 30, 11, 16, 21, tzinfo=UTC)),
        ("2021-08-09T02:19:52+0900", datetime(2021, 8, 9, 2, 19, 52, tzinfo=timezone(timedelta(hours=9)))),
        ("2023-05-04 10:11:12", date(2023, 5, 4)),
        ("Fri, 06 May 2011 16:15:12 -0700", datetime(2011, 5, 6, 23, 15, 12, tzinfo=UTC)),
        ("Fri May 06 16:15:12 -0700 2011", datetime(2011, 5, 6, 23, 15, 12, tzinfo=UTC)),
        ("September 12, 2015", date(2015, 9, 12)),
        ("Sept. 12th, 2015", date(2015, 9, 12)),
        ("12 Dec 2023", date(2023, 12, 12)),
        ("12 Dec 2023 14:00 IST", date(2023, 12, 12)),
        ("2018/11", date(2018, 11, 1)),
        ("2024년 1월 5일", date(2024, 1, 5)),
        ("2024年1月5日 12:30", date(2024, 1, 5)),
        ("２０２４年１月５日", date(2024, 1, 5)),
        ("2024.01.05", date(2024, 1, 5)),
        ("2024. 1. 5.", date(2024, 1, 5)),
        ("25/12/2024", date(2024, 12, 25)),
        ("12/25/2024", date(2024, 12, 25)),
        ("04/04/2024", date(2024, 4, 4)),
    ],
)
def test_dates_are_read_as_printed(printed: str, wanted: date) -> None:
    assert parse_date(printed) == wanted


@pytest.mark.parametrize(
    "printed",
    [
        *("", "03/04/2024", "12 Dec", "May", "March 5", "yesterday", "3 days ago", "2024-13-01", "April 31, 2024", "2018/113"),
        *("0001-01-01T00:00:00", "1970-01-01", "1512358118", "x" * 10_000, "May " * 20, "2024-01-01T99:99:99Z", None, 5, True),
    ],
)
def test_a_date_is_never_guessed(printed: object) -> None:
    assert parse_date(printed) is None


@pytest.mark.parametrize(
    ("printed", "wanted"),
    [
        ("4,5", (4.5, None)),
        ("5.0 out of 5 stars", (5, 5)),
        ("Rated 4 stars out of five stars", (4, 5)),
        ("4/5", (4, 5)),
        ("80%", (80, 100)),
        ("★★★★☆", (4, 5)),
        ("5つ星のうち4.0", (4, 5)),
        ("별 5개 중 4.5개", (4.5, 5)),
        ("４.５", (4.5, None)),
        (4, (4, None)),
        *(
            (nothing, None)
            for nothing in ("=5", "1,234", "4.8 (178)", "", "five", True, None, float("nan"), float("inf"), 10**30, "9" * 500)
        ),
    ],
)
def test_ratings_are_read_exactly_or_not_at_all(printed: object, wanted: tuple[float, float | None] | None) -> None:
    assert parse_rating(printed) == wanted


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("I <3 this, a < b &amp; c", "I <3 this, a < b & c"),
        ("one&lt;br&gt;two", "one\ntwo"),
        ("&amp;lt;p&amp;gt;x&amp;lt;/p&amp;gt;y", "x\ny"),
        ("it&amp;#39;s", "it's"),
        ("a\r\nb\n\n\n\nc   d", "a\nb\n\nc d"),
        ("<b>x</b>\ny", "x\ny"),
        ("one<br />\ntwo", "one\ntwo"),
        ("<div>a<script>evil()</script><!-- b --><style>c</style>d</div>", "ad"),
        ("AT&T &copy <heart>", "AT&T &copy <heart>"),
        ("あ\u3000い\u200bう👍🏽\0", "あ いう👍🏽"),
        (None, ""),
    ],
)
def test_text_is_what_a_reader_sees(content: object, wanted: str) -> None:
    assert text_of(content) == wanted


def test_the_text_of_an_element_ends_where_it_ends() -> None:
    page = document("<div><p>a b\n c<i>d</i></p><p>e<br>f</p>tail</div>", who="x", url=URL)
    assert [text_of(p) for p in page.css("p")] == ["a b cd", "e\nf"]
    assert text_of(page) == "a b cd\ne\nf\ntail"


def test_strict_selection_says_who_what_and_where() -> None:
    page = document('<ul><li id=""><li id="b"></ul>', who="x", url=URL)
    first, second = page.css("li")
    assert attr(second, "id", who="x", where="the row", url=URL) == "b"
    with pytest.raises(UnexpectedPage, match=r"x: expected one 'li' in the list, found 2 \(https://shop"):
        one(page, "li", who="x", where="the list", url=URL)
    with pytest.raises(UnexpectedPage, match="expected an attribute 'id' on the row, found none"):
        attr(first, "id", who="x", where="the row", url=URL)


def test_an_id_made_from_content_holds_too_little_of_a_name_to_confirm_it() -> None:
    ids = {content_id("2024-01-01", "Good.", author=f"name {n}") for n in range(20_000)}
    assert 4000 < len(ids) <= 4096
    assert content_id("a  b", None, author="x") == content_id("a b", "", author=" x ")


@pytest.mark.parametrize(
    ("block", "wanted"),
    [
        ('{"a": [1, 2,],}', [{"a": [1, 2]}]),
        ('{"a": 1}{"b": 2}', [{"a": 1}, {"b": 2}]),
        ('[{"a": 1} {"b": 2}]', [[{"a": 1}, {"b": 2}]]),
        ('{"a": "said "wow", then left", "b": 1}', [{"a": 'said "wow", then left', "b": 1}]),
        ('{"a": "it\\\'s C:\\dir"}', [{"a": "it's C:\\dir"}]),
        ('{"a": 1 /* c */, // d\n "b": "http://x"}', [{"a": 1, "b": "http://x"}]),
        ('{"r": [{"a": 1}, {"b": "tru', [{"r": [{"a": 1}]}]),
        ("[" * 100_000, []),
        ("not json", []),
    ],
)
def test_json_ld_is_read_as_sites_write_it(block: str, wanted: list[object]) -> None:
    assert decoded(block) == wanted


def test_json_ld_is_found_without_loading_the_page_where_a_browser_finds_it() -> None:
    block = LD + '{"@type": "Review", "reviewBody": "seen"}</script>'
    hidden = f"<!-- {LD}{{}}</script> --><script>document.write('<!--')</script><!-- a -- b -->"
    for text in (
        block,
        hidden + block,
        f'<SCRIPT TYPE="application/ld+json">{{"name": "<!-- <script"}}</SCRIPT >{block}',
        "<script",
        "<script>",
        "<!--",
        LD,
    ):
        page = document("<p></p>" + text, who="x", url=URL)
        assert [item.properties for item in json_ld_in(text)] == [item.properties for item in json_ld(page)]
    for frozen_page in (FOLDER / "schema_org").glob("*.html"):
        text = frozen_page.read_text(encoding="utf-8")
        loaded = json_ld(document(text, who="x", url=URL))
        assert [(item.types, item.id) for item in json_ld_in(text)] == [(item.types, item.id) for item in loaded]


# --- hostile pages ----------------------------------------------------------------------------------------------------

HOSTILE = {
    "five megabytes": "<html>" + "<p>word word</p>" * 330_000,
    "deep markup": "<div>" * 100_000 + REVIEW,
    "deep scopes": (REVIEW + '<div itemprop="reviewBody">x') * 900 + "<b>y</b>" * 50_000,
    "many scopes": (REVIEW + "<b itemprop=reviewBody>x</b></div>") * 30_000,
    "many properties": REVIEW + "<b itemprop=reviewBody>x</b>" * 60_000,
    "many attributes": "<a " + " ".join(f'a{n}="x"' for n in range(100_000)) + ">",
    "deep json": LD + '{"a":' * 100_000 + "</script>",
    "many broken blocks": (LD + '{"a":"b"c",}</script>') * 30_000,
    "many references": ld(
        [{"@type": "Review", "@id": f"i{n}", "x": 1, "name": [{"@id": f"i{n + 1}"}] * 20} for n in range(2000)]
    ),
    "quotes": LD + '{"a":' + '"' * 1_000_000 + "</script>",
    "comment starts": LD + "<!--" * 300_000 + "/*" * 300_000 + "</script>",
    "escaped markup": ld({"@type": "Review", "reviewBody": "&lt;br&gt;" * 500_000}),
    "angle brackets": "<p>" + "<" * 2_000_000 + "&" * 2_000_000,
    "zeros": "\0" * 2_000_000 + "<p>" + "\0" * 2_000_000,
    "long names": f'{REVIEW}<b itemprop="{"a " * 500_000}">x</b>',
    "bad links": '<a rel=next href="http://[x">a</a>' * 30_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_costs_seconds_at_most(name: str) -> None:
    started = time.process_time()
    for parse in PARSERS.values():
        try:
            records = list(parse(HOSTILE[name], URL))
        except UnexpectedPage:
            continue
        assert len(records) <= schema_org.MAX_REVIEWS
    assert time.process_time() - started < 100  # less than 2 s; what grows with the square takes minutes


NAMES = [
    "@type",
    "@id",
    "@graph",
    "@value",
    "@list",
    "review",
    "reviewBody",
    "author",
    "name",
    "reviewRating",
    "ratingValue",
    "bestRating",
]
NAMES += ["datePublished", "comment", "text", "identifier", "itemReviewed", "inLanguage", "url", "aggregateRating", "address"]
NAMES += ["feed", "entry", "label", "im:rating", "im:name", "id", "title", "content", "link", "attributes", "href", "updated"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["Review", "Person", "5", "2024-01-01", "x"])
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6), max_leaves=30
)


@settings(max_examples=300, deadline=5000)
@given(tree=TREES)
def test_any_json_gives_records_or_a_named_error(tree: object) -> None:
    text = json.dumps(tree)
    for parse, page in ((schema_org.parse, ld(tree)), (schema_org.parse, text), (app_store.parse, text)):
        try:
            records = list(parse(page, URL))
        except UnexpectedPage:
            continue
        orjson.dumps([line(record, KEY) for record in records])
        assert all((r.rating is None) == (r.rating_max is None) for r in records)
        assert all(r.rating is None or r.rating_max is None or r.rating_min <= r.rating <= r.rating_max for r in records)


@settings(max_examples=300, deadline=2000)
@given(text=st.text(max_size=200))
def test_values_of_any_text_never_raise(text: str) -> None:
    parse_date(text)
    parse_rating(text)
    text_of(text)
    content_id(text, author=text)
    decoded(text)
    page = document("<p>" + text, who="x", url=URL)
    assert json_ld(page) == microdata(page) == []


def test_json_that_is_no_json_ld_is_not_a_page_without_reviews() -> None:
    with pytest.raises(UnexpectedPage, match="JSON without any @type"):
        list(schema_org.parse('{"reviews": [{"text": "good"}]}', "https://shop.example/api"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"feed": {"entry": {"im:rating": {"label": "5"}}}}', True),
        (
            '<?xml version="1.0"?><feed xmlns:im="http://itunes.apple.com/rss"><entry><im:rating>5</im:rating></entry></feed>',
            True,
        ),
        ("CustomerReviews RSS page depth is limited to 10", True),
        ('{"reviews": []}', False),
        ("<!doctype html><html><body>im:rating</body></html>", False),
        ("", False),
    ],
)
def test_the_feed_is_recognised_by_its_vocabulary(text: str, wanted: bool) -> None:
    assert app_store.recognises(text, "https://shop.example/reviews") is wanted


def test_an_address_that_holds_its_authors_name_does_not_land() -> None:
    said = {"@type": "Review", "reviewBody": "Fine.", "author": "ada1815"}
    assert only(json.dumps(said | {"url": "https://shop.example/r/7"})).url == "https://shop.example/r/7"
    assert only(json.dumps(said | {"url": "https://shop.example/users/ada1815/r/7"})).url == URL


def test_a_corrected_rating_is_the_same_review_and_two_nameless_ones_are_not() -> None:
    said = {"text": "Boils fast.", "title": None, "published": None}
    assert review_id(rating=5, author="Ada", **said) == review_id(rating=2, author="Ada", **said)
    assert review_id(rating=5, author=None, **said) != review_id(rating=2, author=None, **said)
    assert review_id(rating=5, author="Ada", **(said | {"text": ""})) != review_id(
        rating=2, author="Ada", **(said | {"text": ""})
    )
