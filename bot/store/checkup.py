"""Check the store from outside, without changing anything that stays."""

from pathlib import Path
from typing import assert_never

from sqlalchemy import Connection, Engine, make_url, update
from sqlalchemy.exc import SQLAlchemyError

from bot.domain.finding import Finding, Verdict, mind, ok, skipped, wrong
from bot.ports import StoreError
from bot.store.engine import open_engine, reading, transact
from bot.store.health import state_of
from bot.store.schema import HEAD, heartbeat
from bot.store.trouble import explain

_OTHERS = 0o077
OLDEST_POSTGRES = 13
"""The oldest PostgreSQL that its makers still served when this was written (its version policy)."""
_MIGRATE = "Run python -m bot migrate."


def checkup(url: str) -> list[Finding]:
    """Check where the store is, its schema, its server, and whether it takes a write."""
    try:
        engine = open_engine(url)
    except StoreError as error:
        return [wrong("store", str(error), "Mend DATABASE_URL.")]
    file = make_url(url).database if engine.dialect.name == "sqlite" else None
    if file is not None and not Path(file).exists():
        return [_absent(Path(file))]
    try:
        found = transact(reading(engine), _look)
        if file is not None:
            found.append(_privacy(Path(file)))
        return [*found, _takes_a_write(engine)] if found[0].verdict is Verdict.OK else found
    except StoreError as error:
        return [wrong("store", str(error), "The bot cannot run before that is mended.")]
    finally:
        engine.dispose()


def _look(connection: Connection) -> list[Finding]:
    return [_schema(connection), _server(connection)]


def _takes_a_write(engine: Engine) -> Finding:
    """Write, and take it back."""
    try:
        with engine.connect() as connection:
            connection.execute(update(heartbeat).values(beats=heartbeat.c.beats))
            connection.rollback()
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(explain(error)) from None
    return ok("store write", "takes a write")


def _privacy(file: Path) -> Finding:
    """Look who else on this machine may read what people wrote."""
    if file.stat().st_mode & _OTHERS:
        return mind("store file", f"other users may read {file}", f"chmod 600 {file}")
    return ok("store file", "is for its owner only")


def _absent(file: Path) -> Finding:
    if file.parent.is_dir():
        return skipped("store", f"there is no {file} yet; `run` makes it at its first start")
    return wrong("store", f"the folder of {file} does not exist", "Make it, or mend DATABASE_URL.")


def _schema(connection: Connection) -> Finding:
    match state_of(connection):
        case "current":
            return ok("store schema", f"is at {HEAD}")
        case "newer":
            return wrong(
                "store schema",
                "is newer than this version of the bot",
                "Run the newer version, or restore the backup made before it.",
            )
        case "behind":
            return wrong("store schema", f"is older than {HEAD}", _MIGRATE)
        case "empty":
            return wrong("store schema", "is empty", _MIGRATE)
        case _ as never:
            assert_never(never)


def _server(connection: Connection) -> Finding:
    version = connection.dialect.server_version_info or (0,)
    words = ".".join(str(part) for part in version)
    if connection.dialect.name == "sqlite":
        return mind(
            "store server",
            f"SQLite {words}: one process, on one machine",
            "Use PostgreSQL (DATABASE_URL) before you run a second process.",
        )
    if int(version[0]) < OLDEST_POSTGRES:
        return wrong(
            "store server", f"PostgreSQL {words}", f"Use PostgreSQL {OLDEST_POSTGRES} or newer."
        )
    return ok("store server", f"PostgreSQL {words}")
