"""The market file is read whole, and each fault in it is named by file, key, expected and found."""

from pathlib import Path

import pytest

from pipeline.market import Market, MarketError, load_market
from pipeline.market_check import check_options
from pipeline.rooms import _facts

GOOD = """
id = "tea"
name = "Tea shops"
languages = ["en"]

[[brands]]
id = "leaf"
name = "Leaf"
own = true
domains = ["leaf.example"]

[[brands.sources]]
kind = "reviews"
source = "table"
path = "${TEA_FOLDER:-exports}/leaf.csv"
basis = "own_data"
options = { rating_max = 5, columns = { rating = "stars", text = "words" } }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "tea.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_market_file_names_its_targets_and_keeps_paths_relative_to_itself(tmp_path: Path) -> None:
    market = load_market(written(tmp_path, GOOD))
    (target,) = market.targets
    assert target.id == "leaf.reviews.table"
    assert market.file(target.source) == tmp_path / "exports" / "leaf.csv"
    assert [brand.id for brand in market.brands if brand.own] == ["leaf"]
    check_options(market)


def test_a_path_takes_its_folder_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEA_FOLDER", "/elsewhere")
    market = load_market(written(tmp_path, GOOD))
    assert market.file(market.targets[0].source) == Path("/elsewhere/leaf.csv")


def test_rankings_belong_to_the_market_and_take_their_own_keywords(tmp_path: Path) -> None:
    more = """
crawl = { contact = "mailto:me@leaf.example" }

[[engines]]
name = "ours"
source = "search_api"
url = "https://search.example/?q={keyword}"
basis = "own_data"

