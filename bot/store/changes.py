"""The store's port: every method is one transaction and one hop to a thread."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Concatenate, Literal, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from bot.domain.backlog import Backlog
from bot.domain.change import Change, State
from bot.domain.errors import UnclearError
from bot.domain.freeze import Freeze
from bot.domain.story import Entry, Record
from bot.ports import Card, Delivery, Digest, Lease, StoreError
from bot.store import audit, cards, deliveries, digests, freezes, health, ledger, schema
from bot.store.backlog import backlog
from bot.store.claims import renew
from bot.store.condition import Chance, Condition, MissedError
from bot.store.engine import READERS, open_engine, reading, transact
from bot.store.wake import Waker, notify
from bot.store.writer import writer_of

_Result = TypeVar("_Result")
_Given = ParamSpec("_Given")
OnSaved = Callable[[Change, Sequence[Record]], None]
"""Told of every change that was stored and what is new of its story; must not raise."""
OnTrouble = Callable[[], None]
"""Told whenever the store could not be used; must not raise."""
_PAGE = 1000
"""How many entries an export holds in memory."""
RECEIVE_SECONDS = 2.0
"""How long a delivery may take to be stored: Slack gives three seconds for the acknowledgement."""
_COMMIT_SECONDS = 0.5
"""How much longer its commit is waited for once that has begun."""


class SqlChanges:
    """Changes, their story, deliveries and cards in SQLite or PostgreSQL.

    Every method raises `StoreError` if the store cannot be used; then nothing of the call was
    kept, unless PostgreSQL went away during the commit itself. A swap by version, the keys of
    changes and deliveries and the leases make it safe to call again.
    """

    def __init__(self, engine: Engine) -> None:
        """Use `open` instead; the engine is owned from here on."""
        self._engine = engine
        self._reading = reading(engine)
        self._writer = writer_of(engine)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._waker: Waker | None = None
        self._on_saved: OnSaved = lambda _change, _records: None
        self._on_trouble: OnTrouble = lambda: None
        self._condition = Condition()

    @classmethod
    def open(cls, url: str) -> "SqlChanges":
        """Open the store at a `DATABASE_URL`; nothing is connected before the first use.

        Raises:
            StoreError: the URL names no database that the bot can use.
        """
        return cls(open_engine(url))

    def watch(self, on_saved: OnSaved, on_trouble: OnTrouble) -> None:
        """Tell of what is stored and of what could not be, in the task that asked for it."""
        self._on_saved, self._on_trouble = on_saved, on_trouble

    @property
    def trouble(self) -> str:
        """What failed last; empty if the store is well, or nobody has used it."""
        return self._condition.trouble

    def listen(self, on_wake: Callable[[], None]) -> None:
        """Call `on_wake` on the running loop whenever anybody has stored work, until `close`.

        Work of other processes is heard of on PostgreSQL only, and within about a millisecond.
        """
        self._waker = Waker(self._engine, on_wake)

    def close(self) -> None:
        """Let the work under way end, and close all connections."""
        if self._waker is not None:
            self._waker.stop()
        self._writer.close()
        self._readers.shutdown(wait=True)
        self._engine.dispose()

    async def _read(
        self,
        work: Callable[Concatenate[Connection, _Given], _Result],
        *args: _Given.args,
        **kwargs: _Given.kwargs,
    ) -> _Result:
        job = partial(transact, self._reading, work, *args, **kwargs)
        return await self._come(self._readers.submit(job))

    async def _write(
        self,
        work: Callable[Concatenate[Connection, _Given], _Result],
        *args: _Given.args,
        **kwargs: _Given.kwargs,
    ) -> _Result:
        def written(connection: Connection) -> _Result:
            return work(connection, *args, **kwargs)

        result = await self._come(self._writer.submit(written))
        if self._condition.trouble:
            # A write that changed no row proves nothing: a full disk takes it, too.
            with suppress(StoreError):
                await self._prove()
        return result

    async def _come(self, asked: Future[_Result]) -> _Result:
        try:
            return await asyncio.wrap_future(asked)
        except MissedError:
            raise
        except StoreError as error:
            self._on_trouble()
            self._condition.fails(error)
            raise

    async def _prove(self) -> None:
        await self._come(self._writer.submit(health.beat))
        self._condition.is_proven()

    async def _write_work(
        self,
        work: Callable[Concatenate[Connection, _Given], _Result],
        *args: _Given.args,
        **kwargs: _Given.kwargs,
    ) -> _Result:
        """Write something that makes work, and let everybody know."""

        def announced(connection: Connection) -> _Result:
            result = work(connection, *args, **kwargs)
            notify(connection)
            return result

        result = await self._write(announced)
        if self._waker is not None:
            self._waker.wake()
        return result

    async def add(self, change: Change, records: Sequence[Record]) -> Change:
        """Store a new change, its story and its card to be."""
        return self._saved(await self._write_work(ledger.add, change, records), records)

    async def get(self, number: int) -> Change | None:
        """Read one change."""
        return await self._read(ledger.get, number)

    async def save(self, change: Change, records: Sequence[Record]) -> Change:
        """Swap the change in by its version."""
        return self._saved(await self._write_work(ledger.save, change, records), records)

    def _saved(self, change: Change, records: Sequence[Record]) -> Change:
        self._on_saved(change, records)
        return change

    async def find(
        self,
        *,
        states: frozenset[State] | None = None,
        requester: str | None = None,
        environment: str | None = None,
        since: datetime | None = None,
        limit: int = 50,
    ) -> tuple[Change, ...]:
        """Read the newest changes that match."""
        wanted = ledger.Wanted(states, requester, environment, since, limit)
        return await self._read(ledger.find, wanted)

    async def open_changes_of(self, instance_ids: Sequence[str]) -> dict[str, int]:
        """Tell which instances are in an open change."""
        return await self._read(ledger.open_changes_of, instance_ids)

    async def claim_due(self, lease: Lease, now: datetime) -> Change | None:
        """Claim the change that has been due longest."""
        return await self._write(ledger.claim_due, lease, now)

    async def next_due_at(self) -> datetime | None:
        """When the next change can be claimed: it is due, and no lease is in the way."""
        return await self._read(ledger.next_due_at)

    async def forget_waits(self, now: datetime) -> None:
        """Put off nothing that is under way any more."""
        await self._write_work(ledger.forget_waits, now)

    async def renew(self, number: int, lease: Lease) -> bool:
        """Keep a claimed change."""
        return await self._write(renew, schema.changes, number, lease)

    async def release(self, number: int, owner: str) -> None:
        """Let others have the change at once."""
        await self._write_work(ledger.release, number, owner)

    async def story(
        self,
        *,
        change: int | None = None,
        since: datetime | None = None,
        after_seq: int = 0,
        limit: int = 1000,
    ) -> tuple[Entry, ...]:
        """Read entries in order."""
        return await self._read(audit.story, change, since, after_seq, limit)

    async def record(self, record: Record) -> Entry:
        """Append a fact that belongs to no change."""
        return await self._write(audit.record, record)

    async def verify(self) -> audit.Break | None:
        """Check the whole audit chain; None if it holds."""
        return await self._read(audit.first_break)

    async def export(
        self,
        *,
        since: datetime | None = None,
        format: Literal["jsonl", "csv"] = "jsonl",  # noqa: A002
    ) -> AsyncIterator[str]:
        """Write the story as text, a page at a time, however long it is."""
        if format == "csv":
            yield audit.to_csv(())
        write = audit.to_jsonl if format == "jsonl" else partial(audit.to_csv, header=False)
        last = 0
        while entries := await self.story(since=since, after_seq=last, limit=_PAGE):
            yield write(entries)
            last = entries[-1].seq

    async def receive(self, delivery: Delivery, lease: Lease | None = None) -> bool:
        """Store a delivery once, within `RECEIVE_SECONDS` or not at all.

        Nobody is told of what is claimed already.
        """
        chance = Chance()

        def received(connection: Connection) -> bool:
            is_new = deliveries.receive(connection, delivery, lease)
            chance.take()
            return is_new

        write = self._write_work if lease is None else self._write
        job = asyncio.ensure_future(write(received))
        await asyncio.wait({job}, timeout=RECEIVE_SECONDS)
        if not job.done() and not chance.miss():
            await asyncio.wait({job}, timeout=_COMMIT_SECONDS)
        return self._come_of(job, chance)

    def _come_of(self, job: asyncio.Future[bool], chance: Chance) -> bool:
        """Tell what became of a write that may be under way still."""
        if not job.done():
            job.add_done_callback(_let_go)
            if chance.is_taken:
                raise UnclearError("The database has not answered a commit.")
            raise StoreError("The database did not answer in time, so nothing was stored.")
        try:
            return job.result()
        except StoreError as error:
            # SQLite knows whether it has committed; a server may have done so and then vanished.
            if chance.is_taken and self._engine.dialect.name == "postgresql":
                raise UnclearError(str(error)) from error
            raise

    async def claim_delivery(self, lease: Lease, now: datetime) -> Delivery | None:
        """Claim the oldest delivery that waits."""
        return await self._write(deliveries.claim_delivery, lease, now)

    async def renew_delivery(self, key: str, lease: Lease) -> bool:
        """Keep a claimed delivery."""
        return await self._write(renew, schema.deliveries, key, lease)

    async def finish_delivery(self, key: str, now: datetime) -> None:
        """Mark a delivery as dealt with."""
        await self._write(deliveries.finish_delivery, key, now)

    async def newest_delivery(self, prefix: str) -> str | None:
        """Find the newest delivery whose key begins so."""
        return await self._read(deliveries.newest_delivery, prefix)

    async def forget_deliveries(self, before: datetime) -> int:
        """Drop finished deliveries that are older."""
        return await self._write(deliveries.forget_deliveries, before)

    async def claim_card(self, lease: Lease, now: datetime) -> Card | None:
        """Claim a card that is behind the store."""
        return await self._write(cards.claim_card, lease, now)

    async def renew_card(self, id: int, lease: Lease) -> bool:  # noqa: A002 - the port's word
        """Keep a claimed card."""
        return await self._write(renew, schema.cards, id, lease)

    async def drop_card(self, id: int) -> None:  # noqa: A002 - the port's word
        """Forget a card."""
        await self._write(cards.drop_card, id)

    async def card(self, number: int) -> Card | None:
        """Where a change's card is."""
        return await self._read(cards.card, number)

    async def card_at(self, channel: str, ts: str) -> Card | None:
        """Which card a message is."""
        return await self._read(cards.card_at, channel, ts)

    async def keep_card(
        self, card: Card, lease: Lease, *, retry_at: datetime | None = None
    ) -> None:
        """Store what Slack has seen; giving a time for the next claim also ends this one."""
        await self._write(cards.keep_card, card, lease, retry_at)

    async def freezes(self, now: datetime) -> tuple[Freeze, ...]:
        """Read the freezes that hold now or will."""
        return await self._read(freezes.coming, now)

    async def add_freeze(self, freeze: Freeze, records: Sequence[Record]) -> Freeze:
        """Store a new freeze and give it its number."""
        return await self._write_work(freezes.add, freeze, records)

    async def lift_freeze(self, number: int, now: datetime, records: Sequence[Record]) -> bool:
        """End a freeze early."""
        return await self._write_work(freezes.lift, number, now, records)

    async def plan_digest(self, environment: str, schedule: str, due_at: datetime) -> None:
        """Note when the next digest is due."""
        await self._write(digests.plan, environment, schedule, due_at)

    async def claim_digest(self, lease: Lease, now: datetime) -> Digest | None:
        """Claim the digest that has been due longest."""
        return await self._write(digests.claim_due, lease, now)

    async def renew_digest(self, environment: str, lease: Lease) -> bool:
        """Keep a claimed digest."""
        return await self._write(renew, schema.digests, environment, lease)

    async def keep_digest(
        self, digest: Digest, lease: Lease, *, retry_at: datetime | None = None
    ) -> None:
        """Store how far a digest is; giving a time for the next claim also ends this one."""
        await self._write(digests.keep, digest, lease, retry_at)

    async def backlog(self, now: datetime) -> Backlog:
        """Count what waits, and who is at what."""
        return await self._read(backlog, now)

    async def ready(self) -> None:
        """Prove that the store can be written, and that its schema is this code's."""
        await self._prove()


def _let_go(job: asyncio.Future[bool]) -> None:
    """Nobody waits for it any more; what went wrong has been logged."""
    if not job.cancelled():
        job.exception()
