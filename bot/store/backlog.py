"""What waits in the store, counted in one reading."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, select, union

from bot.domain.backlog import Backlog, Kind, Queue
from bot.domain.change import OPEN_STATES, State
from bot.store.schema import STALE, cards, changes, deliveries, records

_TABLES: dict[Kind, Table] = {"deliveries": deliveries, "changes": changes, "cards": cards}
_UNDONE: dict[Kind, ColumnElement[bool]] = {
    # Each has an index of its own, so a look costs what the work is, not what ever was.
    "deliveries": deliveries.c.done_at.is_(None),
    "changes": changes.c.due_at.is_not(None),
    "cards": STALE,
}


def backlog(connection: Connection, now: datetime) -> Backlog:
    """Count what could be begun at `now`, and what is being done."""
    untold = and_(records.c.change == cards.c.change, records.c.seq > cards.c.told_seq)
    oldest_line = (
        select(func.min(records.c.at))
        .where(untold, records.c.told)
        .scalar_subquery()
        .correlate(cards)
    )
    waiting: dict[Kind, tuple[ColumnElement[bool], ColumnElement[Any]]] = {
        "deliveries": (deliveries.c.done_at.is_(None), deliveries.c.received_at),
        "changes": (changes.c.due_at <= now, changes.c.due_at),
        # Of a card that only looks out of date nothing tells since when.
        "cards": (and_(STALE, cards.c.retry_at <= now), oldest_line),
    }
    return Backlog(
        queues={kind: _queue(connection, kind, *what, now) for kind, what in waiting.items()},
        open_changes=_open_changes(connection),
        replicas=_replicas(connection, now),
    )


def _queue(
    connection: Connection,
    kind: Kind,
    waiting: ColumnElement[bool],
    since: ColumnElement[Any],
    now: datetime,
) -> Queue:
    table = _TABLES[kind]
    chosen = select(since.label("since")).select_from(table)
    free = chosen.where(waiting, table.c.lease_until <= now).subquery()
    length, oldest = connection.execute(select(func.count(), func.min(free.c.since))).one()
    leased = select(func.count()).select_from(table).where(_leased(kind, now))
    return Queue(
        length=length,
        lag=timedelta() if oldest is None else max(timedelta(), now - oldest),
        leased=connection.execute(leased).scalar_one(),
    )


def _leased(kind: Kind, now: datetime) -> ColumnElement[bool]:
    return and_(_UNDONE[kind], _TABLES[kind].c.lease_until > now)


def _open_changes(connection: Connection) -> dict[State, int]:
    states = [state.value for state in OPEN_STATES]
    counted = select(changes.c.state, func.count()).where(changes.c.state.in_(states))
    rows = connection.execute(counted.group_by(changes.c.state))
    found: dict[str, int] = {state: count for state, count in rows}  # noqa: C416 - rows are no pairs
    return {state: found.get(state.value, 0) for state in OPEN_STATES}


def _replicas(connection: Connection, now: datetime) -> int:
    holders = (
        select(table.c.lease_owner).where(_leased(kind, now)) for kind, table in _TABLES.items()
    )
    busy = union(*holders).subquery()
    return connection.execute(select(func.count()).select_from(busy)).scalar_one()
