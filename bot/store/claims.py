"""Claiming: one statement, one winner, however many processes try."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    or_,
    select,
    type_coerce,
    update,
)

from bot.ports import Lease
from bot.store.health import demand_current
from bot.store.schema import Moment

LONGEST_LEASE = timedelta(minutes=5)
"""Leases last for seconds. What is leased for longer was leased by a clock that was wrong."""


_LONGEST = LONGEST_LEASE // timedelta(microseconds=1)
NOW = bindparam("now", type_=Moment)
"""The moment of a claim, by the clock of whoever claims."""


def is_free(table: Table) -> ColumnElement[bool]:
    """Tell the rows that nobody holds at `NOW`."""
    until = table.c.lease_until
    return or_(until <= NOW, type_coerce(until, BigInteger) - _LONGEST > NOW)


class Claim:
    """Leases the first waiting row of a table.

    The statement is written once: to put it together costs more than to execute it.
    """

    def __init__(
        self, table: Table, waiting: ColumnElement[bool], order: ColumnElement[Any]
    ) -> None:
        """Whether a lease has ended is part of `waiting`, so that the caller's clock decides."""
        key = next(iter(table.primary_key))
        chosen = select(key).where(waiting).order_by(order, key).limit(1)
        # Rows that others are claiming right now are passed over instead of waited for; SQLite
        # has one writer at a time and is not asked for that.
        chosen = chosen.with_for_update(skip_locked=True)
        self._statement = (
            update(table)
            .where(key == chosen.scalar_subquery())
            .values(lease_owner=bindparam("owner"), lease_until=bindparam("until"))
            .returning(table)
        )

    def __call__(self, connection: Connection, lease: Lease, now: datetime) -> Row[Any] | None:
        """Claim, or return None.

        Raises:
            StoreError: the schema was changed by another version of the bot, whose work this is.
        """
        demand_current(connection)
        told = {"owner": lease.owner, "until": lease.until, "now": now}
        return connection.execute(self._statement, told).one_or_none()


def renew(connection: Connection, table: Table, key: int | str, lease: Lease) -> bool:
    """Keep a claim; False if somebody else has it by now."""
    kept = connection.execute(
        update(table).where(held_by(table, key, lease.owner)).values(lease_until=lease.until)
    )
    return kept.rowcount == 1


def held_by(table: Table, key: int | str, owner: str) -> ColumnElement[bool]:
    """Tell the row of `key` if `owner` has claimed it and nobody else has since."""
    return and_(next(iter(table.primary_key)) == key, table.c.lease_owner == owner)
