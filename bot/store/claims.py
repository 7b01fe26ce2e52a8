"""Claiming: one statement, one winner, however many processes try."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, or_, select, update

from bot.ports import Lease
from bot.store.health import demand_current

LONGEST_LEASE = timedelta(minutes=5)
"""Leases last for seconds. What is leased for longer was leased by a clock that was wrong."""


def is_free(table: Table, now: datetime) -> ColumnElement[bool]:
    """Tell the rows that nobody holds."""
    until = table.c.lease_until
    return or_(until <= now, until > now + LONGEST_LEASE)


def claim(
    connection: Connection,
    table: Table,
    waiting: ColumnElement[bool],
    order: ColumnElement[Any],
    lease: Lease,
) -> Row[Any] | None:
    """Lease the first waiting row of a table, or return None.

    Whether a lease has ended is part of `waiting`, so that the caller's clock decides.

    Raises:
        StoreError: the schema was changed by another version of the bot, whose work this is now.
    """
    demand_current(connection)
    key = next(iter(table.primary_key))
    chosen = select(key).where(waiting).order_by(order, key).limit(1)
    if connection.dialect.name == "postgresql":
        # Rows that others are claiming right now are passed over instead of waited for.
        chosen = chosen.with_for_update(skip_locked=True)
    statement = (
        update(table)
        .where(key == chosen.scalar_subquery())
        .values(lease_owner=lease.owner, lease_until=lease.until)
        .returning(table)
    )
    return connection.execute(statement).one_or_none()


def renew(connection: Connection, table: Table, key: int | str, lease: Lease) -> bool:
    """Keep a claim; False if somebody else has it by now."""
    kept = connection.execute(
        update(table).where(held_by(table, key, lease.owner)).values(lease_until=lease.until)
    )
    return kept.rowcount == 1


def held_by(table: Table, key: int | str, owner: str) -> ColumnElement[bool]:
    """Tell the row of `key` if `owner` has claimed it and nobody else has since."""
    return and_(next(iter(table.primary_key)) == key, table.c.lease_owner == owner)
