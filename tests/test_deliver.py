"""Delivery over real servers: SMTP (aiosmtpd), HTTP for webhooks and for Slack's API. Who gets what, once, and what happens when it fails."""

import base64
import hashlib
import hmac
import json
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import orjson
import pytest
from aiosmtpd.controller import Controller
from bs4 import BeautifulSoup
from conftest import PROJECT, Ran, opened, rivalscope, write_tea_market
from hostile_strings import STRINGS
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from pipeline.deliver import ledger, slack, webhook
from pipeline.deliver import mail as mail_room
from pipeline.deliver.message import Line, Message, Part, _one_line, as_data
from pipeline.deliver.room import Outcome, deliver
from pipeline.deliver.settings import MailRecipient, MailServer, QuietHours, WebhookRecipient
from pipeline.market import MarketError, load_market
from pipeline.report.wording import Wording
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


SERVER = '[delivery.mail]\nsender = "Rivalscope <scope@example.com>"\nurl_variable = "SMTP_URL"\n'


# --- mail ---------------------------------------------------------------------------------------------------------------


def test_a_mail_has_text_page_picture_and_report_and_goes_out_once(place: Place, post_office: PostOffice) -> None:
    place.write(SERVER + mail_to("haruka"))
    assert place.deliver() == Outcome(1, 0, 0)
    assert place.deliver() == Outcome(0, 0, 0)
    (mail,) = post_office.mails
    assert mail["From"] == "Rivalscope <scope@example.com>"
    assert mail["To"] == "Haruka <haruka@example.com>"
    assert mail["Subject"] == "Tea <b>shops</b>: the report of Jul 1, 2026"
    assert mail["Message-ID"] == f"<{place.ledger('haruka')['reports']['20260701T000000Z']['key']}@example.com>"
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert page is not None
    assert "Weaknesses: More complaints about delivery and punctuality" in text.get_content()
    html = page.get_content()
    assert "Leaf &amp; &lt;i&gt;Co&lt;/i&gt; now" in html
    assert "<b>" not in html
    related = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert [part["Content-ID"].strip("<>") for part in related] == re.findall(r'src="cid:([^"]+)"', html)
    assert related[0].get_payload(decode=True)[:8] == b"\x89PNG\r\n\x1a\n"
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == "tea-2026-07-01-en.html"
    report = attached.get_payload(decode=True)
    assert report == (place.data / "reports" / "latest" / "report.html").read_bytes()


def test_a_mail_is_in_the_recipients_language_and_her_days(place: Place, post_office: PostOffice) -> None:
    place.write(SERVER + mail_to("mina", language='"ko"', timezone='"America/New_York"', report='"none"'))
    assert place.deliver().sent == 1
    (mail,) = post_office.mails
    assert mail["Content-Language"] == "ko"
    assert "2026. 6. 30." in mail["Subject"]  # midnight UTC is the evening before in New York
    page = mail.get_body(("html",))
    assert page is not None
    assert '<html lang="ko">' in page.get_content()
    assert not list(mail.iter_attachments())


def test_a_link_leads_to_the_run_where_reports_are_served(place: Place, post_office: PostOffice) -> None:
    place.write('report_url = "https://reports.example/tea/"\n' + SERVER + mail_to("haruka", report='"linked"'))
    assert place.deliver().sent == 1
    page = post_office.mails[0].get_body(("html",))
    assert page is not None
    assert 'href="https://reports.example/tea/20260701T000000Z/report.html"' in page.get_content()


def test_a_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(place: Place, post_office: PostOffice) -> None:
    place.write(SERVER + mail_to("haruka"))
    post_office.refusals = ["451 busy", "550 no such mailbox"]
    assert place.deliver() == Outcome(0, 0, 1)
    assert "it answered 550 no such mailbox" in place.said
    assert place.deliver() == Outcome(1, 0, 0)
    assert len(post_office.mails) == 1


def test_a_server_that_says_goodbye_badly_has_the_mail_all_the_same(place: Place, post_office: PostOffice) -> None:
    place.write(SERVER + mail_to("haruka"))
    post_office.goodbye = "421 closing for maintenance"
    assert place.deliver() == Outcome(1, 0, 0)
    assert len(post_office.mails) == 1


