"""What the errors of SQLite and PostgreSQL mean for whoever runs the bot.

Errors are told apart by their codes: SQLite's result codes (sqlite.org/rescode.html) and
PostgreSQL's SQLSTATE (its manual, appendix A). Statements, values and addresses never get into
the sentence.
"""

import sqlite3
from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

_MIGRATE = "its schema is missing or older than this code; run `python -m bot migrate`."
_READ_ONLY = "it is read-only; give the bot the right to write there."
_FULL = "it is full, or its disk is; make room."
_RESTORE = "restore it from a backup."
_RESTORE_FILE = (
    "put a backup in its place, and remove the files beside it that end in -wal and -shm."
)
_AWAY = "the server cannot be reached; check that it runs, and DATABASE_URL."

_SQLITE: Mapping[int, str] = {
    sqlite3.SQLITE_BUSY: "another process has locked the file; stop that process, or wait.",
    sqlite3.SQLITE_LOCKED: "another process has locked the file; stop that process, or wait.",
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR_SHMSIZE: _FULL,
    sqlite3.SQLITE_NOTADB: f"the file is not a SQLite database; {_RESTORE_FILE}",
    sqlite3.SQLITE_CORRUPT: f"the file is damaged; {_RESTORE_FILE}",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; check the path and its rights.",
    sqlite3.SQLITE_IOERR: "its disk has failed to read or write; check the disk.",
}
_OF_THE_FILE = {
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
}
_PRIMARY = 0xFF
"""SQLite's extended codes carry the primary one in their lowest byte."""

_POSTGRES: Mapping[str, str] = {
    "25006": _READ_ONLY,
    "42501": "its user lacks a right; grant it the bot's tables.",
    "42P01": _MIGRATE,
    "42703": _MIGRATE,
    "53100": _FULL,
    "53300": "the server has no connection left; allow it more, or run fewer replicas.",
    "55P03": "another process holds a lock on it for too long; look for a stuck transaction.",
    "57014": "the server has cancelled the statement; it may be overloaded.",
    "08": _AWAY,
    "28": "the server refuses the user or the password; check DATABASE_URL.",
    "3D": "there is no such database on the server; create it, or check DATABASE_URL.",
    "40": "the server has broken off a conflict between two processes; this is tried again.",
    "57": "the server is shutting down or starting; this is tried again.",
    "58": "the server's disk has failed; look into its log.",
    "XX": f"the server says that its data is damaged; {_RESTORE}",
}
"""By SQLSTATE, or by its class, which is the first two characters."""

_CONNECTING = (
    ("authentication failed", _POSTGRES["28"]),
    ("no password supplied", _POSTGRES["28"]),
    ('role "', _POSTGRES["28"]),
    ('database "', _POSTGRES["3D"]),
    ("too many clients", _POSTGRES["53300"]),
    ("starting up", _POSTGRES["57"]),
    ("shutting down", _POSTGRES["57"]),
)
"""While a connection is being made, the driver has words only, and no code."""


def explain(error: SQLAlchemyError | OSError) -> str:
    """Say what is wrong with the store and what to do about it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    meaning = _meaning(cause)
    if meaning is None:
        return f"The database cannot be used ({type(cause).__name__}): look into its log."
    return f"The database cannot be used: {meaning}"


def is_about_the_file(error: BaseException | None) -> bool:
    """Whether SQLite says that its file is not as it should be, and not merely busy or full."""
    return isinstance(error, sqlite3.Error) and _code_of(error) & _PRIMARY in _OF_THE_FILE


def _code_of(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)


def _meaning(cause: BaseException | None) -> str | None:
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(cause)
    if isinstance(cause, PermissionError):
        return _READ_ONLY
    if isinstance(cause, OSError):
        return _SQLITE[sqlite3.SQLITE_CANTOPEN]
    return _of_postgres(cause)


def _of_sqlite(error: sqlite3.Error) -> str | None:
    code = _code_of(error)
    if code & _PRIMARY == sqlite3.SQLITE_ERROR and "no such" in str(error):
        return _MIGRATE  # SQLite has no code of its own for a missing table or column.
    return _SQLITE.get(code) or _SQLITE.get(code & _PRIMARY)


def _of_postgres(error: BaseException | None) -> str | None:
    import psycopg  # noqa: PLC0415 - not loaded by a bot on SQLite

    if not isinstance(error, psycopg.Error):
        return None
    if error.sqlstate:
        return _POSTGRES.get(error.sqlstate) or _POSTGRES.get(error.sqlstate[:2])
    if not isinstance(error, psycopg.OperationalError):
        return None
    words = str(error)
    return next((meaning for sign, meaning in _CONNECTING if sign in words), _AWAY)
