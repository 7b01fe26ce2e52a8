"""Freezes as rows: declared once, lifted once, each with its record in the same transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from bot.domain.freeze import Freeze
from bot.domain.story import Record
from bot.store.audit import append, hold_chain
from bot.store.schema import freezes

_FIELDS = tuple(freezes.c[name] for name in Freeze.model_fields)


def coming(connection: Connection, now: datetime) -> tuple[Freeze, ...]:
    """Read those that hold now or will, the first to begin first."""
    query = select(*_FIELDS).where(freezes.c.lifted_at.is_(None), freezes.c.end > now)
    rows = connection.execute(query.order_by(freezes.c.start, freezes.c.id))
    return tuple(Freeze.model_validate(row._asdict()) for row in rows)


def add(connection: Connection, freeze: Freeze, new: Sequence[Record]) -> Freeze:
    """Insert one, or return the one that the same key made before."""
    # Holding the chain lets one add through at a time, so what is looked up here stays true.
    hold_chain(connection)
    made = connection.execute(select(*_FIELDS).where(freezes.c.key == freeze.key)).one_or_none()
    if made is not None:
        return Freeze.model_validate(made._asdict())
    values = freeze.model_dump(exclude={"id"})
    number = connection.execute(insert(freezes).values(values).returning(freezes.c.id)).scalar_one()
    added = freeze.model_copy(update={"id": number})
    append(connection, None, _named(new, added.name))
    return added


def lift(connection: Connection, number: int, now: datetime, new: Sequence[Record]) -> bool:
    """End one early; False if it does not hold any more."""
    hold_chain(connection)
    still_holds = (freezes.c.id == number, freezes.c.lifted_at.is_(None), freezes.c.end > now)
    lifted = connection.execute(update(freezes).where(*still_holds).values(lifted_at=now))
    if lifted.rowcount != 1:
        return False
    append(connection, None, _named(new, f"FRZ-{number}"))
    return True


def _named(new: Sequence[Record], name: str) -> tuple[Record, ...]:
    return tuple(one.model_copy(update={"data": {**one.data, "freeze": name}}) for one in new)
