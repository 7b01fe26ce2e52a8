"""Spans of local time that come again: when changes may start, and when nothing may.

Four forms, each with a time zone at its end:

    Mon-Thu 22:00-04:00 Asia/Shanghai        on each of these days, over midnight if need be
    Fri 18:00 - Mon 08:00 Europe/Berlin      once a week, from one day into another
    12-20 00:00 - 01-05 00:00 Asia/Shanghai  every year
    2026-12-20 00:00 - 2027-01-05 00:00 UTC  once

Spans follow the wall clock where clocks are changed. What is then doubtful is decided for the
quiet side: a window opens late and closes early, a freeze begins early and ends late.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.domain.localtime import end_of_gap, moments
from bot.domain.model import Frozen

DAY = timedelta(days=1)
_WEEK = 7
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT = 3
"""Letters that name a day."""
FORMS = (
    "Mon-Thu 22:00-04:00 Asia/Shanghai",
    "Fri 18:00 - Mon 08:00 Asia/Shanghai",
    "12-20 00:00 - 01-05 00:00 Asia/Shanghai",
    "2026-12-20 00:00 - 2027-01-05 00:00 Asia/Shanghai",
)


class WindowError(ValueError):
    """A text that is no window; the message says what is wrong with it."""


class Span(NamedTuple):
    """From `start` to just before `end`."""

    start: datetime
    end: datetime

    def has(self, at: datetime) -> bool:
        """Whether a moment is within."""
        return self.start <= at < self.end


class Local(NamedTuple):
    """A wall-clock time on a day."""

    day: date
    clock: time


class Weekly(Frozen):
    """Begins on each of `days` (Monday is 0) and ends `lasts` days later."""

    days: frozenset[int]
    start: time
    lasts: int
    end: time

    def near(self, day: date) -> Iterator[tuple[Local, Local]]:
        """List what begins within eight days around `day`."""
        for offset in range(-_WEEK - 1, _WEEK + 2):
            first = day + offset * DAY
            if first.weekday() in self.days:
                yield Local(first, self.start), Local(first + self.lasts * DAY, self.end)


class Yearly(Frozen):
    """From one date of the year to another; over New Year's Eve if the other is earlier."""

    start: date
    """The year does not count, here and in `end`."""
    start_clock: time
    end: date
    end_clock: time

    def near(self, day: date) -> Iterator[tuple[Local, Local]]:
        """List what begins in the years around `day`."""
        over = (self.end, self.end_clock) <= (self.start, self.start_clock)
        for year in (day.year - 1, day.year, day.year + 1):
            first = self.start.replace(year=year)
            last = self.end.replace(year=year + over)
            yield Local(first, self.start_clock), Local(last, self.end_clock)


class Dated(Frozen):
    """Exactly once."""

    start: date
    start_clock: time
    end: date
    end_clock: time

    def near(self, day: date) -> Iterator[tuple[Local, Local]]:
        """List it, whatever the day."""
        del day
        yield Local(self.start, self.start_clock), Local(self.end, self.end_clock)


class Window(Frozen):
    """A span of local time that comes again, as somebody wrote it."""

    text: str
    zone: str
    pattern: Weekly | Yearly | Dated

    def __str__(self) -> str:
        """Return it as it was written."""
        return self.text

    def spans(self, near: datetime, *, wide: bool) -> Iterator[Span]:
        """List the spans around a moment; `wide` decides doubts for a longer span."""
        zone = ZoneInfo(self.zone)
        for first, last in self.pattern.near(near.astimezone(zone).date()):
            start = _moment(first, zone, late=not wide)
            end = _moment(last, zone, late=wide)
            if start < end:
                yield Span(start, end)


def _moment(local: Local, zone: ZoneInfo, *, late: bool) -> datetime:
    found = moments(local.day, local.clock, zone)
    return found[-1 if late else 0] if found else end_of_gap(local.day, local.clock, zone)


def span_at(windows: Iterable[Window], at: datetime, *, wide: bool = False) -> Span | None:
    """Find a span that a moment is in; the one that ends last, if there are several."""
    found = [span for window in windows for span in window.spans(at, wide=wide) if span.has(at)]
    return max(found, key=lambda span: span.end, default=None)


def next_opening(windows: Iterable[Window], after: datetime) -> datetime | None:
    """When the next of these opens; None if none ever does."""
    starts = (span.start for window in windows for span in window.spans(after, wide=False))
    return min((start for start in starts if start > after), default=None)


# --- reading ----------------------------------------------------------------------------------

_CLOCK = r"(?:[01]?\d|2[0-4]):[0-5]\d"
_DAYS_OF_WEEK = r"[a-z]+(?:\s*[-,]\s*[a-z]+)*"
_TO = r"(?:\s*-\s*|\s+(?:to|until)\s+)"
_DATE_TO = r"\s+(?:-|to|until)\s+"


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"{pattern}\s+(?P<zone>\S+)", re.ASCII | re.IGNORECASE)


