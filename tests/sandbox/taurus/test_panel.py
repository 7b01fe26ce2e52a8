import json
from typing import Any

import pytest

from bot.sandbox.clock import SandboxClock
from bot.sandbox.taurus import SWITCHES, TaurusPanel, TaurusSimulator
from tests.sandbox.taurus.caller import START, HandClock


@pytest.fixture
def sandbox_clock(clock: HandClock) -> SandboxClock:
    return SandboxClock(clock, speed=1)


@pytest.fixture
def panel(simulator: TaurusSimulator, sandbox_clock: SandboxClock) -> TaurusPanel:
    return TaurusPanel(simulator, sandbox_clock)


def row(state: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in state["fleet"] if row["name"] == name)


async def test_panel_shows_clock_switches_and_fleet_as_json(panel: TaurusPanel) -> None:
    state = await panel.read()
    assert json.loads(json.dumps(state)) == state
    assert state["clock"] == {"now": START.timestamp(), "speed": 1.0}
    assert [switch["name"] for switch in state["switches"]] == [one.name for one in SWITCHES]
    assert {"name", "label", "help", "kind", "choices", "value"} == set(state["switches"][0])
    assert row(state, "orders-prod-04")["kernel"] == row(state, "orders-prod-04")["latest"]
    assert row(state, "billing-prod-01")["status"] == "frozen"
    assert row(state, "search-prod-01")["note"] == "only the vendor's support can upgrade it"
    assert row(state, "search-staging-01")["note"] == "replicas 900 s behind"
    assert row(state, "users-prod-01")["note"] == "kernel out of service"
    assert row(state, "payments-staging-01")["note"] == "Pre-upgrade completed"


async def test_panel_turns_a_switch(panel: TaurusPanel, simulator: TaurusSimulator) -> None:
    await panel.apply({"switch": "iam_down", "value": True})
    assert simulator.faults.on("iam_down")


async def test_panel_moves_the_clock_and_the_world_with_it(
    clock: HandClock, sandbox_clock: SandboxClock
) -> None:
    simulator = await TaurusSimulator.start(clock=sandbox_clock.now)
    panel = TaurusPanel(simulator, sandbox_clock)
    assert row(await panel.read(), "catalog-prod-01")["status"] == "backing up"
    await panel.apply({"advance_seconds": 600})
    assert row(await panel.read(), "catalog-prod-01")["status"] == "normal"
    await panel.apply({"speed": 10})
    clock.forward(seconds=1)
    state = await panel.read()
    assert state["clock"] == {"now": START.timestamp() + 610, "speed": 10.0}
    await simulator.close()


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"switch": "nothing", "value": 1},
        {"advance_seconds": -1},
        {"advance_seconds": "soon"},
        {"advance_seconds": None},
        {"advance_seconds": 1e12},
        {"speed": 0},
        {"speed": "fast"},
    ],
)
async def test_senseless_change_is_refused_with_a_reason(
    panel: TaurusPanel, change: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        await panel.apply(change)
