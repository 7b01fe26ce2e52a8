"""What the services need from the world outside, in their own words.

Adapters provide these; they never meet each other.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, Protocol

from bot.domain.card import Card as Card  # noqa: PLC0414
from bot.domain.card import Role as Role  # noqa: PLC0414
from bot.domain.change import Change, State
from bot.domain.duty import Shift
from bot.domain.errors import StoreError as StoreError  # noqa: PLC0414 - the store's raise it
from bot.domain.feed import CalendarError as CalendarError  # noqa: PLC0414
from bot.domain.feed import Event, Source
from bot.domain.freeze import Freeze
from bot.domain.instance import (
    Answer,
    Detail,
    Instance,
    Job,
    PreCheck,
    Schedule,
    Status,
    Version,
)
from bot.domain.message import File as File  # noqa: PLC0414 - ports speak of messages
from bot.domain.message import Message as Message  # noqa: PLC0414
from bot.domain.message import View as View  # noqa: PLC0414
from bot.domain.model import Frozen
from bot.domain.person import Group
from bot.domain.person import Person as Person  # noqa: PLC0414 - ports speak of people
from bot.domain.signal import Reading, Signal
from bot.domain.story import Entry, Record
from bot.domain.windows import Span

Clock = Callable[[], datetime]
"""The time, aware and in UTC."""


class Sleep(Protocol):
    """Wait for a number of seconds."""

    async def __call__(self, seconds: float, /) -> None:
        """Return after `seconds`, or raise `CancelledError`."""


class Fleet(Protocol):
    """The databases of one environment. Every method raises `CloudError`.

    Reads are repeated by the adapter as far as that is polite. `submit` is sent at most once:
    it is repeated only if the request provably never left.
    """

    async def instances(self) -> tuple[Instance, ...]:
        """All instances of the project, every page."""

    async def statuses(self) -> dict[str, Status]:
        """What each instance is busy with, in finer words than the list; empty if unknown."""

    async def details(self, instance_ids: Sequence[str]) -> tuple[Detail, ...]:
        """Zones, nodes and windows; ids that the cloud does not know are left out."""

    async def version(self, instance_id: str) -> Version:
        """The authoritative answer on one instance's kernel."""

    async def jobs(self, since: datetime) -> tuple[Job, ...]:
        """Instant upgrade jobs created at or after `since`, each once."""

    async def schedules(self) -> tuple[Schedule, ...]:
        """Upgrade tasks that wait for a maintenance window, or waited."""

    async def prechecks(self, versions: Sequence[tuple[str, str]]) -> dict[str, PreCheck] | None:
        """The vendor's pre-check, without what has no result in time; None: the region has none."""

    async def submit(
        self, versions: Sequence[tuple[str, str]], *, delay: bool, until: datetime | None = None
    ) -> Answer:
        """Ask for the upgrade of (instance id, current kernel) pairs; cannot be undone.

        With `delay` the cloud starts each in its own window. After `until` it is not sent any more.
        The answer proves acceptance, never success; all but `success` is a `CloudError`.
        """

    async def cancel_schedules(self, job_ids: Sequence[str]) -> tuple[str, ...]:
        """Cancel tasks that have not started; returns the ids that really were cancelled."""


class Delivery(Frozen):
    """Something that a person did in Slack, stored before Slack is told that it arrived."""

    key: str
    """The same for every repeat of one delivery."""
    kind: Literal["call", "click", "submission"]
    payload: dict[str, Any]
    received_at: datetime


class StaleError(Exception):
    """Somebody else moved the change in between: read it again."""


class TakenError(Exception):
    """Instances are in another open change already."""

    def __init__(self, taken: dict[str, int]) -> None:
        """`taken` maps instance ids to change numbers."""
        super().__init__(f"in other open changes: {taken}")
        self.taken = taken


class Lease(Frozen):
    """A claim on work: who has it and until when. It is renewed while the work lasts."""

    owner: str
    until: datetime


class Digest(Frozen):
    """The next digest of an environment's drift."""

    environment: str
    due_at: datetime
    is_unclear: bool = False
    """Whether it may have been posted already: its post was begun, and its answer was lost."""


