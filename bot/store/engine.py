"""Connections: how SQLite and PostgreSQL are opened, and what their errors mean."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.ports import StoreError

_Result = TypeVar("_Result")
BUSY_MS = 2000
"""How long SQLite waits for a file that somebody else has locked before it says so."""
POSTGRES_THREADS = 4


def sql_url(url: str) -> str:
    """Turn a `DATABASE_URL` as platforms give it into SQLAlchemy's form."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def open_engine(url: str) -> Engine:
    """Open an engine; nothing is connected yet.

    A SQLite file is made readable by its owner only, as it holds private answers of Slack.
    """
    url = sql_url(url)
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=POSTGRES_THREADS)
    path = make_url(url).database
    if path:
        with suppress(OSError):
            os.close(os.open(Path(path), os.O_CREAT | os.O_RDWR, 0o600))
    engine = create_engine(url, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection, _record) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    # The driver's own transaction handling begins late; ours begins with the write lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def threads_for(engine: Engine) -> ThreadPoolExecutor:
    """One writer thread for SQLite, which has one writer anyway; a few for PostgreSQL."""
    count = 1 if engine.dialect.name == "sqlite" else POSTGRES_THREADS
    return ThreadPoolExecutor(count, thread_name_prefix="store")


def transact(engine: Engine, work: Callable[[Connection], _Result]) -> _Result:
    """Run `work` in one transaction.

    Raises:
        StoreError: the store cannot be used; nothing of the work was kept.
    """
    try:
        with engine.begin() as connection:
            return work(connection)
    except SQLAlchemyError as error:
        raise StoreError(explain(error)) from error


def explain(error: SQLAlchemyError) -> str:
    """Say what is wrong with the store, without statements or values."""
    cause = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0].lower()
    for sign, meaning in _SIGNS:
        if sign in cause:
            return f"The store cannot be used: {meaning}"
    return f"The store cannot be used ({type(error).__name__}): see the database's own log."


_SIGNS = (
    ("locked", "another process has locked the database file; stop it, or wait."),
    ("readonly", "the database is read-only; give the bot the right to write."),
    ("read-only", "the database is read-only; give the bot the right to write."),
    ("full", "the disk or the database is full; make room."),
    ("no space", "the disk is full; make room."),
    ("not a database", "the file is not a SQLite database; restore it from a backup."),
    ("malformed", "the database file is damaged; restore it from a backup."),
    ("unable to open", "the database file cannot be opened; check the path and its rights."),
    ("no such table", "the schema is missing; run `python -m bot migrate`."),
    ("does not exist", "the schema or database is missing; run `python -m bot migrate`."),
    ("connection", "the database server cannot be reached; check DATABASE_URL and the server."),
)
