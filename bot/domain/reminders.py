"""A proposal that waits for people: who is asked again, when, and whom next.

The first reminder comes after half an hour, each further one after twice the time. Of an
escalation policy the first reminder calls the first level, the next one the second, and so on.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.domain.change import Change, State, Timing
from bot.domain.duty import Duty, is_source
from bot.domain.sentence import At, User, Users, say, say_many
from bot.domain.story import Record
from bot.domain.turns import Step, fact

FIRST_AFTER = timedelta(minutes=30)
READ_AGAIN_AFTER = timedelta(minutes=5)
"""When it is tried again to read who is on call."""


def awaiting(change: Change, now: datetime) -> Change:
    """Begin to wait for approvals from now on; what the start waited for is over."""
    update = {
        "remind_at": now + FIRST_AFTER if change.approvers else None,
        "reminders": 0,
        "is_overdue": False,
        "announce_at": None,
        "waiting": (),
        "waiting_since": None,
    }
    fresh = change.model_copy(update=update)
    return fresh.model_copy(update={"due_at": next_due(fresh, now)})


def next_due(change: Change, now: datetime) -> datetime:
    """When a proposal has to be looked at next: it expires, somebody is asked, a shift ends."""
    moments = [change.remind_at, *(duty.until for duty in change.duties)]
    if change.options.timing is Timing.AT and not change.is_overdue:
        moments.append(change.options.run_at)
    ahead = (at for at in moments if at is not None and at > now)
    return min((*ahead, change.expires_at))


def waited(change: Change, duties: Sequence[Duty] | None, now: datetime) -> Step:
    """Ask again whom it is time to ask; `duties` is None if they could not be read.

    A change whose planned time has passed needs another time first, so nobody is asked.
    """
    if change.state is not State.PROPOSED:
        return change, ()
    records: list[Record] = []
    if duties is not None:
        records += _handed_over(change, duties, now)
        change = change.model_copy(update={"duties": tuple(duties)})
    change, more = _reminded(*_overdue(change, now), now)
    due_at = next_due(change, now)
    if duties is None:
        due_at = min(due_at, now + READ_AGAIN_AFTER)
    return change.model_copy(update={"due_at": due_at}), (*records, *more)


def _handed_over(change: Change, duties: Iterable[Duty], now: datetime) -> list[Record]:
    """Call those who came on call since, on the levels that have been called before."""
    before = {duty.user for duty in change.duties}
    came = [duty for duty in _called(change, duties) if duty.user not in before]
    return [
        fact(
            now,
            "hand-over",
            say("{who} is on call now: this waits for approval.", who=User(user=duty.user)),
        )
        for duty in came
    ]


def _overdue(change: Change, now: datetime) -> tuple[Change, tuple[Record, ...]]:
    run_at = change.options.run_at
    is_late = change.options.timing is Timing.AT and run_at is not None and run_at <= now
    if not is_late or run_at is None or change.is_overdue:
        return change, ()
    text = say(
        "The planned time {at} has passed without approval, so nothing starts. Reschedule it, then "
        "approve the new time.",
        at=At(at=run_at),
    )
    return change.model_copy(update={"is_overdue": True}), (fact(now, "overdue", text),)


def _reminded(
    change: Change, records: tuple[Record, ...], now: datetime
) -> tuple[Change, tuple[Record, ...]]:
    if change.is_overdue or change.remind_at is None or now < change.remind_at:
        return change, records
    fresh = change.model_copy(
        update={
            "reminders": change.reminders + 1,
            "remind_at": now + FIRST_AFTER * 2 ** (change.reminders + 1),
        }
    )
    who = _asked(fresh)
    if not who:
        return fresh, records
    missing = change.approvals_needed - len(change.approvals)
    text = say_many(
        "{who}: this waits for {n} more approval. It expires {at}.",
        "{who}: this waits for {n} more approvals. It expires {at}.",
        missing,
        who=Users(users=who),
        at=At(at=change.expires_at),
    )
    return fresh, (*records, fact(now, "remind", text))


def _asked(change: Change) -> tuple[str, ...]:
    """Name approvers, without those whose yes is there or would not count."""
    people = [one for one in change.approvers if not is_source(one)]
    people += [duty.user for duty in _called(change, change.duties)]
    done = {one.user for one in change.approvals}
    if not change.self_approval:
        done.add(change.requester)
    return tuple(one for one in dict.fromkeys(people) if one not in done)


def _called(change: Change, duties: Iterable[Duty]) -> list[Duty]:
    return [duty for duty in duties if duty.level <= max(1, change.reminders)]
