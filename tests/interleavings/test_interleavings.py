"""Whatever people, processes, clocks and the cloud do, in any order: at most once, and known."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from bot.store import migrate
from tests.faults.sample import STRIDE
from tests.interleavings.machine import Lives
from tests.postgres import Postgres

FAST = Path("/dev/shm")  # noqa: S108 - a disk in memory, where there is one
"""Lives on SQLite commit thousands of times; whether a disk keeps its word is another test."""

ANY: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = tempfile.mkdtemp(dir=FAST if FAST.is_dir() else None)
    yield Path(made)
    shutil.rmtree(made)


def test_lives_on_sqlite(folder: Path) -> None:
    empty = folder / "empty.db"
    migrate(f"sqlite:///{empty}")

    class OnSqlite(Lives):
        def __init__(self) -> None:
            super().__init__()
            for old in folder.glob("life.db*"):
                old.unlink()
            self.url = f"sqlite:///{shutil.copy(empty, folder / 'life.db')}"

    run_state_machine_as_test(OnSqlite, settings=bounded(16))


def test_lives_on_postgresql(postgres: Postgres) -> None:
    empty = postgres.new_database()
    migrate(postgres.url(empty))

    class OnPostgres(Lives):
        def __init__(self) -> None:
            super().__init__()
            self.url = postgres.url(postgres.new_database(empty))

    run_state_machine_as_test(OnPostgres, settings=bounded(8))


def bounded(examples: int) -> settings:
    """The same few lives in every run; others, and many, where more was asked for."""
    if settings.get_current_profile_name() == "soak":
        return settings(settings.get_profile("soak"), **ANY)
    is_asked = STRIDE == 1
    lives = examples * 20 if is_asked else examples
    return settings(max_examples=lives, stateful_step_count=40, derandomize=not is_asked, **ANY)
