"""The tables. Documents hold frozen values as JSON; columns hold what is searched and claimed."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    true,
)

metadata = MetaData()

changes = Table(
    "changes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("version", Integer, nullable=False),
    Column("state", String(32), nullable=False),
    Column("environment", Text, nullable=False),
    Column("requester", Text, nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("created_at", Float, nullable=False),
    Column("due_at", Float),
    Column("document", Text, nullable=False),
    Column("lease_owner", Text, nullable=False, server_default=""),
    Column("lease_until", Float, nullable=False, server_default="0"),
    Index("changes_due", "due_at"),
    Index("changes_state", "state"),
    sqlite_autoincrement=True,
)

targets = Table(
    "targets",
    metadata,
    Column("change", ForeignKey("changes.number"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("instance_id", String(64), nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("document", Text, nullable=False),
)
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
    Column("at", Float, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("document", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("records_change", "change", "seq"),
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
    Column("received_at", Float, nullable=False),
    Column("done_at", Float),
    Column("lease_owner", Text, nullable=False, server_default=""),
    Column("lease_until", Float, nullable=False, server_default="0"),
    Index("deliveries_waiting", "done_at", "received_at"),
)

cards = Table(
    "cards",
    metadata,
    Column("change", ForeignKey("changes.number"), primary_key=True),
    Column("channel", Text, nullable=False),
    Column("ts", Text, nullable=False, server_default=""),
    Column("drawn_version", Integer, nullable=False, server_default="-1"),
    Column("told_seq", Integer, nullable=False, server_default="0"),
    Column("trouble", Text, nullable=False, server_default=""),
    Column("retry_at", Float, nullable=False, server_default="0"),
    Column("lease_owner", Text, nullable=False, server_default=""),
    Column("lease_until", Float, nullable=False, server_default="0"),
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("beats", Integer, nullable=False),
    comment="One row that readiness writes, to prove that the store can be written.",
)
