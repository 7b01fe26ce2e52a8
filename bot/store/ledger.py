"""Changes and their targets as rows: added once, swapped by version, claimed when due."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    not_,
    select,
    true,
    update,
)

from bot.domain.change import IN_FLIGHT, Change, State
from bot.domain.story import Record
from bot.ports import Lease, StaleError, TakenError
from bot.store import cards
from bot.store.audit import append, hold_chain
from bot.store.claims import NOW, Claim, held_by, is_free
from bot.store.rows import change_row, parts, read_change, read_changes, target_rows
from bot.store.schema import EPOCH, changes, targets
from bot.store.schema import cards as cards_table

_CLAIM = Claim(changes, and_(changes.c.due_at <= NOW, is_free(changes)), changes.c.due_at)
_FLYING = sorted(state.value for state in IN_FLIGHT)


def add(connection: Connection, change: Change, new: Sequence[Record]) -> Change:
    """Insert a change, or return the one that the same key made before.

    Raises:
        TakenError: an instance is in another open change.
    """
    # Holding the chain lets one add through at a time, so what is looked up here stays true.
    hold_chain(connection)
    made = connection.execute(select(changes).where(changes.c.key == change.key)).all()
    if made:
        return read_changes(connection, made)[0]
    if taken := open_changes_of(connection, [target.instance_id for target in change.targets]):
        raise TakenError(taken)
    number = connection.execute(
        insert(changes).values(change_row(change)).returning(changes.c.number)
    ).scalar_one()
    added = change.model_copy(update={"number": number})
    if added.targets:
        connection.execute(insert(targets), target_rows(added))
    cards.add(connection, added, append(connection, number, new))
    return added


def save(connection: Connection, change: Change, new: Sequence[Record]) -> Change:
    """Swap a change in by its version, with what is new of its targets and its story.

    Raises:
        StaleError: it has moved in between.
        TakenError: it opens again, and an instance is in another open change.
    """
    saved = change.model_copy(update={"version": change.version + 1})
    if new:
        # The chain comes first in every transaction that needs it, so that no two processes
        # each hold what the other one waits for.
        hold_chain(connection)
    swapped = connection.execute(
        update(changes)
        .where(changes.c.number == change.number, changes.c.version == change.version)
        .values(change_row(saved))
    )
    if swapped.rowcount != 1:
        raise StaleError
    _save_targets(connection, saved)
    cards.outdate(connection, saved, append(connection, saved.number, new))
    return saved


def _save_targets(connection: Connection, change: Change) -> None:
    query = select(targets).where(targets.c.change == change.number)
    stored = {row.position: row._asdict() for row in connection.execute(query)}
    rows = target_rows(change)
    opened = {row["position"] for row in rows if row["is_open"]}
    if opening := opened - {place for place, row in stored.items() if row["is_open"]}:
        _refuse_taken(connection, change, opening)
    if not change.is_open and any(row["is_open"] for row in stored.values()):
        flip = update(targets).where(targets.c.change == change.number)
        connection.execute(flip.values(is_open=False))
        stored = {place: {**row, "is_open": False} for place, row in stored.items()}
    fresh = [row for row in rows if stored.get(row["position"]) != row]
    gone = stored.keys() - {row["position"] for row in rows}
    _replace(connection, change.number, [row["position"] for row in fresh] + list(gone), fresh)


def _refuse_taken(connection: Connection, change: Change, opening: Collection[int]) -> None:
    ids = [change.targets[position].instance_id for position in opening]
    taken = open_changes_of(connection, ids)
    if others := {id_: number for id_, number in taken.items() if number != change.number}:
        raise TakenError(others)


def _replace(
    connection: Connection, number: int, old: Sequence[int], fresh: Sequence[dict[str, Any]]
) -> None:
    for places in parts(old):
        connection.execute(
            delete(targets).where(targets.c.change == number, targets.c.position.in_(places))
        )
    if fresh:
        connection.execute(insert(targets), fresh)


def get(connection: Connection, number: int) -> Change | None:
    """Read one change."""
    return read_change(connection, number)


def open_changes_of(connection: Connection, instance_ids: Sequence[str]) -> dict[str, int]:
    """Tell which of these instances are in an open change, and in which."""
    taken: dict[str, int] = {}
    for ids in parts(instance_ids):
        query = select(targets.c.instance_id, targets.c.change).where(
            targets.c.is_open == true(), targets.c.instance_id.in_(ids)
        )
        taken.update((row.instance_id, row.change) for row in connection.execute(query))
    return taken


@dataclass(frozen=True)
class Wanted:
    """Which changes to find; None is any."""

    states: frozenset[State] | None
    requester: str | None
    environment: str | None
    since: datetime | None
    limit: int

    def query(self) -> Select[Any]:
        """Return the newest first."""
        query = select(changes).order_by(changes.c.number.desc()).limit(self.limit)
        if self.states is not None:
            query = query.where(changes.c.state.in_([state.value for state in self.states]))
        if self.requester is not None:
            query = query.where(changes.c.requester == self.requester)
        if self.environment is not None:
            query = query.where(changes.c.environment == self.environment)
        if self.since is not None:
            query = query.where(changes.c.created_at >= self.since)
        return query


def find(connection: Connection, wanted: Wanted) -> tuple[Change, ...]:
    """Read the changes that are wanted."""
    return read_changes(connection, connection.execute(wanted.query()))


def claim_due(connection: Connection, lease: Lease, now: datetime) -> Change | None:
    """Claim the change that has been due longest."""
    row = _CLAIM(connection, lease, now)
    return None if row is None else read_changes(connection, [row])[0]


def next_due_at(connection: Connection) -> datetime | None:
    """When the next change can be claimed: it is due, and no lease is in the way."""
    # Along the index of what is due, as far as the first that nobody holds: few are held, and all
    # behind it are due later.
    due, held = changes.c.due_at, changes.c.lease_until > changes.c.due_at
    query = select(due).where(due.is_not(None), not_(held)).order_by(due).limit(1)
    first: datetime | None = connection.execute(query).scalar()
    leases = select(func.min(changes.c.lease_until)).where(due.is_not(None), held)
    if first is not None:
        leases = leases.where(due <= first)
    freed: datetime | None = connection.execute(leases).scalar()
    return min((at for at in (first, freed) if at is not None), default=None)


def forget_waits(connection: Connection, now: datetime) -> None:
    """Look at once at all that is under way, and draw cards as soon as there is news.

    What a wrong clock has put off would wait until the right one gets there. A look too early
    does no harm; what has only been planned keeps its time.
    """
    flying = exists().where(targets.c.change == changes.c.number, targets.c.state.in_(_FLYING))
    put_off = and_(changes.c.due_at > now, flying)
    connection.execute(update(changes).where(put_off).values(due_at=now))
    late = cards_table.c.retry_at > now
    connection.execute(update(cards_table).where(late).values(retry_at=now))


def release(connection: Connection, number: int, owner: str) -> None:
    """End a claim, if it is still the owner's."""
    connection.execute(
        update(changes)
        .where(held_by(changes, number, owner))
        .values(lease_owner="", lease_until=EPOCH)
    )
