"""SIGKILL at every step of a story: the bot that is started again ends it as if nothing had been.

The kill is real: the process is gone in the middle of what it does, with no word to anybody, its
transactions open and its leases held. What Slack and the cloud had received stays received. That
is what a crash, the kernel's out-of-memory killer or a platform without patience do.
"""

import asyncio
from pathlib import Path

import pytest

from tests.faults.person import Person
from tests.faults.sample import STRIDE
from tests.faults.trial import Forks, Trial
from tests.faults.truth import hold

PARTS = 8 if STRIDE == 1 else 2
"""The steps are shared among so many tests, which may run side by side."""
AT_ONCE = 4
"""Trials of one test that run at the same time: most of a trial is waiting."""

NOW = "/taurus-upgrade orders-prod-01"
LATER = "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1 --at +1h"


class Kills:
    """Plays a story again and again, and kills the bot one step later each time."""

    def __init__(self, forks: Forks, folder: Path, line: str) -> None:
        self.forks, self.folder, self.line = forks, folder, line
        self.instances = [word for word in line.split() if word.startswith("orders")]

    async def all_of(self, part: int, fewest: int) -> None:
        """Go on until the story ends before the step comes, at which it was to be killed."""
        step, is_over = part, False
        while not is_over:
            async with asyncio.TaskGroup() as group:
                steps = range(step, step + AT_ONCE * PARTS * STRIDE, PARTS * STRIDE)
                trials = [group.create_task(self.one(at)) for at in steps]
            is_over = not all(trial.result() for trial in trials)
            step += AT_ONCE * PARTS * STRIDE
        assert step > fewest, "the story has fewer steps than any real one"

    async def one(self, kill_at: int) -> bool:
        """Play it once; True if the step was reached."""
        url = f"sqlite:///{self.folder}/{kill_at}.db"
        trial = await Trial.open(self.forks, self.folder / f"step-{kill_at}", url)
        self.prepare(trial, kill_at)
        trial.keep_alive()
        trial.start()
        try:
            person = Person(trial, self.line)
            await self.play(person)
            was_reached = trial.steps.reached
            trial.steps.kill_at = 0
            await trial.end()
            await self.check(trial, person)
        finally:
            await trial.close()
        return was_reached

    def prepare(self, trial: Trial, kill_at: int) -> None:
        trial.steps.kill_at = kill_at

    async def play(self, person: Person) -> None:
        await person.is_served()

    async def check(self, trial: Trial, person: Person) -> None:
        await hold(trial, person, *self.instances)


class KillsBeforeAnAnswer(Kills):
    """The line is wrong, and only who typed it is told so."""

    async def play(self, person: Person) -> None:
        await person.is_told("There is no CHG-99")

    async def check(self, trial: Trial, _person: Person) -> None:
        assert set(trial.whispers) == {trial.whispers[0]}
        assert len(trial.whispers) <= 2, "told again and again"


class KillsAfterTheTimeHasCome(Kills):
    """Before that moment every story is alike."""

    def prepare(self, trial: Trial, kill_at: int) -> None:
        def begin() -> None:
            trial.steps.begin_here()
            trial.steps.kill_at = kill_at

        trial.on_wait = begin


@pytest.mark.parametrize("part", range(1, PARTS + 1))
async def test_a_bot_killed_at_any_step_ends_the_story_after_its_restart(
    forks: Forks, tmp_path: Path, part: int
) -> None:
    await Kills(forks, tmp_path, NOW).all_of(part, fewest=60)


@pytest.mark.parametrize("part", range(1, PARTS + 1))
async def test_a_bot_killed_at_any_step_of_a_scheduled_change_of_two_waves_ends_it(
    forks: Forks, tmp_path: Path, part: int
) -> None:
    await KillsAfterTheTimeHasCome(forks, tmp_path, LATER).all_of(part, fewest=90)


async def test_a_command_that_was_acknowledged_is_answered_though_the_bot_was_killed(
    forks: Forks, tmp_path: Path
) -> None:
    kills = KillsBeforeAnAnswer(forks, tmp_path, "/taurus-change show 99")
    for part in range(1, PARTS + 1):
        await kills.all_of(part, fewest=1)