def test_a_mail_server_that_answers_nonsense_costs_the_others_nothing(
    place: Place, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"\xff\xfe what?\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{server.server_address[1]}")
        place.write(SERVER + mail_to("haruka") + hook_to("crm", web))
        assert place.deliver() == Outcome(1, 0, 1)
        server.shutdown()
    assert "deliver: haruka (mail): Expected the mail server to take the mail" in place.said


def test_what_could_not_even_be_written_has_not_been_sent(place: Place, post_office: PostOffice, web: Web) -> None:
    place.write(SERVER + mail_to("haruka") + hook_to("crm", web))
    report = place.data / "reports" / "20260701T000000Z" / "report.html"
    kept = report.read_bytes()
    report.unlink()
    report.mkdir()
    assert place.deliver() == Outcome(1, 0, 1)
    assert place.ledger("haruka")["begun"] == {}
    report.rmdir()
    report.write_bytes(kept)
    assert place.deliver() == Outcome(1, 0, 0)
    assert "former attempt" not in place.said
    assert len(post_office.mails) == 1


def test_a_header_cannot_be_broken_by_a_name(place: Place, post_office: PostOffice) -> None:
    place.write(SERVER + mail_to("haruka"))
    text = place.market.read_text(encoding="utf-8")
    hostile = r'"Tea\r\nBcc: all@evil.example\r\n\r\n\u202Eboo 차"'
    place.market.write_text(text.replace('"Tea <b>shops</b>"', hostile), encoding="utf-8")
    place.knows_nothing_yet("haruka")
    place.write(ALERTS)
    text = place.market.read_text(encoding="utf-8")
    place.market.write_text(
        text.replace('channel = "mail"', 'channel = "mail"\nalerts = "each"\nreport_days = []'), encoding="utf-8"
    )
    assert place.deliver().sent >= 1
    for mail in post_office.mails:
        assert mail["Bcc"] is None
        assert mail["Subject"].startswith("Tea Bcc: all@evil.example boo 차: ")


@pytest.mark.slow
def test_a_mail_goes_through_an_airflow_connection(
    place: Place, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"disable_tls": True, "disable_ssl": True, "retry_limit": 0}
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": post_office.port, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_POST", json.dumps(connection))
    monkeypatch.setenv("AIRFLOW_HOME", str(place.folder / "airflow"))
    place.write(SERVER.replace("url_variable", "connection").replace("SMTP_URL", "post") + mail_to("haruka"))
    done = rivalscope("deliver", place.market, "--data", place.data)
    assert "haruka: report sent by mail" in done.stderr
    assert len(post_office.mails) == 1
    monkeypatch.delenv("AIRFLOW_CONN_POST")
    shutil.rmtree(place.data / "deliveries")
    done = rivalscope("deliver", place.market, "--data", place.data, code=1)
    assert "AIRFLOW_CONN_POST" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_password_goes_over_an_open_line(place: Place, post_office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    # Short for 127.0.0.1, which does not show that it is on this machine.
    monkeypatch.setenv("SMTP_URL", f"smtp://me:hunter2hunter2@127.1:{post_office.port}")
    place.write(SERVER + mail_to("haruka"))
    assert place.deliver() == Outcome(0, 0, 1)
    assert "Expected TLS from 127.1 before a password is sent to it" in place.said
    assert "hunter2" not in place.said
    assert post_office.mails == []


# --- webhook ------------------------------------------------------------------------------------------------------------


def test_a_webhook_is_signed_and_names_its_run(place: Place, web: Web) -> None:
    place.write(hook_to("crm", web))
    assert place.deliver() == Outcome(1, 0, 0)
    (post,) = web.to("/crm")
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode() + post.body
    wanted = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert post.headers["webhook-signature"] == f"v1,{wanted}"
    assert post.headers["idempotency-key"] == post.said["id"] == post.headers["webhook-id"]
    assert post.said["run"] == {"id": "20260701T000000Z", "as_of": "2026-07-01T00:00:00+00:00"}
    assert post.said["type"] == "report"


def test_a_webhook_that_fails_twice_gets_the_same_message_a_third_time(place: Place, web: Web) -> None:
    place.write(hook_to("crm", web))
    web.answers["/crm"] = [(500, {}, b"oops"), (429, {"Retry-After": "0"}, b""), (204, {}, b"")]
    assert place.deliver() == Outcome(1, 0, 0)
    posts = web.to("/crm")
    assert len(posts) == 3
    assert len({(post.body, post.headers["idempotency-key"]) for post in posts}) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((400, {}, b"what \x1b[31m is this" + b"x" * 9_000_000), "a refusal (400 what [31m is this"),
        ((302, {"Location": "http://127.0.0.1:1/elsewhere"}, b""), "a redirect, which is not followed"),
    ],
    ids=["refused", "redirected"],
)
def test_a_webhook_that_says_no_is_asked_once_and_costs_the_others_nothing(
    place: Place, web: Web, answer: tuple[int, dict[str, str], bytes], told: str
) -> None:
    place.write(hook_to("crm", web) + hook_to("wiki", web))
    web.answers["/crm"] = [answer]
    published = (place.data / "warehouse.duckdb").read_bytes()
    done = rivalscope("deliver", place.market, "--data", place.data, code=1)
    assert told in done.stderr
    assert len(done.stderr) < 2000
    assert "The report is published all the same" in done.stderr
    assert (len(web.to("/crm")), len(web.to("/wiki"))) == (1, 1)
    assert (place.data / "warehouse.duckdb").read_bytes() == published
    web.answers["/crm"] = [(200, {}, b"")]
    rivalscope("deliver", place.market, "--data", place.data)
    assert (len(web.to("/crm")), len(web.to("/wiki"))) == (2, 1)


