"""Times as people type them. A small closed grammar: a wrong guess is worse than an error.

`now`, `+2h`, `02:00`, `today 22:00`, `tonight 22:30`, `tomorrow 02:00`, `sat 03:00`,
`2026-12-01 02:00`, ISO 8601 with an offset; in Chinese `今晚22:00`, `明天凌晨两点半`, `周六 03:00`,
`下周六3点`, `12月1日 02:00`, `+2小时`, `2小时后`. Without an offset, times are in the asker's zone.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.domain import duration
from bot.domain.duration import span
from bot.domain.localtime import (
    end_of_gap,
    is_over,
    moments,
    next_moment,
    typed,
    with_offset,
)
from bot.domain.model import Frozen
from bot.domain.sentence import Sentence, say
from bot.domain.when_words import (
    AHEAD,
    CLOCK,
    DATE,
    DAY,
    HABITS,
    MONTH_AND_DAY,
    PARTS,
    WEEKDAYS,
    WEEKS,
    pattern,
    with_digits,
)

__all__ = ["When", "WhenError", "parse_duration", "parse_when"]

FARTHEST = timedelta(days=366)
_NOON = 12


class When(Frozen):
    """A moment that was understood, with what it takes to echo it."""

    at: datetime
    zone: str
    """The asker's zone, in which the time was read."""
    is_now: bool = False

    @property
    def local(self) -> datetime:
        """The moment on the asker's clock."""
        return self.at.astimezone(ZoneInfo(self.zone))


class WhenError(ValueError):
    """A time that is not understood, past, nonexistent, ambiguous or too far; says what to type.

    `is_time` is False where the text is no time at all, rather than one that cannot be used.
    """

    def __init__(self, sentence: Sentence, *, is_time: bool = True) -> None:
        """Keep the sentence for the asker."""
        super().__init__(str(sentence))
        self.sentence = sentence
        self.is_time = is_time


class _Asked(NamedTuple):
    """What was typed, when and where."""

    text: str
    now: datetime
    zone: ZoneInfo

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()


def parse_when(text: str, now: datetime, zone: ZoneInfo) -> When:
    """Read a time. `now` is aware; `zone` is the asker's.

    Raises:
        WhenError: it is not understood, past, nonexistent, ambiguous or more than a year ahead.
    """
    asked = _Asked(text.strip(), now.astimezone(UTC), zone)
    at = _read(_plain(text), asked)
    if at == asked.now:
        return When(at=at, zone=str(zone), is_now=True)
    if at < asked.now:
        raise _past(asked, at.astimezone(zone).time())
    if at - asked.now > FARTHEST:
        raise _too_far(asked)
    return When(at=at, zone=str(zone))


def parse_duration(text: str) -> timedelta:
    """Read a duration as people type it: `10m`, `1h30m`, also `10分钟`, `两小时`.

    Raises:
        ValueError: it is none.
    """
    return duration.parse_duration(_with_units(_plain(text)))


def _plain(text: str) -> str:
    """Bring full-width signs, numerals, capitals and blanks into one form."""
    return with_digits(" ".join(unicodedata.normalize("NFKC", text).lower().split()))


def _read(plain: str, asked: _Asked) -> datetime:
    for form, reader in _FORMS:
        if match := form.fullmatch(plain):
            return reader(match, asked)
    for form, proposal in HABITS:
        if match := form.fullmatch(plain):
            raise _unusual(asked, proposal(match))
    raise _unknown(asked)


# --- the forms ------------------------------------------------------------------------------


def _now(_match: re.Match[str], asked: _Asked) -> datetime:
    return asked.now


_UNITS = (
    (r"(\d)个半(?:小时|钟头)", r"\1h30m"),
    (r"半个?(?:小时|钟头)", "30m"),
    (r"个?(?:小时|钟头)", "h"),
    (r"分钟?", "m"),
    (r"秒钟?", "s"),
    (r"天", "d"),
)


def _with_units(text: str) -> str:
    for names, unit in _UNITS:
        text = re.sub(names, unit, text)
    return text


def _after(match: re.Match[str], asked: _Asked) -> datetime:
    ahead = span(_with_units(match["span"]))
    if ahead is None:
        raise _unknown(asked)
    if ahead > FARTHEST:
        raise _too_far(asked)
    return asked.now + ahead


def _next(match: re.Match[str], asked: _Asked) -> datetime:
    clock = _clock(match, asked)
    return _first((asked.today, asked.today + timedelta(days=1)), clock, asked)


def _on_day(match: re.Match[str], asked: _Asked) -> datetime:
    word, clock = match["day"], _clock(match, asked)
    if word in AHEAD:
        return _exact(asked.today + timedelta(days=AHEAD[word]), clock, asked)
    if word in WEEKS:
        monday = asked.today - timedelta(days=asked.today.weekday())
        return _exact(monday + timedelta(days=WEEKS[word]), clock, asked)
    day = asked.today + timedelta(days=(WEEKDAYS[word] - asked.today.weekday()) % 7)
    return _first((day, day + timedelta(days=7)), clock, asked)


def _on_date(match: re.Match[str], asked: _Asked) -> datetime:
    try:
        day = _date(match, asked)
    except ValueError:
        raise WhenError(
            say("{text}: there is no day {date}. Check the date.", text=asked.text, date=match[1])
        ) from None
    clock = _clock(match, asked)
    # Checked here too, because the ends of the calendar cannot be converted between zones.
    if day > asked.today + FARTHEST:
        raise _too_far(asked)
    if day < asked.today:
        raise _past(asked, clock)
    return _exact(day, clock, asked)


