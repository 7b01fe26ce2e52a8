"""Calendars of freezes, read from time to time and kept: nobody waits for them.

A process knows nothing of a calendar before its first reading, so whoever asks then waits for
that, which takes no longer than a reading may.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.feed import READ_EVERY, Event, Feed, Source, around, feed_of
from bot.domain.sentence import Sentence, say
from bot.ports import CalendarError, Calendars, Clock, Sleep

_log = logging.getLogger(__name__)


@dataclass
class _Shelf:
    """One calendar as it was read last."""

    events: tuple[Event, ...] = ()
    read_at: datetime | None = None
    trouble: Sentence | None = None
    tried: asyncio.Event = field(default_factory=asyncio.Event)


class Almanac:
    """Keeps the calendars of all environments."""

    def __init__(
        self, calendars: Calendars, sources: Iterable[Source], clock: Clock, sleep: Sleep
    ) -> None:
        """Nothing is read before `run`."""
        self._calendars, self._clock, self._sleep = calendars, clock, sleep
        self._sources = {source.name: source for source in sources}
        self._shelves = {name: _Shelf() for name in self._sources}

    async def run(self, changed: Callable[[], None]) -> None:
        """Read all calendars again and again; tell if one says something new."""
        while self._sources:
            news = await asyncio.gather(*(self._read(one) for one in self._sources.values()))
            if any(news):
                changed()
            await self._sleep(READ_EVERY.total_seconds())

    async def feed(self, source: Source) -> Feed:
        """Tell what is known of a calendar now."""
        shelf = self._shelves[source.name]
        await shelf.tried.wait()
        return feed_of(source, shelf.events, shelf.read_at, shelf.trouble, self._clock())

    async def _read(self, source: Source) -> bool:
        """Read one calendar; returns whether it says something new."""
        shelf, now = self._shelves[source.name], self._clock()
        before = shelf.events
        try:
            shelf.events = await self._calendars.events(source, around(now))
        except CalendarError as error:
            if shelf.trouble is None:
                _log.warning("the calendar %s cannot be read: %s", source.name, error)
            shelf.trouble = error.why
        except Exception:  # noqa: BLE001 - logged; whoever waits must not wait for ever
            _log.exception("a mistake of ours in reading the calendar %s", source.name)
            shelf.trouble = say("a mistake of this bot")
        else:
            if shelf.trouble is not None:
                _log.info("the calendar %s can be read again", source.name)
            shelf.read_at, shelf.trouble = now, None
        shelf.tried.set()
        return shelf.events != before
