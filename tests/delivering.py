"""What tests of delivery stand on: real servers for mail, webhooks and Slack's API, and a published market with recipients."""

import base64
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from aiosmtpd.controller import Controller
from conftest import Ran

from pipeline.deliver import ledger
from pipeline.deliver.room import Outcome, deliver
from pipeline.market import load_market
from pipeline.run import open_run

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
KEY = b"k" * 32
ALERTS = '[alerts]\nrules = ["own_weakness", "rival_decline", "rank_loss", "faq_changed", "chat_added", "rating_drop"]\n'


@dataclass
class Post:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> Any:
        return json.loads(self.body)


@dataclass
class Web:
    """A web server that keeps what it is sent, and answers what it is told to; 200 and nothing by default."""

    address: str
    posts: list[Post] = field(default_factory=list)
    answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = field(default_factory=dict)
    """By path, in turn; the last one stays."""
    raw: dict[str, bytes] = field(default_factory=dict)
    """By path, what comes in the place of an answer of HTTP."""
    hold: set[str] = field(default_factory=set)
    """Paths that never answer."""
    asked: threading.Event = field(default_factory=threading.Event)
    """A held path has been asked."""

    def to(self, path: str) -> list[Post]:
        return [post for post in self.posts if post.path == path]


@pytest.fixture
def web() -> Iterator[Web]:
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = self.path.split("?")[0]
            kept.posts.append(Post(path, {name.lower(): value for name, value in self.headers.items()}, body))
            if path in kept.hold:
                kept.asked.set()
                released.wait(60)
                return
            if path in kept.raw:
                self.wfile.write(kept.raw[path])
                self.close_connection = True
                return
            turn = kept.answers.get(path, [(200, {}, b"")])
            status, headers, said = turn.pop(0) if len(turn) > 1 else turn[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            with suppress(ConnectionError):  # who has read enough hangs up
                self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept = Web(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kept
    released.set()
    server.shutdown()
    server.server_close()


def as_slack(web: Web) -> str:
    """Lets the server speak the three endpoints of an upload and chat.postMessage; the address of the API."""

    def ok(**said: object) -> tuple[int, dict[str, str], bytes]:
        return 200, {"Content-Type": "application/json"}, json.dumps({"ok": True, **said}).encode()

    web.answers |= {
        "/api/chat.postMessage": [ok(channel="C0123456789", ts="1.5")],
        "/api/files.getUploadURLExternal": [ok(upload_url=f"{web.address}/upload", file_id="F1")],
        "/upload": [(200, {}, b"OK")],
        "/api/files.completeUploadExternal": [ok(files=[{"id": "F1"}])],
        "/api/files.info": [ok(file={"id": "F1"})],
    }
    return f"{web.address}/api/"


@dataclass
class PostOffice:
    mails: list[EmailMessage] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    """Answers to the next mails in the place of taking them."""
    goodbye: str = "221 Bye"
    port: int = 0

    async def handle_QUIT(self, _server: object, _session: object, _envelope: object) -> str:  # noqa: N802 - aiosmtpd's name
        return self.goodbye

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusals:
            return self.refusals.pop(0)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@pytest.fixture
def post_office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    office = PostOffice()
    with socket.create_server(("127.0.0.1", 0)) as free:
        office.port = free.getsockname()[1]
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{office.port}")
    yield office
    controller.stop()


@dataclass
class Place:
    """A copy of what the tea market has published, with recipients of its own."""

    folder: Path
    said: str = ""

    @property
    def market(self) -> Path:
        return self.folder / "tea.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def write(self, delivery: str) -> None:
        text = self.market.read_text(encoding="utf-8")
        at = text.index("\n[[brands]]")
        self.market.write_text(text[:at] + "\n" + delivery + text[at:], encoding="utf-8")

    def deliver(self, now: datetime = NOON, *, dry: StringIO | None = None) -> Outcome:
        market = load_market(self.market)
        run = open_run(market, self.data, run_id=None, as_of=None, new=False)
        lines: list[str] = []
        outcome = deliver(run, market.delivery.recipients, now=now, progress=lines.append, dry=dry)
        self.said = "\n".join(lines)
        return outcome

    def ledger(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads((self.data / "deliveries" / f"{name}.json").read_bytes())
        return found

    def knows_nothing_yet(self, name: str) -> None:
        """As somebody whom each event is news to."""
        ledger.Ledger(self.data / "deliveries" / f"{name}.json", told={}).write()

    def sql(self, statement: str) -> None:
        """Changes what is published."""
        (self.data / "warehouse.duckdb").chmod(0o644)
        with duckdb.connect(str(self.data / "warehouse.duckdb")) as con:
            con.execute(statement)

    def one_more_event(self, event_id: str, rule: str, *, own: bool = True) -> None:
        another = f"'{event_id}' as event_id, '{rule}' as rule, {own} as own, null as cell_id"
        self.sql(f"insert into mart.event by name select * replace ({another}) from mart.event limit 1")

    def report_before(self, change: dict[str, Any] | None) -> str:
        """A week before there was the same report, but for the first cell: without it, or with these columns."""
        body = orjson.loads((self.data / "cells" / "20260701T000000Z.json").read_bytes())
        body |= {"run_id": "20260624T000000Z", "as_of": "2026-06-24T00:00:00"}
        first = next(cell for cell in body["cells"] if cell["brand"] == "leaf")
        if change is None:
            body["cells"].remove(first)
        else:
            first |= change
        (self.data / "cells" / "20260624T000000Z.json").write_bytes(orjson.dumps(body))
        claim: str = first["claim"]
        return claim


@pytest.fixture
def place(tea: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    shutil.copy(tea.market, tmp_path / "tea.toml")
    shutil.copytree(
        tea.data, tmp_path / "data", symlinks=True, ignore=shutil.ignore_patterns("landing", "archive", "scores", "build")
    )
    monkeypatch.setenv("WEBHOOK_KEY", f"whsec_{base64.b64encode(KEY).decode()}")
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-1-secret")
    return Place(tmp_path)


def mail_to(name: str, **more: str) -> str:
    lines = "".join(f"{key} = {value}\n" for key, value in more.items())
    return f'[[delivery.recipients]]\nname = "{name}"\nchannel = "mail"\nto = "{name.title()} <{name}@example.com>"\n{lines}'


def hook_to(name: str, web: Web, **more: str) -> str:
    lines = "".join(f"{key} = {value}\n" for key, value in more.items())
    return (
        f'[[delivery.recipients]]\nname = "{name}"\nchannel = "webhook"\nurl = "{web.address}/{name}"\n'
        f'secret_variable = "WEBHOOK_KEY"\n{lines}'
    )


def slack_to(name: str, api: str, **more: str) -> str:
    lines = "".join(f"{key} = {value}\n" for key, value in more.items())
    return (
        f'[[delivery.recipients]]\nname = "{name}"\nchannel = "slack"\nto = "C0123456789"\ntoken_variable = "SLACK_TOKEN"\n'
        f'api_url = "{api}"\n{lines}'
    )


SERVER = '[delivery.mail]\nsender = "Rivalscope <scope@example.com>"\nurl_variable = "SMTP_URL"\n'
