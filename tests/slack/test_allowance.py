"""One person's flood: refused in time, told politely, and nothing that was taken is lost."""

from datetime import UTC, datetime, timedelta

from bot.slack.allowance import BURST, Allowance
from tests.slack.test_gateway import Bench, bench, click, command, form, http_bench

__all__ = ["bench", "http_bench"]

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_a_burst_is_free_then_it_comes_back_by_the_second() -> None:
    allowance = Allowance(burst=3, per_second=1)
    assert [allowance.refusals("U0ANN", NOW) for _ in range(5)] == [0, 0, 0, 1, 2]
    assert allowance.refusals("U0ANN", NOW + SECOND) == 0
    assert allowance.refusals("U0ANN", NOW + SECOND) == 1
    assert [allowance.refusals("U0ANN", NOW + 60 * SECOND) for _ in range(4)] == [0, 0, 0, 1]


def test_one_persons_flood_is_not_anothers() -> None:
    allowance = Allowance(burst=1, per_second=1)
    assert [allowance.refusals(who, NOW) for who in ("U0ANN", "U0ANN", "U0BOB")] == [0, 1, 0]


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    allowance = Allowance(burst=1, per_second=1)
    allowance.refusals("U0ANN", NOW)
    assert allowance.refusals("U0ANN", NOW - 9 * SECOND) == 1
    assert allowance.refusals("U0ANN", NOW - 8 * SECOND) == 0


def test_whoever_has_everything_again_is_forgotten() -> None:
    allowance = Allowance(burst=1, per_second=1)
    for number in range(10_002):
        allowance.refusals(f"U{number}", NOW)
    allowance.refusals("U0LATER", NOW + 9 * SECOND)
    assert len(allowance._left) == 1  # noqa: SLF001 - memory is what this is about


async def test_a_flood_is_refused_and_what_was_taken_is_kept(bench: Bench) -> None:
    for number in range(BURST):
        assert await bench.deliver(command(trigger_id=f"{number}")) == ""
    assert "asking faster" in await bench.deliver(command(trigger_id="more"))
    refused = await bench.deliver(form(reason={"reason": {"value": "why"}}))
    assert "asking faster" in refused["errors"]["reason"]
    assert (await bench.deliver(form()))["response_action"] == "update"
    assert len(bench.shelf.kept) == BURST
    assert await bench.deliver(command(trigger_id="other", user_id="U0BOB")) == ""
    bench.clock.advance(1)
    assert await bench.deliver(command(trigger_id="later")) == ""


async def test_clicks_of_a_flood_are_answered_once(http_bench: Bench) -> None:
    await http_bench.start()
    for number in range(BURST + 3):
        assert await http_bench.deliver(click(http_bench, trigger_id=f"c{number}")) == ""
    assert len(http_bench.shelf.kept) == BURST
    await http_bench.slack.wait_until(lambda: http_bench.slack.calls("response_url"))
    assert len(http_bench.slack.calls("response_url")) == 1
