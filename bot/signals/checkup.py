"""Check that a team's signals can be read, and how they stand. Changes nothing."""

from bot.domain.environment import Environment
from bot.domain.finding import Finding, mind, ok
from bot.signals import HttpSignals


async def checkup(signals: HttpSignals, environment: Environment) -> list[Finding]:
    """Read every signal of an environment as between two waves of a change that is none."""
    facts = {"change": "CHG-0", "environment": environment.name, "wave": "1"}
    readings = await signals.read(environment.signals, facts)
    return [
        ok(f"{environment.name}: signal {one.signal}", str(one.words))
        if one.is_good
        else mind(
            f"{environment.name}: signal {one.signal}",
            str(one.words),
            "No wave but the first would begin like this: mend it, or the policy file.",
        )
        for one in readings
    ]
