"""Clicks that nobody made so: of another card, of another change, or made before."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.dialogues.stage import Stage

ANN, BOB, CARL = "U0ANN", "U0BOB", "U0CARL"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = await Stage.open(tmp_path, TAURUS_APPROVERS="S0ONCALL", TAURUS_APPROVALS="2")
    yield stage
    await stage.close()


async def asked(stage: Stage, name: str, state: str = "Proposed") -> None:
    count = len(stage.cards)
    await stage.says(ANN, f"/taurus-upgrade {name}")
    await stage.until(lambda: len(stage.cards) == count + 1)
    await stage.until_state(state)


async def forges(stage: Stage, **update: object) -> None:
    """Repeat the newest click as a delivery of its own, with something else in it."""
    last = stage.world.slack.deliveries[-1]
    body: dict[str, Any] = {**last.payload, "trigger_id": f"1.{len(stage.world.slack.deliveries)}"}
    body["user"] = {**body["user"], "id": update.pop("user", body["user"]["id"])}
    body["actions"] = [{**body["actions"][0], **update}]
    await stage.world.slack.deliver_again(replace(last, payload=body))


async def approvals(stage: Stage, number: int) -> list[str]:
    assert stage.app is not None
    change = await stage.app.changes.get(number)
    assert change is not None
    return [one.user for one in change.approvals]


async def test_a_repeated_click_counts_once(stage: Stage) -> None:
    await asked(stage, "orders-prod-01")
    await stage.presses(BOB, "change.approve")
    await stage.until(lambda: "1 of 2 approvals" in stage.shown)
    click = stage.world.slack.deliveries[-1]
    for _ in range(3):
        await stage.world.slack.deliver_again(click)
    await forges(stage)
    await stage.until_whispered(BOB, "You have approved this change already")
    assert await approvals(stage, 1) == [BOB]
    assert sum("approved it" in line for line in stage.thread) == 1


async def test_a_button_that_names_another_change_than_its_card_does_nothing(stage: Stage) -> None:
    await asked(stage, "orders-prod-01")
    await asked(stage, "orders-prod-02")
    await stage.presses(BOB, "change.approve")
    await stage.until(lambda: "1 of 2 approvals" in stage.shown)
    for action in ("change.approve", "change.reject", "change.cancel"):
        await forges(stage, action_id=action, value="CHG-1")
    named = "it names CHG-1, and the card is of CHG-2"
    await stage.until(lambda: sum(named in one for one in stage.whispers(BOB)) == 3)
    assert await approvals(stage, 1) == []
    assert "· Proposed ·" in stage.cards[0]["text"]


async def test_a_forged_click_can_do_no_more_than_its_person(stage: Stage) -> None:
    await asked(stage, "orders-prod-01")
    await stage.presses(CARL, "change.approve")
    await stage.until_whispered(CARL, "not among the approvers")
    await forges(stage, action_id="change.reschedule.form")
    await forges(stage, action_id="change.approve", value="CHG-99")
    await forges(stage, action_id="change.halt")
    await forges(stage, user="U0NOBODY")
    await stage.until(
        lambda: any("This button is not of this" in one for one in stage.whispers(CARL))
    )
    await stage.until(
        lambda: any("belongs to another version" in one for one in stage.whispers(CARL))
    )
    assert await approvals(stage, 1) == []
    assert "· Proposed ·" in stage.card["text"]
