"""What a yes does to a change, and when it holds on: pure, after the policy was asked."""

from datetime import datetime

from bot.domain.announcement import scheduled
from bot.domain.change import Approval, Change, Move, Options, Timing, advance
from bot.domain.environment import Environment
from bot.domain.reminders import awaiting
from bot.domain.rules import ruled, rules_differ
from bot.domain.seal import is_sealed, resealed
from bot.domain.story import Record
from bot.domain.turns import Step


def with_yes(change: Change, approval: Approval) -> Change:
    """Add a yes to those that cover the same; yeses to something else are worth nothing."""
    others = tuple(
        one for one in change.approvals if one.seal == approval.seal and one.user != approval.user
    )
    return change.model_copy(update={"approvals": (*others, approval), "difference": ()})


def renewed(change: Change, rules: Environment) -> Change | None:
    """Put a change under rules that are others by now; None if they are the same.

    Who said yes under the old ones saw something else, so it has to be said again.
    """
    if why := rules_differ(change, rules):
        return ruled(change, rules).model_copy(update={"approvals": (), "difference": why})
    return None


def approved(change: Change, approval: Approval, record: Record) -> Step:
    """Take a yes to a proposal; with enough of them it is scheduled."""
    change = with_yes(change, approval)
    if not is_sealed(change):
        return change, (record,)
    return scheduled(advance(change, Move.APPROVE), approval.at), (record,)


def resumed(change: Change, approval: Approval, record: Record) -> Step:
    """Take a yes to the rest of a halted change; with enough of them it goes on."""
    before = change.difference
    change = with_yes(change, approval)
    if not is_sealed(change):
        return change.model_copy(update={"difference": before}), (record,)
    now = approval.at
    return advance(change, Move.RESUME, halt_reason=None, due_at=now, resumed_at=now), (record,)


def rescheduled(change: Change, run_at: datetime, rules: Environment, now: datetime) -> Change:
    """Move a change to another time; approvals covered the old one, so they are void.

    Where the rules say so they stay, if they were valid, and if they are enough so does the state.
    """
    options = change.options.model_copy(update={"timing": Timing.AT, "run_at": run_at})
    moved = advance(
        change,
        Move.RESCHEDULE,
        options=Options.model_validate(options.model_dump()),
        approvals=(),
        expires_at=now + rules.approval_ttl,
    )
    if rules.reschedule_keeps_approvals and (kept := resealed(change, moved)):
        if is_sealed(kept):
            return scheduled(advance(kept, Move.APPROVE), now)
        return awaiting(kept, now)
    return awaiting(moved, now)
