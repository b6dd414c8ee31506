"""Who gets what now: each recipient of the market file the report of the published run and the events that are news to her, once.

A recipient who cannot be reached costs the others nothing; the report is published whatever comes of it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import IO
from zoneinfo import ZoneInfo

from pipeline import cells
from pipeline.deliver import ledger, mail, message, slack, webhook
from pipeline.deliver.connection import variable
from pipeline.deliver.ledger import DeliveryError, Event, Ledger
from pipeline.deliver.message import Message
from pipeline.deliver.settings import MailRecipient, Recipient, SlackRecipient, SlackWebhookRecipient
from pipeline.report import facts
from pipeline.report.since import compare
from pipeline.report.wording import Wording
from pipeline.run import Run
from warehouse.build import connect

Progress = Callable[[str], None]

_EVENTS = """
select event_id, rule, own, said_message, statistics_message, url, began_at, cell_id
from mart.event
order by own desc, rule, began_at, event_id
"""

_FAULTS = (DeliveryError, ValueError, OSError)
"""What costs one recipient her message and nobody else."""


@dataclass(frozen=True, slots=True)
class Outcome:
    sent: int
    """Messages."""
    held: int
    """Recipients for whom something waits until their quiet hours are over."""
    failed: int
    """Recipients to whom something could not be sent."""


def deliver(run: Run, wanted: Sequence[Recipient], *, now: datetime, progress: Progress, dry: IO[str] | None = None) -> Outcome:
    """Sends what is due at `now` (aware). With `dry` it prints there what would be sent, and neither sends nor notes anything.

    The run is the published one: the caller has looked. Raises DeliveryError for what concerns all recipients.
    """
    folder = run.data / "deliveries"
    with ledger.only_sender(folder) if dry is None else nullcontext():
        what = _Published(run)
        outcomes = [_Round(what, recipient, now, progress, dry).made() for recipient in wanted]
    return Outcome(*(sum(column) for column in zip(*outcomes, strict=True))) if outcomes else Outcome(0, 0, 0)


class _Published:
    """What all recipients' messages are made of, each read when the first of them needs it."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.cells = cells.read(run.cells, run.run_id)
        self.events = self._events()
        self.own = next((brand.id for brand in run.market.brands if brand.own), None)
        self.report = cache(self._report)
        self.before = cache(self._before)

    def _report(self, language: str, zone: str, before: str | None) -> facts.Report:
        """In which the headline counts from the run `before`."""
        since = None if before is None else compare(cells.read(self.run.cells, before).said, self.cells.said)
        return facts.read(self.run.published, self.words(language, zone), since=since)

    def words(self, language: str, zone: str) -> Wording:
        return Wording(language, ZoneInfo(zone))

    def _before(self, newest: tuple[str, datetime] | None) -> cells.Kept | None:
        """The run that a recipient's changes count from: the newest report that she had, or the last one published where she had none."""
        if newest is not None and newest[0] in cells.names(self.run.cells):
            return cells.read(self.run.cells, newest[0])
        return cells.last_before(self.run.cells, self.run.run_id, self.run.as_of)

    def _events(self) -> dict[str, Event]:
        with connect(self.run.published, read_only=True) as con:
            rows = con.execute(_EVENTS).fetchall()
        return {
            event_id: Event(
                event_id, rule, own, said, statistics, url, began_at and began_at.replace(tzinfo=UTC), self.run.run_id, cell_id
            )
            for event_id, rule, own, said, statistics, url, began_at, cell_id in rows
        }