@pytest.mark.slow
def test_killed_between_two_recipients_it_goes_on_with_the_second_under_the_same_key(place: Place, web: Web) -> None:
    place.write(hook_to("crm", web) + hook_to("wiki", web))
    web.hold = {"/wiki"}
    command = [sys.executable, "-m", "pipeline.cli", "deliver", str(place.market), "--data", str(place.data)]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL) as child:
        assert web.asked.wait(60)
        child.send_signal(signal.SIGKILL)
    web.hold = set()
    done = rivalscope("deliver", place.market, "--data", place.data)
    assert "a former attempt ended before it was known whether it arrived" in done.stderr
    assert len(web.to("/crm")) == 1
    first, second = web.to("/wiki")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body


@pytest.mark.slow
def test_two_deliveries_at_once_send_once(place: Place, web: Web) -> None:
    place.write(hook_to("crm", web))
    command = [sys.executable, "-m", "pipeline.cli", "deliver", str(place.market), "--data", str(place.data)]
    children = [subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL) for _ in range(3)]
    assert [child.wait(120) for child in children] == [0, 0, 0]
    assert len(web.to("/crm")) == 1


def test_a_broken_ledger_sends_nothing_and_says_so(place: Place, web: Web) -> None:
    place.write(hook_to("crm", web))
    (place.data / "deliveries").mkdir()
    (place.data / "deliveries" / "crm.json").write_text("{")
    assert place.deliver() == Outcome(0, 0, 1)
    assert "Nothing is sent, lest it is sent twice" in place.said
    assert web.posts == []


