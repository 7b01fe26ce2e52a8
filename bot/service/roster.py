"""What is known of one environment's databases without asking: for lists that cannot wait.

Slack gives a menu three seconds, a slow cloud may take thirty. So a listing is read ahead and
kept, and what each database could be upgraded to is read in the background, for those first
that somebody is looking at. Nothing is decided by what is kept here: a plan reads the world.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from bot.domain.errors import CloudError, Reaction
from bot.domain.instance import Instance, Version
from bot.domain.model import Frozen
from bot.domain.sentence import Sentence
from bot.ports import Clock, Fleet

FRESH = timedelta(seconds=30)
"""A younger listing is used as it is."""
USABLE = timedelta(minutes=15)
"""An older listing is waited for rather than shown."""
VERSION_FRESH = timedelta(hours=1)
"""Of a database that was not upgraded since; 5,000 take a quarter of an hour to read."""
AT_ONCE = 2
"""Versions read at the same time: upgrades go before lists, and share the cloud's patience."""


class Known(Frozen):
    """A listing, and those versions in it that have been read."""

    instances: tuple[Instance, ...]
    versions: dict[str, Version]
    """By instance id; None of a database that was upgraded since."""
    read_at: datetime


class Roster:
    """Keeps a listing and the versions in it; reads only while somebody asks."""

    def __init__(
        self, fleet: Fleet, clock: Clock, on_news: Callable[[], None] = lambda: None
    ) -> None:
        """Nothing is read yet; `on_news` is told when something was."""
        self.trouble: Sentence | None = None
        """Why the last listing failed; None if it did not."""
        self._fleet = fleet
        self._clock = clock
        self._on_news = on_news
        self._instances: tuple[Instance, ...] = ()
        self._read_at: datetime | None = None
        self._versions: dict[str, tuple[datetime, Version | None]] = {}
        self._wanted: tuple[str, ...] = ()
        self._listed_ids: frozenset[str] = frozenset()
        self._queue: deque[str] = deque()
        """Whose versions are read when nobody waits for others."""
        self._under_way: set[str] = set()
        self._listing: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[None] | None = None

    async def known(self, usable: timedelta = USABLE) -> Known:
        """Return the listing, at once if it is young enough; else wait for it.

        A listing younger than `usable` is; a reader who can wait asks for a fresher one.

        Raises:
            CloudError: there is none, and the cloud does not give one.
        """
        self._list_anew()
        if self._is_older_than(usable) and self._listing is not None:
            # Shielded: one who waits no longer must not take the answer from the others.
            await asyncio.shield(self._listing)
        self._read_on()
        assert self._read_at is not None  # noqa: S101 - it has been listed by now
        return self._known(self._read_at)

    async def complete(self) -> Known:
        """Wait for a fresh listing and for every version that the cloud gives.

        Raises:
            CloudError: the cloud does not give a listing.
        """
        await self.known(FRESH)
        while self._reading is not None:
            await asyncio.shield(self._reading)
        return await self.known()

    def glance(self) -> Known | None:
        """Return what is known, however old, and have it read anew if it is; None: not yet."""
        self._list_anew()
        if self._read_at is None:
            return None
        self._read_on()
        return self._known(self._read_at)

    def want(self, instance_ids: Sequence[str]) -> None:
        """Read the versions of these first; somebody is looking at them."""
        self._wanted = tuple(instance_ids)
        self._read_on()

    async def close(self) -> None:
        """Stop reading."""
        for task in (self._listing, self._reading):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError, CloudError):
                    await task

    def _known(self, read_at: datetime) -> Known:
        versions = self._current_versions()
        return Known(instances=self._instances, versions=versions, read_at=read_at)

    def _list_anew(self) -> None:
        if self._is_older_than(FRESH) and self._listing is None:
            self._listing = asyncio.create_task(self._list())
            self._listing.add_done_callback(self._listed)

    async def _list(self) -> None:
        instances, statuses = await asyncio.gather(self._fleet.instances(), self._fleet.statuses())
        self._instances = tuple(one.refined(statuses.get(one.id)) for one in instances)
        self._read_at = self._clock()
        self._queue = deque(one.id for one in self._instances)
        self._listed_ids = frozenset(self._queue)
        self._versions = {
            one: held for one, held in self._versions.items() if one in self._listed_ids
        }

    def _listed(self, task: asyncio.Task[None]) -> None:
        self._listing = None
        if task.cancelled():
            return
        error = task.exception()
        self.trouble = error.sentence if isinstance(error, CloudError) else None
        if error is None:
            self._read_on()
        self._on_news()

    def _is_older_than(self, age: timedelta) -> bool:
        return self._read_at is None or self._clock() - self._read_at >= age

    def _current_versions(self) -> dict[str, Version]:
        kernels = {one.id: one.kernel for one in self._instances}
        return {
            instance_id: version
            for instance_id, (_, version) in self._versions.items()
            if version is not None and kernels.get(instance_id) in {None, version.current}
        }

    def _read_on(self) -> None:
        if self._reading is None and not all(self._is_read(one.id) for one in self._instances):
            self._queue = deque(one.id for one in self._instances)
            self._reading = asyncio.create_task(self._read_versions())
            self._reading.add_done_callback(self._read_over)

    def _read_over(self, task: asyncio.Task[None]) -> None:
        self._reading = None
        if not task.cancelled():
            self._on_news()

    async def _read_versions(self) -> None:
        await asyncio.gather(*(self._read_one_by_one() for _ in range(AT_ONCE)))

    async def _read_one_by_one(self) -> None:
        while (instance_id := self._next_unread()) is not None:
            self._under_way.add(instance_id)
            try:
                version = await self._fleet.version(instance_id)
            except CloudError as error:
                if error.reaction not in {Reaction.FIX, Reaction.WAIT}:
                    return  # The cloud is away, for all of them; the next who asks tries again.
                self._versions[instance_id] = (self._clock(), None)
            else:
                self._versions[instance_id] = (self._clock(), version)
            finally:
                self._under_way.discard(instance_id)

    def _next_unread(self) -> str | None:
        wanted = iter(self._wanted)
        while self._queue:
            one = next(wanted, None) or self._queue.popleft()
            if one in self._listed_ids and one not in self._under_way and not self._is_read(one):
                return one
        return None

    def _is_read(self, instance_id: str) -> bool:
        held = self._versions.get(instance_id)
        return held is not None and self._clock() - held[0] < VERSION_FRESH