[[keywords]]
text = "green tea"
engine = "ours"
"""
    head, brands = GOOD.split("[[brands]]", 1)
    market = load_market(written(tmp_path, head + more + "[[brands]]" + brands))
    assert [t.id for t in market.targets] == ["leaf.reviews.table", "market.ranking.ours"]
    assert [k.text for k in market.targets[1].keywords] == ["green tea"]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (('id = "tea"', 'id = "Green Tea"'), ["tea.toml: id:", "^[a-z0-9_]{1,64}$", "'Green Tea'"]),
        (('id = "tea"', ""), ["tea.toml: id: expected a value, found none"]),
        (('name = "Tea shops"', 'name = "Tea shops"\ncolour = 1'), ["tea.toml: colour: unknown key. Remove it"]),
        (
            ('name = "Tea shops"', 'name = "Tea shops"\nlanguage = "en"'),
            ["tea.toml: language: unknown key. Another table of the file has such a key"],
        ),
        (('name = "Tea shops"', 'name = "Tea shops"\ntimezne = "UTC"'), ["tea.toml: timezne: unknown key. Is 'timezone' meant?"]),
        (('name = "Tea shops"', 'name = "T"\ntimezone = "Mars/Base"'), ["timezone: expected an IANA time zone", "'Mars/Base'"]),
        (('name = "Tea shops"', 'name = "T"\nowner = "a, b"'), ["owner: expected 1 to 100 printable characters without a comma"]),
        (
            ('name = "Tea shops"', 'name = "T"\ntags = ["tea", " "]'),
            ["tags.1: expected 1 to 100 printable characters", "found ' '"],
        ),
        (('name = "Tea shops"', 'name = "T"\nschedule = "0 6"'), ["schedule: expected five cron fields", "'0 6'"]),
        (
            ('["en"]', '["en", "xx"]'),
            ["languages.1: expected an ISO 639-1 code of a language, such as en, ko or ja, found 'xx'."],
        ),
        (('name = "Leaf"', 'name = "Leaf"\nlanguage = "jp"'), ["brands.0.language: expected an ISO 639-1 code", "found 'jp'."]),
        (('basis = "own_data"', ""), ["brands.0.sources.0.basis: expected a value"]),
        (('basis = "own_data"', 'basis = "because"'), ["brands.0.sources.0.basis", "'because'"]),
        (('source = "table"', 'source = "tables"'), ["there is no spiders/reviews/tables.py"]),
        (("${TEA_FOLDER:-exports}", "${NO_SUCH_FOLDER_SET}"), ["the environment variable NO_SUCH_FOLDER_SET to be set"]),
        (('path = "${TEA_FOLDER:-exports}/leaf.csv"', 'url = "https://leaf.example:99999/"'), ["a url with a host", "a port of"]),
        (('id = "leaf"', 'id = "market"'), ["a brand id other than 'market'"]),
        (('id = "tea"', "id = "), ["tea.toml: expected TOML", "line 2"]),
    ],
)
def test_each_fault_is_named(tmp_path: Path, change: tuple[str, str], wanted: list[str]) -> None:
    with pytest.raises(MarketError) as raised:
        load_market(written(tmp_path, GOOD.replace(*change)))
    for part in wanted:
        assert part in str(raised.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(MarketError) as raised:
        load_market(written(tmp_path, GOOD.replace('id = "tea"', 'id = "T E A"').replace('basis = "own_data"', "")))
    assert len(str(raised.value).splitlines()) == 2


def test_unknown_options_of_a_source_are_errors(tmp_path: Path) -> None:
    market = load_market(written(tmp_path, GOOD.replace("rating_max = 5", "rating_maximum = 5, rating_max = 5")))
    with pytest.raises(MarketError, match=r"leaf\.reviews\.table: options\.rating_maximum: unknown key"):
        check_options(market)


def test_drawing_pages_needs_a_browser_and_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = GOOD.replace('basis = "own_data"', 'basis = "own_data"\nrender = true')
    with pytest.raises(MarketError, match=r"leaf\.reviews\.table: render: expected a url to draw, found a path"):
        check_options(load_market(written(tmp_path, drawn)))
    web = drawn.replace('path = "${TEA_FOLDER:-exports}/leaf.csv"', 'url = "https://leaf.example/"')
    web = web.replace('languages = ["en"]', 'languages = ["en"]\ncrawl = { contact = "me@leaf.example" }')
    web = web.replace('source = "table"', 'source = "cards"').split("options =")[0]
    check_options(load_market(written(tmp_path, web)))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MarketError, match=r"leaf\.reviews\.cards: .*found Chromium on the PATH missing"):
        check_options(load_market(written(tmp_path, web)))


def test_a_web_source_needs_a_contact_address(tmp_path: Path) -> None:
    text = GOOD.replace('path = "${TEA_FOLDER:-exports}/leaf.csv"', 'url = "https://leaf.example"').replace(
        '"table"', '"schema_org"'
    )
    with pytest.raises(MarketError, match=r"crawl\.contact"):
        load_market(written(tmp_path, text))


def test_bytes_that_are_no_utf8_are_named(tmp_path: Path) -> None:
    path = tmp_path / "tea.toml"
    path.write_bytes(b'id = "\xff"')
    with pytest.raises(MarketError, match=r"expected UTF-8 text, found byte 0xff at 6"):
        load_market(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MarketError, match=r"nowhere\.toml: expected a market file, found none"):
        load_market(tmp_path / "nowhere.toml")


SEARCHED = """
crawl = { contact = "mailto:me@leaf.example" }

[[engines]]
name = "ours"
source = "search_api"
url = "${TEA_HOST:-https://search.example}/?q={keyword}&api_key=${TEA_KEY}&page=${TEA_PAGE}"
basis = "api_terms"
options = { headers = { Authorization = "Bearer ${TEA_TOKEN}", Accept = "${TEA_ACCEPT:-application/json}" } }

