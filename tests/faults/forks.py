"""Bots as processes of their own, forked so fast that one can be killed at every step.

`python -m tests.faults.forks` imports the bot once; each line of JSON on its stdin is an `Order`
and becomes a process that runs the bot as `python -m bot run` does, with two additions: a clock
that the test holds, and a word to the test before each commit that changes anything. The process
waits for the test's answer, so the test can kill it there, before the commit takes effect.
"""

import asyncio
import logging
import os
import re
import signal
import socket
import sys
import threading
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import alembic.command  # noqa: F401 - loaded once, here, instead of in every bot
import psycopg  # noqa: F401 - (the same)
from sqlalchemy import Connection, Engine, event

from bot.__main__ import serve
from bot.app import App, Surroundings
from bot.domain.model import Frozen
from bot.settings import read_settings
from bot.taurus import Limits
from bot.telemetry import configure_logging
from commands import COMMANDS
from tests.faults import clock

_END = {signal.SIGTERM}
_WRITES = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)")
HURRIED = Limits(
    reads_per_second=2000,
    read_burst=2000,
    between_writes=timedelta(),
    answer_within=timedelta(seconds=3),
)


class Order(Frozen):
    """One bot to be."""

    environ: dict[str, str]
    clock: clock.Order
    socket: Path
    log: Path
    name: str


class Teller:
    """Tells the test of every commit that changes something, and waits for its leave."""

    def __init__(self, order: Order) -> None:
        self._lock = threading.Lock()
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(order.socket))
        self.say(f"{order.name} is there")
        event.listen(Engine, "after_cursor_execute", self._on_statement)
        event.listen(Engine, "commit", self._on_commit)
        event.listen(Engine, "rollback", lambda connection: connection.info.pop("wrote", None))

    def say(self, word: str) -> None:
        with self._lock:
            self._line.sendall(word.encode() + b"\n")
            if not self._line.recv(1):
                os._exit(3)  # the test is over

    def _on_statement(
        self,
        connection: Connection,
        cursor: Any,  # noqa: ANN401 - the driver's own
        statement: str,
        *_: object,
    ) -> None:
        found = _WRITES.match(statement)
        # SQLite knows how many rows it returns only when they have been read: see _has_changed.
        if found and (connection.dialect.name == "sqlite" or cursor.rowcount):
            connection.info.setdefault("wrote", []).append(found[2])

    def _on_commit(self, connection: Connection) -> None:
        wrote = connection.info.pop("wrote", [])
        if not wrote or not _has_changed(connection):
            return
        self.say("commit " + " ".join(dict.fromkeys(wrote)))


def _has_changed(connection: Connection) -> bool:
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        return True
    before, now = connection.info.get("changes", 0), driver.total_changes
    connection.info["changes"] = now
    return bool(now > before)


def live(order: Order) -> NoReturn:
    """Be one bot, to the end."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_BLOCK, _END)
        log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        configure_logging("INFO", "console")
        logging.getLogger("alembic").setLevel(logging.WARNING)
        teller = Teller(order)
        asyncio.run(_run(order))
        code = 0
        teller.say(f"{order.name} has ended")
    except BaseException:  # noqa: BLE001 - the log is where the test reads it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


async def _run(order: Order) -> None:
    shared = clock.SharedClock(order.clock)
    around = Surroundings(
        clock=shared.now,
        wall=shared.now,
        ticks=shared.seconds,
        sleep=shared.sleep,
        speed=lambda: shared.speed,
        limits=HURRIED,
    )
    # An order to end that comes too early waits until `serve` hears it.
    asyncio.get_running_loop().call_soon(signal.pthread_sigmask, signal.SIG_UNBLOCK, _END)
    await serve(App(read_settings(order.environ), COMMANDS, around))


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    children = []
    for line in sys.stdin:
        order = Order.model_validate_json(line)
        child = os.fork()
        if child == 0:
            live(order)
        children.append(child)
        print(child, flush=True)  # noqa: T201 - the answer to whoever ordered it
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    main()
