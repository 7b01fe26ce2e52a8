"""Bring the schema up to date; safe to start from several processes at once."""

from pathlib import Path

from sqlalchemy import Connection, text

from bot.ports import StoreError
from bot.store.engine import open_engine, transact

_LOCK = 7_203_614_455
"""Our advisory lock on PostgreSQL; SQLite's BEGIN IMMEDIATE is lock enough."""


def migrate(url: str) -> str:
    """Upgrade the store at `url` to this code's schema; returns its revision.

    Raises:
        StoreError: the store cannot be used, or its schema is newer than this code.
    """
    engine = open_engine(url)
    try:
        return transact(engine, _upgrade)
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> str:
    # Alembic is heavy and only needed here.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    now = MigrationContext.configure(connection).get_current_revision()
    if now is not None and now not in {script.revision for script in scripts.walk_revisions()}:
        raise StoreError(
            f"The store's schema {now} is newer than this code knows. Nothing was changed. "
            "Run the newer version of the bot, or restore the backup made before it."
        )
    command.upgrade(config, "head")
    return str(scripts.get_current_head())
