"""`/taurus-help`: what you may do here, generated from the commands."""

from bot.command import Asker, Call, Command
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

    command = Command(name="/taurus-help", summary="See what you may do here", usage=("",), run=run)
    return (*others, command)


async def _standing(desk: Desk, asker: Asker, channel: str) -> list[Sentence]:
    said: list[Sentence] = []
    for environment in desk.environments.values():
        circle = await desk.circle(asker.person, environment)
        for action in (Action.REQUEST, Action.APPROVE):
            decision = decide(action, circle, environment, channel=channel)
            said.append(
                say("{env}: you may {action} here.", env=environment.name, action=action.value)
                if decision.allowed
                else decision.sentence
            )
    return said
