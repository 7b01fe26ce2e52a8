"""Bring the schema up to date; safe to start from several processes at once."""

from pathlib import Path

from sqlalchemy import Connection, make_url, text

from bot.store.engine import open_engine, reading, transact
from bot.store.health import State, refuse_newer, state_of
from bot.store.schema import HEAD

_LOCK = 7_203_614_455
"""Our advisory lock on PostgreSQL; SQLite's BEGIN IMMEDIATE is lock enough."""
MIGRATION_SECONDS = 30.0
"""How long a migration waits for another that holds the SQLite file."""


def migrate(url: str, *, patience: float = MIGRATION_SECONDS) -> str:
    """Upgrade the store at `url` to this code's schema; returns its revision.

    All steps are one transaction. Whoever comes second waits, and finds nothing left to do.

    Raises:
        StoreError: the store cannot be used, or its schema is newer than this code.
    """
    engine = open_engine(url, create=True, patience=patience)
    try:
        transact(engine, _upgrade)
    finally:
        engine.dispose()
    return HEAD


def schema_state(url: str) -> State:
    """Compare the store's schema with this code's; creates and changes nothing.

    Raises:
        StoreError: the store cannot be used.
    """
    engine = open_engine(url)
    file = make_url(engine.url).database if engine.dialect.name == "sqlite" else None
    if file is not None and not Path(file).exists():
        return "empty"
    try:
        return transact(reading(engine), state_of)
    finally:
        engine.dispose()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # The others wait for as long as a migration takes.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    state = state_of(connection)
    refuse_newer(state)
    if state == "current":
        return
    # Alembic is heavy, and a bot that finds its schema does without.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
