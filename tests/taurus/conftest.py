import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from bot.sandbox.taurus import TaurusSimulator
from bot.taurus import AkSk, Call, Password, TaurusConfig, TaurusFleet
from tests.taurus.recorder import Recorder

START = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)


class HandClock:
    """Time that moves when a test moves it, or when somebody sleeps."""

    def __init__(self) -> None:
        self.now = START
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float, /) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def forward(self, **step: float) -> None:
        self.now += timedelta(**step)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def simulator(clock: HandClock) -> AsyncIterator[TaurusSimulator]:
    running = await TaurusSimulator.start(clock=clock)
    yield running
    await running.close()


def signing(simulator: TaurusSimulator, **changes: object) -> TaurusConfig:
    """A configuration that signs, with `changes`."""
    key = AkSk(ak=SecretStr(simulator.ak), sk=SecretStr(simulator.sk))
    return config(simulator, **{"credentials": key, **changes})


def login(simulator: TaurusSimulator, password: str = "", **changes: object) -> TaurusConfig:
    """A configuration that logs in with a password, with `changes`."""
    user = Password(
        user=simulator.user,
        password=SecretStr(password or simulator.password),
        domain=simulator.domain,
    )
    return config(simulator, **{"credentials": user, **changes})


def config(simulator: TaurusSimulator, **changes: object) -> TaurusConfig:
    fields = {
        "region": simulator.region,
        "endpoint": simulator.endpoint,
        "iam_endpoint": simulator.iam_endpoint,
    }
    return TaurusConfig.model_validate({**fields, **changes})


class Opener:
    """Opens fleets on the clock and closes them all in the end."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.calls: list[Call] = []
        self.opened: list[TaurusFleet] = []

    def __call__(self, given: TaurusConfig, random: Callable[[], float] = float) -> TaurusFleet:
        fleet = TaurusFleet.open(
            given,
            clock=self.clock,
            sleep=self.clock.sleep,
            random=random,
            on_call=self.calls.append,
        )
        self.opened.append(fleet)
        return fleet


@pytest.fixture
async def opener(clock: HandClock) -> AsyncIterator[Opener]:
    opener = Opener(clock)
    yield opener
    for fleet in opener.opened:
        await fleet.aclose()


@pytest.fixture
def fleet(opener: Opener, simulator: TaurusSimulator) -> TaurusFleet:
    return opener(signing(simulator))


@pytest.fixture
async def recorder() -> AsyncIterator[Recorder]:
    recorder = await Recorder.start()
    yield recorder
    await recorder.runner.cleanup()


@pytest.fixture
def key() -> AkSk:
    return AkSk(ak=SecretStr("EXAMPLEAK0123456789"), sk=SecretStr("example-secret-key"))


@pytest.fixture
def user() -> Password:
    return Password(user="bot", password=SecretStr("P@ssw0rd-example"), domain="acme")
