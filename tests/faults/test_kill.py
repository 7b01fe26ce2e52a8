"""SIGKILL in the middle of the upgrade request: nothing lost, nothing doubled."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import real_now
from bot.sandbox.world import World
from bot.slack.manifest import manifest
from commands import COMMANDS

ROOT = Path(__file__).parents[2]
ANN, CHANNEL = "U0ANN", "C0DB"


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = await World.start(manifest(COMMANDS, mode="socket"), real_now, port=0)
    yield world
    await world.close()


class Process:
    """The real bot, as a platform runs it."""

    def __init__(self, world: World, folder: Path) -> None:
        keep = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        self._environ = {
            **keep,
            **world.environ(),
            "DATABASE_URL": f"sqlite:///{folder}/bot.db",
            "TAURUS_POLL_INTERVAL": "0.2s",
        }
        self._world = world
        self._child: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=ROOT,
            env=self._environ,
            stderr=subprocess.DEVNULL,
        )

    async def start(self) -> None:
        self.spawn()
        await self._world.slack.wait_for(lambda: self._world.slack.connections > 0, 20)

    def end(self, how: signal.Signals) -> int:
        assert self._child is not None
        self._child.send_signal(how)
        return self._child.wait(20)


@pytest.mark.parametrize(
    ("moment", "state", "sent"),
    [
        ("before", "Outcome unknown", 0),
        ("after", "Succeeded", 1),
    ],
)
async def test_a_bot_killed_while_it_sends_looks_instead_of_sending_again(
    world: World, tmp_path: Path, moment: str, state: str, sent: int
) -> None:
    process = Process(world, tmp_path)
    killed: list[int] = []

    async def kill(operation: str, when: str) -> None:
        if (operation, when) == ("batch_upgrade", moment) and not killed:
            killed.append(process.end(signal.SIGKILL))
            if moment == "before":
                raise ConnectionResetError

    world.taurus.on_request = kill
    await process.start()
    await world.slack.command(ANN, CHANNEL, "/taurus-upgrade orders-prod-01")
    await world.slack.wait_for(lambda: bool(world.slack.messages(CHANNEL)), 20)
    ts = world.slack.messages(CHANNEL)[-1]["ts"]
    await world.slack.click(ANN, CHANNEL, ts, "change.approve")
    await world.slack.wait_for(lambda: killed and world.slack.connections == 0, 20)
    await process.start()
    # Its dead predecessor's lease ends within seconds, and the upgrade within minutes: skip them.
    world.clock.set_speed(30)
    await world.slack.wait_for(
        lambda: f" · {state} · " in world.slack.messages(CHANNEL)[-1]["text"], 40
    )
    assert process.end(signal.SIGTERM) == 0
    assert len(world.taurus.submissions("orders-prod-01")) == sent
    assert len(world.slack.messages(CHANNEL)) == 1