def test_a_key_that_is_too_short_is_refused_without_being_told(place: Place, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_KEY", "whsec_c2hvcnQ=")
    place.write(hook_to("crm", web))
    assert place.deliver() == Outcome(0, 0, 1)
    assert "at least 24 bytes" in place.said
    assert "c2hvcnQ" not in place.said
    assert web.posts == []


# --- Slack --------------------------------------------------------------------------------------------------------------


def slack_to(name: str, api: str, **more: str) -> str:
    lines = "".join(f"{key} = {value}\n" for key, value in more.items())
    return (
        f'[[delivery.recipients]]\nname = "{name}"\nchannel = "slack"\nto = "C0123456789"\ntoken_variable = "SLACK_TOKEN"\n'
        f'api_url = "{api}"\n{lines}'
    )


def test_slack_gets_blocks_and_the_report_in_the_thread(place: Place, web: Web) -> None:
    place.write(slack_to("team", as_slack(web)))
    assert place.deliver() == Outcome(1, 0, 0)
    assert place.deliver() == Outcome(0, 0, 0)
    (posted,) = web.to("/api/chat.postMessage")
    assert posted.headers["authorization"] == "Bearer xoxb-1-secret"
    said = posted.said
    assert said["channel"] == "C0123456789"
    assert (
        said["blocks"][0]["text"]["text"] == "Tea <b>shops</b>: the report of Jul 1, 2026"
    )  # plain text, which Slack takes as it is
    assert said["text"] == "Tea &lt;b&gt;shops&lt;/b&gt;: the report of Jul 1, 2026"
    assert said["metadata"]["event_payload"]["id"] == place.ledger("team")["reports"]["20260701T000000Z"]["key"]
    uploads = web.to("/upload")
    assert [len(web.to("/api/files.getUploadURLExternal")), len(uploads)] == [2, 2]
    assert (place.data / "reports" / "latest" / "report.html").read_bytes() in uploads[0].body
    (completed,) = web.to("/api/files.completeUploadExternal")
    assert b"1.5" in completed.body


def test_slack_files_that_fail_do_not_post_the_message_again(place: Place, web: Web) -> None:
    place.write(slack_to("team", as_slack(web)))
    good = web.answers["/api/files.getUploadURLExternal"]
    web.answers["/api/files.getUploadURLExternal"] = [
        (200, {"Content-Type": "application/json"}, b'{"ok": false, "error": "missing_scope", "needed": "files:write"}')
    ]
    assert place.deliver() == Outcome(0, 0, 1)
    assert "missing_scope; the bot needs the scope files:write" in place.said
    assert "xoxb" not in place.said
    web.answers["/api/files.getUploadURLExternal"] = good
    assert place.deliver() == Outcome(1, 0, 0)
    assert len(web.to("/api/chat.postMessage")) == 1


def test_an_incoming_webhook_gets_the_blocks_and_its_address_stays_secret(
    place: Place, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", f"{web.address}/services/T0/B0/secretsecret")
    place.write('[[delivery.recipients]]\nname = "team"\nchannel = "slack_webhook"\nurl_variable = "HOOK"\n')
    web.answers["/services/T0/B0/secretsecret"] = [(404, {}, b"no_service"), (200, {}, b"ok")]
    assert place.deliver() == Outcome(0, 0, 1)
    assert "404 no_service" in place.said
    assert "secretsecret" not in place.said
    assert place.deliver() == Outcome(1, 0, 0)
    assert web.posts[-1].said["blocks"][0]["type"] == "header"


def test_an_incoming_webhook_that_is_posted_twice_shows_it(place: Place, web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", f"{web.address}/hook")
    place.write('[[delivery.recipients]]\nname = "team"\nchannel = "slack_webhook"\nurl_variable = "HOOK"\n')
    web.answers["/hook"] = [(503, {"Retry-After": "0"}, b""), (200, {}, b"ok")]
    assert place.deliver() == Outcome(1, 0, 0)
    key = place.ledger("team")["reports"]["20260701T000000Z"]["key"]
    assert [post.said["blocks"][-1]["elements"][-1]["text"] for post in web.to("/hook")] == [key, key]


@pytest.mark.parametrize(
    "answer",
    [
        b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"ok":',
        b"\x00\x01 not HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=nope\r\nContent-Length: 2\r\n\r\n\xff\xfe",
    ],
    ids=["cut", "junk", "charset"],
)
def test_a_slack_that_answers_nonsense_costs_the_others_nothing(place: Place, web: Web, answer: bytes) -> None:
    place.write(slack_to("team", f"{web.address}/api/") + hook_to("crm", web))
    web.raw["/api/chat.postMessage"] = answer
    assert place.deliver() == Outcome(1, 0, 1)
    assert "deliver: team (slack): Expected an answer from Slack for C0123456789, found " in place.said
    assert len(web.to("/crm")) == 1


@given(
    st.lists(
        st.sampled_from(
            ["<!channel>", "<@U123>", "<http://evil.example|click>", "&lt;!here&gt;", "*b*", "\n", "\u202e", "x" * 700]
        ),
        max_size=9,
    )
)
def test_no_text_from_outside_calls_or_links_anybody_in_slack(pieces: list[str]) -> None:
    text = "".join(pieces)
    line = Line(text, text, "https://evil.example/?q=<!channel>|x&y")
    message = Message("k", "alert", "en", "s", [text], [Part(text, [line] * 30)], None, "", text, None, None, "", {})
    found = slack.blocks(message)
    assert len(found) <= 50
    for block in found[1:]:
        said = block["text"] if block["type"] == "section" else block["elements"][0]
        assert len(said["text"]) <= 3000 or block["type"] == "context"
        links = re.findall(r"<[^>]*>", said["text"])
        assert set(links) <= {"<https://evil.example/?q=%3C!channel%3E%7Cx&amp;y>"}
        assert not re.search(r"&(?!amp;|lt;|gt;)", said["text"])


def test_a_long_message_to_slack_keeps_within_its_limits_and_its_link() -> None:
    lead = [f"{number} " + "&" * 500 for number in range(5)]
    parts = [Part("heading", [Line("t " * 900, "f " * 500, "https://e.example/")] * 60)]
    message = Message("k", "report", "en", "s", lead, parts, "https://reports.example/", "the link", "foot", None, None, "", {})
    found = slack.blocks(message)
    assert len(found) == 50
    sections = [block["text"]["text"] for block in found if block["type"] == "section"]
    assert max(map(len, sections)) <= 3000
    assert all(any(line[:3] in section for section in sections) for line in lead)
    assert sections[-2:] == ["…", "<https://reports.example/|the link>"]
    assert found[-1]["elements"][0]["text"] == "foot"
    short = slack.blocks(replace(message, lead=["a", "b"], parts=[], link="https://reports.example/" + "x" * 3000))
    assert [block["type"] for block in short] == ["header", "section", "context"]


def test_hostile_strings_stay_text_in_a_mail_that_a_browser_shows(browser: Browser, tmp_path: Path) -> None:
    recipient = MailRecipient(name="x", channel="mail", to="x@example.com")
    server = MailServer(sender="scope@example.com", url_variable="SMTP_URL")
    parts = [Part(text, [Line(text, text, text)]) for text in STRINGS]
    message = Message("k", "report", "en", "The subject", list(STRINGS), parts, None, "", "foot", None, None, "", {})
    html = mail_room.written(message, recipient, server, moment=NOON).get_body(("html",))
    assert html is not None
    file = tmp_path / "mail.html"
    file.write_text(html.get_content(), encoding="utf-8")
    page, asked = opened(browser, file, 640)
    page.wait_for_timeout(200)
    assert page.evaluate("window.ran") is None
    assert page.title() == "The subject"
    assert asked == [file.as_uri()]
    assert page.locator("h2").count() == len(STRINGS)
    assert page.locator("li").count() == len(STRINGS)
    page.close()


def test_hostile_strings_come_through_a_webhook_letter_for_letter(place: Place, web: Web) -> None:
    place.write(hook_to("crm", web))
    run = open_run(load_market(place.market), place.data, run_id=None, as_of=None, new=False)
    (recipient,) = run.market.delivery.recipients
    assert isinstance(recipient, WebhookRecipient)
    parts = [Part(text, [Line(text, text, text)]) for text in STRINGS]
    message = Message("k", "report", "en", "s", list(STRINGS), parts, None, "", "", None, None, "", {})
    webhook.send(as_data(message, run, recipient, (), Wording("en")), recipient)
    (post,) = web.posts
    assert post.said["lead"] == list(STRINGS)
    line = [{"text": text, "figures": text, "url": text} for text in STRINGS]
    assert [part["lines"] for part in post.said["parts"]] == [[each] for each in line]


def test_no_hostile_string_runs_or_breaks_out_in_mail_and_slack() -> None:
    recipient = MailRecipient(name="x", channel="mail", to="x@example.com")
    server = MailServer(sender="scope@example.com", url_variable="SMTP_URL")
    for text in STRINGS:
        parts = [Part(text, [Line(text, text, text)])]
        message = Message("k", "report", "en", _one_line(text), [text], parts, None, text, text, None, None, text, {})
        mail = message_from_bytes(mail_room.written(message, recipient, server, moment=NOON).as_bytes(), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        assert set(mail.keys()) == {
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Language"
        }  # fmt: skip
        html = mail.get_body(("html",))
        assert html is not None
        page = BeautifulSoup(html.get_content(), "lxml")
        assert {tag.name for tag in page.find_all(True)} <= {
            "html", "head", "meta", "title", "body", "div", "h1", "h2", "p", "ul", "li", "br", "span", "a"
        }  # fmt: skip
        for tag in page.find_all(True):
            assert set(tag.attrs) <= {"lang", "charset", "name", "content", "style", "href", "rel"}
            assert str(tag.get("href", "https://")).startswith(("http://", "https://"))
        for block in slack.blocks(message)[1:]:
            said = block["text"] if block["type"] == "section" else block["elements"][0]
            assert all(link.startswith(("<http://", "<https://")) for link in re.findall(r"<[^>]*>", said["text"]))


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


def test_without_recipients_nothing_is_said_or_made(place: Place) -> None:
    done = rivalscope("deliver", place.market, "--data", place.data)
    assert done.stdout + done.stderr == ""
    assert not (place.data / "deliveries").exists()


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
    assert "held back until 2026-07-01T22:00:00+00:00" in place.said
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
