"""A clock in one hand, a steady one in the other, and a cloud that tells the time."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.__main__ import surroundings_of
from bot.app import real_now
from bot.ports import StoreError
from bot.sandbox.clock import SandboxClock
from bot.service.timekeeper import Timekeeper

BEGAN = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Hands:
    """The machine's clock, the seconds that really pass, and the cloud."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.wrong_by = timedelta()
        self.cloud_answers = True
        self.troubles = 0
        self.mended = asyncio.Semaphore(0)
        self.asked = asyncio.Semaphore(0)
        self.keeper = Timekeeper(self.clock, lambda: self.passed, self.ask, self.mend)

    def clock(self) -> datetime:
        return BEGAN + timedelta(seconds=self.passed) + self.wrong_by

    def hear(self, seconds: float = 0.1) -> None:
        self.keeper.hears("default", BEGAN + timedelta(seconds=self.passed), seconds)

    async def ask(self) -> None:
        self.asked.release()
        if self.cloud_answers:
            self.hear()

    async def mend(self, now: datetime) -> None:
        assert now == self.clock()
        self.troubles -= 1
        if self.troubles >= 0:
            raise StoreError("locked")
        self.mended.release()

    async def sleep(self, seconds: float) -> None:
        self.passed += seconds
        await asyncio.sleep(0)


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_a_clock_that_goes_steadily_is_trusted(hands: Hands) -> None:
    for _ in range(1000):
        hands.passed += 3600
        hands.wrong_by += timedelta(seconds=9)  # as an NTP daemon may correct it
        assert hands.keeper.is_sure()
    assert (hands.keeper.trouble(), hands.keeper.warning()) == ("", "")


@pytest.mark.parametrize(("jump", "way"), [(3 * HOUR, "forward"), (-3 * HOUR, "back")])
async def test_after_a_jump_the_clock_is_trusted_when_the_cloud_agrees(
    hands: Hands, jump: timedelta, way: str
) -> None:
    hands.passed += 1
    hands.wrong_by = jump
    said = f"the clock jumped {way} by 3:00:00 at 2026-11-24 02:00:01 UTC"
    assert not hands.keeper.is_sure()
    assert hands.keeper.trouble() == f"{said}; nothing starts until the cloud has told the time"
    hands.keeper.hears("default", hands.clock(), 0.1)
    assert hands.keeper.is_sure()
    assert hands.keeper.warning() == f"{said}; it agrees with the cloud's now"
    hands.passed += 3601
    assert hands.keeper.warning() == ""


@pytest.mark.parametrize(("jump", "side"), [(3 * HOUR, "ahead of"), (-3 * HOUR, "behind")])
async def test_a_clock_that_the_cloud_contradicts_is_not_trusted_until_it_is_set_right(
    hands: Hands, caplog: pytest.LogCaptureFixture, jump: timedelta, side: str
) -> None:
    caplog.set_level("INFO")
    hands.wrong_by = jump
    assert not await hands.keeper.sure()
    wrong = f"this machine's clock is 3:00:00 {side} the cloud's; nothing starts until"
    assert hands.keeper.trouble().startswith(wrong)
    for _ in range(20):
        hands.passed += 60
        assert not await hands.keeper.sure()
    hands.wrong_by = timedelta()
    assert await hands.keeper.sure()
    assert hands.keeper.trouble() == ""
    levels = [one.levelname for one in caplog.records]
    assert levels == ["WARNING", "ERROR", "WARNING", "INFO"], caplog.messages


def test_a_clock_that_was_wrong_from_the_start_is_noticed_by_the_first_answer(
    hands: Hands,
) -> None:
    hands.keeper.hears("default", hands.clock() - timedelta(minutes=5), 0.1)
    assert hands.keeper.trouble().startswith("this machine's clock is 0:05:00 ahead of the cloud's")


def test_a_slow_answer_is_no_difference(hands: Hands) -> None:
    told_at = hands.clock()
    hands.passed += 600
    hands.keeper.hears("default", told_at, 590.0)
    assert hands.keeper.is_sure()


def test_a_call_during_which_the_clock_jumped_confirms_nothing(hands: Hands) -> None:
    hands.wrong_by = 3 * HOUR
    hands.hear(seconds=3 * 3600 + 1.0)
    assert not hands.keeper.is_sure()


def test_a_cloud_that_tells_no_time_holds_nothing_up(hands: Hands) -> None:
    hands.wrong_by = HOUR
    assert not hands.keeper.is_sure()
    hands.keeper.hears("default", None, 0.1)
    assert hands.keeper.is_sure()


def test_one_cloud_with_a_wrong_clock_stops_nothing(hands: Hands) -> None:
    hands.keeper.hears("strange", hands.clock() - HOUR, 0.1)
    assert not hands.keeper.is_sure()
    hands.hear()
    assert hands.keeper.is_sure()


async def test_the_cloud_is_asked_until_it_answers_and_what_was_put_off_is_made_due(
    hands: Hands,
) -> None:
    running = asyncio.create_task(hands.keeper.run(hands.sleep))
    hands.cloud_answers = False
    hands.wrong_by = HOUR
    for _ in range(3):
        await hands.asked.acquire()
    assert "until the cloud has told the time" in hands.keeper.trouble()
    hands.cloud_answers, hands.wrong_by, hands.troubles = True, timedelta(), 1
    await hands.mended.acquire()
    running.cancel()
    assert hands.keeper.is_sure()


async def test_whoever_skips_hours_in_the_sandbox_meets_no_clock_that_jumped() -> None:
    clock = SandboxClock(real_now)
    around = surroundings_of(clock)

    async def unasked(_now: datetime | None = None) -> None:
        raise AssertionError

    keeper = Timekeeper(around.clock, around.ticks, unasked, unasked)
    clock.advance(timedelta(hours=5))
    assert await keeper.sure()
    assert (keeper.trouble(), keeper.warning()) == ("", "")
