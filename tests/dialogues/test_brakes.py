"""The brakes between waves: what halts, what goes on, and what is known before anybody is asked."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bot.sandbox.taurus import Condition
from tests.dialogues.stage import PATIENCE, Stage

ANN, BOB, DANA = "U0ANN", "U0BOB", "U0DANA"
LINE = "/taurus-upgrade orders-prod-01 orders-prod-02 --wave-size 1 --soak 10m"


@dataclass
class Health:
    """What the team's own check answers."""

    url: str = ""
    status: int = 200

    async def answer(self, _request: web.Request) -> web.Response:
        return web.Response(status=self.status)


@pytest.fixture
async def health() -> AsyncIterator[Health]:
    health = Health()
    app = web.Application()
    app.add_routes([web.get("/health", health.answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    health.url = f"http://127.0.0.1:{runner.addresses[0][1]}/health?wave={{wave}}"
    yield health
    await runner.cleanup()


@pytest.fixture
async def stage(tmp_path: Path, health: Health) -> AsyncIterator[Stage]:
    policy = tmp_path / "policy.toml"
    policy.write_text(
        '[environments.prod]\nchannels = ["C0DB"]\n'
        f'signals = [{{ name = "orders health", url = "{health.url}" }}]\n'
    )
    stage = await Stage.open(tmp_path, TAURUS_CONFIG=str(policy), TAURUS_NOTIFY="")
    yield stage
    await stage.close()


async def first_wave(stage: Stage) -> None:
    await stage.says(ANN, LINE)
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until(lambda: any("orders-prod-01: succ" in line for line in stage.thread))


async def test_good_signals_let_the_next_wave_go(stage: Stage) -> None:
    await first_wave(stage)
    stage.passes(minutes=10)
    await stage.until_state("Succeeded")


async def test_a_bad_signal_halts_before_the_next_wave_and_says_so(
    stage: Stage, health: Health
) -> None:
    await first_wave(stage)
    health.status = 503
    stage.passes(minutes=10)
    await stage.until_state("Halted")
    assert "orders health answered 503." in stage.shown
    await stage.until(lambda: any("orders health answered 503." in line for line in stage.thread))
    assert stage.world.taurus.submissions("orders-prod-02") == []
    health.status = 200
    await stage.presses(ANN, "change.resume")
    await stage.until_state("Succeeded")


async def test_an_upgraded_instance_that_is_not_well_halts_the_rest(stage: Stage) -> None:
    await first_wave(stage)
    stage.world.taurus.instance("orders-prod-01").condition = Condition.ABNORMAL
    stage.passes(minutes=10)
    await stage.until_state("Halted")
    assert "orders-prod-01 is abnormal." in stage.shown
    assert stage.world.taurus.submissions("orders-prod-02") == []


async def opened(folder: Path, more: str) -> Stage:
    policy = folder / "policy.toml"
    policy.write_text(f'[environments.prod]\nchannels = ["C0DB"]\n{more}\n')
    return await Stage.open(folder, TAURUS_CONFIG=str(policy), TAURUS_NOTIFY="")


class Gate:
    """Holds the first upgrade request on its way until somebody opens."""

    def __init__(self, stage: Stage) -> None:
        self.arrived, self.open = asyncio.Event(), asyncio.Event()
        stage.world.taurus.on_request = self._hold

    async def _hold(self, operation: str, moment: str) -> None:
        if (operation, moment) == ("batch_upgrade", "before"):
            self.arrived.set()
            await self.open.wait()


@pytest.mark.parametrize(("unreachable", "state"), [("bad", "Halted"), ("good", "Succeeded")])
async def test_an_unreadable_signal_is_bad_unless_the_policy_says_otherwise(
    tmp_path: Path, unreachable: str, state: str
) -> None:
    signal = f'name = "health", url = "http://127.0.0.1:9/", unreachable = "{unreachable}"'
    stage = await opened(tmp_path, f"signals = [{{ {signal} }}]")
    try:
        await first_wave(stage)
        stage.passes(minutes=10)
        await stage.until_state(state)
        assert ("health cannot be read" in stage.shown) is (unreachable == "bad")
    finally:
        await stage.close()


async def test_a_failure_in_the_second_wave_halts_until_another_person_says_go_on(
    tmp_path: Path,
) -> None:
    stage = await opened(tmp_path, 'approvers = ["S0ONCALL"]\nnotify = ["C0NEWS"]')
    try:
        names = "orders-prod-01 reports-dev-01 orders-prod-02"
        await stage.says(ANN, f"/taurus-upgrade {names} --wave-size 1")
        await stage.until_state("Proposed")
        await stage.presses(BOB, "change.approve")
        await stage.until_state("Halted")
        assert "did not go as planned (reports-dev-01)" in stage.shown
        assert "Wave 1: 1 database, proven" in stage.shown
        assert "Wave 2: 1 database, over, 0 proven." in stage.shown
        assert stage.world.taurus.submissions("orders-prod-02") == []
        await stage.presses(ANN, "change.resume")
        await stage.until_whispered(ANN, "your own approval does not count")
        await stage.presses(DANA, "change.resume")
        await stage.until_state("Partly failed")
        assert len(stage.world.taurus.submissions("orders-prod-02")) == 1
        await stage.until(lambda: "Wave 3 of 3 begins: 1 database." in str(stage.thread))
        assert "Wave 1 is over: 1 of 1 are proven on the newest kernel." in str(stage.thread)
        watched = ("Halted: 1 instance", "<@U0DANA> approved going on", "is over: Partly failed")
        await stage.until(lambda: all(one in str(stage.notices) for one in watched))
    finally:
        await stage.close()


async def test_a_halt_during_the_request_keeps_the_rest_and_what_left_is_followed(
    tmp_path: Path,
) -> None:
    stage = await opened(tmp_path, "")
    gate = Gate(stage)
    try:
        await stage.says(ANN, LINE)
        await stage.until_state("Proposed")
        await stage.presses(ANN, "change.approve")
        await stage.until_state("Running")
        await asyncio.wait_for(gate.arrived.wait(), PATIENCE)
        await stage.says(BOB, "/taurus-change halt CHG-1")
        await stage.until_state("Halted")
        assert "What the cloud has begun cannot be stopped" in stage.shown
        gate.open.set()
        await stage.until(lambda: any("orders-prod-01: succ" in line for line in stage.thread))
        stage.passes(minutes=10)
        await stage.presses(ANN, "change.cancel")
        await stage.until_state("Partly failed")
        assert stage.world.taurus.submissions("orders-prod-02") == []
    finally:
        gate.open.set()
        await stage.close()


async def test_a_restart_while_a_wave_soaks_loses_neither_the_soak_nor_the_next_wave(
    tmp_path: Path,
) -> None:
    stage = await opened(tmp_path, "")
    try:
        await first_wave(stage)
        await stage.until(lambda: "Wave 2 starts" in stage.shown)
        await stage.leave()
        await stage.enter()
        proven_at = stage.world.clock.now()
        stage.passes(minutes=10)
        await stage.until_state("Succeeded")
        (second,) = stage.world.taurus.submissions("orders-prod-02")
        assert second >= proven_at
        assert len(stage.world.taurus.submissions("orders-prod-01")) == 1
    finally:
        await stage.close()


async def confirmed(stage: Stage, name: str) -> None:
    await stage.says(ANN, f"/taurus-upgrade {name}")
    await stage.until(lambda: bool(stage.cards) and name in stage.shown)
    await stage.presses(ANN, "change.approve")


async def test_an_instance_waits_while_another_change_upgrades_its_neighbour(
    tmp_path: Path,
) -> None:
    stage = await opened(tmp_path, 'one_at_a_time = "service"')
    gate = Gate(stage)
    try:
        await confirmed(stage, "orders-prod-01")
        await asyncio.wait_for(gate.arrived.wait(), PATIENCE)
        await confirmed(stage, "orders-prod-02")
        await stage.until(lambda: "orders-prod-02 waits for orders-prod-01" in stage.shown)
        gate.open.set()
        await stage.until_state("Succeeded")
        (first,), (second,) = map(
            stage.world.taurus.submissions, ("orders-prod-01", "orders-prod-02")
        )
        assert second > first
    finally:
        gate.open.set()
        await stage.close()


async def test_the_card_tells_the_risk_before_anybody_is_asked(tmp_path: Path) -> None:
    stage = await opened(tmp_path, "")
    try:
        stage.world.taurus.switch("precheck", "failing")
        await stage.says(ANN, "/taurus-upgrade orders-prod-01")
        await stage.until_state("Proposed")
        assert "pre-check found a problem with orders-prod-01: Resource check" in stage.shown
        await stage.presses(ANN, "change.approve")
        await stage.until_state("Succeeded")
        stage.world.taurus.switch("precheck_seconds", 3600)
        await stage.says(ANN, "/taurus-upgrade orders-prod-02")
        await stage.until_state("Proposed")
        assert "pre-check has no result yet for orders-prod-02" in stage.shown
        assert "The last upgrade here took 1 min." in stage.shown
        await stage.says(ANN, "/taurus-upgrade")
        await stage.until_form(ANN, "instances")
        await stage.chooses(ANN, "instances", [stage.world.taurus.instance("orders-prod-03").id])
        await stage.until_form(ANN, "The last upgrade here took 1 min.")
        stage.world.taurus.switch("precheck", "absent")
        await stage.says(ANN, "/taurus-upgrade orders-prod-03")
        await stage.until(lambda: "orders-prod-03" in stage.shown)
        assert "pre-check" not in stage.shown
    finally:
        await stage.close()
