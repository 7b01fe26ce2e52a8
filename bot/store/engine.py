"""Connections: how SQLite and PostgreSQL are opened, and one transaction on them."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError

from bot.ports import StoreError
from bot.store.trouble import explain, is_about_the_file

_Result = TypeVar("_Result")
_Given = ParamSpec("_Given")

BUSY_SECONDS = 1.0
"""How long SQLite waits for a file that somebody has locked before it says so.

Slack waits three seconds for an acknowledgement, and others may queue before it.
"""
LOCK_MILLISECONDS = 5000
"""The same for PostgreSQL: it has many writers, so waiting for one is not yet trouble."""
WRITERS = 4
READERS = 2
"""Threads on PostgreSQL, and so connections; SQLite has one writer by its nature."""

_PATIENCE: dict[str, Any] = {
    # A server that vanished is noticed within seconds, whatever the connection was doing.
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    # Prepared statements would break behind a pooler such as PgBouncer.
    "prepare_threshold": None,
}


def open_engine(url: str, *, create: bool = False, patience: float = BUSY_SECONDS) -> Engine:
    """Open an engine; nothing is connected yet. `create` makes a SQLite file that is missing.

    `patience` is how many seconds a locked SQLite file is waited for.

    Raises:
        StoreError: the URL names no database that the bot can use.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed, create=create, patience=patience)
    return _open_postgres(parsed)


def _parse(url: str) -> URL:
    """Read a `DATABASE_URL` as platforms give it."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            url = "postgresql+psycopg://" + url.removeprefix(scheme)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = None
    # Nothing of the URL is repeated: it may hold a password, even where it is malformed.
    if parsed is None or parsed.drivername not in {"sqlite", "postgresql+psycopg"}:
        raise StoreError("DATABASE_URL must be sqlite:///PATH or postgresql://USER@HOST/NAME.")
    if parsed.drivername == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise StoreError("DATABASE_URL must name a file: sqlite:///PATH.")
    return parsed


def _open_postgres(url: URL) -> Engine:
    patience = {name: value for name, value in _PATIENCE.items() if name not in url.query}
    engine = create_engine(
        url,
        connect_args=patience,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=WRITERS + READERS,
        max_overflow=0,
    )

    def prepare(connection: Any, _record: Any) -> None:  # noqa: ANN401 - the driver's own
        connection.execute(f"SET lock_timeout = {LOCK_MILLISECONDS}")
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def _open_sqlite(url: URL, *, create: bool, patience: float) -> Engine:
    path = Path(str(url.database)).absolute()
    engine = create_engine(url, connect_args={"timeout": patience}, hide_parameters=True)

    def connecting(*_: object) -> None:
        if create:
            # Only its owner may read it: it holds what people wrote in private.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        elif not path.exists():
            raise StoreError(f"There is no database at {path}. Run `python -m bot migrate`.")

    def connected(connection: Any, record: Any) -> None:  # noqa: ANN401 - the driver's own
        _prepare(connection)
        record.info["file"] = _identity(path)

    def taken(_connection: object, record: Any, _proxy: object) -> None:  # noqa: ANN401
        # A file that was replaced, as by a backup, must not be written to any more.
        if record.info["file"] != _identity(path):
            raise DisconnectionError

    event.listen(engine, "do_connect", connecting)
    event.listen(engine, "connect", connected)
    event.listen(engine, "checkout", taken)
    event.listen(engine, "handle_error", _failed)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection) -> None:
    # The driver's own transactions begin late; ours begin as `begin` says.
    connection.isolation_level = None
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        # Left open, it would hand its troubles on: SQLite shares them within a process.
        connection.close()
        raise


def _failed(context: ExceptionContext) -> None:
    # What SQLite found out about its file sticks to the connection, and outlives the repair:
    # a file that was read-only when it was opened stays so. The next one opens it anew.
    if is_about_the_file(context.original_exception):
        context.is_disconnect = True
        if context.execution_context is not None:
            # As long as its statement lives, so does the connection, closed or not.
            context.execution_context.cursor.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _begin(connection: Connection) -> None:
    # A write takes SQLite's lock at once: waiting for it later would end in a deadlock.
    kind = "DEFERRED" if _IS_READER in connection.get_execution_options() else "IMMEDIATE"
    connection.exec_driver_sql(f"BEGIN {kind}")


_IS_READER = "is_reader"


def reading(engine: Engine) -> Engine:
    """Return the same engine for reads that see one moment and hold up no writer."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(**{_IS_READER: True})
    return engine.execution_options(isolation_level="REPEATABLE READ")


def transact(
    engine: Engine,
    work: Callable[Concatenate[Connection, _Given], _Result],
    *args: _Given.args,
    **kwargs: _Given.kwargs,
) -> _Result:
    """Run `work` in one transaction.

    Raises:
        StoreError: the store cannot be used; nothing of the work was kept.
    """
    try:
        with engine.begin() as connection:
            return work(connection, *args, **kwargs)
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(explain(error)) from error
