"""People doing a thing twice: nothing is doubled, and everybody is told how it stands."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.command import Call
from bot.ports import Delivery
from tests.dialogues.stage import CHANNEL, Stage

ANN, BOB = "U0ANN", "U0BOB"
LINE = "/taurus-upgrade orders-prod-01"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage.open(tmp_path)
    yield stage
    await stage.close()


async def test_two_people_with_one_thought_are_led_to_one_card(stage: Stage) -> None:
    stage.world.clock.set_speed(1)  # moments are seconds here
    line = "/taurus-upgrade orders-*"  # one of them runs the newest kernel and is left out
    await stage.says(ANN, line)
    await stage.until_state("Proposed")
    await stage.says(BOB, f"{line} --reason same")
    await stage.until_whispered(BOB, "<@U0ANN> asked for exactly this")
    (told,) = stage.whispers(BOB)
    assert "CHG-1 is Proposed. It was not planned a second time." in told
    assert len(stage.cards) == 1


async def test_what_was_refused_just_now_is_asked_about_before_it_is_planned_again(
    stage: Stage,
) -> None:
    stage.world.clock.set_speed(1)  # moments are seconds here
    stage.world.taurus.fail("batch_upgrade", "refuse", code="DBS.05000012")
    await stage.says(ANN, LINE)
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Failed")
    await stage.says(ANN, LINE)
    await stage.until_whispered(ANN, "CHG-1 is Failed by now. Do you mean it once more?")
    assert len(stage.cards) == 1
    await stage.says(ANN, f"{LINE} --again")
    await stage.until(lambda: len(stage.cards) == 2)
    await stage.until_state("Proposed")


async def test_another_wish_for_the_same_instances_is_not_taken_for_the_same(
    stage: Stage,
) -> None:
    await stage.says(ANN, f"{LINE} --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.cancel")
    await stage.until_state("Cancelled")
    await stage.says(ANN, f"{LINE} --at +5h")
    await stage.until(lambda: len(stage.cards) == 2)


async def test_what_somebody_cancelled_is_planned_again_without_a_question(stage: Stage) -> None:
    await stage.says(ANN, LINE)
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.cancel")
    await stage.until_state("Cancelled")
    await stage.says(ANN, LINE)
    await stage.until(lambda: len(stage.cards) == 2)


async def test_the_same_line_after_a_while_is_planned_without_a_question(stage: Stage) -> None:
    stage.world.taurus.fail("batch_upgrade", "refuse", code="DBS.05000012")
    await stage.says(ANN, LINE)
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Failed")
    stage.passes(minutes=1)
    await stage.says(ANN, LINE)
    await stage.until(lambda: len(stage.cards) == 2)


async def test_a_double_click_and_two_people_on_one_button_are_one_decision(
    stage: Stage,
) -> None:
    await stage.says(ANN, LINE)
    await stage.until_state("Proposed")
    ts = stage.card["ts"]
    click = stage.world.slack.click
    pressed = [click(user, CHANNEL, ts, "change.approve") for user in (ANN, ANN, BOB)]
    assert all(answer["ok"] for answer in await asyncio.gather(*pressed))
    await stage.until_state("Succeeded")
    assert sum("approved it" in line for line in stage.thread) == 1
    told = [text for user in (ANN, BOB) for text in stage.whispers(user)]
    assert len(told) == 2, told
    assert len(stage.world.taurus.submissions("orders-prod-01")) == 1


async def test_what_slack_delivers_twice_is_done_once(stage: Stage) -> None:
    slack = stage.world.slack
    slack.faults.next_deliveries("twice", times=2)
    await stage.says(ANN, LINE)
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Succeeded")
    for delivery in list(slack.deliveries):
        await slack.deliver_again(delivery)
    stage.passes(seconds=10)
    await stage.says(ANN, "/taurus-change list")
    await stage.until(lambda: bool(stage.whispers(ANN)))
    assert len(stage.cards) == 1
    assert len(stage.whispers(ANN)) == 1, stage.whispers(ANN)
    assert len(stage.world.taurus.submissions("orders-prod-01")) == 1


async def test_what_was_taken_but_not_begun_for_hours_is_not_begun_any_more(
    stage: Stage,
) -> None:
    """As if the bot had died between its acknowledgement and its work."""
    assert stage.app is not None
    call = Call(
        command="/taurus-upgrade",
        text="orders-prod-01",
        user=ANN,
        channel=CHANNEL,
        key="call:lost",
        received_at=stage.world.clock.now() - timedelta(hours=2),
    )
    await stage.app.changes.receive(
        Delivery(
            key=call.key,
            kind="call",
            payload=call.model_dump(mode="json"),
            received_at=call.received_at,
        )
    )
    await stage.until_whispered(ANN, "not begun any more, as it may be wrong by now")
    assert stage.cards == []
