"""One change of a whole fleet, from the command to its end: calls, time, card, polling."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from math import ceil
from pathlib import Path

import psutil

from bot.sandbox.taurus.fleet import NEWEST
from bot.taurus import Limits
from tests.bench.processes import now
from tests.bench.table import Row, at_most, exponent, plain
from tests.dialogues.stage import CHANNEL, Stage

SIZES = (10, 100, 1000, 5000)
_ANSWERS_AFTER = 0.005
"""Seconds that the cloud takes, so that calls are in flight together."""
_UPGRADED = 100
"""Instances of the one change that is played to its end."""


def measure(*, quick: bool) -> Iterator[Row]:
    sizes = SIZES[:2] if quick else SIZES
    found = [asyncio.run(_planned(size)) for size in sizes]
    for size, (seconds, calls, most, _, memory) in zip(sizes, found, strict=True):
        lists, details = calls["list_instances"], calls["instance_details"]
        allowed = 2 * ceil(size / 100) + ceil(size / 20) + size
        told = f"{size:,} instances, command to card"
        yield at_most(f"{told}: list, detail and version calls", _reads(calls), allowed)
        yield plain(f"{told}: pages of the list and calls for details", lists + details)
        yield at_most(f"{told}: calls in flight", most, 8)
        yield plain(f"{told}: time without the API's rate", seconds, " s")
        share = seconds / (_reads(calls) / Limits().reads_per_second)
        yield plain(f"{told}: the same, in the time that the API's rate takes", share)
        yield plain(f"{told}: memory grown, what the simulators keep included", memory, " MB")
    points = [(size, one[0]) for size, one in zip(sizes, found, strict=True)]
    yield plain("command to card: exponent of growth in time", exponent(points[-3:]))
    cards = [(size, float(one[3])) for size, one in zip(sizes, found, strict=True)]
    yield at_most("card: characters at the most", max(size for _, size in cards), 13_200)
    yield from asyncio.run(_upgraded(20 if quick else _UPGRADED))


def _reads(calls: Counter[str]) -> int:
    names = ("list_instances", "list_instances_v3", "instance_details", "database_version")
    return sum(calls[name] for name in names)


async def _planned(size: int) -> tuple[float, Counter[str], int, int, float]:
    with tempfile.TemporaryDirectory() as folder:
        stage = await Stage.open(Path(folder), fleet=size)
        in_flight, most = 0, 0

        async def watch(_operation: str, moment: str) -> None:
            nonlocal in_flight, most
            in_flight += 1 if moment == "before" else -1
            most = max(most, in_flight)
            if moment == "before":
                await asyncio.sleep(_ANSWERS_AFTER)

        stage.world.taurus.on_request = watch
        before = psutil.Process().memory_info().rss
        started = now()
        await stage.says("U0ANN", "/taurus-upgrade *")
        async with asyncio.timeout(300):
            while not stage.cards:
                await asyncio.sleep(0.01)
        seconds = now() - started
        calls = Counter(one.operation for one in stage.world.taurus.requests)
        memory = (psutil.Process().memory_info().rss - before) / 1e6
        shown = len(str(stage.card["blocks"]))
        await stage.close()
    return seconds, calls, most, shown, memory


async def _upgraded(size: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        stage = await Stage.open(Path(folder), fleet=2 * size)
        names = [one.name for one in stage.world.taurus.instances if one.kernel != NEWEST]
        await stage.says("U0ANN", f"/taurus-upgrade {' '.join(names[:size])}")
        await stage.until_state("Proposed")
        planned = len(stage.world.taurus.requests)
        await stage.presses("U0ANN", "change.approve")
        await stage.until_state("Succeeded")
        await stage.until(lambda: any("is over" in line for line in stage.thread))
        requests = stage.world.taurus.requests[planned:]
        calls = Counter(one.operation for one in requests)
        methods = Counter(one.method for one in stage.world.slack.calls)
        said = len(stage.world.slack.thread(CHANNEL, stage.card["ts"]))
        await stage.close()
    told = f"one change of {size} instances"
    looks = calls["immediate_jobs"] + calls["scheduled_jobs"] + calls["list_instances"]
    sent = methods["chat.postMessage"] + methods["chat.update"]
    return [
        plain(f"{told}: cloud calls after the approval", sum(calls.values())),
        at_most(f"{told}: version calls an instance", calls["database_version"] / size, 3),
        plain(f"{told}: calls for lists while polling", looks),
        plain(f"{told}: Slack calls that post or edit", sent),
        plain(f"{told}: lines in the thread", said),
    ]
