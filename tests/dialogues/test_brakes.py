"""The brakes between waves: upgraded instances and the team's own signals are looked at."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from bot.sandbox.taurus import Condition
from tests.dialogues.stage import Stage

ANN, BOB = "U0ANN", "U0BOB"
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
