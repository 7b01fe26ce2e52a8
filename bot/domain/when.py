"""Times as people type them. A small closed grammar: a wrong guess is worse than an error.

`now`, `+2h`, `02:00`, `today 22:00`, `tonight 22:30`, `tomorrow 02:00`, `sat 03:00`,
`2026-12-01 02:00`, ISO 8601 with an offset. Without an offset, times are in the asker's zone.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.model import Frozen
from bot.domain.sentence import Sentence, say

FARTHEST = timedelta(days=366)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)"
_DATED = re.compile(rf"(?P<date>\d{{4}}-\d{{2}}-\d{{2}})[ t]{_CLOCK}(:[0-5]\d)?")
_NAMED = re.compile(rf"(?P<day>today|tonight|tomorrow|[a-z]{{3,9}})\s+{_CLOCK}")
_BARE = re.compile(_CLOCK)
_OFFSET = re.compile(r"\d{4}-\d{2}-\d{2}[ t]\d{2}:\d{2}(:\d{2})?(z|[+-]\d{2}:?\d{2})")
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h|d)")
_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}


class When(Frozen):
    """A moment that was understood."""

    at: datetime
    is_now: bool = False


class WhenError(ValueError):
    """A time that is not understood, past, nonexistent or ambiguous; says what to type."""

    def __init__(self, sentence: Sentence) -> None:
        """Keep the sentence for the asker."""
        super().__init__(str(sentence))
        self.sentence = sentence


def parse_duration(text: str) -> timedelta:
    """Read `10s`, `5m`, `2h`, `1d`, `0.2s` or `1h30m`.

    Raises:
        ValueError: anything else.
    """
    total, position = timedelta(), 0
    compact = text.strip().lower()
    for match in _DURATION.finditer(compact):
        if match.start() != position:
            break
        total += float(match[1]) * _UNITS[match[2]]
        position = match.end()
    if not compact or position != len(compact):
        msg = f"{text!r} is not a duration; write it like 10s, 5m, 2h or 1d"
        raise ValueError(msg)
    return total


def parse_when(text: str, now: datetime, zone: ZoneInfo) -> When:
    """Read a time.

    Raises:
        WhenError: it is not understood, past, nonexistent, ambiguous or too far away.
    """
    typed = " ".join(text.strip().lower().split())
    if typed == "now":
        return When(at=now, is_now=True)
    at = _relative(typed, now) or _with_offset(typed) or _local(typed, text, now, zone)
    if at <= now:
        raise WhenError(
            say(
                "{text} is in the past. Did you mean {proposal}?",
                text=text,
                proposal=_proposal(now + timedelta(hours=1), zone),
            )
        )
    if at - now > FARTHEST:
        raise WhenError(say("{text} is more than a year away. Choose a nearer time.", text=text))
    return When(at=at)


def _relative(typed: str, now: datetime) -> datetime | None:
    if not typed.startswith("+"):
        return None
    try:
        return now + parse_duration(typed[1:].replace(" ", ""))
    except (ValueError, OverflowError):
        return None


def _with_offset(typed: str) -> datetime | None:
    if not _OFFSET.fullmatch(typed):
        return None
    try:
        return datetime.fromisoformat(typed.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _local(typed: str, text: str, now: datetime, zone: ZoneInfo) -> datetime:
    today = now.astimezone(zone).date()
    if match := _BARE.fullmatch(typed):
        clock = _clock(match)
        first = _exact(today, clock, text, zone)
        return first if first > now else _exact(today + timedelta(days=1), clock, text, zone)
    if match := _NAMED.fullmatch(typed):
        return _named(match, text, now, zone)
    if match := _DATED.fullmatch(typed):
        try:
            day = date.fromisoformat(match["date"])
        except ValueError:
            raise _not_understood(text) from None
        return _exact(day, _clock(match), text, zone)
    raise _not_understood(text)


def _named(match: re.Match[str], text: str, now: datetime, zone: ZoneInfo) -> datetime:
    today = now.astimezone(zone).date()
    word, clock = match["day"], _clock(match)
    if word in {"today", "tonight"}:
        return _exact(today, clock, text, zone)
    if word == "tomorrow":
        return _exact(today + timedelta(days=1), clock, text, zone)
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    index = next((i for i, day in enumerate(_DAYS) if word in {day, full[i]}), None)
    if index is None:
        raise _not_understood(text)
    day = today + timedelta(days=(index - today.weekday()) % 7)
    at = _exact(day, clock, text, zone)
    return at if at > now else _exact(day + timedelta(days=7), clock, text, zone)


def _clock(match: re.Match[str]) -> time:
    return time(int(match["hour"]), int(match["minute"]))


def _exact(day: date, clock: time, text: str, zone: ZoneInfo) -> datetime:
    """Turn a wall-clock time into a moment, if it is one moment."""
    local = datetime.combine(day, clock, zone)
    early, late = local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if early == late:
        return early
    back = early.astimezone(zone).replace(tzinfo=None)
    if back != local.replace(tzinfo=None):
        raise WhenError(
            say(
                "{text} does not exist in {zone}: the clocks go forward then. Use {proposal}.",
                text=text,
                zone=str(zone),
                proposal=_proposal(early, zone),
            )
        )
    raise WhenError(
        say(
            "{text} comes twice in {zone}: the clocks go back then. Type {first} or {second}.",
            text=text,
            zone=str(zone),
            first=_iso(early, zone),
            second=_iso(late, zone),
        )
    )


def _iso(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="minutes")


def _proposal(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def _not_understood(text: str) -> WhenError:
    return WhenError(
        say(
            "{text} is not a time I know. Use one of: now, +2h, 02:00, tomorrow 02:00, "
            "tonight 22:30, sat 03:00, 2026-12-01 02:00, 2026-12-01T02:00+08:00.",
            text=text,
        )
    )