[[keywords]]
text = "green tea"
engine = "ours"
"""


@pytest.fixture
def searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {"KEY": "leaf-key-0123", "TOKEN": "leaf-token-4567", "PAGE": "1", "ACCEPT": "application/xml"}.items():
        monkeypatch.setenv(f"TEA_{name}", value)
    head, brands = GOOD.split("[[brands]]", 1)
    return written(tmp_path, head + SEARCHED + "[[brands]]" + brands)


def test_a_variable_without_a_default_is_a_secret_and_shown_by_its_name(searched: Path) -> None:
    market = load_market(searched)
    (_, target) = market.targets
    assert target.source.url == "https://search.example/?q={keyword}&api_key=leaf-key-0123&page=1"
    shown = "https://search.example/?q={keyword}&api_key=${TEA_KEY}&page=${TEA_PAGE}"
    assert target.source.shown_url == shown
    assert _facts(market, target)["from"] == shown
    # TEA_PAGE is too short to be one, and TEA_ACCEPT has a default.
    assert target.source.secrets == {"TEA_KEY": "leaf-key-0123", "TEA_TOKEN": "leaf-token-4567"}


def test_a_fault_in_the_options_does_not_tell_a_secret(searched: Path) -> None:
    searched.write_text(searched.read_text().replace("{ headers = {", '{ headers = "${TEA_TOKEN}", other = {'))
    with pytest.raises(MarketError, match=r"options\.headers") as raised:
        check_options(load_market(searched))
    assert "leaf-token-4567" not in str(raised.value)
    assert "${TEA_TOKEN}" in str(raised.value)


# --- keyword lists ----------------------------------------------------------------------------------------------------------


LISTED = """
crawl = { contact = "mailto:me@leaf.example" }

[keywords_file]
path = "ideas.csv"
engines = ["ours"]
locale = "en-GB"

[[engines]]
name = "ours"
source = "search_api"
url = "https://search.example/?q={keyword}"
basis = "own_data"

[[engines]]
name = "theirs"
source = "search_api"
url = "https://theirs.example"
basis = "own_data"

