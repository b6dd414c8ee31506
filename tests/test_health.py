"""`rivalscope health`: who is overdue, dead or stuck is told by the files alone, and nothing is touched by asking."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from conftest import PROJECT, Ran, rivalscope
from delivering import Place, Web, hook_to, web
from hypothesis import given
from hypothesis import strategies as st

from pipeline import record
from pipeline.cli import _options
from pipeline.health import Health, Problem, judged, next_moment
from pipeline.market import load_market
from pipeline.run import only_builder, open_run, run_as_of

__all__ = ["web"]

RUN = "20260701T000000Z"
"""As of a Wednesday, 09:00 in Seoul."""
SUNDAY = datetime(2026, 7, 5, 12, tzinfo=UTC)
TUESDAY = datetime(2026, 7, 7, tzinfo=UTC)
MONDAYS = 'timezone = "Asia/Seoul"\nschedule = "0 6 * * 1"\n'
MONDAY_NOON = datetime(2026, 7, 6, 3, tzinfo=UTC)
"""At noon in Seoul, six hours after the market was due."""


@pytest.fixture
def place(tea: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """The tea market with all that its run has left, on Mondays at six in Seoul."""
    shutil.copytree(
        tea.market.parent, tmp_path, dirs_exist_ok=True, symlinks=True, ignore=shutil.ignore_patterns("build", "parquet")
    )
    monkeypatch.setenv("WEBHOOK_KEY", "whsec_" + "a2tr" * 8)
    here = Place(tmp_path)
    schedule(here, MONDAYS)
    published_at(here, datetime(2026, 7, 1, 0, 20, tzinfo=UTC))
    return here


def schedule(place: Place, lines: str) -> None:
    text = place.market.read_text(encoding="utf-8").removeprefix(MONDAYS)
    place.market.write_text(lines + text, encoding="utf-8")
    os.utime(place.market, (0, datetime(2026, 6, 30, tzinfo=UTC).timestamp()))


def published_at(place: Place, moment: datetime) -> None:
    os.utime(place.data / "warehouse.duckdb", (0, moment.timestamp()))


def asked(place: Place, now: datetime, **limits: object) -> Health:
    return judged(place.market, now, data=place.data, **limits)  # type: ignore[arg-type]


def problems(found: Health) -> list[str]:
    return [problem.problem for problem in found.problems]


def only(found: Health) -> Problem:
    assert len(found.problems) == 1, found.problems
    return found.problems[0]


def gathered(place: Place, as_of: str, target: str = "leaf.reviews.table") -> str:
    """A run that has gathered one target; its id."""
    done = rivalscope("gather", place.market, "--data", place.data, "--as-of", as_of, "--target", target, code=None)
    assert done.returncode in {0, 1, 3}, done.stderr
    return run_as_of(load_market(place.market), place.data, datetime.fromisoformat(as_of).replace(tzinfo=UTC)).run_id


# --- the deadline ---------------------------------------------------------------------------------------------------------


def test_a_market_within_its_deadline_is_well(place: Place) -> None:
    done = rivalscope("health", place.market, "--data", place.data, "--now", "2026-07-05T12:00Z")
    assert done.stdout.startswith("Tea <b>shops</b>: well\n")
    assert f"last run: {RUN}, complete, 3 of 3 sources" in done.stdout
    assert "next one expected by 2026-07-06 12:00+09:00" in done.stdout
    assert done.stdout.count("landed 20") == 3
    quiet = rivalscope("health", place.market, "--data", place.data, "--now", "2026-07-05T12:00Z", "--quiet")
    assert (quiet.stdout, quiet.stderr) == ("", "")


def test_a_market_that_has_missed_its_moment_is_told_with_since_when_and_what_to_do(place: Place) -> None:
    done = rivalscope("health", place.market, "--data", place.data, "--now", "2026-07-07", "--quiet", code=1)
    assert "overdue (since 2026-07-06 12:00+09:00): expected the run of 2026-07-06 06:00+09:00 to be published by" in done.stdout
    assert f"found run {RUN} as of 2026-07-01 09:00+09:00" in done.stdout
    assert (
        f"next: Look whether it was started (in Airflow: is the DAG tea paused, the scheduler up?); `rivalscope run {place.market}"
        in done.stdout
    )


def test_the_deadline_is_hours_after_the_moment_and_not_before(place: Place) -> None:
    assert problems(asked(place, MONDAY_NOON)) == []
    late = only(asked(place, MONDAY_NOON + timedelta(seconds=1)))
    assert (late.problem, late.since) == ("overdue", MONDAY_NOON)
    schedule(place, f"{MONDAYS}deadline_hours = 0.5\n")
    assert only(asked(place, MONDAY_NOON)).since == MONDAY_NOON - timedelta(hours=5.5)


@pytest.mark.parametrize(("cron", "due"), [("0 9 * * 3", "2026-07-08T00:00Z"), ("1 9 * * 3", "2026-07-01T00:01Z")])
def test_a_run_counts_for_the_moment_that_it_speaks_of_and_not_for_a_later_one(place: Place, cron: str, due: str) -> None:
    schedule(place, f'timezone = "Asia/Seoul"\nschedule = "{cron}"\n')
    assert asked(place, SUNDAY).due_at == datetime.fromisoformat(due)


def test_an_old_run_that_is_published_again_makes_nothing_younger(place: Place) -> None:
    published_at(place, TUESDAY - timedelta(minutes=1))
    assert problems(asked(place, TUESDAY)) == ["overdue"]


def test_without_a_schedule_only_a_given_age_is_judged(place: Place) -> None:
    schedule(place, "")
    far = datetime(2027, 7, 1, tzinfo=UTC)
    assert problems(asked(place, far)) == []
    assert problems(asked(place, far, max_age=timedelta(days=365))) == []
    assert only(asked(place, far, max_age=timedelta(days=364))).since == datetime(2027, 6, 30, tzinfo=UTC)


def test_a_given_age_stands_in_the_place_of_the_schedule(place: Place) -> None:
    assert problems(asked(place, TUESDAY, max_age=timedelta(days=30))) == []
    assert problems(asked(place, SUNDAY, max_age=timedelta(days=4))) == ["overdue"]


def test_a_market_that_has_never_run_is_late_only_after_its_first_moment(place: Place) -> None:
    shutil.rmtree(place.data)
    schedule(place, MONDAYS)
    young = judged(place.market, MONDAY_NOON)  # its own folder, which nobody has made
    assert (problems(young), young.published, young.last_run) == ([], None, None)
    late = only(judged(place.market, TUESDAY))
    assert (late.problem, late.since) == ("overdue", MONDAY_NOON)
    assert "found nothing. There is no " in late.said


def test_a_data_folder_that_is_named_must_be_there(place: Place) -> None:
    missing = judged(place.market, SUNDAY, data=place.folder / "elsewhere")
    assert problems(missing) == ["no_data"]
    assert str(place.folder / "elsewhere") in only(missing).said


def test_what_speaks_of_a_day_to_come_is_told_for_it_would_look_fresh_until_then(place: Place) -> None:
    assert "2026-07-01 09:00+09:00" in only(asked(place, datetime(2026, 6, 1, tzinfo=UTC))).said
    assert problems(asked(place, datetime(2026, 6, 30, 1, tzinfo=UTC))) == []  # a date alone, west of Greenwich


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),
    st.sampled_from(["0 6 * * 1", "30 2 * * *", "@hourly", "@quarterly", "*/20 1-3 * * *"]),
    st.sampled_from(["Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
)
def test_the_next_moment_lies_ahead_and_none_lies_between(after: datetime, cron: str, zone: str) -> None:
    moment, where = after.replace(tzinfo=UTC), ZoneInfo(zone)
    found = next_moment(cron, moment, where)
    assert moment < found < moment + timedelta(days=93)
    assert next_moment(cron, moment + (found - moment) / 2, where) == found
    if cron == "0 6 * * 1":
        assert (found.astimezone(where).weekday(), found.astimezone(where).hour) == (0, 6)


def test_a_time_that_spring_skips_comes_an_hour_later() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert next_moment("30 2 * * *", datetime(2026, 3, 28, 12, tzinfo=UTC), berlin) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_hour_that_autumn_repeats_has_its_moments_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert next_moment("*/20 2-3 * * *", datetime(2026, 10, 25, 0, 5, tzinfo=UTC), berlin) == datetime(
        2026, 10, 25, 0, 20, tzinfo=UTC
    )
    assert next_moment("*/20 2-3 * * *", datetime(2026, 10, 25, 1, 5, tzinfo=UTC), berlin) == datetime(
        2026, 10, 25, 2, 0, tzinfo=UTC
    )


@pytest.mark.parametrize("cron", ["0 25 * * *", "0 0 30 2 *", "@never"])
def test_a_schedule_without_any_moment_is_told(place: Place, cron: str) -> None:
    schedule(place, f'schedule = "{cron}"\n')
    assert cron in only(asked(place, SUNDAY)).said


# --- runs -----------------------------------------------------------------------------------------------------------------


def test_a_run_that_neither_ends_nor_lives_is_told(place: Place) -> None:
    run = open_run(load_market(place.market), place.data, run_id=None, as_of=SUNDAY, new=True)
    now = datetime.now(UTC)
    schedule(place, "")
    begun = asked(place, now)
    assert begun.last_run is not None
    assert (problems(begun), begun.last_run.outcome, begun.last_run.ended_at) == ([], "under_way", None)
    later = now + timedelta(hours=2)
    dead = asked(place, later)
    assert (problems(dead), dead.last_run and dead.last_run.outcome) == (["run_failed"], "not_published")
    assert f"rivalscope run {place.market} --data {place.data} --run {run.run_id}" in only(dead).next
    with only_builder(run):  # it is alive, however long it takes
        assert problems(asked(place, later)) == []
    crawls = run.work / "gather" / "leaf.reviews.table@1"
    crawls.mkdir(parents=True)
    assert problems(asked(place, later)) == ["run_failed"]
    os.utime(crawls, (0, later.timestamp()))
    assert problems(asked(place, later)) == []


def test_a_room_that_failed_is_told_at_once_and_why(place: Place) -> None:
    run = open_run(load_market(place.market), place.data, run_id="monday", as_of=SUNDAY, new=True)
    schedule(place, "")
    with pytest.raises(ValueError, match="no disk"), record.kept(run, "load"):
        raise ValueError("no disk left")
    (failed,) = asked(place, datetime.now(UTC)).problems
    assert (failed.problem, "its load failed: no disk left." in failed.said) == ("run_failed", True)
    with record.kept(run, "load"):  # somebody tries again
        assert problems(asked(place, datetime.now(UTC))) == []
    assert problems(asked(place, datetime.now(UTC))) == []


def test_a_run_that_is_followed_by_a_better_one_is_forgiven(place: Place) -> None:
    open_run(load_market(place.market), place.data, run_id="broken", as_of=datetime(2026, 6, 30, tzinfo=UTC), new=True)
    schedule(place, "")
    assert problems(asked(place, datetime.now(UTC) + timedelta(days=9))) == []


def test_a_market_that_is_late_while_a_run_is_under_way_says_to_wait(place: Place) -> None:
    open_run(load_market(place.market), place.data, run_id="monday", as_of=MONDAY_NOON, new=True)
    assert only(asked(place, TUESDAY)).next.startswith("Run monday is under way since ")


# --- sources --------------------------------------------------------------------------------------------------------------


def test_a_source_is_dead_when_it_has_failed_in_more_runs_than_it_may(place: Place) -> None:
    file = place.folder / "leaf.csv"
    healthy = file.read_bytes()
    file.write_text("\x1b[2Jnothing\n")
    runs = [gathered(place, f"2026-07-0{day}") for day in (2, 3)]
    failing = asked(place, SUNDAY)
    leaf, kettle, _ = failing.sources
    assert problems(failing) == []
    assert (leaf.outcome, leaf.failed_runs, kettle.failed_runs, kettle.outcome) == ("failed", 2, 0, "landed")
    assert leaf.last_landed_at is not None
    assert leaf.failing_since is not None
    assert leaf.last_landed_at <= leaf.failing_since <= datetime.now(UTC)
    assert leaf.reason is not None
    assert "'id'" in leaf.reason

    dead = only(asked(place, SUNDAY, failures=1))
    assert (dead.problem, dead.who, dead.since) == ("source_dead", "leaf.reviews.table", leaf.failing_since)
    assert "has failed in 2 runs in a row" in dead.said
    assert f"--run {runs[-1]} --target leaf.reviews.table" in dead.next

    file.write_bytes(healthy + b"leaf-900,5,Very good tea.,2026-06-30,Jo,\n")
    gathered(place, "2026-07-04")
    assert asked(place, SUNDAY, failures=0).sources[0].failed_runs == 0


def test_a_run_in_which_nothing_landed_is_told_at_once(place: Place) -> None:
    shutil.move(place.data / "landing" / RUN, place.data / "rejected" / RUN)
    for path in (place.data / "rejected" / RUN).glob("*.receipt.json"):
        path.write_bytes(
            orjson.dumps(
                orjson.loads(path.read_bytes()) | {"outcome": "blocked", "alarm": "blocked", "reason": "403\x1b[2J\nand more"}
            )
        )
    found = asked(place, SUNDAY)
    assert problems(found) == ["nothing_landed"]
    assert {(source.outcome, source.alarm, source.failed_runs) for source in found.sources} == {("blocked", "blocked", 1)}
    assert found.sources[0].reason == "403\ufffd[2J and more"  # a site has a say in it, and a terminal would obey
    assert found.last_run is not None
    assert len(found.last_run.missing) == 3
    blocked = [problem.next for problem in asked(place, SUNDAY, failures=0).problems if problem.problem == "source_dead"]
    assert len(blocked) == 3
    assert "Leave the site alone" in blocked[0]


# --- damage ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("warehouse.duckdb", b""),
        ("warehouse.duckdb", b"DUCK" * 5000),
        (f"runs/{RUN}.json", b"{}"),
        (f"runs/{RUN}.json", b"\xff\x00"),
        (f"landing/{RUN}/leaf.reviews.table.receipt.json", b"[1, 2"),
        (f"landing/{RUN}/leaf.reviews.table.receipt.json", b"{}"),
        ("deliveries/cx.json", b"{"),
        ("deliveries/cx.json", b'{"format": 9}'),
    ],
)
def test_a_damaged_file_is_told_with_its_name(place: Place, name: str, body: bytes) -> None:
    place.write(hook_to("cx", Web("http://127.0.0.1:9")))
    (place.data / name).parent.mkdir(exist_ok=True)
    (place.data / name).unlink(missing_ok=True)
    (place.data / name).write_bytes(body)
    told = [problem for problem in asked(place, SUNDAY).problems if problem.problem == "damaged"]
    assert len(told) == 1, told
    assert str(place.data / name) in told[0].said
    assert told[0].next


def test_half_a_database_is_told(place: Place) -> None:
    file = place.data / "warehouse.duckdb"
    body = file.read_bytes()
    file.unlink()
    file.write_bytes(body[: len(body) // 2])
    assert problems(asked(place, SUNDAY)) == ["damaged"]


def test_a_report_that_is_gone_or_of_another_run_is_told(place: Place) -> None:
    latest = place.data / "reports" / "latest"
    (place.data / "reports" / "other").mkdir()
    (place.data / "reports" / "other" / "report.html").touch()
    latest.unlink()
    latest.symlink_to("other")
    assert problems(asked(place, SUNDAY)) == ["report_differs"]
    latest.unlink()
    assert f"--run {RUN}` writes it again" in only(asked(place, SUNDAY)).next


def test_a_market_file_that_is_wrong_costs_the_others_nothing(place: Place) -> None:
    (place.folder / "markets").mkdir()
    (place.folder / "markets" / "a.toml").write_text("id = [", encoding="utf-8")
    shutil.copy2(place.market, place.folder / "markets" / "b.toml")
    done = rivalscope("health", "--json", "--now", "2026-07-05", cwd=place.folder, code=1)
    said = orjson.loads(done.stdout)
    assert (said["format"], said["healthy"], said["now"]) == (1, False, "2026-07-05T00:00:00Z")
    assert [each["market"] for each in said["markets"]] == [None, "tea"]
    assert [[problem["problem"] for problem in each["problems"]] for each in said["markets"]] == [["market_file"], []]


# --- deliveries -----------------------------------------------------------------------------------------------------------


def test_what_did_not_go_out_is_told_until_it_has(place: Place, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write(hook_to("cx", web))
    new = asked(place, SUNDAY)  # the market file is younger than what is published
    assert [each.state for each in new.deliveries] == ["new"]
    with monkeypatch.context() as patch:
        patch.delenv("WEBHOOK_KEY")
        assert place.deliver().failed == 1
    moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
    published_at(place, moment)
    assert [each.state for each in asked(place, moment + timedelta(minutes=29)).deliveries] == ["on_its_way"]
    failed = asked(place, moment + timedelta(minutes=31))
    assert (problems(failed), [each.state for each in failed.deliveries]) == (["undelivered"], ["undelivered"])
    assert f"the report of run {RUN} has not reached cx (webhook)" in only(failed).said
    assert f"rivalscope deliver {place.market} --data {place.data} --to cx" in only(failed).next
    assert place.deliver().failed == 0
    sent = asked(place, moment + timedelta(days=1))
    assert (problems(sent), sent.deliveries[0].state, sent.deliveries[0].run_id) == ([], "delivered", RUN)


def test_a_recipient_of_whom_nobody_has_taken_note_is_told_when_she_was_there_before_the_run(place: Place) -> None:
    place.write(hook_to("cx", Web("http://127.0.0.1:9")))
    os.utime(place.market, (0, 0))
    assert problems(asked(place, SUNDAY)) == ["undelivered"]


def test_a_day_without_a_report_is_no_failure(place: Place, web: Web) -> None:
    place.write(hook_to("cx", web, report_days='["mon"]'))  # the run is of a Wednesday
    place.deliver()
    assert web.posts == []
    assert asked(place, SUNDAY).deliveries[0].state == "delivered"


def test_what_waits_for_the_end_of_quiet_hours_is_no_failure_until_they_are_over(place: Place, web: Web) -> None:
    place.write(hook_to("cx", web, quiet_hours='"22:00-07:00"'))
    night = datetime(2026, 7, 1, 15, tzinfo=UTC)  # midnight in Seoul
    assert place.deliver(night).held == 1
    assert asked(place, night + timedelta(hours=7, minutes=50)).deliveries[0].state == "held"
    late = asked(place, night + timedelta(hours=8, minutes=10))
    assert "held back although the quiet hours are over" in only(late).said


# --- the command ----------------------------------------------------------------------------------------------------------


def test_asking_writes_nothing_and_takes_no_lock(place: Place) -> None:
    def state() -> dict[str, tuple[int, str]]:
        files = sorted(path for path in place.folder.rglob("*") if path.is_file())
        return {str(path): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) for path in files}

    before = state()
    with (place.data / ".build.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rivalscope("health", place.market, "--data", place.data, "--now", "2026-07-05")
    assert state() == before


def test_no_library_of_a_room_is_imported_for_it() -> None:
    script = "import sys, pipeline.health; print(sorted({'scrapy', 'twisted', 'airflow', 'numpy', 'sqlglot', 'jinja2', 'httpx'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "found none named and none in markets/"),
        (["absent.toml"], "found no absent.toml"),
        (["tea.toml", "tea.toml", "--data", "data"], "expected --data with one market, found 2"),
        (["tea.toml", "--max-age", "2 weeks"], "expected a span such as 90m, 36h or 8d, found '2 weeks'"),
        (["tea.toml", "--failures", "-1"], "expected"),
        (["tea.toml", "--now", "Monday"], "expected an ISO 8601 time"),
    ],
)
def test_wrong_use_has_a_code_of_its_own(place: Place, arguments: list[str], said: str) -> None:
    done = rivalscope("health", *arguments, cwd=place.folder, code=2)
    assert said in done.stderr
    assert done.stdout == ""


def test_spans_are_minutes_hours_and_days() -> None:
    spans = [_options(["health", "--max-age", text]).max_age for text in ("90m", "36h", "1.5d")]
    assert spans == [timedelta(minutes=90), timedelta(hours=36), timedelta(hours=36)]
