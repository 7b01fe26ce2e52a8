from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.environment import Environment
from bot.service import Desk
from bot.store import migrate
from tests.domain.examples import NOW
from tests.interleavings.scene import Scene

ENVIRONMENT = Environment(name="default", region="cn-north-4")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)
    scene = Scene(url, [], ENVIRONMENT, lambda *_: None, lambda *_: None, lambda *_: None, now=NOW)
    await scene.open()
    yield scene.desks[0]
    await scene.close()
