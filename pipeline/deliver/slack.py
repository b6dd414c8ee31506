"""To Slack: Block Kit blocks by a bot, with the report and the trend as files in the message's thread; or by an incoming webhook, without."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.client import HTTPException
from typing import Any

import orjson
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import ConnectionErrorRetryHandler, RateLimitErrorRetryHandler, ServerErrorRetryHandler
from slack_sdk.http_retry.handler import RetryHandler

from pipeline.deliver import webhook
from pipeline.deliver.connection import connection, variable
from pipeline.deliver.ledger import DeliveryError
from pipeline.deliver.message import Line, Message
from pipeline.deliver.settings import SlackRecipient, SlackWebhookRecipient
from pipeline.page_text import plain
from pipeline.report.wording import is_web

_TIMEOUT_SECONDS = 30
_MOST_SECTION = 2900
"""Characters; Slack takes 3000 in one section, and 150 in a header."""
_MOST_HEADER = 150
_MOST_BLOCKS = 50


def send(message: Message, recipient: SlackRecipient, begun: Mapping[str, str], note: Callable[[str, str], None]) -> None:
    """`begun` and `note` keep which step is done: a message that stands is not posted again for the sake of its files. Raises DeliveryError."""
    client = WebClient(token=token(recipient), base_url=recipient.api_url, timeout=_TIMEOUT_SECONDS, retry_handlers=_handlers())
    try:
        channel, stamp = begun.get("channel"), begun.get("message")
        if channel is None or stamp is None:
            posted = client.chat_postMessage(
                channel=recipient.to,
                **_body(message),
                unfurl_links=False,
                unfurl_media=False,
                # Slack knows no idempotency key: what was posted twice is known by this.
                metadata={"event_type": "rivalscope_delivery", "event_payload": {"id": message.key, "kind": message.kind}},
            )
            channel, stamp = str(posted["channel"]), str(posted["ts"])
            note("channel", channel)
            note("message", stamp)
        if files := list(_files(message)):
            client.files_upload_v2(channel=channel, thread_ts=stamp, file_uploads=files)
    except SlackApiError as error:
        said = error.response.get("error") or error.response.status_code
        needed = error.response.get("needed")
        scope = f"; the bot needs the scope {needed}" if needed else ""
        raise DeliveryError(
            f"Expected Slack to take the message to {recipient.to}, found {plain(str(said)):.100}{scope}."
        ) from error
    # Slack's client lets through what a cut answer, none at all or one of an unknown charset raise.
    except (SlackClientError, HTTPException, OSError, ValueError, LookupError) as error:
        raise DeliveryError(f"Expected an answer from Slack for {recipient.to}, found {type(error).__name__}.") from error


def send_to_webhook(message: Message, recipient: SlackWebhookRecipient) -> None:
    """Raises DeliveryError."""
    body = _body(message) | {"unfurl_links": False, "unfurl_media": False}
    # An incoming webhook takes no metadata: what was posted twice is known by this line.
    body["blocks"][-1]["elements"].append({"type": "mrkdwn", "text": message.key, "verbatim": True})
    webhook.post(variable(recipient.url_variable), orjson.dumps(body), {})


def escaped(text: str) -> str:
    """As mrkdwn shows it as it is: what stands between < and > would be a link, or would call everybody in the channel."""
    return plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks(message: Message) -> list[dict[str, Any]]:
    """In Block Kit."""
    found: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(plain(message.subject), _MOST_HEADER), "emoji": False}}
    ]
    said = [*_sections(escaped(sentence) for sentence in message.lead)]
    for part in message.parts:
        said += _sections([f"*{escaped(part.heading)}*", *(_line(line) for line in part.lines)])
    link = f"<{_address(message.link)}|{escaped(message.link_text)}>" if message.link else ""
    foot = {"type": "context", "elements": [{"type": "mrkdwn", "text": escaped(message.foot), "verbatim": True}]}
    last = [_section(link), foot] if 0 < len(link) <= _MOST_SECTION else [foot]
    # What leads to the rest is there, however much there is.
    if len(said) > (room := _MOST_BLOCKS - len(found) - len(last)):
        said[room - 1 :] = ["…"]
    return [*found, *(_section(text) for text in said), *last]


def _sections(lines: Iterable[str]) -> Iterator[str]:
    """The lines in as many sections as their length needs."""
    text = ""
    for line in lines:
        added = _cut(line, _MOST_SECTION)
        if text and len(text) + 1 + len(added) > _MOST_SECTION:
            yield text
            text = added
        else:
            text = f"{text}\n{added}" if text else added
    if text:
        yield text


def _line(line: Line) -> str:
    page = f"\n   <{_address(line.url)}>" if line.url and is_web(line.url) else ""
    figures = f"\n   {escaped(line.figures)}" if line.figures else ""
    return "• " + _cut(escaped(line.text), 1500) + _cut(figures, 600) + (page if len(page) < 700 else "")


def _section(text: str) -> dict[str, Any]:
    # verbatim: no address and no name within becomes a link by itself.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _body(message: Message) -> dict[str, Any]:
    """With the text that a notification shows."""
    return {"text": escaped(message.subject), "blocks": blocks(message)}


def _address(url: str) -> str:
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")


def _cut(text: str, most: int) -> str:
    """No longer than that; a character that is escaped is cut off whole."""
    return text if len(text) <= most else re.sub(r"&[a-z]*$", "", text[: most - 1]) + "…"


def _files(message: Message) -> Iterator[dict[str, Any]]:
    if message.report:
        file = message.report()
        yield {"content": file.content, "filename": file.name, "title": plain(message.subject)}
        if message.picture:
            yield {
                "content": message.picture(),
                "filename": "trend.png",
                "title": plain(message.picture_text),
                "alt_txt": plain(message.picture_text),
            }


def token(recipient: SlackRecipient) -> str:
    """The bot's. Raises DeliveryError."""
    if recipient.token_variable is not None:
        return variable(recipient.token_variable)
    assert recipient.connection is not None  # noqa: S101 - the market file has one of both
    found = connection(recipient.connection).password
    if not found:
        raise DeliveryError(
            f"Expected the bot's token as the password of the Airflow connection {recipient.connection}, found none."
        )
    return str(found)


def _handlers() -> list[RetryHandler]:
    return [
        ConnectionErrorRetryHandler(max_retry_count=3),
        RateLimitErrorRetryHandler(max_retry_count=3),
        ServerErrorRetryHandler(max_retry_count=3),
    ]
