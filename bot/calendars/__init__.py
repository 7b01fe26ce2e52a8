"""Reading calendars of freezes: iCalendar (RFC 5545) from an address or a file.

The libraries that understand it are an extra, `calendar`; nothing here is imported without it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bot.domain.feed import Event, Source
from bot.domain.localtime import end_of_gap, moments
from bot.domain.sentence import say
from bot.domain.windows import Span
from bot.ports import CalendarError

__all__ = ["ICalendars"]

LONGEST = 2_000_000
"""Bytes of a calendar; years of a busy team's are a tenth of it."""
MOST = 2000
"""Freezes within the time asked for."""
_TIMEOUT = httpx.Timeout(10.0)
_AT_MOST = 20.0
"""Seconds for all of an answer, however slowly it drips."""
_REASON = 300
_A_DAY = 24
"""How often a rule may repeat within a day: more is a mistake, or meant to keep us busy."""
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY"})
_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")


class ICalendars:
    """Implements `bot.ports.Calendars`."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._http = httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=False)

    async def events(self, source: Source, span: Span) -> tuple[Event, ...]:
        """Read the freezes that are in force within a span, each repetition by itself.

        Raises:
            CalendarError: it could not be read, or is no calendar.
        """
        content = await self._content(source)
        try:
            return await asyncio.to_thread(_events, content, source, span)
        except CalendarError:
            raise
        except Exception as error:  # noqa: BLE001 - a parser's mistakes are many, and all mean this
            # The error's words may repeat what people wrote into their calendar.
            raise CalendarError(
                say("it is no calendar: {kind}", kind=type(error).__name__)
            ) from None

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def _content(self, source: Source) -> bytes:
        try:
            if source.url is None:
                return await asyncio.to_thread(_from_file, Path(source.path))
            async with asyncio.timeout(_AT_MOST):
                return await self._fetched(source.url.get_secret_value(), source)
        except TimeoutError:
            raise CalendarError(say("it takes too long")) from None
        except httpx.HTTPError as error:
            # The error's words may hold the address, which may be a secret.
            raise CalendarError(say("no answer: {kind}", kind=type(error).__name__)) from None
        except OSError as error:
            raise CalendarError(
                say("the file cannot be read: {why}", why=error.strerror or "-")
            ) from None

    async def _fetched(self, url: str, source: Source) -> bytes:
        headers = {"Accept": "text/calendar"}
        if source.token is not None:
            headers["Authorization"] = f"Bearer {source.token.get_secret_value()}"
        content = b""
        async with self._http.stream("GET", url, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                raise CalendarError(say("it answered {status}", status=response.status_code))
            async for part in response.aiter_bytes():
                content += part
                _check_length(len(content))
        return content


def _from_file(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(LONGEST + 1)
    _check_length(len(content))
    return content


def _check_length(length: int) -> None:
    if length > LONGEST:
        raise CalendarError(say("it is longer than {bytes} bytes", bytes=LONGEST))


def _events(content: bytes, source: Source, span: Span) -> tuple[Event, ...]:
    from icalendar import Calendar  # noqa: PLC0415 - an extra
    from recurring_ical_events import of  # noqa: PLC0415 - an extra

    # What was cut off half-way would lack freezes, and no line of it would tell.
    if not content.rstrip().endswith(b"END:VCALENDAR"):
        raise CalendarError(say("it is no calendar, or not all of one"))
    calendar = Calendar.from_ical(content.decode("utf-8-sig"))
    for event in calendar.walk("VEVENT"):
        _check_rules(event)
    found: list[Event] = []
    for one in of(calendar).between(span.start, span.end):
        found += _event(one, ZoneInfo(source.zone))
        if len(found) > MOST:
            raise CalendarError(say("it has more than {most} freezes within a year", most=MOST))
    return tuple(sorted(found, key=lambda event: (event.start, event.end, event.uid)))


def _check_rules(event: Mapping[str, Any]) -> None:
    rules = event.get("RRULE", ())
    for rule in rules if isinstance(rules, list | tuple) else (rules,):
        often = 1
        for name in _TIMES:
            often *= len(rule.get(name, ())) or 1
        if often > _A_DAY or _TOO_OFTEN & {str(one).upper() for one in rule.get("FREQ", ())}:
            raise CalendarError(say("a freeze in it repeats more than hourly"))


def _event(event: Any, zone: ZoneInfo) -> Iterator[Event]:  # noqa: ANN401 - of a library
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    start, end = _moment(event.start, zone, late=False), _moment(event.end, zone, late=True)
    if start >= end:
        return
    reason = " ".join(str(event.get("SUMMARY", "")).split())[:_REASON]
    yield Event(uid=str(event.get("UID", "")), start=start, end=end, reason=reason)


def _moment(at: date, zone: ZoneInfo, *, late: bool) -> datetime:
    """Read a time as wide as it may be meant: what is doubtful is frozen."""
    if not isinstance(at, datetime):
        return _of_wall_clock(datetime.combine(at, time()), zone, late=late)
    if at.tzinfo is None:
        return _of_wall_clock(at, zone, late=late)
    readings = [at.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    return max(readings) if late else min(readings)


def _of_wall_clock(at: datetime, zone: ZoneInfo, *, late: bool) -> datetime:
    found = moments(at.date(), at.time(), zone)
    return found[-1 if late else 0] if found else end_of_gap(at.date(), at.time(), zone)
