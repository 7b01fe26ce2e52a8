"""Freezes: who may declare or lift one, and telling the team."""

import logging
from datetime import datetime

from bot.command import Asker
from bot.domain.change import Change, State, TargetState
from bot.domain.environment import Environment
from bot.domain.freeze import Freeze, starts_at
from bot.domain.policy import Action, decide
from bot.domain.refused import RefusedError
from bot.domain.sentence import At, Sentence, User, say
from bot.domain.story import Record
from bot.domain.windows import Span
from bot.ports import ChatError
from bot.service.desk import Desk
from bot.views.answers import told
from bot.views.reader import Reader

_APPROVED = frozenset({State.SCHEDULED, State.RUNNING, State.UNKNOWN})
_log = logging.getLogger(__name__)


async def declare(desk: Desk, asker: Asker, freeze: Freeze, *, channel: str) -> Freeze:
    """Store a freeze and tell it where the environment's changes are told.

    Raises:
        RefusedError: the policy says no.
    """
    environment = desk.environments[freeze.environment]
    await _permit(desk, asker, environment, Action.FREEZE, channel)
    text = say(
        "{who} froze {env} from {start} to {end}: {reason}",
        who=User(user=asker.person.id),
        env=freeze.environment,
        start=At(at=freeze.start),
        end=At(at=freeze.end),
        reason=freeze.reason,
    )
    stored = await desk.changes.add_freeze(
        freeze, (_record(asker, "freeze", text, freeze, channel),)
    )
    await _announce(desk, environment, channel, text, stored.name)
    return stored


async def lift(desk: Desk, asker: Asker, number: int, *, channel: str) -> Freeze:
    """End a freeze early.

    Raises:
        RefusedError: it does not hold any more, or the policy says no.
    """
    freezes = await desk.changes.freezes(asker.now)
    freeze = next((one for one in freezes if one.id == number), None)
    environment = desk.environments.get(freeze.environment) if freeze else None
    if freeze is None or environment is None:
        raise _over(number)
    if freeze.author != asker.person.id:
        await _permit(desk, asker, environment, Action.LIFT, channel)
    text = say(
        "{who} lifted {freeze} of {env}: changes may start again.",
        who=User(user=asker.person.id),
        freeze=freeze.name,
        env=freeze.environment,
    )
    if not await desk.changes.lift_freeze(
        number, asker.now, (_record(asker, "lift", text, freeze, channel),)
    ):
        raise _over(number)
    await _announce(desk, environment, channel, text, f"{freeze.name} lifted")
    return freeze


def _over(number: int) -> RefusedError:
    return RefusedError(
        say("There is no FRZ-{number} that still holds. See /taurus-freeze list.", number=number)
    )


async def _permit(
    desk: Desk, asker: Asker, environment: Environment, action: Action, channel: str
) -> None:
    circle = await desk.circle(asker.person, environment)
    decision = decide(action, circle, environment, channel=channel)
    if not decision.allowed:
        raise RefusedError(decision.sentence)


def _record(asker: Asker, kind: str, sentence: Sentence, freeze: Freeze, channel: str) -> Record:
    data = {"channel": channel, "environment": freeze.environment, "delivery": asker.key}
    return Record(at=asker.now, actor=asker.person.id, kind=kind, sentence=sentence, data=data)


async def concerned(desk: Desk, freeze: Freeze) -> tuple[Sentence, ...]:
    """Tell what a freeze means for the open changes of its environment."""
    changes = await desk.changes.find(states=_APPROVED, environment=freeze.environment)
    span = Span(freeze.start, freeze.end)
    said = (_concern(change, span, desk.clock()) for change in reversed(changes))
    return tuple(one for one in said if one is not None)


def _concern(change: Change, span: Span, now: datetime) -> Sentence | None:
    if change.in_state({TargetState.WAITING}):
        return say(
            "{change} waits in TaurusDB for maintenance windows, which a freeze does not stop. "
            "Cancel it with /taurus-change cancel {change} if it must not run.",
            change=change.id,
        )
    if not change.in_state({TargetState.PLANNED}):
        return None
    at = starts_at(change.options, now)
    if change.state is State.SCHEDULED and span.has(at):
        return say(
            "{change} is planned for {at}: it will not start then.", change=change.id, at=At(at=at)
        )
    if change.state is State.RUNNING:
        return say("{change} is running: no further batch starts then.", change=change.id)
    return None


async def _announce(
    desk: Desk, environment: Environment, channel: str, text: Sentence, name: str
) -> None:
    """Tell the team. The freeze holds whether Slack takes the words or not."""
    message = told(text, Reader.of(desk.language))
    for place in dict.fromkeys((channel, *environment.notify)):
        try:
            await desk.chat.post(place, message, tag={"freeze": name})
        except ChatError as error:
            _log.warning("a freeze was not announced in %s: %s", place, error.code)
