"""How a change turns: what its targets' states mean for it, and the lines people hear of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.change import (
    IN_FLIGHT,
    NEW,
    NOT_NEW,
    UNSEEN,
    Change,
    Move,
    State,
    Target,
    TargetState,
    advance,
    allows,
    with_targets,
)
from bot.domain.progress import begun_at, ended
from bot.domain.risk import some
from bot.domain.sentence import Sentence, say, say_many, word
from bot.domain.story import Record

Step = tuple[Change, tuple[Record, ...]]

NAMED = 5
"""How many instances a line names; the card has them all."""
_ALARMING = frozenset({TargetState.FAILED, TargetState.REFUSED, TargetState.NEVER_STARTED, *UNSEEN})
_UNDER_WAY = frozenset({State.SCHEDULED, State.RUNNING, State.HALTED, State.UNKNOWN})


def fact(
    at: datetime,
    kind: str,
    sentence: Sentence,
    verbatim: str = "",
    more: Sequence[Sentence] = (),
    **data: str,
) -> Record:
    """Record something that the bot saw or did, as a line of the thread."""
    return Record(
        at=at,
        actor="bot",
        kind=kind,
        sentence=sentence,
        told=True,
        more=tuple(more),
        verbatim=verbatim,
        data={key: value for key, value in data.items() if value},
    )


def turned(before: Change, after: Change, now: datetime, *records: Record) -> Step:
    """Complete a step: a turn that people must hear of becomes a line of its own."""
    waves = tuple(fact(now, "wave", sentence) for sentence in ended(before, after))
    records = (*records, *waves)
    if after.state is before.state:
        return after, records
    if after.state is State.HALTED and after.halt_reason is not None:
        return after, (*records, fact(now, "halt", after.halt_reason))
    if after.state is State.UNKNOWN:
        return after, (*records, _lost(after, now))
    if before.state is State.SCHEDULED and after.state is State.RUNNING and _is_first(before):
        return after, (*records, started(after, now))
    if after.is_open:
        return after, records
    reported = (_report(after, now),) if after.batches else ()
    return after, (*records, closing(after, now), *reported)


def _is_first(change: Change) -> bool:
    # What the cloud holds for the windows begins in each of them.
    return all(target.began_at is None for target in change.targets)


def followed(change: Change, targets: Sequence[Target], now: datetime) -> Change:
    """Take in what became of targets, and what that means for the change.

    Who has said yes to the rest of a halted change knew nothing of what went wrong since.
    """
    after = with_targets(change, targets)
    known = {target.instance_id for target in change.in_state(_ALARMING)}
    news = [one for one in after.in_state(_ALARMING) if one.instance_id not in known]
    if change.state is State.HALTED and change.approvals and news:
        why = say_many(
            "{n} instance did not go as planned after it was given ({names}).",
            "{n} instances did not go as planned after it was given ({names}).",
            len(news),
            names=_names(news),
        )
        after = after.model_copy(update={"approvals": (), "difference": (why,)})
    return settled(after, now)


def settled(change: Change, now: datetime) -> Change:
    """Bring the state of a change that was approved in line with its targets'."""
    if change.state not in _UNDER_WAY:
        return change
    if change.in_state(UNSEEN):
        if change.state is State.UNKNOWN:
            return change
        return advance(_begun(change, Move.LOSE_SIGHT), Move.LOSE_SIGHT, due_at=now)
    if change.state is State.UNKNOWN:
        # What was halted before it got out of sight is halted still.
        move = Move.HALT if change.halt_reason else Move.REGAIN_SIGHT
        change = advance(change, move, due_at=now)
    if change.in_state({*IN_FLIGHT, TargetState.PLANNED}):
        return _between(change, now)
    move = ending(change)
    return advance(_begun(change, move), move, due_at=None, ended_at=now)


def _begun(change: Change, move: Move) -> Change:
    # What the cloud holds for the windows is Scheduled, though it has begun for us.
    return change if allows(change, move) else advance(change, Move.START)


def ending(change: Change) -> Move:
    """Tell the move that closes a change of which nothing is in flight or planned.

    All new: succeed. None new: fail. Some: partly fail. Any not to be told: lose sight. What was
    taken out does not count.
    """
    counts = change.counts()
    if any(counts[state] for state in UNSEEN):
        return Move.LOSE_SIGHT
    new = sum(counts[state] for state in NEW)
    if new and new == len(change.kept):
        return Move.SUCCEED
    if new:
        return Move.PARTLY_FAIL
    if any(counts[state] for state in NOT_NEW):
        return Move.FAIL
    return Move.CANCEL


