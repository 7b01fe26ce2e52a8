"""Faults of the machine that the bot runs on, as its operator and its people meet them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from time import monotonic

import aiohttp
import pytest

from bot.store import migrate
from tests.dialogues.stage import PATIENCE, Stage
from tests.postgres import Postgres

ANN = "U0ANN"
NOT_TAKEN = "This was not taken"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage.open(tmp_path)
    yield stage
    await stage.close()


async def readiness(stage: Stage) -> tuple[int, str]:
    assert stage.app is not None
    url = f"http://127.0.0.1:{stage.app.port}/readyz"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def is_told_and_mended(
    stage: Stage, caplog: pytest.LogCaptureFixture, sentence: str, mend: Callable[[], object]
) -> None:
    """The store is broken: everybody hears of it once, and all goes on when it is mended."""
    status, text = await readiness(stage)
    assert status == 503
    assert sentence in text
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_whispered(ANN, NOT_TAKEN)
    mend()
    async with asyncio.timeout(PATIENCE):
        while (await readiness(stage))[0] != 200:
            assert stage.cards == []
    assert stage.cards == [], "what was not taken was done all the same"
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    assert len(stage.cards) == 1
    told = [one for one in caplog.records if one.name == "bot.store.condition"]
    assert [one.levelname for one in told] == ["ERROR", "INFO"], caplog.messages


async def test_a_locked_database_is_told_once_and_nothing_is_taken_meanwhile(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        sentence = "another process has locked the file; stop that process, or wait."
        await is_told_and_mended(stage, caplog, sentence, lambda: other.execute("ROLLBACK"))


async def test_a_newer_bot_that_owns_the_schema_now_is_left_the_work(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    def becomes(revision: str) -> None:
        with closing(sqlite3.connect(tmp_path / "bot.db")) as other:
            other.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            other.commit()

    head = migrate(f"sqlite:///{tmp_path}/bot.db")
    becomes("9999")
    sentence = "Run the newer version, or restore the backup made before it."
    await is_told_and_mended(stage, caplog, sentence, lambda: becomes(head))


async def test_a_server_that_was_stopped_is_used_again_when_it_runs(
    tmp_path: Path, postgres: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    url = postgres.url(postgres.new_database())
    migrate(url)
    stage = await Stage.open(tmp_path, DATABASE_URL=url)
    try:
        postgres.stop()
        sentence = "the server cannot be reached; check that it runs, and DATABASE_URL."
        await is_told_and_mended(stage, caplog, sentence, postgres.start)
    finally:
        postgres.start()
        await stage.close()


@pytest.fixture
async def clocked(stage: Stage) -> Stage:
    """The bot sees that the clock of the stage jumps."""
    await stage.leave()
    speed = stage.world.clock.speed
    stage.ticks = lambda: monotonic() * speed
    await stage.enter()
    return stage


async def test_a_jump_of_the_clock_that_the_cloud_confirms_is_only_told(clocked: Stage) -> None:
    clocked.passes(hours=3)
    await clocked.says(ANN, "/taurus-upgrade orders-prod-01")
    await clocked.until_state("Proposed")
    status, text = await readiness(clocked)
    assert status == 200
    assert '"warnings": {"clock": "the clock jumped forward by 3:00:0' in text
    assert "it agrees with the cloud's now" in text


async def test_a_clock_that_jumped_away_from_the_clouds_starts_nothing_until_it_is_set_right(
    clocked: Stage,
) -> None:
    await clocked.says(ANN, "/taurus-upgrade orders-prod-01 --at +2h")
    await clocked.until_state("Proposed")
    await clocked.presses(ANN, "change.approve")
    await clocked.until_state("Scheduled")
    clocked.ahead = timedelta(hours=3)
    await clocked.says(ANN, "/taurus-upgrade orders-prod-02")
    await clocked.until_whispered(ANN, "The clock of the bot's own machine is wrong")
    status, text = await readiness(clocked)
    assert status == 503
    assert "ahead of the cloud's; nothing starts until it is set right" in text
    assert clocked.world.taurus.submissions("orders-prod-01") == []
    clocked.ahead = timedelta()
    clocked.passes(hours=2)
    await clocked.until_state("Succeeded")
