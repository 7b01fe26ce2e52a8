import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

import bot.store
from bot.ports import Card, StoreError
from bot.store import SqlChanges, migrate, schema_state
from bot.store.engine import open_engine
from bot.store.schema import HEAD, metadata
from tests.store.conftest import Database
from tests.store.examples import change, fact

Opening = Callable[[str], SqlChanges]
MIGRATIONS = Path(bot.store.__file__).parent / "migrations"


def test_an_empty_database_is_brought_to_the_schema_of_the_code(empty_url: str) -> None:
    assert schema_state(empty_url) == "empty"
    assert migrate(empty_url) == HEAD
    assert schema_state(empty_url) == "current"
    assert migrate(empty_url) == HEAD


def test_the_revisions_make_the_very_schema_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_looking_at_the_schema_makes_no_file(tmp_path: Path) -> None:
    assert schema_state(f"sqlite:///{tmp_path / 'none.db'}") == "empty"
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'new.db'}")
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}


async def test_several_processes_may_migrate_at_once(empty_url: str) -> None:
    code = f"from bot.store import migrate; print(migrate({empty_url!r}))"
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    outputs = [(await process.communicate())[0].decode().strip() for process in started]
    assert outputs == [HEAD] * 4


async def test_a_newer_schema_is_told_and_left_alone(store: SqlChanges, database: Database) -> None:
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    assert schema_state(database.url) == "newer"
    with pytest.raises(StoreError, match="newer than this version of the bot"):
        migrate(database.url)
    with pytest.raises(StoreError, match="newer than this version of the bot"):
        await store.ready()
    database.execute("UPDATE alembic_version SET version_num = :head", head=HEAD)
    await store.ready()


async def test_an_older_schema_is_told(store: SqlChanges, database: Database) -> None:
    database.execute("UPDATE alembic_version SET version_num = '0000'")
    assert schema_state(database.url) == "behind"
    with pytest.raises(StoreError, match="Run `python -m bot migrate`"):
        await store.ready()


def test_a_half_made_schema_counts_as_empty(database: Database) -> None:
    database.execute("DELETE FROM alembic_version")
    assert schema_state(database.url) == "empty"


async def test_a_document_from_a_newer_version_is_told_by_its_field(
    store: SqlChanges, database: Database
) -> None:
    await store.add(change(1), [fact()])
    database.execute("UPDATE changes SET document = replace(document, '\"key\"', '\"kez\"')")
    with pytest.raises(StoreError, match=r"holds CHG-1 in a form .* \(key\)") as told:
        await store.get(1)
    assert told.value.__cause__ is None


async def test_a_card_of_the_first_schema_is_kept(empty_url: str, open_store: Opening) -> None:
    engine = open_engine(empty_url, create=True)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO changes (version, state, environment, channel, requester, key, "
                "created_at, document) "
                "VALUES (1, 'Proposed', 'prod', 'C0OPS', 'U0ANN', 'k', 0, '{}')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO cards (change, channel, ts, version, drawn_version, told_seq) "
                "VALUES (1, 'C0OPS', '1.1', 1, 1, 3)"
            )
        )
    engine.dispose()
    migrate(empty_url)
    store = open_store(empty_url)
    kept = Card(id=1, change=1, channel="C0OPS", ts="1.1", drawn_version=1, told_seq=3)
    assert await store.card(1) == kept
