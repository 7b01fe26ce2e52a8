"""Shortly before a change starts: everybody is told, and may still hold it.

Who is told that it starts soon, and when, is a fact of the change like any other: it is due then,
and telling it is a step that is swapped in, so however many processes there are it is told once.
"""

from datetime import datetime, timedelta

from bot.domain.change import Change, Move, State, TargetState, Timing, advance
from bot.domain.reminders import awaiting
from bot.domain.sentence import At, Sentence, User, say, say_many
from bot.domain.turns import Step, fact

AHEAD = timedelta(minutes=15)
_MINUTE = timedelta(minutes=1)


def begins_at(change: Change) -> datetime | None:
    """When it begins, as far as that is known: its own time, or the cloud's first window."""
    if change.state is not State.SCHEDULED:
        return None
    if not change.batches:
        return change.options.run_at if change.options.timing is Timing.AT else None
    waiting = change.in_state({TargetState.WAITING})
    return min((one.starts_at for one in waiting if one.starts_at is not None), default=None)


def announcing(change: Change, now: datetime) -> Change:
    """Set when a change that has just become Scheduled is announced.

    What starts sooner than that is not announced: whoever approved it has just been here.
    """
    begins = begins_at(change)
    announce_at = begins - AHEAD if begins is not None and begins - AHEAD > now else None
    return change.model_copy(update={"announce_at": announce_at})


def scheduled(change: Change, now: datetime) -> Change:
    """Set what follows the last approval: when it is announced, and when it is due.

    What an earlier start waited for says nothing of this one.
    """
    fresh = announcing(change, now)
    due_at = fresh.announce_at or begins_at(fresh) or now
    return fresh.model_copy(update={"due_at": due_at, "waiting": (), "waiting_since": None})


def announced(change: Change, now: datetime) -> Step:
    """Tell that it starts soon, if it is time to; once."""
    begins, announce_at = begins_at(change), change.announce_at
    if announce_at is None or now < announce_at:
        return change, ()
    fresh = change.model_copy(update={"announce_at": None})
    if begins is None or begins <= now:
        return fresh, ()  # The bot was away: it is not soon any more.
    return fresh, (fact(now, "ahead", _soon(change, begins, now)),)


def _soon(change: Change, begins: datetime, now: datetime) -> Sentence:
    minutes = -(-(begins - now) // _MINUTE)
    if change.batches:
        return say_many(
            "TaurusDB begins it in {n} minute, {at}, when the first maintenance window opens. "
            "Until then /taurus-change cancel {change} takes it back.",
            "TaurusDB begins it in {n} minutes, {at}, when the first maintenance window opens. "
            "Until then /taurus-change cancel {change} takes it back.",
            minutes,
            at=At(at=begins),
            change=change.id,
        )
    return say_many(
        "{change} starts in {n} minute, {at}. Hold keeps it from starting.",
        "{change} starts in {n} minutes, {at}. Hold keeps it from starting.",
        minutes,
        at=At(at=begins),
        change=change.id,
    )


def early(change: Change, now: datetime) -> Step | None:
    """Wait for the time of a scheduled change, and announce it meanwhile; None once it is time."""
    begins = begins_at(change)
    if change.batches or begins is None or now >= begins:
        return None
    fresh, records = announced(change, now)
    return fresh.model_copy(update={"due_at": fresh.announce_at or begins}), records


def is_holdable(change: Change) -> bool:
    """Whether it is approved, and nothing was sent yet."""
    return change.state is State.SCHEDULED and not change.batches


def held(change: Change, who: User, reason: str, now: datetime, ttl: timedelta) -> Change:
    """Keep a scheduled change from starting: it needs a new yes, for this time or another."""
    why = say("{who} held it.", who=who)
    if reason:
        why = say("{who} held it: {reason}", who=who, reason=reason)
    update = {"approvals": (), "difference": (why,), "expires_at": now + ttl}
    return awaiting(advance(change, Move.VOID, **update), now)
