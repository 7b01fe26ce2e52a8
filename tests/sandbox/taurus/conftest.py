from collections.abc import AsyncIterator

import httpx
import pytest

from bot.sandbox.taurus import TaurusSimulator
from tests.sandbox.taurus.caller import Caller, HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def simulator(clock: HandClock) -> AsyncIterator[TaurusSimulator]:
    running = await TaurusSimulator.start(clock=clock)
    yield running
    await running.close()


@pytest.fixture
async def caller(simulator: TaurusSimulator, clock: HandClock) -> AsyncIterator[Caller]:
    async with httpx.AsyncClient(timeout=5) as http:
        yield Caller(http, simulator, clock)