class Changes(Protocol):
    """The store. Every method is one transaction, and raises `StoreError`."""

    async def add(self, change: Change, records: Sequence[Record]) -> Change:
        """Store a new change and give it its number.

        The same `key` gives back the change that it made before. Raises `TakenError`.
        """

    async def get(self, number: int) -> Change | None:
        """Read one change."""

    async def save(self, change: Change, records: Sequence[Record]) -> Change:
        """Swap the change in if `change.version` is still the stored one; append the records.

        Returns the change with its new version. Raises `StaleError` or `TakenError`.
        """

    async def find(
        self,
        *,
        states: frozenset[State] | None = None,
        requester: str | None = None,
        environment: str | None = None,
        since: datetime | None = None,
        limit: int = 50,
    ) -> tuple[Change, ...]:
        """The newest changes that match, newest first."""

    async def open_changes_of(self, instance_ids: Sequence[str]) -> dict[str, int]:
        """Which of these instances are in an open change, and in which."""

    async def claim_due(self, lease: Lease, now: datetime) -> Change | None:
        """Claim the change that has been due longest and is not leased, if any."""

    async def next_due_at(self) -> datetime | None:
        """When the next change that nobody holds becomes due."""

    async def renew(self, number: int, lease: Lease) -> bool:
        """Keep a claimed change; False if somebody else has it by now."""

    async def release(self, number: int, owner: str) -> None:
        """Let others have the change at once."""

    async def story(
        self,
        *,
        change: int | None = None,
        since: datetime | None = None,
        after_seq: int = 0,
        limit: int = 1000,
    ) -> tuple[Entry, ...]:
        """Entries of the audit chain in order."""

    async def record(self, record: Record) -> Entry:
        """Append a fact that belongs to no change."""

    async def receive(self, delivery: Delivery, lease: Lease | None = None) -> bool:
        """Store a delivery, soon or not at all; False if its key was stored before."""

    async def claim_delivery(self, lease: Lease, now: datetime) -> Delivery | None:
        """Claim the oldest delivery that is neither done nor leased."""

    async def renew_delivery(self, key: str, lease: Lease) -> bool:
        """Keep a claimed delivery; False if somebody else has it by now."""

    async def finish_delivery(self, key: str, now: datetime) -> None:
        """Mark a delivery as dealt with."""

    async def newest_delivery(self, prefix: str) -> str | None:
        """Find the key of the delivery received last among those whose keys begin so."""

    async def forget_deliveries(self, before: datetime) -> int:
        """Drop finished deliveries that were received before; returns how many."""

    async def claim_card(self, lease: Lease, now: datetime) -> Card | None:
        """Claim a card that Slack does not show as the store has it (or lines untold)."""

    async def renew_card(self, id: int, lease: Lease) -> bool:  # noqa: A002
        """Keep a claimed card; False if somebody else has it by now."""

    async def card(self, number: int) -> Card | None:
        """Where a change's card is."""

    async def card_at(self, channel: str, ts: str) -> Card | None:
        """Which card a message is."""

    async def keep_card(
        self, card: Card, lease: Lease, *, retry_at: datetime | None = None
    ) -> None:
        """Store what Slack has seen by now and renew the claim; `retry_at` ends it until then.

        Raises `StaleError` if somebody else has claimed the card since.
        """

    async def freezes(self, now: datetime) -> tuple[Freeze, ...]:
        """The freezes that hold now or will, the first to begin first."""

    async def add_freeze(self, freeze: Freeze, records: Sequence[Record]) -> Freeze:
        """Store a new freeze and give it its number.

        The same `key` gives back the freeze that it made before.
        """

    async def lift_freeze(self, number: int, now: datetime, records: Sequence[Record]) -> bool:
        """End a freeze early; False if it does not hold any more."""

    async def plan_digest(self, environment: str, schedule: str, due_at: datetime) -> None:
        """Note when the next digest is due; what is noted for the same schedule stays."""

    async def claim_digest(self, lease: Lease, now: datetime) -> Digest | None:
        """Claim the digest that has been due longest and is not leased, if any."""

    async def renew_digest(self, environment: str, lease: Lease) -> bool:
        """Keep a claimed digest; False if somebody else has it by now."""

    async def keep_digest(
        self, digest: Digest, lease: Lease, *, retry_at: datetime | None = None
    ) -> None:
        """Store how far a claimed digest is; `retry_at` ends the claim until then.

        Raises `StaleError` if somebody else has claimed it since.
        """

    async def drop_card(self, id: int) -> None:  # noqa: A002
        """Forget a place where a change needs not be shown."""

    async def ready(self) -> None:
        """Prove that the store can be written; raises `StoreError` that says what is wrong."""


