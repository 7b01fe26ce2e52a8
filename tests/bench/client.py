"""The API client against the vendor's own SDK, on the same answers."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from statistics import median

from aiohttp import web

from tests.bench.processes import ROOT, seconds_of
from tests.bench.table import Row, at_most, plain, ratio

OURS, SDK = "ours", "sdk"
_MODULE = "huaweicloudsdkgaussdb.v3"
_VERSION = {
    "upgrade_flag": True,
    "datastore": {
        "current_version": "8.0",
        "current_kernel_version": "2.0.63.250300",
        "latest_version": "8.0",
        "latest_kernel_version": "2.0.72.251200",
    },
}


def measure(*, quick: bool) -> Iterator[Row]:
    rounds, calls = (1, 30) if quick else (5, 400)
    found = asyncio.run(_contest(rounds, calls))
    for at_once in (1, 8):
        pairs = [(one[f"cpu{at_once}"], other[f"cpu{at_once}"]) for one, other in found]
        told = f"client: CPU a call, {at_once} in flight, in calls of the vendor's SDK"
        yield at_most(told, ratio(pairs), 0.6)
    memory = ratio((one["memory"], other["memory"]) for one, other in found)
    yield plain("client: memory, in that of the vendor's SDK", memory)
    imports = [
        (seconds_of("-c", "import bot.taurus"), seconds_of("-c", f"import {_MODULE}"))
        for _ in range(rounds)
    ]
    yield plain("client: CPU of its imports, in those of the vendor's SDK", ratio(imports))
    yield plain("client: CPU of its imports", median(one for one, _ in imports), " s")


async def _contest(rounds: int, calls: int) -> list[tuple[dict[str, float], dict[str, float]]]:
    async with _cloud() as port:
        return [
            (await _probe(OURS, port, calls), await _probe(SDK, port, calls)) for _ in range(rounds)
        ]


@asynccontextmanager
async def _cloud() -> AsyncIterator[int]:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(_VERSION)

    app = web.Application()
    app.add_routes([web.get("/{path:.*}", answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def _probe(kind: str, port: int, calls: int) -> dict[str, float]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.bench.client_probe", kind, str(port), str(calls)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    told, _ = await process.communicate()
    found: dict[str, float] = json.loads(told.decode().splitlines()[-1])
    return found
