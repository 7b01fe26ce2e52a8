"""One trial: a Slack, a cloud and a store of its own, and bots that may be killed at any step.

A step is everything that others can see of a bot: a commit that changes something, and a call of
Slack or of the cloud, before and after it takes effect. Nobody lists them: they are counted as
they happen, so that a test can kill the bot at the first, the second, … until the story ends
before the step it waits for.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.domain.change import Change
from bot.domain.story import Record
from bot.sandbox.slack import SlackSimulator
from bot.sandbox.taurus import Durations, TaurusSimulator
from bot.sandbox.taurus.instances import Fleet
from bot.slack.manifest import manifest
from bot.store import SqlChanges
from commands import COMMANDS
from tests.faults.clock import SharedClock
from tests.faults.forks import Order

ROOT = Path(__file__).parents[2]
ANN, CHANNEL = "U0ANN", "C0DB"
SPEED = 30.0
PATIENCE = 30.0
"""Real seconds that a test waits for something before it says what it sees instead."""
SCOPES = tuple(
    scope
    for kind in ("bot", "bot_optional")
    for scope in manifest(COMMANDS, mode="socket")["oauth_config"]["scopes"][kind]
)
_READS = ("auth.test", "bots.info", "users.info", "apps.connections.open", "conversations.")
_QUICK = Durations(direct=(8, 12))


class Forks:
    """The process that makes bots."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forks"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def bot(self, order: Order) -> int:
        """Make one and return its process id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(order.model_dump_json() + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


class Bot:
    """One process, as the test holds it."""

    def __init__(self, name: str, pid: int) -> None:
        self.name = name
        self.pid = pid
        self.was_heard = asyncio.Event()
        self.gone = asyncio.Event()
        self.is_killed = False
        self.has_ended = False
        """Whether it went of its own will."""

    def kill(self) -> None:
        self.is_killed = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    async def end(self) -> None:
        """Ask it to stop, as platforms do; it has 10 seconds."""
        await asyncio.wait_for(self.was_heard.wait(), PATIENCE)
        self.terminate()
        await asyncio.wait_for(self.gone.wait(), 10)
        assert self.has_ended, f"{self.name} did not end well"


class Steps:
    """Counts what the bots do, and says which step is the one to be killed at."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.kill_at = 0
        self.on_kill: Callable[[Bot | None], bool] = lambda _bot: False
        """Called at that step with the bot that makes it, if that is known; it tells whether
        the step is prevented."""
        self.is_due: Callable[[str, Bot | None], bool] = lambda _name, _bot: (
            len(self.names) - self._begun == self.kill_at
        )
        self._begun = 0

    def count(self, name: str) -> int:
        """Tell how often a step of that name was taken."""
        return sum(one.startswith(name) for one in self.names)

    def begin_here(self) -> None:
        """Count from now on."""
        self._begun = len(self.names)

    @property
    def reached(self) -> bool:
        return 0 < self.kill_at <= len(self.names) - self._begun

    def take(self, name: str, bot: Bot | None = None) -> bool:
        """Count a step; True if it must not happen any more."""
        self.names.append(f"{name} ({bot.name})" if bot else name)
        if not self.is_due(name, bot):
            return False
        self.names[-1] += "   <- killed here"
        return self.on_kill(bot)


