"""Who is told what, once: changes and events, quiet hours, and what the market file may say."""

import base64
import re
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from conftest import PROJECT, Ran, rivalscope, write_tea_market
from delivering import ALERTS, KEY, NOON, SERVER, Place, Web, hook_to, mail_to, place, slack_to, web  # noqa: F401 - fixtures
from hypothesis import given
from hypothesis import strategies as st

from pipeline.deliver import ledger
from pipeline.deliver.room import Outcome
from pipeline.deliver.settings import QuietHours
from pipeline.market import MarketError, load_market

# --- what is told -------------------------------------------------------------------------------------------------------


def test_the_digest_says_when_there_is_no_real_change(place: Place, web: Web) -> None:
    place.report_before({"n": 89})
    place.write(hook_to("crm", web))
    assert place.deliver().sent == 1
    said = web.posts[0].said
    assert said["subject"] == "Tea <b>shops</b>: no real change (Jul 1, 2026)"
    assert said["lead"][0] == "No real change since the report of Jun 24, 2026."
    assert (said["changes"], said["no_real_change"]) == ([], True)


def test_each_subset_hears_what_is_hers_and_everybody_what_is_missing(place: Place, web: Web) -> None:
    place.report_before({"n": 89})
    place.sql("update mart.coverage set status = 'failed' where target = (select min(target) from mart.coverage)")
    place.sql("update mart.movement set arrow = 'down', value_before = value where against = 'previous'")
    place.write(hook_to("crm", web, subset='"own"') + hook_to("wiki", web, subset='"changes"') + hook_to("all", web))
    assert place.deliver().sent == 3
    ours, changes, whole = (web.to(f"/{name}")[0].said for name in ("crm", "wiki", "all"))
    missing = "1 of 3 sources did not answer: what is said of them is as last seen."
    begun = [
        "Our clearest weakness: ",
        "Leaf & <i>Co</i>: rating went from ",
        "To do first: Promise delivery dates that hold",
        missing,
    ]
    same = "No real change since the report of Jun 24, 2026."
    assert changes["lead"] == [same, missing]
    for said, first in ((ours, "Nothing new for Leaf & <i>Co</i> since the report of Jun 24, 2026."), (whole, same)):
        assert said["lead"][0] == first
        assert [text.startswith(wanted) for text, wanted in zip(said["lead"][1:], begun, strict=True)] == [True] * 4
    assert ours["subject"] == "Tea <b>shops</b>: nothing new for Leaf & <i>Co</i> (Jul 1, 2026)"
    assert changes["subject"] == whole["subject"] == "Tea <b>shops</b>: no real change (Jul 1, 2026)"


def test_a_rivals_movement_is_no_news_to_who_hears_of_our_brand_alone(place: Place, web: Web) -> None:
    place.sql("update mart.movement set arrow = if(brand = 'cup', 'down', null), value_before = value where against = 'previous'")
    place.write(hook_to("crm", web, subset='"own"') + hook_to("all", web))
    assert place.deliver().sent == 2
    assert [any("in the newest quarter" in text for text in post.said["lead"]) for post in web.posts] == [False, True]


def test_a_finding_that_is_news_and_change_is_told_once(place: Place, web: Web) -> None:
    place.report_before(None)
    place.write(ALERTS + hook_to("crm", web))
    place.knows_nothing_yet("crm")
    assert place.deliver().sent == 1
    said = web.posts[0].said
    (change,) = said["changes"]
    texts = [line["text"] for part in said["parts"] for line in part["lines"] if part["heading"].startswith("What ")]
    assert [change["claim"] in text for text in texts].count(True) == 1
    assert any(change["claim"] in event["text"] for event in said["events"])


def test_a_first_report_has_nothing_to_be_the_same_as(place: Place, web: Web) -> None:
    place.write(hook_to("crm", web))
    assert place.deliver().sent == 1
    assert web.posts[0].said["no_real_change"] is False


def test_what_changed_is_told_with_its_figures_then_and_now(place: Place, web: Web) -> None:
    claim = place.report_before({"effect": 0.0, "low": -0.01, "high": 0.01, "statistics": "n = 1", "statistics_message": None})
    place.write(hook_to("crm", web, subset='"changes"'))
    assert place.deliver().sent == 1
    said = web.posts[0].said
    (part,) = said["parts"]
    assert part["lines"][0]["text"] == f"Weakness of Leaf & <i>Co</i> that has moved: {claim}"
    assert part["lines"][0]["figures"].endswith("; before: n = 1")
    assert [change["change"] for change in said["changes"]] == ["changed"]


