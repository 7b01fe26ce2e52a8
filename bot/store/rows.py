"""Between frozen values and rows."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from bot.domain.change import Change, Target
from bot.ports import Card, Delivery
from bot.store.schema import changes, targets


def stamp(moment: datetime | None) -> float | None:
    """Write a moment as unix seconds."""
    return None if moment is None else moment.timestamp()


def moment(seconds: float) -> datetime:
    """Read a moment."""
    return datetime.fromtimestamp(seconds, UTC)


def change_row(change: Change) -> dict[str, Any]:
    """Write a change without its targets."""
    return {
        "version": change.version,
        "state": change.state.value,
        "environment": change.environment,
        "requester": change.requester,
        "key": change.key,
        "created_at": stamp(change.created_at),
        "due_at": stamp(change.due_at),
        "document": change.model_dump_json(exclude={"targets", "number", "version"}),
    }


def target_row(change: Change, position: int, target: Target) -> dict[str, Any]:
    """Write a target; it is open, and so claims its instance, while its change is open."""
    return {
        "change": change.number,
        "position": position,
        "instance_id": target.instance_id,
        "is_open": change.is_open,
        "document": target.model_dump_json(),
    }


def read_changes(connection: Connection, rows: Iterable[Row[Any]]) -> tuple[Change, ...]:
    """Read changes with their targets, in the order of the rows, by one more statement."""
    rows = list(rows)
    if not rows:
        return ()
    numbers = [row.number for row in rows]
    found: dict[int, list[Target]] = {number: [] for number in numbers}
    query = select(targets).where(targets.c.change.in_(numbers))
    for row in connection.execute(query.order_by(targets.c.change, targets.c.position)):
        found[row.change].append(Target.model_validate_json(row.document))
    return tuple(_change(row, found[row.number]) for row in rows)


def _change(row: Row[Any], found: Sequence[Target]) -> Change:
    bare = Change.model_validate_json(row.document[:-1] + ',"targets":[]}')
    return bare.model_copy(
        update={"number": row.number, "version": row.version, "targets": tuple(found)}
    )


def read_change(connection: Connection, number: int) -> Change | None:
    """Read one change."""
    row = connection.execute(select(changes).where(changes.c.number == number)).one_or_none()
    return None if row is None else read_changes(connection, [row])[0]


def read_card(row: Row[Any] | None) -> Card | None:
    """Read where a card is."""
    if row is None:
        return None
    names = ("change", "channel", "ts", "drawn_version", "told_seq", "trouble")
    return Card.model_validate({name: getattr(row, name) for name in names})


def read_delivery(row: Row[Any] | None) -> Delivery | None:
    """Read a delivery."""
    return None if row is None else Delivery.model_validate_json(row.payload)
