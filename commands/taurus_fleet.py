"""`/taurus-fleet`: the databases, with their kernels and what could be upgraded."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

from bot.command import Asker, Call, Command, UsageError
from bot.domain.arguments import Option, read
from bot.domain.instance import Instance
from bot.domain.selection import select
from bot.domain.sentence import say, say_many
from bot.ports import Fleet, Message
from bot.service import Desk
from bot.views.answers import usage
from bot.views.reader import Reader
from bot.views.tables import FleetRow, Place, fleet_list
from commands.environment import environment_of
from commands.pages import PAGE_OPTION, page_number

USAGE = ("[PATTERN] [--env NAME] [--behind] [--page N]", "help")
PAGE = 25
"""Instances in one answer: as many as fit, and each costs a call for its newest kernel."""
_Item = TypeVar("_Item")
_OPTIONS = (Option(name="--env"), Option(name="--behind", words=0), PAGE_OPTION)


async def run(call: Call, asker: Asker, desk: Desk) -> Message | None:
    """List what the pattern matches."""
    reader = Reader.of(asker.person.language)
    if call.text.strip().lower() == "help":
        hint = say("See all databases, those of a pattern, or only those that are behind.")
        return usage((hint,), reader, tuple(f"/taurus-fleet {form}" for form in USAGE))
    given = read(call.text, _OPTIONS)
    if given.problems:
        raise UsageError(*given.problems)
    number = page_number(given)
    environment = environment_of(desk, call.channel, given.options.get("--env"))
    fleet = desk.fleets[environment.name]
    listed: Sequence[Instance] = await fleet.instances()
    if given.words:
        chosen = select(given.words, listed)
        if chosen.problems:
            raise UsageError(*chosen.problems)
        listed = chosen.chosen
    listed = sorted(listed, key=lambda one: one.name)
    only_behind = "--behind" in given.flags
    # Which ones are behind is only known when all of them were asked.
    rows = await _rows(fleet, listed if only_behind else page_of(listed, number))
    if only_behind:
        behind = [row for row in rows if row.newest]
        total, rows = len(behind), list(page_of(behind, number))
    else:
        total = len(listed)
    heading = say_many(
        "{n} database in {env}", "{n} databases in {env}", total, env=environment.name
    )
    return fleet_list(rows, heading, reader, Place(first=(number - 1) * PAGE + 1, total=total))


def page_of(found: Sequence[_Item], number: int) -> Sequence[_Item]:
    """Cut one page out of a list."""
    return found[(number - 1) * PAGE : number * PAGE]


async def _rows(fleet: Fleet, asked: Sequence[Instance]) -> list[FleetRow]:
    details, statuses, versions = await asyncio.gather(
        fleet.details([one.id for one in asked]),
        fleet.statuses(),
        asyncio.gather(*(fleet.version(one.id) for one in asked)),
    )
    windows = {detail.id: detail.window for detail in details}
    return [
        FleetRow(
            id=one.id,
            name=one.name,
            status=one.refined(statuses.get(one.id)).status.value,
            kernel=str(version.current),
            newest=str(version.latest) if version.upgradable else "",
            window=windows.get(one.id, ""),
        )
        for one, version in zip(asked, versions, strict=True)
    ]


FLEET = Command(
    name="/taurus-fleet",
    summary="See the databases, their kernels and what could be upgraded",
    usage=USAGE,
    run=run,
)