def test_a_recipient_hears_of_changes_since_the_report_that_she_had(place: Place, web: Web) -> None:
    place.report_before(None)
    earlier = orjson.loads((place.data / "cells" / "20260701T000000Z.json").read_bytes())
    earlier |= {"run_id": "20260617T000000Z", "as_of": "2026-06-17T00:00:00"}
    (place.data / "cells" / "20260617T000000Z.json").write_bytes(orjson.dumps(earlier))
    book = ledger.Ledger(place.data / "deliveries" / "crm.json", told={})
    book.begin("k", run_id="20260617T000000Z", events=())
    book.sent("k", run=("20260617T000000Z", datetime(2026, 6, 17, tzinfo=UTC)), moment=NOON)
    place.write(hook_to("crm", web) + hook_to("wiki", web))
    assert place.deliver().sent == 2
    assert web.to("/crm")[0].said["lead"][0] == "No real change since the report of Jun 17, 2026."
    assert "new in the SWOT table: 1;" in web.to("/wiki")[0].said["lead"][0]


def test_only_our_brand_means_ours_alone(place: Place, web: Web) -> None:
    body = orjson.loads((place.data / "cells" / "20260701T000000Z.json").read_bytes())
    body |= {"run_id": "20260624T000000Z", "as_of": "2026-06-24T00:00:00", "cells": []}
    (place.data / "cells" / "20260624T000000Z.json").write_bytes(orjson.dumps(body))
    place.write(hook_to("crm", web, subset='"own"') + hook_to("wiki", web))
    assert place.deliver().sent == 2
    assert {change["brand"] for change in web.to("/crm")[0].said["changes"]} == {"leaf"}
    assert {change["brand"] for change in web.to("/wiki")[0].said["changes"]} == {"leaf", "kettle", "cup"}


@pytest.mark.slow
def test_a_dry_run_prints_and_sends_and_notes_nothing(place: Place, web: Web) -> None:
    place.write(hook_to("crm", web))
    done = rivalscope("deliver", place.market, "--data", place.data, "--dry-run", "--to", "crm")
    assert "--- to crm by webhook: Tea <b>shops</b>: the report of Jul 1, 2026" in done.stdout
    assert web.posts == []
    assert not (place.data / "deliveries").exists()


