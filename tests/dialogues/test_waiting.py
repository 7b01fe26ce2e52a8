"""The life of a request that waits: asked again, handed over, too late, rejected with a reason."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.dialogues.stage import Stage
from tests.oncall.pagerduty import TOKEN, OnCallEntry, simulated

ANN, BOB, CARL, DANA = "U0ANN", "U0BOB", "U0CARL", "U0DANA"
KEEPS = """
[environments.prod]
channels = ["C0DB"]
approvers = ["S0ONCALL"]
approvals = 2
reschedule_keeps_approvals = true
"""


def submissions(stage: Stage, name: str) -> int:
    return len(stage.world.taurus.submissions(name))


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """Two of bob and dana have to approve."""
    stage = await Stage.open(tmp_path, TAURUS_APPROVERS="S0ONCALL", TAURUS_APPROVALS="2")
    yield stage
    await stage.close()


async def test_the_card_counts_approvals_and_tells_who_gave_them(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    assert "0 of 2 approvals" in stage.shown
    await stage.presses(BOB, "change.approve")
    await stage.until(lambda: "1 of 2 approvals" in stage.shown)
    assert "Approved by <@U0BOB>, <!date" in stage.shown
    await stage.presses(BOB, "change.approve")
    await stage.until_whispered(BOB, "You have approved this change already")
    await stage.presses(DANA, "change.approve")
    await stage.until_state("Succeeded")


async def test_who_does_not_answer_is_asked_again(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    stage.passes(minutes=31)
    await stage.until(lambda: any("waits for 2 more approvals" in one for one in stage.thread))
    await stage.presses(BOB, "change.approve")
    await stage.until(lambda: "1 of 2 approvals" in stage.shown)
    stage.passes(hours=1)
    await stage.until(lambda: any("waits for 1 more approval." in one for one in stage.thread))
    stage.passes(hours=24)
    await stage.until_state("Expired")


async def test_a_request_is_rejected_with_a_reason(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await stage.says(CARL, "/taurus-change reject CHG-1 --reason no")
    await stage.until_whispered(CARL, "the approvers of default can do this")
    await stage.says(BOB, '/taurus-change reject CHG-1 --reason "backup is running"')
    await stage.until_state("Rejected")
    await stage.until(lambda: any("rejected it: backup is running" in one for one in stage.thread))
    assert "change.approve" not in stage.shown


async def test_after_the_planned_time_another_has_to_be_chosen(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +2h")
    await stage.until_state("Proposed")
    await stage.presses(BOB, "change.approve")
    await stage.until(lambda: "1 of 2 approvals" in stage.shown)
    assert "change.approve" in stage.shown
    stage.passes(hours=3)
    await stage.until(lambda: any("has passed without approval" in one for one in stage.thread))
    await stage.until(lambda: "change.approve" not in stage.shown)
    await stage.says(ANN, "/taurus-change reschedule CHG-1 --at +2h")
    await stage.until(lambda: "0 of 2 approvals" in stage.shown)
    assert "change.approve" in stage.shown
    await stage.presses(BOB, "change.approve")
    await stage.presses(DANA, "change.approve")
    await stage.until_state("Scheduled")
    assert submissions(stage, "orders-prod-01") == 0


async def test_approvals_stay_with_a_moved_change_if_the_policy_says_so(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(KEEPS)
    stage = await Stage.open(tmp_path, TAURUS_CONFIG=str(policy), TAURUS_NOTIFY="")
    try:
        await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +2h")
        await stage.until_state("Proposed")
        await stage.presses(BOB, "change.approve")
        await stage.until(lambda: "1 of 2 approvals" in stage.shown)
        await stage.says(ANN, "/taurus-change reschedule CHG-1 --at +3h")
        await stage.until(lambda: any("its approvals stay" in one for one in stage.thread))
        assert "1 of 2 approvals" in stage.shown
        await stage.presses(DANA, "change.approve")
        await stage.until_state("Scheduled")
        await stage.says(ANN, "/taurus-change reschedule CHG-1 --at +5h")
        await stage.until_whispered(ANN, "CHG-1 is Scheduled now")
        stage.passes(hours=4)
        assert submissions(stage, "orders-prod-01") == 0
        stage.passes(hours=1)
        await stage.until_state("Succeeded")
        assert submissions(stage, "orders-prod-01") == 1
    finally:
        await stage.close()


async def test_the_next_one_on_call_is_called_when_the_shift_ends(tmp_path: Path) -> None:
    async with simulated() as pagerduty:
        stage = await Stage.open(
            tmp_path,
            TAURUS_APPROVERS="pagerduty:policy:P0ESC",
            PAGERDUTY_TOKEN=TOKEN,
            PAGERDUTY_API_URL=pagerduty.url,
        )
        try:
            now = stage.world.clock.now()
            pagerduty.on_call = [OnCallEntry("bob@example.com", now + timedelta(minutes=20))]
            await stage.says(ANN, "/taurus-upgrade orders-prod-01")
            await stage.until_state("Proposed")
            assert "<@U0BOB> is on call until" in stage.shown
            later = now + timedelta(hours=20)
            pagerduty.on_call = [
                OnCallEntry("dana@example.com", later),
                OnCallEntry("carl@example.com", later, level=2),
            ]
            stage.passes(minutes=21)
            await stage.until(
                lambda: any("<@U0DANA> is on call now" in one for one in stage.thread)
            )
            assert "<@U0BOB>" not in stage.shown
            stage.passes(minutes=10)
            await stage.until(lambda: any("<@U0DANA>: this waits" in one for one in stage.thread))
            stage.passes(hours=1)
            both = "<@U0DANA>, <@U0CARL>: this waits"
            await stage.until(lambda: any(both in one for one in stage.thread))
            await stage.presses(CARL, "change.approve")
            await stage.until_state("Succeeded")
        finally:
            await stage.close()
