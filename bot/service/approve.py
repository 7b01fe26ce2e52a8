"""What people decide about a change: approve, reject, cancel, reschedule, halt, resume.

Each use case re-reads the change, asks the policy, decides by a pure function and swaps.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.command import Asker
from bot.domain.change import (
    IN_FLIGHT,
    Approval,
    Change,
    Move,
    Options,
    State,
    TargetState,
    Timing,
    advance,
    allows,
    with_targets,
)
from bot.domain.freeze import Calendar, Closure, closure_of, told
from bot.domain.policy import Action, Circle, Environment, decide
from bot.domain.refused import RefusedError
from bot.domain.reminders import awaiting
from bot.domain.seal import is_sealed, resealed, seal_of
from bot.domain.sentence import At, Sentence, User, say
from bot.domain.story import Record
from bot.domain.turns import settled, turned
from bot.service.amend import Step, amend, find
from bot.service.desk import Desk

DELIVERY_AGE = timedelta(minutes=15)
"""Longer than a delivery can wait: older ones are not dealt with any more."""


class Wish:
    """One person's wish about one change, with what the policy needs to judge it."""

    def __init__(self, desk: Desk, asker: Asker, channel: str, number: int) -> None:
        """Nothing is read yet."""
        self.desk = desk
        self.asker = asker
        self.channel = channel
        self.number = number
        self._circle: Circle | None = None
        self._environment: Environment | None = None
        self._calendar = Calendar()

    async def prepare(self) -> Change:
        """Read what the policy needs.

        Raises:
            RefusedError: there is no such change, or its environment is not configured.
        """
        change = await find(self.desk, self.number)
        environment = self.desk.environments.get(change.environment)
        if environment is None:
            raise RefusedError(
                say(
                    "The environment {env} of {change} is not configured any more.",
                    env=change.environment,
                    change=change.id,
                )
            )
        self._environment = environment
        self._calendar = await self.desk.calendar(environment)
        self._circle = await self.desk.circle(self.asker.person, environment)
        return change

    def check(self, action: Action, change: Change) -> None:
        """Ask the policy about the change as it is now.

        Raises:
            RefusedError: with the policy's reason.
        """
        assert self._circle is not None  # noqa: S101 - prepare() comes first
        assert self._environment is not None  # noqa: S101 - prepare() comes first
        # A form and the Home tab are in no channel: what they do counts as done at the card.
        channel = self.channel or change.channel
        decision = decide(
            action,
            self._circle,
            self._environment,
            channel=channel,
            change=change,
            closure=self._closure(action, change),
        )
        if not decision.allowed:
            raise RefusedError(decision.sentence, *decision.more)

    def _closure(self, action: Action, change: Change) -> Closure | None:
        now, options = self.asker.now, change.options
        if action is Action.RESUME:
            options = options.model_copy(update={"run_at": now})
        planned = change.in_state({TargetState.PLANNED})
        return closure_of(options, self._calendar, now, planned)

    def refuse_closed(self, change: Change, run_at: datetime) -> None:
        """Refuse a time at which the change could not start.

        Raises:
            RefusedError: with what closes it, and the next open time.
        """
        options = change.options.model_copy(update={"timing": Timing.AT, "run_at": run_at})
        closure = closure_of(options, self._calendar, self.asker.now)
        if closure is not None:
            raise RefusedError(*told(closure))

    def record(self, kind: str, sentence: Sentence, **data: str) -> Record:
        """Make the record of what this person did."""
        return Record(
            at=self.asker.now,
            actor=self.asker.person.id,
            kind=kind,
            sentence=sentence,
            told=True,
            data={**data, **({"delivery": self.asker.key} if self.asker.key else {})},
        )

    async def amend(self, decision: Callable[[Change], Step]) -> Change:
        """Decide once for each delivery.

        A process may die after it has decided and before it could say so; whoever takes the
        delivery over must neither decide again nor say that it came too late.
        """
        if await self.was_done():
            return await find(self.desk, self.number)
        return await amend(self.desk, self.number, decision)

    async def was_done(self) -> bool:
        """Whether this very delivery has had its effect already."""
        if not self.asker.key:
            return False
        since, last = self.asker.now - DELIVERY_AGE, 0
        story = self.desk.changes.story
        while entries := await story(change=self.number, since=since, after_seq=last):
            if any(entry.record.data.get("delivery") == self.asker.key for entry in entries):
                return True
            last = entries[-1].seq
        return False

    def approval(self, seal: str) -> Approval:
        """Make this person's yes, marked if the list that names them may be out of date."""
        stale_since = self._circle.stale_since if self._circle else None
        who = self.asker.person.id
        return Approval(user=who, at=self.asker.now, seal=seal, stale_since=stale_since)

    @property
    def who(self) -> User:
        """The person, as a mention."""
        return User(user=self.asker.person.id)


