"""A change and its targets: the states, and the one table by which they move.

A change is a fleet upgrade that somebody asked for. Its state moves only by `advance`, its
targets' states only by `with_targets`; both return new values, and the store swaps them in
only if nobody else was faster.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from pydantic import Field

from bot.domain.duty import Duty
from bot.domain.kernel import Kernel, Path
from bot.domain.model import Frozen
from bot.domain.past import PastUpgrades
from bot.domain.sentence import Sentence, Word
from bot.domain.subscription import Subscription


class State(Word):
    """Where a change stands. The values are the words on the card."""

    PROPOSED = "Proposed"
    SCHEDULED = "Scheduled"
    RUNNING = "Running"
    HALTED = "Halted"
    UNKNOWN = "Outcome unknown"
    SUCCEEDED = "Succeeded"
    PARTLY_FAILED = "Partly failed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    REJECTED = "Rejected"
    EXPIRED = "Expired"


class Move(StrEnum):
    """What happened to a change. Every advance of a state is one of these."""

    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    VOID = "void"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    START = "start"
    HAND_OVER = "hand over"
    LOSE_SIGHT = "lose sight"
    REGAIN_SIGHT = "regain sight"
    HALT = "halt"
    RESUME = "resume"
    SUCCEED = "succeed"
    PARTLY_FAIL = "partly fail"
    FAIL = "fail"


_S, _M = State, Move
_ENDINGS = {
    _M.SUCCEED: _S.SUCCEEDED,
    _M.PARTLY_FAIL: _S.PARTLY_FAILED,
    _M.FAIL: _S.FAILED,
    _M.CANCEL: _S.CANCELLED,
}
TABLE: Mapping[State, Mapping[Move, State]] = {
    _S.PROPOSED: {
        _M.APPROVE: _S.SCHEDULED,
        _M.REJECT: _S.REJECTED,
        _M.EXPIRE: _S.EXPIRED,
        _M.CANCEL: _S.CANCELLED,
        _M.RESCHEDULE: _S.PROPOSED,
    },
    _S.SCHEDULED: {
        _M.START: _S.RUNNING,
        _M.VOID: _S.PROPOSED,
        _M.CANCEL: _S.CANCELLED,
        _M.RESCHEDULE: _S.PROPOSED,
        _M.FAIL: _S.FAILED,
    },
    _S.RUNNING: {
        # Accepted by the cloud for the maintenance windows: scheduled, but no longer by us.
        _M.HAND_OVER: _S.SCHEDULED,
        _M.LOSE_SIGHT: _S.UNKNOWN,
        _M.HALT: _S.HALTED,
        **_ENDINGS,
    },
    _S.HALTED: {
        _M.RESUME: _S.RUNNING,
        _M.LOSE_SIGHT: _S.UNKNOWN,
        **_ENDINGS,
    },
    _S.UNKNOWN: {
        _M.REGAIN_SIGHT: _S.RUNNING,
        _M.HALT: _S.HALTED,
        **_ENDINGS,
    },
    _S.SUCCEEDED: {},
    _S.PARTLY_FAILED: {},
    _S.FAILED: {},
    _S.CANCELLED: {},
    _S.REJECTED: {},
    _S.EXPIRED: {},
}
OPEN_STATES = frozenset(state for state, moves in TABLE.items() if moves)


class TargetState(Word):
    """Where one instance of a change stands."""

    PLANNED = "planned"
    """Nothing was sent for it."""
    SUBMITTING = "submitting"
    """The attempt is recorded; the request may or may not have left yet."""
    ACCEPTED = "accepted"
    """The cloud took the request; no job of it has begun yet."""
    WAITING = "waiting for its window"
    """The cloud holds it as a scheduled task."""
    UPGRADING = "upgrading"
    UNKNOWN = "unknown"
    """The answer was unclear, and looking has not told yet."""
    NOT_CONFIRMED = "not confirmed"
    """Accepted, but not proven within the time limit."""
    SUCCEEDED = "succeeded"
    ALREADY_NEWEST = "already newest"
    FAILED = "failed"
    REFUSED = "refused"
    NEVER_STARTED = "never started"
    FURTHER_ROUND = "needs a further round"
    CANCELLED = "cancelled"
    TAKEN_OUT = "taken out"
    """Its owners took it out before anything was sent for it: it is no part of this any more."""


IN_FLIGHT = frozenset(
    {
        TargetState.SUBMITTING,
        TargetState.ACCEPTED,
        TargetState.WAITING,
        TargetState.UPGRADING,
        TargetState.UNKNOWN,
    }
)
UNSEEN = frozenset({TargetState.UNKNOWN, TargetState.NOT_CONFIRMED})
NEW = frozenset({TargetState.SUCCEEDED, TargetState.ALREADY_NEWEST})
NOT_NEW = frozenset(
    {
        TargetState.FAILED,
        TargetState.REFUSED,
        TargetState.NEVER_STARTED,
        TargetState.FURTHER_ROUND,
    }
)


class Target(Frozen):
    """One instance within a change: what was planned for it, and what became of it."""

    instance_id: str
    name: str
    kernel: Kernel
    """The kernel it ran when the change was planned."""
    newest: Kernel
    """The kernel it was offered then; an upgrade always goes to the newest."""
    path: Path
    zones: int = 1
    nodes: int = 1
    window: str = ""
    region: str = ""
    tags: dict[str, str] = Field(default_factory=dict)
    wave: int = 1
    ring: str = ""
    """The tag (`ring=canary`) by which it goes before others; empty: it is in no ring."""
    group: str = ""
    """The tag (`service=orders`) that it must not share with another one under way."""
    state: TargetState = TargetState.PLANNED
    batch: int | None = None
    job_id: str = ""
    progress: str = ""
    submitted_at: datetime | None = None
    answered_at: datetime | None = None
    """When the cloud's answer came that left its outcome open: the request was under way until
    then, so silence before tells nothing."""
    traces_before: tuple[str, ...] = ()
    """Ids of tasks and copies that were there before the attempt: they are not of it."""
    starts_at: datetime | None = None
    """When the cloud will begin it at the earliest, if it waits for its window."""
    refusal: Sentence | None = None
    """Why the cloud refused the whole batch; whether this instance began all the same is open."""
    began_at: datetime | None = None
    """When its job began, as the cloud tells."""
    ended_at: datetime | None = None
    found: Kernel | None = None
    """The kernel that was read last."""
    note: Sentence | None = None
    """What a person should know about the state: the cloud's reason, the next step."""

    @property
    def failovers(self) -> int:
        """Expected failovers."""
        return failovers_across(self.zones)


