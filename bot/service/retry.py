"""Plan anew what a change left undone, as a new change that points to the old one."""

from datetime import datetime

from bot.command import Asker
from bot.domain.change import (
    IN_FLIGHT,
    NOT_NEW,
    UNSEEN,
    Change,
    Options,
    State,
    Target,
    TargetState,
    with_targets,
)
from bot.domain.instance import JOBS_APPEAR_WITHIN
from bot.domain.policy import Action
from bot.domain.refused import RefusedError
from bot.domain.sentence import At, Sentence, say
from bot.domain.turns import Step, settled, turned
from bot.ports import StaleError
from bot.service.amend import find
from bot.service.attend import look
from bot.service.desk import Desk
from bot.service.propose import Request, permit, propose
from bot.service.wish import Wish, too_late

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
        change = await _decide_unseen(wish, await _look_again(desk, change))
    if change.is_open:
        raise too_late(change)
    left = tuple(target.instance_id for target in change.in_state(_LEFT))
    if not left:
        raise RefusedError(
            say(
                "{change} left nothing to retry: every target that is still part of it is new.",
                change=change.id,
            )
        )
    request = Request(words=left, options=options, channel=channel, key=key, parent=number)
    try:
        return await propose(desk, asker, environment, request)
    except RefusedError as refused:
        if len(left) == 1:
            raise
        others = say("Or upgrade the others alone: name them to /taurus-upgrade.")
        raise RefusedError(*refused.problems, others) from None


async def _look_again(desk: Desk, change: Change) -> Change:
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
        now = wish.asker.now
        wish.check(Action.RESUME, change)
        if problems := _undecidable(change, now):
            raise RefusedError(*problems)
        # A table knows no mentions; who it was stands in the thread.
        note = say("Somebody looked, and decided that it never began.")
        told = say("{who} decided that it never began.", who=wish.who)
        update = {"state": TargetState.NEVER_STARTED, "note": note, "ended_at": now}
        unseen = [target.model_copy(update=update) for target in change.in_state(UNSEEN)]
        planned = change.in_state({TargetState.PLANNED})
        dropped = [target.model_copy(update={"state": TargetState.CANCELLED}) for target in planned]
        decided = settled(with_targets(change, (*unseen, *dropped)), now)
        return turned(change, decided, now, wish.record("decide", told))

    return await wish.amend(decision)


def _undecidable(change: Change, now: datetime) -> list[Sentence]:
    """Tell what nobody can decide yet, because it began, or because it may still show."""
    problems = [
        say("{name} is still being upgraded. Retry when it is over.", name=target.name)
        for target in change.in_state(IN_FLIGHT - UNSEEN)
    ]
    doubts = (_doubt(target, now) for target in change.in_state(UNSEEN))
    return problems + [doubt for doubt in doubts if doubt is not None]


def _doubt(target: Target, now: datetime) -> Sentence | None:
    asked_at = max(filter(None, (target.submitted_at, target.answered_at)), default=now)
    shown_until = asked_at + JOBS_APPEAR_WITHIN
    if target.state is TargetState.NOT_CONFIRMED and target.job_id:
        return say(
            "{name} has the task {task} in the cloud, so it did begin. See in the console what "
            "became of it, then use Look again.",
            name=target.name,
            task=target.job_id,
        )
    if now < shown_until:
        return say(
            "A job of {name} may still appear until {at}. Wait, and use Retry if none did.",
            name=target.name,
            at=At(at=shown_until),
        )
    return None