def test_a_dry_run_misses_what_sending_would_miss(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_TOKEN")
    monkeypatch.setenv("WEBHOOK_KEY", "whsec_short")
    hook = '[[delivery.recipients]]\nname = "crm"\nchannel = "webhook"\nurl = "http://127.0.0.1:1/"\nsecret_variable = "WEBHOOK_KEY"\n'
    place.write(SERVER + mail_to("haruka") + slack_to("team", "http://127.0.0.1:1/") + hook)
    shown = StringIO()
    assert place.deliver(dry=shown) == Outcome(sent=0, held=0, failed=3)
    assert shown.getvalue().count("--- to ") == 3
    for missing in ("SMTP_URL", "SLACK_TOKEN", "WEBHOOK_KEY"):  # told once, after all that would be sent
        assert f"the environment variable {missing}" in place.said
    assert not (place.data / "deliveries").exists()


def test_a_dry_run_shows_every_message_and_says_where_there_is_none(
    place: Place, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write(ALERTS + hook_to("crm", web, alerts='"each"') + hook_to("wiki", web, report_days="[]", alerts='"off"'))
    place.knows_nothing_yet("crm")
    monkeypatch.delenv("WEBHOOK_KEY")
    shown = StringIO()
    assert place.deliver(dry=shown) == Outcome(sent=0, held=0, failed=1)
    assert shown.getvalue().count("--- to crm") >= 2
    assert "--- to wiki" not in shown.getvalue()
    assert "wiki: nothing is due" in place.said


def test_without_recipients_nothing_is_said_or_made(place: Place) -> None:
    done = rivalscope("deliver", place.market, "--data", place.data)
    assert done.stdout + done.stderr == ""
    assert not (place.data / "deliveries").exists()
    assert "names no recipient" in rivalscope("deliver", place.market, "--data", place.data, "--dry-run").stderr


# --- alerts -------------------------------------------------------------------------------------------------------------


def test_an_event_is_told_once_until_it_has_gone_and_come_back(place: Place, web: Web) -> None:
    place.write(ALERTS + hook_to("crm", web, report_days="[]", alerts='"each"'))
    place.knows_nothing_yet("crm")
    first = place.deliver()
    events = [post.said["events"][0] for post in web.posts]
    assert first.sent == len(events) > 1
    assert {"own_weakness"} <= {event["rule"] for event in events}
    assert all(len(post.said["events"]) == 1 for post in web.posts)
    assert place.deliver().sent == 0
    # It goes: the ledger forgets it as soon as a run has it no more. Then it is back.
    book = ledger.opened(place.data / "deliveries", "crm")
    gone = events[0]["id"]
    book.take({}, lambda _: True, NOON)
    assert book.told == {}
    book.told = {event["id"]: "k" for event in events if event["id"] != gone}
    book.write()
    assert place.deliver().sent == 1
    assert web.posts[-1].said["events"][0]["id"] == gone


@pytest.mark.slow
def test_what_may_have_arrived_comes_again_as_it_was_and_not_within_another_message(place: Place, web: Web) -> None:
    place.write(ALERTS + hook_to("crm", web, report_days="[]"))
    place.knows_nothing_yet("crm")
    web.hold = {"/crm"}
    command = [sys.executable, "-m", "pipeline.cli", "deliver", str(place.market), "--data", str(place.data)]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL) as child:
        assert web.asked.wait(60)
        child.send_signal(signal.SIGKILL)
    web.hold = set()
    # Meanwhile one more has happened, rules and days have changed, and a report is due.
    place.one_more_event("f" * 16, "faq_changed")
    text = place.market.read_text(encoding="utf-8")
    text = text.replace('"own_weakness", ', "").replace("report_days = []", 'report_days = ["wed"]')
    place.market.write_text(text, encoding="utf-8")
    assert place.deliver() == Outcome(2, 0, 0)
    first, again, report = web.to("/crm")
    assert again.said["events"] == first.said["events"]
    assert len(first.said["events"]) > 1
    assert again.headers["webhook-id"] == first.headers["webhook-id"]
    assert [event["id"] for event in report.said["events"]] == ["f" * 16]
    assert place.ledger("crm")["begun"] == {}
    assert place.deliver() == Outcome(0, 0, 0)


def test_events_of_an_older_report_that_may_have_arrived_come_again_under_its_id(place: Place, web: Web) -> None:
    place.write(ALERTS + hook_to("crm", web, report_days="[]"))
    place.knows_nothing_yet("crm")
    assert place.deliver().sent == 1
    told = [event["id"] for event in web.posts.pop().said["events"]]
    # As a process leaves it that was killed while it sent last week's report with the first of them.
    place.knows_nothing_yet("crm")
    book = ledger.opened(place.data / "deliveries", "crm")
    waiting = ledger.Event(told[0], "own_weakness", own=True, said="{}", statistics=None, url=None, began_at=None, run_id="x")
    book.waiting = [replace(waiting, said='{"say": "As it was"}')]
    book.begin("k" * 32, run_id="20260624T000000Z", events=book.waiting)
    book.begin("j" * 32, run_id="20260623T000000Z", events=())
    place.market.write_text(place.market.read_text(encoding="utf-8").replace("report_days = []", ""), encoding="utf-8")
    assert place.deliver() == Outcome(2, 0, 0)
    again, report = web.posts
    assert (again.said["type"], again.said["id"], again.said["events"][0]["text"]) == ("alert", "k" * 32, "As it was")
    assert [event["id"] for event in report.said["events"]] == told[1:]
    assert place.ledger("crm")["begun"] == {}


def test_who_wants_to_hear_of_more_hears_of_what_is_new_from_then_on(place: Place, web: Web) -> None:
    fewer = '[alerts]\nrules = ["faq_changed"]\n'
    place.write(fewer + hook_to("crm", web, report_days="[]"))
    place.knows_nothing_yet("crm")
    assert place.deliver() == Outcome(0, 0, 0)
    place.market.write_text(place.market.read_text(encoding="utf-8").replace(fewer, ALERTS), encoding="utf-8")
    assert place.deliver() == Outcome(0, 0, 0)
    place.one_more_event("f" * 16, "own_weakness")
    assert place.deliver() == Outcome(1, 0, 0)
    assert [event["id"] for event in web.posts[0].said["events"]] == ["f" * 16]


@pytest.mark.parametrize("change", [('"digest"', '"off"'), ('"own_weakness", "rival_decline", ', ""), ('"all"', '"own"')])
def test_what_waits_and_is_not_wanted_any_more_is_not_told(place: Place, web: Web, change: tuple[str, str]) -> None:
    place.write(ALERTS + hook_to("crm", web, report_days="[]", quiet_hours='"22:00-07:00"', alerts='"digest"', subset='"all"'))
    place.knows_nothing_yet("crm")
    place.one_more_event("f" * 16, "rival_decline", own=False)
    night = datetime(2026, 7, 1, 23, tzinfo=UTC)
    assert place.deliver(night) == Outcome(0, 1, 0)
    waiting = place.ledger("crm")["waiting"]
    place.market.write_text(place.market.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    place.deliver(night + timedelta(hours=9))
    told = [event["id"] for post in web.posts for event in post.said["events"]]
    own = [event["event_id"] for event in waiting if event["own"]]
    assert told == (own if change[1] == '"own"' else [])
    assert len(own) < len(waiting)


def test_what_waits_is_for_nobody_elses_eyes(place: Place, web: Web) -> None:
    place.write(hook_to("crm", web))
    (place.data / "deliveries").mkdir(mode=0o755)
    assert place.deliver().sent == 1
    folder = place.data / "deliveries"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_somebody_new_hears_of_what_is_new_not_of_all_that_ever_was(place: Place, web: Web) -> None:
    place.write(ALERTS + hook_to("crm", web, report_days="[]"))
    assert place.deliver() == Outcome(0, 0, 0)
    assert web.posts == []


def test_a_digest_stands_in_the_report_or_in_one_message(place: Place, web: Web) -> None:
    place.write(ALERTS + hook_to("crm", web) + hook_to("wiki", web, report_days="[]"))
    for name in ("crm", "wiki"):
        place.knows_nothing_yet(name)
    assert place.deliver() == Outcome(2, 0, 0)
    (crm,), (wiki,) = web.to("/crm"), web.to("/wiki")
    assert (crm.said["type"], wiki.said["type"]) == ("report", "alert")
    assert crm.said["parts"][0]["heading"] == wiki.said["parts"][0]["heading"] == "What happened"
    assert len(crm.said["events"]) == len(wiki.said["events"]) > 1
    assert place.deliver() == Outcome(0, 0, 0)


def test_what_happens_in_quiet_hours_is_told_after_them_though_the_run_has_gone(place: Place, web: Web) -> None:
    place.write(ALERTS + hook_to("crm", web, report_days="[]", quiet_hours='"22:00-07:00"', timezone='"Asia/Seoul"'))
    place.knows_nothing_yet("crm")
    place.one_more_event("f" * 16, "faq_changed")
    night = datetime(2026, 7, 1, 14, tzinfo=UTC)  # 23:00 in Seoul
    assert place.deliver(night) == Outcome(0, 1, 0)
    assert "held back until 2026-07-02T07:00:00+09:00" in place.said
    assert web.posts == []
    held = {event["event_id"] for event in place.ledger("crm")["waiting"]}
    assert len(held) > 1
    # By the morning a later run has published, in which nothing of it is left: a weakness that has gone is no news, a change of a FAQ is.
    place.sql("delete from mart.event")
    assert place.deliver(night + timedelta(hours=8)) == Outcome(1, 0, 0)
    assert [event["id"] for event in web.posts[0].said["events"]] == ["f" * 16]
    assert place.deliver(night + timedelta(hours=9)) == Outcome(0, 0, 0)


@pytest.mark.slow
def test_what_is_held_back_goes_out_later_whoever_else_could_not_be_told(place: Place, web: Web) -> None:
    hours = (datetime.now(UTC) - timedelta(hours=2), datetime.now(UTC) + timedelta(hours=2))
    span = "-".join(f"{hour:%H:%M}" for hour in hours)
    place.write(
        hook_to("haruka", web, quiet_hours=f'"{span}"', timezone='"UTC"')
        + hook_to("crm", web).replace("WEBHOOK_KEY", "NO_SUCH_KEY")
    )
    done = rivalscope("deliver", place.market, "--data", place.data, code=1)
    assert "haruka: held back until" in done.stderr
    assert "crm (webhook): Expected the environment variable NO_SUCH_KEY" in done.stderr
    done = rivalscope("deliver", place.market, "--data", place.data, "--held")
    assert "crm" not in done.stderr  # it was told once, and waits for nobody's morning
    assert web.posts == []
    place.market.write_text(place.market.read_text(encoding="utf-8").replace("quiet_hours", "# quiet_hours"), encoding="utf-8")
    # A newer run is under way: what goes out is what is published.
    (place.data / "runs" / "20260708T000000Z.json").write_bytes(b'{"as_of": "2026-07-08T00:00:00+00:00"}')
    rivalscope("deliver", place.market, "--data", place.data, "--held")
    assert [post.path for post in web.posts] == ["/haruka"]
    assert rivalscope("deliver", place.market, "--data", place.data, "--held").stderr == ""
    assert len(web.posts) == 1


def test_what_was_held_back_and_then_refused_is_not_tried_every_quarter_of_an_hour(place: Place, web: Web) -> None:
    place.write(hook_to("crm", web, quiet_hours='"22:00-07:00"', timezone='"UTC"'))
    night = datetime(2026, 7, 1, 23, tzinfo=UTC)
    assert place.deliver(night) == Outcome(0, 1, 0)
    assert ledger.holds(place.data / "deliveries", "crm")
    web.answers["/crm"] = [(400, {}, b"no")]
    assert place.deliver(night + timedelta(hours=9)) == Outcome(0, 0, 1)
    assert not ledger.holds(place.data / "deliveries", "crm")


@pytest.mark.parametrize(
    ("zone", "hours", "local", "until"),
    [
        ("Asia/Seoul", "22:00-07:00", "2026-07-01T21:59", None),
        ("Asia/Seoul", "22:00-07:00", "2026-07-01T22:00", "2026-07-02T07:00"),
        ("Asia/Seoul", "22:00-07:00", "2026-07-02T06:59", "2026-07-02T07:00"),
        ("Asia/Seoul", "22:00-07:00", "2026-07-02T07:00", None),
        ("Asia/Seoul", "12:00-13:00", "2026-07-02T12:30", "2026-07-02T13:00"),
        # The night of the change: an hour shorter in March, an hour longer in October.
        ("Europe/Berlin", "22:00-07:00", "2026-03-28T23:00", "2026-03-29T07:00"),
        ("Europe/Berlin", "22:00-07:00", "2026-10-24T23:00", "2026-10-25T07:00"),
        # An end that the clock skips is an hour later on it; one that comes twice is the first, and nothing begins again after it.
        ("America/New_York", "22:00-02:30", "2026-03-08T01:30", "2026-03-08T03:30"),
        ("America/New_York", "22:00-02:30", "2026-03-08T03:00", "2026-03-08T03:30"),
        ("America/New_York", "22:00-01:30", "2026-11-01T01:10", "2026-11-01T01:30"),
        ("America/New_York", "22:00-01:30", "2026-11-01T01:40", None),
        ("America/New_York", "22:00-01:30", "2026-11-01T01:10 again", None),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall(zone: str, hours: str, local: str, until: str | None) -> None:
    where = ZoneInfo(zone)
    begins, ends = (clock.fromisoformat(text) for text in hours.split("-"))
    moment = datetime.fromisoformat(local.removesuffix(" again")).replace(tzinfo=where, fold=local.endswith(" again"))
    found = QuietHours(begins=begins, ends=ends).until(moment.astimezone(UTC), where)
    assert found == (None if until is None else datetime.fromisoformat(until).replace(tzinfo=where).astimezone(UTC))


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),
    st.times(),
    st.times(),
    st.sampled_from(["Europe/Berlin", "Asia/Seoul", "America/Los_Angeles", "Australia/Lord_Howe"]),
    st.floats(0, 0.999),
)
def test_quiet_hours_last_until_they_are_over_and_not_longer_than_a_day(
    moment: datetime, begins: Any, ends: Any, zone: str, part: float
) -> None:
    hours = QuietHours(begins=begins.replace(second=0, microsecond=0), ends=ends.replace(second=0, microsecond=0))
    if hours.begins == hours.ends:
        return
    now = moment.replace(tzinfo=UTC)
    until = hours.until(now, ZoneInfo(zone))
    if until is not None:
        assert timedelta(0) < until - now <= timedelta(hours=25)
        assert hours.until(now + part * (until - now), ZoneInfo(zone)) == until


# --- the market file ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delivery", "told"),
    [
        (mail_to("haruka"), "delivery: expected [delivery.mail] with sender"),
        ("[delivery]\napproval = true\n", "delivery: expected [[delivery.recipients]], to whom something is sent"),
        (
            f"[delivery]\napproval = true\n{SERVER}" + mail_to("haruka", quiet_hours='"22:00-07:00"'),
            "delivery: expected approval without quiet_hours (haruka)",
        ),
        (SERVER + mail_to("haruka").replace("Haruka <haruka@", "haruka"), "to: expected one mail address"),
        (SERVER + mail_to("haruka", language='"fr"'), "language"),
        (SERVER + mail_to("haruka", timezone='"Mars/Base"'), "expected an IANA time zone"),
        (SERVER + mail_to("haruka", quiet_hours='"10pm"'), "expected hours such as 22:00-07:00, found '10pm'"),
        (SERVER + mail_to("haruka", report='"linked"'), "expected report_url"),
        (SERVER + mail_to("haruka") * 2, "haruka stands twice"),
        (SERVER + mail_to("haruka", password='"hunter2"'), "password: unknown key"),
        ('[[delivery.recipients]]\nname = "x"\nchannel = "pigeon"\n', "channel"),
        (
            slack_to("team", "https://slack.com/api/").replace('"SLACK_TOKEN"', '"xoxb-1-2"'),
            "the name of an environment variable",
        ),
        ('[alerts]\nrules = ["rank_gain"]\n', "alerts.rules.0"),
        ('report_url = "https://reports.example/\\u0085x"\n', "report_url"),
    ],
)
def test_a_market_file_that_cannot_be_delivered_is_refused(tea: Ran, tmp_path: Path, delivery: str, told: str) -> None:
    shutil.copytree(tea.market.parent, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data"))
    place = Place(tmp_path)
    place.write(delivery)
    with pytest.raises(MarketError, match=re.escape(told)):
        load_market(place.market)


def test_nobody_hears_of_our_brand_alone_where_there_is_none(tea: Ran, tmp_path: Path) -> None:
    shutil.copytree(tea.market.parent, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data"))
    place = Place(tmp_path)
    place.write(SERVER + mail_to("haruka", subset='"own"'))
    assert load_market(place.market)
    place.market.write_text(place.market.read_text(encoding="utf-8").replace("own = true", "own = false"), encoding="utf-8")
    with pytest.raises(MarketError, match='a brand with own = true, which haruka with subset = "own" hear of'):
        load_market(place.market)


def test_a_recipients_language_is_one_of_the_reports(tea: Ran, tmp_path: Path) -> None:
    shutil.copytree(tea.market.parent, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data"))
    place = Place(tmp_path)
    place.write(SERVER + mail_to("haruka", language='"ja"'))
    assert load_market(place.market).languages_read == ("en", "ja")


def test_the_examples_of_the_docs_and_of_the_demo_market_are_taken(tea: Ran, tmp_path: Path) -> None:
    shutil.copytree(tea.market.parent, tmp_path, dirs_exist_ok=True, ignore=shutil.ignore_patterns("data"))
    ops = (PROJECT / "docs" / "ops.md").read_text(encoding="utf-8")
    (documented,) = (block for block in re.findall(r"```toml\n(.*?)```", ops, re.DOTALL) if "[delivery" in block)
    demo = (PROJECT / "markets" / "demo.toml").read_text(encoding="utf-8")
    commented = demo[demo.index("# [delivery.mail]") : demo.index("# The own brand")]
    untouched = (tmp_path / "tea.toml").read_text(encoding="utf-8")
    for delivery, channels in (
        (documented, ["mail", "slack", "slack_webhook", "webhook"]),
        (re.sub(r"^# ?", "", commented, flags=re.MULTILINE), ["mail"]),
    ):
        place = Place(tmp_path)
        place.write(delivery)
        market = load_market(place.market)
        assert [recipient.channel for recipient in market.delivery.recipients] == channels
        assert len(market.alerts.rules) == 6
        place.market.write_text(untouched, encoding="utf-8")


@pytest.mark.slow
def test_a_run_whose_delivery_fails_has_its_report_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_KEY", f"whsec_{base64.b64encode(KEY).decode()}")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = Web(f"http://127.0.0.1:{closed.getsockname()[1]}")
    place = Place(tmp_path)
    write_tea_market(tmp_path)
    place.write(hook_to("crm", nobody, language='"ko"'))
    done = rivalscope("run", place.market, "--data", place.data, "--as-of", "2026-07-01", code=1)
    assert "deliver: crm (webhook): Expected an answer from 127.0.0.1, found none (ConnectError)." in done.stderr
    assert "3 of 3 sources" in done.stderr  # said after it
    assert (place.data / "warehouse.duckdb").exists()
    assert {path.name for path in (place.data / "reports" / "latest").iterdir()} >= {"report.html", "report.ko.html"}
