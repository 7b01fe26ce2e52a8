"""What a bot takes: time to be ready, memory, connections."""

import asyncio
from collections.abc import Iterator
from statistics import median

from tests.bench.contest import BOLT, SUBJECT, contestant
from tests.bench.processes import seconds_of
from tests.bench.slack_end import SlackEnd
from tests.bench.table import Row, at_most, plain

COMMANDS = 10_000
_RATE = 100.0


def measure(*, quick: bool) -> Iterator[Row]:
    rounds = 1 if quick else 5
    starts = [(asyncio.run(_start(SUBJECT)), asyncio.run(_start(BOLT))) for _ in range(rounds)]
    ours, bolts = (median(taken) for taken in zip(*starts, strict=True))
    imports = median(
        seconds_of("-c", "import bot.__main__") - seconds_of("-c", "import slack_bolt.async_app")
        for _ in range(rounds)
    )
    yield at_most("ready after, CPU", ours, 1.5 * bolts + max(0.0, imports), " s")
    yield plain("bare Bolt echo: ready after, CPU", bolts, " s")
    yield plain("imports of the bot beyond Bolt's, CPU", imports, " s")
    yield from asyncio.run(_lives(200 if quick else COMMANDS))


async def _start(name: str) -> float:
    async with contestant(name, "http") as one:
        return one.process.cpu()


async def _lives(commands: int) -> list[Row]:
    async with contestant(SUBJECT, "http") as one:
        await asyncio.sleep(1)
        idle = one.process.memory()
        # What is made once, at the first commands, is no growth.
        await _send(one.slack, max(100, commands // 10))
        before = one.process.memory()
        await _send(one.slack, commands)
        after = one.process.memory()
        connections = one.process.connections()
    grown = (after / before - 1) * 100
    return [
        at_most("memory when idle", idle, 100, " MB"),
        at_most(f"memory grown by {commands:,} commands", max(0.0, grown), 10, " %"),
        plain(f"connections of the bot to others after {commands:,} commands", connections),
    ]


async def _send(slack: SlackEnd, count: int) -> None:
    answered = slack.answered
    burst = await slack.burst(_RATE, count / _RATE)
    await slack.until_answered(answered + len(burst.seconds), 120)
