"""Deliveries as rows: stored before Slack hears of it, done once, forgotten later."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from bot.ports import Delivery, Lease
from bot.store.claims import Claim, is_free
from bot.store.health import demand_current
from bot.store.rows import read_delivery
from bot.store.schema import deliveries

# Written once: Slack waits for the first of them, and to put them together costs more than to
# execute them.
_RECEIVE = {
    "sqlite": insert_sqlite(deliveries).on_conflict_do_nothing().returning(deliveries.c.key),
    "postgresql": insert_postgres(deliveries).on_conflict_do_nothing().returning(deliveries.c.key),
}
_CLAIM = Claim(
    deliveries, and_(deliveries.c.done_at.is_(None), is_free(deliveries)), deliveries.c.received_at
)
_FINISH = (
    update(deliveries).where(deliveries.c.key == bindparam("of")).values(done_at=bindparam("at"))
)


def receive(connection: Connection, delivery: Delivery, lease: Lease | None = None) -> bool:
    """Store a delivery, claimed already if somebody has it; False if its key was stored before.

    Raises:
        StoreError: the schema is of another version of the bot.
    """
    demand_current(connection)
    row: dict[str, Any] = {
        "key": delivery.key,
        "kind": delivery.kind,
        "payload": delivery.model_dump_json(),
        "received_at": delivery.received_at,
    }
    if lease is not None:
        row |= {"lease_owner": lease.owner, "lease_until": lease.until}
    stored = connection.execute(_RECEIVE[connection.dialect.name], row)
    return stored.one_or_none() is not None


def claim_delivery(connection: Connection, lease: Lease, now: datetime) -> Delivery | None:
    """Claim the oldest delivery that is neither done nor leased."""
    return read_delivery(_CLAIM(connection, lease, now))


def finish_delivery(connection: Connection, key: str, now: datetime) -> None:
    """Mark a delivery as dealt with."""
    connection.execute(_FINISH, {"of": key, "at": now})


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
