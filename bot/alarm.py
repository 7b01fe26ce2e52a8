"""APScheduler as an alarm clock: it wakes the worker, and owns nothing.

The schedule is `due_at` in the store. A steady sweep finds whatever is due, so that a lost
alarm, a restart or another process costs at most one sweep; an alarm at the next `due_at`
makes it punctual.

APScheduler counts by the wall clock, and would pause for as long as that is set back. So only
the alarm, which is less than a sweep away, is its; the sweep counts by the event loop's clock.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.ports import Clock, StoreError

SWEEP = timedelta(seconds=1)
_NEXT = "next due change"
_log = logging.getLogger(__name__)


class Alarm:
    """Wakes at every sweep and at the next moment something is due."""

    def __init__(
        self,
        wake: Callable[[], None],
        next_due_at: Callable[[], Awaitable[datetime | None]],
        clock: Clock,
        speed: Callable[[], float] = lambda: 1.0,
    ) -> None:
        """`speed` is how fast `clock` runs against real time; the sandbox hurries."""
        self._wake = wake
        self._next_due_at = next_due_at
        self._clock = clock
        self._speed = speed
        self._sweeping: asyncio.Task[None] | None = None
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True}
        )

    @property
    def is_running(self) -> bool:
        """Whether anything will be woken."""
        return self._sweeping is not None and not self._sweeping.done()

    def start(self) -> None:
        """Begin to sweep, within a running loop."""
        self._scheduler.start()
        self._sweeping = asyncio.create_task(self._run())

    def stop(self) -> None:
        """Wake nobody any more."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._scheduler.shutdown(wait=False)

    async def _run(self) -> None:
        every = SWEEP.total_seconds() if self._speed() <= 1 else 0.2
        while True:
            try:
                await self._sweep()
            except Exception:  # noqa: BLE001 - logged; without sweeps nothing would ever start
                _log.exception("a mistake of ours; the next sweep is another try")
            await asyncio.sleep(every)

    async def _sweep(self) -> None:
        self._wake()
        try:
            due_at = await self._next_due_at()
        except StoreError:
            return  # The store says so itself; the next sweep tries again.
        if due_at is None:
            return
        ahead = (due_at - self._clock()) / self._speed()
        if timedelta() < ahead < SWEEP:
            at = datetime.now(UTC) + ahead
            self._scheduler.add_job(
                self._wake, "date", run_date=at, id=_NEXT, replace_existing=True
            )
