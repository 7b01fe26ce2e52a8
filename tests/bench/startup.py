"""How long the whole bot takes to be ready with many changes in its store."""

import asyncio
from collections.abc import Callable, Iterator
from statistics import median

from tests.bench.contest import BOLT, SUBJECT, contestant
from tests.bench.processes import seconds_of
from tests.bench.schedule import fill
from tests.bench.table import Row, at_most, plain

STORED = 10_000


def measure(*, quick: bool) -> Iterator[Row]:
    stored, rounds = (200, 1) if quick else (STORED, 5)
    starts = [asyncio.run(_starts(stored)) for _ in range(rounds)]
    (cpu, after), (bolts, bolts_after), (empty, _) = (
        (median(one[0] for one in each), median(one[1] for one in each))
        for each in zip(*starts, strict=True)
    )
    imports = median(
        seconds_of("-c", "import bot.__main__") - seconds_of("-c", "import slack_bolt.async_app")
        for _ in range(rounds)
    )
    told = f"ready with {stored:,} changes in its store"
    yield at_most(f"{told}, CPU", cpu, 1.5 * bolts + max(0.0, imports), " s")
    yield plain(f"{told}, more CPU than with none", cpu - empty, " s")
    yield plain(f"{told}, time", after, " s")
    yield plain("bare Bolt echo: ready, CPU", bolts, " s")
    yield plain("bare Bolt echo: ready, time", bolts_after, " s")
    yield plain("further imports of the bot, CPU", imports, " s")


async def _starts(stored: int) -> list[tuple[float, float]]:
    def full(url: str) -> None:
        fill(url, stored, 0)

    return [await _start(SUBJECT, full), await _start(BOLT), await _start(SUBJECT)]


async def _start(name: str, full: Callable[[str], object] | None = None) -> tuple[float, float]:
    async with contestant(name, "http", full) as one:
        return one.process.cpu(), one.ready_after
