"""SIGTERM at an awkward moment: the work ends or is left to the next process, which is told."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.person import Person
from tests.faults.trial import ANN, CHANNEL, PATIENCE, Bot, Forks, Trial
from tests.faults.truth import hold

NOW = "/taurus-upgrade orders-prod-01"
FOR_EVER = 100_000
WITHIN = 10.0
"""Seconds that platforms give."""


@pytest.fixture
async def trial(forks: Forks, tmp_path: Path) -> AsyncIterator[Trial]:
    trial = await Trial.open(forks, tmp_path / "trial", f"sqlite:///{tmp_path}/trial.db")
    yield trial
    await trial.close()


def stop_at(trial: Trial, step: str) -> None:
    """Ask the bot to stop when it first comes to a step; the step itself goes on."""
    stopped: list[str] = []

    def is_due(name: str, _bot: Bot | None) -> bool:
        return name.startswith(step) and not stopped

    def stops(_bot: Bot | None) -> bool:
        stopped.append(step)
        os.kill(trial.bots["bot"].pid, signal.SIGTERM)
        return False

    trial.steps.is_due, trial.steps.on_kill = is_due, stops


async def approves(trial: Trial) -> Person:
    """Ann asks and approves; whether she sees what comes of it, the stop decides."""
    person = Person(trial, NOW)
    await person.goes_on_until(lambda: trial.shows("Proposed"))
    await trial.slack.click(ANN, CHANNEL, trial.cards[0]["ts"], "change.approve")
    person.repeated = True
    return person


async def ends(bot: Bot) -> None:
    await asyncio.wait_for(bot.gone.wait(), WITHIN)
    assert bot.has_ended, "it was not of its own will"


async def test_a_stop_during_the_upgrade_request_waits_for_its_answer(trial: Trial) -> None:
    stop_at(trial, "before cloud batch_upgrade")
    bot = trial.start()
    person = await approves(trial)
    await ends(bot)
    (change,) = await trial.changes()
    assert change.batches[0].resp == "success", trial.scene()
    trial.start()
    await person.is_served()
    await trial.end()
    assert "interrupted" not in [record.kind for record in await trial.records()]
    await hold(trial, person, "orders-prod-01")


async def test_a_stop_during_a_request_that_hangs_leaves_it_to_be_looked_up(trial: Trial) -> None:
    trial.taurus.fail("batch_upgrade", "hang_after")
    stop_at(trial, "before cloud batch_upgrade")
    bot = trial.start()
    person = await approves(trial)
    await ends(bot)
    trial.start()
    await person.is_served()
    await trial.end()
    await hold(trial, person, "orders-prod-01")


async def test_a_stop_while_slack_is_away_loses_nothing_of_the_story(trial: Trial) -> None:
    bot = trial.start()
    person = Person(trial, NOW)
    await person.goes_on_until(lambda: trial.shows("Running"))
    trial.slack.faults.next_calls("*", "http_500", times=FOR_EVER)
    await trial.slack.close_sockets()
    await bot.end()
    trial.slack.faults.clear()
    trial.start()
    await person.is_served()
    await trial.end()
    await hold(trial, person, "orders-prod-01")


async def test_what_takes_too_long_is_named_and_left_to_whoever_takes_over(
    forks: Forks, tmp_path: Path
) -> None:
    trial = await Trial.open(forks, tmp_path / "slow", f"sqlite:///{tmp_path}/slow.db", speed=1)
    try:
        bot = trial.start()
        await trial.slack.wait_for(lambda: trial.slack.connections, PATIENCE)
        trial.slack.faults.next_calls("*", "ratelimited", times=FOR_EVER, retry_after=30)
        await trial.slack.command(ANN, CHANNEL, "/taurus-upgrade nothing-01")
        await trial.slack.wait_for(lambda: "before slack users.info" in trial.steps.names, PATIENCE)
        await bot.end()
        assert f"left to whoever takes over: a call by {ANN}" in trial.log, trial.scene()
        trial.slack.faults.clear()
        trial.clock.jump(60)
        trial.start()
        await trial.slack.wait_for(lambda: bool(trial.whispers), PATIENCE)
        assert "nothing-01" in trial.whispers[0]
        await trial.end()
    finally:
        await trial.close()
