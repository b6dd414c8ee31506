"""To any program: a POST of JSON, signed and repeated as Standard Webhooks has it (https://www.standardwebhooks.com)."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from pipeline.deliver.connection import variable
from pipeline.deliver.ledger import DeliveryError
from pipeline.deliver.settings import WebhookRecipient
from pipeline.page_text import plain

ATTEMPTS = 5
_LONGEST_WAIT = 60.0
_MOST_ANSWER = 2000
"""Bytes of an answer that are read at all: it is only quoted in a message."""

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
"""Answers after which the same request may fare better; 409 is an idempotent server that still works on the first one."""

_backoff = wait_random_exponential(multiplier=0.5, max=30)


class _RefusedError(Exception):
    def __init__(self, status: int, said: str, retry_after: float | None) -> None:
        super().__init__(f"{status} {said}".strip())
        self.status = status
        self.retry_after = retry_after


def send(body: Mapping[str, Any], recipient: WebhookRecipient) -> None:
    """Raises DeliveryError when the server has not taken it."""
    url, key = address_and_key(recipient)
    content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    headers = {"Idempotency-Key": str(body["id"])}
    post(url, content, headers | signature(key, str(body["id"]), datetime.now(UTC), content))


def post(url: str, content: bytes, headers: Mapping[str, str]) -> None:
    """Sends JSON, again after a while where that may help. Raises DeliveryError, which tells the host and nothing else of an address that may
    be a secret. Redirects are not followed: what is meant, and signed, for one address goes to no other."""
    host = _host(url)
    sent = {"Content-Type": "application/json", "User-Agent": "rivalscope", **headers}
    tries = Retrying(stop=stop_after_attempt(ATTEMPTS), wait=_wait, retry=retry_if_exception(_may_pass), reraise=True)
    try:
        with httpx.Client(timeout=httpx.Timeout(30.0, connect=10.0), follow_redirects=False) as client:
            tries(partial(_post, client, url, content, sent))
    except _RefusedError as error:
        what = "a redirect, which is not followed: name its target instead" if 300 <= error.status < 400 else "a refusal"
        raise DeliveryError(f"Expected {host} to answer 2xx, found {what} ({error}).") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DeliveryError(f"Expected an answer from {host}, found none ({type(error).__name__}).") from error


def signature(key: bytes, message_id: str, moment: datetime, content: bytes) -> dict[str, str]:
    """The headers by which a receiver knows that the body is ours, and how old it is."""
    stamp = str(int(moment.timestamp()))
    signed = hmac.digest(key, f"{message_id}.{stamp}.".encode() + content, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def address_and_key(recipient: WebhookRecipient) -> tuple[str, bytes]:
    """Raises DeliveryError for what the environment does not have, or not as it must be."""
    return recipient.url or variable(str(recipient.url_variable)), _key(recipient)


def _key(recipient: WebhookRecipient) -> bytes:
    try:
        key = base64.b64decode(variable(recipient.secret_variable).removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < 24:
        raise DeliveryError(
            f"Expected whsec_ and at least 24 bytes in base64 in the environment variable {recipient.secret_variable}, found something else. "
            "Make one: echo whsec_$(head -c 32 /dev/urandom | base64)."
        )
    return key


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme in {"http", "https"} else None
    except ValueError:
        host = None
    if host is None:
        raise DeliveryError("Expected an address that starts with http:// or https:// and names a host, found none.")
    return host


def _post(client: httpx.Client, url: str, content: bytes, headers: Mapping[str, str]) -> None:
    with client.stream("POST", url, content=content, headers=headers) as answer:
        if answer.is_success:
            return
        said = b""
        for piece in answer.iter_raw(chunk_size=_MOST_ANSWER):
            said = piece[:_MOST_ANSWER]
            break
        after = answer.headers.get("Retry-After", "")
        wait = min(float(after), _LONGEST_WAIT) if after.isascii() and after.isdigit() else None
        raise _RefusedError(answer.status_code, f"{plain(said.decode('utf-8', 'replace')):.200}", wait)


def _may_pass(error: BaseException) -> bool:
    return error.status in _AGAIN if isinstance(error, _RefusedError) else isinstance(error, httpx.TransportError)


def _wait(state: RetryCallState) -> float:
    """As long as the server asks for, or longer from one attempt to the next."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _RefusedError) and error.retry_after is not None:
        return error.retry_after
    return _backoff(state)
