"""Rankings: how each engine is asked, page after page and draw after draw, and what is landed of an answer or of none."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qsl, urlsplit

import pytest
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Request, Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure
from web_api import Answer, Api, Call, serving

from pipeline.gather import gather
from pipeline.market import MarketError, load_market
from pipeline.market_check import check_options
from pipeline.run import Run
from spiders.items import SearchResult, UnexpectedPage
from spiders.rankings import rank_table, search_api, search_page
from spiders.receipt import Job, Keyword, Receipt
from spiders.tables.row_landing import Read
from spiders.tables.rows import RowsError
from spiders.web.search_apis import APIS, Asked, ask, pages_for
from spiders.web.searches import Search, filled, observed, searches, unanswered

PAGES = Path(__file__).parent / "pages"
URL = "https://www.shop.example/page"


def search(text: str = "tea", **values: object) -> Search:
    known = {"keyword": Keyword(text=text, engine="x", locale="ko-KR"), "draw": 1, "result_type": "web", "device": None}
    return Search(**(known | values))  # type: ignore[arg-type]  # the values of each test are right


# --- what a page says -----------------------------------------------------------------------------------------------------


def test_a_result_page_without_results_or_a_reason_is_refused_rather_than_taken_for_a_lost_ranking() -> None:
    page = '<title>kettle - Google Search</title><form action="/search"><input name="q" value="kettle"></form><div id="rso"><div>new</div></div>'
    with pytest.raises(UnexpectedPage, match="neither"):
        list(search_page.parse(page, URL))


def test_an_answer_that_only_holds_modules_is_refused_rather_than_taken_for_a_lost_ranking() -> None:
    answer = {"search_parameters": {"engine": "google", "q": "kettle"}, "shopping_results": [{"link": "https://a.example/"}]}
    with pytest.raises(UnexpectedPage, match="a list of results"):
        list(search_api.parse(json.dumps(answer), URL))


def test_an_empty_list_where_the_list_belongs_is_an_absence() -> None:
    for answer in ({"searchParameters": {"q": "kettle"}, "organic": []}, {"type": "search", "query": {"original": "kettle"}}):
        (record,) = search_api.parse(json.dumps(answer), URL)
        assert (record.status, record.depth, record.keyword) == ("absent", 0, "kettle")


def test_what_the_job_says_outranks_what_the_page_says() -> None:
    page = (PAGES / "search_page" / "google_desktop_en.html").read_text("utf-8")
    record = next(search_page.parse(page, URL, "kettle of copper", "mirror", "en-GB"))
    assert (record.keyword, record.engine, record.locale) == ("kettle of copper", "mirror", "en-GB")


def test_answers_pages_and_tables_are_told_apart() -> None:
    table = "keyword,rank,url\ntea,1,https://a.example/\n"
    assert [m.recognises(' {"organic": []}', URL) for m in (search_api, rank_table)] == [True, False]
    assert [m.recognises("<html>keyword,rank\n", URL) for m in (search_api, rank_table)] == [False, False]
    assert [m.recognises(table, URL) for m in (search_api, rank_table)] == [False, True]


# --- how engines are asked ------------------------------------------------------------------------------------------------


def asked(name: str, **values: object) -> Asked:
    known: dict[str, object] = {
        "page": 1, "depth": 30, "locale": "ko-KR", "device": None, "result_type": "web", "draws": 1, "parameters": {},
    }  # fmt: skip
    return ask(APIS[name], f"https://{name}.example/", "tea & cake", **(known | values))  # type: ignore[arg-type]


def query(said: Asked) -> dict[str, str]:
    return dict(parse_qsl(said.body.decode() if said.body else urlsplit(said.url).query))


def test_searxng_is_asked_for_json_in_a_language_page_by_page() -> None:
    said = asked("searxng", page=3, parameters={"engines": "bing,mojeek"})
    assert said.url.startswith("https://searxng.example/search?q=tea+%26+cake&")
    wanted = {"format": "json", "categories": "general", "language": "ko-KR", "pageno": "3", "engines": "bing,mojeek"}
    assert query(said) == {"q": "tea & cake"} | wanted


def test_an_instance_of_ones_own_is_asked_by_its_form_so_that_its_robots_file_is_obeyed() -> None:
    said = asked("searxng", form=True)
    assert said.url == "https://searxng.example/search"
    assert query(said)["q"] == "tea & cake"
    assert said.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_naver_counts_results_from_one_and_has_an_address_for_each_type() -> None:
    assert query(asked("naver", page=2)) == {"query": "tea & cake", "display": "30", "start": "31"}
    for result_type, name in (("web", "webkr"), ("blog", "blog"), ("news", "news"), ("shop", "shop")):
        assert urlsplit(asked("naver", result_type=result_type).url).path == f"/v1/search/{name}.json"


def test_brave_has_codes_of_its_own_for_languages_and_counts_pages_from_zero() -> None:
    wanted = {"q": "tea & cake", "result_filter": "web", "search_lang": "ko", "country": "KR", "count": "20", "offset": "1"}
    assert query(asked("brave", page=2)) == wanted
    told = {
        locale: query(asked("brave", locale=locale))["search_lang"] for locale in ("ja", "pt", "pt-PT", "zh-TW", "en_GB", "fr")
    }
    assert told == {"ja": "jp", "pt": "pt-br", "pt-PT": "pt-pt", "zh-TW": "zh-hant", "en_GB": "en-gb", "fr": "fr"}


def test_serpapi_is_told_device_country_and_language_and_offset() -> None:
    said = query(asked("serpapi", page=2, device="mobile", parameters={"api_key": "k"}))
    wanted = {"engine": "google", "hl": "ko", "gl": "kr", "device": "mobile", "start": "10", "api_key": "k"}
    assert said == {"q": "tea & cake"} | wanted
    assert query(asked("serpapi", result_type="news"))["tbm"] == "nws"


def test_serper_is_posted_json() -> None:
    said = asked("serper", page=2, result_type="shop")
    assert said.url == "https://serper.example/shopping"
    assert said.body is not None
    assert json.loads(said.body) == {"q": "tea & cake", "hl": "ko", "gl": "kr", "page": 2}


def test_repeated_draws_ask_for_answers_from_no_cache() -> None:
    assert query(asked("serpapi", draws=3))["no_cache"] == "true"
    assert asked("brave", draws=3).headers == {"Cache-Control": "no-cache"}
    assert "no_cache" not in query(asked("serpapi"))
    assert not asked("brave").headers


def test_parameters_of_the_market_file_outrank_the_tables_own() -> None:
    assert query(asked("serpapi", parameters={"engine": "google_light"}))["engine"] == "google_light"


@pytest.mark.parametrize(
    ("name", "depth", "pages"), [("naver", 30, 2), ("brave", 30, 4), ("brave", 100, 10), ("serper", 10, 2), ("serpapi", 100, 20)]
)
def test_a_search_ends_after_twice_the_pages_that_would_do_if_they_were_full(name: str, depth: int, pages: int) -> None:
    assert pages_for(APIS[name], depth) == pages


def test_a_keyword_cannot_change_where_a_request_goes() -> None:
    template = "https://s.example/search?q={keyword}&l={locale}&p={page}&f={start}&o={offset}"
    url = filled(template, search("a b&q=c#d/../{locale}", page=3), 10)
    assert url.startswith("https://s.example/search?q=a%20b%26q%3Dc%23d%2F..%2F")
    assert url.endswith("&l=ko-KR&p=3&f=21&o=20")
    assert url.count("&") == 4


# --- what is landed of no answer --------------------------------------------------------------------------------------------


def failure(error: Exception, made: Search) -> Failure:
    failed = Failure(error)  # type: ignore[no-untyped-call]  # Twisted has no types for it
    failed.request = Request("https://s.example/", cb_kwargs={"search": made})  # type: ignore[attr-defined]  # as Scrapy does
    return failed


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (HttpError(Response("https://s.example/", status=403)), "blocked"),
        (HttpError(Response("https://s.example/", status=429)), "blocked"),
        (HttpError(Response("https://s.example/", status=500)), "failed"),
        (IgnoreRequest("Forbidden by robots.txt"), "blocked"),
        (OSError("timed out"), "failed"),
    ],
)
def test_a_search_without_an_answer_is_blocked_or_failed_and_never_a_rank(error: Exception, status: str) -> None:
    (page,) = unanswered("search_api", failure(error, search(draw=2)))
    (record,) = page.records
    assert isinstance(record, SearchResult)
    assert (record.keyword, record.status, record.rank, record.depth, record.draw) == ("tea", status, None, None, 2)


CLOUDFLARE = '<html lang="en"><title>Just a moment...</title><script>window._cf_chl_opt = {};</script></html>'


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (CLOUDFLARE, "blocked"),
        ('<title>Access to this page has been denied.</title><div id="px-captcha"></div>', "blocked"),
        ("<title>Access Denied</title>", "blocked"),
        ("<title>Back soon</title><p>We are moving house.</p>", "failed"),
    ],
)
@pytest.mark.parametrize("source", [search_api, search_page])
def test_a_guards_page_in_the_place_of_the_results_is_a_blocked_search(source: ModuleType, text: str, status: str) -> None:
    response = HtmlResponse("https://s.example/", body=text, encoding="utf-8")
    page = observed("search_page", source.parse, response, search())
    assert [(r.status, r.rank) for r in page.records if isinstance(r, SearchResult)] == [(status, None)]


def test_a_later_page_that_fails_does_not_unsay_the_first() -> None:
    (page,) = unanswered("search_api", failure(OSError("timed out"), search(page=2, before=10)))
    assert page.records == ()


def test_draws_of_one_keyword_lie_apart() -> None:
    words = (Keyword(text="a", engine="x"), Keyword(text="b", engine="x", device="mobile"))
    job = Job.model_construct(keywords=words, draws=2, result_type="web")
    assert [(s.keyword.text, s.draw, s.device) for s in searches(job, tells_device=True)] == [
        ("a", 1, None), ("b", 1, "mobile"), ("a", 2, None), ("b", 2, "mobile"),
    ]  # fmt: skip
    assert {s.device for s in searches(job, tells_device=False)} == {None}


# --- whole crawls -----------------------------------------------------------------------------------------------------------


def numbered(first: int, count: int) -> list[dict[str, str]]:
    return [
        {"url": f"https://r{n}.example/", "link": f"https://r{n}.example/", "title": f"R{n}"} for n in range(first, first + count)
    ]


def answer(call: Call) -> Answer:
    """An instance of SearXNG whose pages overlap by one, Serper, and an engine's own pages."""
    said: object = {}
    if call.path == "/search" and call.method == "POST" and "x-api-key" not in call.headers:
        asked = dict(parse_qsl(call.body.decode()))
        page = int(asked["pageno"])
        words = asked["q"]
        if words == "strange":
            return 200, {"Content-Type": "text/html"}, b"<p>We will be back soon</p>"
        rows = [] if words == "quiet" else numbered(1 + (page - 1) * 7, 8) if page < 3 else []
        said = {"query": words, "number_of_results": 0, "results": rows, "unresponsive_engines": []}
    elif call.headers.get("x-api-key") == "serper-key-123":
        said = {"searchParameters": {"q": "tea", "type": "news"}, "news": numbered(1, 10)}
    elif call.path == "/html":
        first = 1 + int(call.query["first"])
        links = "".join(f'<a href="{row["url"]}"><h3>{row["title"]}</h3></a>' for row in numbered(first, 9))
        return 200, {"Content-Type": "text/html"}, f"<title>tea - Google Search</title>{links}".encode()
    return 200, {"Content-Type": "application/json"}, json.dumps(said).encode()


