"""Processes and people whose steps a test orders: everything stops before whatever others see.

Each activity runs until it is about to commit or to change something in the cloud, and goes on
when it is told to. A process can be killed at any of these moments, as by SIGKILL: nothing that
it would have done afterwards happens, not even in its `finally`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar, cast

import httpx
from pydantic import SecretStr
from sqlalchemy import Connection

from bot.calendars import ICalendars
from bot.command import Asker
from bot.domain.change import Change
from bot.domain.environment import Environment
from bot.domain.errors import CloudError
from bot.domain.person import Group, Person
from bot.domain.refused import RefusedError
from bot.domain.story import Record
from bot.ports import Chat, Forms
from bot.sandbox.taurus.instances import Instance
from bot.service import Desk
from bot.service.almanac import Almanac
from bot.service.attend import attend
from bot.service.home import Homes
from bot.service.roster import Roster
from bot.service.rota import Rota
from bot.signals import HttpSignals
from bot.store import SqlChanges
from bot.taurus import AkSk, Limits, TaurusConfig, TaurusFleet
from bot.taurus.calls import Caller
from bot.taurus.fleet import connect
from tests.interleavings.wire import REGION, Sent, Wire

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
WATCHED = {"batch_upgrade", "cancel_scheduled"}
PATIENCE = 120.0
"""Seconds after which an activity that neither stops nor ends is stuck."""

_Result = TypeVar("_Result")
_Given = ParamSpec("_Given")


class Killed(BaseException):
    """The process is no more. Not an Exception: no code of the bot may catch it."""


@dataclass(eq=False)
class Activity:
    """Something that one process does, from one moment others could see to the next."""

    name: str
    slot: int
    change: int = 0
    task: asyncio.Task[None] | None = None
    going_on: asyncio.Future[None] | None = None
    paused_at: str = ""
    is_dead: bool = False

    @property
    def is_done(self) -> bool:
        return self.task is not None and self.task.done()


_current: ContextVar[Activity] = ContextVar("activity")


class MortalChanges(SqlChanges):
    """The real store, which stops before each commit that matters and serves no dead process."""

    scene: "Scene"

    async def add(self, change: Change, records: Sequence[Record]) -> Change:
        await self.scene.pause("add")
        return await super().add(change, records)

    async def save(self, change: Change, records: Sequence[Record]) -> Change:
        self.scene.on_saving(change, records)
        await self.scene.pause("save")
        saved = await super().save(change, records)
        self.scene.on_saved(saved, records)
        if "attempt" in {one.kind for one in records}:
            await self.scene.pause("send")  # the machine may sleep before the request leaves
        return saved

    async def _read(
        self,
        work: Callable[Concatenate[Connection, _Given], _Result],
        *args: _Given.args,
        **kwargs: _Given.kwargs,
    ) -> _Result:
        _refuse_the_dead()
        return await super()._read(work, *args, **kwargs)

    async def _write(
        self,
        work: Callable[Concatenate[Connection, _Given], _Result],
        *args: _Given.args,
        **kwargs: _Given.kwargs,
    ) -> _Result:
        _refuse_the_dead()
        return await super()._write(work, *args, **kwargs)


def _refuse_the_dead() -> None:
    activity = _current.get(None)
    if activity is not None and activity.is_dead:
        raise Killed


@dataclass
class Crowd:
    """The `People` port: everybody is of this workspace, and nobody is in a group."""

    async def person(self, user: str) -> Person:
        return Person(id=user, name=user, zone="UTC")

    async def members(self, group: str) -> frozenset[str]:
        return (await self.group(group)).users

    async def group(self, group: str) -> Group:
        raise AssertionError(f"nobody named {group}")

    async def by_email(self, email: str) -> str | None:
        raise AssertionError(f"nobody named {email}")


@dataclass
class Scene:
    """A store, a cloud, two processes and whoever uses them."""

    url: str
    fleet: Sequence[Instance]
    environment: Environment
    on_saving: Callable[[Change, Sequence[Record]], None]
    on_saved: Callable[[Change, Sequence[Record]], None]
    on_sent: Callable[[int, Sent], None]
    on_leaving: Callable[[int], None] = lambda _number: None
    now: datetime = NOW
    activities: list[Activity] = field(default_factory=list)
    mistakes: list[BaseException] = field(default_factory=list)

    async def open(self) -> None:
        """Build everything."""
        self._moved = asyncio.Event()
        self._incarnations = 0
        self.wire = Wire(self.clock, self.fleet, self._moment, self._sent, self._leaves)
        self.signals = HttpSignals(self.clock)
        self.ledger = SqlChanges.open(self.url)
        self.desks = [self._desk(slot) for slot in (0, 1)]

    async def close(self) -> None:
        """End everything."""
        for activity in self.activities:
            await self._end(activity)
        for desk in self.desks:
            cast("SqlChanges", desk.changes).close()
            await cast("TaurusFleet", desk.fleets["default"]).aclose()
        self.ledger.close()
        await self.signals.aclose()

    def clock(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float, /) -> None:
        self.now += timedelta(seconds=seconds)

    # --- what goes on ---------------------------------------------------------------------

    async def begin(
        self, name: str, slot: int, work: Callable[[Desk, Activity], Awaitable[object]]
    ) -> Activity:
        """Start something in a process, and let it come to its first moment."""
        activity = Activity(name, slot)
        self.activities.append(activity)

        async def run() -> None:
            _current.set(activity)
            try:
                await work(self.desks[slot], activity)
            except (RefusedError, CloudError, Killed):
                pass  # Said to whoever asked; and nobody hears the dead.
            except Exception as mistake:  # noqa: BLE001 - an invariant reports it
                self.mistakes.append(mistake)
            finally:
                self._moved.set()

        activity.task = asyncio.create_task(run(), name=name)
        await self._settle()
        return activity

    async def go_on(self, activity: Activity) -> None:
        """Let it do what it is about to do, and come to the next moment or to its end."""
        going_on, activity.going_on = activity.going_on, None
        activity.paused_at = ""
        if going_on is not None:
            going_on.set_result(None)
        await self._settle()

    async def finish(self, activity: Activity) -> None:
        """Let it come to its end."""
        while not activity.is_done:
            await self.go_on(activity)

    async def kill(self, slot: int) -> None:
        """End a process as by SIGKILL; another one takes its place with a name of its own."""
        for activity in [one for one in self.activities if one.slot == slot]:
            await self._end(activity)
        self.desks[slot] = replace(self.desks[slot], owner=self._owner(slot))

    async def attend_next(self, desk: Desk, activity: Activity) -> bool:
        """Do as a worker does: claim what is due, attend to it, let go."""
        change = await desk.changes.claim_due(desk.lease(), desk.clock())
        if change is None:
            return False
        activity.change = change.number
        try:
            await attend(desk, change)
        finally:
            await desk.changes.release(change.number, desk.owner)
        return True

    def use(self, slot: int, store: MortalChanges) -> None:
        """Give a process another store; it is closed in the end."""
        cast("SqlChanges", self.desks[slot].changes).close()
        store.scene = self
        self.desks[slot] = replace(self.desks[slot], changes=store)

    def asker(self, user: str, key: str) -> Asker:
        return Asker(person=Person(id=user, name=user, zone="UTC"), now=self.now, key=key)

    @property
    def under_way(self) -> list[Activity]:
        """What waits to go on."""
        return [one for one in self.activities if not one.is_done]

    async def pause(self, moment: str) -> None:
        """Stop here until somebody says to go on."""
        activity = _current.get(None)
        if activity is None:
            return
        _refuse_the_dead()
        activity.going_on = asyncio.get_running_loop().create_future()
        activity.paused_at = moment
        self._moved.set()
        await activity.going_on
        _refuse_the_dead()

    # --- inside ---------------------------------------------------------------------------

    async def _settle(self) -> None:
        while any(not one.is_done and one.going_on is None for one in self.activities):
            self._moved.clear()
            await asyncio.wait_for(self._moved.wait(), PATIENCE)
            await asyncio.sleep(0)
        self.activities = self.under_way

    async def _end(self, activity: Activity) -> None:
        activity.is_dead = True
        if activity.task is None or activity.task.done():
            return
        if activity.going_on is not None:
            activity.going_on.set_result(None)
        with suppress(Killed):
            await asyncio.wait_for(activity.task, PATIENCE)
        self.activities = self.under_way

    async def _moment(self, operation: str, when: str) -> None:
        _refuse_the_dead()
        if operation in WATCHED:
            await self.pause(f"{when} {operation}")

    def _leaves(self) -> None:
        self.on_leaving(_current.get().change)

    def _sent(self, sent: Sent) -> None:
        self.on_sent(_current.get().change, sent)

    def _owner(self, slot: int) -> str:
        self._incarnations += 1
        return f"process {slot}.{self._incarnations}"

    def _desk(self, slot: int) -> Desk:
        store = MortalChanges.open(self.url)
        assert isinstance(store, MortalChanges)
        store.scene = self
        fleet = self._fleet()
        return Desk(
            changes=store,
            fleets={"default": fleet},
            rosters={"default": Roster(fleet, self.clock)},
            environments={"default": self.environment},
            chat=cast("Chat", None),  # nothing here speaks
            forms=cast("Forms", None),
            homes=cast("Homes", None),
            almanac=Almanac(ICalendars(), (), self.clock, self.sleep),
            signals=self.signals,
            people=Crowd(),
            rota=Rota(Crowd(), {}, self.clock),
            clock=self.clock,
            sleep=self.sleep,
            owner=self._owner(slot),
        )

    def _fleet(self) -> TaurusFleet:
        credentials = self.wire.cloud.identity.credentials
        config = TaurusConfig(
            credentials=AkSk(ak=SecretStr(credentials.ak), sk=SecretStr(credentials.sk)),
            region=REGION,
            project_id=self.wire.cloud.project_id,
            limits=Limits(reads_per_second=1e6, read_burst=10**6, between_writes=timedelta()),
        )
        http = httpx.AsyncClient(transport=self.wire)
        caller = Caller(
            http,
            config.limits,
            clock=self.clock,
            sleep=self.sleep,
            random=lambda: 0.5,
            on_call=lambda _call: None,
        )
        return TaurusFleet(http, connect(config, caller, self.clock), self.sleep)
