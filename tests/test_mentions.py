"""Mentions: what feeds, Mastodon, Bluesky and tables of posts give, what is kept of it, and whole crawls against a real server."""

import contextlib
import gzip
import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from web_api import Answer, Api, Call, serving

from pipeline.gather import gather
from pipeline.market import MarketError, load_market
from pipeline.market_check import check_options
from pipeline.run import Run
from spiders.items import Post, UnexpectedPage
from spiders.mentions import bluesky, feed, mastodon, post_table
from spiders.reading.answer import loaded, text_at
from spiders.reading.naming import naming
from spiders.receipt import Receipt
from spiders.tables.row_landing import Read
from spiders.tables.rows import RowsError

URL = "https://www.shop.example/page"
BUSY_SECONDS = 60
"""A hundred times what a quiet machine takes: only what grows with the square needs more."""
PAGES = Path(__file__).parent / "pages"

# --- which posts name a brand ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("I love LEAF tea", True),
        ("leaflet in the post", False),
        ("#leaf!", True),
        ("Leaf\n  Tea shop", True),
        ("달빛상점에서 샀어요", True),
        ("月光茶屋の新茶", True),
        ("\uff2c\uff45\uff41\uff46 is full width", True),
        ("", False),
    ],
)
def test_a_post_names_a_brand_by_whole_words_and_in_scripts_without_spaces_anywhere(text: str, named: bool) -> None:
    words = ("Leaf", "leaf tea", "달빛상점", "月光茶屋")
    assert bool(list(naming([Post(native_id="1", text=text)], words))) is named


def test_without_words_every_post_counts_and_titles_count_as_text() -> None:
    posts = [Post(native_id="1", title="Leaf opens"), Post(native_id="2", text="something else")]
    assert list(naming(posts, ())) == posts
    assert list(naming(posts, ("leaf",))) == posts[:1]


# --- feeds ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "not a feed", "<html><head></head></html>", '{"items": []}', "<rss", "\0"])
def test_what_is_no_feed_is_refused_with_a_message(text: str) -> None:
    with pytest.raises(UnexpectedPage, match=rf"feed: expected .*{URL}"):
        list(feed.parse(text, URL))


