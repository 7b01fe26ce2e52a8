"""One client, measured by itself: `python -m tests.bench.client_probe KIND PORT CALLS`."""

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from time import process_time

import psutil

INSTANCE = "0123456789abcdef0123456789abcdefin07"


def ours(port: int, calls: int) -> dict[str, float]:
    from pydantic import SecretStr  # noqa: PLC0415 - only one of the two is loaded

    from bot.taurus import AkSk, Limits, TaurusConfig, TaurusFleet  # noqa: PLC0415

    async def run() -> dict[str, float]:
        endpoint = f"http://127.0.0.1:{port}"
        limits = Limits(reads_per_second=1e6, read_burst=10**6, between_writes=timedelta())
        config = TaurusConfig(
            credentials=AkSk(ak=SecretStr("ak"), sk=SecretStr("sk")),
            endpoint=endpoint,
            iam_endpoint=endpoint,
            project_id="p1",
            limits=limits,
        )
        fleet = TaurusFleet.open(
            config, clock=lambda: datetime.now(UTC), sleep=asyncio.sleep, random=lambda: 0.5
        )
        await fleet.version(INSTANCE)
        started = process_time()
        for _ in range(calls):
            await fleet.version(INSTANCE)
        alone = process_time() - started
        started = process_time()
        await asyncio.gather(*(fleet.version(INSTANCE) for _ in range(calls)))
        together = process_time() - started
        await fleet.aclose()
        return {"cpu1": alone / calls, "cpu8": together / calls}

    return asyncio.run(run())


def sdk(port: int, calls: int) -> dict[str, float]:
    from huaweicloudsdkcore.auth.credentials import BasicCredentials  # noqa: PLC0415
    from huaweicloudsdkgaussdb.v3 import (  # noqa: PLC0415
        GaussDBClient,
        ShowInstanceDatabaseVersionRequest,
    )

    client = (
        GaussDBClient.new_builder()
        .with_credentials(BasicCredentials("ak", "sk", "p1"))
        .with_endpoint(f"http://127.0.0.1:{port}")
        .build()
    )
    request = ShowInstanceDatabaseVersionRequest(instance_id=INSTANCE)

    def call(_number: int) -> None:
        client.show_instance_database_version(request)

    call(0)
    started = process_time()
    for number in range(calls):
        call(number)
    alone = process_time() - started
    with ThreadPoolExecutor(8) as threads:
        started = process_time()
        list(threads.map(call, range(calls)))
        together = process_time() - started
    return {"cpu1": alone / calls, "cpu8": together / calls}


def main(kind: str, port: int, calls: int) -> None:
    found = (ours if kind == "ours" else sdk)(port, calls)
    memory = psutil.Process().memory_info().rss / 1e6
    print(json.dumps({**found, "memory": memory}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
