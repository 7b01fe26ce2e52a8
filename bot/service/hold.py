"""What people may do shortly before a change starts: hold it, or take their own databases out."""

from collections.abc import Sequence

from bot.domain.announcement import held, is_holdable
from bot.domain.change import Change, State, Target, TargetState
from bot.domain.owners import is_owner, owned, removable, taken_out
from bot.domain.policy import Action
from bot.domain.refused import RefusedError
from bot.domain.risk import some
from bot.domain.seal import seal_of
from bot.domain.sentence import Sentence, User, say, say_many
from bot.domain.story import Record
from bot.domain.turns import Step, turned
from bot.service.wish import Wish, too_late


async def hold(wish: Wish, reason: str = "") -> Change:
    """Keep a scheduled change from starting, until it is approved anew.

    Raises:
        RefusedError: something was sent already, or the policy says no.
    """
    change = await wish.prepare()
    ttl = wish.desk.environments[change.environment].approval_ttl

    def decision(change: Change) -> Step:
        if not is_holdable(change):
            raise _not_held(change)
        wish.check(Action.HOLD, change)
        fresh = held(change, wish.who, reason, wish.asker.now, ttl)
        return fresh, (wish.record("hold", _held(change, wish.who, reason)),)

    return await wish.amend(decision)


def _not_held(change: Change) -> RefusedError:
    if change.state is State.SCHEDULED:
        return RefusedError(
            say(
                "TaurusDB holds {change} for the maintenance windows, so it is too late for Hold. "
                "Take it back with /taurus-change cancel {change}.",
                change=change.id,
            )
        )
    if change.state in {State.RUNNING, State.UNKNOWN}:
        return RefusedError(
            say(
                "{change} has begun, so it is too late for Hold. /taurus-change halt {change} "
                "keeps the rest from starting.",
                change=change.id,
            )
        )
    return too_late(change)


def _held(change: Change, who: User, reason: str) -> Sentence:
    if reason:
        return say(
            "{who} held it: {reason} It does not start, and nothing was sent. To go on, approve it "
            "again, or {requester} moves it to another time.",
            who=who,
            reason=reason,
            requester=User(user=change.requester),
        )
    return say(
        "{who} held it: it does not start, and nothing was sent. To go on, approve it again, or "
        "{requester} moves it to another time.",
        who=who,
        requester=User(user=change.requester),
    )


async def take_out(wish: Wish) -> Change:
    """Take the databases of the channel, by its tag, out of a change before they are sent.

    Raises:
        RefusedError: none of them is the channel's, something was sent for all of them, or the
            policy says no.
    """
    await wish.prepare()

    def decision(change: Change) -> Step:
        wish.check(Action.TAKE_OUT, change)
        theirs = removable(change, wish.channel)
        if not theirs:
            raise _nothing_left(change, wish.channel)
        fresh = taken_out(change, theirs, wish.who, wish.asker.now)
        return turned(change, fresh, wish.asker.now, _record(change, fresh, theirs, wish))

    return await wish.amend(decision)


def _nothing_left(change: Change, channel: str) -> RefusedError:
    if not is_owner(change, channel) or not change.is_open:
        return too_late(change)
    theirs = [one.name for one in owned(change, channel) if one.state is not TargetState.TAKEN_OUT]
    return RefusedError(
        say(
            "It is too late to take these out of {change}: something was sent for them already "
            "({names}). What TaurusDB has begun cannot be stopped.",
            change=change.id,
            names=some(theirs),
        )
    )


def _record(change: Change, fresh: Change, theirs: Sequence[Target], wish: Wish) -> Record:
    text = say_many(
        "{who} took {n} instance out ({names}): it is not upgraded by this. The approvals of the "
        "others stay.",
        "{who} took {n} instances out ({names}): they are not upgraded by this. The approvals of "
        "the others stay.",
        len(theirs),
        who=wish.who,
        names=some([one.name for one in theirs]),
    )
    ids = " ".join(one.instance_id for one in theirs)
    return wish.record(
        "take-out", text, seal=seal_of(fresh), sealed_before=seal_of(change), instances=ids
    )