_ON_DAYS = _form(rf"(?P<days>{_DAYS_OF_WEEK})\s+(?P<start>{_CLOCK}){_TO}(?P<end>{_CLOCK})")
_INTO_DAY = _form(
    rf"(?P<day>[a-z]+)\s+(?P<start>{_CLOCK}){_TO}(?P<into>[a-z]+)\s+(?P<end>{_CLOCK})"
)
_DATES = _form(
    rf"(?P<day>(?:\d{{4}}-)?\d\d-\d\d)(?:\s+(?P<start>{_CLOCK}))?{_DATE_TO}"
    rf"(?P<into>(?:\d{{4}}-)?\d\d-\d\d)(?:\s+(?P<end>{_CLOCK}))?"
)
_TIMES = _form(rf"(?P<days>{_DAYS_OF_WEEK})\s+(?P<start>{_CLOCK})")
_HOUR = timedelta(hours=1)
_ORDINARY_YEAR = 2001
_YEARLY = len("12-20")


def parse_window(text: str) -> Window:
    """Read a window.

    Raises:
        WindowError: it is none; the message names the part that is wrong.
    """
    plain = " ".join(re.sub("[\u2010-\u2015\u2212\uff0d]", "-", text).split())
    for form, read in ((_ON_DAYS, _on_days), (_INTO_DAY, _into_day), (_DATES, _dates)):
        if match := form.fullmatch(plain):
            return Window(text=plain, zone=_zone(match["zone"]), pattern=read(match))
    raise WindowError(f"{text!r} is not understood; write it like {FORMS[0]!r}")


def parse_times(text: str) -> Window:
    """Read times that come every week, such as `Mon 09:00 Asia/Shanghai`: each opens an hour.

    Raises:
        WindowError: it is none; the message names the part that is wrong.
    """
    plain = " ".join(text.split())
    match = _TIMES.fullmatch(plain)
    if match is None:
        raise WindowError(f"{text!r} is not understood; write it like 'Mon 09:00 Asia/Shanghai'")
    start = _start(match["start"])
    end = (datetime.combine(date.min, start) + _HOUR).time()
    pattern = Weekly(days=_days(match["days"]), start=start, lasts=int(end < start), end=end)
    return Window(text=plain, zone=_zone(match["zone"]), pattern=pattern)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, OSError, ValueError):
        raise WindowError(
            f"{name!r} is no time zone; use a name such as Asia/Shanghai or UTC"
        ) from None


def _clock(text: str) -> tuple[time, int]:
    """Read a time of day, and on how many days later it is: 24:00 is 00:00 of the next day."""
    hour, minute = map(int, text.split(":"))
    if hour < 24:  # noqa: PLR2004 - the hours of a day
        return time(hour, minute), 0
    if minute:
        raise WindowError(f"{text!r} is no time of day; the last one is 24:00")
    return time(), 1


def _start(text: str) -> time:
    clock, later = _clock(text)
    if later:
        raise WindowError("24:00 can only stand at the end; begin at 00:00 of the next day")
    return clock


def _on_days(match: re.Match[str]) -> Weekly:
    start = _start(match["start"])
    end, later = _clock(match["end"])
    if (start, 0) == (end, later):
        raise WindowError("it begins and ends at the same time; write 00:00-24:00 for all day")
    return Weekly(days=_days(match["days"]), start=start, lasts=later or int(end < start), end=end)


def _days(text: str) -> frozenset[int]:
    if text.lower() == "daily":
        return frozenset(range(_WEEK))
    found: set[int] = set()
    for part in text.split(","):
        first, *last = (_day(word) for word in part.split("-"))
        if len(last) > 1:
            raise WindowError(f"{part!r} is no range of days; write it like Mon-Thu")
        # Fri-Mon goes over the end of the week.
        length = (last[0] - first) % _WEEK if last else 0
        found.update((first + offset) % _WEEK for offset in range(length + 1))
    return frozenset(found)


def _day(word: str) -> int:
    plain = word.strip().lower()
    for number, name in enumerate(_DAYS):
        if len(plain) >= _SHORT and name.startswith(plain):
            return number
    known = ", ".join(name[:_SHORT].title() for name in _DAYS)
    raise WindowError(f"{word.strip()!r} is no day; use {known}")


def _into_day(match: re.Match[str]) -> Weekly:
    first, start = _day(match["day"]), _start(match["start"])
    end, later = _clock(match["end"])
    lasts = (_day(match["into"]) - first) % _WEEK + later
    if lasts == 0 and end <= start:
        lasts = _WEEK
    return Weekly(days=frozenset({first}), start=start, lasts=lasts, end=end)


def _dates(match: re.Match[str]) -> Yearly | Dated:
    lengths = {len(match["day"]), len(match["into"])}
    if len(lengths) > 1:
        raise WindowError("give the year at both ends, or at none if it comes every year")
    start, (end, later) = _start(match["start"] or "00:00"), _clock(match["end"] or "00:00")
    if lengths == {_YEARLY}:
        first, last = (_date(f"{_ORDINARY_YEAR}-{match[name]}") for name in ("day", "into"))
        last = (last + later * DAY).replace(year=_ORDINARY_YEAR)
        return Yearly(start=first, start_clock=start, end=last, end_clock=end)
    first, last = _date(match["day"]), _date(match["into"]) + later * DAY
    if (last, end) <= (first, start):
        raise WindowError("it ends before it begins")
    return Dated(start=first, start_clock=start, end=last, end_clock=end)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        day = text.removeprefix(f"{_ORDINARY_YEAR}-")
        often = "" if day == text else " every year"
        raise WindowError(f"there is no day {day}{often}") from None
