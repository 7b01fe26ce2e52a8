"""Plan anew what a change left undone, as a new change that points to the old one."""

from datetime import datetime

from bot.command import Asker
from bot.domain.change import (
    NOT_NEW,
    UNSEEN,
    Change,
    Options,
    State,
    TargetState,
    advance,
    ending,
    with_targets,
)
from bot.domain.instance import JOBS_APPEAR_WITHIN
from bot.domain.policy import Action
from bot.domain.refused import RefusedError
from bot.domain.sentence import At, say
from bot.domain.steps import Step, turned
from bot.ports import StaleError
from bot.service.amend import find
from bot.service.approve import Wish, too_late
from bot.service.attend import look
from bot.service.desk import Desk
from bot.service.propose import permit, propose

_LEFT = frozenset({*NOT_NEW, TargetState.CANCELLED, *UNSEEN})


async def retry(desk: Desk, asker: Asker, number: int, *, key: str, channel: str) -> Change:
    """Propose what failed or never started; what is unknown is looked up first.

    Raises:
        RefusedError: nothing is left to retry, something still runs, or the policy says no.
        CloudError: the world could not be read.
    """
    wish = Wish(desk, asker, channel, number)
    change = await wish.prepare()
    environment = desk.environments[change.environment]
    options = Options(
        reason=change.options.reason, wave_sizes=change.options.wave_sizes, soak=change.options.soak
    )
    await permit(desk, asker, environment, channel, options)
    if change.state is State.UNKNOWN:
        change = await _decide_unseen(wish, await _look(desk, change))
    if change.is_open:
        raise too_late(change)
    left = [target.instance_id for target in change.in_state(_LEFT)]
    if not left:
        raise RefusedError(
            say("{change} left nothing to retry: every target is new.", change=change.id)
        )
    return await propose(
        desk, asker, environment, left, options, key=key, channel=channel, parent=number
    )


async def _look(desk: Desk, change: Change) -> Change:
    """Look as the executor does, which may be looking at the same moment."""
    while change.state is State.UNKNOWN:
        try:
            return await look(desk, change)
        except StaleError:
            change = await find(desk, change.number)
    return change


async def _decide_unseen(wish: Wish, change: Change) -> Change:
    """A person decides what looking could not tell: it did not happen.

    The plan of the retry reads the world once more, and refuses what is running after all.
    """
    if change.state is not State.UNKNOWN:
        return change

    def decision(change: Change) -> Step:
        if change.state is not State.UNKNOWN:
            raise too_late(change)
        wish.check(Action.RESUME, change)
        now = wish.asker.now
        _refuse_early(change, now)
        note = say("{who} decided that it never began.", who=wish.who)
        update = {"state": TargetState.NEVER_STARTED, "note": note, "ended_at": now}
        unseen = [target.model_copy(update=update) for target in change.in_state(UNSEEN)]
        planned = change.in_state({TargetState.PLANNED})
        dropped = [target.model_copy(update={"state": TargetState.CANCELLED}) for target in planned]
        decided = with_targets(change, (*unseen, *dropped))
        if decided.in_state({TargetState.ACCEPTED, TargetState.UPGRADING, TargetState.WAITING}):
            raise too_late(change)
        closed = advance(decided, ending(decided), due_at=None, ended_at=now)
        return turned(change, closed, now, wish.record("decide", note))

    return await wish.amend(decision)


def _refuse_early(change: Change, now: datetime) -> None:
    """Keep people from deciding on what nobody can have seen yet: it may be sent twice then."""
    sent_at = max(target.submitted_at or now for target in change.in_state(UNSEEN))
    until = sent_at + JOBS_APPEAR_WITHIN
    if now < until:
        raise RefusedError(
            say(
                "It is too early to say that {change} never began: the cloud may show it as late "
                "as {at}. The bot goes on looking; decide then.",
                change=change.id,
                at=At(at=until),
            )
        )
