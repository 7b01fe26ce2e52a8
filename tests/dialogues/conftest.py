from collections.abc import AsyncIterator
from pathlib import Path
from zlib import crc32

import pytest

from tests.dialogues.stage import CHANNEL, Mode, Stage
from tests.faults.sample import STRIDE

IN_BOTH = "test_upgrade.py"
"""The main story is told in both modes in every run."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Play the other dialogues in one mode, the same one each time; in both if asked."""
    left_out = [item for item in items if STRIDE > 1 and _is_left_out(item)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def _is_left_out(item: pytest.Item) -> bool:
    played = getattr(item, "callspec", None)
    if played is None or "mode" not in played.params or item.path.name == IN_BOTH:
        return False
    name = f"{item.path.name}::{getattr(item, 'originalname', item.name)}"
    return bool(played.params["mode"] != ("socket", "http")[crc32(name.encode()) % 2])


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
