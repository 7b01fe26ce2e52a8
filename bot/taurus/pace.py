"""Politeness: how many calls at a time, and how often."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.ports import Clock, Sleep
from bot.taurus.config import Limits


class Bucket:
    """Lets one call through every `every`, and up to `burst` at once after a pause.

    Each caller takes its turn when it arrives and sleeps once, so that nobody is woken in vain;
    a caller that is cancelled while it waits leaves its turn unused.
    """

    def __init__(self, every: timedelta, burst: int, *, clock: Clock, sleep: Sleep) -> None:
        """Start full."""
        self._every = every
        self._ahead = every * (burst - 1)
        self._clock = clock
        self._sleep = sleep
        self._seen_at = self._paid_until = clock()

    async def turn(self) -> None:
        """Return when it is the caller's turn."""
        now = self._clock()
        if now < self._seen_at:  # the clock was set back: nobody shall wait for the difference
            self._paid_until -= self._seen_at - now
        self._seen_at = now
        begins_at = max(self._paid_until, now)
        self._paid_until = begins_at + self._every
        wait = (begins_at - self._ahead - now).total_seconds()
        if wait > 0:
            await self._sleep(wait)


class Pace:
    """Admits calls to one project of the cloud."""

    def __init__(self, limits: Limits, *, clock: Clock, sleep: Sleep) -> None:
        """Reads and writes have their own rates and share the places."""
        every = timedelta(seconds=1 / limits.reads_per_second)
        self._reads = Bucket(every, limits.read_burst, clock=clock, sleep=sleep)
        self._writes = Bucket(limits.between_writes, 1, clock=clock, sleep=sleep)
        self._places = asyncio.Semaphore(limits.in_flight)

    @asynccontextmanager
    async def place(self, *, is_write: bool) -> AsyncIterator[None]:
        """Hold one of the places for a call, from its turn to its end."""
        await (self._writes if is_write else self._reads).turn()
        async with self._places:
            yield
