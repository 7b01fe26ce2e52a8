"""Claim one piece of work, do it in a task, claim the next, until nothing is left to claim.

Claims are leases, so any number of processes share the work, and what a dead one held is taken
over when its lease ends.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from bot.ports import Lease, StoreError
from bot.service.desk import Desk

RENEW_EVERY = 5.0
AT_ONCE = 8
"""Pieces of work of one kind at the same time, as many as the cloud client has calls."""
ANSWERS_AT_ONCE = 32
"""The same for what people ask: most of it waits for Slack and for the disk, not for the cloud."""
_log = logging.getLogger(__name__)
_Work = TypeVar("_Work")
_Key = TypeVar("_Key", int, str)


@dataclass(frozen=True)
class Trade(Generic[_Work, _Key]):
    """One kind of work: how it is claimed, told apart, named in the log, kept and done."""

    claim: Callable[[Lease, datetime], Awaitable[_Work | None]]
    key: Callable[[_Work], _Key]
    name: Callable[[_Work], str]
    renew: Callable[[_Key, Lease], Awaitable[bool]]
    work: Callable[[_Work], Awaitable[None]]
    watched: Callable[[_Work], AbstractContextManager[None]]
    """Names the work for whoever watches, from its beginning to its end."""
    may_begin: Callable[[], bool] = lambda: True
    """Whether anything may be claimed now."""
    at_once: int = AT_ONCE
    """How many are worked on at the same time."""


class Pump(Generic[_Work, _Key]):
    """Claims work of one kind, keeps it while it lasts, and bounds how much is done at once."""

    def __init__(self, desk: Desk, trade: Trade[_Work, _Key]) -> None:
        """Nothing runs before `run`."""
        self._desk = desk
        self._trade: Trade[_Work, _Key] = trade
        self._awake = asyncio.Event()
        self._stopping = False
        self._held: set[_Key] = set()
        self._coming = 0
        self.tasks: set[asyncio.Task[None]] = set()
        """What is under way; each task is named for its work."""

    def wake(self) -> None:
        """There may be something to claim."""
        self._awake.set()

    async def bring(
        self, item: _Work, store: Callable[[_Work, Lease | None], Awaitable[bool]]
    ) -> bool:
        """Store new work; what this process has room for is stored as claimed, and begun at once.

        `store` returns False if it was stored before; that is handed on.
        """
        if self._stopping or len(self.tasks) + self._coming >= self._trade.at_once:
            is_new = await store(item, None)
            self.wake()
            return is_new
        self._coming += 1
        try:
            is_new = await store(item, self._desk.lease())
        finally:
            self._coming -= 1
        if is_new:
            self._begin(item)
        return is_new

    def stop(self) -> None:
        """Claim nothing more; `run` returns, and what is under way goes on."""
        self._stopping = True
        self.wake()

    async def run(self) -> None:
        """Claim and work until stopped or cancelled."""
        while not self._stopping:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self._take_all()
            except StoreError:
                continue  # The store has said so itself; the next sweep tries again.
            except Exception:  # noqa: BLE001 - logged; a pump that has ended would lose all work
                _log.exception("a mistake of ours; trying again at the next sweep")

    async def _take_all(self) -> None:
        while not self._stopping:
            if len(self.tasks) >= self._trade.at_once:
                await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
                continue
            if not self._trade.may_begin():
                return
            item = await self._trade.claim(self._desk.lease(), self._desk.clock())
            if item is None:
                return
            # Ours already: a clock that jumped ended the lease, but not the work.
            if self._trade.key(item) not in self._held:
                self._begin(item)

    def _begin(self, item: _Work) -> None:
        key = self._trade.key(item)
        self._held.add(key)
        task = asyncio.create_task(self._do(item), name=self._trade.name(item))
        self.tasks.add(task)
        task.add_done_callback(lambda done: self._finished(key, done))

    def _finished(self, key: _Key, task: asyncio.Task[None]) -> None:
        self._held.discard(key)
        self.tasks.discard(task)

    async def _do(self, item: _Work) -> None:
        with self._trade.watched(item):
            await self._do_watched(item)

    async def _do_watched(self, item: _Work) -> None:
        keeping = asyncio.create_task(self._keep(self._trade.key(item)))
        try:
            await self._trade.work(item)
        except StoreError as error:
            _log.warning("%s is taken up again later: %s", self._trade.name(item), error)
        except Exception:  # noqa: BLE001 - logged; the lease ends, and the work is taken up again
            _log.exception("a mistake of ours; %s is taken up again", self._trade.name(item))
        finally:
            keeping.cancel()

    async def _keep(self, key: _Key) -> None:
        while True:
            await self._desk.sleep(RENEW_EVERY)
            with suppress(StoreError):
                await self._trade.renew(key, self._desk.lease())