def test_a_feed_is_read_without_opening_what_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not to be read")

    def refuse(*_: object) -> None:
        raise AssertionError("a parser asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    entity = f'<!DOCTYPE rss [<!ENTITY e SYSTEM "file://{secret}"><!ENTITY b "{"x" * 1000}">]>'
    text = f"{entity}<rss version='2.0'><channel><item><title>a &e; b {'&b;' * 1000}</title></item></channel></rss>"
    (post,) = feed.parse(text, URL)
    assert "not to be read" not in str(post)
    assert len(post.title or "") <= 1000
    for address in (str(secret), f"file://{secret}", "https://shop.example/feed"):
        with pytest.raises(UnexpectedPage):
            list(feed.parse(address, URL))


def test_the_newest_entries_of_an_endless_feed_are_read_in_bounded_time() -> None:
    item = "<item><title>Tea {}</title><link>https://a.example/{}</link><description>{}</description></item>"
    items = "".join(item.format(n, n, "leaf " * 20) for n in range(30_000))
    begun = time.process_time()
    posts = list(feed.parse(f"<rss version='2.0'><channel>{items}</channel></rss>", URL))
    assert time.process_time() - begun < BUSY_SECONDS
    assert [post.title for post in posts] == [f"Tea {n}" for n in range(feed.MAX_ENTRIES)]


@pytest.mark.parametrize("unit", ["<", "<a>", "<item><title>x", "&", "&lt;b&gt;", "<![CDATA[", '<a b="', "<!DOCTYPE x ["])
def test_a_megabyte_of_one_thing_takes_bounded_time(unit: str) -> None:
    text = f"<rss version='2.0'><channel>{unit * (1_000_000 // len(unit))}"
    begun = time.process_time()
    with contextlib.suppress(UnexpectedPage):
        assert len(list(feed.parse(text, URL))) < 100_000
    assert time.process_time() - begun < BUSY_SECONDS


def test_an_element_with_ten_thousands_of_attributes_is_refused_at_once() -> None:
    attributes = " ".join(f'a{n}="1"' for n in range(50_000))
    with pytest.raises(UnexpectedPage, match="at most 500 attributes"):
        list(feed.parse(f"<rss version='2.0'><channel><item {attributes}/></channel></rss>", URL))


@pytest.mark.parametrize(
    ("link", "guid", "address"),
    [
        ("https://s.example/@janedoe/12", "https://s.example/@janedoe/12", "https://s.example/statuses/12"),
        ("https://m.example/%40janedoe/tea-1f", "https://m.example/p/1f", URL),
        ("https://r.example/user/JaneDoe/comments/7/", "t3_7", URL),
        ("https://janedoe.example/tea/", "https://janedoe.example/?p=7", "https://janedoe.example/tea/"),
    ],
)
def test_a_feeds_links_and_ids_do_not_name_who_wrote(link: str, guid: str, address: str) -> None:
    item = f"<item><title>Leaf</title><link>{link}</link><guid>{guid}</guid><author>/u/janedoe</author></item>"
    (post,) = feed.parse(f"<rss version='2.0'><channel>{item}</channel></rss>", URL)
    assert post.url == address
    assert "@" not in post.native_id
    assert (post.native_id == guid) is ("@" not in guid)


def test_a_youtube_channels_page_leads_to_its_feed_and_other_addresses_stay() -> None:
    channel = "UC" + "a" * 22
    wanted = f"https://www.youtube.com/feeds/videos.xml?channel_id={channel}"
    assert feed.feed_url(f"https://www.youtube.com/channel/{channel}/videos") == wanted
    assert feed.feed_url("https://leaf.example/feed") == "https://leaf.example/feed"


def test_a_count_that_is_not_given_is_unknown_and_not_zero() -> None:
    entry = "<item><title>Tea</title>{}</item>"
    ns = 'xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
    for said, wanted in (("", None), ("<slash:comments>0</slash:comments>", 0), ("<slash:comments>many</slash:comments>", None)):
        (post,) = feed.parse(f"<rss version='2.0' {ns}><channel>{entry.format(said)}</channel></rss>", URL)
        assert (post.replies, post.likes, post.views, post.shares) == (wanted, None, None, None)


# --- Mastodon and Bluesky -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "text", "words"),
    [
        (mastodon, '{"error": "This method requires an authenticated user"}', "requires an authenticated user"),
        (mastodon, "<html>", "expected JSON"),
        (mastodon, '[{"content": "x"}]', "a post with an id"),
        (bluesky, '{"error": "InvalidRequest", "message": "Profile not found"}', "Profile not found"),
        (bluesky, "[]", "a JSON object"),
        (bluesky, '{"posts": [{"record": {}}]}', "a post with a uri"),
    ],
)
def test_an_answer_without_posts_to_read_is_refused_with_its_reason(module: object, text: str, words: str) -> None:
    with pytest.raises(UnexpectedPage, match=words):
        list(module.parse(text, URL))  # type: ignore[attr-defined]  # both have it


def test_a_lone_surrogate_in_an_answer_costs_neither_the_page_nor_the_next_one(tmp_path: Path) -> None:
    text = '{"posts": [{"uri": "at://did:plc:x/app.bsky.feed.post/1\\ud800", "record": {"text": "a \\udfff b"}}], "cursor": "\\ud83c"}'
    (post,) = bluesky.parse(text, URL)
    (tmp_path / "posts.txt").write_text(f"{post.native_id} {post.text} {post.url}", "utf-8")
    cursor = text_at(loaded(text, who="bluesky", expected="JSON", url=URL), "cursor")
    assert bluesky.next_url(URL, cursor) != URL


@pytest.mark.parametrize("answer", ["[]", '{"statuses": []}', '{"accounts": [], "statuses": []}'])
def test_a_timeline_without_posts_is_a_quiet_one(answer: str) -> None:
    assert list(mastodon.parse(answer, URL)) == []


def test_the_same_post_met_on_two_servers_has_one_id_and_no_address_has_a_login() -> None:
    (one,), (other,) = (
        mastodon.parse(json.dumps([status(5, "tea") | {"id": number, "uri": "https://s.example/users/janedoe/statuses/5"}]), url)
        for number, url in (("5", "https://s.example/api/v1/timelines/tag/tea"), ("77", "https://me:key@t.example/api/v1/x"))
    )
    assert one.native_id == other.native_id == "s.example/5"
    assert (one.url, other.url) == ("https://s.example/statuses/5", "https://t.example/statuses/77")


