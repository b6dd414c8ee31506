"""By mail: text and HTML with the trend as an inline picture, the report attached or linked."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from pipeline.deliver.connection import airflow_home, connection, variable
from pipeline.deliver.ledger import DeliveryError
from pipeline.deliver.message import Message, as_text
from pipeline.deliver.settings import MailRecipient, MailServer
from pipeline.page_text import plain
from pipeline.report.wording import is_web

ATTEMPTS = 4
_TIMEOUT_SECONDS = 30.0


def send(message: Message, recipient: MailRecipient, server: MailServer, *, moment: datetime) -> None:
    """Raises DeliveryError when the server has not taken it; a refusal for now is tried again a few times."""
    mail = written(message, recipient, server, moment=moment)
    tries = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=1, max=20),
        retry=retry_if_exception(_may_pass),
        reraise=True,
    )
    try:
        tries(partial(_handed_over, mail, server))
    except (smtplib.SMTPException, OSError) as error:  # a certificate that is not trusted is a ValueError too
        raise DeliveryError(f"Expected the mail server to take the mail to {recipient.to}; {_told(error)}.") from error
    except ValueError as error:  # of smtplib, which takes ASCII alone; its words quote what should not be told
        raise DeliveryError(
            f"Expected to log in to the mail server for the mail to {recipient.to}, found a user, password or answer that is not ASCII."
        ) from error


def written(message: Message, recipient: MailRecipient, server: MailServer, *, moment: datetime) -> EmailMessage:
    """The mail, whole. Its Message-ID is that of the same message whenever it is sent: what arrives twice is known by it."""
    mail = EmailMessage()
    # Only parsed addresses and one-line texts come here; the mail package refuses a header with a line break besides.
    mail["From"] = server.sender
    mail["To"] = recipient.to
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(moment)
    domain = parseaddr(server.sender)[1].rpartition("@")[2]
    mail["Message-ID"] = f"<{message.key}@{domain}>"
    # No out-of-office answers to a program.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(as_text(message))
    picture = message.picture() if message.picture else None
    cid = f"trend.{message.key}@{domain}"
    mail.add_alternative(_page(message, cid if picture else None), subtype="html")
    if picture:
        page = mail.get_body(preferencelist=("html",))
        assert isinstance(page, EmailMessage)  # noqa: S101 - it was added above
        page.add_related(picture, "image", "png", cid=f"<{cid}>", filename="trend.png", disposition="inline")
    if message.report:
        file = message.report()
        mail.add_attachment(file.content, "text", "html", filename=file.name)
    # Last: what is said of the content so far would go to its first part when another is added.
    mail["Content-Language"] = message.language
    return mail


def look_up(server: MailServer) -> None:
    """Raises DeliveryError where the market file names what is not there."""
    if server.connection is not None:
        connection(server.connection)
    else:
        variable(str(server.url_variable))


def _page(message: Message, cid: str | None) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"is_web": is_web, "plain": plain}
    return environment.get_template("mail.html.j2").render(m=message, cid=cid)


def _handed_over(mail: EmailMessage, server: MailServer) -> None:
    with _connected(server) as client:
        client.send_message(mail)


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    if server.connection is not None:
        with _through_airflow(server.connection) as client:
            yield client
        return
    assert server.url_variable is not None  # noqa: S101 - the market file has one of both
    with _through_url(variable(server.url_variable), server.url_variable) as client:
        yield client


@contextmanager
def _through_airflow(name: str) -> Iterator[smtplib.SMTP]:
    """As Airflow's own mails go: the hook of its smtp provider connects and logs in, with TLS or OAuth2 as the connection says."""
    airflow_home()
    from airflow.providers.smtp.hooks.smtp import SmtpHook  # noqa: PLC0415 - seconds, and only where a connection is named
    from airflow.sdk.exceptions import AirflowException  # noqa: PLC0415 - as above

    try:
        hook = SmtpHook(smtp_conn_id=name).get_conn()
    # The last two: its extra is JSON, but no object, or holds values of other types than the hook takes.
    except (AirflowException, RuntimeError, ValueError, TypeError, AttributeError) as error:
        raise DeliveryError(
            f"Expected the Airflow connection {name}, of type smtp, to reach a mail server, found {plain(str(error)):.200} Set "
            f"AIRFLOW_CONN_{name.upper()}, or add it with `airflow connections add`; `airflow connections test {name}` tries it."
        ) from error
    # The hook writes mails itself, but none with a text beside the HTML or a picture within it: only its client is used.
    client = hook._smtp_client  # noqa: SLF001 - it offers no other way to it
    assert isinstance(client, smtplib.SMTP)  # noqa: S101 - get_conn makes it
    with _left(client):
        yield client


@contextmanager
def _through_url(url: str, name: str) -> Iterator[smtplib.SMTP]:
    expected = f"Expected smtp://user:password@host:587 or smtps://user:password@host in the environment variable {name}"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise DeliveryError(f"{expected}, found what is no address.") from error
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise DeliveryError(f"{expected}, found what is no such address.")
    context = ssl.create_default_context()
    client = (
        smtplib.SMTP_SSL(host, port or 465, timeout=_TIMEOUT_SECONDS, context=context)
        if parts.scheme == "smtps"
        else smtplib.SMTP(host, port or 587, timeout=_TIMEOUT_SECONDS)
    )
    with _left(client):
        client.ehlo()
        is_sealed = parts.scheme == "smtps"
        if not is_sealed and client.has_extn("starttls"):
            client.starttls(context=context)
            client.ehlo()
            is_sealed = True
        if parts.username and parts.password:
            if not is_sealed and not _is_here(host):
                raise DeliveryError(f"Expected TLS from {host} before a password is sent to it, found a server that offers none.")
            client.login(unquote(parts.username), unquote(parts.password))
        yield client


@contextmanager
def _left(client: smtplib.SMTP) -> Iterator[None]:
    """Says goodbye in the end. What goes wrong with that is no reason to send a mail again that has been taken."""
    try:
        yield
    finally:
        with suppress(smtplib.SMTPException, OSError):
            client.quit()
        client.close()


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _may_pass(error: BaseException) -> bool:
    """Whether the next attempt may fare better: no answer, or a code of 4xx."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return all(400 <= code < 500 for code, _ in error.recipients.values())
        case smtplib.SMTPResponseException():
            return 400 <= error.smtp_code < 500
        case smtplib.SMTPServerDisconnected() | smtplib.SMTPConnectError() | ConnectionError() | TimeoutError():
            return True
    return False


def _told(error: Exception) -> str:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return "it refused the address: " + "; ".join(_answer(code, said) for code, said in error.recipients.values())
        case smtplib.SMTPResponseException():
            return f"it answered {_answer(error.smtp_code, error.smtp_error)}"
    return f"found {type(error).__name__}: {plain(str(error)):.200}"


def _answer(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"{code} {plain(text):.200}"