MARKET = """
id = "tea"
name = "Tea"
languages = ["en"]
[crawl]
contact = "me@leaf.example"
delay_seconds = 0
allow_hosts = ["127.0.0.1"]
[[engines]]
name = "own"
source = "search_api"
url = "{root}"
basis = "own_data"
draws = 2
options = {{ depth = 15, form = true }}
[[engines]]
name = "paid"
source = "search_api"
url = "{root}"
basis = "api_terms"
result_type = "news"
options = {{ api = "serper", headers = {{ X-API-KEY = "${{SERPER_KEY}}" }} }}
[[engines]]
name = "pages"
source = "search_page"
url = "{root}/html?q={{keyword}}&first={{offset}}&d={{device}}"
basis = "own_data"
options.depth = 18
options.page_size = 9
[[keywords]]
text = "tea"
engine = "own"
[[keywords]]
text = "quiet"
engine = "own"
[[keywords]]
text = "strange"
engine = "own"
[[keywords]]
text = "tea"
engine = "paid"
locale = "ko-KR"
[[keywords]]
text = "tea"
engine = "pages"
device = "mobile"
[[brands]]
id = "leaf"
name = "Leaf"
"""


def unpacked(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines()


class Crawled:
    def __init__(self, api: Api, folder: Path) -> None:
        (folder / "tea.toml").write_text(MARKET.format(root=api.root))
        market = load_market(folder / "tea.toml")
        check_options(market)
        run = Run(market, folder / "data", "r1", datetime(2026, 6, 1, tzinfo=UTC))
        self.api = api
        self.receipts: dict[str, Receipt] = {r.name: r for r in gather(run, market.targets, progress=lambda _: None)}
        self.lines = {
            name: [json.loads(line) for line in unpacked(run.landing / "r1" / f"market.ranking.{name}.jsonl.gz")]
            for name in self.receipts
        }


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    with pytest.MonkeyPatch.context() as patch, serving(answer) as api:
        patch.setenv("SERPER_KEY", "serper-key-123")
        yield Crawled(api, tmp_path_factory.mktemp("rankings"))


def test_all_crawls_land(crawled: Crawled) -> None:
    assert {name: (r.outcome, r.reason) for name, r in crawled.receipts.items()} == dict.fromkeys(
        ("own", "paid", "pages"), ("landed", None)
    )


def test_a_search_goes_on_until_its_depth_and_ranks_go_on_with_it(crawled: Crawled) -> None:
    lines = [line for line in crawled.lines["own"] if line["keyword"] == "tea" and line["draw"] == 1]
    # Two pages of eight that overlap by one; the third has nothing.
    assert [(line["rank"], line["url"]) for line in lines] == [(n, f"https://r{n}.example/") for n in range(1, 16)]
    assert {line["depth"] for line in lines} == {8, 15}
    assert {line["status"] for line in lines} == {"observed"}


def test_each_draw_is_a_search_of_its_own(crawled: Crawled) -> None:
    counts = {draw: sum(line["draw"] == draw for line in crawled.lines["own"]) for draw in (1, 2)}
    assert counts[1] == counts[2] == 17  # fifteen results, one absence, one failure


@pytest.mark.parametrize(("keyword", "status", "depth"), [("quiet", "absent", 0), ("strange", "failed", None)])
def test_what_was_not_found_and_what_could_not_be_read_are_told_apart(
    crawled: Crawled, keyword: str, status: str, depth: int | None
) -> None:
    lines = [line for line in crawled.lines["own"] if line["keyword"] == keyword]
    # Answers come back in any order.
    assert sorted((line["draw"], line["status"], line["depth"], line["rank"]) for line in lines) == [
        (1, status, depth, None), (2, status, depth, None),
    ]  # fmt: skip


def test_the_type_of_results_the_locale_and_the_key_reach_the_api(crawled: Crawled) -> None:
    (call,) = [call for call in crawled.api.calls if "x-api-key" in call.headers]
    assert (call.method, call.path, json.loads(call.body)) == ("POST", "/news", {"q": "tea", "hl": "ko", "gl": "kr", "page": 1})
    lines = crawled.lines["paid"]
    assert {(line["result_type"], line["locale"], line["engine"], line["device"]) for line in lines} == {
        ("news", "ko-KR", "paid", None)
    }
    assert [line["rank"] for line in lines] == list(range(1, 11))


def test_pages_of_an_engine_are_walked_by_offset_and_land_their_device(crawled: Crawled) -> None:
    calls = [call.query for call in crawled.api.calls if call.path == "/html"]
    assert calls == [{"q": "tea", "first": str(n), "d": "mobile"} for n in (0, 9)]
    lines = crawled.lines["pages"]
    assert [line["rank"] for line in lines] == list(range(1, 19))
    assert {line["device"] for line in lines} == {"mobile"}


# --- what a market file may ask for -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (('api = "serper"', 'api = "naver"'), "options.headers.X-Naver-Client-Id and options.headers.X-Naver-Client-Secret"),
        (('api = "serper"', 'api = "serpapi"'), "options.parameters.api_key, which serpapi wants"),
        (('result_type = "news"', 'result_type = "blog"'), "a result_type that serper has (web, news, video, shop)"),
        (('locale = "ko-KR"', 'device = "mobile"'), "keywords without a device: serper cannot be told one"),
        (("&d={{device}}", ""), "a url with {device}, or keywords without a device"),
        (("?q={{keyword}}", "?q=tea"), "a url with {keyword} where the search words go"),
        (('api = "serper"', 'form = true, api = "serper"'), "options.form for searxng only, not for serper"),
        (('url = "{root}"', 'url = "{root}/?q="'), "a url with {keyword}, or the address of your instance"),
        (("draws = 2", "draws = 20"), "crawl.max_pages of at least 60 (3 keywords, 20 draws, 1 pages each), found 50"),
    ],
)  # fmt: skip
def test_what_an_engine_cannot_be_asked_is_told_before_any_crawl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], wanted: str
) -> None:
    monkeypatch.setenv("SERPER_KEY", "serper-key-123")
    text = MARKET.replace(*change, 1).replace("[crawl]", "[crawl]\nmax_pages = 50").format(root="https://api.example")
    (tmp_path / "tea.toml").write_text(text)
    with pytest.raises(MarketError) as raised:
        check_options(load_market(tmp_path / "tea.toml"))
    assert wanted in str(raised.value)
    assert "serper-key-123" not in str(raised.value)


