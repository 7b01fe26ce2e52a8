"""Wall clocks against moments: where clocks are changed, a local time is none, one or two.

Moments are aware and in UTC; a local time is a date and a time of day in a zone.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from bot.domain.sentence import Sentence, Word, say, word

_SECOND = timedelta(seconds=1)


def moments(day: date, clock: time, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Find the moments at which a wall clock shows this; none in a gap, two in a fold."""
    shown = datetime.combine(day, clock)
    readings = {shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return tuple(sorted(at for at in readings if at.astimezone(zone).replace(tzinfo=None) == shown))


def end_of_gap(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Find the moment at which the clocks jump over a local time that does not exist."""
    skipped = datetime.combine(day, clock, zone)
    # Read with the offset from after the change it lies before the change, and vice versa.
    before = skipped.replace(fold=1).astimezone(UTC)
    after = skipped.replace(fold=0).astimezone(UTC)
    old = before.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after


def is_over(day: date, clock: time, zone: ZoneInfo, now: datetime) -> bool:
    """Whether a local time, or the gap where it would have been, is past."""
    found = moments(day, clock, zone)
    return (found[-1] if found else end_of_gap(day, clock, zone)) <= now


def next_moment(clock: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Find the next moment at which the wall clock shows this, today or on a later day."""
    today = now.astimezone(zone).date()
    return next(at for day in _days_from(today) for at in moments(day, clock, zone) if at > now)


def _days_from(day: date) -> Iterable[date]:
    # A day can lack a time, and a zone that crosses the date line lacks a whole day.
    return (day + timedelta(days=ahead) for ahead in range(8))


class Weekday(Word):
    """Days of the week, from Monday."""

    MONDAY = "Mon"
    TUESDAY = "Tue"
    WEDNESDAY = "Wed"
    THURSDAY = "Thu"
    FRIDAY = "Fri"
    SATURDAY = "Sat"
    SUNDAY = "Sun"


def with_weekday(at: datetime, zone: tzinfo) -> Sentence:
    """Say a moment on the clock of a zone, with its day of the week."""
    local = at.astimezone(zone)
    day = word(tuple(Weekday)[local.weekday()])
    return say("{day} {time}", day=day, time=local.strftime("%Y-%m-%d %H:%M"))


def typed(at: datetime, zone: ZoneInfo) -> str:
    """Write a moment as a person there would type it, with the offset only where it is needed."""
    local = at.astimezone(zone)
    if len(moments(local.date(), local.time(), zone)) > 1:
        return with_offset(at, zone)
    return local.strftime("%Y-%m-%d %H:%M")


def with_offset(at: datetime, zone: ZoneInfo) -> str:
    """Write a moment so that it can be nothing else: ISO 8601 with its offset."""
    return at.astimezone(zone).isoformat(timespec="minutes")
