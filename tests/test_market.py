"""The market file is read whole, and each fault in it is named by file, key, expected and found."""

from pathlib import Path

import pytest

from pipeline.market import MarketError, check_options, load_market
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
        (('name = "Tea shops"', 'name = "Tea shops"\ncolour = 1'), ["tea.toml: colour: unknown key"]),
        (('name = "Tea shops"', 'name = "T"\ntimezone = "Mars/Base"'), ["timezone: expected an IANA time zone", "'Mars/Base'"]),
        (('name = "Tea shops"', 'name = "T"\nschedule = "0 6"'), ["schedule: expected five cron fields", "'0 6'"]),
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
