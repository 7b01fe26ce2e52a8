"""The vendor's words for times, versions, statuses and states, read leniently.

Nothing here fails: what cannot be read becomes None, or the careful reading.
"""

from datetime import UTC, datetime

from pydantic import ValidationError

from bot.domain.instance import JobState, Status
from bot.domain.kernel import Kernel

_SECONDS_ONLY = 10**11
"""Integers above this are milliseconds since 1970, as `schedule-tasks/exist` writes them."""


def read_text(value: object) -> str:
    """Read text that may be a number or null."""
    return "" if value is None else str(value)


def read_time(value: object) -> datetime | None:
    """Read any of the vendor's ways to write a time; None for what cannot be read."""
    text = read_text(value).strip().replace("_", "+")
    try:
        if text.isdecimal():
            number = int(text)
            return datetime.fromtimestamp(number / 1000 if number > _SECONDS_ONLY else number, UTC)
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def write_time(at: datetime) -> str:
    """Write a time for a query: UTC, whole seconds, the offset without a colon."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def read_kernel(value: object) -> Kernel | None:
    """Read a kernel version; None for what is none."""
    try:
        return Kernel(read_text(value))
    except ValidationError:
        return None


_STATUSES = {
    "normal": Status.NORMAL,
    "active": Status.NORMAL,
    "abnormal": Status.ABNORMAL,
    "createfail": Status.ABNORMAL,
    "create_failed": Status.ABNORMAL,
    "failed": Status.ABNORMAL,
    "storage full": Status.ABNORMAL,
    "frozen": Status.FROZEN,
    "deleted": Status.DELETED,
}
_STATES = {
    "pending": JobState.PENDING,
    "waiting": JobState.PENDING,
    "unauthorized": JobState.PENDING,  # it waits for somebody's consent
    "running": JobState.RUNNING,
    "completed": JobState.COMPLETED,
    "success": JobState.COMPLETED,
    "failed": JobState.FAILED,
    "fail": JobState.FAILED,
    "canceled": JobState.CANCELLED,
    "cancelled": JobState.CANCELLED,
}


def read_status(word: str) -> Status:
    """Reduce the words of v3.1, v3 and the task centre; an unknown one means busy."""
    return _STATUSES.get(word.casefold(), Status.BUSY)


def read_state(word: str) -> JobState:
    """Read the words of both task lists; an unknown one means that the end is not known yet."""
    return _STATES.get(word.casefold(), JobState.RUNNING)
