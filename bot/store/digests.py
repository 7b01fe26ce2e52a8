"""Digests as rows: one an environment, claimed by one process each time it is due."""

from datetime import datetime

from sqlalchemy import Connection, and_, update
from sqlalchemy.dialects.postgresql import insert as insert_postgres
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from bot.ports import Digest, Lease, StaleError
from bot.store.claims import NOW, Claim, held_by
from bot.store.schema import digests

_CLAIM = Claim(
    digests, and_(digests.c.due_at <= NOW, digests.c.lease_until <= NOW), digests.c.due_at
)
_FIELDS = frozenset(Digest.model_fields)


def plan(connection: Connection, environment: str, schedule: str, due_at: datetime) -> None:
    """Note when the next one is due; what is noted for the same schedule stays."""
    is_sqlite = connection.dialect.name == "sqlite"
    insert = insert_sqlite(digests) if is_sqlite else insert_postgres(digests)
    row = {"environment": environment, "schedule": schedule, "due_at": due_at}
    connection.execute(
        insert.values(row).on_conflict_do_update(
            index_elements=[digests.c.environment],
            set_={**row, "is_unclear": False},
            where=digests.c.schedule != schedule,
        )
    )


def claim_due(connection: Connection, lease: Lease, now: datetime) -> Digest | None:
    """Claim the one that has been due longest."""
    row = _CLAIM(connection, lease, now)
    if row is None:
        return None
    return Digest.model_validate({name: row._mapping[name] for name in _FIELDS})  # noqa: SLF001


def keep(connection: Connection, kept: Digest, lease: Lease, retry_at: datetime | None) -> None:
    """Store how far it is; a time for the next claim also ends this one.

    Raises:
        StaleError: somebody else has claimed it since; nothing was stored.
    """
    values = kept.model_dump(exclude={"environment"})
    # Nobody's lease until then: whoever comes first at that time takes it up again.
    values |= {"lease_until": lease.until} if retry_at is None else {"lease_until": retry_at}
    held = update(digests).where(held_by(digests, kept.environment, lease.owner))
    if connection.execute(held.values(values)).rowcount != 1:
        raise StaleError
