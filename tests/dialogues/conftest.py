from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dialogues.stage import CHANNEL, Mode, Stage


@pytest.fixture(params=["socket", "http"])
def mode(request: pytest.FixtureRequest) -> Mode:
    """How Slack reaches the bot: every dialogue is the same in both modes."""
    return "http" if request.param == "http" else "socket"


@pytest.fixture
async def stage(tmp_path: Path, mode: Mode) -> AsyncIterator[Stage]:
    stage = await Stage.open(tmp_path, mode)
    yield stage
    await stage.close()


@pytest.fixture
async def approved_stage(tmp_path: Path, mode: Mode) -> AsyncIterator[Stage]:
    """Bob and dana have to approve; ann asks."""
    stage = await Stage.open(tmp_path, mode, TAURUS_APPROVERS="S0ONCALL", TAURUS_APPROVALS="1")
    yield stage
    await stage.close()


@pytest.fixture
async def closed_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Bob and dana have to approve, and bob does not read the one channel of the environment."""
    stage = await Stage.open(tmp_path, TAURUS_APPROVERS="S0ONCALL", TAURUS_CHANNELS=CHANNEL)
    stage.world.slack.leave("U0BOB", CHANNEL)
    yield stage
    await stage.close()


@pytest.fixture
async def guarded_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Only database administrators may ask: bob and dana."""
    stage = await Stage.open(tmp_path, TAURUS_REQUESTERS="S0DBA")
    yield stage
    await stage.close()
