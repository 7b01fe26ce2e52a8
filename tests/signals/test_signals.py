"""Signals over loopback: an address of a team's own, and a Prometheus."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.domain.signal import Check, Query
from bot.signals import HttpSignals

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
FACTS = {"change": "CHG-7", "environment": "prod", "wave": "2"}


@dataclass
class Team:
    """What a team runs: a health address and a Prometheus."""

    url: str = ""
    status: int = 200
    answer: object = None
    asked: list[web.Request] = field(default_factory=list)

    async def health(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        return web.Response(status=self.status)

    async def query(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        if isinstance(self.answer, list):
            series = [{"metric": {}, "values": [[1, value] for value in self.answer]}]
            data = {"resultType": "matrix", "result": series}
            return web.json_response({"status": "success", "data": data})
        return web.Response(text=str(self.answer))


@pytest.fixture
async def team() -> AsyncIterator[Team]:
    team = Team()
    app = web.Application()
    app.add_routes([web.get("/health", team.health), web.get("/api/v1/query_range", team.query)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    team.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield team
    await runner.cleanup()


@pytest.fixture
async def read() -> AsyncIterator[Callable[..., Awaitable[tuple[bool, str]]]]:
    signals = HttpSignals(lambda: NOW)

    async def reading(signal: Check | Query) -> tuple[bool, str]:
        (found,) = await signals.read([signal], FACTS)
        return found.is_good, str(found.words)

    yield reading
    await signals.aclose()


Read = Callable[[Check | Query], Awaitable[tuple[bool, str]]]


async def test_an_address_is_good_while_it_answers_200(team: Team, read: Read) -> None:
    check = Check(name="orders", url=f"{team.url}/health?c={{change}}&w={{wave}}")
    assert await read(check) == (True, "orders answered 200.")
    assert dict(team.asked[0].query) == {"c": "CHG-7", "w": "2"}
    team.status = 503
    assert await read(check) == (False, "orders answered 503.")


async def test_a_token_is_carried(team: Team, read: Read) -> None:
    check = Check(name="orders", url=f"{team.url}/health", token=SecretStr("s3cret"))
    await read(check)
    assert team.asked[0].headers["Authorization"] == "Bearer s3cret"
    assert "s3cret" not in repr(check)


@pytest.mark.parametrize(
    ("values", "limits", "expected"),
    [
        (["0.01", "0.2", "0.01"], {"above": 0.1}, (False, "errors was 0.2, above 0.1.")),
        (["0.01", "0.02"], {"above": 0.1}, (True, "errors is 0.02.")),
        (["5", "1", "5"], {"below": 2}, (False, "errors was 1, below 2.")),
        (["NaN"], {"above": 1}, (False, "errors cannot be read: no data")),
        ([], {"above": 1}, (False, "errors cannot be read: no data")),
        (["+Inf"], {"above": 1}, (False, "errors was inf, above 1.")),
    ],
)
async def test_the_worst_value_of_the_last_minutes_decides(
    team: Team,
    read: Read,
    values: list[str],
    limits: dict[str, float],
    expected: tuple[bool, str],
) -> None:
    team.answer = values
    query = Query(
        name="errors",
        prometheus=team.url,
        expr="rate(x[1m])",
        over=timedelta(minutes=10),
        above=limits.get("above"),
        below=limits.get("below"),
    )
    assert await read(query) == expected
    asked = team.asked[0].query
    assert asked["query"] == "rate(x[1m])"
    assert float(asked["end"]) - float(asked["start"]) == 600


async def test_what_cannot_be_read_is_bad_unless_the_policy_says_otherwise(
    team: Team, read: Read
) -> None:
    team.answer = "<html>"
    query = Query(name="errors", prometheus=team.url, expr="x", above=1)
    assert await read(query) == (False, "errors cannot be read: the answer is not understood")
    lenient = query.model_copy(update={"unreachable": "good"})
    assert (await read(lenient))[0]
    nobody = Check(name="gone", url="http://127.0.0.1:9/health")
    assert await read(nobody) == (False, "gone cannot be read: ConnectError")