def _date(match: re.Match[str], asked: _Asked) -> date:
    """Read a date; one without a year is the next such day. Raises ValueError if there is none."""
    found = match.groupdict()
    if "month" not in found:
        return date.fromisoformat(match["date"])
    year = int(found["year"] or asked.today.year)
    day = date(year, int(found["month"]), int(found["of_month"]))
    is_over = found["year"] is None and day < asked.today
    return day.replace(year=year + 1) if is_over else day


def _with_offset(match: re.Match[str], asked: _Asked) -> datetime:
    try:
        at = datetime.fromisoformat(f"{match['date']}T{match['time']}{match['offset']}".upper())
    except ValueError:
        raise _unknown(asked) from None
    if abs(at.year - asked.now.year) > 1:  # as above
        raise _too_far(asked) if at.year > asked.now.year else _past(asked, at.time())
    return at.astimezone(UTC)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], _Asked], datetime]], ...] = (
    (pattern("now|现在|立即|立刻|马上"), _now),
    (pattern(r"\+ ?(?P<span>[\d半].*)"), _after),
    (pattern(r"(?P<span>[\d半].*?)(?:之后|以后|后)"), _after),
    (pattern(CLOCK), _next),
    (pattern(rf"{DAY} ?{CLOCK}"), _on_day),
    (pattern(rf"{DATE}[ t]{CLOCK}"), _on_date),
    (pattern(rf"{MONTH_AND_DAY} ?{CLOCK}"), _on_date),
    (
        pattern(
            rf"{DATE}[ t](?P<time>\d\d:\d\d(?::\d\d(?:\.\d+)?)?)"
            r" ?(?P<offset>z|[+-]\d\d(?::?\d\d)?)"
        ),
        _with_offset,
    ),
)
"""Every form of a time: how it looks, and who reads it."""


def _clock(match: re.Match[str], asked: _Asked) -> time:
    minute = 30 if match["half"] else int(match["minute"] or match["minutes"] or 0)
    minute = int(match["quarters"]) * 15 if match["quarters"] else minute
    clock = time(int(match["hour"]), minute, int(match["second"] or 0))
    hours = PARTS.get(match["part"] or match.groupdict().get("day") or "")
    if hours is None:
        return clock
    meant = [hour for hour in (clock.hour, clock.hour + 12) if hour in hours]
    if not meant:
        if clock.hour == _NOON:  # twelve at night is midnight
            clock = clock.replace(hour=0)
        raise _unusual(asked, _next_time(clock, asked))
    return clock.replace(hour=meant[0])


def _first(days: tuple[date, date], clock: time, asked: _Asked) -> datetime:
    """Read on the first of two days, or on the second if that is over."""
    first, second = days
    return _exact(second if is_over(first, clock, asked.zone, asked.now) else first, clock, asked)


def _exact(day: date, clock: time, asked: _Asked) -> datetime:
    """Turn a wall-clock time into a moment, if it is one moment."""
    found = moments(day, clock, asked.zone)
    if not found:
        raise _skipped(asked, end_of_gap(day, clock, asked.zone))
    if len(found) > 1 and found[-1] > asked.now:
        raise _twice(asked, *found)
    return found[-1]


# --- the refusals -----------------------------------------------------------------------------


def _past(asked: _Asked, clock: time) -> WhenError:
    return WhenError(
        say(
            "{text} is in the past. Did you mean {proposal}?",
            text=asked.text,
            proposal=_next_time(clock, asked),
        )
    )


def _next_time(clock: time, asked: _Asked) -> str:
    clock = clock.replace(second=0, microsecond=0)
    return typed(next_moment(clock, asked.zone, asked.now), asked.zone)


def _too_far(asked: _Asked) -> WhenError:
    return WhenError(
        say(
            "{text} is more than a year away. Use {proposal} or earlier.",
            text=asked.text,
            proposal=typed(asked.now + FARTHEST - timedelta(hours=1), asked.zone),
        )
    )


def _skipped(asked: _Asked, end: datetime) -> WhenError:
    return WhenError(
        say(
            "{text} does not exist in {zone}: the clocks go forward then. Use {proposal}.",
            text=asked.text,
            zone=str(asked.zone),
            proposal=typed(end, asked.zone),
        )
    )


def _twice(asked: _Asked, first: datetime, second: datetime) -> WhenError:
    if first <= asked.now:
        return WhenError(
            say(
                "{text} comes twice in {zone}: the clocks go back then. The first is past; "
                "for the second use {proposal}.",
                text=asked.text,
                zone=str(asked.zone),
                proposal=with_offset(second, asked.zone),
            )
        )
    return WhenError(
        say(
            "{text} comes twice in {zone}: the clocks go back then. "
            "Say which: {first} or {second}.",
            text=asked.text,
            zone=str(asked.zone),
            first=with_offset(first, asked.zone),
            second=with_offset(second, asked.zone),
        )
    )


def _unusual(asked: _Asked, proposal: str) -> WhenError:
    return WhenError(say("Write {proposal} instead of {text}.", text=asked.text, proposal=proposal))


def _unknown(asked: _Asked) -> WhenError:
    return WhenError(
        say(
            "{text} is not a time I know. Use one of: now, +2h, 02:00, tomorrow 02:00, "
            "tonight 22:30, sat 03:00, 2026-12-01 02:00, 2026-12-01T02:00+08:00.",
            text=asked.text,
        ),
        is_time=False,
    )