def _between(change: Change, now: datetime) -> Change:
    flying = change.in_state(IN_FLIGHT)
    planned = change.in_state({TargetState.PLANNED})
    waiting = all(target.state is TargetState.WAITING for target in flying)
    if change.state is State.RUNNING and planned and (reason := _alarm(change, now)):
        return advance(change, Move.HALT, halt_reason=reason, approvals=(), due_at=now)
    if change.state is State.RUNNING and flying and waiting and not planned:
        return advance(change, Move.HAND_OVER)
    if change.state is State.SCHEDULED and flying and not waiting:
        return advance(change, Move.START)
    return change


def _alarm(change: Change, now: datetime) -> Sentence | None:
    known = change.resumed_at
    bad = [
        target
        for target in change.in_state(_ALARMING)
        if known is None or target.ended_at is None or target.ended_at > known
    ]
    slow = [target for target in change.targets if _is_news(slow_at(target, change), now, known)]
    slow = [target for target in slow if target not in bad]
    unseen = [target for target in bad if target.state in UNSEEN]
    if len(bad) + len(slow) < change.halt_after and not unseen:
        return None
    if slow and not bad:
        return say_many(
            "Halted: {n} instance takes longer than the {minutes} minutes of the policy ({names}), "
            "so nothing more starts.",
            "Halted: {n} instances take longer than the {minutes} minutes of the policy ({names}), "
            "so nothing more starts.",
            len(slow),
            minutes=_minutes(change.slow_after or timedelta()),
            names=_names(slow),
        )
    return say_many(
        "Halted: {n} instance did not go as planned ({names}), so nothing more starts.",
        "Halted: {n} instances did not go as planned ({names}), so nothing more starts.",
        len(bad) + len(slow),
        names=_names([*bad, *slow]),
    )


def slow_at(target: Target, change: Change) -> datetime | None:
    """When a target became slow, or will; None if it ended in time, or nothing counts as slow.

    What waits for its maintenance window has not begun.
    """
    began_at = begun_at(target, change.options.timing)
    if change.slow_after is None or began_at is None:
        return None
    at = began_at + change.slow_after
    return None if target.ended_at is not None and target.ended_at <= at else at


def _is_news(at: datetime | None, now: datetime, known: datetime | None) -> bool:
    return at is not None and at <= now and (known is None or at > known)


def _minutes(duration: timedelta) -> str:
    return f"{duration.total_seconds() / 60:g}"


def _lost(change: Change, now: datetime) -> Record:
    unseen = change.in_state(UNSEEN)
    text = say_many(
        "The outcome of {n} instance is not known ({names}). Nothing is sent again; the card "
        "tells what was seen.",
        "The outcome of {n} instances is not known ({names}). Nothing is sent again; the card "
        "tells what was seen.",
        len(unseen),
        names=_names(unseen),
    )
    return fact(now, "unknown", text)


def _names(targets: Sequence[Target]) -> str:
    return some([target.name for target in targets], NAMED)


def started(change: Change, now: datetime) -> Record:
    """Make the line for those who only watch; the card's thread has TaurusDB's own answer."""
    text = say_many(
        "{change} has started: {n} instance of {env}.",
        "{change} has started: {n} instances of {env}.",
        len(change.kept),
        change=change.id,
        env=change.environment,
    )
    return fact(now, "start", text).model_copy(update={"told": False})


def _report(change: Change, now: datetime) -> Record:
    text = say("Report of {change}.", change=change.id)
    return fact(now, "report", text)


def closing(change: Change, now: datetime) -> Record:
    """Make the one closing line of a change; a view adds the mentions."""
    if not change.batches:
        text = say(
            "{change} is over: {state}. Nothing was sent to the databases.",
            change=change.id,
            state=word(change.state),
        )
        return fact(now, "closed", text)
    counts = change.counts()
    new = counts[TargetState.SUCCEEDED] + counts[TargetState.ALREADY_NEWEST]
    text = say(
        "{change} is over: {state}. {new} of {all} run the newest kernel.",
        change=change.id,
        state=word(change.state),
        new=new,
        all=len(change.kept),
    )
    return fact(now, "closed", text)
