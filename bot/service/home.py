"""The Home tabs: what waits for a person, what runs, how the fleet stands.

Who has opened theirs is remembered in memory and not in the store: Slack tells of every opening
anew, so a restart costs no more than a tab that stays as it is until it is looked at again. The
process that heard of the opening keeps the tab in step.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from bot.command import Asker
from bot.domain.change import OPEN_STATES, Change, State
from bot.domain.drift import drift_of
from bot.domain.policy import Action, Circle, decide
from bot.ports import ChatError, Person, StoreError
from bot.service.access import Access
from bot.service.desk import Desk
from bot.views.home import Fleet, HomeTab, home
from bot.views.reader import Reader

REFRESH_EVERY = 5.0
"""Seconds between two rounds; what changes in between is drawn once."""
KEPT = timedelta(hours=12)
"""How long a tab is kept in step after it was opened: a working day."""
VIEWERS = 100
"""Tabs kept in step; Slack takes about 100 of these calls a minute from the whole workspace."""
CHANGES = 100
AHEAD = timedelta(days=7)
_log = logging.getLogger(__name__)


@dataclass
class _Viewer:
    person: Person
    opened_at: datetime
    seen: str = ""
    """Digest of what Slack shows: what looks the same is not sent again."""
    drawn_at: float = 0.0


class Homes:
    """Whose Home tabs are kept in step, and the keeping."""

    def __init__(self) -> None:
        """Nobody has opened any yet."""
        self._viewers: dict[str, _Viewer] = {}
        self._changed = asyncio.Event()
        self._round = 0

    def wake(self) -> None:
        """Something may have changed. Call it from the event loop's thread."""
        self._changed.set()

    async def open(self, desk: Desk, asker: Asker) -> None:
        """Show somebody their tab now, and keep it in step from here on."""
        viewer = _Viewer(person=asker.person, opened_at=asker.now)
        self._viewers.pop(asker.person.id, None)
        self._viewers[asker.person.id] = viewer
        if len(self._viewers) > VIEWERS:
            del self._viewers[next(iter(self._viewers))]
        try:
            await self._show(desk, viewer, await _open_changes(desk))
        except ChatError:
            self.wake()  # The next round tries again.

    async def run(self, desk: Desk) -> None:
        """Keep the tabs in step until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            wait = REFRESH_EVERY
            try:
                await self._refresh(desk)
            except ChatError as error:
                wait = max(wait, error.retry_after or 0.0)
                self._changed.set()
            except StoreError:
                self._changed.set()  # The store has said so itself; the next round tries again.
            except Exception:  # noqa: BLE001 - logged, and the next round is another try
                _log.exception("a mistake of ours; the Home tabs are drawn again later")
            await desk.sleep(wait)

    async def _refresh(self, desk: Desk) -> None:
        """Draw the tabs that changed, the one drawn longest ago first.

        Raises:
            ChatError: Slack wants a pause.
        """
        since = desk.clock() - KEPT
        kept = {user: one for user, one in self._viewers.items() if one.opened_at > since}
        self._viewers = kept
        if not kept:
            return
        changes = await _open_changes(desk)
        for viewer in sorted(kept.values(), key=lambda one: one.drawn_at):
            await self._show(desk, viewer, changes)

    async def _show(self, desk: Desk, viewer: _Viewer, changes: Iterable[Change]) -> None:
        tab = await _tab(desk, viewer.person, changes)
        blocks = home(tab, Reader.of(viewer.person.language))
        seen = sha256(repr(blocks).encode()).hexdigest()
        if seen == viewer.seen:
            return
        try:
            await desk.forms.publish(viewer.person.id, blocks)
        except ChatError as error:
            if error.retry_after is not None:
                raise
            _log.warning("a Home tab could not be shown: %s", error.code)
            self._viewers.pop(viewer.person.id, None)
            return
        viewer.seen = seen
        self._round += 1
        viewer.drawn_at = self._round


async def _open_changes(desk: Desk) -> tuple[Change, ...]:
    return await desk.changes.find(states=OPEN_STATES, limit=CHANGES)


async def _tab(desk: Desk, person: Person, changes: Iterable[Change]) -> HomeTab:
    now = desk.clock()
    environments = await Access(desk, person, "").environments()
    circles = {name: await desk.circle(person, one) for name, one in environments.items()}
    listed = [change for change in changes if change.environment in circles]
    return HomeTab(
        waiting=tuple(one for one in listed if _waits_for(one, circles, desk, now)),
        mine=tuple(one for one in listed if one.requester == person.id),
        running=tuple(one for one in listed if one.state in {State.RUNNING, State.UNKNOWN}),
        scheduled=tuple(one for one in listed if _is_soon(one, now)),
        fleets=tuple(_fleet(name, desk) for name in environments),
        calendars={name: await desk.calendar(one) for name, one in environments.items()},
        now=now,
    )


def _waits_for(change: Change, circles: Mapping[str, Circle], desk: Desk, now: datetime) -> bool:
    """Whether this person's yes is what the change waits for."""
    if change.state is State.PROPOSED and now < change.expires_at:
        action = Action.APPROVE
    elif change.state is State.HALTED:
        action = Action.RESUME
    else:
        return False
    environment = desk.environments[change.environment]
    circle = circles[change.environment]
    return decide(action, circle, environment, channel=change.channel, change=change).allowed


def _is_soon(change: Change, now: datetime) -> bool:
    run_at = change.options.run_at
    return change.state is State.SCHEDULED and (run_at is None or run_at - now <= AHEAD)


def _fleet(name: str, desk: Desk) -> Fleet:
    roster = desk.rosters[name]
    known = roster.glance()
    drift = drift_of(known.instances, known.versions) if known is not None else None
    return Fleet(environment=name, drift=drift, trouble=roster.trouble)
