"""Direct messages and mentions: questions, commands, and approvers who are elsewhere."""

from tests.dialogues.stage import CHANNEL, Stage

ANN, BOB, CARL, DANA = "U0ANN", "U0BOB", "U0CARL", "U0DANA"


async def presses_directly(stage: Stage, user: str, action: str) -> None:
    slack = stage.world.slack
    answer = await slack.click(user, slack.im(user), stage.direct(user)[-1]["ts"], action)
    assert answer["ok"], answer


async def test_an_approver_who_is_elsewhere_approves_directly(closed_stage: Stage) -> None:
    stage = closed_stage
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await stage.until_direct(BOB, "CHG-1")
    copy = str(stage.direct(BOB)[-1]["blocks"])
    assert "orders-prod-01" in copy
    assert f"<#{CHANNEL}>" in copy
    for action in ("change.approve", "change.reject"):
        assert action in copy
    await stage.until_whispered(DANA, "CHG-1 waits for your approval")
    assert stage.direct(DANA) == []
    await presses_directly(stage, BOB, "change.approve")
    await stage.until_state("Succeeded")
    await stage.until(lambda: "Succeeded" in stage.direct(BOB)[0]["text"])
    assert "change.approve" not in str(stage.direct(BOB)[0]["blocks"])
    await stage.until(lambda: "CHG-1 is over" in stage.direct(BOB)[-1]["text"])
    assert len(stage.world.taurus.submissions("orders-prod-01")) == 1


async def test_a_copy_follows_what_happens_at_the_card(closed_stage: Stage) -> None:
    stage = closed_stage
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_direct(BOB, "change.approve")
    await stage.presses(DANA, "change.reject")
    await stage.until(lambda: "Rejected" in stage.direct(BOB)[0]["text"])
    assert "actions" not in [block["type"] for block in stage.direct(BOB)[0]["blocks"]]


async def test_an_approver_is_asked_again_when_the_plan_changes(closed_stage: Stage) -> None:
    stage = closed_stage
    await stage.says(ANN, "/taurus-upgrade orders-prod-01 --at +3h")
    await stage.until_direct(BOB, "change.approve")
    await presses_directly(stage, BOB, "change.approve")
    await stage.until_state("Scheduled")
    await stage.says(ANN, "/taurus-change reschedule CHG-1 --at +5h")
    await stage.until_direct(BOB, "has to be approved again")
    await stage.until(lambda: "change.approve" in str(stage.direct(BOB)[0]["blocks"]))


async def test_nobody_is_asked_for_what_was_decided_before(closed_stage: Stage) -> None:
    stage = closed_stage
    stage.world.slack.faults.next_calls("conversations.open", "http_500", times=50)
    await stage.says(ANN, "/taurus-upgrade orders-prod-01")
    await stage.until_state("Proposed")
    await stage.presses(DANA, "change.reject")
    await stage.until_state("Rejected")
    stage.passes(minutes=5)
    await stage.says(ANN, "/taurus-change show CHG-1")
    await stage.until_whispered(ANN, "Rejected")
    assert stage.direct(BOB) == []


async def test_a_command_in_a_direct_message_works_where_the_policy_allows(stage: Stage) -> None:
    stage.writes(ANN, "upgrade orders-prod-01 --reason quiet")
    await stage.until_direct(ANN, "CHG-1 · Proposed")
    await presses_directly(stage, ANN, "change.approve")
    await stage.until_direct(ANN, "Succeeded")
    assert stage.cards == []


async def test_a_command_in_a_direct_message_is_refused_where_it_does_not(
    closed_stage: Stage,
) -> None:
    closed_stage.writes(ANN, "upgrade orders-prod-01")
    await closed_stage.until_direct(ANN, f"<#{CHANNEL}>")
    assert "Nothing was done" in closed_stage.direct(ANN)[-1]["text"]


async def test_the_bot_answers_a_direct_message_and_a_mention(stage: Stage) -> None:
    stage.writes(ANN, "hello")
    await stage.until_direct(ANN, "What you can say here")
    stage.writes(ANN, "fleet orders-*")
    await stage.until_direct(ANN, "databases in default")
    stage.writes(BOB, f"<@{stage.world.slack.bot_user}> help", CHANNEL)
    await stage.until_whispered(BOB, "What you can say here")


async def test_the_form_is_one_click_away_from_a_direct_message(stage: Stage) -> None:
    stage.writes(ANN, "upgrade")
    await stage.until_direct(ANN, "upgrade.open")
    await presses_directly(stage, ANN, "upgrade.open")
    await stage.until_form(ANN, "instances")
    chosen = [stage.world.taurus.instance("orders-prod-01").id]
    assert (await stage.sends(ANN, instances=chosen))["ok"]
    await stage.until_direct(ANN, "CHG-1 · Proposed")
