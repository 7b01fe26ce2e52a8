"""The alarm wakes whoever works, and owns nothing."""

import asyncio
from datetime import UTC, datetime, timedelta

from bot.alarm import Alarm
from bot.ports import StoreError

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


async def test_a_sweep_wakes_even_if_nothing_is_known_to_be_due() -> None:
    woken = asyncio.Event()

    async def nothing() -> datetime | None:
        return None

    alarm = Alarm(woken.set, nothing, clock, lambda: 10.0)
    before = alarm.is_running
    alarm.start()
    assert (before, alarm.is_running) == (False, True)
    await asyncio.wait_for(woken.wait(), 5)
    alarm.stop()


async def test_a_store_that_is_away_stops_no_sweep() -> None:
    sweeps = asyncio.Semaphore(0)

    async def away() -> datetime | None:
        raise StoreError("away")

    alarm = Alarm(sweeps.release, away, clock, lambda: 10.0)
    alarm.start()
    async with asyncio.timeout(5):
        await sweeps.acquire()
        await sweeps.acquire()
    alarm.stop()


async def test_what_is_due_between_two_sweeps_is_woken_for_on_time() -> None:
    wakes = asyncio.Semaphore(0)

    async def soon() -> datetime | None:
        return NOW + timedelta(milliseconds=100)

    alarm = Alarm(wakes.release, soon, clock)
    alarm.start()
    async with asyncio.timeout(5):
        await wakes.acquire()
        swept = asyncio.get_running_loop().time()
        await wakes.acquire()
    # The next sweep is a second away: this wake was the alarm's.
    assert asyncio.get_running_loop().time() - swept < 0.7
    alarm.stop()


async def test_stopping_an_alarm_that_never_ran_is_no_mistake() -> None:
    async def nothing() -> datetime | None:
        return None

    Alarm(lambda: None, nothing, clock).stop()
