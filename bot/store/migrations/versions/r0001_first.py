"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("requester", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("lease_owner", sa.Text, nullable=False, server_default=""),
        sa.Column("lease_until", sa.BigInteger, nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )
    is_due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "changes_due", "changes", ["due_at"], sqlite_where=is_due, postgresql_where=is_due
    )
    op.create_index("changes_state", "changes", ["state", "number"])
    op.create_index("changes_requester", "changes", ["requester", "number"])

    op.create_table(
        "targets",
        sa.Column("change", sa.Integer, sa.ForeignKey("changes.number"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("instance_id", sa.Text, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        comment="A target is open, and so holds its instance, while its change is open.",
    )
    op.create_index(
        "targets_open",
        "targets",
        ["instance_id"],
        unique=True,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open = true"),
    )

    op.create_table(
        "records",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("change", sa.Integer),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("told", sa.Boolean, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("records_change", "records", ["change", "seq"])
    op.create_index("records_at", "records", ["at"])

    chain = op.create_table(
        "chain",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        comment=(
            "One row: the head of the audit chain. Appending locks it, so the chain has no gaps."
        ),
    )
    op.bulk_insert(chain, [{"id": 1, "seq": 0, "hash": "0" * 64}])

    op.create_table(
        "deliveries",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("lease_owner", sa.Text, nullable=False, server_default=""),
        sa.Column("lease_until", sa.BigInteger, nullable=False, server_default="0"),
    )
    is_waiting = sa.text("done_at IS NULL")
    op.create_index(
        "deliveries_waiting",
        "deliveries",
        ["received_at"],
        sqlite_where=is_waiting,
        postgresql_where=is_waiting,
    )

    op.create_table(
        "cards",
        sa.Column("change", sa.Integer, sa.ForeignKey("changes.number"), primary_key=True),
        sa.Column("channel", sa.Text, nullable=False),
        sa.Column("ts", sa.Text, nullable=False, server_default=""),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("drawn_version", sa.Integer, nullable=False, server_default="-1"),
        sa.Column("drawn", sa.Text, nullable=False, server_default=""),
        sa.Column("last_told", sa.Integer, nullable=False, server_default="0"),
        sa.Column("told_seq", sa.Integer, nullable=False, server_default="0"),
        sa.Column("trouble", sa.Text, nullable=False, server_default=""),
        sa.Column("retry_at", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("lease_owner", sa.Text, nullable=False, server_default=""),
        sa.Column("lease_until", sa.BigInteger, nullable=False, server_default="0"),
    )
    op.create_index("cards_message", "cards", ["channel", "ts"])
    # SQLite takes a partial index only for the very words of a query's condition.
    is_stale = sa.text("version > drawn_version OR last_told > told_seq")
    op.create_index(
        "cards_stale", "cards", ["retry_at"], sqlite_where=is_stale, postgresql_where=is_stale
    )

    heartbeat = op.create_table(
        "heartbeat",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("beats", sa.Integer, nullable=False),
        comment="One row that readiness writes, to prove that the store can be written.",
    )
    op.bulk_insert(heartbeat, [{"id": 1, "beats": 0}])
