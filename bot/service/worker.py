"""Do what is waiting: deliveries of people, changes that are due, cards that are stale.

Each kind of work is a pump; whoever stores work wakes them.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from bot.command import Command
from bot.domain.change import Change
from bot.ports import Card, Delivery, Digest, StoreError
from bot.service import deliver
from bot.service.attend import attend
from bot.service.desk import Desk
from bot.service.digest import plan_digests, post_digest
from bot.service.forms import FormDesk
from bot.service.pump import ANSWERS_AT_ONCE, Pump, Trade
from bot.service.tell import tell

KEEP_DELIVERIES = timedelta(days=1)
"""Slack repeats a delivery for minutes; what is done is kept longer, for whoever asks."""
TIDY_EVERY = timedelta(hours=1)
_log = logging.getLogger(__name__)


class Worker:
    """The pumps of one process."""

    def __init__(self, desk: Desk, commands: Mapping[str, Command], forms: FormDesk) -> None:
        """Nothing runs before `run`."""
        self._desk = desk
        self._running: asyncio.Task[None] | None = None
        deliveries = deliver.Deliveries(desk, commands, forms)
        self._deliveries: Pump[Delivery, str] = Pump(desk, _dealing(desk, deliveries))
        self._pumps: tuple[Pump[Any, Any], ...] = (
            self._deliveries,
            Pump(desk, self._attending()),
            Pump(desk, self._showing()),
            *self._digests(),
        )

    def _attending(self) -> Trade[Change, int]:
        store, watch = self._desk.changes, self._desk.watch
        return Trade(
            claim=store.claim_due,
            key=lambda change: change.number,
            name=lambda change: change.id,
            renew=store.renew,
            work=self._attend,
            may_begin=self._desk.is_sure,
            watched=lambda change: watch.work("attend", change.key, change=change.id),
        )

    def _showing(self) -> Trade[Card, int]:
        store, watch = self._desk.changes, self._desk.watch
        return Trade(
            claim=store.claim_card,
            key=lambda card: card.id,
            name=lambda card: f"the card of CHG-{card.change}",
            renew=store.renew_card,
            work=self._tell,
            watched=lambda card: watch.work("show", change=f"CHG-{card.change}"),
        )

    def _digests(self) -> "Iterator[Pump[Digest, str]]":
        """Nobody asks the store for what no environment wants."""
        if all(one.digest is None for one in self._desk.environments.values()):
            return
        store, watch = self._desk.changes, self._desk.watch
        yield Pump(
            self._desk,
            Trade(
                claim=store.claim_digest,
                key=lambda digest: digest.environment,
                name=lambda digest: f"the digest of {digest.environment}",
                renew=store.renew_digest,
                work=lambda digest: post_digest(self._desk, digest),
                may_begin=self._desk.is_sure,
                watched=lambda digest: watch.work("digest", environment=digest.environment),
            ),
        )

    @property
    def is_running(self) -> bool:
        """Whether work is taken up."""
        return self._running is not None and not self._running.done()

    def wake(self) -> None:
        """Something may be waiting. Call it from the event loop's thread."""
        for pump in self._pumps:
            pump.wake()

    async def receive(self, delivery: Delivery) -> bool:
        """Store a delivery and deal with it; False if it was stored before.

        Raises:
            StoreError: it was not stored.
        """
        return await self._deliveries.bring(delivery, self._desk.changes.receive)

    def start(self) -> None:
        """Begin to work, within a running loop."""
        self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        self.wake()
        tidying = asyncio.create_task(self._tidy())
        try:
            await asyncio.gather(*(pump.run() for pump in self._pumps))
        finally:
            tidying.cancel()

    async def stop(self, seconds: float) -> tuple[str, ...]:
        """Take up nothing more and let the work under way end; names what was left to others."""
        for pump in self._pumps:
            pump.stop()
        try:
            async with asyncio.timeout(seconds):
                await self._end()
        except TimeoutError:
            _log.warning("the work under way takes too long and is broken off")
        left = [task for pump in self._pumps for task in pump.tasks]
        names = tuple(sorted(task.get_name() for task in left))
        running = [self._running] if self._running is not None else []
        for task in (*left, *running):
            task.cancel()
        await asyncio.gather(*left, *running, return_exceptions=True)
        return names

    async def _end(self) -> None:
        if self._running is not None:
            # Shielded: a claim that is cut off half-way is held by nobody until its lease ends.
            await asyncio.shield(self._running)
        while tasks := {task for pump in self._pumps for task in pump.tasks}:
            await asyncio.wait(tasks)

    async def _tidy(self) -> None:
        """Forget from time to time what has long been dealt with: it holds what people wrote."""
        while True:
            with suppress(StoreError):
                await plan_digests(self._desk)
            with suppress(StoreError):
                await self._desk.changes.forget_deliveries(self._desk.clock() - KEEP_DELIVERIES)
            await self._desk.sleep(TIDY_EVERY.total_seconds())

    async def _attend(self, change: Change) -> None:
        if change.due_at is not None:
            self._desk.watch.on_due(self._desk.clock() - change.due_at)
        try:
            await attend(self._desk, change)
        except asyncio.CancelledError:
            await self._desk.changes.release(change.number, self._desk.owner)
            raise
        # After a mistake of ours it stays claimed: it is still due, and would fail at once again.
        await self._desk.changes.release(change.number, self._desk.owner)

    async def _tell(self, card: Card) -> None:
        await tell(self._desk, card)


def _dealing(desk: Desk, deliveries: deliver.Deliveries) -> Trade[Delivery, str]:
    return Trade(
        claim=desk.changes.claim_delivery,
        key=lambda delivery: delivery.key,
        name=deliver.name,
        renew=desk.changes.renew_delivery,
        work=deliveries.deal_with,
        watched=lambda one: desk.watch.work(f"deal with {one.kind}", one.key, kind=one.kind),
        at_once=ANSWERS_AT_ONCE,
    )
