"""Which environment a line speaks of."""

from bot.command import UsageError
from bot.domain.arguments import did_you_mean
from bot.domain.environment import Environment
from bot.domain.sentence import say
from bot.service import Desk


def environment_of(desk: Desk, channel: str, name: str | None) -> Environment:
    """Find the environment that was named, or that the channel speaks of.

    Raises:
        UsageError: there is no such environment, or more than one could be meant.
    """
    names = ", ".join(sorted(desk.environments))
    if name is None:
        spoken = desk.environment_for(channel)
        if spoken is None:
            raise UsageError(
                say(
                    "This channel speaks of no single environment. Add --env, one of: {names}.",
                    names=names,
                )
            )
        return spoken
    if name in desk.environments:
        return desk.environments[name]
    close = did_you_mean(name, list(desk.environments))
    if close:
        raise UsageError(
            say("There is no environment {name}. Did you mean {close}?", name=name, close=close)
        )
    raise UsageError(
        say("There is no environment {name}. There are: {names}.", name=name, names=names)
    )
