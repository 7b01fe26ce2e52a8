"""Works that wait share a commit, and each keeps its own fate."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from threading import Event
from time import monotonic

import pytest
from sqlalchemy import Connection, Engine, event, text

from bot.ports import StaleError, StoreError
from bot.store.engine import open_engine
from bot.store.writer import Together

PATIENCE = 20


@pytest.fixture
def engine(sqlite_file: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{sqlite_file}")
    yield engine
    engine.dispose()


def storing(key: str) -> Callable[[Connection], str]:
    def work(connection: Connection) -> str:
        statement = "INSERT INTO deliveries (key, kind, payload, received_at) VALUES (:key,'','',0)"
        connection.execute(text(statement), {"key": key})
        if key == "stale":
            raise StaleError
        return key

    return work


def submitted(engine: Engine, *keys: str) -> tuple[list[Future[str]], int]:
    """Submit while another work holds the thread; returns how many commits it took."""
    begun, held, commits = Event(), Event(), list[Connection]()

    def hold(_connection: Connection) -> bool:
        begun.set()
        return held.wait(PATIENCE)

    event.listen(engine, "commit", commits.append)
    writer = Together(engine)
    first = writer.submit(hold)
    assert begun.wait(PATIENCE)
    futures = [writer.submit(storing(key)) for key in keys]
    held.set()
    writer.close()
    assert first.result()
    return futures, len(commits) - 1


def kept(engine: Engine) -> list[str]:
    with engine.begin() as connection:
        return [row.key for row in connection.execute(text("SELECT key FROM deliveries"))]


def test_what_waits_is_committed_together(engine: Engine) -> None:
    futures, commits = submitted(engine, *"abcdef")
    assert [one.result() for one in futures] == list("abcdef")
    assert kept(engine) == list("abcdef")
    assert commits == 1


def test_one_that_refuses_takes_nothing_from_the_others(engine: Engine) -> None:
    futures, commits = submitted(engine, "a", "stale", "b")
    assert isinstance(futures[1].exception(), StaleError)
    assert [futures[0].result(), futures[2].result()] == ["a", "b"]
    assert kept(engine) == ["a", "b"]
    assert commits == 1


def test_one_that_the_database_refuses_is_told_and_the_others_are_stored(engine: Engine) -> None:
    futures, commits = submitted(engine, "a", "a", "b")
    assert isinstance(futures[1].exception(), StoreError)
    assert kept(engine) == ["a", "b"]
    assert commits == 1


def test_when_several_fail_each_of_the_others_is_stored(engine: Engine) -> None:
    futures, _ = submitted(engine, "stale", "a", "stale", "a", "b")
    failed = [type(one.exception()) for one in futures]
    assert failed == [StaleError, type(None), StaleError, StoreError, type(None)]
    assert kept(engine) == ["a", "b"]


def test_a_common_commit_that_fails_is_made_one_by_one(engine: Engine) -> None:
    refused = list[Connection]()

    def refuse_once(connection: Connection) -> None:
        begun = connection.execute(text("SELECT count(*) FROM deliveries")).scalar_one()
        if begun > 1 and not refused:
            refused.append(connection)
            raise OSError("the disk is full")

    event.listen(engine, "commit", refuse_once)
    futures, _ = submitted(engine, "a", "b")
    assert [one.result() for one in futures] == ["a", "b"]
    assert refused
    assert kept(engine) == ["a", "b"]


def test_what_cannot_even_begin_is_told_to_all_at_once(sqlite_file: Path) -> None:
    engine = open_engine(f"sqlite:///{sqlite_file}", patience=0.2)
    with closing(sqlite3.connect(sqlite_file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        started = monotonic()
        writer = Together(engine)
        futures = [writer.submit(storing(str(number))) for number in range(50)]
        writer.close()
        assert all(isinstance(one.exception(), StoreError) for one in futures)
        assert monotonic() - started < 50 * 0.2
    engine.dispose()
