"""Tactics, models of the journey and axes: what the data files say can be used, and what a market file changes is checked as it is read."""

from pathlib import Path
from typing import Any

import pytest

from pipeline import rooms
from pipeline.market import MarketError, TacticChanges, load_market
from pipeline.swot.guide import JourneyError, load_journeys
from pipeline.swot.tactics import ANY, TacticError, default_entries, load_tactics
from pipeline.text.wording.themes import STAGES
from pipeline.text.wording.themes import default_entries as default_themes
from warehouse import build

ENTRY: dict[str, Any] = {
    "title": "Open on Sundays",
    "pain": "The shop is closed when customers have time.",
    "steps": ["Ask who would come", "Open for eight weeks"],
    "cost": "medium",
    "lead_weeks": 8,
    "shown_by": "metric.theme_brand.complaint_share",
    "shown_as": "falls",
    "removes": 0.3,
    "themes": ["information_transparency"],
}

MARKET = """
id = "shops"
name = "Shops"
languages = ["en"]

[[brands]]
id = "alpine"
name = "Alpine"
own = true
"""


def changed(**entry: object) -> TacticChanges:
    return TacticChanges(add={"sundays": ENTRY | entry})


def test_every_default_theme_has_a_tactic_of_its_own() -> None:
    treated = {theme for entry in default_entries().values() for theme in entry.themes}
    assert set(default_themes()) <= treated
    assert treated <= {*default_themes(), ANY}


def test_every_rule_without_a_theme_has_a_tactic() -> None:
    facts = {
        *("reply_rate", "answer_hours", "rating", "visibility", "open_keywords", "churn_to_rival", "new_complaint"),
        *("chat_widgets", "contact_channels", "hours_stated", "response_promise_hours", "search_box", "topic_coverage"),
        *("unoffered_channels", "unanswered_questions"),
    }
    assert {metric for entry in default_entries().values() for metric in entry.metrics} == facts


@pytest.mark.parametrize("tactic", sorted(default_entries()))
def test_the_number_that_would_show_success_is_there(tactic: str) -> None:
    table, _, column = default_entries()[tactic].shown_by.rpartition(".")
    schema, _, name = table.partition(".")
    assert column in build.read(build.SQL / schema / f"{name}.sql").columns


def test_a_market_adds_replaces_and_switches_off() -> None:
    own = {row.tactic: row for row in load_tactics(TacticChanges(off=("call_back",), add={"sundays": ENTRY, "live_chat": ENTRY}))}
    assert "call_back" not in own
    assert own["sundays"].title == own["live_chat"].title == "Open on Sundays"
    assert own["sundays"].for_us == ("fix", "attack")
    assert len(own) == len(default_entries())


def test_feasibility_is_the_tactics_then_its_themes_then_its_cost() -> None:
    said = {"live_chat": 5, "support_wait": "high", "call_back": "blocked"}
    rows = {row.tactic: (row.feasibility, row.feasibility_from) for row in load_tactics(feasibility=said)}
    assert rows["live_chat"] == (5, "market file, tactic")
    assert rows["call_back"] == (0, "market file, tactic")
    assert rows["staff_to_demand"] == (2, "market file, theme")
    assert rows["easy_returns"] == (3, "cost")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"steps": ["One"]}, r"tactic 'sundays', steps: .* at least 2 items"),
        ({"cost": "cheap"}, r"tactic 'sundays', cost: .*, found 'cheap'"),
        ({"shown_by": "the mood"}, r"tactic 'sundays', shown_by: .*, found 'the mood'"),
        ({"colour": "red"}, r"tactic 'sundays', colour: Extra inputs"),
        ({"themes": []}, r"tactic 'sundays': expected themes or metrics"),
        (
            {"themes": [], "metrics": ["rating"]},
            r"tactic 'sundays': expected themes whose complaints it reaches, or another reach",
        ),
        ({"themes": ["weather"]}, r"tactic 'sundays', themes: expected themes of the market, found 'weather'; the themes are "),
    ],
)
def test_an_entry_that_cannot_be_used_says_where_and_why(entry: dict[str, object], message: str) -> None:
    with pytest.raises(TacticError, match=message):
        load_tactics(changed(**entry), themes=sorted(default_themes()))


def test_what_is_unknown_is_refused() -> None:
    with pytest.raises(
        TacticError, match=r"tactics\.off: expected ids of tactics, found 'liv_chat'; the tactics are all_in_price, "
    ):
        load_tactics(TacticChanges(off=("liv_chat",)))
    with pytest.raises(TacticError, match=r"feasibility: expected ids of tactics or themes, found 'liv_chat'"):
        load_tactics(feasibility={"liv_chat": 3})


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('[tactics]\noff = ["liv_chat"]', r"shops\.toml: tactics\.off: expected ids of tactics, found 'liv_chat'"),
        ("[feasibility]\nlive_chat = 6", r"shops\.toml: feasibility\.live_chat"),
        ("[feasibility]\nweather = 3", r"shops\.toml: feasibility: expected ids of tactics or themes, found 'weather'"),
        ('[position]\nx = ["weather"]', r"shops\.toml: position: expected themes of the market \(.*\), found weather\."),
    ],
)
def test_a_market_file_is_checked_before_anything_is_fetched(tmp_path: Path, written: str, message: str) -> None:
    path = tmp_path / "shops.toml"
    path.write_text(MARKET + written)
    with pytest.raises(MarketError, match=message):
        rooms._check(load_market(path))


def test_each_model_of_the_journey_places_every_stage_once() -> None:
    rows = load_journeys()
    assert {row.model for row in rows} == {"four", "five"}
    for model, size in (("four", 4), ("five", 5)):
        places = [row for row in rows if row.model == model]
        assert [row.position for row in places] == list(range(1, size + 1))
        assert sorted(stage for row in places for stage in row.stages) == sorted(STAGES)
    assert {theme for row in rows for theme in row.themes} <= set(default_themes())


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            '[one.all]\nname = "All"\nstages = ["use"]',
            r"journey 'one': expected each of awareness, .*, found awareness, .* in none",
        ),
        ('[one.all]\nname = "All"\nstages = ["flight"]', r"journey one\.all\.stages\.0: .*, found 'flight'"),
        (
            (
                '[one.a]\nname = "A"\nstages = ["awareness", "consideration", "purchase"]\nthemes = ["fees"]\n'
                '[one.b]\nname = "B"\nstages = ["use", "advocacy"]\nthemes = ["fees"]'
            ),
            r"journey 'one': expected each theme in one stage, found fees in two",
        ),
    ],
)
def test_a_model_of_the_journey_that_cannot_be_used_says_where_and_why(tmp_path: Path, written: str, message: str) -> None:
    path = tmp_path / "journeys.toml"
    path.write_text(written)
    with pytest.raises(JourneyError, match=message):
        load_journeys(path)