def failovers_across(zones: int) -> int:
    """Expected failovers: one in a single zone, two across zones (operation guide)."""
    return 1 if zones == 1 else 2


# A card of thousands is drawn again and again: what passes over all of them is left to these.
_STATE = attrgetter("state")


class Batch(Frozen):
    """One upgrade request: recorded before it is sent, completed by what came back."""

    number: int
    instance_ids: tuple[str, ...]
    attempted_at: datetime
    answered_at: datetime | None = None
    resp: str = ""
    error_code: str = ""
    error_msg: str = ""
    status: int | None = None
    request_id: str = ""
    unclear: bool = False


class Approval(Frozen):
    """One person's yes to exactly what the seal covers."""

    user: str
    at: datetime
    seal: str
    stale_since: datetime | None = None
    """When the list that names them was read, if Slack or the vendor did not answer since."""


class Timing(StrEnum):
    """When the upgrade is asked to happen."""

    NOW = "now"
    AT = "at"
    IN_WINDOW = "in window"


class Options(Frozen):
    """What the requester chose; part of what an approval seals."""

    timing: Timing = Timing.NOW
    run_at: datetime | None = None
    reason: str = ""
    wave_sizes: tuple[int, ...] = ()
    """Sizes of the waves; the last one repeats. Empty: everything in one wave."""
    soak: timedelta | None = None
    """How long a wave is left alone before the next; None: as the environment says."""
    override: str = ""
    """Why it may go past freezes and change windows; empty: it may not."""
    overridden: tuple[str, ...] = ()
    """The freezes that an override names: those that were known then, and no later ones."""


