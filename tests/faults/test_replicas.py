"""Two replicas on one PostgreSQL: either may be killed at any step, and the other one ends it.

No replica is started again here: what the dead one held is taken over when its lease ends.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.service.desk import LEASE
from bot.store import migrate
from tests.faults.person import Person
from tests.faults.sample import STRIDE
from tests.faults.trial import ANN, CHANNEL, PATIENCE, Bot, Forks, Trial
from tests.faults.truth import hold
from tests.postgres import Postgres

PARTS = 8 if STRIDE == 1 else 2
AT_ONCE = 4
NOW = "/taurus-upgrade orders-prod-01"
REPLICAS = ("one", "two")
CONNECTIONS = 4
"""Each replica holds two."""
POLL = 10.0
READS_OF_A_POLL = 4
SPEED = 10.0
"""A lease is 1.5 real seconds then: longer than a loaded machine makes a process wait."""


@pytest.fixture(scope="session")
def template(postgres: Postgres) -> str:
    """A database that is migrated already."""
    name = postgres.new_database()
    migrate(postgres.url(name))
    return name


class Pair:
    """Plays a story with two replicas, again and again, and kills one a step later each time."""

    def __init__(self, forks: Forks, postgres: Postgres, template: str, folder: Path) -> None:
        self.forks, self.postgres, self.template, self.folder = forks, postgres, template, folder

    async def all_of(self, part: int, fewest: int) -> None:
        step, is_over = part, False
        while not is_over:
            async with asyncio.TaskGroup() as group:
                steps = range(step, step + AT_ONCE * PARTS * STRIDE, PARTS * STRIDE)
                trials = [group.create_task(self.one(at)) for at in steps]
            is_over = not all(trial.result() for trial in trials)
            step += AT_ONCE * PARTS * STRIDE
        assert step > fewest, "the story has fewer steps than any real one"

    async def open(self, name: str, replicas: Sequence[str] = REPLICAS) -> Trial:
        url = self.postgres.url(self.postgres.new_database(self.template))
        trial = await Trial.open(self.forks, self.folder / name, url, speed=SPEED)
        for replica in replicas:
            trial.start(replica)
        return trial

    async def one(self, kill_at: int) -> bool:
        trial = await self.open(str(kill_at))
        trial.steps.kill_at = kill_at
        # Whose step it is, chance decides: so each one dies at its own steps and at the other's.
        trial.lose(REPLICAS[kill_at % 2])
        try:
            person = Person(trial, NOW)
            await person.is_served()
            was_reached = trial.steps.reached
            trial.steps.kill_at = 0
            await trial.end()
            await hold(trial, person, "orders-prod-01")
        finally:
            await trial.close()
        return was_reached


@pytest.fixture
def pair(forks: Forks, postgres: Postgres, template: str, tmp_path: Path) -> Pair:
    return Pair(forks, postgres, template, tmp_path)


@pytest.fixture
async def trial(pair: Pair) -> AsyncIterator[Trial]:
    trial = await pair.open("trial")
    await trial.slack.wait_for(lambda: trial.slack.connections == CONNECTIONS, PATIENCE)
    yield trial
    await trial.close()


@pytest.mark.parametrize("part", range(1, PARTS + 1))
async def test_either_replica_may_be_killed_at_any_step(pair: Pair, part: int) -> None:
    await pair.all_of(part, fewest=60)


async def test_what_a_dead_replica_held_is_taken_over_within_seconds(trial: Trial) -> None:
    holders: list[Bot] = []
    died_at: list[datetime] = []

    def is_due(name: str, bot: Bot | None) -> bool:
        if name.startswith("commit changes targets records") and bot is not None:
            holders.append(bot)
        return name == "before cloud batch_upgrade" and not died_at

    def dies(_bot: Bot | None) -> bool:
        holders[-1].kill()
        died_at.append(trial.clock.now())
        return True

    trial.steps.is_due, trial.steps.on_kill = is_due, dies
    await Person(trial, NOW).is_served()
    (noticed_at,) = [one.at for one in await trial.records() if one.kind == "interrupted"]
    assert noticed_at - died_at[0] < LEASE + timedelta(seconds=25)


async def test_a_delivery_that_comes_twice_is_dealt_with_by_one_replica(trial: Trial) -> None:
    trial.slack.faults.next_deliveries("twice", times=6)
    for number in range(90, 96):
        await trial.slack.command(ANN, CHANNEL, f"/taurus-change show {number}")
    await trial.slack.wait_for(lambda: len(trial.whispers) >= 6, PATIENCE)
    await trial.end()
    assert sorted(trial.whispers) == sorted(set(trial.whispers))
    assert len(trial.whispers) == 6


async def test_two_replicas_look_no_more_often_than_one(trial: Trial) -> None:
    trial.taurus.switch("never_starts", "pending")
    await Person(trial, NOW).goes_on_until(lambda: "answered" in trial.told)
    looks: list[float] = []

    async def look(operation: str, moment: str) -> None:
        if (operation, moment) == ("scheduled_jobs", "before"):
            looks.append(trial.clock.seconds())
            looked.release()

    looked, trial.taurus.on_request = asyncio.Semaphore(0), look
    async with asyncio.timeout(PATIENCE):
        for _ in range(8):
            await looked.acquire()
    assert all(after - before >= POLL for before, after in pairwise(looks))


async def test_three_replicas_call_the_cloud_as_often_as_one(pair: Pair) -> None:
    alone = await _calls_of(pair, REPLICAS[:1])
    shared = await _calls_of(pair, (*REPLICAS, "three"))
    assert alone["batch_upgrade"] == shared["batch_upgrade"] == 1
    # When a poll falls is chance, so a story may have one more of them, with its three reads.
    assert shared.total() <= alone.total() + 2 * READS_OF_A_POLL, (alone, shared)


async def _calls_of(pair: Pair, replicas: Sequence[str]) -> Counter[str]:
    """Count a story's calls by their operations."""
    trial = await pair.open(f"{len(replicas)} replicas", replicas)
    try:
        connections = len(replicas) * CONNECTIONS // len(REPLICAS)
        await trial.slack.wait_for(lambda: trial.slack.connections == connections, PATIENCE)
        # Each of these is read by whichever replica Slack gives it to.
        for _ in range(6):
            await trial.slack.command(ANN, CHANNEL, "/taurus-change list")
        await Person(trial, NOW).is_served()
        await trial.end()
    finally:
        await trial.close()
    calls = (name.split() for name in trial.steps.names if name.startswith("before cloud"))
    return Counter(operation for _, _, operation, *_ in calls)


async def test_a_scheduled_start_is_punctual_though_a_replica_died(trial: Trial) -> None:
    await Person(trial, f"{NOW} --at +1h").goes_on_until(lambda: trial.shows("Scheduled"))
    trial.bots["one"].kill()
    (planned_at,) = [change.options.run_at for change in await trial.changes()]
    assert planned_at is not None
    trial.clock.jump(planned_at.timestamp() - trial.clock.seconds() - 20)
    await trial.slack.wait_for(lambda: trial.taurus.submissions("orders-prod-01"), PATIENCE)
    (sent_at,) = trial.taurus.submissions("orders-prod-01")
    assert timedelta(0) <= sent_at - planned_at < timedelta(seconds=20)


async def test_a_soak_outlives_the_replica_that_would_have_ended_it(trial: Trial) -> None:
    line = "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1 --soak 30m"
    person = Person(trial, line)
    await person.goes_on_until(lambda: "Wave 1 is over" in trial.told)
    trial.bots["one"].kill()
    trial.clock.jump(timedelta(minutes=30).total_seconds())
    await person.is_served()
    (first,) = trial.taurus.submissions("orders-prod-01")
    (second,) = trial.taurus.submissions("orders-prod-02")
    assert second - first >= timedelta(minutes=30)
