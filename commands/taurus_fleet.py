"""`/taurus-fleet`: the databases, with their kernels and what could be upgraded."""

import asyncio
import shlex
from collections.abc import Sequence

from bot.command import Asker, Call, Click, Command, UsageError
from bot.domain.arguments import Arguments, Option, read
from bot.domain.drift import drift_of
from bot.domain.instance import Instance, Version
from bot.domain.model import Frozen
from bot.domain.selection import BEHIND, select
from bot.domain.sentence import say
from bot.ports import Fleet, Message
from bot.service import Desk
from bot.service.access import Access
from bot.service.roster import FRESH, Known
from bot.service.survey import version_of
from bot.views.answers import usage
from bot.views.fleet import NEXT, PREVIOUS, FleetPage, FleetRow, fleet_list
from bot.views.reader import Reader
from commands.environment import environment_of
from commands.pages import PAGE_OPTION, page_number

USAGE = ("[PATTERN] [--env NAME] [--behind] [--page N]", "help")
PAGE = 20
"""Instances on one page: as many as one call for details takes."""
PATIENCE = 20.0
"""Seconds that somebody waits for which ones are behind; the rest is read in the background."""
_OPTIONS = (Option(name="--env"), Option(name="--behind", words=0), PAGE_OPTION)


class Line(Frozen):
    """What a line asks to see."""

    words: tuple[str, ...]
    environment: str
    only_behind: bool
    page: int

    def turned(self, page: int) -> str:
        """Write the line that shows another page of the same."""
        behind = ["--behind"] if self.only_behind else []
        return shlex.join([*self.words, "--env", self.environment, *behind, "--page", str(page)])

    def draft(self) -> str:
        """Write the line that plans the upgrade of those of them that are behind."""
        words = [one if one.startswith(BEHIND) else f"{BEHIND}{one}" for one in self.words or "*"]
        return shlex.join([*words, "--env", self.environment])


async def run(call: Call, asker: Asker, desk: Desk) -> Message | None:
    """List what the pattern matches."""
    reader = Reader.of(asker.person.language)
    if call.text.strip().lower() == "help":
        hint = say("See all databases, those of a pattern, or only those that are behind.")
        return usage((hint,), reader, tuple(f"/taurus-fleet {form}" for form in USAGE))
    access = Access(desk, asker.person, call.channel)
    return await _page(call.text, call.channel, desk, access, reader)


async def turn(click: Click, asker: Asker, desk: Desk) -> Message | None:
    """Show another page in the place of the one with the button."""
    access = Access(desk, asker.person, click.channel)
    reader = Reader.of(asker.person.language)
    page = await _page(click.value, click.channel, desk, access, reader)
    return page.model_copy(update={"replaces": True})


async def _page(text: str, channel: str, desk: Desk, access: Access, reader: Reader) -> Message:
    line = _understood(read(text, _OPTIONS), channel, desk)
    await access.permit(desk.environments[line.environment])
    known = await _known(desk, line)
    listed: Sequence[Instance] = known.instances
    if line.words:
        selection = select(line.words, listed)
        if selection.problems:
            raise UsageError(*selection.problems)
        listed = selection.chosen
    fleet = desk.fleets[line.environment]
    versions = dict(known.versions)
    chosen = sorted(listed, key=lambda one: one.name)
    if line.only_behind:
        chosen = [one for one in chosen if one.id in versions and versions[one.id].upgradable]
    last = max(1, -(-len(chosen) // PAGE))
    number = min(line.page, last)
    shown = chosen[(number - 1) * PAGE : number * PAGE]
    versions |= await _unread(fleet, shown, versions)
    drift = drift_of(listed, versions)
    return fleet_list(
        FleetPage(
            environment=line.environment,
            rows=await _rows(fleet, shown, versions),
            drift=drift,
            first=(number - 1) * PAGE + 1,
            total=len(chosen),
            previous=line.turned(number - 1) if number > 1 else "",
            next=line.turned(number + 1) if number < last else "",
            draft=line.draft() if drift.behind else "",
        ),
        reader,
    )


def _understood(given: Arguments, channel: str, desk: Desk) -> Line:
    if given.problems:
        raise UsageError(*given.problems)
    number = page_number(given)
    environment = environment_of(desk, channel, given.options.get("--env"))
    return Line(
        words=given.words,
        environment=environment.name,
        only_behind="--behind" in given.flags,
        page=number,
    )


async def _known(desk: Desk, line: Line) -> Known:
    """Read the fleet; which ones are behind is only known when each of them was asked."""
    roster = desk.rosters[line.environment]
    if line.only_behind:
        try:
            async with asyncio.timeout(PATIENCE):
                return await roster.complete()
        except TimeoutError:
            pass
    return await roster.known(FRESH)


async def _unread(
    fleet: Fleet, shown: Sequence[Instance], known: dict[str, Version]
) -> dict[str, Version]:
    ids = [one.id for one in shown if one.id not in known]
    found = await asyncio.gather(*(version_of(fleet, one) for one in ids))
    return {one: version for one, version in zip(ids, found, strict=True) if version}


async def _rows(
    fleet: Fleet, shown: Sequence[Instance], versions: dict[str, Version]
) -> tuple[FleetRow, ...]:
    details = await fleet.details([one.id for one in shown])
    windows = {detail.id: detail.window for detail in details}
    return tuple(_row(one, versions.get(one.id), windows.get(one.id, "")) for one in shown)


def _row(instance: Instance, version: Version | None, window: str) -> FleetRow:
    kernel = version.current if version else instance.kernel
    return FleetRow(
        id=instance.id,
        name=instance.name,
        status=instance.status,
        kernel=str(kernel or "?"),
        newest=str(version.latest) if version and version.upgradable else "",
        window=window,
    )


FLEET = Command(
    name="/taurus-fleet",
    summary=say("See the databases, their kernels and what could be upgraded"),
    usage=USAGE,
    run=run,
    clicks={PREVIOUS: turn, NEXT: turn},
)
