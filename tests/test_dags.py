"""The DAG files, read by the real Airflow: every market file is a DAG, and a bad one does not take the others with it."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import write_tea_market

PROJECT = Path(__file__).parents[1]

READ = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1], known_pools={"default_pool", "gather", "build"})
print("\\n" + json.dumps({
    "errors": bag.import_errors,
    "warnings": [str(w) for w in bag.dag_warnings],
    "dags": {d.dag_id: {
        "schedule": d.schedule, "timezone": str(d.timezone), "title": d.dag_display_name, "doc": d.doc_md,
        "tasks": [t.task_id for t in d.topological_sort()],
        "commands": {t.task_id: getattr(t, "bash_command", None) or t.partial_kwargs["bash_command"] for t in d.tasks},
        "leaves": sorted(t.task_id for t in d.leaves),
        "pools": {t.task_id: t.pool for t in d.tasks},
        "owners": sorted({t.owner for t in d.tasks}), "tags": sorted(d.tags),
        "hours": {t.task_id: t.execution_timeout.total_seconds() / 3600 for t in d.tasks},
        "assets": {t.task_id: [a.uri for a in t.outlets] for t in d.tasks if t.outlets},
        "triggers": {t.task_id: t.trigger_rule for t in d.tasks},
    } for d in bag.dags.values()},
}, default=str))
"""

DELIVERY = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.log import redact
bag = DagBag(sys.argv[1], known_pools={"default_pool", "gather", "build"})
deliver = bag.dags["post"].get_task("deliver")
given = deliver.get_env({})
run = type("Run", (), {"run_after": "2026-05-31"})
deliver.render_template_fields({"run_id": "r", "dag_run": run, "params": {"as_of": None}}, bag.dags["post"].get_template_env())
held = bag.dags["held-deliveries"]
print("\\n" + json.dumps({
    "given": {name: value for name, value in given.items() if name.startswith("AIRFLOW_CONN_")}, "has_path": "PATH" in given,
    "shown": str({name: redact(getattr(deliver, name), name) for name in deliver.template_fields}),
    "held": {task.task_id: [task.bash_command.split("exec ")[1].split(" ", 1)[1], task.connections] for task in held.tasks},
    "paused": held.is_paused_upon_creation, "every": str(held.schedule),
}))
"""

RETRIES = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.bases.operator import ExecutorSafeguard
ExecutorSafeguard.test_mode = True
bag = DagBag(sys.argv[1], known_pools={"default_pool", "gather", "build"})
gather = bag.dags["shop"].get_task("gather")
task = gather.unmap({"env": {"TARGET": "leaf.reviews.table"}})
def raised(command):
    task.bash_command = command
    try:
        task.execute({})
    except Exception as error:
        return type(error).__name__
print("\\n" + json.dumps({
    "raised": [raised(f"exit {code}") for code in (0, 1, 2, 3, 99, 130)],
    "retries": [gather.retries, gather.retry_delay.total_seconds(), gather.retry_exponential_backoff],
    "others": sorted({t.retries for t in bag.dags["shop"].tasks if t.task_id != "gather"}),
}))
"""

FORM = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.bases.operator import ExecutorSafeguard
from airflow.sdk.definitions.param import process_params
ExecutorSafeguard.test_mode = True
dag = DagBag(sys.argv[1], known_pools={"default_pool", "gather", "build"}).dags["tea"]
def chosen(task_id, **conf):
    task = dag.task_dict[task_id].prepare_for_execution()
    try:
        context = {"run_id": "manual__1", "dag_run": type("Run", (), {"run_after": "2026-06-01"}), "task": task}
        context["params"] = process_params(dag, task, conf, suppress_exception=False) | conf.pop("unchecked", {})
        task.render_template_fields(context, dag.get_template_env())
        return [task.bash_command.partition("--run ")[2], task.execute(context) if task_id == "targets" else None]
    except Exception as error:
        return type(error).__name__
