"""Whether the store can be used: its schema is this code's, and it takes a write."""

from typing import Literal

from sqlalchemy import Connection, inspect, select, update

from bot.ports import StoreError
from bot.store.schema import HEAD, heartbeat, revision

_REVISION = select(revision.c.version_num)
State = Literal["current", "behind", "newer", "empty"]


def state_of(connection: Connection) -> State:
    """Compare the schema in the database with this code's."""
    if not inspect(connection).has_table(revision.name):
        return "empty"
    return _compared(connection)


def _compared(connection: Connection) -> State:
    found = connection.execute(_REVISION).scalar()
    if found is None:
        return "empty"
    if found == HEAD:
        return "current"
    return "behind" if found < HEAD else "newer"


def refuse_newer(state: State) -> None:
    """Raise `StoreError` if the schema is from a version of the bot to come."""
    if state == "newer":
        raise StoreError(
            "The database's schema is newer than this version of the bot. Nothing was changed. "
            "Run the newer version, or restore the backup made before it."
        )


def demand_current(connection: Connection) -> None:
    """Refuse to take up work while another version of the bot owns the schema.

    Raises:
        StoreError: the schema is not this code's.
    """
    state = _compared(connection)
    refuse_newer(state)
    if state != "current":
        raise StoreError(
            "The database's schema is older than this version of the bot. "
            "Run `python -m bot migrate`."
        )


def beat(connection: Connection) -> None:
    """Prove that the store can be written.

    Raises:
        StoreError: its schema is not this code's.
    """
    demand_current(connection)
    connection.execute(update(heartbeat).values(beats=(heartbeat.c.beats + 1) % 1_000_000))
