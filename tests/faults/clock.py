"""One clock for the processes of a test: it hurries, and it jumps when the test says so."""

import asyncio
import mmap
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.model import Frozen

MORNING = datetime(2026, 3, 10, 9, tzinfo=UTC).timestamp()
"""When every trial begins: on a Tuesday, hours away from all maintenance windows."""
_JUMPED = struct.Struct("d")
_LOOK_UP_EVERY = 0.02  # seconds, for jumps while somebody sleeps


class Order(Frozen):
    """How another process comes to the same clock."""

    file: Path
    began_at: float
    speed: float


class SharedClock:
    """`speed` times as fast as this machine's; jumps are seen by everybody at once."""

    def __init__(self, order: Order) -> None:
        self.order = order
        with order.file.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _JUMPED.size)

    @classmethod
    def create(cls, file: Path, speed: float) -> "SharedClock":
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(_JUMPED.pack(0.0))
        return cls(Order(file=file, began_at=time.time(), speed=speed))

    @property
    def speed(self) -> float:
        return self.order.speed

    def seconds(self) -> float:
        (jumped,) = _JUMPED.unpack(self._memory[:])
        return float(MORNING + (time.time() - self.order.began_at) * self.speed + jumped)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def jump(self, seconds: float) -> None:
        """Go forward, or back, at once."""
        (jumped,) = _JUMPED.unpack(self._memory[:])
        self._memory[:] = _JUMPED.pack(jumped + seconds)

    async def sleep(self, seconds: float) -> None:
        until = self.seconds() + seconds
        while (left := until - self.seconds()) > 0:  # noqa: ASYNC110 - another process jumps
            await asyncio.sleep(min(left / self.speed, _LOOK_UP_EVERY))