def send(task_id, **conf):
    task = dag.task_dict[task_id].prepare_for_execution()
    task.bash_command = "true"
    try:
        task.execute({"params": process_params(dag, task, conf, suppress_exception=False)})
    except Exception as error:
        return type(error).__name__
cases = json.loads(sys.argv[2])
print("\\n" + json.dumps({
    "form": {name: dag.params.get_param(name).serialize() for name in dag.params},
    "chosen": [chosen("targets", **case) for case in cases],
    "as_of": [chosen("load", as_of=moment) for moment in (None, "2026-05-31T06:00:00+09:00", "2026-05-31", "'$(touch hit)'", 5)],
    "not_skipped": send("deliver"), "skipped": [send("deliver", deliver=False), send("approve", deliver=False)],
    "order": [t.task_id for t in dag.topological_sort()],
}))
"""


def read(dags: Path, home: Path, program: str = READ, *arguments: str, **more: str) -> dict[str, Any]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("AIRFLOW")} | {"AIRFLOW_HOME": str(home)} | more
    done = subprocess.run(
        [sys.executable, "-c", program, str(dags), *arguments], env=env, capture_output=True, text=True, check=True, timeout=120
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def checked_in(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return read(PROJECT / "dags", tmp_path_factory.mktemp("home"))


def test_every_market_file_is_a_dag_with_its_schedule_and_time_zone(checked_in: dict[str, Any]) -> None:
    assert checked_in["errors"] == {}
    assert checked_in["warnings"] == []
    assert set(checked_in["dags"]) == {path.stem for path in (PROJECT / "markets").glob("*.toml")}
    assert checked_in["dags"]["korean_grocery"]["schedule"] == "0 7 * * 1"
    assert checked_in["dags"]["korean_grocery"]["timezone"] == "Asia/Seoul"


def test_the_rooms_stand_in_their_order_and_the_report_survives_a_failed_source(checked_in: dict[str, Any]) -> None:
    dag = checked_in["dags"]["rv_rental"]
    assert dag["tasks"] == ["targets", "gather", "load", "score", "swot", "report", "publish", "deliver", "outcome", "retention"]
    assert {dag["triggers"][task] for task in ("load", "outcome", "retention")} == {"all_done"}
    assert {dag["pools"][task] for task in ("load", "score", "swot", "report", "publish")} == {"build"}
    assert dag["pools"]["gather"] == "gather"
    assert "Triage" in dag["doc"]


def test_a_market_has_assets_by_which_other_dags_can_be_scheduled(checked_in: dict[str, Any]) -> None:
    for name, dag in checked_in["dags"].items():
        made = f"x-rivalscope://{name}"
        assert dag["assets"] == {"load": [f"{made}/landing"], "publish": [f"{made}/warehouse", f"{made}/report"]}


def test_pages_are_let_go_whatever_happened_and_a_missing_source_still_turns_the_run_red(checked_in: dict[str, Any]) -> None:
    for dag in checked_in["dags"].values():
        assert dag["leaves"] == ["deliver", "outcome", "retention"]  # Airflow judges a run by them
        assert " retention " in dag["commands"]["retention"]


@pytest.mark.slow
def test_no_task_hangs_for_ever(checked_in: dict[str, Any], tmp_path: Path) -> None:
    for dag in checked_in["dags"].values():
        assert {task: hours for task, hours in dag["hours"].items() if task != "gather"} == {
            **dict.fromkeys(("targets", "deliver", "outcome", "retention"), 2),
            **dict.fromkeys(("load", "score", "swot", "report", "publish"), 24),
        }
    # A crawl may have to wait for two others of its host, each of which has 1800 s, and an hour around them.
    shutil.copytree(PROJECT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "markets").mkdir()
    pages = ("https://a.example/1", "https://a.example/2", "https://b.example/", "https://A.example/3")
    brands = "".join(f'[[brands]]\n[[brands.sources]]\nurl = "{page}"\n' for page in pages)
    crawl = "[crawl]\ntimeout_seconds = 1800\n"
    (tmp_path / "markets" / "shop.toml").write_text(f'id = "shop"\nname = "Shop"\n{crawl}{brands}', encoding="utf-8")
    # An id that is a name within the DAG file is as good as any other.
    (tmp_path / "markets" / "file.toml").write_text(f'id = "file"\nname = "File"\n{crawl}', encoding="utf-8")
    found = read(tmp_path / "dags", tmp_path)["dags"]
    assert (found["shop"]["hours"]["gather"], found["file"]["hours"]["gather"]) == (4.5, 1.5)


HOSTILE = "<script>{{ 1/0 }}$(reboot)',\\n" + "x" * 300


def test_the_owner_and_the_tags_are_the_market_files_and_cannot_do_harm(checked_in: dict[str, Any], tmp_path: Path) -> None:
    assert {(*dag["owners"], *dag["tags"]) for dag in checked_in["dags"].values()} == {("airflow", "market", "rivalscope")}
    shutil.copytree(PROJECT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "markets").mkdir()
    keys = {
        "mine": ("CX insights", ["weekly", "커피"]),
        "long_owner": (HOSTILE, ["<b>", 5]),
        "long_tag": ("me", [HOSTILE]),
        "no_tags": (["a"], 5),
    }
    for name, (owner, tags) in keys.items():
        held = '[[delivery.recipients]]\nquiet_hours = "22:00-07:00"\n'
        head = f'id = "{name}"\nname = "M"\nowner = {json.dumps(owner)}\ntags = {json.dumps(tags)}\n{held}'
        (tmp_path / "markets" / f"{name}.toml").write_text(head, encoding="utf-8")
    found = read(tmp_path / "dags", tmp_path)
    assert found["errors"] == {}
    dags = found["dags"]
    assert (dags["mine"]["owners"], dags["mine"]["tags"]) == (["CX insights"], ["market", "rivalscope", "weekly", "커피"])
    assert (dags["long_owner"]["owners"], dags["long_owner"]["tags"]) == ([HOSTILE[:100]], ["5", "<b>", "market", "rivalscope"])
    assert "long_tag.toml: ValueError: tag cannot be longer" in dags["long_tag"]["title"]
    assert dags["no_tags"]["title"].startswith("no_tags.toml: TypeError")
    # What goes out later has the owner of its market.
    assert dags["held-deliveries"]["owners"] == sorted(["CX insights", HOSTILE[:100]])


def test_a_bad_market_file_shows_up_by_name_and_leaves_the_others_alone(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    markets = tmp_path / "markets"
    markets.mkdir()
    (markets / "good.toml").write_text('id = "good"\nname = "Good"\n')
    (markets / "good_again.toml").write_text('id = "good"\nname = "Another"\n')
    (markets / "no_toml.toml").write_text("id = ")
    (markets / "bad_cron.toml").write_text('id = "bad_cron"\nname = "Bad"\nschedule = "0 6"\n')
    (markets / "bad_delivery.toml").write_text('id = "bad_delivery"\nname = "Bad"\ndelivery = "by pigeon"\n')
    (markets / "bad_zone.toml").write_text('id = "bad_zone"\nname = "Bad"\ntimezone = "Mars/Base"\n')
    (markets / "bad_crawl.toml").write_text('id = "bad_crawl"\nname = "Bad"\ncrawl = { timeout_seconds = inf }\n')
    found = read(tmp_path / "dags", tmp_path)
    assert found["errors"] == {}
    assert set(found["dags"]) == {"good", "good_again", "no_toml", "bad_cron", "bad_delivery", "bad_zone", "bad_crawl"}
    assert found["dags"]["good"]["title"] == "Good"
    for name in ("good_again", "no_toml", "bad_cron", "bad_delivery", "bad_zone", "bad_crawl"):
        assert found["dags"][name]["title"].startswith(f"{name}.toml: ")
        assert found["dags"][name]["schedule"] is None


def test_nothing_from_a_market_file_reaches_a_shell(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    markets = tmp_path / "markets"
    markets.mkdir()
    (markets / "a $(touch hit) b.toml").write_text('id = "quoted"\nname = "$(touch hit)"\n')
    commands = read(tmp_path / "dags", tmp_path)["dags"]["quoted"]["commands"]
    for command in commands.values():
        assert f"'{markets / 'a $(touch hit) b.toml'}'" in command
        assert command.count("$(touch hit)") == 1


@pytest.mark.slow
def test_a_person_may_choose_what_is_gathered_and_nothing_that_is_typed_reaches_a_shell(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "markets").mkdir()
    market = write_tea_market(tmp_path / "markets")
    crm = 'name = "crm"\nchannel = "webhook"\nurl = "https://crm.example.com/"\nsecret_variable = "KEY"\n'
    market.write_text(f"{market.read_text()}[delivery]\napproval = true\n[[delivery.recipients]]\n{crm}")
    reboot = "$(touch hit)"
    cases: dict[str, tuple[dict[str, Any], Any]] = {
        "nothing": ({}, ["leaf", "kettle", "cup"]),
        "emptied": ({"brands": None, "sources": []}, ["leaf", "kettle", "cup"]),
        "both": ({"brands": ["cup"], "sources": ["leaf.reviews.table"]}, ["leaf", "cup"]),
        "unknown": ({"brands": ["mug"]}, "AirflowException"),
        "command": ({"brands": [reboot]}, "ParamValidationError"),
        "text": ({"sources": reboot}, "ParamValidationError"),
        # Where Airflow checked nothing, the command finds no such brand.
        "unchecked": ({"unchecked": {"brands": [reboot, "'; touch hit; '", '"; touch hit; "', "{{ 1/0 }}"]}}, "AirflowException"),
    }
    found = read(tmp_path / "dags", tmp_path, FORM, json.dumps([conf for conf, _ in cases.values()]))
    for case, (_, wanted), given in zip(cases, cases.values(), found["chosen"], strict=True):
        brands = given if isinstance(given, str) else [each["TARGET"].removesuffix(".reviews.table") for each in given[1]]
        assert brands == wanted, case
    assert not (tmp_path / "hit").exists()
    assert found["form"]["brands"]["schema"]["examples"] == ["leaf", "kettle", "cup"]
    assert found["form"]["sources"]["schema"]["examples"] == [f"{brand}.reviews.table" for brand in ("leaf", "kettle", "cup")]
    moments = [given if isinstance(given, str) else given[0].partition("--as-of ")[2] for given in found["as_of"]]
    assert moments[1:3] == ["20260530T210000Z", "20260531T000000Z"]
    assert moments[3:] == ["ValueError", "ParamValidationError"]
    assert (found["skipped"], found["not_skipped"]) == (["AirflowSkipException"] * 2, None)
    assert found["order"][-5:] == ["publish", "outcome", "retention", "approve", "deliver"]


@pytest.mark.slow
def test_delivery_has_airflows_connections_and_shows_none_of_them(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "markets").mkdir()
    recipients = "".join(f'[[delivery.recipients]]\nconnection = "{name}"\n' for name in ("slack-bot", "x') }}{{ 1/0 }}"))
    file = tmp_path / "markets" / "post.toml"
    file.write_text(
        f'id = "post"\nname = "Post"\n[delivery.mail]\nconnection = "post"\n{recipients}quiet_hours = "22:00-07:00"\n',
        encoding="utf-8",
    )
    (tmp_path / "markets" / "loud.toml").write_text('id = "loud"\nname = "Loud"\n', encoding="utf-8")
    password = "BPa55/word+with=Sla5h"
    post = json.dumps({"conn_type": "smtp", "host": "smtp.example.com", "login": "AKIA", "password": password, "port": 587})
    found = read(tmp_path / "dags", tmp_path, DELIVERY, AIRFLOW_CONN_POST=post)
    # One that Airflow does not have is missed by the command, which says so.
    assert found["given"] == {"AIRFLOW_CONN_POST": "smtp://AKIA:BPa55%2Fword%2Bwith%3DSla5h@smtp.example.com:587"}
    assert found["has_path"]
    assert "deliver" in found["shown"]
    assert "BPa55" not in found["shown"]
    assert "{{" not in found["shown"]
    # What is held back is another DAG's: a market's own run never waits for anybody's morning.
    assert found["held"] == {"post": [f"deliver {file} --held", ["post", "slack-bot", "x') }}{{ 1/0 }}"]]}
    assert (found["paused"], found["every"]) == (False, "0:15:00")


@pytest.mark.slow
def test_only_what_may_pass_by_itself_is_tried_again_with_growing_pauses(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "markets").mkdir()
    (tmp_path / "markets" / "shop.toml").write_text('id = "shop"\nname = "Shop"\n', encoding="utf-8")
    found = read(tmp_path / "dags", tmp_path, RETRIES)
    again, never = "AirflowException", "AirflowFailException"
    assert found["raised"] == [None, again, again, never, again, again]
    assert found["retries"] == [3, 120, 2]
    assert found["others"] == [0]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_of_two_brands_without_delivery_in_the_real_airflow(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "markets").mkdir()
    write_tea_market(tmp_path / "markets")
    (tmp_path / "markets" / "cup.csv").unlink()
    # As docs/ops.md has it, for this market.
    (said,) = re.findall(
        r"^```py\n(.*?)^```$", (PROJECT / "docs" / "ops.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    (tmp_path / "dags" / "wiki.py").write_text(said.replace("//demo/", "//tea/"), encoding="utf-8")
    given = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "RIVALSCOPE_DATA"))}
    core = {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False"}
    env = given | core | {"AIRFLOW_HOME": str(tmp_path)}

    def airflow(*arguments: str) -> str:
        command = [str(Path(sys.executable).parent / "airflow"), *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=300).stdout

    airflow("db", "migrate")
    conf = {"brands": ["leaf"], "sources": ["cup.reviews.table"], "as_of": "2026-07-01T00:00:00Z", "deliver": False}
    said = airflow("dags", "test", "tea", "--conf", json.dumps(conf))
    with closing(sqlite3.connect(tmp_path / "airflow.db")) as con:
        states = con.execute("select task_id, state, try_number from task_instance where dag_id = 'tea'").fetchall()
        events = con.execute(
            "select uri, source_task_id, asset_event.extra from asset_event join asset on asset.id = asset_id"
        ).fetchall()
        waiting = con.execute("select target_dag_id, uri from asset_dag_run_queue join asset on asset.id = asset_id").fetchall()
    assert sorted(state for task, state, _ in states if task == "gather") == ["failed", "success"], said
    # At once: its file is not there, and will not be in two minutes either.
    assert {tries for task, _, tries in states if task == "gather"} == {1}
    rest = {task: state for task, state, _ in states if task != "gather"}
    done = dict.fromkeys(("targets", "load", "score", "swot", "report", "publish", "retention"), "success")
    assert rest == done | {"deliver": "skipped", "outcome": "failed"}, said
    (note,) = (tmp_path / "data" / "tea" / "runs").glob("*.json")
    assert json.loads(note.read_text())["as_of"] == "2026-07-01T00:00:00+00:00"
    made = [(uri.rpartition("/")[2], task, json.loads(extra)["run"]) for uri, task, extra in events]
    assert sorted(made) == [("landing", "load", note.stem), ("report", "publish", note.stem), ("warehouse", "publish", note.stem)]
    assert waiting == [("wiki", "x-rivalscope://tea/report")]
