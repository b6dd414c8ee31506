"""What a market file says of delivery: [delivery], [[delivery.recipients]] and [alerts].

No secret stands in it: keys that end in `_variable` name an environment variable, and `connection` an Airflow connection; either is looked
up when something is sent, so no other command needs it.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Rule = Literal["own_weakness", "rival_decline", "rank_loss", "faq_changed", "chat_added", "rating_drop"]
"""What an alert may be about: mart.event's `rule`."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_LINE_OR_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("an IANA time zone such as Asia/Seoul")
    return name


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(
            "the name of an environment variable, such as RIVALSCOPE_SLACK_TOKEN; its value stays out of the market file"
        )
    return name


def _web(url: str) -> str:
    try:
        parts = urlsplit(url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != -1
    except ValueError:
        good = False
    if not good or _LINE_OR_CONTROL.search(url):
        raise ValueError("an address that starts with http:// or https:// and names a host")
    return url


def _mailbox(text: str) -> str:
    """One address, with or without a name before it."""
    name, spec = parseaddr(text)
    try:
        Address(name, addr_spec=spec)
        good = "@" in spec and spec.isascii() and not _LINE_OR_CONTROL.search(text)
    except (MessageError, ValueError, IndexError):
        good = False
    if not good:
        raise ValueError("one mail address in ASCII, such as haruka@example.com or 'Haruka Ito <haruka@example.com>'")
    return text


class QuietHours(BaseModel):
    """A stretch of every day in which nobody is disturbed, by the clock on the wall: where the night is an hour longer or shorter, so is
    it. It may go over midnight. A time that there is twice counts as the first, one that is skipped by the clock before it (as in RFC 5545)."""

    model_config = ConfigDict(frozen=True)

    begins: time
    ends: time

    def until(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet that holds at the moment (aware) is over, UTC; None where it is not quiet."""
        today = moment.astimezone(zone).date()
        for day in (today - timedelta(days=1), today):
            begin = datetime.combine(day, self.begins, zone).astimezone(UTC)
            end = datetime.combine(day + timedelta(days=self.begins > self.ends), self.ends, zone).astimezone(UTC)
            if begin <= moment < end:
                return end
        return None


def _quiet(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _HOURS.fullmatch(value)
    if found is None:
        raise ValueError("hours such as 22:00-07:00")
    begins, ends = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if begins == ends:
        raise ValueError("hours that end at another time than they begin")
    return QuietHours(begins=begins, ends=ends)


Timezone = Annotated[str, AfterValidator(_timezone)]
Variable = Annotated[str, AfterValidator(_variable)]
WebAddress = Annotated[str, AfterValidator(_web)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Recipient(_Table):
    """Somebody, or something, that each run is told to."""

    name: str = Field(pattern=r"^[a-z0-9_]{1,64}$")
    """What the ledger and `--to` call it; another name is another recipient, who has had nothing yet."""
    language: Literal["en", "ko", "ja"] = "en"
    timezone: Timezone | None = None
    """In which days are told and quiet hours count; None for the market's."""
    subset: Literal["all", "changes", "own"] = "all"
    """What the message holds: all; only what has changed; or only what is about our brand."""
    report_days: tuple[Weekday, ...] = WEEKDAYS
    """On which days of the week a run's report is told, by the run's moment; on others only alerts go out. Empty for alerts alone."""
    alerts: Literal["digest", "each", "off"] = "digest"
    """Events of a run in one message (in the report's, where one goes out); each in its own; or none."""
    quiet_hours: Annotated[QuietHours, BeforeValidator(_quiet)] | None = None
    """In which nothing is sent to this one: it waits for the next delivery after them."""

    def zone(self, market: str) -> ZoneInfo:
        return ZoneInfo(self.timezone or market)

    def hears_on(self, moment: datetime, market: str) -> bool:
        """Whether the report of a run of that moment (aware) is for her, by the day of the week where she is."""
        return WEEKDAYS[moment.astimezone(self.zone(market)).weekday()] in self.report_days


class MailRecipient(_Recipient):
    channel: Literal["mail"]
    to: Mailbox
    report: Literal["attached", "linked", "none"] = "attached"
    """The whole report as a file in the mail; as a link into report_url; or neither."""


class SlackRecipient(_Recipient):
    """A channel that a bot writes to, with the report as a file in the message's thread."""

    channel: Literal["slack"]
    to: str = Field(pattern=r"^[CGDU][A-Z0-9]{5,20}$")
    """Id of the channel, as its details in Slack show it (C0123456789)."""
    token_variable: Variable | None = None
    """Environment variable with the bot's token (xoxb-…)."""
    connection: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,200}$")
    """Airflow connection whose password is the token. One of the two."""
    api_url: WebAddress = "https://slack.com/api/"
    report: Literal["attached", "linked", "none"] = "attached"

    @model_validator(mode="after")
    def _one(self) -> "SlackRecipient":
        if (self.token_variable is None) == (self.connection is None):
            raise ValueError("one of token_variable and connection")
        return self


class SlackWebhookRecipient(_Recipient):
    """An incoming webhook of Slack: it takes no files."""

    channel: Literal["slack_webhook"]
    url_variable: Variable
    """Environment variable with its address, which is a secret."""
    report: Literal["linked", "none"] = "linked"


class WebhookRecipient(_Recipient):
    """Any program: a signed POST of JSON, see docs/ops.md."""

    channel: Literal["webhook"]
    url: WebAddress | None = None
    url_variable: Variable | None = None
    """Environment variable with the address, where that is a secret. One of the two."""
    secret_variable: Variable
    """Environment variable with the key that signs: whsec_ and at least 24 bytes in base64."""
    report: Literal["linked", "none"] = "linked"

    @model_validator(mode="after")
    def _one(self) -> "WebhookRecipient":
        if (self.url is None) == (self.url_variable is None):
            raise ValueError("one of url and url_variable")
        return self


Recipient = Annotated[MailRecipient | SlackRecipient | SlackWebhookRecipient | WebhookRecipient, Field(discriminator="channel")]


class MailServer(_Table):
    """Through which mails go out."""

    sender: Mailbox
    """From whom they are."""
    connection: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]{1,200}$")
    """Airflow connection of type smtp."""
    url_variable: Variable | None = None
    """Environment variable with smtp://user:password@host:587 or smtps://user:password@host. One of the two."""

    @model_validator(mode="after")
    def _one(self) -> "MailServer":
        if (self.connection is None) == (self.url_variable is None):
            raise ValueError("one of connection and url_variable")
        return self


