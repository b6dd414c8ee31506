"""Mail, webhook and Slack over real servers: what each is sent, how often, and what happens when one fails."""

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from bs4 import BeautifulSoup
from conftest import PROJECT, opened, rivalscope
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from delivering import (  # noqa: F401 - fixtures
    ALERTS,
    KEY,
    NOON,
    SERVER,
    Place,
    PostOffice,
    Web,
    as_slack,
    hook_to,
    mail_to,
    place,
    post_office,
    slack_to,
    web,
)
from hostile_strings import STRINGS
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from pipeline.deliver import mail as mail_room
from pipeline.deliver import slack, webhook
from pipeline.deliver.message import Line, Message, Part, _one_line, as_data
from pipeline.deliver.room import Outcome
from pipeline.deliver.settings import MailRecipient, MailServer, WebhookRecipient
from pipeline.market import load_market
from pipeline.report.wording import Wording
from pipeline.run import open_run

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


PASSWORD = "p:a ss%word@"


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Of 127.0.0.1, signed by itself; with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, datetime.now(UTC), datetime.now(UTC) + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    told = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths = tmp_path / "server.pem", tmp_path / "server.key"
    for path, content in zip(paths, (signed.public_bytes(pem), told), strict=True):
        path.write_bytes(content)
    return paths


@pytest.fixture(params=["smtp", "smtps"])
def sealed(
    request: pytest.FixtureRequest, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostOffice]:
    """A server that takes mail only over TLS, from the beginning or from STARTTLS on, from who knows the password."""

    def known(_server: object, _session: object, _envelope: object, _how: str, given: LoginPassword) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"me", PASSWORD.encode()), handled=False)

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    office = PostOffice()
    with socket.create_server(("127.0.0.1", 0)) as free:
        office.port = free.getsockname()[1]
    at_once = request.param == "smtps"
    seal = {"ssl_context": context} if at_once else {"tls_context": context, "require_starttls": True}
    controller = Controller(
        office, "127.0.0.1", office.port, authenticator=known, auth_required=True, auth_require_tls=not at_once, **seal
    )  # fmt: skip
    controller.start()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    monkeypatch.setenv("SMTP_URL", f"{request.param}://me:{quote(PASSWORD, safe='')}@127.0.0.1:{office.port}")
    yield office
    controller.stop()


def test_a_mail_goes_over_tls_to_who_knows_us(place: Place, sealed: PostOffice) -> None:
    place.write(SERVER + mail_to("haruka"))
    assert place.deliver() == Outcome(1, 0, 0), place.said
    assert len(sealed.mails) == 1


@pytest.mark.parametrize("wrong", ["password", "certificate"])
def test_a_mail_stays_here_where_one_of_both_is_not_who_it_should_be(
    place: Place, sealed: PostOffice, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    if wrong == "password":
        monkeypatch.setenv("SMTP_URL", os.environ["SMTP_URL"].replace("p%3Aa", "hunter2"))
    else:
        monkeypatch.delenv("SSL_CERT_FILE")
    place.write(SERVER + mail_to("haruka"))
    assert place.deliver() == Outcome(0, 0, 1)
    assert "haruka" in place.said
    assert "hunter2" not in place.said
    assert ("certificate" if wrong == "certificate" else "535") in place.said
    assert sealed.mails == []


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