class Change(Frozen):
    """A fleet upgrade that somebody asked for, as one value."""

    number: int = 0
    version: int = 0
    """Grows by one with every save; the store swaps by it."""
    state: State = State.PROPOSED
    environment: str
    channel: str
    requester: str
    key: str
    """The delivery that asked for it: the same delivery never makes a second change."""
    options: Options
    targets: tuple[Target, ...]
    warnings: tuple[Sentence, ...] = ()
    batches: tuple[Batch, ...] = ()
    approvals: tuple[Approval, ...] = ()
    approvals_needed: int = 1
    approvals_why: Sentence | None = None
    """Why it takes more approvals than usual, if its risk does."""
    halt_after: int = 1
    """So many failures, slow ones included, halt the rest; an outcome that nobody knows always
    does."""
    slow_after: timedelta | None = None
    """A target that takes longer counts as one that did not go as planned; None: none does."""
    notify: tuple[str, ...] = ()
    """Channels of people who only watch: they get a short notice."""
    subscriptions: tuple[Subscription, ...] = ()
    """Channels that own some of its targets, by a tag: their notice is about those."""
    announce_at: datetime | None = None
    """When it is told that this starts soon; None: it was, or it starts too soon for that."""
    remind_at: datetime | None = None
    """When approvers are asked again; None: they are not."""
    reminders: int = 0
    is_overdue: bool = False
    """Whether the planned time has passed without approval."""
    duties: tuple[Duty, ...] = ()
    """Who among the approvers is on call, as far as it was read last."""
    asked: tuple[str, ...] = ()
    """People whose approval was asked for, each for themselves."""
    approvers: tuple[str, ...] = ()
    """User and group ids whose yes counts; empty: the requester's own confirmation."""
    self_approval: bool = False
    patterns: tuple[str, ...] = ()
    """The globs and tags by which it was asked for."""
    meant: tuple[str, ...] = ()
    """Ids of all instances that these meant then, those that were left out included."""
    protected: bool = False
    """Whether a yes asks to type the environment's name."""
    created_at: datetime
    expires_at: datetime
    due_at: datetime | None = None
    """When the bot has to look at this change next; None: only a person can move it."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    resumed_at: datetime | None = None
    """When people last decided to go on after a halt, knowing what had failed by then."""
    parent: int | None = None
    """The change of which this one retries the rest."""
    past: tuple[PastUpgrades, ...] = ()
    """How long upgrades took in its environment when it was planned."""
    difference: tuple[Sentence, ...] = ()
    """Why the last approval became void; empty if none did."""
    halt_reason: Sentence | None = None
    waiting: tuple[Sentence, ...] = ()
    """What keeps the next step from happening at present; empty if nothing does."""
    waiting_since: datetime | None = None

    @property
    def id(self) -> str:
        """The name that people use."""
        return f"CHG-{self.number}"

    @property
    def is_open(self) -> bool:
        """Whether anything can still happen to it."""
        return self.state in OPEN_STATES

    @property
    def kept(self) -> tuple[Target, ...]:
        """The targets without those that their owners took out."""
        if TargetState.TAKEN_OUT not in map(_STATE, self.targets):
            return self.targets
        return tuple(one for one in self.targets if one.state is not TargetState.TAKEN_OUT)

    def in_state(self, states: Iterable[TargetState]) -> tuple[Target, ...]:
        """The targets that are in one of `states`, in their order."""
        wanted = frozenset(states)
        return tuple([target for target in self.targets if target.state in wanted])

    def counts(self) -> Counter[TargetState]:
        """How many targets are in each state."""
        return Counter(map(_STATE, self.targets))


class IllegalMoveError(Exception):
    """A move that the table does not have: a mistake in the code or a stale button."""

    def __init__(self, state: State, move: Move) -> None:
        """Name the state and the move."""
        super().__init__(f"a change that is {state.value!r} cannot {move.value!r}")
        self.state = state
        self.move = move


def allows(change: Change, move: Move) -> bool:
    """Whether the table has `move` for the change's state."""
    return move in TABLE[change.state]


def advance(change: Change, move: Move, **updates: object) -> Change:
    """Move a change along the table and set `updates` in the same step.

    Raises:
        IllegalMoveError: the table does not have the move.
    """
    try:
        state = TABLE[change.state][move]
    except KeyError:
        raise IllegalMoveError(change.state, move) from None
    return change.model_copy(update={**updates, "state": state})


def with_targets(change: Change, changed: Iterable[Target]) -> Change:
    """Replace targets by their instance id; the order and all others stay."""
    by_id = {target.instance_id: target for target in changed}
    targets = tuple(by_id.get(target.instance_id, target) for target in change.targets)
    return change.model_copy(update={"targets": targets})
