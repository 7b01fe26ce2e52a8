import ctypes
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from subprocess import run

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, NoResultFound

from bot.domain.errors import UnclearError
from bot.ports import StoreError
from bot.store import SqlChanges, schema_state
from bot.store.engine import open_engine, reading
from bot.store.schema import HEAD
from bot.store.trouble import explain
from tests.postgres import Postgres
from tests.store.conftest import Database
from tests.store.examples import NOW, change, delivery, fact, lease

Opening = Callable[[str], SqlChanges]
LOST_AT_COMMIT = """
    CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER lost AFTER INSERT ON deliveries
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lose();
"""


def overwrite(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def damage(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))


def restore(file: Path, backup: Path) -> None:
    for companion in ("-wal", "-shm"):
        file.with_name(file.name + companion).unlink(missing_ok=True)
    Path(shutil.copy(backup, file.with_suffix(".new"))).replace(file)


def back_up(file: Path, backup: Path) -> None:
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)


def remove(file: Path) -> None:
    file.unlink()


def is_there(file: Path) -> bool:
    return file.exists()


@pytest.fixture
def file(sqlite_file: Path) -> Path:
    return sqlite_file


@pytest.fixture
async def local(file: Path, open_store: Opening) -> SqlChanges:
    store = open_store(f"sqlite:///{file}")
    await store.add(change(1), [fact()])
    return store


async def test_a_locked_file_is_told_and_works_again_when_let_go(
    local: SqlChanges, file: Path
) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="another process has locked the file"):
            await local.ready()
        assert await local.get(1) is not None  # Reading goes on.
        other.execute("ROLLBACK")
    await local.ready()


async def test_a_full_database_keeps_nothing_of_what_did_not_fit(local: SqlChanges) -> None:
    with local._engine.connect() as connection:  # noqa: SLF001
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match="it is full"):
        await local.add(change(*range(10, 500), key="big"), [fact()])
    assert await local.open_changes_of([change(10).targets[0].instance_id]) == {}
    assert await local.verify() is None
    with local._engine.connect() as connection:  # noqa: SLF001
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert (await local.add(change(*range(10, 500), key="big"), [fact()])).number


