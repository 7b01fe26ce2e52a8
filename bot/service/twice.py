"""The same wish twice within moments: a finger that slipped, or two people with one thought.

An upgrade cannot be undone, so the second one is asked whether it is meant.
"""

from datetime import datetime, timedelta

from bot.domain.change import Change, Options, State
from bot.domain.environment import Environment
from bot.domain.refused import RefusedError
from bot.domain.selection import select
from bot.domain.sentence import At, Sentence, User, say, word
from bot.service.desk import Desk
from bot.service.propose import Request, completed

MOMENT = timedelta(seconds=15)
"""What was asked longer ago is asked anew on purpose."""
_ENDED_BY_PEOPLE = frozenset({State.CANCELLED, State.REJECTED})
"""Who ended the first one knows of it: asking once more is no slip."""
_LOOKED_AT = 20
"""More changes than people ask for within moments."""


async def refuse_twice(
    desk: Desk,
    environment: Environment,
    request: Request,
    now: datetime,
) -> None:
    """Refuse what has been asked for just now; the same delivery may come again.

    Raises:
        RefusedError: with what became of the first, and how to insist.
        CloudError: the cloud could not be read.
    """
    recent = await desk.changes.find(
        environment=environment.name, since=now - MOMENT, limit=_LOOKED_AT
    )
    wanted = completed(request.options, environment)
    others = (one for one in recent if one.key != request.key and one.state not in _ENDED_BY_PEOPLE)
    alike = [one for one in others if is_alike(one.options, wanted)]
    if not alike or any(one.key == request.key for one in recent):
        return
    chosen = select(request.words, await desk.fleets[environment.name].instances()).chosen
    ids = frozenset(one.id for one in chosen)
    for change in alike:
        # Of a glob or a tag some were left out: what it meant then is what it means now.
        if ids == frozenset(change.meant or (one.instance_id for one in change.targets)):
            raise RefusedError(_asked_before(change))


def is_alike(first: Options, second: Options) -> bool:
    """Whether two wishes differ at most in their reasons, and by the moment of a `+2h`."""
    if (first.run_at is None) != (second.run_at is None):
        return False
    if first.run_at and second.run_at and abs(first.run_at - second.run_at) > MOMENT:
        return False
    unlike = {"run_at", "reason", "overridden"}
    return first.model_dump(exclude=unlike) == second.model_dump(exclude=unlike)


def _asked_before(change: Change) -> Sentence:
    who, at, state = User(user=change.requester), At(at=change.created_at), word(change.state)
    if change.is_open:
        return say(
            "{who} asked for exactly this at {at}: {change} is {state}. It was not planned a "
            "second time. See its card, or /taurus-change show {change}.",
            who=who,
            at=at,
            change=change.id,
            state=state,
        )
    return say(
        "{who} asked for exactly this at {at}, and {change} is {state} by now. Do you mean it "
        "once more? Nothing was planned yet: add --again to the same line if you do.",
        who=who,
        at=at,
        change=change.id,
        state=state,
    )
