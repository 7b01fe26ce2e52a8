"""Checks that each calendar of freezes can be read, and what it says next."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from bot.calendars import ICalendars
from bot.domain.feed import Source, around
from bot.domain.finding import Finding, ok, wrong
from bot.ports import CalendarError

_REMEDY = (
    "See that the address or path is right and can be reached from here, and that what is there "
    "is an iCalendar; while it cannot be read, its environments get closed."
)


async def checkup(sources: Sequence[Source], now: datetime) -> list[Finding]:
    """Read each once."""
    calendars = ICalendars()
    try:
        return await asyncio.gather(*(_check(calendars, one, now) for one in sources))
    finally:
        await calendars.aclose()


async def _check(calendars: ICalendars, source: Source, now: datetime) -> Finding:
    check = f"calendar {source.name}"
    try:
        events = await calendars.events(source, around(now))
    except CalendarError as error:
        return wrong(check, str(error), _REMEDY)
    coming = [event for event in events if event.end > now]
    if not coming:
        return ok(check, "no freeze within a year")
    first = coming[0]
    return ok(check, f"{len(coming)} freezes within a year, the next from {first.start:%Y-%m-%d}")