async def test_a_read_only_database_is_told(local: SqlChanges) -> None:
    with local._engine.connect() as connection:  # noqa: SLF001
        connection.exec_driver_sql("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="read-only"):
        await local.ready()
    with reading(local._engine).connect() as connection:  # noqa: SLF001
        connection.exec_driver_sql("PRAGMA query_only = OFF")
    await local.ready()


@pytest.fixture
def foreign_file(migrated_file: Path) -> Iterator[Path]:
    """A database that everybody may read, in a folder that everybody may use."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield Path(shutil.copy(migrated_file, folder / "store.db"))
    shutil.rmtree(folder)


def permit(file: Path, mode: int) -> None:
    for one in file.parent.glob(f"{file.name}*"):
        one.chmod(mode)


def lose_privileges(store: SqlChanges) -> None:
    """Let the store's threads open files as anybody: root may write what is read-only."""

    def as_anybody(*_: object) -> None:
        ctypes.CDLL(None).setfsuid(65534)  # of the thread that is about to open the file

    if os.geteuid() == 0:
        event.listen(store._engine, "do_connect", as_anybody)  # noqa: SLF001


async def test_a_file_without_the_right_to_write_is_used_again_when_it_is_given(
    foreign_file: Path, open_store: Opening
) -> None:
    permit(foreign_file, 0o444)
    store = open_store(f"sqlite:///{foreign_file}")
    lose_privileges(store)
    for _ in range(2):
        with pytest.raises(StoreError, match="read-only; give the bot the right to write there"):
            await store.receive(delivery())
    permit(foreign_file, 0o666)
    assert await store.receive(delivery())


@pytest.fixture
def small_disk(tmp_path: Path, migrated_file: Path) -> Iterator[Path]:
    """A disk of its own for a database."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False).returncode:
        pytest.skip("only root can make a small disk")
    shutil.copy(migrated_file, folder / "store.db")
    yield folder
    run(["umount", "--lazy", folder], check=True)


def fill(file: Path) -> None:
    with suppress(OSError), file.open("wb", buffering=0) as rest:
        while True:
            rest.write(b"0" * 4096)


@pytest.mark.parametrize("is_open", [True, False])
async def test_a_full_disk_is_used_again_when_there_is_room(
    small_disk: Path, open_store: Opening, *, is_open: bool
) -> None:
    store = open_store(f"sqlite:///{small_disk / 'store.db'}")
    if is_open:
        await store.ready()
    fill(small_disk / "rest")
    for _ in range(2):
        with pytest.raises(StoreError, match="full, or its disk is; make room"):
            await store.receive(delivery())
    remove(small_disk / "rest")
    assert await store.receive(delivery())
    assert await store.claim_delivery(lease(), NOW) == delivery()


@pytest.mark.parametrize("trouble", [b"a letter to the editor " * 500, b""])
async def test_a_file_that_was_broken_is_used_again_when_a_backup_is_in_its_place(
    local: SqlChanges, file: Path, trouble: bytes
) -> None:
    backup, broken = file.with_suffix(".backup"), file.with_suffix(".broken")
    back_up(file, backup)
    overwrite(broken, trouble)
    restore(file, broken)
    with pytest.raises(StoreError, match=r"backup|run `python -m bot migrate`"):
        await local.ready()
    restore(file, backup)
    await local.ready()
    assert await local.get(1) is not None
    assert local.trouble == ""


async def test_a_delivery_that_cannot_be_stored_in_time_is_not_stored_later(
    postgres: Postgres, migrated_database: str, open_store: Opening
) -> None:
    url = postgres.url(postgres.new_database(migrated_database))
    store = open_store(url)
    await store.ready()
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE deliveries")
        with pytest.raises(StoreError, match="in time, so nothing was stored"):
            await store.receive(delivery())
    await store.forget_deliveries(NOW)
    assert await store.claim_delivery(lease(), NOW) is None
    assert store.trouble == "", "others may find it slow, but it works"


async def test_a_server_that_vanishes_during_a_commit_leaves_it_unclear(
    postgres: Postgres, migrated_database: str, open_store: Opening
) -> None:
    url = postgres.url(postgres.new_database(migrated_database))
    store = open_store(url)
    with psycopg.connect(url) as other:
        other.execute(LOST_AT_COMMIT)
    with pytest.raises(UnclearError):
        await store.receive(delivery())


@pytest.mark.parametrize("revision", ["9999", "0001"])
async def test_no_work_is_taken_up_by_the_rules_of_another_version(
    store: SqlChanges, database: Database, revision: str
) -> None:
    assert await store.receive(delivery())
    await store.add(change(1), [fact()])
    database.execute("UPDATE alembic_version SET version_num = :revision", revision=revision)
    claims = (store.claim_delivery, store.claim_due, store.claim_card)
    for claim in claims:
        with pytest.raises(StoreError, match=r"newer version|python -m bot migrate"):
            await claim(lease(), NOW)
    with pytest.raises(StoreError, match="schema is"):
        await store.receive(delivery("call-2"))
    database.execute("UPDATE alembic_version SET version_num = :revision", revision=HEAD)
    for claim in claims:
        assert await claim(lease(), NOW) is not None


async def test_trouble_is_logged_when_it_begins_and_when_it_ends(
    local: SqlChanges, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for _ in range(2):
            with pytest.raises(StoreError):
                await local.claim_card(lease(), NOW)
        assert "locked" in local.trouble
        other.execute("ROLLBACK")
    await local.claim_card(lease(), NOW)
    assert [one.levelname for one in caplog.records] == ["ERROR", "INFO"], caplog.messages


async def test_a_file_that_is_no_database_is_told(file: Path, open_store: Opening) -> None:
    overwrite(file, b"a letter to the editor " * 500)
    with pytest.raises(StoreError, match="not a SQLite database"):
        await open_store(f"sqlite:///{file}").ready()


async def test_a_damaged_file_is_told(file: Path, open_store: Opening) -> None:
    damage(file)
    with pytest.raises(StoreError, match=r"damaged|restore"):
        await open_store(f"sqlite:///{file}").ready()


async def test_a_missing_file_is_told_and_not_made(tmp_path: Path, open_store: Opening) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(StoreError, match="Run `python -m bot migrate`"):
        await store.ready()
    assert not is_there(tmp_path / "none.db")


async def test_a_path_that_cannot_be_opened_is_told(tmp_path: Path, open_store: Opening) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        await open_store(f"sqlite:///{tmp_path}").ready()


async def test_a_replaced_file_is_used_at_once_and_the_old_one_no_more(
    local: SqlChanges, file: Path, migrated_file: Path
) -> None:
    restore(file, migrated_file)
    assert await local.get(1) is None
    remove(file)
    with pytest.raises(StoreError, match="There is no database"):
        await local.ready()


async def test_a_missing_schema_is_told(empty_url: str, open_store: Opening) -> None:
    if empty_url.startswith("sqlite"):
        overwrite(Path(empty_url.removeprefix("sqlite:///")), b"")
    with pytest.raises(StoreError, match="run `python -m bot migrate`"):
        await open_store(empty_url).ready()


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root:hunter2@db/taurus",
        "postgresql://bot:hunter2@db:hunter2/taurus",
        "hunter2",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_an_unusable_url_is_told_without_its_password(url: str) -> None:
    with pytest.raises(StoreError, match="DATABASE_URL") as told:
        open_engine(url)
    assert "hunter2" not in str(told.value)
    assert told.value.__cause__ is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_both_spellings_of_postgresql_mean_the_same(scheme: str) -> None:
    engine = open_engine(f"{scheme}://bot:hunter2@db/taurus?connect_timeout=9")
    assert engine.url.drivername == "postgresql+psycopg"
    assert "hunter2" not in repr(engine)


async def test_a_server_that_is_away_is_told(open_store: Opening) -> None:
    with pytest.raises(StoreError, match="cannot be reached"):
        await open_store("postgresql://bot@127.0.0.1:1/taurus").ready()


async def test_an_unknown_user_or_database_is_told(postgres: Postgres, open_store: Opening) -> None:
    with pytest.raises(StoreError, match="no such database"):
        await open_store(postgres.url("nowhere")).ready()
    url = postgres.url("postgres").replace("postgres@", "nobody@")
    with pytest.raises(StoreError, match="refuses the user"):
        schema_state(url)


async def test_a_server_that_comes_back_is_used_again(
    postgres: Postgres, migrated_database: str, open_store: Opening
) -> None:
    name = postgres.new_database(migrated_database)
    store = open_store(postgres.url(name))
    await store.ready()
    postgres.hang_up(name)
    await store.ready()
    postgres.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    postgres.hang_up(name)
    with pytest.raises(StoreError, match="read-only"):
        await store.ready()
    postgres.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
    postgres.hang_up(name)
    await store.ready()


async def test_a_lock_that_is_held_too_long_is_told(
    postgres: Postgres, migrated_database: str, open_store: Opening
) -> None:
    url = postgres.url(postgres.new_database(migrated_database))
    store = open_store(url)
    assert Database(url, store._engine).value("SHOW lock_timeout") == "5s"  # noqa: SLF001
    event.listen(store._engine, "begin", _be_impatient)  # noqa: SLF001
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE heartbeat")
        with pytest.raises(StoreError, match="holds a lock"):
            await store.ready()
    await store.ready()


def _be_impatient(connection: Connection) -> None:
    connection.exec_driver_sql("SET LOCAL lock_timeout = 50")


async def test_no_value_gets_into_what_is_told(store: SqlChanges, database: Database) -> None:
    database.execute("DROP TABLE cards")
    with pytest.raises(StoreError) as told:
        await store.add(change(1, key="hunter2"), [fact()])
    assert "hunter2" not in f"{told.value} {told.value.__cause__}"


def test_every_other_error_has_a_sentence_too() -> None:
    assert explain(PermissionError()).startswith("The database cannot be used: it is read-only")
    assert "path" in explain(FileNotFoundError())
    assert "(NoResultFound)" in explain(NoResultFound())
    assert explain(_wrapped(errors.DiskFull())) == explain(_wrapped(_full()))
    assert "look into its log" in explain(_wrapped(errors.DivisionByZero()))
    assert "(ProgrammingError)" in explain(_wrapped(psycopg.ProgrammingError()))


def _full() -> sqlite3.Error:
    error = sqlite3.OperationalError()
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def _wrapped(cause: Exception) -> DBAPIError:
    return DBAPIError(None, None, cause)
