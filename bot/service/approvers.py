"""Who can approve a change: people, members of groups, and whoever is on call."""

import asyncio
from collections.abc import Sequence

from bot.domain.change import Change
from bot.domain.duty import Duty, is_source
from bot.domain.sentence import Sentence, User, say, say_many
from bot.ports import ChatError
from bot.service.desk import Desk

ASKED = 30
"""People who are asked each for themselves: each copy of a card costs an edit at every turn."""


async def called(desk: Desk, approvers: Sequence[str]) -> tuple[Duty, ...] | None:
    """List who is on call among approvers, by level; None if it cannot be read."""
    rolls = await asyncio.gather(*(desk.rota.on_call(one) for one in approvers if is_source(one)))
    if not all(roll.is_known for roll in rolls):
        return None
    found = (duty for roll in rolls for duty in roll.duties)
    return tuple(sorted(found, key=lambda duty: duty.level))


async def asked_for(desk: Desk, change: Change) -> tuple[str, ...]:
    """Name the people whose approval counts; a group that cannot be read is asked by its card."""
    people: dict[str, None] = {}
    for name in change.approvers:
        found = sorted((await desk.roll(name)).users) if _is_list(name) else [name]
        people.update(dict.fromkeys(found))
    if not change.self_approval:
        people.pop(change.requester, None)
    return tuple(people)[:ASKED]


def _is_list(name: str) -> bool:
    return name[:1] == "S" or is_source(name)


async def lacking(desk: Desk, change: Change) -> Sentence | None:
    """Tell if there are not as many people as approvals are needed.

    What cannot be read at present is taken for enough: it may be read later.
    """
    if not change.approvers:
        return None
    rolls = [await desk.roll(name) for name in change.approvers if _is_list(name)]
    people = await asked_for(desk, change)
    if len(people) >= ASKED or not all(roll.is_known for roll in rolls):
        return None
    counting = [one for one in people if await _counts(desk, one)]
    if len(counting) >= change.approvals_needed:
        return None
    is_alone = change.requester in change.approvers or any(
        change.requester in roll.users for roll in rolls
    )
    return _lack(change, len(counting), is_alone=is_alone)


def _lack(change: Change, counting: int, *, is_alone: bool) -> Sentence:
    if counting:
        return say_many(
            "{n} person can approve this, but it needs {needed} approvals. Ask whoever runs this "
            "bot to name more approvers of {env}.",
            "{n} people can approve this, but it needs {needed} approvals. Ask whoever runs this "
            "bot to name more approvers of {env}.",
            counting,
            needed=change.approvals_needed,
            env=change.environment,
        )
    if is_alone:
        return say(
            "The only possible approver of {env} is {who}, who asked for this and whose own "
            "approval does not count. Ask whoever runs this bot to name another, or let somebody "
            "else ask.",
            env=change.environment,
            who=User(user=change.requester),
        )
    return say(
        "Nobody can approve this at present: no active person of this workspace is among the "
        "approvers of {env}. Ask whoever runs this bot.",
        env=change.environment,
    )


async def _counts(desk: Desk, user: str) -> bool:
    try:
        person = await desk.people.person(user)
    except ChatError:
        return True
    return person.is_active and not person.is_bot and not person.is_foreign