def too_late(change: Change) -> RefusedError:
    """Say that a button or verb does not fit the state any more."""
    return RefusedError(
        say(
            "{change} is {state} by now, so this does not apply any more: nothing was done. "
            "The card shows how it stands.",
            change=change.id,
            state=change.state.value,
        )
    )


async def approve(wish: Wish) -> Change:
    """Approve exactly what the change says now; with enough approvals it is scheduled."""
    await wish.prepare()
    now = wish.asker.now

    def decision(change: Change) -> Step:
        if change.state is not State.PROPOSED or now >= change.expires_at:
            raise too_late(change)
        wish.check(Action.APPROVE, change)
        _refuse_past(change, now)
        return _approved(change, wish, now)

    return await wish.amend(decision)


def _refuse_past(change: Change, now: datetime) -> None:
    run_at = change.options.run_at
    if change.options.timing is Timing.AT and run_at is not None and run_at <= now:
        raise RefusedError(
            say(
                "The planned time {at} has passed, so nothing was approved. Reschedule {change} "
                "first, then approve the new time.",
                at=At(at=run_at),
                change=change.id,
            )
        )


def _approved(change: Change, wish: Wish, now: datetime) -> Step:
    seal = seal_of(change)
    approval = wish.approval(seal)
    # Approvals of an earlier plan are worth nothing: keep only those of this one.
    valid = tuple(one for one in change.approvals if one.seal == seal)
    change = change.model_copy(update={"approvals": (*valid, approval), "difference": ()})
    record = wish.record("approve", say("{who} approved it.", who=wish.who), seal=seal)
    if not is_sealed(change):
        return change, (record,)
    run_at = change.options.run_at
    due_at = run_at if change.options.timing is Timing.AT else now
    return advance(change, Move.APPROVE, due_at=due_at), (record,)


async def reject(wish: Wish, reason: str = "") -> Change:
    """Say no to a proposed change."""
    await wish.prepare()

    def decision(change: Change) -> Step:
        if not allows(change, Move.REJECT):
            raise too_late(change)
        wish.check(Action.REJECT, change)
        closed = advance(change, Move.REJECT, due_at=None, ended_at=wish.asker.now)
        text = say("{who} rejected it.", who=wish.who)
        if reason:
            text = say("{who} rejected it: {reason}", who=wish.who, reason=reason)
        record = wish.record("reject", text, reason=reason)
        return turned(change, closed, wish.asker.now, record)

    return await wish.amend(decision)


async def cancel(wish: Wish) -> Change:
    """Cancel what has not begun; tasks waiting in the cloud for their window included.

    Raises:
        RefusedError: it is running, over, or the policy says no.
        CloudError: the cloud could not be asked to cancel.
    """
    change = await wish.prepare()
    if await wish.was_done():
        return change
    _cancellable(change)
    wish.check(Action.CANCEL, change)
    waiting = [t for t in change.in_state({TargetState.WAITING}) if t.job_id]
    gone: frozenset[str] = frozenset()
    if waiting:
        fleet = wish.desk.fleets[change.environment]
        gone = frozenset(await fleet.cancel_schedules([target.job_id for target in waiting]))

    def decision(change: Change) -> Step:
        _cancellable(change)
        wish.check(Action.CANCEL, change)
        return _cancelled(change, gone, wish)

    return await wish.amend(decision)


def _cancellable(change: Change) -> None:
    if change.state is State.RUNNING:
        raise RefusedError(
            say(
                "{change} is running: what the cloud has begun cannot be stopped. "
                "Halt keeps the rest from starting.",
                change=change.id,
            )
        )
    if change.state is State.UNKNOWN or not allows(change, Move.CANCEL):
        raise too_late(change)


