"""Durations as people and settings write them: `10s`, `5m`, `1h30m`, `2d`, `0.2s`."""

import re
from datetime import timedelta

LONGEST = timedelta(days=366)
_NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
_UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
# Every unit at most once and the big ones first, so that a slip such as 5m30m is noticed.
_DURATION = re.compile(
    "".join(rf"(?:(?P<{unit}>{_NUMBER}){unit}(?![a-z]))?" for unit in _UNITS),
    re.ASCII | re.IGNORECASE,
)


def parse_duration(text: str) -> timedelta:
    """Read a duration from nothing (`0s`) to 366 days.

    Raises:
        ValueError: it is none, or longer; the message says how to write one.
    """
    found = span(text)
    if found is None:
        raise ValueError(f"{text!r} is not a duration; write it like 10s, 5m, 2h, 1d or 1h30m")
    if found > LONGEST:
        raise ValueError(f"{text!r} is too long; use at most {LONGEST.days}d")
    return found


def span(text: str) -> timedelta | None:
    """Read a duration of any length; None if it is not understood."""
    match = _DURATION.fullmatch("".join(text.split()))
    if match is None or not match[0]:
        return None
    return sum(
        (_times(number, _UNITS[unit]) for unit, number in match.groupdict().items() if number),
        timedelta(),
    )


def _times(number: str, unit: timedelta) -> timedelta:
    """Multiply exactly: a float would make 0.1s + 0.2s something else than 0.3s."""
    whole, _, fraction = number.partition(".")
    millionths = int(whole + fraction.ljust(6, "0"))
    return timedelta(microseconds=millionths * (unit // timedelta(microseconds=1)) // 1_000_000)
