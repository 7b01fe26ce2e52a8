"""The two simulators of the sandbox, and the variables that point a bot at them."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.sandbox.bot import BotSwitches, SandboxPanel
from bot.sandbox.clock import SandboxClock
from bot.sandbox.slack import NOTICES, SlackSimulator
from bot.sandbox.taurus import Durations, TaurusPanel, TaurusSimulator, default_fleet, make_fleet
from bot.sandbox.taurus.switch import Value


@dataclass(frozen=True)
class World:
    """A Slack and a cloud of one's own, on one clock."""

    clock: SandboxClock
    slack: SlackSimulator
    taurus: TaurusSimulator
    bot: BotSwitches
    """What the page chose for the bot; whoever runs one between the two may follow it."""
    example: str
    """The name of an instance that can be upgraded."""

    @classmethod
    async def start(
        cls,
        manifest: Mapping[str, Any],
        now: Callable[[], datetime],
        *,
        port: int,
        mode: Literal["socket", "http"] = "socket",
        speed: float = 1.0,
        fleet: int | None = None,
        durations: Durations | None = None,
        faults: Mapping[str, Value] | None = None,
    ) -> "World":
        """Start both simulators; in http mode set `slack.request_url` once the bot listens.

        Raises:
            OSError: the page's port is taken.
            ValueError: the speed makes no sense.
        """
        clock = SandboxClock(now, speed)
        instances = make_fleet(fleet) if fleet else default_fleet()
        taurus = await TaurusSimulator.start(
            clock=clock.now,
            fleet=instances,
            sleep=clock.sleep,
            durations=durations,
        )
        taurus.switch_all(faults or {})
        bot = BotSwitches()
        try:
            slack = await SlackSimulator.start(
                manifest=dict(manifest),
                port=port,
                mode=mode,
                clock=lambda: clock.now().timestamp(),
                panel=SandboxPanel(TaurusPanel(taurus, clock), bot),
            )
        except BaseException:
            await taurus.close()
            raise
        return cls(clock, slack, taurus, bot, example=instances.instances[0].name)

    def environ(self) -> dict[str, str]:
        """Give the variables by which any client finds and enters the simulators."""
        return {
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            "TAURUS_REGION": self.taurus.region,
            "TAURUS_ENDPOINT": self.taurus.endpoint,
            "TAURUS_IAM_ENDPOINT": self.taurus.iam_endpoint,
            "TAURUS_NOTIFY": NOTICES,
            "HUAWEICLOUD_SDK_PROJECT_ID": self.taurus.project_id,
            "HUAWEICLOUD_SDK_AK": self.taurus.ak,
            "HUAWEICLOUD_SDK_SK": self.taurus.sk,
        }

    async def close(self) -> None:
        """Stop both."""
        await self.slack.close()
        await self.taurus.close()


def welcome(world: World, out: Any = None) -> None:  # noqa: ANN401
    """Print where to look, and how other clients get in."""
    lines = [
        f"Open {world.slack.url} and type /taurus-upgrade {world.example}",
        "",
        "Any other client finds the two simulators by these variables:",
        *(f"  export {name}={value}" for name, value in world.environ().items()),
        "or, instead of the two keys, an IAM user:",
        f"  export TAURUS_IAM_USER={world.taurus.user}",
        f"  export TAURUS_IAM_PASSWORD={world.taurus.password}",
        f"  export TAURUS_IAM_DOMAIN={world.taurus.domain}",
        "",
        "Ctrl-C ends it.",
    ]
    print("\n".join(lines), file=out or sys.stdout, flush=True)
