"""Hearing of work at once: from this process after its commits, from others by PostgreSQL.

Nothing depends on it. Whoever hears nothing finds the work at the next sweep.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import closing
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from bot.ports import StoreError

if TYPE_CHECKING:
    import psycopg

_CHANNEL = "taurus_bot_work"
_LOOK_UP_EVERY = 0.5
"""Seconds between looks whether to stop."""
_RECONNECT_AFTER = 1.0
_log = logging.getLogger(__name__)


def notify(connection: Connection) -> None:
    """Tell the other processes of new work, at the moment this transaction commits."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": _CHANNEL})


class Waker:
    """Calls back on the event loop whenever somebody has stored work."""

    def __init__(self, engine: Engine, on_wake: Callable[[], None]) -> None:
        """Start to listen; on PostgreSQL in a thread. Made within a running loop."""
        self._engine = engine
        self._on_wake = on_wake
        self._loop = asyncio.get_running_loop()
        self._stopped = Event()
        self._is_deaf = False
        self._thread: Thread | None = None
        if engine.dialect.name == "postgresql":
            self._thread = Thread(target=self._listen, name="store-listener", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """Call back; from any thread."""
        if not self._stopped.is_set():
            self._loop.call_soon_threadsafe(self._on_wake)

    def stop(self) -> None:
        """Call back no more."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _listen(self) -> None:
        import psycopg  # noqa: PLC0415 - not loaded by a bot on SQLite

        while not self._stopped.is_set():
            try:
                self._hear()
            except (SQLAlchemyError, StoreError, psycopg.Error):
                if not self._is_deaf:
                    _log.warning("not told of work by the database; finding it by sweeps instead")
                self._is_deaf = True
                self._stopped.wait(_RECONNECT_AFTER)

    def _hear(self) -> None:
        with closing(self._engine.raw_connection()) as pooled:
            # A connection of our own from here on, so that the pool keeps all of its.
            driver = cast("psycopg.Connection[Any]", pooled.driver_connection)
            pooled.detach()
            driver.autocommit = True
            driver.execute(f"LISTEN {_CHANNEL}")
            self._is_deaf = False
            self.wake()  # What was missed while nobody listened.
            while not self._stopped.is_set():
                for _ in driver.notifies(timeout=_LOOK_UP_EVERY):
                    self.wake()
