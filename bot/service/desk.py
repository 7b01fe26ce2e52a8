"""What every use case works with, handed over as one value."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.duty import is_source
from bot.domain.environment import Environment
from bot.domain.freeze import Calendar
from bot.domain.policy import Circle
from bot.ports import (
    Changes,
    Chat,
    Clock,
    Fleet,
    Forms,
    Lease,
    People,
    Person,
    Signals,
    Sleep,
)
from bot.service.almanac import Almanac
from bot.service.roster import Roster
from bot.service.rota import Roll, Rota
from bot.watch import Unwatched, Watch

if TYPE_CHECKING:
    from bot.service.home import Homes


async def _always() -> bool:
    return True


LEASE = timedelta(seconds=15)
"""How long a claim lasts if it is not renewed: what a dead process held is free then."""


@dataclass(frozen=True)
class Desk:
    """Ports, rules and time. Tests hand in simulators and a clock of their own."""

    changes: Changes
    fleets: Mapping[str, Fleet]
    """By environment name."""
    rosters: Mapping[str, Roster]
    """What is known of the fleets without asking, by environment name."""
    environments: Mapping[str, Environment]
    chat: Chat
    forms: Forms
    homes: "Homes"
    """Whose Home tabs are kept in step."""
    people: People
    rota: Rota
    """Who may approve at present."""
    almanac: Almanac
    """Calendars of freezes, as they were read last."""
    signals: Signals
    clock: Clock
    sleep: Sleep
    owner: str
    """Who this process is, in leases."""
    language: str = "en-us"
    """Of the channel; private answers use the reader's own."""
    wake: Callable[[], None] = lambda: None
    """Something is due: do not wait for the next sweep."""
    watch: Watch = field(default_factory=Unwatched)
    is_sure: Callable[[], bool] = lambda: True
    """Whether the clock can be trusted; no change is taken up while it cannot."""
    sure: Callable[[], Awaitable[bool]] = _always
    """The same, after asking whoever knows the time."""

    def lease(self) -> Lease:
        """Make a claim of this process, from now on."""
        return Lease(owner=self.owner, until=self.clock() + LEASE)

    def environment_for(self, channel: str) -> Environment | None:
        """The environment that a channel speaks of, if that is only one."""
        if len(self.environments) == 1:
            return next(iter(self.environments.values()))
        speaking = [env for env in self.environments.values() if channel in env.channels]
        return speaking[0] if len(speaking) == 1 else None

    async def calendar(self, environment: Environment) -> Calendar:
        """Read everything that closes an environment, now or later."""
        declared = await self.changes.freezes(self.clock())
        return Calendar(
            windows=environment.windows,
            recurring=environment.freezes,
            freezes=tuple(one for one in declared if one.environment == environment.name),
            feeds=tuple([await self.almanac.feed(one) for one in environment.calendars]),
        )

    async def circle(self, person: Person, environment: Environment) -> Circle:
        """See which of the environment's groups somebody is in, on-call schedules included.

        A list that cannot be read counts as one without this person: in doubt, no.
        """
        names = dict.fromkeys((*environment.requesters, *environment.approvers))
        rolls = {
            name: await self.roll(name) for name in names if name[:1] == "S" or is_source(name)
        }
        inside = {name: roll for name, roll in rolls.items() if person.id in roll.users}
        stale = [roll.stale_since for roll in inside.values() if roll.stale_since is not None]
        return Circle(
            person=person,
            groups=frozenset(inside),
            unread=frozenset(name for name, roll in rolls.items() if not roll.is_known),
            stale_since=min(stale, default=None),
        )

    async def roll(self, name: str) -> Roll:
        """Read a user group or an on-call schedule."""
        return await (self.rota.on_call(name) if is_source(name) else self.rota.group(name))

    async def members(self, group: str) -> frozenset[str]:
        """Who is in a user group; nobody if Slack does not tell."""
        return (await self.roll(group)).users
