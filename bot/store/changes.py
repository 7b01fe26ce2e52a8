"""The store's port: every method is one transaction and one hop to a thread."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Table, and_, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from bot.domain.change import Change, State
from bot.domain.story import Entry, Record
from bot.ports import Card, Delivery, Lease, StaleError, TakenError
from bot.store.audit import Break, append, first_break
from bot.store.engine import open_engine, threads_for, transact
from bot.store.rows import (
    change_row,
    moment,
    read_card,
    read_change,
    read_changes,
    read_delivery,
    stamp,
    target_row,
)
from bot.store.schema import cards, changes, deliveries, heartbeat, records, targets

_Result = TypeVar("_Result")
_MANY = 500
"""How many ids go into one IN list."""


class SqlChanges:
    """Changes, their story, deliveries and cards in SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        """Use `open` instead; the engine is owned from here on."""
        self._engine = engine
        self._threads = threads_for(engine)

    @classmethod
    def open(cls, url: str) -> "SqlChanges":
        """Open the store at a `DATABASE_URL`; nothing is connected before the first use."""
        return cls(open_engine(url))

    def close(self) -> None:
        """Let the work under way end, and close all connections."""
        self._threads.shutdown(wait=True)
        self._engine.dispose()

    async def _do(self, work: Callable[[Connection], _Result]) -> _Result:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, transact, self._engine, work)

    async def add(self, change: Change, new: Sequence[Record]) -> Change:
        """Store a new change, its story and its card to be."""
        return await self._do(lambda connection: _add(connection, change, new))

    async def get(self, number: int) -> Change | None:
        """Read one change."""
        return await self._do(lambda connection: read_change(connection, number))

    async def save(self, change: Change, new: Sequence[Record]) -> Change:
        """Swap the change in by its version."""
        return await self._do(lambda connection: _save(connection, change, new))

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
        query = select(changes).order_by(changes.c.number.desc()).limit(limit)
        if states is not None:
            query = query.where(changes.c.state.in_([state.value for state in states]))
        if requester is not None:
            query = query.where(changes.c.requester == requester)
        if environment is not None:
            query = query.where(changes.c.environment == environment)
        if since is not None:
            query = query.where(changes.c.created_at >= stamp(since))
        return await self._do(
            lambda connection: read_changes(connection, connection.execute(query))
        )

    async def open_changes_of(self, instance_ids: Sequence[str]) -> dict[str, int]:
        """Tell which instances are in an open change."""
        return await self._do(lambda connection: _taken(connection, instance_ids))

    async def claim_due(self, lease: Lease, now: datetime) -> Change | None:
        """Claim the change that has been due longest."""
        due = and_(changes.c.due_at <= stamp(now), changes.c.lease_until <= stamp(now))

        def work(connection: Connection) -> Change | None:
            row = _claim(connection, changes, due, changes.c.due_at, lease)
            return None if row is None else read_changes(connection, [row])[0]

        return await self._do(work)

    async def next_due_at(self) -> datetime | None:
        """When the next change becomes due."""
        query = select(func.min(changes.c.due_at))
        seconds = await self._do(lambda connection: connection.execute(query).scalar())
        return None if seconds is None else moment(seconds)

    async def renew(self, number: int, lease: Lease) -> bool:
        """Keep a claimed change."""
        statement = (
            update(changes)
            .where(changes.c.number == number, changes.c.lease_owner == lease.owner)
            .values(lease_until=stamp(lease.until))
        )
        return await self._do(lambda connection: connection.execute(statement).rowcount == 1)

    async def release(self, number: int, owner: str) -> None:
        """Let others have the change at once."""
        statement = (
            update(changes)
            .where(changes.c.number == number, changes.c.lease_owner == owner)
            .values(lease_owner="", lease_until=0)
        )
        await self._do(lambda connection: connection.execute(statement))

    async def story(
        self,
        *,
        change: int | None = None,
        since: datetime | None = None,
        after_seq: int = 0,
        limit: int = 1000,
    ) -> tuple[Entry, ...]:
        """Read entries in order."""
        query = select(records).where(records.c.seq > after_seq).order_by(records.c.seq)
        if change is not None:
            query = query.where(records.c.change == change)
        if since is not None:
            query = query.where(records.c.at >= stamp(since))
        query = query.limit(limit)
        rows = await self._do(lambda connection: connection.execute(query).all())
        return tuple(
            Entry(
                seq=row.seq,
                change=row.change,
                record=Record.model_validate_json(row.document),
                hash=row.hash,
            )
            for row in rows
        )

    async def record(self, record: Record) -> Entry:
        """Append a fact that belongs to no change."""
        return await self._do(lambda connection: append(connection, None, [record])[0])

    async def verify(self) -> Break | None:
        """Check the whole audit chain."""
        return await self._do(first_break)

    async def receive(self, delivery: Delivery) -> bool:
        """Store a delivery once."""
        row = {
            "key": delivery.key,
            "kind": delivery.kind,
            "payload": delivery.model_dump_json(),
            "received_at": stamp(delivery.received_at),
        }
        make = sqlite_insert if self._engine.dialect.name == "sqlite" else pg_insert
        statement = make(deliveries).values(row).on_conflict_do_nothing()
        return await self._do(lambda connection: connection.execute(statement).rowcount == 1)

    async def claim_delivery(self, lease: Lease, now: datetime) -> Delivery | None:
        """Claim the oldest delivery that waits."""
        waiting = and_(deliveries.c.done_at.is_(None), deliveries.c.lease_until <= stamp(now))
        order = deliveries.c.received_at
        return await self._do(
            lambda connection: read_delivery(_claim(connection, deliveries, waiting, order, lease))
        )

    async def finish_delivery(self, key: str, now: datetime) -> None:
        """Mark a delivery as dealt with."""
        statement = update(deliveries).where(deliveries.c.key == key).values(done_at=stamp(now))
        await self._do(lambda connection: connection.execute(statement))

    async def forget_deliveries(self, before: datetime) -> int:
        """Drop finished deliveries that are older."""
        statement = deliveries.delete().where(
            deliveries.c.done_at.is_not(None), deliveries.c.received_at < stamp(before)
        )
        return await self._do(lambda connection: connection.execute(statement).rowcount)

    async def claim_card(self, lease: Lease, now: datetime) -> Card | None:
        """Claim a card that is behind the store."""
        newer = exists().where(
            changes.c.number == cards.c.change, changes.c.version > cards.c.drawn_version
        )
        untold = exists().where(
            records.c.change == cards.c.change, records.c.seq > cards.c.told_seq, records.c.told
        )
        stale = and_(
            or_(newer, untold),
            cards.c.retry_at <= stamp(now),
            cards.c.lease_until <= stamp(now),
        )
        return await self._do(
            lambda connection: read_card(_claim(connection, cards, stale, cards.c.change, lease))
        )

    async def card(self, number: int) -> Card | None:
        """Where a change's card is."""
        query = select(cards).where(cards.c.change == number)
        return read_card(await self._do(lambda c: c.execute(query).one_or_none()))

    async def card_at(self, channel: str, ts: str) -> Card | None:
        """Which card a message is."""
        query = select(cards).where(cards.c.channel == channel, cards.c.ts == ts)
        return read_card(await self._do(lambda c: c.execute(query).one_or_none()))

    async def keep_card(self, card: Card, *, retry_at: datetime | None = None) -> None:
        """Store what Slack has seen; giving a time for the next claim also ends this one."""
        values: dict[str, Any] = card.model_dump(exclude={"change"})
        if retry_at is not None:
            values |= {"retry_at": stamp(retry_at), "lease_owner": "", "lease_until": 0}
        statement = update(cards).where(cards.c.change == card.change).values(values)
        await self._do(lambda connection: connection.execute(statement))

    async def ready(self) -> None:
        """Prove that the store can be written."""
        statement = update(heartbeat).values(beats=(heartbeat.c.beats + 1) % 1_000_000)
        await self._do(lambda connection: connection.execute(statement))


