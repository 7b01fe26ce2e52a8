"""Deliveries as rows: stored before Slack hears of it, done once, forgotten later."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from bot.ports import Delivery, Lease
from bot.store.claims import claim, is_free
from bot.store.health import demand_current
from bot.store.rows import read_delivery
from bot.store.schema import deliveries


def receive(connection: Connection, delivery: Delivery, lease: Lease | None = None) -> bool:
    """Store a delivery, claimed already if somebody has it; False if its key was stored before.

    Raises:
        StoreError: the schema is of another version of the bot.
    """
    demand_current(connection)
    is_sqlite = connection.dialect.name == "sqlite"
    insert = insert_sqlite(deliveries) if is_sqlite else insert_postgres(deliveries)
    row: dict[str, Any] = {
        "key": delivery.key,
        "kind": delivery.kind,
        "payload": delivery.model_dump_json(),
        "received_at": delivery.received_at,
    }
    if lease is not None:
        row |= {"lease_owner": lease.owner, "lease_until": lease.until}
    stored = insert.values(row).on_conflict_do_nothing().returning(deliveries.c.key)
    return connection.execute(stored).one_or_none() is not None


def claim_delivery(connection: Connection, lease: Lease, now: datetime) -> Delivery | None:
    """Claim the oldest delivery that is neither done nor leased."""
    waiting = and_(deliveries.c.done_at.is_(None), is_free(deliveries, now))
    return read_delivery(claim(connection, deliveries, waiting, deliveries.c.received_at, lease))


def finish_delivery(connection: Connection, key: str, now: datetime) -> None:
    """Mark a delivery as dealt with."""
    connection.execute(update(deliveries).where(deliveries.c.key == key).values(done_at=now))


def newest_delivery(connection: Connection, prefix: str) -> str | None:
    """Find the newest among those whose keys begin so."""
    alike = deliveries.c.key.startswith(prefix, autoescape=True)
    order = (deliveries.c.received_at.desc(), deliveries.c.key.desc())
    newest = select(deliveries.c.key).where(alike).order_by(*order).limit(1)
    return connection.execute(newest).scalar()


def forget_deliveries(connection: Connection, before: datetime) -> int:
    """Drop finished deliveries that were received before."""
    old = and_(deliveries.c.done_at.is_not(None), deliveries.c.received_at < before)
    return connection.execute(delete(deliveries).where(old)).rowcount
