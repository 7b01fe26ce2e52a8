"""Freezes from a calendar that others keep: what of it is known, and what that is worth.

A calendar that cannot be read is believed as it was read last, first in silence, then marked as
out of date. After some hours nobody knows whether a freeze was put into it meanwhile: then it
closes its environments, as an upgrade cannot be undone, unless the policy says otherwise.
"""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import SecretStr

from bot.domain.model import Frozen
from bot.domain.sentence import At, Sentence, say
from bot.domain.windows import Span

READ_EVERY = timedelta(minutes=5)
STALE_AFTER = timedelta(minutes=20)
"""Several readings have failed by then."""
TRUSTED_FOR = timedelta(hours=6)
"""How long the last reading counts."""
_BEHIND, _AHEAD = timedelta(days=1), timedelta(days=400)


class CalendarError(Exception):
    """A calendar could not be read; `why` says so in a few words, never its address."""

    def __init__(self, why: Sentence) -> None:
        """Keep the words."""
        super().__init__(str(why))
        self.why = why


class Source(Frozen):
    """Where a calendar is."""

    name: str
    url: SecretStr | None = None
    """A secret: private addresses of calendars are."""
    path: str = ""
    token: SecretStr | None = None
    zone: str = "UTC"
    """Of events that name none, whole days among them."""
    unreachable: Literal["closed", "open"] = "closed"
    """What holds while it is not known what the calendar says."""


class Event(Frozen):
    """One freeze of a calendar."""

    uid: str
    start: datetime
    end: datetime
    reason: str


class Feed(Frozen):
    """What is known of one calendar at a moment."""

    name: str
    events: tuple[Event, ...] = ()
    stale_since: datetime | None = None
    """When it was read last, if that is too long ago to be silent about."""
    is_unread: bool = False
    """Whether it is not known what it says: never read, or too long ago."""
    is_closed: bool = False
    """Whether nothing may start because of that."""
    trouble: Sentence | None = None
    """Why it could not be read, in a few words and without its address."""

    @property
    def doubt(self) -> Sentence:
        """Why an environment is closed, or ought to be looked at."""
        if self.stale_since is None:
            return say(
                "The calendar {calendar} could not be read ({why}), so it is not known whether "
                "there is a freeze. Whoever runs the bot has to mend that.",
                calendar=self.name,
                why=self.trouble or "-",
            )
        return say(
            "The calendar {calendar} could not be read since {at} ({why}), so it is not known "
            "whether there is a freeze by now. Whoever runs the bot has to mend that.",
            calendar=self.name,
            at=At(at=self.stale_since),
            why=self.trouble or "-",
        )


def around(now: datetime) -> Span:
    """Choose what is read of a calendar: what holds now, and as far ahead as people plan."""
    return Span(now - _BEHIND, now + _AHEAD)


def feed_of(
    source: Source,
    events: tuple[Event, ...],
    read_at: datetime | None,
    trouble: Sentence | None,
    now: datetime,
) -> Feed:
    """Tell what the last reading of a calendar is worth now; `read_at` None: there was none."""
    is_stale = read_at is not None and now - read_at >= STALE_AFTER
    is_unread = read_at is None or now - read_at >= TRUSTED_FOR
    return Feed(
        name=source.name,
        events=events,
        stale_since=read_at if is_stale else None,
        is_unread=is_unread,
        is_closed=is_unread and source.unreachable == "closed",
        trouble=trouble,
    )