def _claim(connection: Connection, table: Table, due: Any, order: Any, lease: Lease) -> Any:  # noqa: ANN401
    """Claim one row by a single statement, so that there is one winner."""
    key = next(iter(table.primary_key))
    chosen = select(key).where(due).order_by(order).limit(1)
    if connection.dialect.name == "postgresql":
        chosen = chosen.with_for_update(skip_locked=True)
    statement = (
        update(table)
        .where(key == chosen.scalar_subquery())
        .values(lease_owner=lease.owner, lease_until=stamp(lease.until))
        .returning(table)
    )
    return connection.execute(statement).one_or_none()


def _taken(connection: Connection, instance_ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(instance_ids), _MANY):
        some = instance_ids[start : start + _MANY]
        query = select(targets.c.instance_id, targets.c.change).where(
            targets.c.is_open, targets.c.instance_id.in_(some)
        )
        found.update((row.instance_id, row.change) for row in connection.execute(query))
    return found


def _add(connection: Connection, change: Change, new: Sequence[Record]) -> Change:
    made = connection.execute(select(changes).where(changes.c.key == change.key)).one_or_none()
    if made is not None:
        return read_changes(connection, [made])[0]
    ids = [target.instance_id for target in change.targets]
    if taken := _taken(connection, ids):
        raise TakenError(taken)
    try:
        with connection.begin_nested():
            change = _insert(connection, change)
    except IntegrityError:
        # Another process was faster between our look and our insert.
        raise TakenError(_taken(connection, ids)) from None
    append(connection, change.number, new)
    connection.execute(insert(cards).values(change=change.number, channel=change.channel))
    return change


def _insert(connection: Connection, change: Change) -> Change:
    done = connection.execute(insert(changes).values(change_row(change)))
    number = done.inserted_primary_key[0] if done.inserted_primary_key else 0
    change = change.model_copy(update={"number": number})
    rows = [target_row(change, place, target) for place, target in enumerate(change.targets)]
    connection.execute(insert(targets), rows)
    return change


def _save(connection: Connection, change: Change, new: Sequence[Record]) -> Change:
    saved = change.model_copy(update={"version": change.version + 1})
    swapped = connection.execute(
        update(changes)
        .where(changes.c.number == change.number, changes.c.version == change.version)
        .values(change_row(saved))
    )
    if swapped.rowcount != 1:
        raise StaleError
    _save_targets(connection, saved)
    append(connection, change.number, new)
    return saved


def _save_targets(connection: Connection, change: Change) -> None:
    query = select(targets.c.position, targets.c.document, targets.c.is_open).where(
        targets.c.change == change.number
    )
    stored = {row.position: (row.is_open, row.document) for row in connection.execute(query)}
    for place, target in enumerate(change.targets):
        row = target_row(change, place, target)
        if stored.get(place) != (row["is_open"], row["document"]):
            connection.execute(
                update(targets)
                .where(targets.c.change == change.number, targets.c.position == place)
                .values(is_open=row["is_open"], document=row["document"])
            )
