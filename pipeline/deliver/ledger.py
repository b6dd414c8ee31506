"""What went out to one recipient, `deliveries/<recipient>.json`: written whole, before and after each sending.

Between the moment in which a server takes a message and the one in which that is written down, a process can be killed; nobody can tell then
whether it arrived. It is sent again, with the same events and under the same key, by which the other side knows it for the same (Message-ID,
Idempotency-Key; in Slack it is in the metadata, or in the last line of what an incoming webhook posts): at least once, never twice
without such a sign, and never twice otherwise.
"""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

FORMAT = 1


class DeliveryError(RuntimeError):
    """Something did not reach a recipient. The message says what was expected, what was found, and what to do; no secret stands in it."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of mart.event, as much of it as a message needs; it is kept here while it waits."""

    event_id: str
    rule: str
    own: bool
    said: str
    """The message (see pipeline/words.py), as JSON."""
    statistics: str | None
    """The same; None for what was looked at, not sampled."""
    url: str | None
    began_at: datetime | None
    """Aware, UTC; None for what a test found."""
    run_id: str
    """The run that told of it first."""
    cell_id: str | None = None
    """The cell of the SWOT table behind it; None where there is none."""

    @property
    def lasts(self) -> bool:
        """It is a state, told as long as it holds; the others happened, and stay true."""
        return self.rule in {"own_weakness", "rival_decline", "rating_drop", "chat_added"}


@dataclass(slots=True)
class Begun:
    """A sending that is under way, or was when the process ended."""

    run_id: str | None
    """Whose report it is; None for an alert."""
    events: list[str]
    """Ids of what it tells."""
    noted: dict[str, str] = field(default_factory=dict)
    """What the channel has noted of it: steps that need not be done again."""


@dataclass(slots=True)
class Ledger:
    """Read with `opened`. What a sending does to it is written when the method returns; what `take` does, by `write`."""

    path: Path
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Run to the delivery of its report: as_of, key and moment."""
    begun: dict[str, Begun] = field(default_factory=dict)
    """By key."""
    told: dict[str, str] | None = None
    """Event to the key of the message that told it, as long as it lasts; empty for those that were there before this recipient, or
    before she wanted to hear of them. None before the first delivery."""
    waiting: list[Event] = field(default_factory=list)
    """Events that are to be told, the oldest first."""
    held: bool = False
    """Something waits for the end of her quiet hours."""

    def begin(self, key: str, *, run_id: str | None, events: Iterable[Event]) -> dict[str, str]:
        """What the channel had noted of this sending; empty for a new one."""
        if key not in self.begun:
            self.begun[key] = Begun(run_id, [event.event_id for event in events])
            self.write()
        return dict(self.begun[key].noted)

    def note(self, key: str, name: str, value: str) -> None:
        """A step of the sending is done and need not be done again."""
        self.begun[key].noted[name] = value
        self.write()

    def failed(self, key: str) -> None:
        """The sending has ended without success; steps that are done stay noted."""
        if not self.begun[key].noted:
            self.drop(key)

    def drop(self, key: str) -> None:
        """Nothing of that sending can be told any more."""
        del self.begun[key]
        self.write()

    def sent(
        self, key: str, *, events: tuple[Event, ...] = (), run: tuple[str, datetime] | None = None, moment: datetime
    ) -> None:
        """The message has been taken: with it the report of a run, and these events."""
        self.begun.pop(key, None)
        if run is not None:
            self.reports[run[0]] = {"as_of": run[1].isoformat(), "key": key, "sent_at": moment.isoformat()}
        done = {event.event_id for event in events}
        self.told = (self.told or {}) | dict.fromkeys(done, key)
        self.waiting = [event for event in self.waiting if event.event_id not in done]
        self.write()

    def take(self, current: Mapping[str, Event], wants: Callable[[Event], bool], since: datetime) -> None:
        """Notes which events are to be told: those wanted that are neither told nor waiting.

        `current` has all events that there are now, by id: what was told and is no more is forgotten, and will be news again; what waits,
        is over and tells of a state is not told. Somebody new hears of what this run (as of `since`) saw first, not of all that has ever
        been; so does who wants to hear of more than before.
        """
        known = self.told
        if known is None:
            known = {e.event_id: "" for e in current.values() if e.began_at is None or e.began_at < since}
        told = {event_id: key for event_id, key in known.items() if event_id in current}
        # What may have arrived already goes out as it was, whatever has changed.
        begun = {event_id for each in self.begun.values() for event_id in each.events}
        self.waiting = [
            event
            for event in self.waiting
            if event.event_id in begun or (wants(event) and (event.event_id in current or not event.lasts))
        ]
        waiting = {event.event_id for event in self.waiting}
        new = [event for event in current.values() if event.event_id not in told and event.event_id not in waiting]
        self.waiting += [event for event in new if wants(event)]
        self.told = told | {event.event_id: "" for event in new if not wants(event)}

    @property
    def newest(self) -> tuple[str, datetime] | None:
        """Run and moment of the newest report that was told; None before the first."""
        found = [(datetime.fromisoformat(each["as_of"]), run_id) for run_id, each in self.reports.items()]
        if not found:
            return None
        as_of, run_id = max(found)
        return run_id, as_of

    def write(self) -> None:
        said = {
            "format": FORMAT,
            "reports": self.reports,
            "begun": {key: asdict(each) for key, each in self.begun.items()},
            "told": self.told,
            "waiting": [asdict(event) for event in self.waiting],
            "held": self.held,
        }
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        with open(draft, "wb", opener=_private) as file:
            file.write(orjson.dumps(said, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


def opened(folder: Path, recipient: str) -> Ledger:
    """The recipient's ledger; a new one where there is none. Raises DeliveryError for one that cannot be read: nothing is sent then."""
    path = folder / f"{recipient}.json"
    if not path.exists():
        return Ledger(path)
    try:
        return _read(path, orjson.loads(path.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DeliveryError(
            f"{path}: expected what has been delivered (format {FORMAT}), found what cannot be read ({error!s:.100}). Nothing is sent, lest it "
            "is sent twice. Restore the file, or move it away: this recipient is a new one then, and gets the newest report once more."
        ) from error


def holds(folder: Path, recipient: str) -> bool:
    """Whether something waits for the end of her quiet hours. It may, where the ledger cannot be read: who delivers says so."""
    try:
        return opened(folder, recipient).held
    except DeliveryError:
        return True


def _read(path: Path, said: Any) -> Ledger:
    if said["format"] != FORMAT:
        raise ValueError(f"format {said['format']!r:.20}")
    waiting = [
        Event(**each | {"began_at": each["began_at"] and datetime.fromisoformat(each["began_at"])}) for each in said["waiting"]
    ]
    begun = {key: Begun(**each) for key, each in said["begun"].items()}
    return Ledger(path, said["reports"], begun, said["told"], waiting, said["held"])


@contextmanager
def only_sender(folder: Path) -> Iterator[None]:
    """Holds the folder's lock: two that deliver at once would both send. Waits for the other; it goes with the process that holds it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with open(folder / ".lock", "ab", opener=_private) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _private(path: str, flags: int) -> int:
    """What waits may quote what nobody else should read."""
    return os.open(path, flags, 0o600)
