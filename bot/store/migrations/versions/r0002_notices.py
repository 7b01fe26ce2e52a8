"""A change is shown in several places: its card, and notices in channels that watch."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MOVE = """
    INSERT INTO cards (
        role, change, channel, ts, version, drawn_version, drawn, last_told, told_seq, trouble,
        retry_at, lease_owner, lease_until
    )
    SELECT
        'card', change, channel, ts, version, drawn_version, drawn, last_told, told_seq, trouble,
        retry_at, lease_owner, lease_until
    FROM cards_before
"""


def upgrade() -> None:
    # SQLite cannot change a primary key, so the rows move to a new table everywhere.
    op.drop_index("cards_message", "cards")
    op.drop_index("cards_stale", "cards")
    op.rename_table("cards", "cards_before")
    op.create_table(
        "cards",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("change", sa.Integer, sa.ForeignKey("changes.number"), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
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
    op.execute(_MOVE)
    op.drop_table("cards_before")
    op.create_index("cards_message", "cards", ["channel", "ts"])
    op.create_index("cards_place", "cards", ["change", "role", "channel"], unique=True)
    is_stale = sa.text("version > drawn_version OR last_told > told_seq")
    op.create_index(
        "cards_stale", "cards", ["retry_at"], sqlite_where=is_stale, postgresql_where=is_stale
    )