class Delivery(_Table):
    mail: MailServer | None = None
    recipients: tuple[Recipient, ...] = ()
    approval: bool = False
    """In Airflow, somebody has to say yes to each run before it goes out."""

    @model_validator(mode="after")
    def _whole(self) -> "Delivery":
        names = [recipient.name for recipient in self.recipients]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"recipients with names of their own ({', '.join(twice)} stands twice)")
        if self.mail is None and any(recipient.channel == "mail" for recipient in self.recipients):
            raise ValueError("[delivery.mail] with sender and connection or url_variable: a recipient wants mail")
        if self.approval and not self.recipients:
            raise ValueError("[[delivery.recipients]], to whom something is sent when it is approved")
        if self.approval and (waiting := sorted(r.name for r in self.recipients if r.quiet_hours)):
            raise ValueError(
                f"approval without quiet_hours ({', '.join(waiting)}): when they are over, what is published then would go out, approved or not"
            )
        return self

    @property
    def linked(self) -> list[str]:
        """Names of the recipients that want a link to the report."""
        return [r.name for r in self.recipients if r.report == "linked" and "report" in r.model_fields_set]

    @property
    def only_own(self) -> list[str]:
        """Names of the recipients that hear of our brand alone."""
        return [r.name for r in self.recipients if r.subset == "own"]

    @property
    def languages(self) -> Iterator[Literal["en", "ko", "ja"]]:
        """In which somebody wants to read."""
        return (recipient.language for recipient in self.recipients)


class Alerts(_Table):
    rules: tuple[Rule, ...] = ()
    """Which events are told to recipients that want alerts."""
