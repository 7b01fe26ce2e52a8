"""The cloud failing at every call of a story: never two submissions, and the card says it all."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.person import Person
from tests.faults.sample import STRIDE
from tests.faults.trial import Bot, Forks, Trial
from tests.faults.truth import hold

AT_ONCE = 8
NOW = "/taurus-upgrade orders-prod-01"
MAYBE = "may have been accepted, and the databases may restart at any moment"
FAULTS = {
    "error_before": MAYBE,
    "error_after": MAYBE,
    "cut_before": MAYBE,
    "cut_after": MAYBE,
    "hang_before": MAYBE,
    "hang_after": MAYBE,
    "html_before": MAYBE,
    "html_after": MAYBE,
    "empty": MAYBE,
    "wrong_resp": MAYBE,
    "throttle": "turned this call away. No database was changed",
    "unauthorized": "No database was changed",
}
"""How a call can go wrong, and what people read if that happens to the upgrade."""
READ_FAULTS = tuple(name for name in FAULTS if not name.endswith("_after") and name != "wrong_resp")
"""A read has no effect: before and after are the same."""


class Failing:
    """Plays the story with one call of the cloud that fails."""

    def __init__(self, forks: Forks, folder: Path) -> None:
        self.forks, self.folder = forks, folder

    async def at(self, number: int, fault: str, operation: str = "") -> tuple[bool, str]:
        """Let that call fail (of one operation, or of all); tells if it came, and all lines."""
        folder = self.folder / f"{number}-{fault}"
        trial = await Trial.open(self.forks, folder, f"sqlite:///{folder}.db")
        calls: list[str] = []

        def is_due(name: str, _bot: Bot | None) -> bool:
            if not name.startswith(f"before cloud {operation}"):
                return False
            calls.append(name.rsplit(maxsplit=1)[-1])
            return len(calls) == number

        def fails(_bot: Bot | None) -> bool:
            order(trial, calls[-1], fault)
            return False

        trial.steps.is_due, trial.steps.on_kill = is_due, fails
        trial.start()
        try:
            person = Person(trial, NOW)
            await person.is_served()
            await trial.end()
            await hold(trial, person, "orders-prod-01")
            return len(calls) >= number, trial.told
        finally:
            await trial.close()


def order(trial: Trial, operation: str, fault: str) -> None:
    if fault == "unauthorized":
        trial.taurus.fail(operation, "refuse", code="APIGW.0301")
    else:
        trial.taurus.fail(operation, fault, status=502)


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_upgrade_whose_call_fails_is_submitted_once_and_all_is_said(
    forks: Forks, tmp_path: Path, fault: str
) -> None:
    came, told = await Failing(forks, tmp_path).at(1, fault, "batch_upgrade")
    assert came
    assert FAULTS[fault] in told


@pytest.mark.parametrize("turn", [0, 2, 4] if STRIDE == 1 else [0])
async def test_a_call_that_fails_anywhere_costs_only_time(
    forks: Forks, tmp_path: Path, turn: int
) -> None:
    failing = Failing(forks, tmp_path)
    first, is_over = 1, False
    while not is_over:
        async with asyncio.TaskGroup() as group:
            trials = [
                group.create_task(failing.at(one, READ_FAULTS[(one + turn) % len(READ_FAULTS)]))
                for one in range(first, first + AT_ONCE * STRIDE, STRIDE)
            ]
        is_over = not all(came for came, _ in (trial.result() for trial in trials))
        first += AT_ONCE * STRIDE
    assert first > 15, "the story has fewer calls than any real one"
