"""Saves and adds, and stops before the commit: `python -m tests.store.interrupted URL`.

It says so, and waits to be killed.
"""

import sys

from sqlalchemy import Connection

from bot.store import ledger
from bot.store.engine import open_engine, transact
from tests.store.examples import change, ended, fact


def _write(connection: Connection) -> None:
    stored = ledger.get(connection, 1)
    if stored is not None:
        ledger.save(connection, ended(stored), [fact("killed")])
    ledger.add(connection, change(*range(100, 200), key="killed"), [fact("killed")])
    print("written, not committed", flush=True)  # noqa: T201
    sys.stdin.read()


if __name__ == "__main__":
    transact(open_engine(sys.argv[1]), _write)
