from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dialogues.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage.open(tmp_path)
    yield stage
    await stage.close()


@pytest.fixture
async def approved_stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Bob and dana have to approve; ann asks."""
    stage = await Stage.open(tmp_path, TAURUS_APPROVERS="S0ONCALL", TAURUS_APPROVALS="1")
    yield stage
    await stage.close()
