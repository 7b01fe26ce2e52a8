"""How fast a command is acknowledged, its durable commit included, and what it costs."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median

from tests.bench.contest import BARE, BOLT, SUBJECT, Contestant, contestant
from tests.bench.slack_end import PEOPLE
from tests.bench.table import Row, at_most, percentile, plain, ratio

RATES = (10, 50, 200)
CEILING = (100, 200, 400, 800, 1600)
"""Rates tried one after the other until something is lost."""


@dataclass(frozen=True)
class Measured:
    """One contestant at one rate, in one round."""

    p50: float
    p99: float
    cpu: float
    """Seconds a command, what it causes afterwards included."""
    lost: int
    """Commands without an acknowledgement within Slack's three seconds."""


def measure(*, quick: bool) -> Iterator[Row]:
    for mode in ("http",) if quick else ("http", "socket"):
        yield from asyncio.run(_compare(mode, rounds=1 if quick else 3, quick=quick))


async def _compare(mode: str, rounds: int, *, quick: bool) -> list[Row]:
    names = (SUBJECT, BOLT, BARE) if mode == "http" else (SUBJECT, BOLT)
    async with AsyncExitStack() as stack:
        field = [await stack.enter_async_context(contestant(name, mode)) for name in names]
        rows: list[Row] = []
        if not quick:
            for one in field:  # everybody is known, and every connection stands
                await _one(one, 100, PEOPLE / 100)
        for rate in RATES[-1:] if quick else RATES:
            found = {name: list[Measured]() for name in names}
            for number in range(rounds):
                # Nobody is always the first one.
                for one in field[number % len(field) :] + field[: number % len(field)]:
                    found[one.name].append(await _one(one, rate, 0.5 if quick else 3.0))
            rows += _rows(mode, rate, found)
        if not quick:
            for one in field:
                highest = await _ceiling(one)
                rows.append(plain(f"{mode}: most commands/s without a loss, {one.name}", highest))
        return rows


async def _one(one: Contestant, rate: float, seconds: float) -> Measured:
    answered, cpu = one.slack.answered, one.process.cpu()
    burst = await one.slack.burst(rate, max(seconds, 10 / rate))
    if one.name == SUBJECT:
        await one.slack.until_answered(answered + len(burst.seconds))
    count = len(burst.seconds)
    return Measured(
        p50=median(burst.seconds),
        p99=percentile(burst.seconds, 0.99),
        cpu=(one.process.cpu() - cpu) / count,
        lost=burst.lost,
    )


def _rows(mode: str, rate: int, found: dict[str, list[Measured]]) -> Iterator[Row]:
    ours, bolts = found[SUBJECT], found[BOLT]
    p50 = ratio((one.p50, other.p50) for one, other in zip(ours, bolts, strict=True))
    p99 = ratio((one.p99, other.p99) for one, other in zip(ours, bolts, strict=True))
    at = f"{mode}, {rate}/s: acknowledgement"
    yield at_most(f"{at} p50, in bare Bolt echoes", p50, 0.4)
    yield at_most(f"{at} p99, in bare Bolt echoes", p99, 1.0)
    yield plain(f"{at} p50", median(one.p50 for one in ours) * 1e3, " ms")
    yield at_most(f"{mode}, {rate}/s: commands lost", sum(one.lost for one in ours), 0)
    if bare := found.get(BARE):
        cpu = ratio((one.cpu, other.cpu) for one, other in zip(ours, bare, strict=True))
        if rate == RATES[-1]:
            yield at_most(f"{mode}, {rate}/s: CPU a command, in bare signature checks", cpu, 3.5)
        else:
            yield plain(f"{mode}, {rate}/s: CPU a command, in bare signature checks", cpu)
    bolt_cpu = ratio((one.cpu, other.cpu) for one, other in zip(ours, bolts, strict=True))
    yield plain(f"{mode}, {rate}/s: CPU a command, in bare Bolt echoes", bolt_cpu)


async def _ceiling(one: Contestant) -> float:
    highest = 0.0
    for rate in CEILING:
        answered = one.slack.answered
        burst = await one.slack.burst(rate, 2.0)
        if burst.lost:
            break
        highest = rate
        if one.name == SUBJECT:
            await one.slack.until_answered(answered + len(burst.seconds), 120)
    return highest