def test_saved_answers_cannot_be_drawn_twice(tmp_path: Path) -> None:
    text = MARKET.replace('url = "{root}"', 'path = "answers"', 1).format(root="https://api.example")
    (tmp_path / "tea.toml").write_text(text)
    with pytest.raises(MarketError, match=r"engines\.0: expected a url for draws above 1"):
        load_market(tmp_path / "tea.toml")


# --- tables of ranks ----------------------------------------------------------------------------------------------------------


def table(text: str, **options: object) -> Read:
    return rank_table._read(text, rank_table.Options.model_validate(options), engine="tracker")


def test_a_keyword_without_any_rank_is_absent_within_the_depth_that_was_looked_at() -> None:
    read = table("keyword,position,url\ntea,3,https://a.example/\ntea,-,https://b.example/\npots,not in top 100,\n", depth=100)
    found = [(r.keyword, r.status, r.rank, r.depth) for r in read.records if isinstance(r, SearchResult)]
    assert found == [("tea", "observed", 3, 100), ("pots", "absent", None, 100)]


def test_how_deep_a_tool_looked_is_never_guessed_for_a_keyword_that_it_did_not_find() -> None:
    with pytest.raises(RowsError, match=r"found none for 'pots'. Say options\.depth"):
        table("keyword,position\ntea,3\npots,\n")


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("tea,first,https://a.example/,", "line 3: expected a rank of 1 or more in column 'Rank', found 'first'"),
        ("tea,2,javascript:alert(1),", "line 3: expected a web address in column 'URL'"),
        (",2,https://a.example/,", "line 3: expected a keyword in column 'Keyword', found none"),
        ("tea,2,https://a.example/,fridge", "line 3: expected desktop or mobile in column 'Device', found 'fridge'"),
        ("tea,2,https://a.example/,mobile,9", "line 3: expected 4 cells, found 5"),
    ],
)
def test_a_bad_row_is_told_by_its_line(row: str, wanted: str) -> None:
    text = f"Keyword,Rank,URL,Device\ntea,1,https://b.example/,\n{row}\n"
    try:
        (fault,) = table(text).faults
    except RowsError as error:
        fault = str(error)
    assert wanted in fault


