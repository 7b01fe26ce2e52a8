"""Reading who is on call, against a PagerDuty on loopback."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bot.domain.duty import Shift, is_source
from bot.oncall import PagerDuty
from bot.ports import OnCallError
from tests.oncall.pagerduty import TOKEN, OnCallEntry, PagerDutySimulator, simulated

END = datetime(2026, 11, 24, 18, tzinfo=UTC)
SCHEDULE = "pagerduty:schedule:P0DBA"


@pytest.fixture
async def pagerduty() -> AsyncIterator[PagerDutySimulator]:
    async with simulated() as simulator:
        yield simulator


@pytest.fixture
async def client(pagerduty: PagerDutySimulator) -> AsyncIterator[PagerDuty]:
    client = PagerDuty(SecretStr(TOKEN), pagerduty.url)
    yield client
    await client.aclose()


async def test_a_schedule_names_who_is_on_call_and_until_when(
    client: PagerDuty, pagerduty: PagerDutySimulator
) -> None:
    pagerduty.on_call = [
        OnCallEntry("Bob@Example.com", END),
        OnCallEntry("eve@example.com", END, schedule="P0WEB"),
    ]
    assert await client.shifts(SCHEDULE) == (Shift(email="bob@example.com", until=END),)


async def test_a_policy_names_everybody_by_their_first_level(
    client: PagerDuty, pagerduty: PagerDutySimulator
) -> None:
    pagerduty.on_call = [
        OnCallEntry("dana@example.com", level=2),
        OnCallEntry("bob@example.com", level=3),
        OnCallEntry("bob@example.com", END, level=1),
        OnCallEntry("", level=1),
    ]
    assert await client.shifts("pagerduty:policy:P0ESC") == (
        Shift(email="bob@example.com", until=END, level=1),
        Shift(email="dana@example.com", level=2),
    )


async def test_every_page_is_read(client: PagerDuty, pagerduty: PagerDutySimulator) -> None:
    pagerduty.on_call = [OnCallEntry(f"p{number}@example.com") for number in range(250)]
    assert len(await client.shifts(SCHEDULE)) == 250
    assert pagerduty.asked == 3


@pytest.mark.parametrize("status", [401, 404, 429, 500])
async def test_a_refusal_names_the_status_and_no_token(
    client: PagerDuty, pagerduty: PagerDutySimulator, status: int
) -> None:
    pagerduty.down = status
    with pytest.raises(OnCallError, match=f"answered {status}") as caught:
        await client.shifts(SCHEDULE)
    assert TOKEN not in repr(caught.value)


async def test_no_answer_at_all_is_told() -> None:
    client = PagerDuty(SecretStr(TOKEN), "http://127.0.0.1:9")
    with pytest.raises(OnCallError, match="ConnectError"):
        await client.shifts(SCHEDULE)
    await client.aclose()


async def test_an_answer_of_another_shape_is_told(
    client: PagerDuty, pagerduty: PagerDutySimulator
) -> None:
    pagerduty.strange = True
    with pytest.raises(OnCallError, match="not understood"):
        await client.shifts(SCHEDULE)


async def test_a_wrong_token_is_a_refusal(pagerduty: PagerDutySimulator) -> None:
    client = PagerDuty(SecretStr("wrong"), pagerduty.url)
    with pytest.raises(OnCallError, match="answered 401"):
        await client.shifts(SCHEDULE)
    await client.aclose()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (SCHEDULE, True),
        ("pagerduty:policy:P0ESC", True),
        ("pagerduty:team:P0", False),
        ("opsgenie:schedule:P0", False),
        ("S0ONCALL", False),
        ("pagerduty:schedule:P0/../x", False),
    ],
)
def test_a_source_is_vendor_kind_and_id(name: str, *, expected: bool) -> None:
    assert is_source(name) is expected
