"""The running bot as a platform sees it."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.dialogues.stage import Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage.open(tmp_path, PORT="0", HOST="127.0.0.1")
    yield stage
    await stage.close()


async def ask(stage: Stage, path: str) -> tuple[int, str]:
    assert stage.app is not None
    url = f"http://127.0.0.1:{stage.app.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.text()


async def test_a_platform_is_told_that_the_bot_lives_and_is_ready(stage: Stage) -> None:
    assert (await ask(stage, "/healthz"))[0] == 200
    assert await ask(stage, "/readyz") == (200, '{"status": "ok", "not_ready": {}}')


async def test_calls_of_slack_are_counted(stage: Stage) -> None:
    status, text = await ask(stage, "/metrics")
    assert status == 200
    assert 'taurus_slack_calls_total{method="auth.test",outcome="ok"}' in text


async def test_readiness_names_what_is_away(stage: Stage) -> None:
    await stage.world.slack.close()
    status, text = await ask(stage, "/readyz")
    assert status == 503
    assert "not connected to Slack" in text
