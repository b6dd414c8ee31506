"""Airflow on one machine, under a small supervisor: scheduler, DAG processor and API server.

`airflow standalone` leaves its children behind when it is ended by SIGTERM; here each component is a process group of its own
that gets SIGTERM when the supervisor stops, and the kernel ends it when the supervisor is killed.
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
AIRFLOW = str(Path(sys.executable).parent / "airflow")
COMPONENTS = {
    # Its log server would listen on every address; the API server reads the same files without it.
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "api-server": ("api-server",),
}

_PR_SET_PDEATHSIG = 1
_STOP_SECONDS = 30


class UpError(RuntimeError):
    """Airflow could not be started or did not keep running; the message says what to look at."""


def environment(port: int = 8080) -> dict[str, str]:
    """The environment in which every airflow command of this project runs."""
    env = os.environ | {
        "AIRFLOW_HOME": str(PROJECT),
        "AIRFLOW__API__PORT": str(port),
        # Tasks find the execution API through base_url, so it follows the port.
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    # With it each airflow command compiles everything anew: 10 s instead of 3 s.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    return env


def prepare(env: Mapping[str, str], progress: Callable[[str], None]) -> None:
    """Brings Airflow's database and pools up to date. Raises UpError."""
    for what, arguments in (
        ("database", ["db", "migrate"]),
        ("pools", ["pools", "import", str(PROJECT / "pipeline" / "pools.json")]),
    ):
        began = time.monotonic()
        done = subprocess.run([AIRFLOW, *arguments], env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UpError(
                f"airflow {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        progress(f"airflow {what} ready ({time.monotonic() - began:.0f} s)")


def up(port: int, progress: Callable[[str], None]) -> None:
    """Runs Airflow until SIGTERM or Ctrl-C. Raises UpError when a component ends by itself or another `up` runs here."""
    env = environment(port)
    with _only_supervisor(), _stoppable():
        prepare(env, progress)
        logs = PROJECT / "logs"
        logs.mkdir(exist_ok=True)
        children: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name, arguments in COMPONENTS.items():
                with (logs / f"{name}.log").open("ab") as log:
                    children[name] = subprocess.Popen(
                        [AIRFLOW, *arguments],
                        env=env,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        stdin=subprocess.DEVNULL,
                        start_new_session=True,
                        preexec_fn=_end_with_parent,  # noqa: PLW1509 - this process has no threads
                    )
            _wait_until_healthy(port, children, progress)
            passwords = PROJECT / "simple_auth_manager_passwords.json.generated"
            if passwords.exists():
                passwords.chmod(0o600)
            progress(f"Airflow is up: http://127.0.0.1:{port} (users and passwords: {passwords}). Ctrl-C stops it.")
            while True:
                _all_running(children)
                time.sleep(1)
        except KeyboardInterrupt:
            progress("stopping")
        finally:
            _stop(children)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _all_running(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            raise UpError(f"airflow {name} ended with {child.returncode}. Its last words: {PROJECT / 'logs' / name}.log")


def _wait_until_healthy(port: int, children: Mapping[str, subprocess.Popen[bytes]], progress: Callable[[str], None]) -> None:
    began = time.monotonic()
    while time.monotonic() - began < 180:
        _all_running(children)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as answer:
                health = json.load(answer)
            if all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor")):
                progress(f"scheduler, DAG processor and API server are healthy ({time.monotonic() - began:.0f} s)")
                return
        except (urllib.error.URLError, OSError, KeyError, TypeError, json.JSONDecodeError):
            pass  # not listening yet, or listening before its parts have reported
        time.sleep(1)
    raise UpError(f"Expected a healthy Airflow on port {port} within 180 s, found none. Look into {PROJECT / 'logs'}.")


def _stop(children: Mapping[str, subprocess.Popen[bytes]]) -> None:
    for child in children.values():
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
    began = time.monotonic()
    for child in children.values():
        try:
            child.wait(max(0.1, began + _STOP_SECONDS / 3 - time.monotonic()))
        except subprocess.TimeoutExpired:
            # A signal that meets the scheduler while it collects garbage is lost: it is asked a second time.
            os.killpg(child.pid, signal.SIGTERM)
    for child in children.values():
        try:
            child.wait(max(0.1, began + _STOP_SECONDS - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@contextmanager
def _only_supervisor() -> Iterator[None]:
    with (PROJECT / ".up.lock").open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            handle.seek(0)
            raise UpError(f"Airflow of {PROJECT} is already up, held by process {handle.read().strip()}.") from error
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM stops like Ctrl-C; SIGINT too where a shell's `&` made it ignored."""
    former = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
