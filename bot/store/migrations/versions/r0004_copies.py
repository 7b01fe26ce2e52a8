"""Copies of cards for approvers who are not in the card's channel."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("cards", sa.Column("person", sa.Text, nullable=False, server_default=""))
