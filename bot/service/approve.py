"""What people decide about a change: approve, reject, cancel, reschedule, halt, resume.

Each use case re-reads the change, asks the policy, decides by a pure function and swaps.
"""

from collections.abc import Callable
from datetime import datetime

from bot.domain.approval import approved, renewed, rescheduled, resumed
from bot.domain.change import (
    IN_FLIGHT,
    Change,
    Move,
    State,
    TargetState,
    Timing,
    advance,
    allows,
    with_targets,
)
from bot.domain.policy import Action
from bot.domain.refused import RefusedError
from bot.domain.seal import seal_of, sealed_facts
from bot.domain.sentence import At, Sentence, say
from bot.domain.turns import settled, turned
from bot.service.amend import Step
from bot.service.timekeeper import trust_time
from bot.service.wish import Wish, too_late

_Check = Callable[[Wish, Change, str | None], None]


async def approve(wish: Wish) -> Change:
    """Approve exactly what the change says now; with enough approvals it is scheduled."""
    await trust_time(wish.desk)
    try:
        return await _say_yes(wish, _check_approve, _approved)
    finally:
        if wish.decided is not None:
            wish.desk.watch.on_approval(wish.decided.value)


async def approvable(wish: Wish) -> Change:
    """Return the change if this person can approve it now.

    Raises:
        RefusedError: it is too late for that, or the policy says no.
    """
    return await _possible(wish, _check_approve)


async def _possible(wish: Wish, check: _Check) -> Change:
    change = await wish.prepare()
    check(wish, change, wish.typed)
    _refuse_unseen(wish, change)
    return change


def _check_approve(wish: Wish, change: Change, typed: str | None = None) -> None:
    now = wish.asker.now
    if change.state is not State.PROPOSED or now >= change.expires_at:
        raise too_late(change)
    wish.check(Action.APPROVE, change, typed)
    _refuse_past(change, now)


async def _say_yes(
    wish: Wish,
    check: _Check,
    agreed: Callable[[Change, Wish], Step],
) -> Change:
    """Take a yes to exactly what the person could see.

    If the rules of approval are others by now, the change is put under these first: what the
    card said was something else, so the yes has to be given again.
    """
    await wish.prepare()
    is_other = False

    def decision(change: Change) -> Step:
        nonlocal is_other
        check(wish, change, None)
        fresh = renewed(change, wish.environment)
        is_other = fresh is not None
        if fresh is not None:
            return _under_new_rules(fresh, wish)
        check(wish, change, wish.typed or "")
        _refuse_unseen(wish, change)
        return agreed(change, wish)

    change = await wish.amend(decision)
    if is_other:
        raise RefusedError(_not_as_seen(change))
    return change


def _under_new_rules(fresh: Change, wish: Wish) -> Step:
    text = say("Approvals so far do not count any more, and it has to be approved again.")
    why = " ".join(str(one) for one in fresh.difference)
    return fresh, (wish.record("void", text, why=why, **sealed_facts(fresh)),)


def _refuse_unseen(wish: Wish, change: Change) -> None:
    if wish.seen and wish.seen != seal_of(change):
        raise RefusedError(_not_as_seen(change))


def _not_as_seen(change: Change) -> Sentence:
    return say(
        "{change} is not as you saw it any more, so nothing was approved. Look at its card, and "
        "approve it again.",
        change=change.id,
    )


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


def _approved(change: Change, wish: Wish) -> Step:
    approval = wish.approval(seal_of(change))
    text = say("{who} approved it.", who=wish.who)
    return approved(change, approval, wish.record("approve", text, seal=approval.seal))


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
    record = wish.record("cancel", text, tasks=" ".join(sorted(gone)))
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
    await trust_time(wish.desk)
    await wish.prepare()

    def decision(change: Change) -> Step:
        _check_reschedule(wish, change)
        wish.refuse_closed(change, run_at)
        moved = rescheduled(change, run_at, wish.environment, wish.asker.now)
        who, at = wish.who, At(at=run_at)
        text = say("{who} moved it to {at}; it has to be approved again.", who=who, at=at)
        if moved.approvals:
            text = say(
                "{who} moved it to {at}; its approvals stay, as the policy says.", who=who, at=at
            )
        return moved, (wish.record("reschedule", text, seal=seal_of(moved)),)

    return await wish.amend(decision)


async def halt(wish: Wish) -> Change:
    """Keep the rest of a running change from starting; what has begun goes on."""
    await wish.prepare()

    def decision(change: Change) -> Step:
        if not allows(change, Move.HALT):
            raise too_late(change)
        wish.check(Action.HALT, change)
        text = say(
            "{who} halted it: nothing more starts.",
            who=wish.who,
        )
        halted = advance(change, Move.HALT, halt_reason=text, approvals=())
        return halted, (wish.record("halt", text),)

    return await wish.amend(decision)


async def resume(wish: Wish) -> Change:
    """Approve the rest of a halted change, or look again where the outcome is unknown."""
    change = await wish.prepare()
    if change.state is State.UNKNOWN:
        return await wish.amend(lambda change: _look_again(change, wish))
    return await _say_yes(wish, _check_resume, _resumed)


async def resumable(wish: Wish) -> Change:
    """Return the change if this person can approve its rest now.

    Raises:
        RefusedError: it is too late for that, or the policy says no.
    """
    return await _possible(wish, _check_resume)


def _check_resume(wish: Wish, change: Change, typed: str | None = None) -> None:
    if change.state is not State.HALTED:
        raise too_late(change)
    wish.check(Action.RESUME, change, typed)


def _look_again(change: Change, wish: Wish) -> Step:
    if change.state is not State.UNKNOWN:
        raise too_late(change)
    text = say("{who} asked to look again.", who=wish.who)
    return change.model_copy(update={"due_at": wish.asker.now}), (wish.record("look", text),)


def _resumed(change: Change, wish: Wish) -> Step:
    approval = wish.approval(seal_of(change))
    text = say("{who} approved going on with the rest.", who=wish.who)
    return resumed(change, approval, wish.record("resume", text, seal=approval.seal))