def test_columns_with_other_names_are_named_in_the_options_and_missing_ones_are_told() -> None:
    text = "Suchbegriff;Platz Google\ntea;4\n"
    options = {"columns": {"keyword": "Suchbegriff", "rank": "Platz Google"}, "site": "https://leaf.example"}
    (record,) = table(text, **options).records
    assert isinstance(record, SearchResult)
    assert (record.keyword, record.rank, record.url, record.engine) == ("tea", 4, "https://leaf.example", "tracker")
    with pytest.raises(RowsError, match=r"line 1: expected the names of the columns in the first 10 lines"):
        table(text)
    with pytest.raises(RowsError, match=r"expected a column 'Adresse' \(options.columns.url\), found none. The file has:"):
        table(text, columns=options["columns"] | {"url": "Adresse"})  # type: ignore[operator]


def test_a_table_of_ranks_lands_with_the_markets_words_and_its_bad_rows_are_told(tmp_path: Path) -> None:
    rows = [f"TEA,{n},https://r{n}.example/" for n in range(1, 30)]
    (tmp_path / "ranks.csv").write_bytes(
        "\ufeffKeyword\tPosition\tURL\r\n".encode("utf-16-le")
        + "".join(row.replace(",", "\t") + "\r\n" for row in [*rows, "tea,soon,https://x.example/"]).encode("utf-16-le")
    )
    head, tail = MARKET.split("[[engines]]", 1)
    engine = '[[engines]]\nname = "own"\nsource = "rank_table"\npath = "ranks.csv"\nbasis = "licensed_export"\n'
    brands = tail[tail.index("[[brands]]") :]
    keyword = '[[keywords]]\ntext = "tea"\nengine = "own"\nlocale = "de"\n'
    (tmp_path / "tea.toml").write_text((head + engine + keyword + brands).format(root=""))
    market = load_market(tmp_path / "tea.toml")
    check_options(market)
    run = Run(market, tmp_path / "data", "r1", datetime(2026, 6, 1, tzinfo=UTC))
    (receipt,) = gather(run, market.targets, progress=lambda _: None)
    assert (receipt.outcome, receipt.records, receipt.ignored, receipt.reason) == ("landed", 29, 1, None)
    assert "line 31: expected a rank of 1 or more in column 'Position', found 'soon'" in receipt.errors[0]
    lines = [json.loads(line) for line in unpacked(run.landing / "r1" / "market.ranking.own.jsonl.gz")]
    assert {(line["keyword"], line["locale"], line["engine"], line["depth"]) for line in lines} == {("tea", "de", "own", 29)}
