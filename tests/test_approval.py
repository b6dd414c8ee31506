"""Nothing is delivered before somebody has said yes, where the market file asks for that: the real Airflow, answered through its API."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT, write_tea_market
from delivering import Web, hook_to, web

__all__ = ["web"]

UP = "import sys\nfrom pathlib import Path\nfrom pipeline import up\nup.PROJECT = Path(sys.argv[1])\nup.up(int(sys.argv[2]), print)"
"""`rivalscope up` over another project folder."""

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(tmp_path: Path, web: Web) -> Iterator[Ask]:
    """Airflow's API over a project folder with the tea market alone, whose webhook is `web`."""
    shutil.copytree(PROJECT / "dags", tmp_path / "dags", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "markets").mkdir()
    for name in ("airflow.cfg", "pipeline/secret.sh", "pipeline/pools.json"):
        shutil.copy(PROJECT / name, tmp_path / name)
    market = write_tea_market(tmp_path / "markets")
    text = market.read_text(encoding="utf-8").replace('name = "Tea <b>shops</b>"', 'name = "Tea {{ 1/0 }} <b>shops</b>"')
    market.write_text(f"{text}\n[delivery]\napproval = true\n{hook_to('crm', web)}", encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    given = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "RIVALSCOPE_DATA"))}
    env = given | {"WEBHOOK_KEY": "whsec_MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="}
    with subprocess.Popen(
        [sys.executable, "-c", UP, str(tmp_path), str(port)], env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert any("Airflow is up" in line for line in process.stdout)
            headers = {"Content-Type": "application/json"}

            def asked(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
                data = None if body is None else json.dumps(body).encode()
                request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, headers, method=method)
                with urllib.request.urlopen(request, timeout=30) as answer:
                    found: dict[str, Any] = json.load(answer)
                return found

            secret = json.loads((tmp_path / "simple_auth_manager_passwords.json.generated").read_text())["admin"]
            token = asked("POST", "/auth/token", {"username": "admin", "password": secret})["access_token"]
            headers["Authorization"] = f"Bearer {token}"
            yield asked
        finally:
            process.terminate()


@pytest.mark.slow
@pytest.mark.timeout(900)  # beside other tests on a slow machine; alone it takes two minutes
def test_nothing_is_delivered_before_somebody_says_yes(ask: Ask, web: Web) -> None:
    until(lambda: any(dag["dag_id"] == "tea" for dag in ask("GET", "/api/v2/dags")["dags"]))
    ask("PATCH", "/api/v2/dags/tea", {"is_paused": False})
    run = ask("POST", "/api/v2/dags/tea/dagRuns", {"logical_date": None, "conf": {}})
    tasks = f"/api/v2/dags/tea/dagRuns/{run['dag_run_id']}/taskInstances"

    def state(task: str) -> str:
        return str(ask("GET", f"{tasks}/{task}")["state"])

    def answer(said: str) -> None:
        until(lambda: state("approve") == "awaiting_input")
        assert web.posts == []

        def is_heard() -> bool:
            # An answer that comes while Airflow asks anew goes with the old question.
            with contextlib.suppress(urllib.error.HTTPError):
                ask("PATCH", f"{tasks}/approve/-1/hitlDetails", {"chosen_options": [said]})
            return state("approve") != "awaiting_input"

        until(is_heard)

    until(lambda: state("outcome") == "success")  # it waits for nobody
    question = ask("GET", f"{tasks}/approve/-1/hitlDetails")
    assert question["subject"] == "Deliver the report of Tea {{ 1/0 }} <b>shops</b>?"
    answer("Reject")
    until(lambda: state("deliver") == "skipped")
    until(lambda: ask("GET", f"/api/v2/dags/tea/dagRuns/{run['dag_run_id']}")["state"] == "success")
    cleared = {"dag_run_id": run["dag_run_id"], "task_ids": ["approve", "deliver"], "only_failed": False, "dry_run": False}
    ask("POST", "/api/v2/dags/tea/clearTaskInstances", cleared)
    answer("Approve")
    until(lambda: state("deliver") not in {"None", "queued", "scheduled", "running", "skipped"})
    assert [state(task) for task in ("approve", "deliver")] == ["success", "success"]
    assert [post.path for post in web.posts] == ["/crm"]


def until(is_so: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < 300
        time.sleep(1)
