"""The sandbox's clock: real time made faster, and moved forward by hand."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta


class SandboxClock:
    """A clock that runs `speed` times as fast as `real` and can jump forward.

    `real` returns aware UTC datetimes. Whoever sleeps by this clock is woken when the clock jumps
    or changes its pace, so that an hour of waiting can be skipped with one click.
    """

    def __init__(self, real: Callable[[], datetime], speed: float = 1.0) -> None:
        """Start at the real time; raises ValueError unless `speed` is above zero."""
        self._real = real
        self._speed = _positive(speed)
        self._real_anchor = self._anchor = real()
        self._moved = asyncio.Event()

    @property
    def speed(self) -> float:
        """How many seconds pass here while one real second passes."""
        return self._speed

    def now(self) -> datetime:
        """The sandbox's present, aware UTC."""
        return self._anchor + (self._real() - self._real_anchor) * self._speed

    def advance(self, step: timedelta) -> None:
        """Jump forward; raises ValueError for a jump into the past."""
        if step < timedelta(0):
            message = "the sandbox clock only goes forward"
            raise ValueError(message)
        self._set_anchor(self.now() + step)

    def set_speed(self, speed: float) -> None:
        """Change the pace from now on; raises ValueError unless `speed` is above zero."""
        faster = _positive(speed)
        self._set_anchor(self.now())
        self._speed = faster

    async def sleep(self, seconds: float) -> None:
        """Wait until `seconds` have passed on this clock, however they pass."""
        wake_at = self.now() + timedelta(seconds=seconds)
        while (left := (wake_at - self.now()).total_seconds()) > 0:
            await self._wait_for_move(left / self._speed)

    async def _wait_for_move(self, real_seconds: float) -> None:
        # Not wait_for: before Python 3.12 it loses a cancellation that comes with the move.
        with suppress(TimeoutError):
            async with asyncio.timeout(real_seconds):
                await self._moved.wait()

    def _set_anchor(self, at: datetime) -> None:
        self._anchor, self._real_anchor = at, self._real()
        self._moved.set()  # everybody asleep looks at the clock again …
        self._moved = asyncio.Event()  # … and whoever sleeps on waits for the next move


def _positive(speed: float) -> float:
    if not speed > 0:
        message = f"the clock's speed must be above zero, not {speed}"
        raise ValueError(message)
    return float(speed)
