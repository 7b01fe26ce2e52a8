"""The first schema."""

from alembic import op

from bot.store.audit import START
from bot.store.schema import chain, heartbeat, metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables, the head of the chain and the heartbeat."""
    connection = op.get_bind()
    metadata.create_all(connection)
    connection.execute(chain.insert().values(id=1, seq=0, hash=START))
    connection.execute(heartbeat.insert().values(id=1, beats=0))
