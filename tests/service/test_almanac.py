"""The almanac: calendars are read from time to time, and what is known is kept."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.calendars import ICalendars
from bot.domain.feed import STALE_AFTER, TRUSTED_FOR, Source
from bot.service.almanac import Almanac
from tests.calendars.host import Host, calendar, hosted

SALE = calendar("DTSTART:20260601T100000Z|DURATION:PT1H|SUMMARY:Sale")
NONE = calendar()


class Turns:
    """A clock in the hand, and a sleep that ends when the test turns a round."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 9, tzinfo=UTC)
        self._asleep = asyncio.Event()
        self._wake = asyncio.Event()

    def clock(self) -> datetime:
        return self.now

    async def sleep(self, _seconds: float) -> None:
        self._wake.clear()
        self._asleep.set()
        await self._wake.wait()

    async def round(self, step: timedelta = timedelta()) -> None:
        self.now += step
        self._asleep.clear()
        self._wake.set()
        await self._asleep.wait()

    async def first(self) -> None:
        await self._asleep.wait()


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    async with hosted(SALE) as host:
        yield host


async def test_what_was_read_last_is_kept_marked_doubted_and_believed_again(host: Host) -> None:
    turns = Turns()
    changes: list[datetime] = []
    source = Source(name="team", url=SecretStr(host.url))
    calendars = ICalendars()
    almanac = Almanac(calendars, (source,), turns.clock, turns.sleep)
    running = asyncio.create_task(almanac.run(lambda: changes.append(turns.now)))
    try:
        known = await almanac.feed(source)
        assert [one.reason for one in known.events] == ["Sale"]
        await turns.first()
        host.status = 503
        await turns.round(timedelta(minutes=5))
        silent = await almanac.feed(source)
        assert (silent.events, silent.stale_since) == (known.events, None)
        assert str(silent.trouble) == "it answered 503"
        await turns.round(STALE_AFTER)
        assert (await almanac.feed(source)).stale_since == datetime(2026, 6, 1, 9, tzinfo=UTC)
        await turns.round(TRUSTED_FOR)
        assert (await almanac.feed(source)).is_closed
        host.status, host.text = 200, NONE
        await turns.round(timedelta(minutes=5))
        fresh = await almanac.feed(source)
        assert (fresh.events, fresh.is_unread, fresh.stale_since) == ((), False, None)
        assert len(changes) == 2, "it was new twice: when it was read first, and when it changed"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await calendars.aclose()
