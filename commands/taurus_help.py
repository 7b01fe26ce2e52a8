"""`/taurus-help`: what you may do here, generated from the commands; and the bot's Home tab."""

from collections.abc import Callable, Mapping

from bot.command import Asker, Call, Click, Command
from bot.domain.policy import Action, decide
from bot.domain.sentence import Sentence, say
from bot.ports import Message
from bot.service import Desk
from bot.views.reader import Reader
from bot.views.tables import help_page


def help_for(*others: Command) -> tuple[Command, ...]:
    """Make the help that lists the other commands, and return all of them."""

    async def run(call: Call, asker: Asker, desk: Desk) -> Message | None:
        standing = await _standing(desk, asker, call.channel)
        return help_page((*others, command), standing, Reader.of(asker.person.language))

    command = Command(
        name="/taurus-help",
        summary=say("See what you may do here"),
        usage=("",),
        run=run,
        clicks={"home.open": _show_home},
    )
    return (*others, command)


_MAY: Mapping[Action, Callable[[str], Sentence]] = {
    Action.READ: lambda env: say("{env}: you may see databases and changes here.", env=env),
    Action.REQUEST: lambda env: say("{env}: you may request here.", env=env),
    Action.OVERRIDE: lambda env: say(
        "{env}: you may override a freeze here, with one approval more.", env=env
    ),
    Action.APPROVE: lambda env: say("{env}: you may approve here.", env=env),
    Action.HALT: lambda env: say("{env}: you may halt and cancel here.", env=env),
    Action.FREEZE: lambda env: say("{env}: you may declare a freeze here.", env=env),
}


async def _show_home(_click: Click, asker: Asker, desk: Desk) -> Message | None:
    await desk.homes.open(desk, asker)
    return None


async def _standing(desk: Desk, asker: Asker, channel: str) -> list[Sentence]:
    """Say what somebody may do here, and every reason against the rest once."""
    said: list[Sentence] = []
    for environment in desk.environments.values():
        circle = await desk.circle(asker.person, environment)
        decisions = {
            action: decide(action, circle, environment, channel=channel) for action in _MAY
        }
        said += [_MAY[one](environment.name) for one, found in decisions.items() if found.allowed]
        refused = {found.reason: found for found in decisions.values() if not found.allowed}
        said += [found.sentence for found in refused.values()]
    return said
