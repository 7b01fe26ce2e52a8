"""Whether this machine's clock can be trusted: it does not jump, and the cloud's agrees with it.

Schedules, leases and approvals are moments of the wall clock. When it jumps, nobody here can tell
whether it was wrong before or is wrong now: a suspended machine wakes to the right time, a broken
NTP server brings a wrong one. So no change is taken up until the cloud has told the time, as every
answer of it does.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from math import inf

from bot.domain.refused import RefusedError
from bot.domain.sentence import say
from bot.ports import Clock, Sleep, StoreError
from bot.service.desk import Desk

JUMP = timedelta(seconds=10)
"""What the clock may gain or lose against the steady one from one look to the next."""
SKEW = timedelta(minutes=2)
"""How far the clock may be from the cloud's; an answer's `Date` has whole seconds."""
LOOK_EVERY, ASK_EVERY = 1.0, 5.0
"""Seconds."""
TOLD_FOR = timedelta(hours=1)
"""How long a jump that did no harm is still told of."""
_PATIENCE = 2.0
_log = logging.getLogger(__name__)


async def trust_time(desk: Desk) -> None:
    """Refuse to plan or to approve anything by a clock that may be wrong.

    Raises:
        RefusedError: with what has to be done about it.
    """
    if not await desk.sure():
        raise RefusedError(
            say(
                "The clock of the bot's own machine is wrong, or has jumped and nobody can tell "
                "the right time. So nothing was done, and nothing starts until it is set right. "
                "Tell whoever runs the bot; halting and cancelling work as ever."
            )
        )


class Timekeeper:
    """Compares the clock with a steady one and with the cloud's."""

    def __init__(
        self,
        clock: Clock,
        ticks: Callable[[], float],
        ask: Callable[[], Awaitable[None]],
        on_sure: Callable[[datetime], Awaitable[None]],
    ) -> None:
        """`ticks` counts the seconds of `clock`, but never jumps.

        `ask` has the cloud answer anything, so that `hears` is called; `on_sure` is called by
        `run` when work can go on, and again if it raises `StoreError`.
        """
        self._clock = clock
        self._ticks = ticks
        self._ask = ask
        self._on_sure = on_sure
        self._seen = (clock(), ticks())
        self._skews: dict[str, timedelta] = {}
        self._jump = ""
        self._jumped_at = -inf
        self._is_unconfirmed = False
        self._told = ""
        self._is_to_mend = False

    def is_sure(self) -> bool:
        """Look whether the clock has jumped; False while it cannot be trusted."""
        self._look()
        return not self._is_unconfirmed and self._wrong_by() is None

    async def sure(self) -> bool:
        """Wait a moment for the cloud, if the clock cannot be trusted without it."""
        if not self.is_sure():
            await self._ask_in_time()
        return self.is_sure()

    def hears(self, environment: str, told_at: datetime | None, seconds: float) -> None:
        """The cloud of an environment told its time during a call that took so long.

        One that answers without a time cannot contradict, and must not hold up work for ever.
        """
        self._look()
        now = self._clock()
        told_at = told_at or now
        lasted = abs(seconds)
        if self._jumped_at >= self._ticks() - lasted:
            # A call during which the clock jumped seems to last as long as the jump.
            lasted = min(lasted, SKEW.total_seconds())
        first = now - timedelta(seconds=lasted)
        self._skews[environment] = min(max(told_at, first), now) - told_at
        self._is_unconfirmed = False
        self._tell()

    def trouble(self) -> str:
        """Say why nothing starts; empty if the clock can be trusted."""
        if self.is_sure():
            return ""
        wrong_by = self._wrong_by()
        if wrong_by is None:
            return f"{self._jump}; nothing starts until the cloud has told the time"
        side = "ahead of" if wrong_by > timedelta() else "behind"
        return (
            f"this machine's clock is {_span(abs(wrong_by))} {side} the cloud's; nothing starts "
            "until it is set right (NTP)"
        )

    def warning(self) -> str:
        """Tell of a jump of the last hour that did no harm."""
        is_recent = self._ticks() - self._jumped_at < TOLD_FOR.total_seconds()
        if not self._jump or not is_recent or not self.is_sure():
            return ""
        return f"{self._jump}; it agrees with the cloud's now"

    async def run(self, sleep: Sleep) -> None:
        """Look at the clock, and ask the cloud while it cannot be trusted, until cancelled."""
        while True:
            if self.is_sure():
                await self._mend()
                await sleep(LOOK_EVERY)
            elif not await self.sure():
                await sleep(ASK_EVERY)

    async def _mend(self) -> None:
        if self._is_to_mend:
            with suppress(StoreError):
                await self._on_sure(self._clock())
                self._is_to_mend = False

    async def _ask_in_time(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._ask()
        except TimeoutError:
            return  # Whoever is in doubt stays in doubt.

    def _look(self) -> None:
        at, ticks = self._clock(), self._ticks()
        seen_at, seen_ticks = self._seen
        self._seen = (at, ticks)
        gained = (at - seen_at) - timedelta(seconds=ticks - seen_ticks)
        if abs(gained) <= JUMP:
            return
        way = "forward" if gained > timedelta() else "back"
        was_at = at - gained
        self._jump = f"the clock jumped {way} by {_span(abs(gained))} at {was_at:%F %T} UTC"
        self._jumped_at = ticks
        self._skews.clear()
        self._is_unconfirmed = True
        self._tell()

    def _wrong_by(self) -> timedelta | None:
        """How far the clock is from all clouds that told their time, if that is too far."""
        nearest = min(self._skews.values(), key=abs, default=None)
        return nearest if nearest is not None and abs(nearest) > SKEW else None

    def _tell(self) -> None:
        """Log what is wrong when it begins and when it ends."""
        trouble = self.trouble()
        kind = "wrong" if self._wrong_by() else "jumped" if trouble else ""
        if kind == self._told:
            return
        self._told = kind
        if trouble:
            _log.log(logging.ERROR if kind == "wrong" else logging.WARNING, "%s", trouble)
        else:
            _log.info("the clock agrees with the cloud's; work goes on")
            self._is_to_mend = True


def _span(length: timedelta) -> timedelta:
    return timedelta(seconds=round(length.total_seconds()))
