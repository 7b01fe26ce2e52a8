"""A whole conversation on one stage: both simulators, the real bot between them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from bot.app import App, Surroundings, real_now
from bot.ports import Clock
from bot.sandbox.slack import NOTICES
from bot.sandbox.taurus import Durations
from bot.sandbox.world import World
from bot.settings import read_settings
from bot.slack.manifest import manifest
from bot.taurus import Limits
from commands import COMMANDS

CHANNEL = "C0DB"
SHORT = Durations(
    direct=(20, 30), first_round=(20, 30), pre_upgrade=(20, 30), second_phase=(20, 30)
)
"""An upgrade is over within a second, and still long enough to be met on its way."""
PATIENCE = 45.0
"""Seconds until something is given up that a busy machine may take its time for."""
MORNING = datetime(2026, 3, 10, 9, tzinfo=UTC)
"""When every conversation begins: on a Tuesday, hours away from all maintenance windows."""
PUBLIC_URL = "https://bot.example.com/slack/events"
Mode = Literal["socket", "http"]
POLITE_ENOUGH = Limits(reads_per_second=500, read_burst=500, between_writes=timedelta())


class Stage:
    """Reads like a script: `says`, `presses`, `passes`, then what the channel shows."""

    def __init__(self, world: World, folder: Path, mode: Mode, **variables: str) -> None:
        self.world = world
        self._mode = mode
        self._url = f"sqlite:///{folder}/bot.db"
        self._variables = variables
        self.ahead = timedelta()
        """How wrong the clock of the bot's machine is."""
        self.ticks: Callable[[], float] = lambda: world.clock.now().timestamp()
        """By which the bot sees that the clock jumps; by itself it sees none."""
        self.app: App | None = None

    @classmethod
    async def open(
        cls,
        folder: Path,
        mode: Mode = "socket",
        *,
        fleet: int | None = None,
        may_look_back: bool = False,
        **variables: str,
    ) -> "Stage":
        by_email = "PAGERDUTY_TOKEN" in variables
        installed = manifest(COMMANDS, mode=mode, request_url=PUBLIC_URL, by_email=by_email)
        if may_look_back:
            scopes = installed["oauth_config"]["scopes"]
            scopes["bot"] = [*scopes["bot"], *scopes["bot_optional"]]
        world = await World.start(
            installed, from_morning(), port=0, mode=mode, speed=30, fleet=fleet, durations=SHORT
        )
        stage = cls(world, folder, mode, **variables)
        await stage.enter()
        return stage

    async def enter(self) -> None:
        """The bot comes on stage (again)."""
        environ = {
            **self.world.environ(),
            "DATABASE_URL": self._url,
            "SLACK_MODE": self._mode,
            "HOST": "127.0.0.1",
            "PORT": "0",
            **self._variables,
        }
        clock = self.world.clock
        around = Surroundings(
            clock=lambda: clock.now() + self.ahead,
            ticks=self.ticks,
            sleep=clock.sleep,
            speed=lambda: clock.speed,
            limits=POLITE_ENOUGH,
        )
        self.app = App(read_settings(environ), COMMANDS, around)
        await self.app.start()
        if self._mode == "http":
            self.world.slack.request_url = f"http://127.0.0.1:{self.app.port}/slack/events"

    async def leave(self) -> None:
        """The bot stops, as by SIGTERM."""
        if self.app is not None:
            await self.app.stop()
            self.app = None

    async def close(self) -> None:
        await self.leave()
        await self.world.close()

    async def says(self, user: str, text: str) -> None:
        answer = await self.world.slack.command(user, CHANNEL, text)
        assert answer["ok"], answer

    def writes(self, user: str, text: str, channel: str = "") -> None:
        """Somebody writes to the bot, directly unless a channel is named."""
        self.world.slack.say(user, channel or self.world.slack.im(user), text)

    def direct(self, user: str) -> list[dict[str, Any]]:
        """What the bot wrote to somebody directly, without threads."""
        slack = self.world.slack
        return [one for one in slack.messages(slack.im(user)) if one["user"] == slack.bot_user]

    async def until_direct(self, user: str, part: str) -> None:
        """Wait until the newest direct message says it."""
        await self.until(lambda: bool(self.direct(user)) and part in str(self.direct(user)[-1]))

    async def presses(self, user: str, action: str) -> None:
        answer = await self.world.slack.click(user, CHANNEL, self.card["ts"], action)
        assert answer["ok"], answer

    async def opens_from_menu(self, user: str, shortcut: str) -> None:
        """Somebody uses a shortcut; one of messages on the newest message."""
        messages = self.world.slack.messages(CHANNEL)
        ts = messages[-1]["ts"] if messages else ""
        answer = await self.world.slack.shortcut(user, shortcut, CHANNEL, ts)
        assert answer["ok"], answer

    async def chooses(self, user: str, block: str, choice: object) -> None:
        """Choose or type something in the form; it is drawn anew."""
        view = self.form(user)["id"]
        answer = await self.world.slack.click_in_view(user, view, block, choice)
        assert answer["ok"], answer

    async def types(self, user: str, text: str) -> dict[str, Any]:
        """Type into the menu of databases; returns what is offered."""
        view = self.form(user)
        return await self.world.slack.options(user, view["id"], "instances", text)

    async def sends(self, user: str, **answers: object) -> dict[str, Any]:
        """Fill in the rest of the form and send it; returns Slack's answer."""
        return await self.world.slack.submit(user, answers)

    def form(self, user: str) -> dict[str, Any]:
        """The form that somebody has open."""
        return self.world.slack.modals(user)[-1]

    async def until_form(self, user: str, part: str) -> None:
        """Wait until the form says it."""
        slack = self.world.slack
        await self.until(lambda: bool(slack.modals(user)) and part in str(self.form(user)))

    def opens_in(self, name: str, *, hours: int) -> None:
        """Give an instance a maintenance window that begins about so much later."""
        begins_at = self.world.clock.now() + timedelta(hours=hours)
        ends_at = begins_at + timedelta(hours=1)
        self.world.taurus.instance(name).window = f"{begins_at:%H:00}-{ends_at:%H:00}"

    def passes(self, **step: float) -> None:
        """Time goes by."""
        self.world.clock.advance(timedelta(**step))

    @property
    def cards(self) -> list[dict[str, Any]]:
        said = self.world.slack.messages(CHANNEL)
        return [one for one in said if one["text"].startswith("CHG-")]

    @property
    def card(self) -> dict[str, Any]:
        return self.cards[-1]

    @property
    def thread(self) -> list[str]:
        return [reply["text"] for reply in self.world.slack.thread(CHANNEL, self.card["ts"])]

    @property
    def notices(self) -> list[str]:
        """What those who only watch read in their channel."""
        return [notice["text"] for notice in self.world.slack.messages(NOTICES)]

    @property
    def shown(self) -> str:
        """Everything that the card says."""
        return str(self.card["blocks"])

    @property
    def edits(self) -> int:
        """How often the bot redrew a message."""
        return sum(call.method == "chat.update" for call in self.world.slack.calls)

    def whispers(self, user: str) -> list[str]:
        return [one["text"] for one in self.world.slack.ephemerals(user, CHANNEL)]

    async def until(self, shown: Callable[[], bool]) -> None:
        """Wait until the stage shows it."""
        await self.world.slack.wait_for(shown, PATIENCE)

    async def until_state(self, word: str) -> None:
        await self.until(lambda: bool(self.cards) and f" · {word} · " in self.card["text"])

    async def until_whispered(self, user: str, part: str) -> None:
        await self.until(lambda: any(part in text for text in self.whispers(user)))


def from_morning() -> Clock:
    """A clock that goes as real time does, from the same morning on whenever a test runs."""
    ahead = MORNING - real_now()
    return lambda: real_now() + ahead
