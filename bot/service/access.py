"""Who may read what where: an environment's databases, changes, freezes and record."""

from collections.abc import Iterable, Sequence

from bot.domain.change import Change
from bot.domain.environment import Environment
from bot.domain.person import Person
from bot.domain.policy import Action, Circle, Decision, decide
from bot.domain.refused import RefusedError
from bot.domain.story import Entry
from bot.service.amend import find
from bot.service.desk import Desk


class Access:
    """What one person may see in one place; empty: in one of their own, such as the Home tab."""

    def __init__(self, desk: Desk, person: Person, channel: str) -> None:
        """Nothing is read yet."""
        self._desk = desk
        self._person = person
        self._channel = channel
        self._circles: dict[str, Circle] = {}

    async def decision(self, environment: Environment, change: Change | None = None) -> Decision:
        """Ask the policy whether they may read of this environment here."""
        name = environment.name
        if name not in self._circles:
            self._circles[name] = await self._desk.circle(self._person, environment)
        circle = self._circles[name]
        return decide(Action.READ, circle, environment, channel=self._channel, change=change)

    async def permit(self, environment: Environment, change: Change | None = None) -> None:
        """Refuse those who may not read this here.

        Raises:
            RefusedError: with the policy's reason.
        """
        decision = await self.decision(environment, change)
        if not decision.allowed:
            raise RefusedError(decision.sentence)

    async def environments(self) -> dict[str, Environment]:
        """The environments that may be read here, by name."""
        return {
            name: one
            for name, one in self._desk.environments.items()
            if (await self.decision(one)).allowed
        }

    async def change(self, number: int) -> Change:
        """Read a change that may be read here.

        Raises:
            RefusedError: there is none of that number, or the policy says no.
        """
        change = await find(self._desk, number)
        environment = self._desk.environments.get(change.environment)
        if environment is not None:
            await self.permit(environment, change)
        return change

    async def changes(self, found: Iterable[Change]) -> list[Change]:
        """Leave out the changes that may not be read here."""
        return [one for one in found if await self._may_read(one)]

    async def entries(self, story: Sequence[Entry]) -> list[Entry]:
        """Leave out the entries of changes and environments that may not be read here."""
        numbers = {entry.change for entry in story if entry.change is not None}
        changes = [await self._desk.changes.get(number) for number in sorted(numbers)]
        open_to = {one.number for one in changes if one is not None and await self._may_read(one)}
        names = await self.environments()
        return [
            entry
            for entry in story
            if entry.change in open_to
            or (entry.change is None and entry.record.data.get("environment", "") in {"", *names})
        ]

    async def _may_read(self, change: Change) -> bool:
        # Of an environment that is not configured any more no rule is left that could forbid it.
        environment = self._desk.environments.get(change.environment)
        return environment is None or (await self.decision(environment, change)).allowed
