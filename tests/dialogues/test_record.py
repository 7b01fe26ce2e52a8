"""The record: who did what, when, why and from where, to exactly which instances; no secret."""

import pytest

from bot.domain.story import Entry
from bot.sandbox.world import World
from tests.dialogues.stage import CHANNEL, Mode, Stage

ANN, BOB, DANA = "U0ANN", "U0BOB", "U0DANA"


@pytest.fixture
def mode() -> Mode:
    """What is recorded does not depend on how Slack reaches the bot."""
    return "socket"


async def story(stage: Stage) -> dict[str, list[Entry]]:
    """What is recorded, by kind."""
    assert stage.app is not None
    found: dict[str, list[Entry]] = {}
    for entry in await stage.app.changes.story():
        found.setdefault(entry.record.kind, []).append(entry)
    return found


async def test_the_record_ties_every_move_to_its_people_place_seal_and_requests(
    approved_stage: Stage,
) -> None:
    stage = approved_stage
    taurus = stage.world.taurus
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 orders-prod-02 --at +3h --reason why")
    await stage.until_state("Proposed")
    await stage.presses(BOB, "change.approve")
    await stage.until_state("Scheduled")
    taurus.instance("orders-prod-01").kernel = "2.0.69.250900"
    stage.passes(hours=3)
    await stage.until_state("Proposed")
    await stage.says(ANN, "/taurus-change reschedule CHG-1 --at +1h")
    await stage.until(lambda: any("moved it to" in line for line in stage.thread))
    await stage.presses(DANA, "change.approve")
    await stage.until_state("Scheduled")
    stage.passes(hours=1)
    await stage.until_state("Succeeded")

    told = await story(stage)
    (asked,), (first, second) = told["request"], told["approve"]
    (void,), (moved,), attempts = told["void"], told["reschedule"], told["attempt"]
    assert (asked.record.actor, first.record.actor, second.record.actor) == (ANN, BOB, DANA)
    data = asked.record.data
    assert (data["reason"], data["environment"], data["channel"]) == ("why", "default", CHANNEL)
    assert data["delivery"].startswith("call:")
    for name in ("orders-prod-01", "orders-prod-02"):
        assert f"{taurus.instance(name).id} " in data["instances"]
    seals = [one.record.data["seal"] for one in (asked, void, moved)]
    assert len(set(seals)) == 3
    assert [one.record.data["seal"] for one in (first, second)] == [seals[0], seals[2]]
    assert first.record.data["channel"] == CHANNEL
    assert first.record.data["delivery"].startswith("click:")
    assert "2.0.69.250900 -> " in void.record.data["instances"]
    assert {one.record.data["seal"] for one in attempts} == {seals[2]}
    sent = {id_ for one in attempts for id_ in one.record.data["instances"].split()}
    assert sent == {taurus.instance(f"orders-prod-0{number}").id for number in (1, 2)}
    answered = {one.record.data["batch"]: one.record.data["request_id"] for one in told["answer"]}
    assert set(answered) == {one.record.data["batch"] for one in attempts}
    assert set(answered.values()) <= {one.request_id for one in taurus.requests}
    assert stage.app is not None
    assert await stage.app.changes.verify() is None


def secrets(world: World) -> set[str]:
    """Everything that opens something."""
    slack, taurus = world.slack, world.taurus
    keys = {slack.bot_token, slack.app_token, slack.signing_secret, taurus.sk, taurus.password}
    return keys | {taurus.ak, "http://", "https://"}  # response URLs are secrets, too


async def test_no_secret_enters_the_record_whatever_goes_wrong(stage: Stage) -> None:
    taurus = stage.world.taurus
    taurus.fail("reads", "error_before")
    taurus.fail("upgrades", "refuse", code="APIGW.0301")
    await stage.says(ANN, "/taurus-freeze add --until +1m --reason test")
    await stage.until_whispered(ANN, "FRZ-1 holds")
    await stage.says(ANN, "/taurus-freeze lift FRZ-1")
    await stage.until_whispered(ANN, "FRZ-1 is lifted")
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --reason first")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Failed")
    await stage.presses(ANN, "change.retry")
    await stage.until(lambda: "CHG-2 · Proposed" in stage.card["text"])
    await stage.says(ANN, "/taurus-change reject CHG-2 --reason second")
    await stage.until_state("Rejected")
    assert stage.app is not None
    changes = stage.app.changes
    lines = [page async for page in changes.export()]
    cells = [page async for page in changes.export(format="csv")]
    record = "".join((*lines, *cells))
    kinds = {"freeze", "lift", "request", "approve", "attempt", "answer", "reject", "closed"}
    assert kinds <= set(await story(stage))
    assert [one for one in secrets(stage.world) if one in record] == []


async def test_an_instance_that_joins_after_the_approval_is_told_and_left_alone(
    stage: Stage,
) -> None:
    taurus = stage.world.taurus
    await stage.says(ANN, "/taurus-upgrade orders-prod-0[12] --at +3h")
    await stage.until_state("Proposed")
    await stage.presses(ANN, "change.approve")
    await stage.until_state("Scheduled")
    newcomer = taurus.instance("orders-prod-03")
    newcomer.name = "orders-prod-02"
    stage.passes(hours=3)
    await stage.until_state("Succeeded")
    assert any("1 instance has joined orders-prod-0[12]" in line for line in stage.thread)
    assert taurus.submissions(newcomer.id) == []
