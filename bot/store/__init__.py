"""The store: SQLAlchemy Core over SQLite or PostgreSQL."""

from bot.store.changes import SqlChanges
from bot.store.migrate import migrate, schema_state

__all__ = ["SqlChanges", "migrate", "schema_state"]