class Trial:
    """What one story is played on."""

    def __init__(
        self, forks: Forks, folder: Path, url: str, slack: SlackSimulator, taurus: TaurusSimulator
    ) -> None:
        self.forks, self.folder, self.url = forks, folder, url
        self.slack, self.taurus = slack, taurus
        self.clock: SharedClock
        self.steps = Steps()
        self.bots: dict[str, Bot] = {}
        self.environ: dict[str, str] = {}
        self.on_wait: Callable[[], None] = lambda: None
        """Called when nobody does anything until the scheduled time."""
        self._door: asyncio.Server | None = None
        self._work: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls,
        forks: Forks,
        folder: Path,
        url: str,
        *,
        speed: float = SPEED,
        scopes: Iterable[str] = SCOPES,
        fleet: Fleet | None = None,
        **variables: str,
    ) -> "Trial":
        clock = SharedClock.create(folder / "clock", speed)
        slack = await SlackSimulator.start(
            manifest=manifest(COMMANDS, mode="socket"),
            clock=clock.seconds,
            wall=clock.seconds,
            scopes=scopes,
        )
        taurus = await TaurusSimulator.start(
            clock=clock.now, sleep=clock.sleep, durations=_QUICK, fleet=fleet
        )
        trial = cls(forks, folder, url, slack, taurus)
        trial.clock = clock
        trial.environ = {**_environ(slack, taurus), "DATABASE_URL": url, **variables}
        slack.on_call = trial._on_call
        taurus.on_request = trial._on_request
        trial._door = await asyncio.start_unix_server(trial._hear, folder / "door")
        return trial

    def start(self, name: str = "bot") -> Bot:
        """Let a bot live."""
        order = Order(
            environ=self.environ,
            clock=self.clock.order,
            socket=self.folder / "door",
            log=self.folder / f"{name}.log",
            name=name,
        )
        bot = Bot(name, self.forks.bot(order))
        self.bots[name] = bot
        return bot

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Listen to one bot for as long as it lives."""
        name = (await reader.readline()).decode().split()[0]
        bot = self.bots[name]
        bot.was_heard.set()
        writer.write(b"\n")
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                if self._is_let_go(bot, line.decode().strip()):
                    writer.write(b"\n")
        writer.close()
        bot.gone.set()

    def _is_let_go(self, bot: Bot, word: str) -> bool:
        if word.endswith("has ended"):
            bot.has_ended = True
            return True
        return not self.steps.take(word, bot)

    async def _on_call(self, method: str, moment: str) -> None:
        is_read = method.startswith(_READS)
        await self._called(f"slack {method}", moment, is_read=is_read)

    async def _on_request(self, operation: str, moment: str) -> None:
        is_read = operation not in {"batch_upgrade", "cancel_scheduled"}
        await self._called(f"cloud {operation}", moment, is_read=is_read)

    async def _called(self, name: str, moment: str, *, is_read: bool) -> None:
        if is_read and moment == "after":
            return  # a read has no effect that could be lost
        if self.steps.take(f"{moment} {name}"):
            raise web.HTTPServiceUnavailable  # to nobody: who asked is gone

    async def close(self) -> None:
        for bot in self.bots.values():
            bot.kill()
        for task in self._work:
            task.cancel()
        await asyncio.gather(*self._work, return_exceptions=True)
        for bot in self.bots.values():
            if bot.was_heard.is_set():
                await bot.gone.wait()
        assert self._door is not None
        self._door.close()
        await self.slack.close()
        await self.taurus.close()

    def keep_alive(self) -> None:
        """Start a bot again when it was killed, as platforms do."""

        def again(_bot: Bot | None) -> bool:
            bot = self.bots["bot"]
            bot.kill()
            task = asyncio.ensure_future(self._restart(bot))
            self._work.add(task)
            return True

        self.steps.on_kill = again

    def lose(self, victim: str) -> None:
        """Kill one of several bots for good. A call on its way takes effect all the same."""

        def once(bot: Bot | None) -> bool:
            self.bots[victim].kill()
            return bot is self.bots[victim]

        self.steps.on_kill = once

    async def end(self) -> None:
        """Let every bot that lives end well."""
        await asyncio.gather(*self._work)
        await asyncio.gather(*(bot.end() for bot in self.bots.values() if not bot.is_killed))

    async def _restart(self, bot: Bot) -> None:
        await bot.gone.wait()
        self.start(bot.name)

    # --- what there is to see -------------------------------------------------------------

    @property
    def cards(self) -> list[dict[str, Any]]:
        return [one for one in self.slack.messages(CHANNEL) if one.get("metadata")]

    def thread(self, card: dict[str, Any]) -> list[str]:
        return [reply["text"] for reply in self.slack.thread(CHANNEL, card["ts"])]

    @property
    def told(self) -> str:
        """All lines of all threads."""
        return "\n".join(line for card in self.cards for line in self.thread(card))

    def shows(self, state: str) -> bool:
        """Whether the last card says so."""
        return any(f" · {state} · " in card["text"] for card in self.cards[-1:])

    def is_new(self, name: str) -> bool:
        """Whether an instance runs its newest kernel."""
        instance = self.taurus.instance(name)
        return instance.kernel == instance.latest

    @property
    def direct_messages(self) -> list[str]:
        """What the bot wrote to Ann alone, outside of any channel."""
        return [one["text"] for one in self.slack.messages(self.slack.im(ANN))]

    async def changes(self) -> list[Change]:
        """Read the store, in order."""
        store = SqlChanges.open(self.url)
        try:
            return sorted(await store.find(limit=1000), key=lambda change: change.number)
        finally:
            store.close()

    async def records(self) -> list[Record]:
        """Read the story of all changes."""
        store = SqlChanges.open(self.url)
        try:
            return [entry.record for entry in await store.story()]
        finally:
            store.close()

    @property
    def whispers(self) -> list[str]:
        return [one["text"] for one in self.slack.ephemerals(ANN, CHANNEL)]

    @property
    def log(self) -> str:
        return "".join(file.read_text() for file in sorted(self.folder.glob("*.log")))

    def scene(self) -> str:
        """Everything that helps to see why a trial went wrong."""
        cards = "\n".join(
            "\n  ".join([card["text"], *self.thread(card), str(card["blocks"])])
            for card in self.cards
        )
        steps = "\n".join(f"{n} {name}" for n, name in enumerate(self.steps.names, 1))
        return f"steps:\n{steps}\n\n{cards}\n\nprivately: {self.whispers}\n\n{self.log[-6000:]}"


def _environ(slack: SlackSimulator, taurus: TaurusSimulator) -> dict[str, str]:
    return {
        "SLACK_MODE": "socket",
        "SLACK_API_URL": slack.api_url,
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "TAURUS_REGION": taurus.region,
        "TAURUS_ENDPOINT": taurus.endpoint,
        "TAURUS_IAM_ENDPOINT": taurus.iam_endpoint,
        "HUAWEICLOUD_SDK_PROJECT_ID": taurus.project_id,
        "HUAWEICLOUD_SDK_AK": taurus.ak,
        "HUAWEICLOUD_SDK_SK": taurus.sk,
    }
