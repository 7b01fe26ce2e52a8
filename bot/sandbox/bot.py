"""The bot of the sandbox as the page shows it: whether it runs, and with which settings."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.sandbox.taurus import SwitchError, TaurusPanel
from bot.sandbox.taurus.switch import Value, choice, toggle

_ASKER, _ON_CALL = "the one who asks", "the on-call"
SWITCHES = (
    toggle("stopped", "The bot is stopped", "What is under way is taken up when it runs again."),
    choice("approvers", "Who approves", "The on-call are Bob and Dana.", _ASKER, _ON_CALL),
    toggle("new_blocks", "Slack's newer blocks", "Waves as a plan, the report as a data table."),
    choice(
        "language", "Language of the channel", "Private answers are in yours.", "en-us", "zh-cn"
    ),
)
_APPROVERS: Mapping[Value, str] = {_ASKER: "", _ON_CALL: "S0ONCALL"}


class BotSwitches:
    """What the page chose; whoever runs the bot follows by `on_change`."""

    def __init__(self) -> None:
        """The bot runs as the README says."""
        self.values: dict[str, Value] = {one.name: one.default for one in SWITCHES}
        self.hidden: set[str] = set()
        """Switches that whoever runs the bot has no use for: something else says it."""
        self.on_change: Callable[[], Awaitable[None]] | None = None

    @property
    def is_on(self) -> bool:
        """Whether the bot shall run."""
        return not self.values["stopped"]

    def environ(self) -> dict[str, str]:
        """Give the variables that were chosen."""
        return {
            "TAURUS_APPROVERS": _APPROVERS[self.values["approvers"]],
            "TAURUS_LANGUAGE": str(self.values["language"]),
            "SLACK_NEW_BLOCKS": str(self.values["new_blocks"]).lower(),
        }

    def read(self) -> list[dict[str, Any]]:
        """Everything that the panel shows; without somebody who runs the bot, nothing."""
        if self.on_change is None:
            return []
        shown = (one for one in SWITCHES if one.name not in self.hidden)
        return [one.shown(self.values[one.name]) for one in shown]

    async def turn(self, name: str, value: object) -> None:
        """Set a switch, and wait until the bot runs so; raises SwitchError for a wrong one."""
        switch = next((one for one in SWITCHES if one.name == name), None)
        if switch is None:
            raise SwitchError([f"the bot has no switch {name!r}"])
        if problem := switch.problem(value):
            raise SwitchError([problem])
        self.values[name] = switch.read(value)
        if self.on_change is not None:
            await self.on_change()


class SandboxPanel:
    """The cloud, the clock and the bot in one panel."""

    def __init__(self, cloud: TaurusPanel, bot: BotSwitches) -> None:
        """Each keeps its own state."""
        self._cloud = cloud
        self._bot = bot

    async def read(self) -> dict[str, Any]:
        """Everything that the panel shows."""
        return {**await self._cloud.read(), "bot": self._bot.read()}

    async def apply(self, change: Mapping[str, Any]) -> None:
        """Change the bot by {"bot", "value"}, or the cloud and the clock; raises ValueError."""
        if "bot" in change:
            await self._bot.turn(str(change["bot"]), change.get("value"))
        else:
            await self._cloud.apply(change)