def test_addresses_that_people_know_lead_to_the_api() -> None:
    root = "https://social.example"
    assert mastodon.first_url(f"{root}/tags/leaf", replies=False) == (f"{root}/api/v1/timelines/tag/leaf?limit=40", None)
    url, posts = mastodon.first_url(f"{root}/@leaf", replies=False)
    assert url == f"{root}/api/v1/accounts/lookup?acct=leaf"
    assert posts == f"{root}/api/v1/accounts/{{id}}/statuses?limit=40&exclude_reblogs=true&exclude_replies=true"
    wanted = "https://public.api.bsky.app/xrpc/app.bsky.feed.getAuthorFeed?actor=leaf.example&filter=posts_no_replies&limit=100"
    assert bluesky.first_url("https://bsky.app/profile/leaf.example", replies=False) == wanted
    assert "searchPosts?q=leaf+tea&" in bluesky.first_url("https://bsky.app/search?q=leaf+tea", replies=False)
    for first in (mastodon.first_url, bluesky.first_url):
        with pytest.raises(UnexpectedPage, match="expected the address of an account"):
            first(f"{root}/about", replies=False)


def test_a_link_header_says_which_posts_come_next_and_never_where_they_are() -> None:
    url = "https://social.example/api/v1/timelines/tag/leaf?limit=40&max_id=9"
    header = '<https://evil.example/api?max_id=5>; rel="next", <https://social.example/x?min_id=9>; rel="prev"'
    assert mastodon.next_url(url, header, "7") == "https://social.example/api/v1/timelines/tag/leaf?limit=40&max_id=5"
    assert mastodon.next_url(url, '<https://social.example/x?min_id=9>; rel="prev"', "7") is None
    assert mastodon.next_url(url, "", "7") == "https://social.example/api/v1/timelines/tag/leaf?limit=40&max_id=7"


@pytest.mark.parametrize(
    ("page", "source"),
    [("feed/rdf_ja.rdf", "feed"), ("mastodon/account.json", "mastodon"), ("bluesky/author_feed.json", "bluesky")],
)
def test_a_saved_page_is_known_to_its_own_source_and_to_no_other(page: str, source: str) -> None:
    text = (PAGES / page).read_text("utf-8")
    assert [m.__name__ for m in (bluesky, feed, mastodon) if m.recognises(text, URL)] == [f"spiders.mentions.{source}"]


# --- tables of posts ------------------------------------------------------------------------------------------------------------

COLUMNS = {"text": "Message", "published_at": "Date", "likes": "Reactions", "author": "From", "url": "Link"}


def table(text: str, **options: object) -> Read:
    return post_table.read(text, post_table.Options.model_validate({"columns": COLUMNS} | options), None)


HEAD = "Message,Date,Reactions,From,Link\n"


def test_a_table_of_posts_is_read_by_its_columns_with_unknown_counts_left_open() -> None:
    rows = '"Leaf, <b>new</b>",2026-05-01 09:00,"1,204",Jo,https://x.example/1\nquiet,2026-05-02,,Jo,\n'
    first, second = (post for post in table(HEAD + rows, timezone="Asia/Seoul").records if isinstance(post, Post))
    assert (first.text, first.likes, first.author, first.url) == ("Leaf, new", 1204, "Jo", "https://x.example/1")
    assert first.published_at == datetime(2026, 5, 1, 0, 0, tzinfo=UTC)
    assert (second.published_at, second.likes, second.url) == (date(2026, 5, 2), None, None)
    assert first.native_id != second.native_id


def test_a_table_lands_no_address_and_no_id_with_its_authors_name() -> None:
    columns = COLUMNS | {"native_id": "Link"}
    rows = "tea,2026-05-01,1,@janedoe,https://x.example/janedoe/status/12\ntea,2026-05-01,1,Jane,https://x.example/12\n"
    first, second = (post for post in table(HEAD + rows, columns=columns).records if isinstance(post, Post))
    assert "janedoe" not in f"{first.native_id} {first.url}"
    assert (second.native_id, second.url) == ("https://x.example/12", "https://x.example/12")


