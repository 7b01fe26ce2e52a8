"""Not asking Slack more often than it likes, without ever waiting in secret."""

from datetime import datetime, timedelta

from bot.ports import ChatError, Clock

_LONGEST = timedelta(minutes=5)
"""No wait is longer, even if the clock was set back in between."""


class Pace:
    """One permit `every` so often for each key, and `burst` of them at once."""

    def __init__(self, clock: Clock, *, every: timedelta, burst: int) -> None:
        """Start with the whole burst available for every key."""
        self._clock = clock
        self._every = every
        self._slack = every * (burst - 1)
        self._taken_until: dict[str, datetime] = {}

    def take(self, key: str) -> None:
        """Take a permit; raises `ChatError` with the seconds until there is one."""
        now = self._clock()
        until = min(max(self._taken_until.get(key, now), now), now + _LONGEST)
        wait = (until - now - self._slack).total_seconds()
        if wait > 0:
            raise ChatError("paced", retry_after=wait)
        self._taken_until[key] = until + self._every

    def hold(self, key: str, seconds: float) -> None:
        """Give no permit for so long, because Slack said so."""
        until = self._clock() + timedelta(seconds=seconds) + self._slack
        self._taken_until[key] = max(self._taken_until.get(key, until), until)
