import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.clock import SandboxClock

START = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)


class Real:
    """The real time, in a test's hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


def test_time_passes_as_many_times_faster_as_asked() -> None:
    real = Real()
    clock = SandboxClock(real, speed=60)
    real.at += timedelta(seconds=2)
    assert clock.now() == START + timedelta(minutes=2)
    clock.set_speed(1)
    real.at += timedelta(seconds=2)
    assert clock.now() == START + timedelta(minutes=2, seconds=2)
    assert clock.speed == 1


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_time_cannot_stand_still_or_run_backwards(speed: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        SandboxClock(Real(), speed)
    clock = SandboxClock(Real(), 1)
    with pytest.raises(ValueError, match="above zero"):
        clock.set_speed(speed)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(timedelta(seconds=-1))


async def test_sleeper_wakes_when_the_clock_is_moved_past_its_time() -> None:
    clock = SandboxClock(Real(), 1)
    sleeper = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)
    clock.advance(timedelta(minutes=30))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(timedelta(minutes=30))
    await asyncio.wait_for(sleeper, 1)


async def test_sleep_is_as_much_shorter_as_the_clock_is_faster() -> None:
    real = Real()
    clock = SandboxClock(real, 3_600_000)
    sleeper = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)
    real.at += timedelta(seconds=1)
    await asyncio.wait_for(sleeper, 1)


async def test_no_time_needs_no_sleep() -> None:
    await SandboxClock(Real(), 1).sleep(0)