[[keywords]]
text = "Green  tea"
engine = "ours"
locale = "en-GB"
"""

PLANNER = """Keyword Stats 2026-05-01 at 10_11_12
May 1, 2025 - April 30, 2026
Keyword\tCurrency\tAvg. monthly searches\tThree month change\tCompetition\tCompetition (indexed value)
green tea\tGBP\t12,100\t0%\tHigh\t90
[loose leaf tea]\tGBP\t1K \u2013 10K\t\tLow\t3
"tea, black"\tGBP\t\t\tLow\t
+tea +pot\tGBP\t50\t\t\t
green tea\tGBP\t12100\t\t\t
"""


def listed(folder: Path, ideas: bytes, *changes: tuple[str, str]) -> Market:
    (folder / "ideas.csv").write_bytes(ideas)
    head, brands = GOOD.split("[[brands]]", 1)
    text = head + LISTED + "[[brands]]" + brands
    for change in changes:
        assert change[0] in text
        text = text.replace(*change, 1)
    return load_market(written(folder, text))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-8"])
@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_a_planners_export_becomes_keywords_with_their_searches(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = PLANNER
    if delimiter == ",":
        text = (
            text.replace("12,100", '"12,100"').replace("\t", ",").replace("May 1, 2025 - April 30, 2026", '"May 1, 2025 - April"')
        )
    market = listed(tmp_path, text.encode(encoding))
    assert [(k.text, k.engine, k.locale, k.searches) for k in market.keywords] == [
        ("Green  tea", "ours", "en-GB", 12_100),  # as it stands in the market file, with the list's number
        ("loose leaf tea", "ours", "en-GB", 5_000),
        ("tea, black", "ours", "en-GB", None),
        ("tea pot", "ours", "en-GB", 50),
    ]
    assert len(market.targets[-1].keywords) == 4
    check_options(market)


@pytest.mark.parametrize(
    ("header", "rows", "wanted"),
    [
        ("키워드\t통화\t월간 평균 검색량", "구리 주전자\tKRW\t1천~1만\n찻잔\tKRW\t10~100\n", {"구리 주전자": 5_000, "찻잔": 50}),
        ("キーワード,通貨,月間平均検索ボリューム", "急須,JPY,1万～10万\n茶筒,JPY,\n", {"急須": 50_000, "茶筒": None}),
        ("Keyword;Searches: Apr 2026;Suchanfragen", "Teekanne;1;1.900\nSieb;1;10 bis\n", None),
        ("Keyword;x;Search volume", "Teekanne;1;1.900\nTasse;1;100 \u2013 1K\nDose;1;2,5K\n", {"Teekanne": 1900, "Tasse": 500, "Dose": 2500}),
    ],
)  # fmt: skip
def test_a_list_is_read_in_the_language_that_it_was_exported_in(
    tmp_path: Path, header: str, rows: str, wanted: dict[str, int | None] | None
) -> None:
    text = f"Keyword Stats\n{header}\n{rows}".encode()
    if wanted is None:
        with pytest.raises(
            MarketError, match=r"line 4: expected a number of searches .* in column 'Suchanfragen', found '10 bis'"
        ):
            listed(tmp_path, text, ('locale = "en-GB"', 'columns = { searches = "Suchanfragen" }'))
        return
    found = {k.text: k.searches for k in listed(tmp_path, text).keywords}
    assert {word: found[word] for word in wanted} == wanted


def test_a_list_is_asked_on_each_of_its_engines_as_far_as_it_is_wanted(tmp_path: Path) -> None:
    market = listed(
        tmp_path,
        PLANNER.encode(),
        ('engines = ["ours"]', 'engines = ["ours", "theirs"]\nmin_searches = 50\nlimit = 2'),
    )
    assert [(k.engine, k.text, k.searches) for k in market.keywords] == [
        ("ours", "Green  tea", 12_100),
        ("ours", "loose leaf tea", 5_000),
        ("theirs", "green tea", 12_100),
        ("theirs", "loose leaf tea", 5_000),
    ]


def test_the_same_words_on_another_device_are_another_search(tmp_path: Path) -> None:
    market = listed(tmp_path, b"keyword\ngreen tea\n", ('locale = "en-GB"', 'locale = "en-GB"\ndevice = "mobile"'))
    assert [(k.text, k.device, k.searches) for k in market.keywords] == [
        ("Green  tea", None, None),
        ("green tea", "mobile", None),
    ]


def test_a_changed_list_is_a_changed_market(tmp_path: Path) -> None:
    first, second = (listed(tmp_path, f"keyword\n{word}\n".encode()).sha256 for word in ("pot", "cup"))
    assert first != second


@pytest.mark.parametrize(
    ("ideas", "change", "wanted"),
    [
        (b"Keyword,Avg. monthly searches\ntea,lots\n", None, ["ideas.csv: line 2: expected a number of searches", "found 'lots'"]),
        (b"Title\n\nKeyword,Avg. monthly searches\ntea,5\n,7\n", None, ["line 5: expected a keyword of 1 to 200 characters", "found none"]),
        (b"Word,Volume\ntea,5\n", None, ["line 1: expected the names of the columns in the first 10 lines", "found 'Word,Volume'"]),
        (b"Keyword\n", None, ["expected keywords below the names of the columns, found none"]),
        (b"Keyword\nt\xff\n", None, ["line 2: expected utf-8 text, found byte 0xff"]),
        (b"Keyword\ntea\n", ('path = "ideas.csv"', 'path = "none.csv"'), ["none.csv: expected a keyword list", "No such file"]),
        (b"Keyword\ntea\n", ('engines = ["ours"]', 'engines = ["others"]'), ["each keyword's engine among [[engines]]", "['others']"]),
        (b"Keyword\ntea\n", ('engines = ["ours"]', "engine = 1"), ["keywords_file.0.engines: expected a value", "unknown key"]),
    ],
)  # fmt: skip
def test_each_fault_of_a_list_is_told_by_file_and_line(
    tmp_path: Path, ideas: bytes, change: tuple[str, str] | None, wanted: list[str]
) -> None:
    with pytest.raises(MarketError) as raised:
        listed(tmp_path, ideas, *([change] if change else []))
    for part in ["tea.toml: ", *wanted]:
        assert part in str(raised.value)


def test_all_faults_of_a_list_are_told_at_once_up_to_a_number(tmp_path: Path) -> None:
    with pytest.raises(MarketError) as raised:
        listed(tmp_path, b"Keyword,Search volume\n" + b"tea,x\n" * 30)
    lines = str(raised.value).splitlines()
    assert len(lines) == 21
    assert lines[0].endswith("in column 'Search volume', found 'x'.")
    assert "line 21:" in lines[19]
    assert lines[-1].endswith("10 more lines like these.")
