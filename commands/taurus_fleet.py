"""`/taurus-fleet`: the databases, with their kernels and what could be upgraded."""

import asyncio
from collections.abc import Sequence

from bot.command import Asker, Call, Command, UsageError
from bot.domain.arguments import Option, read
from bot.domain.instance import Instance
from bot.domain.selection import select
from bot.domain.sentence import say, say_many
from bot.ports import Fleet, Message
from bot.service import Desk
from bot.views.answers import usage
from bot.views.reader import Reader
from bot.views.tables import FleetRow, fleet_list
from commands.environment import environment_of

USAGE = ("[PATTERN] [--env NAME] [--behind]", "help")
SHOWN = 40
"""Instances in one answer: each costs a call for its newest kernel."""
_OPTIONS = (Option(name="--env"), Option(name="--behind", words=0))


async def run(call: Call, asker: Asker, desk: Desk) -> Message | None:
    """List what the pattern matches."""
    reader = Reader.of(asker.person.language)
    if call.text.strip().lower() == "help":
        hint = say("See all databases, those of a pattern, or only those that are behind.")
        return usage((hint,), reader, tuple(f"/taurus-fleet {form}" for form in USAGE))
    given = read(call.text, _OPTIONS)
    if given.problems:
        raise UsageError(*given.problems)
    environment = environment_of(desk, call.channel, given.options.get("--env"))
    fleet = desk.fleets[environment.name]
    listed = await fleet.instances()
    if given.words:
        chosen = select(given.words, listed)
        if chosen.problems:
            raise UsageError(*chosen.problems)
        listed = chosen.chosen
    rows, total = await _rows(fleet, listed, only_behind="--behind" in given.flags)
    heading = say_many(
        "{n} database in {env}", "{n} databases in {env}", total, env=environment.name
    )
    return fleet_list(rows, total, heading, reader)


async def _rows(
    fleet: Fleet, listed: Sequence[Instance], *, only_behind: bool
) -> tuple[list[FleetRow], int]:
    listed = sorted(listed, key=lambda one: one.name)
    asked = listed if only_behind else listed[:SHOWN]
    details, statuses, versions = await asyncio.gather(
        fleet.details([one.id for one in asked]),
        fleet.statuses(),
        asyncio.gather(*(fleet.version(one.id) for one in asked)),
    )
    windows = {detail.id: detail.window for detail in details}
    rows = [
        FleetRow(
            id=one.id,
            name=one.name,
            status=one.refined(statuses.get(one.id)).status.value,
            kernel=str(version.current),
            newest=str(version.latest) if version.upgradable else "",
            window=windows.get(one.id, ""),
        )
        for one, version in zip(asked, versions, strict=True)
        if version.upgradable or not only_behind
    ]
    return rows[:SHOWN], len(rows) if only_behind else len(listed)


FLEET = Command(
    name="/taurus-fleet",
    summary="See the databases, their kernels and what could be upgraded",
    usage=USAGE,
    run=run,
)
