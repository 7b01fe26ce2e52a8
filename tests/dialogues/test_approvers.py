"""Approvers by group and by who is on call, and what is said if there is nobody."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.dialogues.stage import Stage
from tests.oncall.pagerduty import TOKEN, OnCallEntry, PagerDutySimulator, simulated

ANN, BOB, CARL, DANA = "U0ANN", "U0BOB", "U0CARL", "U0DANA"


@pytest.fixture
async def pagerduty() -> AsyncIterator[PagerDutySimulator]:
    async with simulated() as simulator:
        yield simulator


@pytest.fixture
async def stage(tmp_path: Path, pagerduty: PagerDutySimulator) -> AsyncIterator[Stage]:
    stage = await Stage.open(
        tmp_path,
        TAURUS_APPROVERS="pagerduty:policy:P0ESC",
        PAGERDUTY_TOKEN=TOKEN,
        PAGERDUTY_API_URL=pagerduty.url,
    )
    until = stage.world.clock.now() + timedelta(hours=4)
    pagerduty.on_call = [OnCallEntry("bob@example.com", until)]
    yield stage
    await stage.close()


async def test_who_is_on_call_approves_and_the_card_says_until_when(stage: Stage) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    assert "<@U0BOB> is on call until" in stage.shown
    assert "pagerduty" not in stage.shown
    await stage.presses(DANA, "change.approve")
    await stage.until_whispered(DANA, "not among the approvers")
    await stage.presses(BOB, "change.approve")
    await stage.until_state("Succeeded")


async def test_who_is_not_on_call_any_more_does_not_count(
    stage: Stage, pagerduty: PagerDutySimulator
) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    later = stage.world.clock.now() + timedelta(hours=12)
    pagerduty.on_call = [OnCallEntry("dana@example.com", later)]
    stage.passes(hours=5)
    await stage.presses(BOB, "change.approve")
    await stage.until_whispered(BOB, "not among the approvers")
    await stage.presses(DANA, "change.approve")
    await stage.until_state("Succeeded")


async def test_in_doubt_about_who_is_on_call_nobody_counts(
    stage: Stage, pagerduty: PagerDutySimulator
) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    pagerduty.down = 503
    stage.passes(minutes=20)
    await stage.presses(BOB, "change.approve")
    await stage.until_whispered(BOB, "cannot be told at present")
    pagerduty.down = 0
    await stage.presses(BOB, "change.approve")
    await stage.until_state("Succeeded")


async def test_what_was_read_a_moment_ago_serves_and_is_marked(
    stage: Stage, pagerduty: PagerDutySimulator
) -> None:
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_state("Proposed")
    pagerduty.down = 503
    stage.passes(minutes=3)
    await stage.presses(BOB, "change.approve")
    await stage.until_state("Scheduled")
    assert "as it could not be read again" in stage.shown


async def test_an_address_that_slack_does_not_know_is_nobody(
    stage: Stage, pagerduty: PagerDutySimulator
) -> None:
    pagerduty.on_call = [OnCallEntry("nobody@example.com")]
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_whispered(ANN, "Nobody can approve this at present")
    await stage.until_state("Proposed")
    assert "Nobody can approve this at present" in stage.shown


async def test_the_only_possible_approver_is_told_at_once(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path, TAURUS_APPROVERS=BOB)
    try:
        await stage.says(BOB, "/taurus-upgrade orders-prod-01")
        await stage.until_whispered(BOB, "whose own approval does not count")
        await stage.until_state("Proposed")
        assert "The only possible approver of default is <@U0BOB>" in stage.shown
    finally:
        await stage.close()


async def test_too_few_approvers_are_told_at_once(tmp_path: Path) -> None:
    stage = await Stage.open(tmp_path, TAURUS_APPROVERS="S0ONCALL", TAURUS_APPROVALS="2")
    try:
        await stage.says(ANN, "/taurus-upgrade orders-prod-01")
        await stage.until_state("Proposed")
        assert "needs 2 approvals" not in stage.shown
        await stage.says(BOB, "/taurus-upgrade orders-prod-02")
        await stage.until_whispered(BOB, "1 person can approve this, but it needs 2 approvals")
    finally:
        await stage.close()


async def test_a_group_that_loses_a_member_before_the_click_does_not_count_them(
    approved_stage: Stage,
) -> None:
    stage = approved_stage
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    stage.world.slack.regroup("S0ONCALL", (DANA,))
    stage.passes(minutes=2)
    await stage.presses(BOB, "change.approve")
    await stage.until_whispered(BOB, "not among the approvers")
    await stage.presses(DANA, "change.approve")
    await stage.until_state("Succeeded")