def _cancelled(change: Change, gone: frozenset[str], wish: Wish) -> Step:
    now = wish.asker.now
    stopped = [
        target.model_copy(update={"state": TargetState.CANCELLED, "ended_at": now})
        for target in change.targets
        if target.state is TargetState.PLANNED
        or (target.state is TargetState.WAITING and target.job_id in gone)
    ]
    rest = with_targets(change, stopped)
    text = say("{who} cancelled what had not begun.", who=wish.who)
    record = wish.record("cancel", text)
    if not rest.batches:
        return turned(change, advance(rest, Move.CANCEL, due_at=None, ended_at=now), now, record)
    if rest.in_state(IN_FLIGHT):
        return rest.model_copy(update={"due_at": now}), (record,)
    return turned(change, settled(rest, now), now, record)


async def reschedulable(wish: Wish) -> Change:
    """Return the change if it can be moved to another time now.

    Raises:
        RefusedError: it is too late for that, or the policy says no.
    """
    change = await wish.prepare()
    _check_reschedule(wish, change)
    return change


def _check_reschedule(wish: Wish, change: Change) -> None:
    if not allows(change, Move.RESCHEDULE) or change.in_state(IN_FLIGHT):
        raise too_late(change)
    wish.check(Action.RESCHEDULE, change)


async def reschedule(wish: Wish, run_at: datetime) -> Change:
    """Move a change to another time; approvals are void, as they covered the old one."""
    await wish.prepare()

    def decision(change: Change) -> Step:
        _check_reschedule(wish, change)
        wish.refuse_closed(change, run_at)
        rules = wish.desk.environments[change.environment]
        options = change.options.model_copy(update={"timing": Timing.AT, "run_at": run_at})
        moved = advance(
            change,
            Move.RESCHEDULE,
            options=Options.model_validate(options.model_dump()),
            approvals=(),
            expires_at=wish.asker.now + rules.approval_ttl,
        )
        if rules.reschedule_keeps_approvals and (kept := resealed(change, moved)):
            return _moved_on(kept, wish, run_at)
        text = say(
            "{who} moved it to {at}; it has to be approved again.", who=wish.who, at=At(at=run_at)
        )
        return awaiting(moved, wish.asker.now), (wish.record("reschedule", text),)

    return await wish.amend(decision)


def _moved_on(moved: Change, wish: Wish, run_at: datetime) -> Step:
    text = say(
        "{who} moved it to {at}; its approvals stay, as the policy says.",
        who=wish.who,
        at=At(at=run_at),
    )
    record = wish.record("reschedule", text, seal=seal_of(moved))
    if is_sealed(moved):
        return advance(moved, Move.APPROVE, due_at=run_at), (record,)
    return awaiting(moved, wish.asker.now), (record,)


async def halt(wish: Wish) -> Change:
    """Keep the rest of a running change from starting; what has begun goes on."""
    await wish.prepare()

    def decision(change: Change) -> Step:
        if not allows(change, Move.HALT):
            raise too_late(change)
        wish.check(Action.HALT, change)
        text = say(
            "{who} halted it: nothing more starts. What the cloud has begun cannot be stopped.",
            who=wish.who,
        )
        halted = advance(change, Move.HALT, halt_reason=text, approvals=())
        return halted, (wish.record("halt", text),)

    return await wish.amend(decision)


async def resume(wish: Wish) -> Change:
    """Approve the rest of a halted change, or look again where the outcome is unknown."""
    await wish.prepare()
    now = wish.asker.now

    def decision(change: Change) -> Step:
        if change.state is State.UNKNOWN:
            text = say("{who} asked to look again.", who=wish.who)
            return change.model_copy(update={"due_at": now}), (wish.record("look", text),)
        if not allows(change, Move.RESUME):
            raise too_late(change)
        wish.check(Action.RESUME, change)
        return _resumed(change, wish, now)

    return await wish.amend(decision)


def _resumed(change: Change, wish: Wish, now: datetime) -> Step:
    seal = seal_of(change)
    others = tuple(
        one for one in change.approvals if one.seal == seal and one.user != wish.asker.person.id
    )
    approval = wish.approval(seal)
    change = change.model_copy(update={"approvals": (*others, approval)})
    record = wish.record(
        "resume", say("{who} approved going on with the rest.", who=wish.who), seal=seal
    )
    if not is_sealed(change):
        return change, (record,)
    resumed = advance(
        change, Move.RESUME, halt_reason=None, difference=(), due_at=now, resumed_at=now
    )
    return resumed, (record,)
