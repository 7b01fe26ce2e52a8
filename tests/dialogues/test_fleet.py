"""The fleet: how far it is behind, page by page, and from there to a planned upgrade."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.dialogues.stage import CHANNEL, Stage

ANN = "U0ANN"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage.open(tmp_path)
    yield stage
    await stage.close()


def lists(stage: Stage) -> list[dict[str, Any]]:
    return stage.world.slack.ephemerals(ANN, CHANNEL)


async def until_list(stage: Stage, part: str) -> None:
    await stage.until(lambda: bool(lists(stage)) and part in str(lists(stage)[-1]))


async def presses(stage: Stage, action: str) -> None:
    answer = await stage.world.slack.click(ANN, CHANNEL, lists(stage)[-1]["ts"], action)
    assert answer["ok"], answer


async def test_a_long_fleet_is_turned_page_by_page_in_its_place(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-fleet")
    await until_list(stage, "1 to 20 of 27")
    first = str(lists(stage)[-1])
    assert "27 databases in default" in first
    assert "users-staging-01" not in first
    assert "fleet.previous" not in first
    await presses(stage, "fleet.next")
    await until_list(stage, "21 to 27 of 27")
    (second,) = lists(stage)
    assert "users-staging-01" in str(second)
    assert "fleet.next" not in str(second)
    await presses(stage, "fleet.previous")
    await until_list(stage, "1 to 20 of 27")
    assert len(lists(stage)) == 1
    await stage.says(ANN, "/taurus-fleet --page 2")
    await until_list(stage, "21 to 27 of 27")


async def test_those_behind_are_summed_up_and_planned_with_one_click(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-fleet payments-* orders-* --behind")
    await until_list(stage, "Plan their upgrade")
    shown = str(lists(stage)[-1])
    assert "10 databases in default" in shown
    assert "*10 of 11 databases could be upgraded.*" in shown
    assert "`2.0.63.250300`  3 databases, 3 behind, 9 months older than the newest" in shown
    assert "6 direct, 4 in two phases, 0 in several rounds" in shown
    assert "orders-prod-04" not in shown
    await presses(stage, "upgrade.draft")
    await stage.until_form(ANN, "databases would be upgraded")
    assert "behind:payments-*" in str(stage.form(ANN))
    assert (await stage.sends(ANN, waves="1,rest"))["ok"]
    await stage.until_state("Proposed")
    assert "orders-prod-04" not in stage.shown
    assert "orders-dev-01" in stage.shown