class ChatError(Exception):
    """Slack refused or did not answer.

    `code` is Slack's word (`not_in_channel`) or `no_answer`; `retry_after` seconds if it is
    worth trying again, None if only a person can mend it; `unclear` if it may have been done.
    """

    def __init__(
        self, code: str, *, retry_after: float | None = None, unclear: bool = False
    ) -> None:
        """Keep the facts."""
        super().__init__(f"Slack: {code}")
        self.code = code
        self.retry_after = retry_after
        self.unclear = unclear


class Chat(Protocol):
    """The channel side of Slack. Every method raises `ChatError`."""

    async def post(
        self,
        channel: str,
        message: Message,
        *,
        tag: dict[str, str],
        thread: str = "",
        broadcast: bool = False,
    ) -> str:
        """Post a message and return its ts; `tag` finds it again.

        With `broadcast` a line of a thread also shows in its channel.
        """

    async def find_post(
        self, channel: str, tag: dict[str, str], *, since: datetime, thread: str = ""
    ) -> str | None:
        """Find the ts of our own message by its tag; None if absent or not allowed to look."""

    async def upload(self, channel: str, file: File, *, thread: str = "") -> None:
        """Share a file in a channel, a thread or, by a user id, with one person.

        If it may have been shared all the same, `find_post` finds it by {"file": its name}.
        """

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Redraw a message of ours in place."""

    async def link(self, channel: str, ts: str) -> str:
        """Return an address that leads people to a message."""

    async def nudge(self, channel: str, user: str, message: Message) -> bool:
        """Tell one person something in a channel; False if they do not read that channel."""

    async def direct(self, user: str) -> str:
        """Return the id of the direct messages with somebody."""

    async def whisper(
        self, channel: str, user: str, message: Message, *, response_url: str = ""
    ) -> None:
        """Tell one person privately, where they asked; else, or if that fails, directly."""


class Forms(Protocol):
    """What people have open. Every method raises `ChatError`."""

    async def update(self, view: str, shown: View, *, seen: str = "") -> None:
        """Draw a form anew; what was typed stays where block and action ids stay.

        With `seen`, the mark of a version, it is refused (`hash_conflict`) if the form was drawn
        meanwhile. A form that was closed is `not_found`.
        """

    async def publish(self, user: str, blocks: Sequence[dict[str, Any]]) -> None:
        """Show somebody their Home tab."""


class Signals(Protocol):
    """A team's own signals of health. Never raises: what cannot be read is judged as such."""

    async def read(
        self, signals: Sequence[Signal], facts: Mapping[str, str]
    ) -> tuple[Reading, ...]:
        """Read signals; `facts` fill what an address leaves open."""


class Calendars(Protocol):
    """Calendars that others keep. Raises `CalendarError`."""

    async def events(self, source: Source, span: Span) -> tuple[Event, ...]:
        """The freezes that are in force within a span, each repetition by itself."""


class People(Protocol):
    """Who people are. Raises `ChatError`."""

    async def person(self, user: str) -> Person:
        """Look somebody up; cached."""

    async def members(self, group: str) -> frozenset[str]:
        """User ids of a user group; cached."""

    async def group(self, group: str) -> Group:
        """A user group, with when it was read."""

    async def by_email(self, email: str) -> str | None:
        """Find somebody's user id by their address; None if nobody here has it; cached."""


class OnCallError(Exception):
    """Who is on call could not be read; never carries a secret."""


class OnCall(Protocol):
    """A vendor of on-call schedules. Raises `OnCallError`."""

    async def shifts(self, source: str) -> tuple[Shift, ...]:
        """Who is on call now, who is called first standing first."""