def test_the_same_post_has_the_same_id_in_the_next_export_whatever_its_counts() -> None:
    once, again = (table(f"{HEAD}Leaf,2026-05-01,{likes},Jo,https://x.example/1\n").records[0] for likes in (1, 99))
    assert isinstance(once, Post)
    assert isinstance(again, Post)
    assert once.native_id == again.native_id


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("Leaf,05/06/2026,1,Jo,", "line 2: expected a date in ISO 8601, .* in column 'Date', found '05/06/2026'"),
        ("Leaf,2026-05-01,Jo Smith,Jo,", "line 2: expected a count in column 'Reactions', found a text of 8 characters"),
        (",2026-05-01,1,Jo,", "line 2: expected a title or a text, found neither"),
        ("Leaf,2026-05-01,1,Jo,ftp://x", "line 2: expected a web address in column 'Link', found a text of 7"),
    ],
)
def test_a_bad_row_is_told_by_its_line_and_without_what_may_be_a_name(row: str, wanted: str) -> None:
    with pytest.raises(RowsError, match=wanted):
        raise RowsError(table(f"{HEAD}{row}\n").faults[0])


def test_a_missing_column_is_an_error_with_the_names_that_there_are() -> None:
    with pytest.raises(RowsError, match=r"line 1: expected the names of the columns .* one of 'message'"):
        table("Text,Date\nLeaf,2026-05-01\n")


# --- whole crawls -----------------------------------------------------------------------------------------------------------------


def status(number: int, text: str) -> dict[str, object]:
    return {
        "id": str(number), "uri": f"https://s.example/users/x/statuses/{number}", "url": f"https://s.example/@x/{number}", "content": f"<p>{text}</p>",
        "created_at": "2026-05-01T00:00:00.000Z", "visibility": "public", "account": {"acct": "Jo Example"}, "favourites_count": number,
    }  # fmt: skip


def answer(call: Call) -> Answer:
    links: dict[str, str] = {}
    said: object = {"error": "Record not found"}
    if call.path == "/feed":
        return 200, {"Content-Type": "application/rss+xml"}, (PAGES / "feed" / "blog_rss2.xml").read_bytes()
    if call.path == "/empty":
        return 200, {"Content-Type": "application/atom+xml"}, (PAGES / "feed" / "empty_atom.xml").read_bytes()
    if call.path == "/home":
        return 200, {"Content-Type": "text/html"}, b"<!doctype html><html><head><title>Leaf</title></head></html>"
    if call.path == "/api/v1/accounts/lookup" and call.query == {"acct": "leaf"}:
        said = {"id": "77", "acct": "leaf"}
    elif call.path == "/api/v1/accounts/77/statuses":
        pages = {None: [status(9, "tea"), status(8, "pots")], "8": [status(7, "tea again")]}
        said = pages.get(call.query.get("max_id"), [])
        links = {} if call.query.get("max_id") else {"Link": '<https://elsewhere.example/x?max_id=8>; rel="next"'}
    elif call.path == "/api/v1/timelines/tag/tea":
        said = [status(3, "I like Leaf"), status(2, "leaflets")] if "max_id" not in call.query else []
    elif call.path == "/xrpc/app.bsky.feed.searchPosts":
        number = int(call.query.get("cursor", "1"))
        post = {"uri": f"at://did:plc:x/app.bsky.feed.post/{number}", "record": {"text": "Leaf"}, "likeCount": number}
        said = {"posts": [post], **({"cursor": str(number + 1)} if number < 9 else {})}
    return 200, {"Content-Type": "application/json", **links}, json.dumps(said).encode()


SOURCES = {
    "blog": 'source = "feed"\nurl = "{root}/feed"',
    "quiet": 'source = "feed"\nurl = "{root}/empty"',
    "page": 'source = "feed"\nurl = "{root}/home"',
    "account": 'source = "mastodon"\nurl = "{root}/@leaf"',
    "tag": 'source = "mastodon"\nurl = "{root}/tags/tea"\noptions.words = ["Leaf"]',
    "nobody": 'source = "mastodon"\nurl = "{root}/@nobody"',
    "sky": 'source = "bluesky"\nurl = "{root}/xrpc/app.bsky.feed.searchPosts?q=leaf"\noptions.max_pages = 2',
    "table": 'source = "post_table"\npath = "posts.csv"\noptions.columns = {{ text = "Message" }}\noptions.words = ["leaf"]',
}


