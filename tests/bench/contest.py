"""The bot and its floors, side by side, each with a Slack of its own."""

import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.store import migrate
from tests.bench.processes import Running, now, running
from tests.bench.slack_end import SlackEnd

SUBJECT, BOLT, BARE = "bot", "bolt", "bare"


@dataclass(frozen=True)
class Contestant:
    """One app that takes commands."""

    name: str
    process: Running
    slack: SlackEnd
    ready_after: float
    """Seconds from its start to the first acknowledgement."""


@asynccontextmanager
async def contestant(
    name: str, mode: str, fill: Callable[[str], object] | None = None
) -> AsyncIterator[Contestant]:
    """Start one of them, the bot with what `fill` puts in its store, until it acknowledges."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackEnd.open())
        port = _free_port()
        if mode == "http":
            slack.request_url = f"http://127.0.0.1:{port}/slack/events"
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        words = ["-m", "bot", "run"]
        if name == SUBJECT:
            migrate(f"sqlite:///{folder}/bot.db")  # as the release step of a deployment does
            if fill is not None:
                fill(f"sqlite:///{folder}/bot.db")
        if name != SUBJECT:
            words = ["-m", "tests.bench.floors", BARE if name == BARE else f"bolt-{mode}"]
        started = now()
        process = await stack.enter_async_context(
            running(*words, env={**slack.environ(), **_environ(mode, port, folder)})
        )
        await slack.until_ready()
        yield Contestant(name, process, slack, now() - started)


def _environ(mode: str, port: int, folder: str) -> dict[str, str]:
    nowhere = "http://127.0.0.1:9"
    return {
        "SLACK_MODE": mode,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder}/bot.db",
        "TAURUS_REGION": "cn-north-4",
        "TAURUS_ENDPOINT": nowhere,
        "TAURUS_IAM_ENDPOINT": nowhere,
        "HUAWEICLOUD_SDK_PROJECT_ID": "p1",
        "HUAWEICLOUD_SDK_AK": "ak",
        "HUAWEICLOUD_SDK_SK": "sk",
        "LOG_LEVEL": "WARNING",
    }


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
