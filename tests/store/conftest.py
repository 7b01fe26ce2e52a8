import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from bot.store import SqlChanges, migrate
from bot.store.engine import open_engine
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]


@dataclass
class Database:
    """A migrated database of one test, and a way past the store into it."""

    url: str
    engine: Engine

    def execute(self, statement: str, **values: object) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement), values)

    def value(self, query: str) -> object:
        with self.engine.begin() as connection:
            return connection.execute(text(query)).scalar_one()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("store") / "migrated.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres: Postgres) -> str:
    name = postgres.new_database()
    migrate(postgres.url(name))
    return name


@pytest.fixture
def sqlite_file(tmp_path: Path, migrated_file: Path) -> Path:
    return Path(shutil.copy(migrated_file, tmp_path / "store.db"))


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.url(postgres.new_database())


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(request: pytest.FixtureRequest, kind: str) -> str:
    if kind == "sqlite":
        return f"sqlite:///{request.getfixturevalue('sqlite_file')}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.url(postgres.new_database(request.getfixturevalue("migrated_database")))


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    engine = open_engine(url)
    yield Database(url, engine)
    engine.dispose()


@pytest.fixture
async def open_store() -> AsyncIterator[Callable[[str], SqlChanges]]:
    opened: list[SqlChanges] = []

    def opening(url: str) -> SqlChanges:
        opened.append(SqlChanges.open(url))
        return opened[-1]

    yield opening
    for store in opened:
        store.close()


@pytest.fixture
async def store(url: str, open_store: Callable[[str], SqlChanges]) -> SqlChanges:
    return open_store(url)
