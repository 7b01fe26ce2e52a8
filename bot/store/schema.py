"""The tables. Documents hold frozen values as JSON; columns hold what is searched and claimed.

A change of this file needs a revision in `migrations/versions`; a test compares the two.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    column,
    false,
    or_,
    table,
    true,
)

HEAD = "0005"
"""The revision of this code's schema; revisions are numbered, so that newer ones are known."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Count whole microseconds since `EPOCH`."""
    return (moment - EPOCH) // timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as whole microseconds: exact, and ordered alike everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Write a moment."""
        del dialect
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Read a moment."""
        del dialect
        return None if value is None else EPOCH + timedelta(microseconds=value)


metadata = MetaData()

changes = Table(
    "changes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("version", Integer, nullable=False),
    Column("state", String(32), nullable=False),
    Column("environment", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment),
    Column("document", Text, nullable=False),
    Column("lease_owner", Text, nullable=False, server_default=""),
    Column("lease_until", Moment, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)
# Only open changes are due, so this index stays as small as the work is.
Index(
    "changes_due",
    changes.c.due_at,
    sqlite_where=changes.c.due_at.is_not(None),
    postgresql_where=changes.c.due_at.is_not(None),
)
Index("changes_state", changes.c.state, changes.c.number)
Index("changes_requester", changes.c.requester, changes.c.number)

targets = Table(
    "targets",
    metadata,
    Column("change", ForeignKey("changes.number"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("instance_id", Text, nullable=False),
    Column("state", String(32), nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("document", Text, nullable=False),
    comment="A target is open, and so holds its instance, while its change is open.",
)
# The rule that no instance is in two open changes, held by the database itself.
Index(
    "targets_open",
    targets.c.instance_id,
    unique=True,
    sqlite_where=targets.c.is_open == true(),
    postgresql_where=targets.c.is_open == true(),
)

records = Table(
    "records",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("change", Integer),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("document", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("records_change", "change", "seq"),
    Index("records_at", "at"),
)

chain = Table(
    "chain",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    comment="One row: the head of the audit chain. Appending locks it, so the chain has no gaps.",
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("payload", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("lease_owner", Text, nullable=False, server_default=""),
    Column("lease_until", Moment, nullable=False, server_default="0"),
)
Index(
    "deliveries_waiting",
    deliveries.c.received_at,
    sqlite_where=deliveries.c.done_at.is_(None),
    postgresql_where=deliveries.c.done_at.is_(None),
)

cards = Table(
    "cards",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("change", ForeignKey("changes.number"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("channel", Text, nullable=False),
    Column("person", Text, nullable=False, server_default=""),
    Column("ts", Text, nullable=False, server_default=""),
    # What there is to show, and what Slack has seen of it.
    Column("version", Integer, nullable=False),
    Column("drawn_version", Integer, nullable=False, server_default="-1"),
    Column("drawn", Text, nullable=False, server_default=""),
    Column("last_told", Integer, nullable=False, server_default="0"),
    Column("told_seq", Integer, nullable=False, server_default="0"),
    Column("trouble", Text, nullable=False, server_default=""),
    Column("retry_at", Moment, nullable=False, server_default="0"),
    Column("lease_owner", Text, nullable=False, server_default=""),
    Column("lease_until", Moment, nullable=False, server_default="0"),
    Index("cards_message", "channel", "ts"),
    # One card a change, and one notice a channel, held by the database itself.
    Index("cards_place", "change", "role", "channel", unique=True),
)
STALE = or_(cards.c.version > cards.c.drawn_version, cards.c.last_told > cards.c.told_seq)
"""Slack does not show the card as the store has it, or misses lines of its thread."""
# A claim looks only at stale cards, however many changes there ever were.
Index("cards_stale", cards.c.retry_at, sqlite_where=STALE, postgresql_where=STALE)

freezes = Table(
    "freezes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("environment", Text, nullable=False),
    Column("start", Moment, nullable=False),
    Column("end", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("lifted_at", Moment),
    sqlite_autoincrement=True,
)
Index("freezes_end", freezes.c.end)

digests = Table(
    "digests",
    metadata,
    Column("environment", Text, primary_key=True),
    Column("schedule", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("is_unclear", Boolean, nullable=False, server_default=false()),
    Column("lease_owner", Text, nullable=False, server_default=""),
    Column("lease_until", Moment, nullable=False, server_default="0"),
    comment="One row an environment: its next digest.",
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("beats", Integer, nullable=False),
    comment="One row that readiness writes, to prove that the store can be written.",
)

revision = table("alembic_version", column("version_num", String))
"""Alembic's own table, read without Alembic."""
