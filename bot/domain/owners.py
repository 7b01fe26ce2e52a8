"""Whose databases a change touches: channels that subscribe to a tag own what carries it.

Whoever acts in such a channel speaks for its databases, and for no others: they may hold the
change, and take theirs out as long as nothing was sent for them.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.domain.change import (
    Change,
    Move,
    State,
    Target,
    TargetState,
    advance,
    with_targets,
)
from bot.domain.seal import reduced
from bot.domain.sentence import User, say
from bot.domain.subscription import Subscription
from bot.domain.turns import settled


def subscribed(
    subscriptions: Iterable[Subscription], targets: Sequence[Target]
) -> tuple[Subscription, ...]:
    """Choose the subscriptions that a change of these targets concerns."""
    return tuple(one for one in subscriptions if any(one.covers(target.tags) for target in targets))


def owned(change: Change, channel: str) -> tuple[Target, ...]:
    """The targets that a channel owns by its subscriptions, in their order."""
    mine = [one for one in change.subscriptions if one.channel == channel]
    return tuple(
        target for target in change.targets if any(one.covers(target.tags) for one in mine)
    )


def is_owner(change: Change, channel: str) -> bool:
    """Whether some of what is still part of the change is the channel's."""
    return any(one.state is not TargetState.TAKEN_OUT for one in owned(change, channel))


def removable(change: Change, channel: str) -> tuple[Target, ...]:
    """The channel's targets for which nothing was ever attempted."""
    if not change.is_open:
        return ()
    attempted = {id_ for batch in change.batches for id_ in batch.instance_ids}
    return tuple(
        one
        for one in owned(change, channel)
        if one.state is TargetState.PLANNED and one.instance_id not in attempted
    )


def taken_out(change: Change, theirs: Sequence[Target], who: User, now: datetime) -> Change:
    """Take targets out; the approvals of the rest stay, as every one of them covered it.

    Whoever approved said yes to each single instance that is left, with its wave, its kernels
    and its time. So the approvals are sealed anew to exactly what is left; nothing can ever be
    added this way. If nothing is left to do the change is over.
    """
    note = say("{who} took it out.", who=who)
    gone = [one.model_copy(update={"state": TargetState.TAKEN_OUT, "note": note}) for one in theirs]
    rest = reduced(change, with_targets(change, gone))
    if change.state is State.PROPOSED and not rest.in_state({TargetState.PLANNED}):
        return advance(rest, Move.CANCEL, due_at=None, ended_at=now)
    return settled(rest, now)
