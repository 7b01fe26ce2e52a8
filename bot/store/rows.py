"""Between frozen values and rows."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, Row, select

from bot.domain.change import Change, Target, TargetState
from bot.domain.story import Entry, Record
from bot.ports import Card, Delivery, StoreError
from bot.store.schema import changes, targets

_Value = TypeVar("_Value", bound=BaseModel)
MANY = 500
"""How many values go into one IN list."""


def parts(values: Sequence[_Value | str | int]) -> Iterable[Sequence[Any]]:
    """Cut a long list into what one statement may carry."""
    return (values[start : start + MANY] for start in range(0, len(values), MANY))


def change_row(change: Change) -> dict[str, Any]:
    """Write a change without its targets."""
    return {
        "version": change.version,
        "state": change.state.value,
        "environment": change.environment,
        "channel": change.channel,
        "requester": change.requester,
        "key": change.key,
        "created_at": change.created_at,
        "due_at": change.due_at,
        "document": change.model_dump_json(exclude={"targets", "number", "version"}),
    }


def target_rows(change: Change) -> list[dict[str, Any]]:
    """Write the targets of a change."""
    return [
        {
            "change": change.number,
            "position": position,
            "instance_id": target.instance_id,
            "state": target.state.value,
            "is_open": change.is_open and target.state is not TargetState.TAKEN_OUT,
            "document": target.model_dump_json(),
        }
        for position, target in enumerate(change.targets)
    ]


def read_changes(connection: Connection, rows: Iterable[Row[Any]]) -> tuple[Change, ...]:
    """Read changes with all their targets, in the order of the rows."""
    rows = list(rows)
    found: dict[int, list[Target]] = {row.number: [] for row in rows}
    for numbers in parts(list(found)):
        query = select(targets).where(targets.c.change.in_(numbers))
        for row in connection.execute(query.order_by(targets.c.change, targets.c.position)):
            target = _parsed(Target, row.document, f"a target of CHG-{row.change}")
            found[row.change].append(target)
    return tuple(_change(row, found[row.number]) for row in rows)


def _change(row: Row[Any], found: Sequence[Target]) -> Change:
    bare = _parsed(Change, row.document[:-1] + ',"targets":[]}', f"CHG-{row.number}")
    update = {"number": row.number, "version": row.version, "targets": tuple(found)}
    return bare.model_copy(update=update)


def read_change(connection: Connection, number: int) -> Change | None:
    """Read one change."""
    rows = connection.execute(select(changes).where(changes.c.number == number)).all()
    return next(iter(read_changes(connection, rows)), None)


def read_entry(row: Row[Any]) -> Entry:
    """Read one entry of the audit chain."""
    record = _parsed(Record, row.document, f"entry {row.seq} of the record")
    return Entry(seq=row.seq, change=row.change, record=record, hash=row.hash)


def read_card(row: Row[Any] | None) -> Card | None:
    """Read where a card is."""
    if row is None:
        return None
    return Card.model_validate({name: getattr(row, name) for name in Card.model_fields})


def read_delivery(row: Row[Any] | None) -> Delivery | None:
    """Read a delivery."""
    return None if row is None else _parsed(Delivery, row.payload, "a delivery")


def _parsed(model: type[_Value], document: str, name: str) -> _Value:
    try:
        return model.model_validate_json(document)
    except ValidationError as error:
        # The error itself would repeat what people wrote.
        field = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the document"
        raise StoreError(
            f"The database holds {name} in a form that this version of the bot cannot read "
            f"({field}). Run the version that wrote it, or restore a backup."
        ) from None
