"""Who may approve at present: user groups and whoever is on call, each as known at a moment.

What was read less than a minute ago is used as it is. While Slack or the on-call vendor does not
answer, what was read within ten minutes serves, and is marked; then nobody counts: in doubt, no.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from bot.domain.duty import Duty, Shift
from bot.domain.model import Frozen
from bot.ports import ChatError, Clock, OnCall, OnCallError, People

FRESH = timedelta(minutes=1)
USABLE = timedelta(minutes=10)
_log = logging.getLogger(__name__)


class Roll(Frozen):
    """Who was on a list when it was read."""

    users: frozenset[str] = frozenset()
    duties: tuple[Duty, ...] = ()
    stale_since: datetime | None = None
    """When it was read, if it could not be read again."""
    is_known: bool = True


class Rota:
    """Reads lists of approvers and keeps them for a while."""

    def __init__(self, people: People, on_call: Mapping[str, OnCall], clock: Clock) -> None:
        """Nothing is asked yet; `on_call` is by vendor, the first part of a source."""
        self._people = people
        self._on_call = on_call
        self._clock = clock
        self._kept: dict[str, tuple[datetime, tuple[Duty, ...]]] = {}

    async def group(self, name: str) -> Roll:
        """Read a Slack user group."""
        try:
            group = await self._people.group(name)
        except ChatError:
            return Roll(is_known=False)
        return Roll(users=group.users, stale_since=group.read_at if group.is_stale else None)

    async def on_call(self, source: str) -> Roll:
        """Read who is on call; a shift that is over does not count, however it is known."""
        now = self._clock()
        read_at, duties = self._kept.get(source, (None, ()))
        if read_at is not None and now - read_at < FRESH:
            return _roll(duties, now)
        try:
            duties = await self._asked(source)
        except (OnCallError, ChatError) as error:
            _log.warning("who is on call (%s) could not be read: %s", source, error)
            if read_at is None or now - read_at >= USABLE:
                return Roll(is_known=False)
            return _roll(duties, now, stale_since=read_at)
        self._kept[source] = (now, duties)
        return _roll(duties, now)

    async def _asked(self, source: str) -> tuple[Duty, ...]:
        shifts = await self._on_call[source.split(":", maxsplit=1)[0]].shifts(source)
        found = [await self._found(source, shift) for shift in shifts]
        return tuple(one for one in found if one is not None)

    async def _found(self, source: str, shift: Shift) -> Duty | None:
        user = await self._people.by_email(shift.email)
        if user is None:
            _log.warning("somebody on call (%s) has an address that Slack does not know", source)
            return None
        return Duty(source=source, user=user, until=shift.until, level=shift.level)


def _roll(duties: Iterable[Duty], now: datetime, stale_since: datetime | None = None) -> Roll:
    held = tuple(duty for duty in duties if duty.holds(now))
    users = frozenset(duty.user for duty in held)
    return Roll(users=users, duties=held, stale_since=stale_since)