class Crawled:
    def __init__(self, api: Api, folder: Path) -> None:
        text = 'id = "tea"\nname = "Tea"\nlanguages = ["en"]\n[crawl]\ncontact = "me@leaf.example"\ndelay_seconds = 0\n'
        text += 'allow_hosts = ["127.0.0.1"]\n'
        for brand, source in SOURCES.items():
            text += (
                f'[[brands]]\nid = "{brand}"\nname = "{brand}"\n[[brands.sources]]\nkind = "mentions"\nbasis = "public_page"\n'
            )
            text += f"{source.format(root=api.root)}\n"
        (folder / "posts.csv").write_text("Message\nLeaf is fine\nsomething else\n")
        (folder / "tea.toml").write_text(text)
        market = load_market(folder / "tea.toml")
        check_options(market)
        self.api = api
        self.run = Run(market, folder / "data", "r1", datetime(2026, 6, 1, tzinfo=UTC))
        self.receipts: dict[str | None, Receipt] = {
            receipt.brand: receipt for receipt in gather(self.run, market.targets, progress=lambda _: None)
        }

    def lines(self, brand: str) -> list[dict[str, object]]:
        packed = (self.run.landing / "r1" / f"{self.receipts[brand].target}.jsonl.gz").read_bytes()
        return [json.loads(line) for line in gzip.decompress(packed).splitlines()]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    with serving(answer) as api:
        yield Crawled(api, tmp_path_factory.mktemp("mentions"))


def test_crawls_land_and_a_quiet_week_is_one_of_them(crawled: Crawled) -> None:
    landed = {brand: receipt.records for brand, receipt in crawled.receipts.items() if receipt.outcome == "landed"}
    assert landed == {"blog": 3, "quiet": 0, "account": 3, "tag": 1, "sky": 2, "table": 1}


def test_a_page_that_is_no_feed_and_an_account_that_is_not_there_fail_with_their_reason(crawled: Crawled) -> None:
    assert "an HTML page: say the feed's own address" in (crawled.receipts["page"].reason or "")
    assert "expected an account with an id" in (crawled.receipts["nobody"].reason or "")


def test_an_accounts_posts_are_walked_on_its_own_server(crawled: Crawled) -> None:
    assert [line["native_id"] for line in crawled.lines("account")] == [f"s.example/{n}" for n in (9, 8, 7)]
    assert [line["url"] for line in crawled.lines("account")] == [f"{crawled.api.root}/statuses/{n}" for n in (9, 8, 7)]
    calls = [call.query for call in crawled.api.calls if call.path == "/api/v1/accounts/77/statuses"]
    assert calls[1]["max_id"] == "8"


def test_a_search_is_walked_as_far_as_its_pages_go(crawled: Crawled) -> None:
    assert [line["likes"] for line in crawled.lines("sky")] == [1, 2]


def test_only_posts_that_name_the_brand_are_kept_of_what_others_write(crawled: Crawled) -> None:
    assert [line["text"] for line in crawled.lines("tag")] == ["I like Leaf"]
    assert [line["text"] for line in crawled.lines("table")] == ["Leaf is fine"]


def test_no_authors_name_lands(crawled: Crawled) -> None:
    for brand in ("blog", "account"):
        assert "Jo Example" not in json.dumps(crawled.lines(brand))
    assert all(line["author_hash"] for line in crawled.lines("account"))


def test_options_that_a_source_does_not_know_are_told(tmp_path: Path) -> None:
    text = 'id = "tea"\nname = "Tea"\nlanguages = ["en"]\n[[brands]]\nid = "leaf"\nname = "Leaf"\n[[brands.sources]]\nkind = "mentions"\n'
    text += 'source = "post_table"\npath = "posts.csv"\nbasis = "own_data"\noptions.columns = { likes = "Reactions" }\n'
    (tmp_path / "tea.toml").write_text(text)
    with pytest.raises(
        MarketError, match=r"leaf\.mentions\.post_table: options\.columns: expected title or text among the columns"
    ):
        check_options(load_market(tmp_path / "tea.toml"))