class _Round:
    """One recipient's turn."""

    def __init__(self, what: _Published, recipient: Recipient, now: datetime, progress: Progress, dry: IO[str] | None) -> None:
        self._what, self._recipient, self._now, self._progress, self._dry = what, recipient, now, progress, dry
        self._run = what.run
        self._zone = recipient.zone(self._run.market.timezone)
        self._sent = 0
        self._printed = False

    def made(self) -> tuple[int, int, int]:
        """Messages sent; 1 if something waits; 1 if something failed."""
        try:
            held = self._turn()
        except _FAULTS as error:
            self._progress(f"deliver: {self._recipient.name} ({self._recipient.channel}): {error}")
            return self._sent, 0, 1
        return self._sent, held, 0

    def _turn(self) -> int:
        recipient, run = self._recipient, self._run
        book = ledger.opened(run.data / "deliveries", recipient.name)
        newest = book.newest
        is_due = self._is_due(book)
        book.take(self._what.events, self._wants, run.as_of)
        if self._dry is None:
            book.write()
        quiet = recipient.quiet_hours
        until = quiet.until(self._now, self._zone) if quiet is not None and (is_due or book.waiting) else None
        if until is not None:
            self._progress(
                f"deliver: {recipient.name}: held back until {until.astimezone(self._zone).isoformat()}, when the quiet hours are over"
            )
            self._hold(book, held=True)
            return 1
        try:
            self._tell(book, newest, is_due=is_due)
        except _FAULTS:
            # Tried is not held any more: what has failed is told once, and asked for again by those who have mended it.
            self._hold(book, held=False)
            raise
        self._hold(book, held=False)
        if self._printed:
            self._look_up()
        elif self._dry is not None:
            self._progress(f"deliver: {recipient.name}: nothing is due")
        return 0

    def _hold(self, book: Ledger, *, held: bool) -> None:
        if self._dry is None and book.held != held:
            book.held = held
            book.write()

    def _tell(self, book: Ledger, newest: tuple[str, datetime] | None, *, is_due: bool) -> None:
        recipient, run = self._recipient, self._run
        waiting = {event.event_id: event for event in book.waiting}
        # What may have arrived goes first, as it was: within another message it would come a second time without a sign of it.
        same_report, with_report = None, None
        for key, begun in list(book.begun.items()):
            events = [waiting.pop(event_id) for event_id in begun.events if event_id in waiting]
            if is_due and begun.run_id == run.run_id:
                same_report, with_report = key, events
            elif events:
                # Of an older run's report the events are left: the newest report follows.
                self._send(book, replace(self._alert(events), key=key), events)
            elif self._dry is None:
                book.drop(key)
        if is_due:
            if with_report is None:
                with_report = list(waiting.values()) if recipient.alerts == "digest" else []
            before = self._what.before(newest)
            report = self._what.report(recipient.language, self._zone.key, None if before is None else before.name)
            told = message.since(self._what.cells, before, self._what.own, only_own=recipient.subset == "own")
            said = message.of_report(run, recipient, report, told, with_report)
            self._send(book, replace(said, key=same_report or said.key), with_report, run_id=run.run_id)
            waiting = {event_id: event for event_id, event in waiting.items() if event not in with_report}
        rest = list(waiting.values())
        for events in [rest] if recipient.alerts == "digest" and rest else [[event] for event in rest]:
            self._send(book, self._alert(events), events)

    def _alert(self, events: Sequence[Event]) -> Message:
        words = self._what.words(self._recipient.language, self._zone.key)
        return message.of_events(self._run, self._recipient, words, self._run.market.name, events)

    def _is_due(self, book: Ledger) -> bool:
        """Whether this run's report is to be told: on this day of the week, not yet, and nothing newer has been."""
        run = self._run
        newest = book.newest
        if run.run_id in book.reports or not self._recipient.hears_on(run.as_of, run.market.timezone):
            return False
        if newest is not None and newest[1] > run.as_of:
            self._progress(
                f"deliver: {self._recipient.name}: has had the report of run {newest[0]}, which is newer than {run.run_id}"
            )
            return False
        return True

    def _wants(self, event: Event) -> bool:
        recipient = self._recipient
        return (
            recipient.alerts != "off" and event.rule in self._run.market.alerts.rules and (event.own or recipient.subset != "own")
        )

    def _send(self, book: Ledger, said: Message, events: Sequence[Event], *, run_id: str | None = None) -> None:
        recipient = self._recipient
        if self._dry is not None:
            print(f"--- to {recipient.name} by {recipient.channel}: {said.subject}\n\n{message.as_text(said)}", file=self._dry)
            self._printed = True
            return
        if said.key in book.begun:
            self._progress(
                f"deliver: {recipient.name}: a former attempt ended before it was known whether it arrived; it is sent again under the same "
                f"id {said.key}"
            )
        begun = book.begin(said.key, run_id=run_id, events=events)
        try:
            self._by_channel(book, said, events, begun)
        except _FAULTS:
            book.failed(said.key)
            raise
        run = None if run_id is None else (run_id, self._run.as_of)
        book.sent(said.key, events=tuple(events), run=run, moment=datetime.now(UTC))
        self._sent += 1
        self._progress(f"deliver: {recipient.name}: {said.kind} sent by {recipient.channel} ({said.key})")

    def _look_up(self) -> None:
        """Whether all that sending needs is there, without asking any server. Raises DeliveryError."""
        match self._recipient:
            case MailRecipient():
                assert self._run.market.delivery.mail is not None  # noqa: S101 - the market file is refused without
                mail.look_up(self._run.market.delivery.mail)
            case SlackRecipient() as recipient:
                slack.token(recipient)
            case SlackWebhookRecipient() as recipient:
                variable(recipient.url_variable)
            case recipient:
                webhook.address_and_key(recipient)

    def _by_channel(self, book: Ledger, said: Message, events: Sequence[Event], begun: Mapping[str, str]) -> None:
        match self._recipient:
            case MailRecipient() as recipient:
                server = self._run.market.delivery.mail
                assert server is not None  # noqa: S101 - the market file is refused without
                mail.send(said, recipient, server, moment=datetime.now(UTC))
            case SlackRecipient() as recipient:
                slack.send(said, recipient, begun, lambda name, value: book.note(said.key, name, value))
            case SlackWebhookRecipient() as recipient:
                slack.send_to_webhook(said, recipient)
            case recipient:
                words = self._what.words(recipient.language, self._zone.key)
                webhook.send(message.as_data(said, self._run, recipient, events, words), recipient)
