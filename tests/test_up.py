"""`rivalscope up`: the real Airflow comes up healthy, shows the markets paused, and leaves nothing behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = os.environ | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'airflow.db'}?timeout=60"}
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "up", "--port", str(port)], cwd=PROJECT, env=env, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process, port
    finally:
        process.kill()
        process.wait()


def until_up(process: subprocess.Popen[str]) -> list[str]:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if "Airflow is up" in line:
            return said
    pytest.fail("".join(said))


def gone(children: list[psutil.Process]) -> bool:
    _, alive = psutil.wait_procs(children, timeout=30)
    return not alive


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL], ids=["asked to stop", "killed"])
def test_airflow_comes_up_on_loopback_and_leaves_nothing_behind(
    started: tuple[subprocess.Popen[str], int], sent: signal.Signals
) -> None:
    process, port = started
    until_up(process)
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 3
    listening = {c.laddr.ip for child in children if child.is_running() for c in child.net_connections() if c.status == "LISTEN"}
    assert listening == {"127.0.0.1"}

    passwords = json.loads((PROJECT / "simple_auth_manager_passwords.json.generated").read_text())
    body = json.dumps({"username": "admin", "password": passwords["admin"]}).encode()
    ask = urllib.request.Request(f"http://127.0.0.1:{port}/auth/token", body, {"Content-Type": "application/json"})
    token = json.load(urllib.request.urlopen(ask, timeout=20))["access_token"]
    ask = urllib.request.Request(f"http://127.0.0.1:{port}/api/v2/dags", headers={"Authorization": f"Bearer {token}"})
    for _ in range(30):
        dags = {dag["dag_id"]: dag["is_paused"] for dag in json.load(urllib.request.urlopen(ask, timeout=20))["dags"]}
        if len(dags) >= 3:
            break
        time.sleep(1)
    assert dags == dict.fromkeys((path.stem for path in (PROJECT / "markets").glob("*.toml")), True)

    second = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "up"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert f"already up, held by process {process.pid}" in second.stderr

    process.send_signal(sent)
    process.wait(60)
    assert gone(children)
